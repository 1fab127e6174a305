//! What comes around a token: headers, addresses, the refresh cookie, methods, and whatever bytes.

use std::sync::atomic::Ordering;

use comptoir::auth::tokens::keys::OwnKey;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::lab::{Answer, Door, Key, claims, read};
use crate::support::block_on;

const ISSUER: &str = "\n[[auth.issuers]]\nissuer = 'ed'\naudience = 'shop'\nalgorithms = ['EdDSA']\n\
                      key_file = 'ed.pem'\nkind = 'staff'\n";

async fn door(settings: &str) -> (Door, String) {
    let key = Key::ed25519();
    let door = Door::open(&format!("{settings}{ISSUER}"), &[("ed.pem", &key.pem)]).await;
    (door, key.token(&claims("ed", json!({}))))
}

#[test]
fn one_header_of_one_scheme() {
    block_on(async {
        let (door, token) = door("").await;
        for scheme in ["Bearer", "bearer", "BEARER", "Bearer  ", "bearer   "] {
            let answer = door.post(&[("authorization", &format!("{scheme} {token}"))]).await;
            assert_eq!((answer.status, &answer.data()["kind"]), (200, &json!("staff")), "{scheme}");
        }
        for value in [
            "",
            "Bearer",
            "Bearer ",
            &token,
            &format!("Basic {token}"),
            &format!("Bearer\t{token}"),
            &format!("Bearer {token} {token}"),
            &format!("Bearer {token}, Bearer {token}"),
            &format!("Bearer \"{token}\""),
            &format!("DPoP {token}"),
            "Basic YWRhOnNlY3JldA==",
        ] {
            let answer = door.post(&[("authorization", value)]).await;
            assert_eq!((answer.status, answer.code.as_deref()), (401, Some("TOKEN_INVALID")), "{value}");
            assert_eq!(answer.challenge.as_deref(), Some("Bearer error=\"invalid_token\""), "{value}");
        }
        let good = format!("Bearer {token}");
        for (first, second) in [(good.as_str(), good.as_str()), (&good, "Bearer x"), ("", &good)] {
            let answer = door.post(&[("authorization", first), ("authorization", second)]).await;
            assert_eq!((answer.status, answer.code.as_deref()), (401, Some("TOKEN_INVALID")));
        }
        // A header that no text is.
        let request = door.client.post(format!("{}/graphql", door.base)).json(&json!({ "query": "{a}" }));
        let answer = read(request.header("authorization", &b"Bearer \xff\xfe"[..])).await;
        assert_eq!(answer.status, 401);
        // Nowhere else is a token looked for.
        let request = door.client.post(format!("{}/graphql?access_token={token}", door.base));
        let answer = read(request.json(&json!({ "query": "{a}", "access_token": token }))).await;
        assert_eq!(answer.data()["kind"], "anonymous");
    });
}

