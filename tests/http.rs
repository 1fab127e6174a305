//! GraphQL over HTTP, on a served shop: all audits, limits, health, compression.

use serde_json::{Value as Json, json};

use crate::support::{
    block_on, gateway,
    process::{self, Server},
    shops::{self, Engine, Folder},
};

async fn served(settings: &str) -> (Folder, Server) {
    let mut recipe = shops::base();
    recipe.settings.push(settings.to_owned());
    let folder = recipe.make(Engine::Sqlite).await;
    let server = Server::start(folder.path());
    (folder, server)
}

async fn post(server: &Server, body: &Json) -> (u16, Json) {
    let response = reqwest::Client::new()
        .post(format!("{}/graphql", server.base))
        .header("accept", "application/graphql-response+json")
        .json(body)
        .send()
        .await
        .expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

#[test]
fn all_audits_pass() {
    if !gateway::ready("the audits of GraphQL over HTTP") || !process::node("the audits of GraphQL over HTTP")
    {
        return;
    }
    block_on(async {
        let (folder, server) = served("").await;
        let output = process::referee("audit.mjs", &[&format!("{}/graphql", server.base)]);
        let report: Json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(report["failed"], json!([]), "{report:#}");
        assert_eq!((&report["passed"], &report["total"]), (&json!(61), &json!(61)));
        drop(server);
        folder.remove().await;
    });
}

#[test]
fn status_codes_and_media_types() {
    if !gateway::ready("status codes") {
        return;
    }
    block_on(async {
        let (_folder, server) = served("").await;
        let (status, answer) =
            post(&server, &json!({ "query": "{ article(code: \"VTT-100\") { title } }" })).await;
        assert_eq!((status, &answer["data"]["article"]["title"]), (200, &json!("VTT Cime 29 pouces")));
        let (status, answer) = post(&server, &json!({ "query": "{ rien }" })).await;
        assert_eq!((status, answer.get("data")), (400, None));
        let (status, _) = post(&server, &json!({ "query": "{" })).await;
        assert_eq!(status, 400);
        // A field error is a partial answer, not a failed request.
        let (status, answer) =
            post(&server, &json!({ "query": "{ articles(first: 101) { totalCount } }" })).await;
        assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (200, &json!("PAGE_TOO_LARGE")));
        let client = reqwest::Client::new();
        let get = client
            .get(format!("{}/graphql?query=%7Bshop%7Bname%7D%7D", server.base))
            .header("accept", "application/json")
            .send()
            .await
            .expect("an answer");
        assert_eq!(get.status(), 200);
        assert!(get.headers().contains_key("x-request-id"));
        let zipped = client
            .get(format!("{}/graphql?query=%7B__schema%7Btypes%7Bname%20description%7D%7D%7D", server.base))
            .header("accept", "application/json")
            .header("accept-encoding", "br, gzip")
            .send()
            .await
            .expect("an answer");
        let encoding = zipped.headers().get("content-encoding").and_then(|v| v.to_str().ok());
        assert!(matches!(encoding, Some("br" | "gzip")), "{encoding:?}");
    });
}

#[test]
fn limits_are_refused_before_any_source_is_asked() {
    if !gateway::ready("limits over HTTP") {
        return;
    }
    block_on(async {
        let (folder, server) = served("[limits]\nbody = 2000\n").await;
        let long = format!("{{ shop {{ name }} }} # {}", "x".repeat(3000));
        let (status, answer) = post(&server, &json!({ "query": long })).await;
        assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (413, &json!("BODY_TOO_LARGE")));
        // Batching is off.
        let (status, _) = post(&server, &json!([{ "query": "{ shop { name } }" }])).await;
        assert_eq!(status, 400);
        drop(server);
        drop(folder);
        let (_folder, server) = served("").await;
        // No query overflows the stack.
        for depth in [50, 1000, 10_000] {
            let query = format!("{}code{}", "{ departments { children ".repeat(depth), " } }".repeat(depth));
            let (_, answer) = post(&server, &json!({ "query": query })).await;
            assert!(answer.get("errors").is_some(), "depth {depth}");
        }
        let (status, _) = post(&server, &json!({ "query": "{ shop { name } }" })).await;
        assert_eq!(status, 200, "it still answers");
    });
}

