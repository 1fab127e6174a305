//! Prices and stock as clients meet them: on every page and in every order what they are one by one, for nobody but the
//! buyer, and in as few statements as there are tables.

use std::{collections::BTreeMap, path::Path};

use comptoir::demo;
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};

use crate::support::{
    block_on,
    gateway::{self, Gateway},
    shops::sqlite,
};

/// Buyers of the demo: the public, a customer with terms of his own, another.
const BUYERS: [&str; 3] = ["anonymous", "customer C00007", "customer C00012"];

async fn demo_shop(dir: &Path, articles: u32) -> Gateway {
    let options = demo::DemoOptions { articles, ..demo::DemoOptions::default() };
    demo::create(dir, &options, &mut |_| {}).await.expect("a demo");
    reopened(dir, "")
}

/// The shop with more in its file.
fn reopened(dir: &Path, more: &str) -> Gateway {
    let file = dir.join("comptoir.toml");
    let text = std::fs::read_to_string(&file).expect("its file");
    std::fs::write(&file, format!("{text}\n{more}\n")).expect("written");
    Gateway::open(dir).unwrap_or_else(|found| panic!("{}", found.join("\n")))
}

async fn ask(gateway: &Gateway, query: &str, variables: Json) -> Json {
    let variables = variables.as_object().cloned().unwrap_or_default();
    gateway.run(query, variables, &[]).await
}

fn decimal(value: &Json) -> Option<Decimal> {
    value.as_str().map(|text| text.parse().expect("a decimal"))
}

/// Every node of a list, page by page.
async fn walk(gateway: &Gateway, field: &str, arguments: &str, selection: &str, size: u32) -> Vec<Json> {
    let mut all = Vec::new();
    let mut after = Json::Null;
    loop {
        let query = format!(
            "query ($after: String) {{ {field}(first: {size}, after: $after{arguments}) \
             {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let answer = ask(gateway, &query, json!({ "after": after })).await;
        // The demo has codes that two rows claim.
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().all(|e| e["extensions"]["code"] == "DUPLICATE_KEY"), "{query}: {answer}");
        let list = &answer["data"][field];
        all.extend(list["nodes"].as_array().expect("nodes").iter().filter(|n| !n.is_null()).cloned());
        if list["pageInfo"]["hasNextPage"] != true {
            return all;
        }
        after = list["pageInfo"]["endCursor"].clone();
    }
}

/// The unit net price of each article for each buyer, asked one reference at a time: the naive answer.
async fn one_by_one(gateway: &Gateway) -> BTreeMap<String, Option<Decimal>> {
    let mut prices: BTreeMap<String, Option<Decimal>> = BTreeMap::new();
    for reference in walk(gateway, "references", "", "code article { code }", 100).await {
        let query = "query ($code: ID!) { reference(code: $code) { price { net { amount } } } }";
        let answer = ask(gateway, query, json!({ "code": reference["code"] })).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        let price = decimal(&answer["data"]["reference"]["price"]["net"]["amount"]);
        let article = reference["article"]["code"].as_str().expect("an article").to_owned();
        let known = prices.entry(article).or_default();
        *known = match (*known, price) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    prices
}

#[test]
fn an_articles_price_is_its_cheapest_references_in_every_list() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let gateway = demo_shop(dir.path(), 260).await;
        let mut seen = Vec::new();
        for buyer in BUYERS {
            gateway.asks(gateway::viewer(buyer));
            let naive = one_by_one(&gateway).await;
            let listed = walk(&gateway, "articles", "", "code price { net { amount } }", 23).await;
            let listed: BTreeMap<String, Option<Decimal>> = listed
                .iter()
                .map(|a| {
                    (a["code"].as_str().expect("a code").to_owned(), decimal(&a["price"]["net"]["amount"]))
                })
                .collect();
            assert!(listed.len() > 100, "{}", listed.len());
            for (code, price) in &listed {
                assert_eq!(*price, naive.get(code).copied().flatten(), "{buyer}: {code}");
            }
            seen.push(listed);
        }
        assert!(seen[0] != seen[1], "a customer's terms change something");
    });
}

