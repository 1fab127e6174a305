//! Plans in words: which strategy a list is read by and why, what of its filter the sources are given, and the statements;
//! and what was done when the operation ran.

use serde_json::{Value as Json, json};

use crate::support::{
    block_on,
    gateway::{self, Gateway, STAFF},
    shops::{self, Engine, Folder, Recipe},
};

async fn shop(recipe: Recipe) -> (Folder, Gateway) {
    let folder = recipe.make(Engine::Sqlite).await;
    let gateway = Gateway::open(folder.path()).expect("a shop");
    (folder, gateway)
}

/// The plan of an operation on the base fixture.
fn plan(query: &str) -> String {
    block_on(async {
        let (_folder, gateway) = shop(shops::base()).await;
        gateway.plan(query).await
    })
}

#[test]
fn plan_of_a_page_in_code_order_with_a_filter() {
    let filter = "brand: { eq: \"Nomade\" }, or: [{ weight: { lt: \"1\" } }, { warrantyMonths: { gte: 12 } }], not: { title: { contains: \"vtt\" } }, subtitle: { isNull: true }";
    insta::assert_snapshot!(plan(&format!(
        "{{ articles(first: 5, filter: {{ {filter} }}) {{ nodes {{ code weight }} totalCount }} }}"
    )));
}

#[test]
fn plan_of_a_merge_scan_with_a_filter() {
    insta::assert_snapshot!(plan(
        "{ articles(first: 5, sort: [{ field: WEIGHT, direction: DESC }], filter: { title: { contains: \"velo\" } }) { nodes { code weight } } }"
    ));
}

#[test]
fn plan_of_a_merge_scan_that_is_filtered_by_what_sorts_it() {
    insta::assert_snapshot!(plan(
        "{ articles(first: 5, sort: [{ field: WEIGHT }], filter: { weight: { gte: \"5\" } }) { nodes { code weight } } }"
    ));
}

#[test]
fn plan_of_a_list_that_is_gathered() {
    insta::assert_snapshot!(plan(
        "{ articles(sort: [{ field: TITLE }], filter: { family: { in: [\"VELOS\"] } }) { nodes { code } } }"
    ));
}

#[test]
fn plan_of_references() {
    insta::assert_snapshot!(plan(
        "{ references(first: 2, filter: { title: { contains: \"vtt\" }, barcode: { eq: \"3760000000017\" } }) { nodes { code } } }"
    ));
    insta::assert_snapshot!(
        "plan_of_references_of_articles",
        plan(
            "{ article(code: \"VTT-100\") { a: references(first: 3) { nodes { code } } b: references(sort: [{ field: BARCODE }]) { nodes { code } } } }"
        )
    );
}

#[test]
fn plan_of_the_articles_of_a_department() {
    insta::assert_snapshot!(plan(
        "{ department(code: \"1\") { articles(first: 3, filter: { brand: { in: [\"Cime\", \"Vento\"] } }) { nodes { code } } last: articles(last: 2) { nodes { code } } } }"
    ));
}

/// Without its databases a plan is still printed, and says what could not be asked.
#[test]
fn plan_without_databases() {
    let said = block_on(async {
        let (folder, _) = shop(shops::base()).await;
        for source in ["erp", "isoshop"] {
            folder.break_source(source).await;
        }
        let gateway = Gateway::open(folder.path()).expect("a shop");
        let weight = gateway.plan("{ articles(sort: [{ field: WEIGHT }]) { nodes { code } } }").await;
        let filtered =
            gateway.plan("{ articles(filter: { brand: { eq: \"Cime\" } }) { nodes { code } } }").await;
        weight + &filtered
    });
    let lines = [
        "level articles: gather (Article)",
        "because: no source can page by WEIGHT: `isoshop` does not answer",
        "level articles: push-down page (Article)",
        "checked here: `brand` eq: `isoshop` does not answer",
    ];
    for line in lines {
        assert!(said.contains(line), "{line} is missing in:\n{said}");
    }
}

