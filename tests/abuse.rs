//! Limits and abuse over HTTP, on a served shop: rates, trusted documents, persisted queries, other origins, headers,
//! connections, and what is in no log.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use comptoir::{
    auth::{
        accounts::{GroupChange, MemberChange},
        rights::{Grant, Right},
        tokens::keys::OwnKey,
    },
    graphql::documents::sha256,
    shop::Shop,
};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value as Json, json};

use crate::support::{
    block_on,
    process::{self, Server},
    shops::{self, Engine, Folder},
    with_query,
};

async fn made(settings: &str, files: &[(&str, &str)]) -> Folder {
    let mut recipe = shops::base();
    recipe.settings.push(settings.to_owned());
    recipe.files.extend(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    recipe.make(Engine::Sqlite).await
}

async fn served(settings: &str, files: &[(&str, &str)]) -> (Folder, Server) {
    let folder = made(settings, files).await;
    let server = Server::start(folder.path());
    (folder, server)
}

/// Status, headers, body.
type Answer = (StatusCode, header::HeaderMap, Json);

async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("a body");
    (status, headers, serde_json::from_str(&text).unwrap_or(Json::String(text)))
}

fn post(server: &Server) -> reqwest::RequestBuilder {
    reqwest::Client::new().post(format!("{}/graphql", server.base))
}

async fn ask(server: &Server, body: &Json) -> Answer {
    send(post(server).json(body)).await
}

fn code(body: &Json) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
}

fn text<'a>(headers: &'a header::HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
}

const NAME: &str = "{ shop { name } }";
const LIST: &str = "{ articles(first: 20) { nodes { code } } }";

#[test]
fn points_are_counted_by_address_and_told() {
    block_on(async {
        let (folder, server) = served("[http]\ntrusted_proxies = [\"127.0.0.1\"]\n[rate]\nanonymous = 60\nexempt = [\"192.0.2.0/24\"]\n", &[]).await;
        let from = async |address: &str| {
            send(post(&server).header("x-forwarded-for", address).json(&json!({ "query": LIST }))).await
        };
        let (status, _, body) = from("198.51.100.1").await;
        assert_eq!(status, 200, "{body}");
        let cost = &body["extensions"]["cost"];
        let throttle = &cost["throttle"];
        let paid = cost["requested"].as_u64().expect("a cost");
        assert_eq!((&throttle["limit"], &throttle["restoreRate"]), (&json!(60), &json!(1)));
        assert_eq!(throttle["remaining"].as_u64(), Some(60 - paid));
        assert_eq!(throttle["resetSeconds"].as_u64(), Some(paid));
        from("198.51.100.1").await;
        let (status, headers, body) = from("198.51.100.1").await;
        assert_eq!((status.as_u16(), code(&body)), (429, "RATE_LIMITED"), "{body}");
        let wait: u64 = text(&headers, "retry-after").parse().expect("seconds");
        assert_eq!(body["errors"][0]["extensions"]["retryAfter"], wait);
        assert!((1..=60).contains(&wait));
        assert_eq!(text(&headers, "cache-control"), "no-store");
        assert!(body["extensions"]["cost"]["throttle"]["remaining"].is_u64());
        // Others have their own.
        assert_eq!(from("198.51.100.2").await.0, 200);
        for _ in 0..4 {
            let (status, _, body) = from("192.0.2.77").await;
            assert_eq!(status, 200);
            assert!(body["extensions"]["cost"].get("throttle").is_none(), "nothing limits it: {body}");
        }
        folder.remove().await;
    });
}

#[test]
fn each_operation_of_a_batch_is_paid_for() {
    block_on(async {
        let (folder, server) = served("[http]\nbatch = 10\n[rate]\nanonymous = 60\n", &[]).await;
        let (status, _, body) = ask(&server, &json!(vec![json!({ "query": LIST }); 6])).await;
        assert_eq!(status, 200, "{body}");
        let codes: Vec<&str> = body.as_array().expect("answers").iter().map(code).collect();
        assert_eq!(codes.iter().filter(|c| c.is_empty()).count(), 2, "{codes:?}");
        assert_eq!(codes.iter().filter(|c| **c == "RATE_LIMITED").count(), 4, "{codes:?}");
        let (status, headers, _) = ask(&server, &json!(vec![json!({ "query": LIST }); 3])).await;
        assert_eq!(status, 429, "none could be paid for");
        assert!(!text(&headers, "retry-after").is_empty());
        folder.remove().await;
    });
}

