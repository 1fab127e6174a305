//! The laws of precedence, on random small shops: the gateway against the naive twin.

mod lists;
mod moving;
mod rights;
mod shop;
mod texts;

use std::collections::BTreeSet;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRng, TestRunner},
};
use serde_json::{Map, Value as Json, json};

use self::shop::RandomShop;
use crate::{
    naive::{Entity, Twin},
    support::{
        block_on,
        gateway::{self, Gateway, Override, Say},
        shops::{Engine, Folder},
    },
};

/// The scalar fields of an article that the twin knows.
const ARTICLE: &[&str] = &[
    "title",
    "subtitle",
    "summary",
    "brand",
    "family",
    "unit",
    "weight",
    "vatRate",
    "warrantyMonths",
    "origin",
    "terrain",
    "tags",
    "electric",
    "createdAt",
    "updatedAt",
];
const REFERENCE: &[&str] = &["title", "barcode", "weight", "unit", "updatedAt"];

/// How many random shops a law is tried on: `COMPTOIR_LAWS`, 12 by default.
fn shops() -> u32 {
    std::env::var("COMPTOIR_LAWS").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

/// Tries a law on random shops.
#[allow(clippy::needless_pass_by_value)] // a closure, written in place
fn law(name: &str, test: impl AsyncFn(&RandomShop, &Folder, &Gateway, &Twin) -> Result<(), String>) {
    let strategy = shop::shops().prop_map(|shop| (shop, ()));
    law_with(name, shops(), &strategy, async |shop, (), folder, gateway, twin| {
        test(shop, folder, gateway, twin).await
    });
}

/// Tries a law on random shops and whatever else it is tried with. The seed is fixed, so that a
/// failure is found again; `COMPTOIR_SEED` chooses another one.
#[allow(clippy::needless_pass_by_value)] // a closure, written in place
fn law_with<T: std::fmt::Debug>(
    name: &str,
    shops: u32,
    strategy: &impl Strategy<Value = (RandomShop, T)>,
    test: impl AsyncFn(&RandomShop, &T, &Folder, &Gateway, &Twin) -> Result<(), String>,
) {
    law_on(name, shops, None, strategy, test);
}

/// The seed of this run: `COMPTOIR_SEED`, 1 by default, another one in each soak.
fn seed() -> u64 {
    let named = std::env::var("COMPTOIR_SEED").ok().and_then(|n| n.parse().ok());
    let soak = std::env::var_os("COMPTOIR_SOAK").is_some();
    named.unwrap_or_else(|| if soak { u64::from(std::process::id()) } else { 1 })
}

/// Shops that broke a law once (`tests/laws/seeds.txt`): every run tries them first.
fn once_broken(name: &str) -> Vec<(u64, u32)> {
    let lines = include_str!("laws/seeds.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('=').filter(|(law, _)| law.trim() == name))
        .map(|(law, seed)| {
            let seed = seed.split('#').next().unwrap_or_default().trim();
            let read = seed.split_once('/').and_then(|(s, n)| Some((s.parse().ok()?, n.parse().ok()?)));
            read.unwrap_or_else(|| panic!("{law}: `{seed}` is no SEED/SHOP"))
        })
        .collect()
}

/// As [`law_with`], with the ERP and the IsoShop base on servers of these kinds.
#[allow(clippy::needless_pass_by_value)] // a closure, written in place
fn law_on<T: std::fmt::Debug>(
    name: &str,
    shops: u32,
    on: Option<(Engine, Engine)>,
    strategy: &impl Strategy<Value = (RandomShop, T)>,
    test: impl AsyncFn(&RandomShop, &T, &Folder, &Gateway, &Twin) -> Result<(), String>,
) {
    if !gateway::ready(name) {
        return;
    }
    let try_one = async |(shop, rest): &(RandomShop, T)| -> Result<(), String> {
        // Staff may ask how values came about, and how lists are read.
        let lists = name.starts_with("law 4");
        // A list that others change must not be refused halfway.
        let limited = lists && !name.contains("write");
        let staff = name == "law 5" || lists;
        let recipe = shop.recipe(limited);
        let folder = recipe.make(Engine::Sqlite).await;
        let twin = shop.twin(&folder).await;
        let served = match on {
            None => folder,
            Some((erp, isoshop)) => recipe.make_on(erp, isoshop).await,
        };
        let tried = async {
            let gateway =
                Gateway::open(served.path()).map_err(|found| format!("{UNREADABLE}{}", found.join("\n")))?;
            gateway.asks(gateway::viewer(if staff { gateway::READER } else { "anonymous" }));
            for over in &shop.overrides {
                gateway.set(over);
            }
            test(shop, rest, &served, &gateway, &twin).await
        }
        .await;
        served.remove().await;
        tried
    };
    let seed = seed();
    let tries = once_broken(name).into_iter().chain((0..shops).map(|n| (seed, n)));
    block_on(async {
        for (seed, n) in tries {
            // Each shop has a seed of its own, so that it can be made without the others.
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&seed.to_le_bytes());
            bytes[8..12].copy_from_slice(&n.to_le_bytes());
            let rng = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &bytes);
            let mut runner = TestRunner::new_with_rng(Config::default(), rng);
            let mut tree = strategy.new_tree(&mut runner).expect("a shop");
            let Err(mut reason) = try_one(&tree.current()).await else { continue };
            // The smallest shop that still breaks the law says most.
            let mut smallest = tree.current();
            for _ in 0..120 {
                if !tree.simplify() {
                    break;
                }
                match try_one(&tree.current()).await {
                    // A smaller shop that does not even open breaks no law.
                    Err(text) if !text.starts_with(UNREADABLE) => {
                        reason = text;
                        smallest = tree.current();
                    }
                    _ => {
                        if !tree.complicate() {
                            break;
                        }
                    }
                }
            }
            panic!(
                "{reason}\n\n{smallest:#?}\n\n{name} = {seed}/{n}: a line of tests/laws/seeds.txt, once mended"
            );
        }
    });
}

