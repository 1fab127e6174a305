//! Bodies, documents and headers that nobody would send, over HTTP, to a server that must not mind: always a status and an
//! answer in JSON, never a hang, never a fault of ours. Short here, long with `COMPTOIR_SOAK=1`.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value as Json, json};

use crate::support::{
    block_on,
    process::Server,
    shops::{self, Engine},
    with_query,
};

fn cases() -> u32 {
    if std::env::var("COMPTOIR_SOAK").is_ok_and(|v| v == "1") { 20_000 } else { 250 }
}

/// JSON of any shape, not deep.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,20}".prop_map(Json::from),
        document().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((key(), inner), 0..6).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = vec![
        "query",
        "variables",
        "operationName",
        "extensions",
        "documentId",
        "persistedQuery",
        "sha256Hash",
        "version",
    ];
    prop_oneof![4 => prop::sample::select(known).prop_map(str::to_owned), 1 => ".{0,8}"]
}

/// Words and signs of GraphQL in any order: now and then a document.
fn document() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "=",
        "!",
        "$",
        "@",
        "...",
        "&",
        "|",
        "#",
        "\n",
        ",",
        "\"",
        "\"\"\"",
        "\\",
        "\u{feff}",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "true",
        "null",
        "1",
        "-0",
        "1e999",
        "1.5",
        "99999999999999999999",
        "articles",
        "article",
        "nodes",
        "code",
        "title",
        "first",
        "filter",
        "sort",
        "departments",
        "children",
        "shop",
        "name",
        "__schema",
        "__type",
        "__typename",
        "Query",
        "Article",
        "String",
        "Int",
        "include",
        "skip",
        "if",
        "inContext",
        "language",
        "a",
        "\"VTT-100\"",
        "é",
        "\u{1f6b2}",
        "\u{0}",
    ];
    let soup = prop::collection::vec(prop::sample::select(words.to_vec()), 0..60).prop_map(|w| w.join(" "));
    let wrapped = soup.clone().prop_map(|s| format!("{{ articles(first: 2) {{ nodes {{ {s} }} }} }}"));
    prop_oneof![3 => soup, 3 => wrapped, 1 => ".{0,200}", 1 => "\\PC{0,200}"]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let request = (document(), any_json(), any_json(), any_json()).prop_map(|(query, variables, extensions, name)| {
        json!({ "query": query, "variables": variables, "extensions": extensions, "operationName": name })
    });
    let near =
        (document(), any_json()).prop_map(|(query, v)| json!({ "query": query, "variables": { "a": v } }));
    let whole = prop_oneof![request, near, any_json()].prop_map(|json| json.to_string().into_bytes());
    let cut = (whole.clone(), any::<prop::sample::Index>()).prop_map(|(mut bytes, at)| {
        bytes.truncate(at.index(bytes.len().max(1)));
        bytes
    });
    let changed =
        (whole.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, at, byte)| {
            if let Some(place) = bytes.len().checked_sub(1).map(|_| at.index(bytes.len())) {
                bytes[place] = byte;
            }
            bytes
        });
    prop_oneof![4 => whole, 1 => cut, 2 => changed, 1 => prop::collection::vec(any::<u8>(), 0..300)]
}

/// A header's value of any kind.
fn header() -> impl Strategy<Value = String> {
    let known = vec![
        "application/json",
        "application/graphql-response+json",
        "*/*",
        "text/html",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "fr, en;q=0.5",
        "*;q=0",
        "gzip",
        "Bearer",
        "Bearer x.y.z",
        "Basic YTpi",
    ];
    prop_oneof![3 => prop::sample::select(known).prop_map(str::to_owned), 1 => "[ -~]{0,60}"]
}

#[derive(Clone, Debug)]
struct Sent {
    get: bool,
    body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let names = vec![
        "content-type",
        "accept",
        "accept-language",
        "authorization",
        "x-request-id",
        "x-forwarded-for",
        "origin",
        "cookie",
        "content-encoding",
    ];
    let odd = prop::collection::vec((prop::sample::select(names), header()), 0..4);
    let headers = prop_oneof![3 => Just(vec![("content-type", "application/json".to_owned())]), 1 => odd];
    (prop::bool::weighted(0.2), body(), headers).prop_map(|(get, body, headers)| Sent { get, body, headers })
}

#[test]
fn whatever_is_sent_is_answered() {
    block_on(async {
        let mut recipe = shops::base();
        recipe
            .settings
            .push("[http]\nbatch = 3\n[rate]\nrequests_per_second = 0\nanonymous = 0\naddress = 0\n".into());
        let folder = recipe.make(Engine::Sqlite).await;
        let log = folder.path().join("log");
        let server = Server::start_logged(folder.path(), "error", &log);
        let base = server.base.clone();
        let found = tokio::task::spawn_blocking(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let client =
                reqwest::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
            let config =
                ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
            TestRunner::new(config).run(&sent(), |sent| {
                let url = format!("{base}/graphql");
                let mut request = if sent.get {
                    let text = String::from_utf8_lossy(&sent.body).into_owned();
                    client.get(with_query(&url, &[("query", &text), ("variables", &text)]))
                } else {
                    client.post(url).body(sent.body.clone())
                };
                for (name, value) in &sent.headers {
                    request = request.header(*name, value);
                }
                let (status, text): (u16, String) = runtime.block_on(async {
                    let response = request.send().await.map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
                    let status = response.status().as_u16();
                    let text = response.text().await.map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
                    Ok::<_, TestCaseError>((status, text))
                })?;
                let answer: Json = serde_json::from_str(&text)
                    .map_err(|e| TestCaseError::fail(format!("{status}, not JSON: {e}: {text}")))?;
                let parts: Vec<&Json> =
                    answer.as_array().map_or_else(|| vec![&answer], |all| all.iter().collect());
                for part in parts {
                    prop_assert!(
                        part.get("data").is_some() || part["errors"][0]["message"].is_string(),
                        "{part}"
                    );
                    for error in part["errors"].as_array().into_iter().flatten() {
                        prop_assert!(
                            error["extensions"]["code"].is_string(),
                            "an error without a code: {error}"
                        );
                        prop_assert_ne!(error["extensions"]["code"].as_str(), Some("INTERNAL"), "{}", error);
                    }
                }
                prop_assert!(status < 500, "{status}: {text}");
                Ok(())
            })
        });
        let found = found.await.expect("the runner");
        let log = std::fs::read_to_string(&log).expect("the log");
        assert!(!log.contains("panicked"), "{log}");
        found.unwrap_or_else(|e| panic!("{e}"));
        folder.remove().await;
    });
}