#[test]
fn what_is_refused_is_paid_for_and_what_is_not_paid_for_is_not_kept() {
    block_on(async {
        let (folder, server) = served("[rate]\nanonymous = 60\n", &[]).await;
        // 45 KiB that are no document: a point for each.
        let nonsense = json!({ "query": format!("{{ rien }} # {}", "x".repeat(45 << 10)) });
        let (status, _, body) = ask(&server, &nonsense).await;
        assert_eq!((status.as_u16(), code(&body)), (200, "GRAPHQL_VALIDATION_FAILED"), "{body}");
        let (status, _, body) = ask(&server, &nonsense).await;
        assert_eq!((status.as_u16(), code(&body)), (429, "RATE_LIMITED"), "{body}");
        // A list costs more than is left: it does not run, and is not kept under its hash either.
        let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": sha256(LIST) } });
        let (status, _, body) = ask(&server, &json!({ "query": LIST, "extensions": persisted })).await;
        assert_eq!((status.as_u16(), code(&body)), (429, "RATE_LIMITED"), "{body}");
        let (_, _, body) = ask(&server, &json!({ "extensions": persisted })).await;
        assert_eq!(code(&body), "PERSISTED_QUERY_NOT_FOUND", "{body}");
        folder.remove().await;
    });
}

#[test]
fn a_flood_is_stopped_before_it_is_read() {
    block_on(async {
        let (folder, server) =
            served("[http]\ntrusted_proxies = [\"127.0.0.1\"]\n[rate]\nrequests_per_second = 5\n", &[]).await;
        let log_of = |body: &Json| code(body).to_owned();
        let client = reqwest::Client::new();
        let garbage = || client.post(format!("{}/graphql", server.base)).body("garbage, of no type");
        let all = futures::future::join_all((0..60).map(|_| send(garbage()))).await;
        let (refused, read): (Vec<_>, Vec<_>) = all.iter().partition(|(status, ..)| *status == 429);
        assert!(read.iter().all(|(status, ..)| *status == 415), "{read:?}");
        assert!(!read.is_empty() && refused.len() > read.len(), "{} of 60 were read", read.len());
        assert!(refused.iter().all(|(_, headers, body)| log_of(body) == "RATE_LIMITED"
            && text(headers, "retry-after") == "1"
            && text(headers, "x-content-type-options") == "nosniff"));
        // Another address is served, and so is who asks how the gateway is.
        let other = post(&server).header("x-forwarded-for", "198.51.100.9").json(&json!({ "query": NAME }));
        assert_eq!(send(other).await.0, 200);
        assert_eq!(send(client.get(format!("{}/health/live", server.base))).await.0, 200);
        folder.remove().await;
    });
}

const MANIFEST: &str = r#"{ "list": "query List($n: Int) { articles(first: $n) { nodes { code } } }" }"#;