fn level<'a>(answer: &'a Json, path: &str) -> &'a Json {
    let levels = answer["extensions"]["plan"]["levels"].as_array().expect("levels");
    levels.iter().find(|l| l["level"] == path).unwrap_or_else(|| panic!("no level {path} in {answer:#}"))
}

#[test]
fn what_was_done_is_told_level_by_level() {
    let query = "{ liste: articles(first: 3, filter: { brand: { in: [\"Cime\", \"Nomade\", \"Vento\"] } }, sort: [{ field: WEIGHT }]) { nodes { code department { code } references(first: 1) { nodes { code } } } totalCount } }";
    block_on(async {
        let (_folder, gateway) = shop(shops::base()).await;
        let answer = gateway.explained(query).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        let sent = gateway.statements();
        let root = level(&answer, "liste");
        assert_eq!(root["strategy"], "MERGE_SCAN", "{root:#}");
        assert!(root["because"].as_str().expect("words").contains("WEIGHT"), "{root:#}");
        assert!(root["pushedDown"].to_string().contains("`brand` in: "), "{root:#}");
        assert!(root["rechecked"].to_string().contains("`brand` in"), "{root:#}");
        assert_eq!(root["rowsReturned"], 2);
        let listed = level(&answer, "liste.references");
        assert_eq!((&listed["strategy"], &listed["rowsReturned"]), (&json!("PUSH_DOWN_PAGE"), &json!(2)));
        assert_eq!(level(&answer, "liste.department")["strategy"], "TREE");
        assert_eq!(level(&answer, "(departments)")["strategy"], "ALL");
        assert_eq!(level(&answer, "liste.totalCount")["strategy"], "COUNT");
        // Folding can make "été" of anything: no source's cells are to blame for that.
        let open = gateway
            .explained("{ articles(filter: { subtitle: { contains: \"été\" } }) { nodes { code } } }")
            .await;
        let told = level(&open, "articles")["rechecked"].to_string();
        assert!(told.contains("any text might fit") && !told.contains("cannot be compared"), "{told}");
        // Whatever was sent stands at some level, and only there; no value of the filter is shown.
        let levels = answer["extensions"]["plan"]["levels"].as_array().expect("levels");
        let mut told = 0;
        for level in levels {
            let ran = level["statements"].as_array().expect("statements");
            told += ran.len();
            for statement in ran {
                assert!(
                    sent.iter()
                        .any(|s| statement["sql"] == s.sql.as_str()
                            && statement["source"] == s.source.as_str()),
                    "{statement}"
                );
            }
        }
        assert!(told > 8, "{answer:#}");
        let plan = answer["extensions"]["plan"].to_string();
        assert!(!plan.contains("Nomade") && !plan.contains("Vento"), "{plan}");
        // Who sees every record is told how many rows each statement gave, and in what time.
        gateway.asks(gateway::viewer(STAFF));
        let whole = gateway.explained(query).await;
        for level in whole["extensions"]["plan"]["levels"].as_array().expect("levels") {
            let ran = level["statements"].as_array().expect("statements");
            let rows: u64 = ran.iter().map(|s| s["rows"].as_u64().expect("rows")).sum();
            assert_eq!(level["rowsRead"], rows, "{level:#}");
            assert!(ran.iter().all(|s| s["ms"].as_f64().is_some_and(|ms| ms >= 0.0)), "{level:#}");
        }
        // Without being asked, nothing is told.
        let answer = gateway.run(query, serde_json::Map::new(), &[]).await;
        assert!(answer["extensions"].get("plan").is_none());
    });
}

