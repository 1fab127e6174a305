//! Redis, shared by replicas: buckets, persisted queries and cells of earlier on; its outages, its login and its TLS.
//! The servers are real.

use std::{path::Path, time::Duration};

use serde_json::{Map, Value as Json, json};

use crate::support::{
    block_on,
    gateway::Gateway,
    process::Server,
    redis::{self, Redis},
    shops::{self, Engine, Folder},
};

async fn shop(settings: &str, schema: Option<&str>) -> Folder {
    let mut recipe = shops::base();
    recipe.settings.push(settings.to_owned());
    recipe.files.extend(schema.map(|text| ("schema/stale.graphql".to_owned(), text.to_owned())));
    recipe.make(Engine::Sqlite).await
}

struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Json,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
    }

    fn remaining(&self) -> u64 {
        self.body["extensions"]["cost"]["throttle"]["remaining"].as_u64().expect("a throttle")
    }
}

async fn ask(server: &Server, body: &Json) -> Answer {
    let request = reqwest::Client::new().post(format!("{}/graphql", server.base)).json(body);
    let response = request.send().await.expect("an answer");
    let retry_after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    Answer { status: response.status().as_u16(), retry_after, body: response.json().await.expect("JSON") }
}

/// Asks until an answer is as wanted: what happens in the background takes its time.
async fn until(server: &Server, body: &Json, wanted: impl Fn(&Answer) -> bool) -> Answer {
    for _ in 0..600 {
        let answer = ask(server, body).await;
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to that");
}

fn query() -> Json {
    json!({ "query": "{ articles(first: 20) { nodes { code } } }" })
}

/// Lines of a log, of a level, that speak of Redis.
fn told(log: &Path, level: &str) -> Vec<String> {
    let text = std::fs::read_to_string(log).expect("the log");
    text.lines().filter(|l| l.contains("Redis") && l.contains(level)).map(str::to_owned).collect()
}

#[test]
fn replicas_share_their_buckets() {
    if !redis::available("shared buckets") {
        return;
    }
    block_on(async {
        let redis = Redis::start();
        let settings =
            format!("[redis]\nurl = \"redis://127.0.0.1:{}\"\n[rate]\nanonymous = 70\n", redis.port);
        let folder = shop(&settings, None).await;
        let (first, second) = (Server::start(folder.path()), Server::start(folder.path()));
        let before = ask(&first, &query()).await;
        assert_eq!(before.status, 200, "{}", before.body);
        let cost = before.body["extensions"]["cost"]["requested"].as_u64().expect("a cost");
        assert!((20..=30).contains(&cost), "the numbers below are chosen for about 21: {cost}");
        let throttle = &before.body["extensions"]["cost"]["throttle"];
        assert_eq!((&throttle["limit"], before.remaining()), (&json!(70), 70 - cost));
        // The other replica goes on from there; a point may have come back meanwhile.
        let after = ask(&second, &query()).await;
        assert!(after.remaining() < 70 - cost, "{}", after.body);
        ask(&first, &query()).await;
        for server in [&first, &second] {
            let refused = ask(server, &query()).await;
            assert_eq!((refused.status, refused.code()), (429, "RATE_LIMITED"), "{}", refused.body);
            assert!(refused.body.get("data").is_none());
            assert!(refused.retry_after.is_some_and(|s| (1..=60).contains(&s)));
        }
        assert!(redis.say(&["KEYS", "comptoir:rate:*"]).contains("anonymous:127.0.0.1"));
        folder.remove().await;
    });
}

#[test]
fn redis_killed_is_memory_and_one_line_and_redis_back_is_shared_again() {
    if !redis::available("an outage of Redis") {
        return;
    }
    block_on(async {
        let mut redis = Redis::start();
        let settings =
            format!("[redis]\nurl = \"redis://127.0.0.1:{}\"\n[rate]\nanonymous = 300\n", redis.port);
        let folder = shop(&settings, None).await;
        let log = folder.path().join("log");
        let server = Server::start_logged(folder.path(), "info", &log);
        let spent = ask(&server, &query()).await.remaining();
        assert!(spent < 300);
        redis.kill();
        // This process counts by itself from a full bucket, and still refuses: no open door.
        let refused = until(&server, &query(), |a| a.status != 200).await;
        assert_eq!((refused.status, refused.code()), (429, "RATE_LIMITED"));
        assert_eq!(told(&log, "WARN").len(), 1, "told once: {:?}", told(&log, "WARN"));
        redis.back();
        // Redis has forgotten the bucket, so that it is full: then it counts again, and not this process.
        until(&server, &query(), |a| a.status == 200).await;
        assert!(redis.say(&["KEYS", "*"]).contains("comptoir:rate:"), "{}", redis.say(&["KEYS", "*"]));
        let back = told(&log, "INFO").iter().filter(|l| l.contains("again")).count();
        assert_eq!((told(&log, "WARN").len(), back), (1, 1));
        folder.remove().await;
    });
}

#[test]
fn a_redis_that_hangs_holds_nobody_up() {
    if !redis::available("a hanging Redis") {
        return;
    }
    block_on(async {
        let redis = Redis::start();
        let folder = shop(&format!("[redis]\nurl = \"redis://127.0.0.1:{}\"\n", redis.port), None).await;
        let log = folder.path().join("log");
        let server = Server::start_logged(folder.path(), "info", &log);
        assert_eq!(ask(&server, &query()).await.status, 200);
        redis.freeze();
        for _ in 0..20 {
            assert_eq!(ask(&server, &query()).await.status, 200);
        }
        assert_eq!(told(&log, "WARN").len(), 1);
        redis.thaw();
        for _ in 0..400 {
            if told(&log, "INFO").iter().any(|l| l.contains("again")) {
                folder.remove().await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Redis is back and nobody noticed");
    });
}

#[test]
fn a_login_by_access_list_and_one_that_is_wrong() {
    if !redis::available("the login to Redis") {
        return;
    }
    block_on(async {
        let redis = Redis::with_login("gateway", "un:secret@/é", "atelier:");
        let settings = |password: &str| {
            format!(
                "[redis]\nurl = \"redis://127.0.0.1:{}\"\nuser = \"gateway\"\npassword_file = \"{password}\"\n\
                 prefix = \"atelier:\"\n",
                redis.port
            )
        };
        for (file, text, good) in [("good", "un:secret@/é\n", true), ("bad", "another\n", false)] {
            let folder = shop(&settings(file), None).await;
            std::fs::write(folder.path().join(file), text).expect("a file");
            let log = folder.path().join("log");
            let server = Server::start_logged(folder.path(), "trace", &log);
            assert_eq!(ask(&server, &query()).await.status, 200, "with or without Redis");
            assert_eq!(told(&log, "WARN").is_empty(), good, "{:?}", told(&log, "WARN"));
            assert_eq!(told(&log, "INFO").is_empty(), !good);
            let all = std::fs::read_to_string(&log).expect("the log");
            assert!(!all.contains(text.trim()), "the password is in the log");
            folder.remove().await;
        }
    });
}

/// A Redis that answers `PING` and refuses scripts is as good as none: told once, not with every request.
#[test]
fn a_redis_that_refuses_scripts_is_down_until_it_takes_them() {
    if !redis::available("a Redis without scripts") {
        return;
    }
    block_on(async {
        let redis = Redis::start();
        redis.say(&["ACL", "SETUSER", "default", "-evalsha", "-eval"]);
        let settings =
            format!("[redis]\nurl = \"redis://127.0.0.1:{}\"\n[rate]\nanonymous = 100000\n", redis.port);
        let folder = shop(&settings, None).await;
        let log = folder.path().join("log");
        let server = Server::start_logged(folder.path(), "info", &log);
        for _ in 0..5 {
            assert_eq!(ask(&server, &query()).await.status, 200);
            // Longer than between two probes.
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        assert_eq!((told(&log, "WARN").len(), told(&log, "INFO").len()), (1, 0), "{:?}", told(&log, ""));
        redis.say(&["ACL", "SETUSER", "default", "+evalsha", "+eval"]);
        for _ in 0..400 {
            if told(&log, "INFO").iter().any(|l| l.contains("again")) {
                folder.remove().await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Redis takes scripts and nobody noticed");
    });
}

#[test]
fn tls_with_an_authority_of_ones_own() {
    if !redis::available("Redis over TLS") {
        return;
    }
    let Some(redis) = Redis::with_tls() else {
        eprintln!("skipped Redis over TLS: no openssl, or a redis-server without TLS");
        return;
    };
    block_on(async {
        let url = format!("[redis]\nurl = \"rediss://127.0.0.1:{}\"\n", redis.port);
        for (settings, good) in [(format!("{url}ca_file = \"ca.pem\"\n"), true), (url, false)] {
            let folder = shop(&settings, None).await;
            std::fs::write(folder.path().join("ca.pem"), redis.authority()).expect("a file");
            let log = folder.path().join("log");
            let server = Server::start_logged(folder.path(), "info", &log);
            assert_eq!(ask(&server, &query()).await.status, 200);
            assert_eq!(told(&log, "INFO").is_empty(), !good, "{:?}", told(&log, ""));
            assert_eq!(told(&log, "WARN").is_empty(), good, "{:?}", told(&log, ""));
            folder.remove().await;
        }
    });
}

#[test]
fn persisted_queries_are_shared_and_what_redis_says_is_not_believed() {
    if !redis::available("shared persisted queries") {
        return;
    }
    block_on(async {
        let redis = Redis::start();
        let folder = shop(&format!("[redis]\nurl = \"redis://127.0.0.1:{}\"\n", redis.port), None).await;
        let (first, second) = (Server::start(folder.path()), Server::start(folder.path()));
        let text = "{ shop { name } }";
        let hash = comptoir::graphql::documents::sha256(text);
        let by_hash = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
        assert_eq!(ask(&second, &by_hash).await.code(), "PERSISTED_QUERY_NOT_FOUND");
        let mut whole = by_hash.clone();
        whole["query"] = text.into();
        assert_eq!(ask(&first, &whole).await.body["data"]["shop"]["name"], "Atelier du Cycle");
        assert_eq!(ask(&second, &by_hash).await.body["data"]["shop"]["name"], "Atelier du Cycle");
        // Somebody wrote another text under the hash of one that nobody has sent yet.
        let other = comptoir::graphql::documents::sha256("{ shop { currency } }");
        redis.say(&["SET", &format!("comptoir:document:{other}"), "{ departments { code } }"]);
        let poisoned = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": other } } });
        assert_eq!(ask(&second, &poisoned).await.code(), "PERSISTED_QUERY_NOT_FOUND");
        folder.remove().await;
    });
}

const STALE: &str = "extend type Article @precedence(field: \"title\", sources: [\"isoshop\", \"erp\"], onUnknown: STALE, maxAge: \"PT1H\")";
const TITLE: &str = "{ article(code: \"VTT-100\") { title } }";

#[test]
fn a_gateway_serves_what_another_has_read() {
    if !redis::available("shared cells") {
        return;
    }
    block_on(async {
        let redis = Redis::start();
        let settings = format!("[redis]\nurl = \"redis://127.0.0.1:{}\"\n", redis.port);
        let folder = shop(&settings, Some(STALE)).await;
        let first = Gateway::open(folder.path()).expect("a shop");
        first.shop.cache().connect().await;
        assert_eq!(first.data(TITLE).await["article"]["title"], "VTT Cime 29 pouces");
        // Written without holding the answer up.
        for _ in 0..400 {
            if redis.say(&["KEYS", "comptoir:cell:isoshop:*"]).contains("VTT-100") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        folder.break_source("isoshop").await;
        let second = Gateway::open(folder.path()).expect("a shop");
        second.shop.cache().connect().await;
        assert_eq!(second.shop.cache().shared(), Some(true));
        let answer = second.run(TITLE, Map::new(), &[]).await;
        assert_eq!(answer["data"]["article"]["title"], "VTT Cime 29 pouces", "{answer}");
        let degraded = &answer["extensions"]["degraded"][0];
        assert_eq!(degraded["source"], "isoshop");
        assert!(degraded["asOf"].is_string(), "{answer}");
        // A third that has no Redis has nothing to serve it from.
        let alone = shop("", Some(STALE)).await;
        alone.break_source("isoshop").await;
        let third = Gateway::open(alone.path()).expect("a shop");
        assert_eq!(third.data(TITLE).await["article"]["title"], "VTT Cime");
        alone.remove().await;
        folder.remove().await;
    });
}
