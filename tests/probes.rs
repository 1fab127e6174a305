//! What public checkers of GraphQL servers look for, tried on the demo shop as it would stand on a network: each probe
//! prints a verdict, and none may be of medium weight or above.

use reqwest::{Method, header};
use serde_json::{Value as Json, json};

use crate::support::{
    block_on,
    process::{self, Server},
    with_query,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Good,
    Info,
    Low,
    Medium,
    High,
}

struct Verdict {
    probe: &'static str,
    weight: Weight,
    why: String,
}

struct Target {
    server: Server,
    client: reqwest::Client,
}

struct Answer {
    status: u16,
    kind: String,
    text: String,
    body: Json,
}

impl Answer {
    fn code(&self) -> &str {
        let first = if self.body.is_array() { &self.body[0] } else { &self.body };
        first["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
    }

    fn has_data(&self) -> bool {
        let first = if self.body.is_array() { &self.body[0] } else { &self.body };
        first.get("data").is_some_and(|data| !data.is_null())
    }
}

impl Target {
    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let kind = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
            .to_owned();
        let text = response.text().await.expect("a body");
        Answer { status, kind, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.server.base))
    }

    async fn ask(&self, query: &str) -> Answer {
        self.send(self.request(Method::POST, "/graphql").json(&json!({ "query": query }))).await
    }
}

/// A finding of this weight when `found`, else good.
fn judge(probe: &'static str, weight: Weight, found: bool, why: impl Into<String>) -> Verdict {
    Verdict { probe, weight: if found { weight } else { Weight::Good }, why: why.into() }
}

async fn documents(t: &Target) -> Vec<Verdict> {
    let mut all = Vec::new();
    let full = t.ask("{ __schema { types { name fields { name } } } }").await;
    all.push(judge("introspection", Weight::Medium, full.has_data(), full.code()));
    let one = t.ask("{ __type(name: \"Query\") { fields { name } } }").await;
    all.push(judge("introspection by __type", Weight::Medium, one.has_data(), one.code()));
    let hidden = t.ask("query A { ...F } fragment F on Query { __schema { queryType { name } } }").await;
    all.push(judge("introspection through a fragment", Weight::Medium, hidden.has_data(), hidden.code()));
    let circular = format!(
        "{{ __schema {{ types {{ {}name{} }} }} }}",
        "fields { type { ".repeat(20),
        " } }".repeat(20)
    );
    let circular = t.ask(&circular).await;
    all.push(judge("deep recursion in introspection", Weight::High, circular.has_data(), circular.code()));
    let name = t.ask("{ __typename }").await;
    all.push(judge("it is there (__typename)", Weight::Info, name.has_data(), "a name tells nothing"));

    for query in [
        "{ article(code: \"A\") { titl } }",
        "{ articl { title } }",
        "{ shop }",
        "{ articles(frst: 1) { totalCount } }",
    ] {
        let answer = t.ask(query).await;
        let guessed = answer.text.contains("Did you mean") || answer.text.contains("did you mean");
        all.push(judge("field suggestions", Weight::Low, guessed, answer.text.clone()));
        // A suggestion is a way around introspection that is switched off.
        all.push(judge("field suggestions without introspection", Weight::Medium, guessed, query));
    }

    let aliases =
        format!("{{ {} }}", (0..1_000).map(|n| format!("a{n}: shop {{ name }} ")).collect::<String>());
    let aliases = t.ask(&aliases).await;
    all.push(judge("alias overloading", Weight::High, aliases.has_data(), aliases.code()));
    let nested = format!("{{ shop {{ {} }} }}", (0..200).map(|n| format!("a{n}: name ")).collect::<String>());
    let nested = t.ask(&nested).await;
    all.push(judge("alias overloading below the root", Weight::Medium, nested.has_data(), nested.code()));
    let types = format!("{{ {} }}", (0..1_000).map(|n| format!("a{n}: __typename ")).collect::<String>());
    let types = t.ask(&types).await;
    all.push(judge("alias overloading of __typename", Weight::Medium, types.has_data(), types.code()));
    let directives = format!("{{ __typename {} }}", "@aa".repeat(2_000));
    let directives = t.ask(&directives).await;
    all.push(judge("directive overloading", Weight::High, directives.has_data(), directives.code()));
    let errors = directives.body["errors"].as_array().map_or(0, Vec::len);
    all.push(judge("as many errors as directives", Weight::Medium, errors > 101, format!("{errors} errors")));
    let skips = t.ask(&format!("{{ __typename {} }}", "@include(if: true)".repeat(500))).await;
    all.push(judge("overloading of known directives", Weight::Medium, skips.has_data(), skips.code()));
    let doubled = t.ask(&format!("{{ shop {{ {} }} }}", "name ".repeat(10_000))).await;
    all.push(judge("field duplication", Weight::Medium, doubled.has_data(), doubled.code()));
    let circle = t.ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }").await;
    all.push(judge(
        "circular fragments",
        Weight::High,
        circle.has_data() || circle.status >= 500,
        circle.code(),
    ));
    let bomb: String =
        (0..40).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
    let bomb = t.ask(&format!("{{ ...F0 }} {bomb} fragment F40 on Query {{ shop {{ name }} }}")).await;
    all.push(judge("exponential fragments", Weight::High, bomb.status >= 500, bomb.code()));
    let deep = format!("{{ departments {{ {}code{} }} }}", "children { ".repeat(60), " }".repeat(60));
    let deep = t.ask(&deep).await;
    all.push(judge("deep nesting", Weight::High, deep.has_data(), deep.code()));
    let dear = "{ articles(first: 100) { nodes { references(first: 100) { nodes { article { references(first: 100) { nodes { code } } } } } } } }";
    let dear = t.ask(dear).await;
    all.push(judge("costly lists", Weight::High, dear.has_data(), dear.code()));
    let page = t.ask("{ articles(first: 1000000) { nodes { code } } }").await;
    all.push(judge(
        "pages without end",
        Weight::High,
        page.body["data"]["articles"]["nodes"].is_array(),
        page.code(),
    ));
    all
}