#[test]
fn lists_are_sorted_and_filtered_by_the_viewers_price_exactly() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let gateway = demo_shop(dir.path(), 260).await;
        for buyer in BUYERS {
            gateway.asks(gateway::viewer(buyer));
            let all =
                walk(&gateway, "articles", "", "code price { net { amount } } stock { status }", 100).await;
            let mut naive: Vec<(Option<Decimal>, String)> = all
                .iter()
                .map(|a| {
                    (decimal(&a["price"]["net"]["amount"]), a["code"].as_str().expect("a code").to_owned())
                })
                .collect();
            let place: BTreeMap<String, usize> =
                naive.iter().enumerate().map(|(n, (_, code))| (code.clone(), n)).collect();
            for descending in [false, true] {
                // What has no price comes last; ties go by code, ascending, as the list in CODE order has it.
                naive.sort_by(|(a, x), (b, y)| {
                    let prices = match (a, b) {
                        (Some(a), Some(b)) if descending => b.cmp(a),
                        (Some(a), Some(b)) => a.cmp(b),
                        (a, b) => a.is_none().cmp(&b.is_none()),
                    };
                    prices.then_with(|| place[x].cmp(&place[y]))
                });
                let direction = if descending { "DESC" } else { "ASC" };
                let sort = format!(", sort: [{{ field: PRICE, direction: {direction} }}]");
                let sorted = walk(&gateway, "articles", &sort, "code", 17).await;
                let sorted: Vec<&str> = sorted.iter().filter_map(|a| a["code"].as_str()).collect();
                let expected: Vec<&str> = naive.iter().map(|(_, code)| code.as_str()).collect();
                assert_eq!(sorted, expected, "{buyer}, {direction}");
            }
            let filter = ", filter: { price: { gte: \"5\", lt: \"40\" }, inStock: true }";
            let found = walk(&gateway, "articles", filter, "code", 17).await;
            let found: Vec<&str> = found.iter().filter_map(|a| a["code"].as_str()).collect();
            let passes = |a: &&Json| {
                let price = decimal(&a["price"]["net"]["amount"]);
                let stocked = ["IN_STOCK", "LOW", "NOT_TRACKED"].iter().any(|s| a["stock"]["status"] == *s);
                stocked && price.is_some_and(|p| p >= Decimal::from(5) && p < Decimal::from(40))
            };
            let expected: Vec<&str> = all.iter().filter(passes).filter_map(|a| a["code"].as_str()).collect();
            assert!(!expected.is_empty() && expected.len() < all.len(), "{}", expected.len());
            assert_eq!(found, expected, "{buyer}");
        }
    });
}

/// A department's list is sorted by price like any other, also where it is longer than one round of reading.
#[test]
fn a_departments_articles_are_sorted_by_price() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let gateway = demo_shop(dir.path(), 1_700).await;
        let tops = gateway.data("{ departments { code articles(first: 1) { totalCount } } }").await;
        let tops = tops["departments"].as_array().cloned().unwrap_or_default();
        let size = |d: &Json| d["articles"]["totalCount"].as_u64().unwrap_or(0);
        let top = tops.iter().max_by_key(|d| size(d)).expect("a department");
        let query = format!(
            "{{ department(code: {}) {{ articles(first: 60, filter: {{ price: {{ lt: \"20\" }} }}, sort: [{{ field: PRICE }}]) \
             {{ totalCount nodes {{ code price {{ net {{ amount }} }} }} }} }} }}",
            top["code"]
        );
        let whole = gateway.data(&query).await;
        let list = &whole["department"]["articles"];
        let passing = list["totalCount"].as_u64().expect("a count");
        assert!(passing > 60 && passing * 3 < size(top) * 2, "{passing} of {}", size(top));
        let prices: Vec<Option<Decimal>> = list["nodes"]
            .as_array()
            .expect("nodes")
            .iter()
            .map(|a| decimal(&a["price"]["net"]["amount"]))
            .collect();
        assert!(prices.iter().all(Option::is_some) && prices.is_sorted(), "{prices:?}");
        // Read in rounds of few candidates, most of which do not pass, it is the same list.
        let rounds = reopened(dir.path(), &format!("[limits]\ngather = {}\n", passing + 1));
        assert_eq!(rounds.data(&query).await, whole);
        let all =
            walk(&gateway, "articles", ", sort: [{ field: PRICE }]", "price { net { amount } }", 100).await;
        assert!(all.len() > 1_000, "{}", all.len());
        let all: Vec<Option<Decimal>> = all.iter().map(|a| decimal(&a["price"]["net"]["amount"])).collect();
        let known: Vec<Decimal> = all.iter().flatten().copied().collect();
        assert!(known.is_sorted() && all.iter().skip(known.len()).all(Option::is_none));
    });
}

