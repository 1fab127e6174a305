//! `onUnknown: STALE`: what an overlay said when it last could, while it is down. The server is real, and killed.

use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::{Own, recovers, shop};
use crate::support::{block_on, gateway::Gateway, postgres, shops::Folder};

const RULES: &str = r#"
extend type Article
  @precedence(field: "title", sources: ["isoshop", "erp"], onUnknown: STALE, maxAge: "PT1H")
  @precedence(field: "brand", sources: ["isoshop", "erp"], onUnknown: STALE, maxAge: "PT1H")
  @precedence(field: "subtitle", sources: ["isoshop", "erp"], onUnknown: STALE, maxAge: "PT1S")
"#;

async fn stale_shop(own: &Own) -> (Folder, Gateway) {
    let (folder, _) = shop(&own.url, "").await;
    std::fs::write(folder.path().join("schema/stale.graphql"), RULES).expect("the rules");
    let gateway = Gateway::open(folder.path()).unwrap_or_else(|found| panic!("{found:?}"));
    (folder, gateway)
}

async fn run(gateway: &Gateway, query: &str, languages: &[&str]) -> Json {
    let answer = gateway.run(query, Map::new(), languages).await;
    assert!(answer.get("errors").is_none(), "{query}: {answer}");
    answer
}

const ONE: &str = "{ article(code: \"VTT-100\") { title brand summary } }";
const SORTED: &str = "{ articles(first: 20, sort: { field: TITLE }) { nodes { code title } } }";
const FILTERED: &str =
    "{ articles(filter: { title: { contains: \"29 pouces\" } }) { totalCount nodes { code } } }";
const SOURCE: &str = "{ article(code: \"VTT-100\") { provenance(fields: [\"title\", \"brand\"]) { winner value candidates { source state value asOf cause } } } }";

#[test]
fn what_was_read_last_is_served_and_marked() {
    if !postgres::available("cells of earlier on") {
        return;
    }
    block_on(async {
        let own = Own::start().await;
        let (_folder, gateway) = stale_shop(&own).await;
        let before = [run(&gateway, ONE, &[]).await, run(&gateway, ONE, &["en"]).await];
        // Emptied on purpose by IsoShop: that is kept as well.
        assert_eq!(before[0]["data"]["article"]["brand"], json!(null));
        let (sorted, filtered) = (run(&gateway, SORTED, &[]).await, run(&gateway, FILTERED, &[]).await);
        assert_eq!(filtered["data"]["articles"]["nodes"], json!([{ "code": "VTT-100" }]));
        own.kill();
        for (language, before) in [&[][..], &["en"]].into_iter().zip(&before) {
            let after = run(&gateway, ONE, language).await;
            for field in ["title", "brand"] {
                let article = |answer: &Json| answer["data"]["article"][field].clone();
                assert_eq!(article(&after), article(before), "{language:?} {field}");
            }
            // A field of another rule takes the next source.
            assert_ne!(after["data"]["article"]["summary"], before["data"]["article"]["summary"]);
            let degraded = &after["extensions"]["degraded"];
            assert_eq!(
                (&degraded[0]["source"], degraded.as_array().map(Vec::len)),
                (&json!("isoshop"), Some(1))
            );
            assert!(degraded[0]["asOf"].is_string(), "{degraded}");
        }
        let provenance = run(&gateway, SOURCE, &[]).await;
        let title = &provenance["data"]["article"]["provenance"][0];
        assert_eq!((&title["winner"], &title["value"]), (&json!("isoshop"), &json!("VTT Cime 29 pouces")));
        let candidate = title["candidates"]
            .as_array()
            .and_then(|all| all.iter().find(|c| c["source"] == "isoshop"))
            .expect("IsoShop's");
        assert_eq!(
            (&candidate["state"], &candidate["value"]),
            (&json!("STALE"), &json!("VTT Cime 29 pouces"))
        );
        assert!(candidate["asOf"].is_string(), "{candidate}");
        assert!(candidate["cause"].as_str().is_some_and(|c| c.starts_with("CONN")), "{candidate}");
        assert_eq!(provenance["data"]["article"]["provenance"][1]["winner"], "isoshop");
        // What is decided on merged values is decided on what is served.
        let after = run(&gateway, FILTERED, &[]).await;
        assert_eq!(after["data"]["articles"], filtered["data"]["articles"]);
        let titles = |answer: &Json| -> Vec<(String, String)> {
            let nodes = answer["data"]["articles"]["nodes"].as_array().expect("nodes").clone();
            let text = |v: &Json| v.as_str().unwrap_or_default().to_owned();
            nodes.iter().map(|n| (text(&n["code"]), text(&n["title"]))).collect()
        };
        let (was, is) = (titles(&sorted), titles(&run(&gateway, SORTED, &[]).await));
        // LAMPE-1, which IsoShop alone hides, is shown while it is down; the others stand as they stood.
        let is: Vec<_> =
            is.into_iter().filter(|(code, _)| was.iter().any(|(known, _)| known == code)).collect();
        assert_eq!(is, was);
        own.restart();
        recovers(&gateway).await;
        let again = run(&gateway, ONE, &[]).await;
        assert_eq!(again["data"], before[0]["data"]);
        assert!(again["extensions"].get("degraded").is_none());
    });
}

#[test]
fn what_was_never_read_or_is_too_old_is_the_next_sources() {
    if !postgres::available("cells that are too old") {
        return;
    }
    block_on(async {
        let own = Own::start().await;
        let (_folder, gateway) = stale_shop(&own).await;
        let subtitle = "{ article(code: \"CASQUE-1\") { subtitle title } }";
        assert_eq!(run(&gateway, subtitle, &[]).await["data"]["article"]["subtitle"], "Aéré");
        own.kill();
        // Its maxAge is a second.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let old = run(&gateway, subtitle, &[]).await;
        assert_eq!(old["data"]["article"]["subtitle"], json!(null), "{old}");
        // Nobody has asked for this one while IsoShop was there.
        let unread = run(&gateway, "{ article(code: \"VTT-100\") { title } }", &[]).await;
        assert_eq!(unread["data"]["article"]["title"], "VTT Cime");
        assert!(unread["extensions"]["degraded"][0].get("asOf").is_none(), "{unread}");
    });
}
