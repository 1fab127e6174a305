//! The HTTP room on a real socket, before an executor made for the purpose.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::{Example, HttpOptions, router, server::serve_within};
use crate::{
    auth::{
        accounts::AccountError,
        authenticator::Authenticator,
        grants::Grants,
        rights::Rights,
        tokens::{Tokens, settings::AuthConfig},
        viewer::Viewer,
    },
    config::{HttpConfig, Limits, RateConfig, TelemetryConfig},
    graphql::request::{Executor, GraphqlRequest, GraphqlResponse, Outcome, RequestContext},
};

/// Answers by the text of the query, and keeps what it was asked.
#[derive(Default)]
struct Fake {
    finished: AtomicUsize,
    cancelled: AtomicUsize,
    running: AtomicUsize,
    probes: AtomicUsize,
    overlay_down: AtomicBool,
    erp_down: AtomicBool,
}

/// Grants nobody anything.
struct Nobody;

#[async_trait::async_trait]
impl Grants for Nobody {
    async fn of(&self, _: &Viewer) -> Result<Rights, AccountError> {
        Ok(Rights::default())
    }
}

struct Running<'a>(&'a Fake, bool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        let counter = if self.1 { &self.0.finished } else { &self.0.cancelled };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

fn response(body: &Value, outcome: Outcome) -> GraphqlResponse {
    let errors = body["errors"].as_array().map_or(0, Vec::len);
    GraphqlResponse {
        body: body.to_string().into(),
        outcome,
        errors,
        operation: Some("Op".into()),
        refresh_cookie: None,
    }
}

#[async_trait::async_trait]
impl Executor for Fake {
    async fn execute(&self, request: GraphqlRequest, context: RequestContext) -> GraphqlResponse {
        self.running.fetch_add(1, Ordering::SeqCst);
        let mut running = Running(self, false);
        if let Some(millis) = request.query.strip_prefix("sleep ") {
            tokio::time::sleep(Duration::from_millis(millis.parse().unwrap())).await;
        }
        running.1 = true;
        match request.query.as_str() {
            "panic" => panic!("on purpose"),
            "{" | "{ 8f31403dfe404bccbb0e835f2629c6a7 }" => {
                response(&json!({"errors": [{"message": "syntax"}]}), Outcome::Refused)
            }
            "late" => response(&json!({"errors": [{"message": "late"}]}), Outcome::TimedOut),
            "partial" => response(&json!({"data": null, "errors": [{"message": "x"}]}), Outcome::Executed),
            "big" => response(&json!({"data": {"text": "abc ".repeat(5_000)}}), Outcome::Executed),
            query if query.contains("CoerceFailure") => {
                response(&json!({"errors": [{"message": "null for $id"}]}), Outcome::Refused)
            }
            query if query.starts_with("mutation") && context.read_only => {
                response(&json!({"errors": [{"message": "POST it"}]}), Outcome::MethodNotAllowed)
            }
            _ => {
                let seen = json!({"data": {
                    "query": request.query, "operation": request.operation_name, "variables": request.variables,
                    "languages": context.languages, "readOnly": context.read_only, "id": context.request_id,
                    "explain": context.explain,
                }});
                response(&seen, Outcome::Executed)
            }
        }
    }

    async fn health(&self) -> Vec<(String, Result<String, String>)> {
        self.probes.fetch_add(1, Ordering::SeqCst);
        let state = |down: &AtomicBool| {
            if down.load(Ordering::SeqCst) { Err("no answer".to_owned()) } else { Ok("3.45".to_owned()) }
        };
        vec![("erp".into(), state(&self.erp_down)), ("isoshop".into(), state(&self.overlay_down))]
    }
}