async fn transport(t: &Target) -> Vec<Verdict> {
    let mut all = Vec::new();
    let batch = vec![json!({ "query": "{ shop { name } }" }); 20];
    let batch = t.send(t.request(Method::POST, "/graphql").json(&batch)).await;
    all.push(judge("array batching", Weight::Medium, batch.has_data(), batch.code()));
    let mutation = "mutation { login(login: \"a\", password: \"b\") { accessToken } }";
    for query in ["mutation { __typename }", mutation] {
        let get = t.send(t.request(Method::GET, &with_query("/graphql", &[("query", query)]))).await;
        all.push(judge(
            "GET mutations",
            Weight::High,
            get.has_data(),
            format!("{} {}", get.status, get.code()),
        ));
    }
    let query = "{ shop { name } }";
    for (probe, kind, body) in [
        ("CSRF by form", "application/x-www-form-urlencoded", "query=%7Bshop%7Bname%7D%7D".to_owned()),
        ("CSRF by text", "text/plain", json!({ "query": query }).to_string()),
        (
            "CSRF by a parameter of text",
            "text/plain; application/json",
            json!({ "query": query }).to_string(),
        ),
        (
            "CSRF by multipart form",
            "multipart/form-data; boundary=x",
            format!("--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n{query}\r\n--x--"),
        ),
    ] {
        let request = t.request(Method::POST, "/graphql").header(header::CONTENT_TYPE, kind).body(body);
        let answer = t.send(request).await;
        all.push(judge(probe, Weight::Medium, answer.status != 415, answer.status.to_string()));
    }
    let none = t.send(t.request(Method::POST, "/graphql").body(json!({ "query": query }).to_string())).await;
    all.push(judge("CSRF without a type", Weight::Medium, none.status != 415, none.status.to_string()));
    let put = t.send(t.request(Method::PUT, "/graphql").json(&json!({ "query": query }))).await;
    all.push(judge("other methods", Weight::Low, put.status != 405, put.status.to_string()));
    let path = with_query("/graphql", &[("query", "mutation { __typename }")]);
    let override_ = t.send(t.request(Method::GET, &path).header("x-http-method-override", "POST")).await;
    all.push(judge("method override", Weight::High, override_.has_data(), override_.code()));

    let traced = t.request(Method::POST, "/graphql").header("apollo-federation-include-trace", "ftv1");
    let extensions = json!({ "explain": true, "tracing": true, "strategy": "gather" });
    let traced = t.send(traced.json(&json!({ "query": query, "extensions": extensions }))).await;
    let leaks =
        ["tracing", "ftv1", "plan", "debug"].iter().any(|k| traced.body["extensions"].get(k).is_some());
    all.push(judge("tracing", Weight::Medium, leaks, traced.body["extensions"].to_string()));
    for (probe, request) in [
        (
            "debug words in faults: a broken body",
            t.request(Method::POST, "/graphql").header("content-type", "application/json").body("{"),
        ),
        (
            "debug words in faults: a broken document",
            t.request(Method::POST, "/graphql").json(&json!({ "query": "{" })),
        ),
        (
            "debug words in faults: broken variables",
            t.request(Method::POST, "/graphql").json(&json!({ "query": query, "variables": 1 })),
        ),
        ("debug words in faults: no such page", t.request(Method::GET, "/graphql/../../etc/passwd")),
    ] {
        let answer = t.send(request).await;
        let words = ["stack", "backtrace", ".rs:", "panicked", "src/", "SELECT", "sqlite"];
        let leaks = words.iter().any(|w| answer.text.contains(w)) || answer.status >= 500;
        all.push(judge(probe, Weight::Medium, leaks, answer.text));
    }
    for path in
        ["/graphiql", "/graphiql/", "/playground", "/altair", "/voyager", "/console", "/graphql/console", "/"]
    {
        let page = t.send(t.request(Method::GET, path).header(header::ACCEPT, "text/html")).await;
        let shown = page.kind.contains("html") || page.text.contains("<script");
        all.push(judge("GraphiQL", Weight::Low, shown, path));
    }
    let html = t.send(t.request(Method::GET, "/graphql").header(header::ACCEPT, "text/html")).await;
    all.push(judge("GraphiQL at the endpoint", Weight::Low, html.kind.contains("html"), html.kind.clone()));
    let origin = t.request(Method::POST, "/graphql").header(header::ORIGIN, "https://evil.example");
    let response = origin.json(&json!({ "query": query })).send().await.expect("an answer");
    let told = response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    all.push(judge("pages of other origins", Weight::Medium, told, "access-control-allow-origin"));
    let server =
        [header::SERVER.as_str(), "x-powered-by"].iter().any(|h| response.headers().contains_key(*h));
    all.push(judge("who serves", Weight::Info, server, "server, x-powered-by"));
    all
}