/// The errors of lists that a limit refuses name the list, what is to blame, and what would help.
#[test]
fn refused_lists_say_what_is_to_blame() {
    let refused = |limits: &str, query: &str| {
        let mut recipe = shops::base();
        recipe.settings.push(format!("[limits]\n{limits}\n"));
        block_on(async {
            let (_folder, gateway) = shop(recipe).await;
            let mut answer = gateway.run(query, serde_json::Map::new(), &[]).await;
            answer["errors"][0].take()
        })
    };
    let error =
        refused("gather = 5", "{ articles(sort: [{ field: TITLE, direction: DESC }]) { nodes { code } } }");
    let told = &error["extensions"];
    assert_eq!(told["code"], "SORT_NEEDS_INDEX", "{error:#}");
    assert_eq!((&told["field"], &told["sort"]), (&json!("title"), &json!("TITLE DESC")), "{error:#}");
    assert_eq!((&told["limit"], &told["maximum"]), (&json!("limits.gather"), &json!(5)), "{error:#}");
    for part in
        ["list of articles", "no source orders texts", "sort by CODE", "a higher limits.gather, now 5"]
    {
        assert!(error["message"].as_str().is_some_and(|m| m.contains(part)), "{part}: {error:#}");
    }
    let error = refused(
        "scan_rows = 3",
        "{ articles(first: 1, filter: { subtitle: { isNull: true }, not: { family: { ne: \"x\" } } }) { nodes { code } } }",
    );
    let told = &error["extensions"];
    assert_eq!(told["code"], "SCAN_BUDGET_EXCEEDED", "{error:#}");
    assert_eq!(told["field"], "subtitle", "{error:#}");
    assert_eq!((&told["limit"], &told["maximum"]), (&json!("limits.scan_rows"), &json!(3)), "{error:#}");
    assert!(
        error["message"].as_str().is_some_and(|m| m.contains("`subtitle`") && m.contains("What helps")),
        "{error:#}"
    );
    // What may be inherited no source leaves out, and none sorts.
    let error = refused(
        "scan_rows = 3",
        "{ references(first: 1, filter: { weight: { gt: \"100\" } }) { nodes { code } } }",
    );
    let told = &error["extensions"];
    assert_eq!(told["code"], "UNSUPPORTED_FILTER", "{error:#}");
    assert_eq!((&told["field"], &told["limit"]), (&json!("weight"), &json!("limits.scan_rows")), "{error:#}");
    for part in ["list of references", "`weight`", "it may be inherited", "`eq` or `in` on `code`"] {
        assert!(error["message"].as_str().is_some_and(|m| m.contains(part)), "{part}: {error:#}");
    }
    let error = refused("gather = 2", "{ references(sort: [{ field: WEIGHT }]) { nodes { code } } }");
    let told = &error["extensions"];
    assert_eq!(told["code"], "SORT_NEEDS_INDEX", "{error:#}");
    assert_eq!((&told["field"], &told["limit"]), (&json!("weight"), &json!("limits.gather")), "{error:#}");
    for part in ["list of references", "the field may be inherited", "a higher limits.gather, now 2"] {
        assert!(error["message"].as_str().is_some_and(|m| m.contains(part)), "{part}: {error:#}");
    }
    // A sort that reads more than it may is blamed for it, not the web.
    let error = refused("scan_rows = 3", "{ articles(sort: [{ field: WEIGHT }]) { nodes { code } } }");
    let told = &error["extensions"];
    assert_eq!(
        (&told["code"], &told["sort"]),
        (&json!("SCAN_BUDGET_EXCEEDED"), &json!("WEIGHT")),
        "{error:#}"
    );
    for part in ["it is sorted by WEIGHT: each source", "sort by CODE"] {
        assert!(error["message"].as_str().is_some_and(|m| m.contains(part)), "{part}: {error:#}");
    }
    // So is a text of which folding can make anything: the sources' cells are as good as any.
    let error = refused(
        "scan_rows = 3",
        "{ articles(first: 1, filter: { subtitle: { contains: \"été\" } }) { nodes { code } } }",
    );
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("`subtitle`") && message.contains("any text might fit"), "{message}");
    let error = refused("scan_rows = 1", "{ department(code: \"1\") { articles(first: 0) { totalCount } } }");
    assert_eq!(error["extensions"]["code"], "SCAN_BUDGET_EXCEEDED", "{error:#}");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|m| m.contains("articles of departments") && m.contains("`totalCount`")),
        "{error:#}"
    );
}