#[test]
fn trusted_documents_are_run_by_name_and_by_hash() {
    block_on(async {
        let files = [("documents/name.graphql", NAME), ("documents/app.json", MANIFEST)];
        let (folder, server) = served("", &files).await;
        for id in ["name".to_owned(), sha256(NAME), format!("sha256:{}", sha256(NAME))] {
            let (status, _, body) = ask(&server, &json!({ "documentId": id })).await;
            assert_eq!(
                (status.as_u16(), &body["data"]["shop"]["name"]),
                (200, &json!("Atelier du Cycle")),
                "{id}"
            );
        }
        let with = json!({ "documentId": "list", "variables": { "n": 2 } });
        assert_eq!(
            ask(&server, &with).await.2["data"]["articles"]["nodes"].as_array().map(Vec::len),
            Some(2)
        );
        let hash =
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": sha256(NAME) } } });
        assert_eq!(ask(&server, &hash).await.2["data"]["shop"]["name"], "Atelier du Cycle");
        let get = reqwest::Client::new().get(format!("{}/graphql?documentId=name", server.base));
        assert_eq!(send(get).await.2["data"]["shop"]["name"], "Atelier du Cycle");
        assert_eq!(code(&ask(&server, &json!({ "documentId": "nope" })).await.2), "DOCUMENT_NOT_TRUSTED");
        let both = json!({ "documentId": "name", "query": NAME });
        assert_eq!(code(&ask(&server, &both).await.2), "BAD_REQUEST");
        // Others are run as well.
        assert_eq!(
            ask(&server, &json!({ "query": "{ shop { currency } }" })).await.2["data"]["shop"]["currency"],
            "EUR"
        );
        folder.remove().await;
    });
}

#[test]
fn only_trusted_documents_where_the_shop_says_so() {
    block_on(async {
        let (folder, server) =
            served("[documents]\nonly = true\n[http]\nbatch = 5\n", &[("documents/name.graphql", NAME)])
                .await;
        assert_eq!(
            ask(&server, &json!({ "documentId": "name" })).await.2["data"]["shop"]["name"],
            "Atelier du Cycle"
        );
        // Its text is the document too.
        assert_eq!(
            ask(&server, &json!({ "query": NAME })).await.2["data"]["shop"]["name"],
            "Atelier du Cycle"
        );
        let free = "{ shop { currency } }";
        let persisted = json!({ "version": 1, "sha256Hash": sha256(free) });
        for body in [
            json!({ "query": free }),
            json!({ "query": format!("{NAME} ") }),
            json!({ "query": "{ __schema { queryType { name } } }" }),
            json!({ "query": free, "extensions": { "persistedQuery": persisted } }),
            json!({ "extensions": { "persistedQuery": persisted } }),
            json!({ "query": "not even GraphQL" }),
        ] {
            let (_, _, answer) = ask(&server, &body).await;
            assert_eq!(code(&answer), "DOCUMENT_NOT_TRUSTED", "{body}");
            assert!(answer.get("data").is_none());
            let (_, _, batch) = ask(&server, &json!([{ "documentId": "name" }, body])).await;
            assert_eq!((code(&batch[0]), code(&batch[1])), ("", "DOCUMENT_NOT_TRUSTED"));
        }
        folder.remove().await;
    });
}