#[test]
fn what_is_reckoned_is_paid_for_and_bounded() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let gateway = demo_shop(dir.path(), 250).await;
        let cost = async |query: &str, variables: Json| {
            ask(&gateway, query, variables).await["extensions"]["cost"]["requested"].as_u64().expect("a cost")
        };
        let plain = cost("{ articles(first: 1) { nodes { code } } }", json!({})).await;
        for query in [
            "{ articles(first: 1, sort: [{ field: PRICE }]) { nodes { code } } }",
            "{ articles(first: 1, filter: { or: [{ not: { inStock: true } }] }) { nodes { code } } }",
            "query ($f: ArticleFilter = { price: { gt: \"1\" } }) { articles(first: 1, filter: $f) { nodes { code } } }",
        ] {
            assert_eq!(cost(query, json!({})).await, plain + 500, "{query}");
        }
        let by_variable = "query ($s: [ArticleSort!]) { articles(first: 1, sort: $s) { nodes { code } } }";
        assert_eq!(cost(by_variable, json!({ "s": [{ "field": "IN_STOCK" }] })).await, plain + 500);
        assert_eq!(cost(by_variable, json!({ "s": [{ "field": "WEIGHT" }] })).await, plain);
        for quantity in ["0", "-1", "1000000000", "99999999999999999999999999999999"] {
            let query = format!(
                "{{ articles(first: 1) {{ nodes {{ price(quantity: \"{quantity}\") {{ net {{ amount }} }} }} }} }}"
            );
            let answer = ask(&gateway, &query, json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_ARGUMENT", "{quantity}: {answer}");
        }
    });
}

#[test]
fn ids_slugs_and_publication_filter_and_sort() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let gateway = demo_shop(dir.path(), 260).await;
        gateway.asks(gateway::viewer("staff: read, hidden"));
        let all = walk(&gateway, "articles", "", "id code slug published", 100).await;
        let hidden: Vec<&Json> = all.iter().filter(|a| a["published"] == false).map(|a| &a["code"]).collect();
        assert!(!hidden.is_empty() && hidden.len() < all.len());
        let found = walk(&gateway, "articles", ", filter: { published: { eq: false } }", "code", 9).await;
        assert_eq!(found.iter().map(|a| &a["code"]).collect::<Vec<_>>(), hidden);
        let mut slugs: Vec<&str> = all.iter().filter_map(|a| a["slug"].as_str()).collect();
        slugs.sort_by_key(|slug| (comptoir::value::fold(slug), (*slug).to_owned()));
        let sorted = walk(&gateway, "articles", ", sort: [{ field: SLUG }]", "slug", 19).await;
        assert_eq!(sorted.iter().filter_map(|a| a["slug"].as_str()).collect::<Vec<_>>(), slugs);
        let one = &all[7];
        for (name, value) in [("id", &one["id"]), ("slug", &one["slug"])] {
            let filter = format!(", filter: {{ {name}: {{ eq: {value} }} }}");
            let found = walk(&gateway, "articles", &filter, "code", 5).await;
            assert_eq!(found.iter().map(|a| &a["code"]).collect::<Vec<_>>(), [&one["code"]], "{name}");
        }
        // Shoppers find nothing by it that they do not see anyway.
        gateway.asks(gateway::viewer("anonymous"));
        assert!(
            walk(&gateway, "articles", ", filter: { published: { eq: false } }", "code", 9).await.is_empty()
        );
    });
}