/// How a shop that does not open is told from one that breaks a law.
const UNREADABLE: &str = "the shop does not open: ";

fn fields(names: &[&str]) -> String {
    names.join(" ")
}

fn article_selection() -> String {
    format!("code {} departments {{ code }} references(first: 50) {{ nodes {{ code }} }}", fields(ARTICLE))
}

/// The twin's answer to [`article_selection`].
fn expected_article(twin: &Twin, code: &str) -> Json {
    let mut record = Map::new();
    record.insert("code".into(), code.into());
    for field in ARTICLE {
        record.insert((*field).into(), twin.value(Entity::Article, code, field));
    }
    let departments: Vec<Json> = twin.departments(code).0.into_iter().map(|d| json!({ "code": d })).collect();
    record.insert("departments".into(), departments.into());
    let references: Vec<Json> = twin
        .references()
        .into_iter()
        .filter(|r| r.article == code)
        .map(|r| json!({ "code": r.code }))
        .collect();
    record.insert("references".into(), json!({ "nodes": references }));
    record.into()
}

/// Departments have an order only behind the main one; which of the others comes first is the
/// sources' business.
fn settled(mut article: Json) -> Json {
    if let Some(Json::Array(list)) = article.get_mut("departments") {
        list.sort_by_key(|d| d["code"].as_str().map(str::to_owned));
    }
    article
}

fn same(what: &str, expected: &Json, actual: &Json) -> Result<(), String> {
    if expected == actual {
        return Ok(());
    }
    let mut text = format!("{what} differs");
    if let (Some(e), Some(a)) = (expected.as_object(), actual.as_object()) {
        for (key, value) in e {
            if a.get(key) != Some(value) {
                text.push_str(&format!(
                    "\n  {key}: twin {value}, gateway {}",
                    a.get(key).unwrap_or(&Json::Null)
                ));
            }
        }
    } else {
        text.push_str(&format!("\n  twin    {expected}\n  gateway {actual}"));
    }
    Err(text)
}

async fn one_article(gateway: &Gateway, code: &str) -> Json {
    let query = format!("query ($c: ID!) {{ article(code: $c) {{ {} }} }}", article_selection());
    let variables = Map::from_iter([("c".to_owned(), Json::from(code))]);
    let answer = gateway.run(&query, variables, &[]).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["article"].clone()
}