/// Where only trusted documents are run, staff that may see plans send any: by their token, which a refresh cookie gets
/// them through a trusted document, and never by the cookie itself.
#[test]
fn staff_with_a_token_are_free_and_a_refresh_cookie_alone_frees_nobody() {
    block_on(async {
        let login = "mutation Login($input: LoginInput!) { login(input: $input) { accessToken userErrors { code } } }";
        let refresh = "mutation Refresh { refreshToken(input: {}) { accessToken userErrors { code } } }";
        let key = OwnKey::generate().expect("a key");
        let files = [
            ("auth.key", key.as_str()),
            ("documents/login.graphql", login),
            ("documents/refresh.graphql", refresh),
        ];
        let folder = made("[documents]\nonly = true\n", &files).await;
        let shop = Shop::open(folder.path()).unwrap_or_else(|found| panic!("{found:?}"));
        shop.site().prepare().await.expect("a site database");
        for (group, right) in [("planners", Right::Plan), ("readers", Right::Read)] {
            let grants = Some(vec![Grant::whole(right)]);
            let group = GroupChange { name: group.to_owned(), grants, ..GroupChange::default() };
            shop.staff().save_group_as_system(group).await.expect("a group");
        }
        // The first account may everything: it is neither of these.
        for (login, group) in [("root", "admin"), ("eva", "planners"), ("tom", "readers")] {
            let member = MemberChange {
                login: login.to_owned(),
                password: Some("long enough to log in".to_owned()),
                groups: (group != "admin").then(|| vec![group.to_owned()]),
                ..MemberChange::default()
            };
            shop.staff().save_member_as_system(member).await.expect("a member");
        }
        shop.close().await;
        let server = Server::start(folder.path());
        let free = json!({ "query": "{ shop { currency } }" });
        for (login, is_free) in [("eva", true), ("tom", false)] {
            let input = json!({ "input": { "login": login, "password": "long enough to log in" } });
            let (_, headers, begun) =
                ask(&server, &json!({ "documentId": "login", "variables": input })).await;
            assert_eq!(begun["data"]["login"]["userErrors"], json!([]), "{begun}");
            let cookie = text(&headers, "set-cookie").split(';').next().unwrap_or_default().to_owned();
            assert!(cookie.contains("comptoir_refresh="), "{headers:?}");
            // The cookie says nothing of who asks.
            let by_cookie = |body: &Json| post(&server).header(header::COOKIE, &cookie).json(body);
            let (_, _, answer) = send(by_cookie(&free)).await;
            assert_eq!(code(&answer), "DOCUMENT_NOT_TRUSTED", "{login}: {answer}");
            let loose = json!({ "query": format!("{refresh} ") });
            let (_, headers, answer) = send(by_cookie(&loose)).await;
            assert_eq!(code(&answer), "DOCUMENT_NOT_TRUSTED", "{login}: {answer}");
            assert_eq!(text(&headers, "set-cookie"), "", "the session is as it was");
            let (_, _, renewed) = send(by_cookie(&json!({ "documentId": "refresh" }))).await;
            let token = renewed["data"]["refreshToken"]["accessToken"].as_str();
            let token = token.unwrap_or_else(|| panic!("{renewed}"));
            let (_, _, answer) = send(post(&server).bearer_auth(token).json(&free)).await;
            let expected = if is_free { "" } else { "DOCUMENT_NOT_TRUSTED" };
            assert_eq!(code(&answer), expected, "{login}: {answer}");
            assert_eq!(answer["data"]["shop"]["currency"] == "EUR", is_free);
        }
        folder.remove().await;
    });
}

#[test]
fn broken_documents_are_told_with_their_places() {
    block_on(async {
        let files = [
            ("documents/bad.graphql", "query Bad {\n  shop { nope }\n}\n"),
            ("documents/deep.graphql", "{ departments { children { children { children { code } } } } }"),
            ("documents/app.json", "{\n  \"a\": \"{ shop { name } }\",\n  \"b\": \"{ rien }\"\n}\n"),
            ("documents/none.json", "[1]"),
            ("documents/broken.json", "{"),
            (
                "documents/hash.json",
                "{\"0000000000000000000000000000000000000000000000000000000000000000\": \"{ shop { name } }\"}",
            ),
        ];
        let folder = made("[limits]\ndepth = 3\n", &files).await;
        let checked = process::comptoir(&["check", "--shop", "."], folder.path());
        let said =
            String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        assert!(!checked.status.success());
        for expected in [
            "BAD_DOCUMENT]: document `bad`: Cannot query field \"nope\" on type \"Shop\"",
            "--> documents/bad.graphql:2:10",
            "--> documents/deep.graphql:1:1",
            "--> documents/app.json:3:3",
            "--> documents/none.json:1:1",
            "--> documents/broken.json:1:1",
            "BAD_DOCUMENT_ID",
        ] {
            assert!(said.contains(expected), "{expected} is not in\n{said}");
        }
        let none = made("[documents]\nonly = true\n", &[]).await;
        let checked = process::comptoir(&["check", "--shop", "."], none.path());
        let said =
            String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        assert!(said.contains("NO_DOCUMENTS"), "{said}");
        folder.remove().await;
        none.remove().await;
    });
}