/// A page of 24 articles with the customer's prices and stock asks each table of the ERP once more at most.
#[test]
fn a_page_asks_each_tariff_table_once() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let gateway = demo_shop(dir.path(), 260).await;
        let page = |more: &str| format!("{{ articles(first: 24) {{ nodes {{ code title {more} }} }} }}");
        for buyer in BUYERS {
            gateway.asks(gateway::viewer(buyer));
            // Once to get to know the tables.
            gateway.data(&page("price { net { amount } } stock { status }")).await;
            gateway.statements();
            gateway.data(&page("")).await;
            let without = gateway.statements();
            gateway.data(&page("price { net { amount } } stock { status }")).await;
            let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
            let mut with = gateway.statements();
            for sent in without {
                let at = with.iter().position(|s| *s == sent);
                with.remove(at.unwrap_or_else(|| panic!("no longer asked: {}", sent.sql)));
            }
            for sent in with {
                let after = sent.sql.split("FROM \"").nth(1).unwrap_or_default();
                let table = after.split('"').next().unwrap_or_default().to_owned();
                *times.entry((sent.source, table)).or_default() += 1;
            }
            assert!(times.keys().any(|(_, table)| table == "F_ARTCLIENT"), "{times:?}");
            assert!(times.keys().any(|(_, table)| table == "F_ARTSTOCK"), "{times:?}");
            // An article's references are read by one statement, priced by one, counted by one; kits' components by one.
            for ((source, table), n) in &times {
                let most = match table.as_str() {
                    "F_ARTICLE" => 4,
                    "F_CONDITION" | "F_ARTENUMREF" => 3,
                    _ => 1,
                };
                assert!(*n <= most, "{buyer}: {source}.{table} {n} times: {times:?}");
            }
        }
    });
}

#[test]
fn nobody_sees_anothers_price() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let gateway = demo_shop(dir.path(), 260).await;
        gateway.asks(gateway::viewer("customer C00007"));
        let first =
            gateway.data("{ articles(first: 5, sort: [{ field: PRICE }]) { pageInfo { endCursor } } }").await;
        let cursor = &first["articles"]["pageInfo"]["endCursor"];
        let next = format!(
            "{{ articles(first: 5, after: {cursor}, sort: [{{ field: PRICE }}]) {{ nodes {{ code }} }} }}"
        );
        assert!(gateway.data(&next).await["articles"]["nodes"][0]["code"].is_string());
        // Another's cursor tells a price by its place: it is none of this list's.
        for other in ["customer C00012", "anonymous"] {
            gateway.asks(gateway::viewer(other));
            let answer = gateway.run(&next, Map::new(), &[]).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_CURSOR", "{other}: {answer}");
        }
        // How a price comes to be, of any customer, is staff's.
        let explain =
            "{ explainPrice(reference: \"AMP1001\", customer: \"C00012\") { price { net { amount } } } }";
        for viewer in ["anonymous", "customer C00007", "staff: read, provenance"] {
            gateway.asks(gateway::viewer(viewer));
            let answer = gateway.run(explain, Map::new(), &[]).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{viewer}: {answer}");
            assert!(answer["data"]["explainPrice"].is_null());
        }
        // Explained for a customer, a price is what that customer sees.
        let references = walk(&gateway, "references", "", "code", 100).await;
        for buyer in ["C00007", "C00012"] {
            for reference in references.iter().step_by(7) {
                let code = &reference["code"];
                gateway.asks(gateway::viewer(&format!("customer {buyer}")));
                let own = gateway
                    .data(&format!("{{ reference(code: {code}) {{ price(quantity: \"3\") {{ net {{ amount }} gross {{ amount }} }} }} }}"))
                    .await;
                gateway.asks(gateway::viewer("staff: read, prices.explain"));
                let told = gateway
                    .data(&format!(
                        "{{ explainPrice(reference: {code}, customer: \"{buyer}\", quantity: \"3\") \
                         {{ price {{ net {{ amount }} gross {{ amount }} }} steps {{ title used }} }} }}"
                    ))
                    .await;
                assert_eq!(own["reference"]["price"], told["explainPrice"]["price"], "{buyer}: {code}");
                assert!(told["explainPrice"]["steps"].as_array().is_some_and(|s| !s.is_empty()), "{told}");
            }
        }
    });
}