/// A whole connection, a page of three at a time.
async fn all_pages(gateway: &Gateway, query: &str, path: &[&str]) -> Vec<Json> {
    let mut nodes = Vec::new();
    let mut after = Json::Null;
    loop {
        let answer = gateway.run(query, Map::from_iter([("after".to_owned(), after)]), &[]).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        let mut connection = &answer["data"];
        for step in path {
            connection = &connection[*step];
        }
        nodes.extend(connection["nodes"].as_array().expect("nodes").iter().cloned());
        if connection["pageInfo"]["hasNextPage"] != true {
            return nodes;
        }
        after = connection["pageInfo"]["endCursor"].clone();
    }
}

#[test]
fn law_1_an_answer_is_the_twins() {
    law("law 1", async |_, _, gateway, twin| {
        for code in twin.all_articles() {
            let expected =
                if twin.article_visible(&code) { expected_article(twin, &code) } else { Json::Null };
            same(
                &format!("article {code}"),
                &settled(expected),
                &settled(one_article(gateway, &code).await),
            )?;
        }
        let visible: BTreeSet<String> = twin.references().into_iter().map(|r| r.code).collect();
        for reference in twin.all_references() {
            let query = format!(
                "query ($c: ID!) {{ reference(code: $c) {{ code {} article {{ code }} optionValues {{ name value }} }} }}",
                fields(REFERENCE)
            );
            let variables = Map::from_iter([("c".to_owned(), Json::from(reference.code.clone()))]);
            let answer = gateway.run(&query, variables, &[]).await;
            let expected = if visible.contains(&reference.code) {
                let mut record = Map::new();
                record.insert("code".into(), reference.code.clone().into());
                for field in REFERENCE {
                    record.insert((*field).into(), twin.value(Entity::Reference, &reference.code, field));
                }
                record.insert("article".into(), json!({ "code": reference.article }));
                record.insert("optionValues".into(), twin.option_values(&reference.code).into());
                record.into()
            } else {
                Json::Null
            };
            same(&format!("reference {}", reference.code), &expected, &answer["data"]["reference"])?;
        }
        let tree = gateway
            .data("{ departments { code title position level children { code title position level children { code title position level } } } }")
            .await;
        let node = |code: &String, below: Option<Json>| {
            let mut record = Map::new();
            record.insert("code".into(), code.clone().into());
            record.insert("title".into(), twin.value(Entity::Department, code, "title"));
            record.insert("position".into(), twin.position(code));
            record.insert("level".into(), twin.path(code).len().into());
            if let Some(below) = below {
                record.insert("children".into(), below);
            }
            Json::from(record)
        };
        let mut roots = Vec::new();
        for root in twin.children(None) {
            let mut second = Vec::new();
            for child in twin.children(Some(&root)) {
                let third: Vec<Json> = twin.children(Some(&child)).iter().map(|c| node(c, None)).collect();
                second.push(node(&child, Some(third.into())));
            }
            roots.push(node(&root, Some(second.into())));
        }
        same("the tree", &json!({ "departments": roots }), &tree)
    });
}

#[test]
fn law_1_in_another_language() {
    law("law 1 in English", async |_, _, gateway, twin| {
        for code in twin.articles() {
            let query = "query ($c: ID!) { article(code: $c) { title subtitle summary } }";
            let variables = Map::from_iter([("c".to_owned(), Json::from(code.clone()))]);
            let answer = gateway.run(query, variables, &["en"]).await;
            let of = |field| twin.field(Entity::Article, &code, field, Some("en")).value;
            let expected =
                json!({ "title": of("title"), "subtitle": of("subtitle"), "summary": of("summary") });
            same(&format!("article {code} in English"), &expected, &answer["data"]["article"])?;
        }
        Ok(())
    });
}