struct Server {
    address: SocketAddr,
    fake: Arc<Fake>,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn start(change: impl FnOnce(&mut HttpOptions)) -> Server {
    let fake = Arc::new(Fake::default());
    let mut options = HttpOptions {
        telemetry: TelemetryConfig::default(),
        http: HttpConfig {
            bind: "127.0.0.1:0".parse().unwrap(),
            public_url: "http://localhost".into(),
            graphiql: true,
            introspection: true,
            batch: 0,
            ..HttpConfig::default()
        },
        authenticator: Authenticator::new(Arc::new(Tokens::new(&AuthConfig::default())), Arc::new(Nobody)),
        limits: Limits { body: 2_000, ..Limits::default() },
        rate: RateConfig::default(),
        examples: vec![Example { title: "First".into(), query: "{ a }".into(), ..Example::default() }],
        essential_sources: vec!["erp".into()],
        site: None,
    };
    change(&mut options);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let http = options.http.clone();
    let app = router(fake.clone(), options);
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let task = tokio::spawn(async move {
        let (first, drain) = (Duration::from_millis(400), Duration::from_millis(1_500));
        serve_within(listener, app, &http, shutdown, first, drain).await
    });
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Server { address, fake, client, stop: Some(stop), task }
}

impl Server {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn post(&self) -> reqwest::RequestBuilder {
        self.client.post(self.url("/graphql")).header(header::CONTENT_TYPE, "application/json")
    }

    async fn query(&self, query: &str) -> Response {
        self.post().body(json!({ "query": query }).to_string()).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }
}

fn head<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response) -> Value {
    response.json().await.unwrap()
}