#[test]
fn a_bad_token_is_refused_before_the_body_is_read() {
    block_on(async {
        let (door, token) = door("").await;
        let address = door.base.trim_start_matches("http://").to_owned();
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
        // The body never comes.
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             authorization: Bearer {}x\r\ncontent-length: 100\r\n\r\n",
            token
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut begin = [0_u8; 12];
        let got =
            tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_exact(&mut begin)).await;
        got.expect("an answer without the body").expect("an answer");
        assert_eq!(&begin, b"HTTP/1.1 401");
        assert_eq!(door.echo.asked.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn gets_have_a_viewer_and_no_cookie() {
    block_on(async {
        let (door, token) = door("").await;
        let url = format!("{}/graphql?query=%7Ba%7D", door.base);
        let get = |headers: &[(&str, &str)]| {
            let mut request = door.client.get(&url);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            read(request)
        };
        let bearer = format!("Bearer {token}");
        let answer: Answer = get(&[("authorization", &bearer), ("cookie", "comptoir_refresh=r")]).await;
        let data = answer.data();
        assert_eq!((&data["kind"], &data["readOnly"]), (&json!("staff"), &json!(true)));
        assert_eq!(data["cookie"], Json::Null);
        assert_eq!(get(&[("authorization", "Bearer x")]).await.status, 401);
        // Pages and health need no token, and are not kept by a bad one.
        for path in ["/health/live", "/.well-known/jwks.json"] {
            let request = door.client.get(format!("{}{path}", door.base));
            assert_eq!(read(request.header("authorization", "Bearer x")).await.status, 200, "{path}");
        }
    });
}

#[test]
fn a_batch_has_one_viewer() {
    block_on(async {
        let (door, token) = door("[http]\nbatch = 3\n").await;
        let request = door.client.post(format!("{}/graphql", door.base)).bearer_auth(&token);
        let answer =
            read(request.json(&json!([{ "query": "a" }, { "query": "set" }, { "query": "b" }]))).await;
        let kinds: Vec<_> = (0..3).map(|n| answer.body[n]["data"]["kind"].clone()).collect();
        assert_eq!(kinds, ["staff", "staff", "staff"]);
        let request = door.client.post(format!("{}/graphql", door.base));
        let response = request.json(&json!([{ "query": "set" }])).send().await.expect("an answer");
        assert!(response.headers().contains_key("set-cookie"));
    });
}

#[test]
fn the_refresh_cookie_comes_and_goes() {
    block_on(async {
        let (door, _) = door("[http]\npublic_url = 'https://shop.example'\n").await;
        let url = format!("{}/graphql", door.base);
        let with = |query: &str| door.client.post(&url).json(&json!({ "query": query }));
        let response = with("set").send().await.expect("an answer");
        let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let (pair, attributes) = cookie.split_once("; ").expect("attributes");
        assert_eq!(pair, "__Host-comptoir_refresh=fresh");
        let mut attributes: Vec<&str> = attributes.split("; ").collect();
        attributes.retain(|attribute| !attribute.starts_with("Max-Age="));
        assert_eq!(attributes, ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]);
        let cleared = with("clear").send().await.expect("an answer");
        let cleared = cleared.headers()["set-cookie"].to_str().expect("text").to_owned();
        assert!(cleared.starts_with("__Host-comptoir_refresh=; Path=/; Max-Age=0;"), "{cleared}");
        let plain = with("a").send().await.expect("an answer");
        assert!(!plain.headers().contains_key("set-cookie"));

        let seen = |origin: Option<&str>| {
            let mut request = with("a").header("cookie", pair);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            async move { read(request).await.data()["cookie"].clone() }
        };
        assert_eq!(seen(None).await, "fresh");
        assert_eq!(seen(Some("https://shop.example")).await, "fresh");
        for origin in ["https://evil.example", "http://shop.example", "null", "https://shop.example.evil"] {
            assert_eq!(seen(Some(origin)).await, Json::Null, "{origin}");
        }
        // Its name without TLS is another's over TLS.
        let other = read(with("a").header("cookie", "comptoir_refresh=fresh")).await;
        assert_eq!(other.data()["cookie"], Json::Null);
    });
}

#[test]
fn addresses_are_the_connections_or_a_trusted_proxys_word() {
    block_on(async {
        let (open, _) = door("").await;
        let spoofed = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        assert_eq!(open.post(&spoofed).await.data()["address"], "127.0.0.1");
        let (behind, _) = door("[http]\ntrusted_proxies = ['127.0.0.0/8']\n").await;
        let line = [("x-forwarded-for", "198.51.100.1, 203.0.113.9")];
        assert_eq!(behind.post(&line).await.data()["address"], "203.0.113.9");
        assert_eq!(behind.post(&[("forwarded", "for=203.0.113.9")]).await.data()["address"], "127.0.0.1");
        let (standard, _) =
            door("[http]\ntrusted_proxies = ['127.0.0.1']\nforwarded_by = 'forwarded'\n").await;
        let line = [("forwarded", "for=\"[2001:db8::7]:4711\";proto=https")];
        assert_eq!(standard.post(&line).await.data()["address"], "2001:db8::7");
        let id = standard.post(&[("x-request-id", "abc")]).await.data()["request"].clone();
        assert_eq!(id, "abc");
    });
}

/// Whatever is sent as `Authorization`, nobody is let in by it, nothing breaks, and it is never taken for nothing.
#[test]
fn bytes_and_broken_tokens_let_nobody_in() {
    block_on(async {
        let key = Key::ed25519();
        let own = OwnKey::generate().expect("a key");
        let door = Door::open(ISSUER, &[("ed.pem", &key.pem), ("auth.key", &own)]).await;
        let token = key.token(&claims("ed", json!({})));
        let long = std::env::var_os("COMPTOIR_SOAK").is_some();
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(1) });
        let bytes =
            prop::collection::vec(any::<u8>().prop_filter("a header's", |b| *b >= 32 && *b != 127), 0..300);
        let edits = prop::collection::vec((any::<prop::sample::Index>(), 33_u8..127), 1..4);
        let any_value = prop_oneof![
            bytes.clone(),
            bytes.prop_map(|bytes| [b"Bearer ".to_vec(), bytes].concat()),
            edits.prop_map(move |edits| {
                let mut changed = token.clone().into_bytes();
                for (at, byte) in edits {
                    let at = at.index(changed.len());
                    changed[at] = if changed[at] == byte { byte ^ 1 } else { byte };
                }
                [b"Bearer ".to_vec(), changed].concat()
            }),
        ];
        for _ in 0..if long { 5_000 } else { 300 } {
            let value = any_value.new_tree(&mut runner).expect("a value").current();
            let Ok(header) = reqwest::header::HeaderValue::from_bytes(&value) else { continue };
            let request = door.client.post(format!("{}/graphql", door.base)).json(&json!({ "query": "{a}" }));
            let answer = read(request.header("authorization", header)).await;
            let shown = String::from_utf8_lossy(&value).into_owned();
            assert_eq!((answer.status, answer.code.as_deref()), (401, Some("TOKEN_INVALID")), "{shown}");
        }
        assert_eq!(door.echo.asked.load(Ordering::SeqCst), 0);
    });
}