#[test]
fn persisted_queries_hold_what_was_proved() {
    block_on(async {
        let (folder, server) = served("", &[]).await;
        let by =
            |hash: &str| json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
        let with = |text: &str, hash: &str| {
            let mut body = by(hash);
            body["query"] = text.into();
            body
        };
        let hash = sha256(NAME);
        let (_, _, body) = ask(&server, &by(&hash)).await;
        assert_eq!(
            (code(&body), body["errors"][0]["message"].as_str()),
            ("PERSISTED_QUERY_NOT_FOUND", Some("PersistedQueryNotFound"))
        );
        // Another text under this hash is refused, and not kept.
        let (_, _, body) = ask(&server, &with("{ departments { code } }", &hash)).await;
        assert_eq!(code(&body), "PERSISTED_QUERY_MISMATCH");
        assert_eq!(code(&ask(&server, &by(&hash)).await.2), "PERSISTED_QUERY_NOT_FOUND");
        // What is not valid is not kept either.
        let wrong = "{ rien }";
        assert_eq!(code(&ask(&server, &with(wrong, &sha256(wrong))).await.2), "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(code(&ask(&server, &by(&sha256(wrong))).await.2), "PERSISTED_QUERY_NOT_FOUND");
        for hash in ["", "abc", &"g".repeat(64)] {
            assert_eq!(code(&ask(&server, &by(hash)).await.2), "BAD_REQUEST");
        }
        assert_eq!(ask(&server, &with(NAME, &hash)).await.2["data"]["shop"]["name"], "Atelier du Cycle");
        assert_eq!(
            ask(&server, &by(&hash.to_uppercase())).await.2["data"]["shop"]["name"],
            "Atelier du Cycle"
        );
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } }).to_string();
        let get = reqwest::Client::new()
            .get(with_query(&format!("{}/graphql", server.base), &[("extensions", &extensions)]));
        assert_eq!(send(get).await.2["data"]["shop"]["name"], "Atelier du Cycle");
        drop(server);
        folder.remove().await;
        let (folder, server) = served("[documents]\nautomatic = false\n", &[]).await;
        assert_eq!(code(&ask(&server, &by(&hash)).await.2), "PERSISTED_QUERY_NOT_SUPPORTED");
        assert_eq!(ask(&server, &with(NAME, &hash)).await.2["data"]["shop"]["name"], "Atelier du Cycle");
        assert_eq!(code(&ask(&server, &by(&hash)).await.2), "PERSISTED_QUERY_NOT_SUPPORTED");
        folder.remove().await;
    });
}

#[test]
fn other_origins_may_ask_when_they_are_listed() {
    block_on(async {
        let listed = "[http]\ncors = { origins = [\"https://app.example\"], max_age = 77 }\n";
        let with = "[http]\ncors = { origins = [\"https://app.example\"], credentials = true }\n";
        for (settings, origin, allowed, credentials) in [
            ("", "https://app.example", false, false),
            (listed, "https://app.example", true, false),
            (listed, "https://app.example.evil", false, false),
            (listed, "http://app.example", false, false),
            (listed, "null", false, false),
            (with, "https://app.example", true, true),
            (with, "https://evil.example", false, false),
        ] {
            let (folder, server) = served(settings, &[]).await;
            let url = format!("{}/graphql", server.base);
            let preflight = reqwest::Client::new()
                .request(Method::OPTIONS, &url)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type,authorization");
            let (status, headers, _) = send(preflight).await;
            assert!(status.is_success());
            let told = text(&headers, "access-control-allow-origin");
            assert_eq!(told == origin, allowed, "{settings} {origin}: {told}");
            assert_ne!(told, "*");
            if allowed {
                assert!(text(&headers, "access-control-allow-headers").contains("authorization"));
                let methods = text(&headers, "access-control-allow-methods");
                assert!(methods.contains("POST") && !methods.contains("PUT"), "{methods}");
            }
            let (status, headers, _) =
                send(post(&server).header("origin", origin).json(&json!({ "query": NAME }))).await;
            assert_eq!(status, 200);
            assert_eq!(text(&headers, "access-control-allow-origin") == origin, allowed);
            let told = text(&headers, "access-control-allow-credentials");
            assert_eq!(told == "true", credentials, "{settings} {origin}: {told}");
            let vary: Vec<String> =
                headers.get_all("vary").iter().map(|v| v.to_str().expect("text").to_lowercase()).collect();
            assert_eq!(vary.join(",").contains("origin"), !settings.is_empty(), "{vary:?}");
            folder.remove().await;
        }
    });
}