async fn code(response: Response) -> String {
    body(response).await["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_post_carries_everything_to_the_executor() {
    let server = start(|_| ()).await;
    let sent = json!({"query": "{ a }", "operationName": "A", "variables": {"x": [1]}, "extensions": {"explain": true}});
    let response = server
        .post()
        .header("accept-language", "en;q=0.5, fr-FR")
        .header("x-request-id", "shop-7")
        .body(sent.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(head(&response, "content-type"), "application/json; charset=utf-8");
    assert_eq!(head(&response, "x-request-id"), "shop-7");
    assert_eq!(head(&response, "x-content-type-options"), "nosniff");
    assert_eq!(head(&response, "cache-control"), "no-cache");
    let expected = json!({"data": {
        "query": "{ a }", "operation": "A", "variables": {"x": [1]}, "languages": ["fr-FR", "en"],
        "readOnly": false, "id": "shop-7", "explain": true,
    }});
    assert_eq!(body(response).await, expected);
}

#[tokio::test]
async fn get_runs_queries_only() {
    let server = start(|_| ()).await;
    let response = server.get("/graphql?query=%7B+a+%7D&variables=%7B%22x%22%3A1%7D").await;
    assert_eq!(response.status(), StatusCode::OK);
    let data = &body(response).await["data"];
    assert_eq!(
        (&data["query"], &data["readOnly"], &data["variables"]["x"]),
        (&json!("{ a }"), &json!(true), &json!(1))
    );
    let response = server.get("/graphql?query=mutation+%7B+a+%7D").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(head(&response, "allow"), "POST");
    assert_eq!(server.get("/graphql").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(server.get("/graphql?query=a&query=b").await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn statuses_follow_the_media_type() {
    let server = start(|_| ()).await;
    for (query, json_status, response_status) in
        [("{ a }", 200, 200), ("{", 200, 400), ("partial", 200, 200), ("late", 504, 504)]
    {
        for (accept, expected) in [
            ("application/json", json_status),
            ("application/graphql-response+json", response_status),
            ("application/graphql-response+json, application/json;q=0.9", response_status),
        ] {
            let request = server.post().header("accept", accept).body(json!({ "query": query }).to_string());
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), expected, "{query} {accept}");
            assert!(head(&response, "content-type").starts_with(accept.split(',').next().unwrap()));
            let cached = if query == "{ a }" { "no-cache" } else { "no-store" };
            assert_eq!(head(&response, "cache-control"), cached, "{query}");
        }
    }
}

#[tokio::test]
async fn what_is_no_graphql_request_is_refused() {
    let server = start(|_| ()).await;
    let raw = |content_type: &str, text: &str| {
        server.client.post(server.url("/graphql")).header("content-type", content_type).body(text.to_owned())
    };
    let good = r#"{"query":"{ a }"}"#;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=iso-8859-1",
    ] {
        let response = raw(content_type, good).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        assert_eq!(code(response).await, "BAD_REQUEST");
    }
    let response = server.client.post(server.url("/graphql")).body(good).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let response = raw("application/json", good).header("content-encoding", "gzip").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(head(&response, "accept-encoding"), "identity");
    let response = raw("application/json", good).header("accept", "text/html").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
    for text in ["", "{", "[1]", "{}", r#"{"query":""}"#, r#"{"query":1}"#] {
        let response = raw("application/json", text).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{text}");
        assert_eq!(head(&response, "cache-control"), "no-store");
    }
    let response = server.post().body(vec![b'{', 0xff]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let response = server.client.put(server.url("/graphql")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(head(&response, "allow"), "GET, POST, OPTIONS");
    assert_eq!(server.fake.finished.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn large_bodies_are_refused_announced_or_not() {
    let server = start(|_| ()).await;
    let at_limit = format!("{{\"query\":\"{}\"}}", "a".repeat(2_000 - 12));
    assert_eq!(at_limit.len(), 2_000);
    assert_eq!(server.post().body(at_limit).send().await.unwrap().status(), StatusCode::OK);
    let response = server.post().body("x".repeat(3_000_000)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let error = &body(response).await["errors"][0];
    assert_eq!(error["extensions"]["code"], "BODY_TOO_LARGE");
    assert_eq!(error["extensions"]["limit"], "limits.body");
    assert_eq!(error["extensions"]["maximum"], 2_000);
    // Chunked: the length is known at the end only.
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 1_500, "x".repeat(1_500));
    let text = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    socket.write_all(text.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
}

#[tokio::test]
async fn batches_are_off_until_they_are_allowed() {
    let three = json!([{"query": "sleep 300"}, {"query": "sleep 300"}, {"query": "{"}]).to_string();
    let server = start(|_| ()).await;
    let response = server.post().body(three.clone()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.text().await.unwrap().contains("`batch` under [http]"));
    let server = start(|options| options.http.batch = 3).await;
    let start = std::time::Instant::now();
    let response = server.post().body(three).send().await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(590), "one after the other: {:?}", start.elapsed());
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(head(&response, "cache-control"), "no-store");
    let answers = body(response).await;
    assert_eq!(answers.as_array().unwrap().len(), 3);
    assert!(answers[0]["data"]["id"].as_str().unwrap().ends_with(".1"));
    assert_eq!(answers[2]["errors"][0]["message"], "syntax");
    let four = json!([{"query": "a"}, {"query": "a"}, {"query": "a"}, {"query": "a"}]).to_string();
    let response = server.post().body(four).send().await.unwrap();
    assert_eq!(code(response).await, "BATCH_TOO_LARGE");
}

#[tokio::test]
async fn a_panic_is_one_answer_and_no_more() {
    let server = start(|_| ()).await;
    let response = server.query("panic").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = head(&response, "x-request-id").to_owned();
    let error = body(response).await["errors"][0].take();
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["traceId"]),
        (&json!("INTERNAL"), &json!(id))
    );
    assert!(!error["message"].as_str().unwrap().contains("on purpose"));
    assert_eq!(server.query("{ a }").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_executor_that_forgets_the_limit_is_stopped() {
    let server = start(|options| options.limits.request = Duration::from_millis(100)).await;
    let response = server.query("sleep 60000").await;
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(code(response).await, "REQUEST_TIMEOUT");
    assert_eq!(server.fake.cancelled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_work() {
    let server = start(|_| ()).await;
    let request = server.post().body(json!({"query": "sleep 60000"}).to_string()).send();
    assert!(tokio::time::timeout(Duration::from_millis(300), request).await.is_err());
    for _ in 0..50 {
        if server.fake.cancelled.load(Ordering::SeqCst) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still running");
}

#[tokio::test]
async fn insane_request_ids_are_replaced() {
    let server = start(|_| ()).await;
    for id in ["a b", "x\"y", &"z".repeat(65), ""] {
        let response =
            server.post().header("x-request-id", id).body(r#"{"query":"{ a }"}"#).send().await.unwrap();
        let echoed = head(&response, "x-request-id").to_owned();
        assert_ne!(echoed, id);
        assert_eq!(echoed.len(), 32);
        assert_eq!(body(response).await["data"]["id"], echoed);
    }
}

#[tokio::test]
async fn large_answers_are_compressed_and_small_ones_not() {
    let server = start(|_| ()).await;
    for (accepted, used) in [("gzip", "gzip"), ("br", "br"), ("identity", "")] {
        let request = server.post().header("accept-encoding", accepted).body(r#"{"query":"big"}"#);
        let response = request.send().await.unwrap();
        assert_eq!(head(&response, "content-encoding"), used);
        let vary: Vec<_> = response.headers().get_all("vary").iter().map(|v| v.to_str().unwrap()).collect();
        assert!(vary.join(",").contains("accept-encoding"), "{vary:?}");
        let length = response.bytes().await.unwrap().len();
        assert_eq!(length < 2_000, !used.is_empty(), "{length}");
    }
    let request = server.post().header("accept-encoding", "gzip").body(r#"{"query":"small"}"#);
    assert_eq!(head(&request.send().await.unwrap(), "content-encoding"), "");
}

#[tokio::test]
async fn readiness_says_which_source_is_missing_and_asks_once_a_second() {
    let server = start(|_| ()).await;
    assert_eq!(server.get("/health/live").await.status(), StatusCode::OK);
    let response = server.get("/health/ready").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(body(response).await["status"], "ready");
    for _ in 0..5 {
        server.get("/health/ready").await;
    }
    assert!(server.fake.probes.load(Ordering::SeqCst) <= 2);
    server.fake.overlay_down.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let response = server.get("/health/ready").await;
    assert_eq!(response.status(), StatusCode::OK);
    let report = body(response).await;
    assert_eq!(report["status"], "degraded");
    assert_eq!(report["sources"]["isoshop"], json!({"up": false, "essential": false, "error": "no answer"}));
    server.fake.erp_down.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let response = server.get("/health/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(head(&response, "cache-control"), "no-store");
    assert_eq!(body(response).await["status"], "unavailable");
    assert_eq!(server.get("/health/live").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn pages() {
    let server = start(|_| ()).await;
    let response = server.get("/").await;
    assert_eq!(
        (response.status(), head(&response, "location")),
        (StatusCode::TEMPORARY_REDIRECT, "/graphiql")
    );
    for path in ["/graphiql", "/graphiql/"] {
        let response = server.get(path).await;
        assert_eq!(head(&response, "content-type"), "text/html; charset=utf-8");
        assert!(head(&response, "content-security-policy").contains("script-src 'self'"));
        let etag = head(&response, "etag").to_owned();
        let again = server.client.get(server.url(path)).header("if-none-match", etag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
    let examples = body(server.get("/graphiql/examples.json").await).await;
    assert_eq!(examples, json!([{"title": "First", "query": "{ a }"}]));
    for path in ["/nowhere", "/graphiql/nope.js", "/graphql/x"] {
        let response = server.get(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(body(response).await["errors"][0]["message"].as_str().unwrap().contains(path));
    }
    let server = start(|options| options.http.graphiql = false).await;
    assert_eq!(server.get("/graphiql").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(body(server.get("/").await).await["graphql"], "/graphql");
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let server = start(|_| ()).await;
    for start in ["", "PRI * HTTP", "POST /graphql HTTP/1.1\r\nhost:"] {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(start.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "{start:?} is still open");
    }
}

#[tokio::test]
async fn draining_lets_running_requests_end_and_no_longer() {
    let mut server = start(|_| ()).await;
    let (client, url) = (server.client.clone(), server.url("/graphql"));
    let send = |query: &str| {
        let (client, url) = (client.clone(), url.clone());
        let body = json!({ "query": query }).to_string();
        tokio::spawn(async move {
            client.post(url).header("content-type", "application/json").body(body).send().await
        })
    };
    let (short, long) = (send("sleep 600"), send("sleep 60000"));
    while server.fake.running.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.stop.take().unwrap().send(()).unwrap();
    assert_eq!(short.await.unwrap().unwrap().status(), StatusCode::OK);
    assert!(Client::new().get(server.url("/health/live")).send().await.is_err(), "still accepting");
    let ended = tokio::time::timeout(Duration::from_secs(5), server.task).await.unwrap();
    assert!(ended.unwrap().is_ok());
    assert!(long.await.unwrap().is_err());
}

/// The npm package `graphql-http`, where it is installed (`make test` does); the tests of the whole gateway run it too.
#[tokio::test(flavor = "multi_thread")]
async fn all_audits_of_graphql_over_http_pass() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/js/audit.mjs");
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/js/node_modules/graphql-http");
    if !std::path::Path::new(installed).exists() {
        eprintln!("skipped: run `npm ci` in tests/js");
        return;
    }
    let server = start(|_| ()).await;
    let mut command = std::process::Command::new("node");
    command.arg(script).arg(server.url("/graphql"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["failed"], json!([]));
    assert_eq!((&result["passed"], &result["total"]), (&json!(61), &json!(61)));
}

/// Keeps log lines.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn log_lines_say_what_happened_and_keep_secrets() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber =
        tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    // One thread runs this test, its server included.
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = start(|_| ()).await;
    let sent = json!({"query": "partial", "variables": {"card": "s3cret"}}).to_string();
    let request =
        server.post().header("cookie", "comptoir_refresh=s3cret").header("x-request-id", "log-1").body(sent);
    let length = request.send().await.unwrap().bytes().await.unwrap().len();
    server.post().header("authorization", "Bearer s3cret").body("{}").send().await.unwrap();
    server.get("/graphql?query=%7B+a+%7D&variables=%7B%22x%22%3A%22s3cret%22%7D").await;
    server.get("/health/live").await;
    let request = server.post().body(json!({"query": "sleep 60000"}).to_string()).send();
    assert!(tokio::time::timeout(Duration::from_millis(200), request).await.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("s3cret"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "{text}");
    for (key, expected) in [
        ("method", json!("POST")),
        ("path", json!("/graphql")),
        ("status", json!(200)),
        ("operation", json!("Op")),
        ("outcome", json!("executed")),
        ("errors", json!(1)),
        ("bytes", json!(length)),
        ("id", json!("log-1")),
    ] {
        assert_eq!(lines[0][key], expected, "{key}: {text}");
    }
    assert!(lines[0]["micros"].is_u64());
    assert_eq!(lines[1]["status"], 401);
    assert_eq!(lines[2]["method"], "GET");
    assert_eq!(lines[3]["outcome"], "client gone");
}

#[tokio::test]
async fn examples_with_tokens_are_for_this_machine() {
    let server = start(|options| {
        options.examples[0].headers.insert("Authorization".into(), "Bearer T0K".into());
    })
    .await;
    let ask = async |host: &str| {
        let url = format!("http://{}/graphiql/examples.json", server.address);
        let response = server.client.get(url).header(header::HOST, host).send().await.unwrap();
        response.text().await.unwrap()
    };
    for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1"] {
        assert!(ask(host).await.contains("T0K"), "{host}");
    }
    for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example"] {
        assert_eq!(ask(host).await, "[]", "{host}");
    }
}

#[tokio::test]
async fn http_2_without_tls_is_not_spoken() {
    let server = start(|_| ()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "hung up on");
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 4") || answer.starts_with(b"HTTP/1.1 505"),
        "{answer:?}"
    );
}