/// What only staff may see.
async fn insiders(t: &Target) -> Vec<Verdict> {
    let mut all = Vec::new();
    let asked = [
        "{ articles(first: 1) { nodes { provenance { winner } } } }",
        "{ sources { name version } }",
        "{ articles(first: 1, filter: {}) { nodes { hiddenReason } } }",
    ];
    for query in asked {
        let answer = t.ask(query).await;
        let shown =
            ["winner\":\"", "version\":\"", "hiddenReason\":\""].iter().any(|w| answer.text.contains(w));
        all.push(judge("what staff sees", Weight::Medium, shown, answer.text.clone()));
    }
    all
}

#[test]
fn nothing_of_medium_weight_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let made = process::comptoir(&["demo", "--no-serve", "--dir", "shop", "--articles", "200"], dir.path());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let shop = dir.path().join("shop");
    let file = shop.join("comptoir.toml");
    let mut config: toml::Table = std::fs::read_to_string(&file).expect("the file").parse().expect("TOML");
    let network: toml::Table = "[http]\nintrospection = false\ngraphiql = false\n".parse().expect("TOML");
    crate::support::shops::merge(&mut config, network);
    std::fs::write(&file, config.to_string()).expect("the file");
    block_on(async {
        let t = Target { server: Server::start(&shop), client: reqwest::Client::new() };
        assert!(t.ask("{ shop { name } }").await.has_data(), "it serves");
        let mut verdicts = documents(&t).await;
        verdicts.extend(transport(&t).await);
        verdicts.extend(insiders(&t).await);
        for verdict in &verdicts {
            let why: String = verdict.why.chars().take(100).collect();
            println!("{:<8}{:<44}{why}", format!("{:?}", verdict.weight), verdict.probe);
        }
        let bad: Vec<&str> =
            verdicts.iter().filter(|v| v.weight >= Weight::Medium).map(|v| v.probe).collect();
        assert!(bad.is_empty(), "{bad:?}");
        assert!(t.ask("{ shop { name } }").await.has_data(), "and it still serves");
    });
}