#[test]
fn headers_that_keep_browsers_safe_are_on_every_answer() {
    block_on(async {
        let (folder, server) = served("[http]\npublic_url = \"https://shop.example\"\n", &[]).await;
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        for (method, path) in [
            (Method::POST, "/graphql"),
            (Method::GET, "/graphql?query=%7Bshop%7Bname%7D%7D"),
            (Method::DELETE, "/graphql"),
            (Method::GET, "/"),
            (Method::GET, "/graphiql"),
            (Method::GET, "/graphiql/examples.json"),
            (Method::GET, "/health/live"),
            (Method::GET, "/nothing"),
        ] {
            let (_, headers, _) =
                send(client.request(method.clone(), format!("{}{path}", server.base))).await;
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("x-frame-options", "DENY"),
                ("strict-transport-security", "max-age=31536000"),
            ] {
                assert_eq!(text(&headers, name), value, "{method} {path}");
            }
            let policy = text(&headers, "content-security-policy");
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(
                !policy.contains("script-src 'unsafe-inline'") && !policy.contains("unsafe-eval"),
                "{policy}"
            );
            assert!(text(&headers, "server").is_empty() && text(&headers, "x-powered-by").is_empty());
        }
        let (_, headers, page) = send(client.get(format!("{}/graphiql", server.base))).await;
        assert!(text(&headers, "content-security-policy").contains("script-src 'self'"));
        let page = page.as_str().expect("a page").to_owned();
        for script in page.split("<script").skip(1) {
            assert!(
                script.split('>').next().is_some_and(|tag| tag.contains("src=")),
                "inline script: {script}"
            );
        }
        // What a viewer with a token sees is kept by no cache.
        for (name, value) in [("authorization", "Bearer x"), ("cookie", "a=b")] {
            let (_, headers, _) =
                send(post(&server).header(name, value).json(&json!({ "query": NAME }))).await;
            assert!(text(&headers, "cache-control").contains("no-store"), "{name}");
        }
        drop(server);
        folder.remove().await;
        let (folder, server) = served("", &[]).await;
        let (_, headers, _) = ask(&server, &json!({ "query": NAME })).await;
        assert_eq!(text(&headers, "strict-transport-security"), "", "not over http");
        folder.remove().await;
    });
}

#[test]
fn suggestions_are_off_where_the_schema_is_not_told() {
    block_on(async {
        for (settings, guesses) in [("", true), ("[http]\nintrospection = false\n", false)] {
            let (folder, server) = served(settings, &[]).await;
            let (_, _, body) = ask(&server, &json!({ "query": "{ shop }" })).await;
            let message = body["errors"][0]["message"].as_str().expect("a message");
            assert_eq!(message.contains("Did you mean"), guesses, "{message}");
            folder.remove().await;
        }
    });
}

#[test]
fn what_variables_hold_is_in_no_line_of_the_log() {
    const MARKER: &str = "Kx93-secret-of-a-client";
    block_on(async {
        let folder = made("", &[]).await;
        let log = folder.path().join("log");
        let server = Server::start_logged(folder.path(), "trace", &log);
        let find = "query Find($code: ID!, $n: Int) { article(code: $code) { title } articles(first: $n) { nodes { code } } }";
        for variables in [
            json!({ "code": MARKER }),
            json!({ "code": [MARKER] }),
            json!({ "code": "A", "n": MARKER }),
            json!({ MARKER: MARKER, "code": MARKER }),
        ] {
            ask(&server, &json!({ "query": find, "variables": variables })).await;
            let pairs = [("query", find), ("variables", &variables.to_string())];
            let get = reqwest::Client::new().get(with_query(&format!("{}/graphql", server.base), &pairs));
            send(get).await;
        }
        let token =
            post(&server).header("authorization", format!("Bearer {MARKER}")).json(&json!({ "query": NAME }));
        send(token).await;
        folder.break_source("isoshop").await;
        ask(&server, &json!({ "query": find, "variables": { "code": MARKER } })).await;
        let text = std::fs::read_to_string(&log).expect("the log");
        assert!(
            text.contains("\"path\":\"/graphql\"") && text.contains("SELECT"),
            "the log says a lot: {text}"
        );
        assert!(!text.contains(MARKER), "{}", text.lines().find(|l| l.contains(MARKER)).unwrap_or(""));
        folder.remove().await;
    });
}

