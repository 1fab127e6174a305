//! What a served shop tells of itself: metrics to be scraped, spans sent to a collector.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as Any,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value as Json, json};

use crate::support::{
    block_on, gateway,
    process::Server,
    shops::{self, Engine, Folder},
};

async fn served(settings: &str, files: &[(&str, &str)]) -> (Folder, Server) {
    let mut recipe = shops::base();
    recipe.settings.push(settings.to_owned());
    let folder = recipe.make(Engine::Sqlite).await;
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let server = Server::start(folder.path());
    (folder, server)
}

async fn ask(server: &Server, query: &str, headers: &[(&str, &str)]) -> Json {
    let mut request = reqwest::Client::new().post(format!("{}/graphql", server.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.json(&json!({ "query": query })).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

async fn scrape(server: &Server, headers: HeaderMap) -> (u16, String) {
    let request = reqwest::Client::new().get(format!("{}/metrics", server.base)).headers(headers);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

/// The whole numbers of the text format, by name and labels as they stand.
fn samples(text: &str) -> BTreeMap<&str, u64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, n)| Some((name, n.parse().ok()?)))
        .collect()
}

#[test]
fn metrics_count_what_was_done() {
    if !gateway::ready("metrics") {
        return;
    }
    block_on(async {
        let (_folder, server) = served("", &[]).await;
        let list = "{ articles(first: 2) { nodes { code title references { nodes { code } } } } }";
        for _ in 0..3 {
            let answer = ask(&server, list, &[]).await;
            assert_eq!(answer["data"]["articles"]["nodes"].as_array().map(Vec::len), Some(2), "{answer}");
        }
        ask(&server, "{ rien(secret: \"mot-de-passe\") }", &[]).await;
        let (status, text) = scrape(&server, HeaderMap::new()).await;
        assert_eq!(status, 200, "{text}");
        let found = samples(&text);
        let at = |name: &str| found.get(name).copied().unwrap_or_else(|| panic!("no {name} in\n{text}"));
        assert_eq!(at(r#"comptoir_requests_total{route="/graphql",status="200"}"#), 4);
        assert_eq!(at(r#"comptoir_errors_total{code="GRAPHQL_VALIDATION_FAILED"}"#), 1);
        assert_eq!(at("comptoir_operation_cost_count"), 3);
        assert_eq!(at(r#"comptoir_lists_total{strategy="PUSH_DOWN_PAGE"}"#), 6);
        assert_eq!(at(r#"comptoir_cache_total{cache="plans",outcome="miss"}"#), 1);
        assert_eq!(at(r#"comptoir_cache_total{cache="plans",outcome="hit"}"#), 2);
        assert_eq!(at(r#"comptoir_source_circuit{source="erp",state="CLOSED"}"#), 1);
        assert_eq!(at(r#"comptoir_source_circuit{source="erp",state="OPEN"}"#), 0);
        let statements = at(r#"comptoir_source_statements_total{source="erp",outcome="ok"}"#);
        assert_eq!(at(r#"comptoir_source_seconds_count{source="erp"}"#), statements);
        assert!(
            at(r#"comptoir_source_rows_total{source="erp"}"#) >= at("comptoir_records_returned_total") / 2
        );
        let returned = at("comptoir_records_returned_total");
        assert!(returned >= 6 && returned % 3 == 0, "three equal answers: {returned}");
        assert!(!text.contains("mot-de-passe"), "what clients write is no label");
    });
}

#[test]
fn metrics_of_a_source_that_is_down() {
    if !gateway::ready("metrics of an outage") {
        return;
    }
    block_on(async {
        let (folder, server) = served("", &[]).await;
        drop(server);
        std::fs::write(folder.sqlite_file("isoshop"), "not a database at all, only text").expect("a file");
        let server = Server::start(folder.path());
        let answer = ask(&server, "{ articles(first: 1) { nodes { title } } }", &[]).await;
        assert_eq!(answer["extensions"]["degraded"][0]["source"], "isoshop", "{answer}");
        let (_, text) = scrape(&server, HeaderMap::new()).await;
        let failed = samples(&text).into_iter().any(|(name, n)| {
            name.starts_with(r#"comptoir_source_statements_total{source="isoshop""#)
                && !name.contains(r#"outcome="ok""#)
                && n > 0
        });
        assert!(failed, "{text}");
    });
}

#[test]
fn metrics_are_for_whom_the_shop_says() {
    if !gateway::ready("access to metrics") {
        return;
    }
    block_on(async {
        let forwarded = HeaderMap::from_iter([(
            "x-forwarded-for".parse().unwrap(),
            HeaderValue::from_static("10.1.2.3"),
        )]);
        let (_folder, server) = served("", &[]).await;
        assert_eq!(scrape(&server, HeaderMap::new()).await.0, 200, "near");
        let (status, text) = scrape(&server, forwarded.clone()).await;
        assert_eq!(status, 403, "through a proxy: {text}");
        assert!(text.contains("telemetry.metrics"), "{text}");
        let rebound =
            HeaderMap::from_iter([("host".parse().unwrap(), HeaderValue::from_static("evil.example:80"))]);
        assert_eq!(scrape(&server, rebound).await.0, 403, "a name that was made to lead here");
        drop(server);
        let (_folder, server) = served("[telemetry]\nmetrics = \"open\"\n", &[]).await;
        assert_eq!(scrape(&server, forwarded.clone()).await.0, 200, "open");
        drop(server);
        let (_folder, server) = served("[telemetry]\nmetrics = \"off\"\n", &[]).await;
        assert_eq!(scrape(&server, HeaderMap::new()).await.0, 404, "off");
        drop(server);
        let token = "0123456789abcdef0123456789abcdef";
        let settings = "[telemetry]\nmetrics_token_file = \"metrics.token\"\n";
        let (_folder, server) = served(settings, &[("metrics.token", token)]).await;
        assert_eq!(scrape(&server, HeaderMap::new()).await.0, 401, "near, and without the token");
        for (sent, status) in
            [(format!("Bearer {token}"), 200), (format!("Bearer {token}0"), 401), (token.to_owned(), 401)]
        {
            let mut headers = forwarded.clone();
            headers.insert(AUTHORIZATION, sent.parse().unwrap());
            assert_eq!(scrape(&server, headers).await.0, status, "{sent}");
        }
    });
}

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

impl Collector {
    /// Listens on a free port; gives its address.
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let kept = self.0.clone();
        let take = move |body: Bytes| async move {
            kept.lock().expect("lock").push(ExportTraceServiceRequest::decode(body).expect("protobuf"));
        };
        let router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn spans(&self) -> Vec<Span> {
        let kept = self.0.lock().expect("lock");
        let scopes = kept.iter().flat_map(|r| &r.resource_spans).flat_map(|r| &r.scope_spans);
        scopes.flat_map(|s| &s.spans).cloned().collect()
    }

    fn service(&self) -> Option<String> {
        let kept = self.0.lock().expect("lock");
        let resource = kept.first()?.resource_spans.first()?.resource.as_ref()?;
        let name = resource.attributes.iter().find(|a| a.key == "service.name")?;
        text(name.value.as_ref()?.value.as_ref()?)
    }
}

fn text(value: &Any) -> Option<String> {
    match value {
        Any::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

fn attribute(span: &Span, key: &str) -> Option<Any> {
    span.attributes.iter().find(|a| a.key == key)?.value.as_ref()?.value.clone()
}

#[test]
fn a_request_is_a_span_with_its_levels_and_statements_below() {
    if !gateway::ready("traces") {
        return;
    }
    block_on(async {
        let collector = Collector::default();
        let endpoint = collector.start().await;
        let settings = format!(
            "[telemetry]\notlp_endpoint = \"{endpoint}\"\nservice = \"cycles\"\ntrust_traceparent = true\n"
        );
        let (_folder, mut server) = served(&settings, &[]).await;
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let caller = "b7ad6b7169203331";
        let long = "x".repeat(500);
        let query = &format!(
            "query Rayon{long} {{ article(code: \"VTT-100\") {{ code title references {{ nodes {{ code }} }} }} {long}: article(code: \"GANT-1\") {{ code }} }}"
        );
        let answer = ask(&server, query, &[("traceparent", &format!("00-{trace}-{caller}-01"))]).await;
        assert_eq!(answer["data"]["article"]["code"], "VTT-100", "{answer}");
        // Not sampled by its caller: not ours to trace.
        let dark = "11111111111111111111111111111111";
        ask(&server, query, &[("traceparent", &format!("00-{dark}-{caller}-00"))]).await;
        // What is left is sent when the server stops.
        assert_eq!(server.interrupt(), Some(0));
        let until = Instant::now() + Duration::from_secs(10);
        while collector.spans().is_empty() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(collector.service().as_deref(), Some("cycles"));
        let spans = collector.spans();
        let hex = |id: &[u8]| id.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert!(spans.iter().all(|s| hex(&s.trace_id) == trace), "only what the caller sampled");
        let root = spans.iter().find(|s| s.kind == SpanKind::Server as i32).expect("the request's span");
        assert_eq!((root.name.as_str(), hex(&root.parent_span_id).as_str()), ("POST /graphql", caller));
        // What clients name takes as much room as they like: it is cut.
        let operation = attribute(root, "graphql.operation.name").and_then(|v| text(&v));
        assert_eq!(operation, Some(format!("Rayon{}", &long[..123])));
        assert!(spans.iter().any(|s| s.name == long[..128]));
        let by_id: HashMap<&[u8], &Span> = spans.iter().map(|s| (s.span_id.as_slice(), s)).collect();
        let path = |span: &Span| {
            let mut names = vec![span.name.clone()];
            let mut at = span;
            while let Some(above) = by_id.get(at.parent_span_id.as_slice()) {
                names.push(above.name.clone());
                at = above;
            }
            names.reverse();
            names.join(" > ")
        };
        let paths: Vec<String> = spans.iter().map(path).collect();
        let has = |path: &str| assert!(paths.iter().any(|p| p == path), "no {path} in {paths:#?}");
        has("POST /graphql > article");
        has("POST /graphql > article > SELECT erp");
        has("POST /graphql > article > references");
        has("POST /graphql > article > references > SELECT erp");
        let statements: Vec<&Span> = spans.iter().filter(|s| s.kind == SpanKind::Client as i32).collect();
        for span in &statements {
            let sql = attribute(span, "db.query.text").and_then(|v| text(&v)).expect("its text");
            assert!(sql.contains("SELECT") && !sql.contains("VTT-100"), "parameters are not shown: {sql}");
            assert_eq!(attribute(span, "db.system.name").and_then(|v| text(&v)).as_deref(), Some("sqlite"));
            assert!(matches!(attribute(span, "db.response.returned_rows"), Some(Any::IntValue(_))));
            assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
        }
    });
}

#[test]
fn a_collector_that_is_away_costs_no_request() {
    if !gateway::ready("a collector that is away") {
        return;
    }
    block_on(async {
        // Nobody listens on a port that was just given back.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let settings = format!("[telemetry]\notlp_endpoint = \"http://{address}\"\n");
        let (_folder, mut server) = served(&settings, &[]).await;
        let answer = ask(&server, "{ shop { name } articles(first: 1) { nodes { code } } }", &[]).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        assert_eq!(server.interrupt(), Some(0), "and it stops in peace");
    });
}

/// Nobody decides from outside what is traced, unless the shop says that its callers may.
#[test]
fn a_caller_that_is_not_trusted_decides_nothing() {
    if !gateway::ready("traces of strangers") {
        return;
    }
    block_on(async {
        let collector = Collector::default();
        let endpoint = collector.start().await;
        let settings = format!("[telemetry]\notlp_endpoint = \"{endpoint}\"\n");
        let (_folder, mut server) = served(&settings, &[]).await;
        let dark = "11111111111111111111111111111111";
        let header = format!("00-{dark}-b7ad6b7169203331-00");
        ask(&server, "{ shop { name } }", &[("traceparent", &header)]).await;
        assert_eq!(server.interrupt(), Some(0));
        let until = Instant::now() + Duration::from_secs(10);
        while collector.spans().is_empty() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let spans = collector.spans();
        let root = spans.iter().find(|s| s.kind == SpanKind::Server as i32).expect("the request's span");
        assert!(root.parent_span_id.is_empty() && root.trace_id != [0x11; 16], "{root:?}");
    });
}