#[test]
fn law_2_an_absent_cell_changes_nothing() {
    law("law 2", async |_, folder, gateway, twin| {
        // A row is a cell of `updatedAt`, whatever else it says.
        let selection = article_selection().replace("updatedAt", "");
        let page = format!("{{ articles(first: 100) {{ nodes {{ {selection} }} }} }}");
        let before = gateway.data(&page).await;
        // Rows that say nothing: for every article without an IsoShop record, and blanks for others.
        for code in twin.all_articles() {
            let script = format!(
                "INSERT INTO \"article\" (code, title, subtitle, summary) SELECT '{code}', NULL, '   ', '' WHERE NOT EXISTS (SELECT 1 FROM \"article\" WHERE code = '{code}'); \
                 INSERT INTO \"text\" (entity, code, language, field, \"value\") SELECT 'article', '{code}', 'en', 'brand', '  ' WHERE NOT EXISTS (SELECT 1 FROM \"text\" WHERE code = '{code}');"
            );
            folder.execute("isoshop", &script).await;
        }
        let after = gateway.data(&page).await;
        same("the page with absent cells added", &before, &after)
    });
}

#[test]
fn law_3_one_by_one_is_in_a_page_is_nested() {
    law("law 3", async |_, _, gateway, twin| {
        let selection = article_selection();
        let query = format!(
            "query ($after: String) {{ articles(first: 3, after: $after) {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let paged = all_pages(gateway, &query, &["articles"]).await;
        let mut single = Vec::new();
        for code in twin.articles() {
            single.push(one_article(gateway, &code).await);
        }
        same("one by one against pages", &single.into(), &paged.clone().into())?;
        let codes: Vec<String> =
            gateway.data("{ references(first: 100) { nodes { code } } }").await["references"]["nodes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|r| r["code"].as_str().map(str::to_owned))
                .collect();
        let expected: Vec<String> = twin.references().into_iter().map(|r| r.code).collect();
        same("all references", &json!(expected), &json!(codes))?;
        for department in twin.all_departments().into_iter().filter(|d| twin.department_visible(d)) {
            let query = format!(
                "query ($after: String) {{ department(code: \"{department}\") {{ articles(first: 3, after: $after, deep: false) {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
            );
            let nested = all_pages(gateway, &query, &["department", "articles"]).await;
            let expected: Vec<Json> = twin
                .articles_in(&department)
                .iter()
                .filter_map(|code| paged.iter().find(|a| a["code"].as_str() == Some(code)).cloned())
                .collect();
            same(&format!("nested under department {department}"), &expected.into(), &nested.into())?;
        }
        Ok(())
    });
}

#[test]
fn law_5_provenance_is_the_value_served() {
    law("law 5", async |_, _, gateway, twin| {
        for code in twin.articles() {
            let list: Vec<String> = ARTICLE.iter().map(|f| format!("\"{f}\"")).collect();
            let query = format!(
                "query ($c: ID!) {{ article(code: $c) {{ {} provenance(fields: [{}]) {{ field rule winner value candidates {{ source state value }} }} }} }}",
                fields(ARTICLE),
                list.join(", ")
            );
            let variables = Map::from_iter([("c".to_owned(), Json::from(code.clone()))]);
            let answer = gateway.run(&query, variables, &[]).await;
            let article = &answer["data"]["article"];
            let entries = article["provenance"].as_array().ok_or_else(|| format!("{answer:#}"))?;
            if entries.len() != ARTICLE.len() {
                return Err(format!("{} entries of provenance for {} fields", entries.len(), ARTICLE.len()));
            }
            for entry in entries {
                let field = entry["field"].as_str().unwrap_or_default();
                same(&format!("{code}.{field} and its provenance"), &article[field], &entry["value"])?;
                let merged = twin.field(Entity::Article, &code, field, None);
                same(&format!("the winner of {code}.{field}"), &merged.winner.into(), &entry["winner"])?;
                let rule = twin.rules.of("Article", field).rule.name();
                same(&format!("the rule of {code}.{field}"), &rule.into(), &entry["rule"])?;
                let candidates: Vec<Json> = merged
                    .candidates
                    .iter()
                    .map(|(source, cell)| {
                        let value =
                            if let crate::naive::Cell::Value(v) = cell { v.clone() } else { Json::Null };
                        json!({ "source": source, "state": cell.state(), "value": value })
                    })
                    .collect();
                same(&format!("the candidates of {code}.{field}"), &candidates.into(), &entry["candidates"])?;
            }
        }
        Ok(())
    });
}

#[test]
fn law_6_reset_restores_the_value_before() {
    law("law 6", async |shop, _, gateway, twin| {
        for code in twin.articles() {
            let before = one_article(gateway, &code).await;
            let overridden = |field: &str| shop.overrides.iter().any(|o| o.code == code && o.field == field);
            for (field, say) in [
                ("title", Say::Value(comptoir::value::Value::text("Autre titre"))),
                ("subtitle", Say::Empty),
                ("weight", Say::Value(comptoir::value::Value::Decimal(rust_decimal::Decimal::new(125, 2)))),
                ("warrantyMonths", Say::Value(comptoir::value::Value::Int(7))),
            ] {
                if overridden(field) {
                    continue;
                }
                let over = Override {
                    entity: "Article".into(),
                    code: code.clone(),
                    field: field.into(),
                    language: None,
                    say,
                };
                gateway.set(&over);
                let during = one_article(gateway, &code).await;
                if !twin.rules.of("Article", field).locked {
                    let expected = match &over.say {
                        Say::Empty => Json::Null,
                        Say::Value(comptoir::value::Value::Int(n)) => (*n).into(),
                        Say::Value(comptoir::value::Value::Decimal(n)) => n.normalize().to_string().into(),
                        Say::Value(value) => value.as_str().into(),
                    };
                    same(&format!("{code}.{field} overridden"), &expected, &during[field])?;
                }
                gateway.reset(&over);
                same(
                    &format!("{code} after a reset of {field}"),
                    &before,
                    &one_article(gateway, &code).await,
                )?;
            }
        }
        Ok(())
    });
}

#[test]
fn law_7_a_locked_field_is_its_owners() {
    law("law 7", async |_, _, gateway, twin| {
        for code in twin.articles() {
            let before = one_article(gateway, &code).await;
            for field in ["family", "vatRate"] {
                let say = if field == "family" {
                    Say::Value(comptoir::value::Value::text("AUTRE"))
                } else {
                    Say::Value(comptoir::value::Value::Decimal(rust_decimal::Decimal::new(1, 0)))
                };
                gateway.set(&Override {
                    entity: "Article".into(),
                    code: code.clone(),
                    field: field.into(),
                    language: None,
                    say,
                });
            }
            same(
                &format!("{code} with locked fields overridden"),
                &before,
                &one_article(gateway, &code).await,
            )?;
        }
        Ok(())
    });
}

#[test]
fn law_8_only_what_can_contribute_is_read() {
    // Which tables a field of an article may read, beside the rows that decide existence and the web.
    let allowed: &[(&str, &[&str])] = &[
        ("family", &[]),
        ("origin", &["isoshop: marker"]),
        ("unit", &["erp: P_UNITE", "isoshop: marker"]),
        ("vatRate", &["erp: F_ARTCOMPTA", "erp: F_FAMCOMPTA", "erp: F_TAXE"]),
        ("weight", &["isoshop: marker"]),
        ("terrain", &["isoshop: marker"]),
        ("title", &["isoshop: marker", "isoshop: text"]),
        ("description", &["isoshop: marker", "isoshop: text", "erp: F_ARTGLOSS", "erp: F_GLOSSAIRE"]),
    ];
    law("law 8", async |_, _, gateway, twin| {
        let Some(code) = twin.articles().first().cloned() else { return Ok(()) };
        for (field, tables) in allowed {
            gateway.statements();
            gateway.data(&format!("{{ article(code: \"{code}\") {{ {field} }} }}")).await;
            for sent in gateway.statements() {
                for table in sent.tables() {
                    let read = format!("{}: {table}", sent.source);
                    let always = read == "erp: F_ARTICLE" || read == "isoshop: article";
                    if !always && !tables.contains(&read.as_str()) {
                        return Err(format!("{field} reads {read}: {}", sent.sql));
                    }
                }
            }
        }
        gateway.data("{ shop { name } __typename }").await;
        let sent = gateway.statements();
        if sent.is_empty() { Ok(()) } else { Err(format!("the shop itself asks {sent:?}")) }
    });
}