/// Writes raw bytes and reads what comes back until the connection ends.
fn raw(server: &Server, pieces: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    for piece in pieces {
        // It may be hung up on us half-way.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn heads_that_are_too_large_are_cut_off() {
    block_on(async {
        let (folder, server) = served("[http]\nheader_bytes = 9000\nheaders = 40\n", &[]).await;
        let long = format!("GET /health/live HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "y".repeat(20_000));
        assert!(raw(&server, &[long.as_bytes()]).starts_with("HTTP/1.1 431"));
        let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
        let many = format!("GET /health/live HTTP/1.1\r\nhost: a\r\n{many}\r\n");
        assert!(raw(&server, &[many.as_bytes()]).starts_with("HTTP/1.1 431"));
        // One that never ends is cut off while it comes.
        let piece = [b'z'; 4096];
        let mut pieces: Vec<&[u8]> = vec![b"GET /health/live HTTP/1.1\r\nx: "];
        pieces.extend(std::iter::repeat_n(&piece[..], 2_000));
        let endless = raw(&server, &pieces);
        assert!(endless.is_empty() || endless.starts_with("HTTP/1.1 431"), "{endless}");
        // And it still answers.
        assert_eq!(ask(&server, &json!({ "query": NAME })).await.0, 200);
        folder.remove().await;
    });
}

#[test]
fn connections_are_counted_in_all_and_by_address() {
    let open = |server: &Server| {
        TcpStream::connect(server.base.trim_start_matches("http://")).expect("a connection")
    };
    let answers = |mut stream: &TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        let asked = stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n");
        let mut byte = [0];
        asked.is_ok() && matches!(stream.read(&mut byte), Ok(1))
    };
    block_on(async {
        for (settings, most) in [
            ("[http]\nconnections = 3\n", 3),
            ("[http]\nconnections_per_address = 2\n", 2),
            // Behind a proxy are many.
            ("[http]\nconnections_per_address = 2\ntrusted_proxies = [\"127.0.0.1\"]\n", 6),
        ] {
            let (folder, server) = served(settings, &[]).await;
            let streams: Vec<TcpStream> = (0..6).map(|_| open(&server)).collect();
            let served: Vec<bool> = streams.iter().map(answers).collect();
            assert_eq!(served.iter().filter(|s| **s).count(), most, "{settings}: {served:?}");
            assert!(served[..most].iter().all(|s| *s), "the first ones: {served:?}");
            drop(streams);
            // Their places are free again, as soon as the server sees that they are gone.
            let until = std::time::Instant::now() + Duration::from_secs(20);
            while !answers(&open(&server)) {
                assert!(std::time::Instant::now() < until, "{settings}: nobody gets in any more");
                std::thread::sleep(Duration::from_millis(20));
            }
            folder.remove().await;
        }
    });
}

#[test]
fn who_does_not_take_the_answer_is_hung_up_on() {
    block_on(async {
        let (folder, server) =
            served("[http]\nwrite_seconds = 1\n[rate]\nrequests_per_second = 0\n", &[]).await;
        let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).expect("a connection");
        // Many answers, none of them read: the buffers of both ends fill up, and the server waits for us.
        let query = "%7B__schema%7Btypes%7Bname%20description%20fields%7Bname%20description%7D%7D%7D%7D";
        let request = format!("GET /graphql?query={query} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.set_write_timeout(Some(Duration::from_secs(30))).expect("a limit");
        let ended = loop {
            if let Err(error) = stream.write_all(request.as_bytes()) {
                break error.kind();
            }
        };
        // Our own limit would be one of waiting.
        assert!(matches!(ended, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{ended:?}");
        assert_eq!(ask(&server, &json!({ "query": NAME })).await.0, 200);
        folder.remove().await;
    });
}