#[test]
fn prices_are_kept_back_where_they_need_a_login() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        demo_shop(dir.path(), 250).await;
        let file = dir.path().join("comptoir.toml");
        let text = std::fs::read_to_string(&file).expect("its file");
        std::fs::write(&file, text.replace("anonymous = \"prices\"", "anonymous = \"catalogue\""))
            .expect("written");
        let gateway = reopened(dir.path(), "");
        gateway.asks(gateway::viewer("anonymous"));
        for query in [
            "{ articles(first: 1) { nodes { code price { net { amount } } } } }",
            "{ articles(first: 1) { nodes { code x: priceRange { minimum { net { amount } } } } } }",
            "{ references(first: 1) { nodes { code prices { minimumQuantity } } } }",
            "{ references(first: 1) { nodes { code ...f } } } fragment f on Reference { notOrderable { reason } }",
            "{ articles(first: 1, filter: { price: { lt: \"10\" } }) { nodes { code } } }",
            "{ articles(first: 1, filter: { not: { price: { isNull: true } } }) { totalCount } }",
            "{ articles(first: 1, sort: [{ field: PRICE }]) { nodes { code } } }",
            "{ articles(first: 1, filter: { references: { some: { price: { gt: \"1\" } } } }) { nodes { code } } }",
        ] {
            gateway.statements();
            let answer = gateway.run(query, Map::new(), &[]).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{query}: {answer}");
            let asked = gateway.statements();
            assert!(asked.iter().all(|s| !s.sql.contains("F_ARTCLIENT")), "{query}");
        }
        // Stock is no price, and a login shows both.
        assert!(
            gateway.data("{ articles(first: 1) { nodes { stock { status } } } }").await["articles"]
                .is_object()
        );
        gateway.asks(gateway::viewer("customer C00007"));
        let priced = gateway.data("{ articles(first: 1) { nodes { price { net { amount } } } } }").await;
        assert!(priced["articles"]["nodes"][0]["price"]["net"]["amount"].is_string(), "{priced}");
    });
}

#[test]
fn stock_that_cannot_be_read_is_unknown_or_what_it_was() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        demo_shop(dir.path(), 250).await;
        let erp = dir.path().join("erp.db");
        let query = "{ articles(first: 5) { nodes { code stock { status asOf available depots { depot physical } } } } }";
        let statuses = |answer: &Json| -> Vec<Json> {
            let nodes = answer["data"]["articles"]["nodes"].as_array().cloned().unwrap_or_default();
            nodes.iter().map(|a| a["stock"]["status"].clone()).collect()
        };
        let gateway = reopened(dir.path(), "[stock]\nstale_minutes = 60\n");
        let before = gateway.run(query, Map::new(), &[]).await;
        assert!(before.get("errors").is_none(), "{before}");
        sqlite(&erp, &["ALTER TABLE F_ARTSTOCK RENAME TO F_ARTSTOCK_AWAY".to_owned()]).await;
        // What was read an answer ago stands in, with the moment it is of.
        let after = gateway.run(query, Map::new(), &[]).await;
        assert_eq!(statuses(&after), statuses(&before), "{after}");
        let moment = |answer: &Json| answer["data"]["articles"]["nodes"][0]["stock"]["asOf"].clone();
        assert_eq!(moment(&after), moment(&before));
        assert_eq!(after["extensions"]["degraded"][0]["source"], "erp", "{after}");
        // What was not read is not known; nor is anything after a start.
        let cold = Gateway::open(dir.path()).unwrap_or_else(|found| panic!("{}", found.join("\n")));
        let cold = cold.run(query, Map::new(), &[]).await;
        assert!(cold.get("errors").is_none(), "{cold}");
        assert!(statuses(&cold).iter().all(|s| s == "UNKNOWN"), "{cold}");
        // A list by what nobody knows is none: never an empty one.
        let gone = Gateway::open(dir.path()).unwrap_or_else(|found| panic!("{}", found.join("\n")));
        let filtered = "{ articles(first: 5, filter: { inStock: true }) { totalCount nodes { code } } }";
        let filtered = gone.run(filtered, Map::new(), &[]).await;
        assert_eq!(filtered["errors"][0]["extensions"]["code"], "SOURCE_UNAVAILABLE", "{filtered}");
        sqlite(&erp, &["ALTER TABLE F_ARTSTOCK_AWAY RENAME TO F_ARTSTOCK".to_owned()]).await;
        let again = gateway.run(query, Map::new(), &[]).await;
        assert_eq!(statuses(&again), statuses(&before));
        // Numbers and depots are for those who may see them.
        gateway.asks(gateway::viewer("anonymous"));
        let plain = gateway.run(query, Map::new(), &[]).await;
        let first = &plain["data"]["articles"]["nodes"][0]["stock"];
        assert!(first["available"].is_null() && first["depots"].is_null(), "{plain}");
        gateway.asks(gateway::viewer("staff: read, stock.read"));
        let staff = gateway.run(query, Map::new(), &[]).await;
        let depots = &staff["data"]["articles"]["nodes"][0]["stock"]["depots"];
        assert!(depots.as_array().is_some_and(|d| !d.is_empty()), "{staff}");
    });
}
