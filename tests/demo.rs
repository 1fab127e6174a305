//! The demo shop: made, the same for the same seed, served, and its example queries answered.

use std::path::Path;

use comptoir::demo::{self, DemoOptions, PostgresHalves};
use serde_json::{Map, json};

use crate::support::{
    block_on,
    gateway::{self, Gateway},
    postgres, process,
};

fn make(dir: &Path, name: &str, seed: &str) {
    let made =
        process::comptoir(&["demo", "--no-serve", "--dir", name, "--articles", "200", "--seed", seed], dir);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn the_demo_shop_answers() {
    if !gateway::ready("the demo shop") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    make(dir.path(), "shop", "7");
    block_on(async {
        let gateway =
            Gateway::open(&dir.path().join("shop")).unwrap_or_else(|found| panic!("{}", found.join("\n")));
        let page = gateway
            .data("{ articles(first: 50) { totalCount nodes { code title department { path { title } } provenance(fields: [\"title\"]) { winner value } } } departments { children { children { code } } } }")
            .await;
        assert!(page["articles"]["totalCount"].as_u64().is_some_and(|n| n > 50), "{page:#}");
        for node in page["articles"]["nodes"].as_array().expect("nodes") {
            assert_eq!(node["title"], node["provenance"][0]["value"]);
        }
        // Rayons on three levels.
        let levels = page["departments"].as_array().expect("departments");
        assert!(levels.iter().any(|d| {
            d["children"].as_array().is_some_and(|c| c.iter().any(|d| d["children"][0] != json!(null)))
        }));
        // The example queries of the catalogue work; those of the back office are good operations, and need a session.
        let mut tried = 0;
        for entry in
            std::fs::read_dir(dir.path().join("shop/queries")).expect("queries").map_while(Result::ok)
        {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "graphql") {
                let query = std::fs::read_to_string(&path).expect("a query");
                let variables =
                    std::fs::read_to_string(path.with_extension("json")).unwrap_or("{}".to_owned());
                let variables = serde_json::from_str(&variables).expect("variables");
                let answer = gateway.run(&query, variables, &[]).await;
                let staff = path.file_stem().is_some_and(|name| name.to_string_lossy().contains("staff"));
                assert!(answer.get("data").is_some(), "{}: {answer:#}", path.display());
                assert!(staff || answer.get("errors").is_none(), "{}: {answer:#}", path.display());
                tried += 1;
            }
        }
        assert_eq!(tried, 10);
    });
}

#[test]
fn one_seed_makes_one_shop() {
    if !gateway::ready("the demo's seed") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    make(dir.path(), "a", "7");
    make(dir.path(), "b", "7");
    make(dir.path(), "c", "8");
    let query = "{ articles(first: 100) { nodes { code title summary description weight brand } } }";
    block_on(async {
        let mut pages = Vec::new();
        for name in ["a", "b", "c"] {
            let gateway =
                Gateway::open(&dir.path().join(name)).unwrap_or_else(|found| panic!("{}", found.join("\n")));
            pages.push(gateway.data(query).await);
        }
        assert_eq!(pages[0], pages[1]);
        assert_ne!(pages[0], pages[2]);
    });
}

#[test]
fn the_same_shop_goes_into_postgresql() {
    if !gateway::ready("the demo in PostgreSQL") || !postgres::available("the demo in PostgreSQL") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    make(dir.path(), "shop", "7");
    let query = "{ articles(first: 100) { totalCount nodes { code title summary description weight brand warrantyMonths \
                 updatedAt images { url } related { code } references(first: 5) { nodes { code title barcode } } } } }";
    block_on(async {
        let open =
            || Gateway::open(&dir.path().join("shop")).unwrap_or_else(|found| panic!("{}", found.join("\n")));
        // One of the cases is an error at both of two variants: they claim one code.
        let on_sqlite = open().run(query, Map::new(), &[]).await;
        let errors = on_sqlite["errors"].as_array().map_or(&[][..], Vec::as_slice);
        let doubled = |e: &serde_json::Value| e["extensions"]["code"] == "DUPLICATE_KEY";
        assert!(errors.len() == 2 && errors.iter().all(doubled), "{errors:#?}");
        let (erp, isoshop) = (postgres::database(&[], &[]).await, postgres::database(&[], &[]).await);
        let (erp_url, isoshop_url) = (postgres::url_of(&erp), postgres::url_of(&isoshop));
        let options = DemoOptions { articles: 200, seed: 7, overlay: None };
        let halves = PostgresHalves { erp: Some(&erp_url), isoshop: Some(&isoshop_url) };
        demo::load_postgres(halves, &options, &mut |_| {}).await.expect("its rows");
        let file = dir.path().join("shop/comptoir.toml");
        let text = std::fs::read_to_string(&file).expect("its settings");
        let text = text
            .replace("kind = \"sqlite\"", "kind = \"postgres\"")
            .replace("sqlite:erp.db", &erp_url)
            .replace("sqlite:isoshop.db", &isoshop_url);
        std::fs::write(&file, text).expect("its settings");
        let gateway = open();
        assert_eq!(gateway.run(query, Map::new(), &[]).await, on_sqlite);
        gateway.shop.close().await;
        for name in [erp, isoshop] {
            postgres::drop_database(&name).await;
        }
    });
}