#[test]
fn health_tells_which_source_is_down() {
    if !gateway::ready("health") {
        return;
    }
    block_on(async {
        let (folder, server) = served("").await;
        let get = async |path: &str| {
            let response = reqwest::get(format!("{}{path}", server.base)).await.expect("an answer");
            (response.status().as_u16(), response.text().await.expect("text"))
        };
        assert_eq!(get("/health/live").await.0, 200);
        assert_eq!(get("/health/ready").await.0, 200);
        drop(server);
        // A database that answers but is not the shop's.
        folder.execute("erp", "DROP TABLE \"F_CATALOGUE\"").await;
        let server = Server::start(folder.path());
        let response = reqwest::get(format!("{}/health/ready", server.base)).await.expect("an answer");
        assert_eq!(response.status(), 503);
        assert!(response.text().await.expect("text").contains("no table F_CATALOGUE"));
        drop(server);
        // On SQLite a missing file is a wrong configuration; a file that is no database is an outage.
        std::fs::write(folder.sqlite_file("erp"), "not a database at all, only text").expect("a file");
        let server = Server::start(folder.path());
        let response = reqwest::get(format!("{}/health/ready", server.base)).await.expect("an answer");
        assert_eq!(response.status(), 503, "a shop without its ERP is alive but not ready");
        assert!(response.text().await.expect("text").contains("erp"));
        let live = reqwest::get(format!("{}/health/live", server.base)).await.expect("an answer");
        assert_eq!(live.status(), 200);
    });
}

#[test]
fn an_interrupt_drains_and_exits_with_zero() {
    if !gateway::ready("Ctrl-C") {
        return;
    }
    block_on(async {
        let (_folder, mut server) = served("").await;
        let (status, _) = post(&server, &json!({ "query": "{ shop { name } }" })).await;
        assert_eq!(status, 200);
        assert_eq!(server.interrupt(), Some(0));
    });
}

#[test]
fn mutations_come_by_post() {
    if !gateway::ready("mutations over HTTP") {
        return;
    }
    block_on(async {
        let (_folder, server) = served("").await;
        let query = "mutation { saveStaffGroup(input: { name: \"mine\" }) { group { name } } }";
        let client = reqwest::Client::new();
        let encoded: String = query.bytes().map(|b| format!("%{b:02X}")).collect();
        let get = client
            .get(format!("{}/graphql?query={encoded}", server.base))
            .header("accept", "application/graphql-response+json")
            .send()
            .await
            .expect("an answer");
        assert_eq!((get.status().as_u16(), get.headers()["allow"].to_str().ok()), (405, Some("POST")));
        let answer: Json = get.json().await.expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "METHOD_NOT_ALLOWED");
        // Without the right it is executed, and does nothing.
        let (status, answer) = post(&server, &json!({ "query": query })).await;
        assert_eq!((status, &answer["data"]), (200, &json!({ "saveStaffGroup": null })));
        assert_eq!(answer["errors"][0]["path"], json!(["saveStaffGroup"]));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
        // A password in the document is refused before anything is executed.
        let login = "mutation { login(input: { login: \"eva\", password: \"hunter2\" }) { accessToken } }";
        let (status, answer) = post(&server, &json!({ "query": login })).await;
        assert_eq!((status, answer.get("data")), (400, None));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "SECRET_IN_DOCUMENT");
        assert!(!answer.to_string().contains("hunter2"));
        let (status, answer) =
            post(&server, &json!({ "query": "subscription { orderChanged { number } }" })).await;
        assert_eq!((status, answer.get("data")), (400, None));
    });
}
