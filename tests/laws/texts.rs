//! Nasty texts through every engine and strategy: what folds to the same, what only looks alike, what
//! means something to a database, what is long; filtered and sorted as the naive twin does.

use comptoir::graphql::request::Strategy as Way;
use serde_json::{Map, Value as Json, json};

use crate::{
    naive::{Entity, Twin},
    support::{
        block_on,
        gateway::{self, Gateway},
        postgres,
        shops::{self, Engine},
        sqlserver,
    },
};

/// What the ERP holds: texts of its code page.
const ERP: &[&str] = &[
    "Cœur d'œuvre",
    "Coeur d’oeuvre",
    "COEUR D'OEUVRE  ",
    "Straße",
    "strasse",
    "Æther",
    "aether 100%",
    "a_b",
    "aXb",
    "[abc]",
    "b",
    "100% coton™",
    "½ l…",
    "10\\%",
    "L'été à Évry",
    "l ete a evry",
    "Zoé  ",
    "   ",
    "",
];

/// What IsoShop holds: any text.
const ISOSHOP: &[&str] = &[
    "İzmir",
    "izmir",
    "ızmir",
    "IZMIR",
    "STRAẞE",
    "e\u{301}te\u{301}",
    "ete",
    "été",
    "🚲 vélo",
    "velo 🚲",
    "ﬁne",
    "fine",
    "\u{212a}elvin",
    "kelvin",
    "ＡＢＣ",
    "abc",
    "Ærø",
    "l'un",
    "l‘un",
    "l’un",
    "%",
    "_",
    "[]",
    "é\u{a0}",
];

/// What is looked for.
const PARTS: &[&str] = &[
    "œu", "OEU", "ss", "ß", "ẞ", "ae", "Æ", "'", "’", "é", "e\u{301}", "ete", "vélo", "🚲", "fi", "ﬁ", "k",
    "K", "abc", "%", "_", "[", "]", "[abc]", "\\", "100%", "a_b", "i", "İ", "ı", "tm", "...", "1⁄2", "zoe ",
    " ", "", "fine", "kelvin",
];

/// Texts of 4,000 characters: alike but for the last, or for what folds away.
fn long() -> Vec<String> {
    let body = "Élégance à l’œuvre ".repeat(211);
    let body: String = body.chars().take(3_999).collect();
    vec![
        format!("{body}a"),
        format!("{body}b"),
        format!("{}A", body.to_uppercase()),
        format!("{}z", "x".repeat(3_999)),
    ]
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn shop() -> shops::Recipe {
    let mut recipe = shops::base();
    recipe.files.retain(|(name, _)| name != "schema/rules.graphql");
    let (mut erp, mut isoshop) = (String::new(), String::new());
    for (n, text) in ERP.iter().enumerate() {
        erp.push_str(&format!(
            "INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"FA_CodeFamille\", \"AR_Stat01\", \"AR_Publie\") VALUES ('E{n:02}', {0}, 'F', {0}, 1);\n",
            quoted(text)
        ));
    }
    let long = long();
    let texts = ISOSHOP.iter().map(|t| (*t).to_owned()).zip(std::iter::repeat(None));
    let texts = texts.chain(long.into_iter().map(|text| (String::new(), Some(text))));
    for (n, (text, long)) in texts.enumerate() {
        erp.push_str(&format!(
            "INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"FA_CodeFamille\", \"AR_Publie\") VALUES ('I{n:02}', 'ERP {n}', 'F', 1);\n"
        ));
        isoshop.push_str(&format!(
            "INSERT INTO \"article\" (code, title, brand, summary) VALUES ('I{n:02}', {0}, {0}, {1});\n",
            quoted(&text),
            long.map_or("NULL".to_owned(), |text| quoted(&text))
        ));
    }
    recipe.erp = vec![erp];
    recipe.isoshop = vec![isoshop];
    recipe
}

/// Every filter and sort that is tried.
fn lists() -> Vec<(Json, Json)> {
    let mut lists = Vec::new();
    let whole: Vec<&str> = ERP.iter().chain(ISOSHOP).copied().collect();
    for field in ["title", "brand"] {
        for op in ["contains", "startsWith", "endsWith"] {
            lists.extend(PARTS.iter().map(|part| json!({ field: { op: part } })));
        }
        for op in ["eq", "matches", "contains"] {
            lists.extend(whole.iter().map(|text| json!({ field: { op: text } })));
        }
        lists.push(json!({ "not": { field: { "contains": "e" } } }));
        lists.push(json!({ field: { "in": whole } }));
        lists.push(json!({ "or": [{ field: { "contains": "vélo" } }, { field: { "matches": "strasse" } }] }));
    }
    for text in long() {
        for op in ["eq", "matches", "startsWith", "contains", "endsWith"] {
            lists.push(json!({ "summary": { op: text } }));
        }
    }
    let mut lists: Vec<(Json, Json)> = lists.into_iter().map(|filter| (filter, json!([]))).collect();
    for field in ["TITLE", "BRAND", "SUMMARY"] {
        for direction in ["ASC", "DESC"] {
            lists.push((json!({}), json!([{ "field": field, "direction": direction }])));
        }
    }
    lists
}

const QUERY: &str = "query ($filter: ArticleFilter, $sort: [ArticleSort!], $after: String) { articles(filter: $filter, sort: $sort, first: 7, after: $after) { nodes { code } pageInfo { hasNextPage endCursor } } }";

async fn all(gateway: &Gateway, way: Way, filter: &Json, sort: &Json) -> Result<Vec<String>, String> {
    let mut codes = Vec::new();
    let mut after = Json::Null;
    loop {
        let variables = Map::from_iter([
            ("filter".to_owned(), filter.clone()),
            ("sort".to_owned(), sort.clone()),
            ("after".to_owned(), after),
        ]);
        let answer = gateway.run_by((way, false), QUERY, variables, &[]).await;
        let page = &answer["data"]["articles"];
        let nodes = page["nodes"].as_array().ok_or_else(|| answer.to_string())?;
        codes.extend(nodes.iter().filter_map(|n| n["code"].as_str().map(str::to_owned)));
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(codes);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

fn nasty_texts(name: &str, erp: Engine, isoshop: Engine) {
    if !gateway::ready(name) {
        return;
    }
    let wrong = block_on(async {
        let recipe = shop();
        let folder = recipe.make(Engine::Sqlite).await;
        let twin = Twin::load(&folder).await;
        let served = if (erp, isoshop) == (Engine::Sqlite, Engine::Sqlite) {
            folder
        } else {
            recipe.make_on(erp, isoshop).await
        };
        let gateway = Gateway::open(served.path()).expect("a shop");
        let codes = twin.articles();
        assert!(codes.len() > 40, "{} articles", codes.len());
        let mut wrong = Vec::new();
        for (filter, sort) in lists() {
            let expected = twin.list(Entity::Article, &codes, &filter, &sort, None);
            for way in [Way::Planned, Way::Gather] {
                match all(&gateway, way, &filter, &sort).await {
                    Ok(found) if found == expected => {}
                    other => {
                        let text =
                            format!("{way:?} {filter} {sort}\n  twin    {expected:?}\n  gateway {other:?}");
                        wrong.push(text.chars().take(700).collect::<String>());
                    }
                }
            }
        }
        served.remove().await;
        wrong
    });
    assert!(wrong.is_empty(), "{} lists differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nasty_texts_on_sqlite() {
    nasty_texts("nasty texts on SQLite", Engine::Sqlite, Engine::Sqlite);
}

#[test]
fn nasty_texts_on_postgres_and_sqlserver() {
    let name = "nasty texts on PostgreSQL and SQL Server";
    if postgres::available(name) && sqlserver::available(name) {
        nasty_texts(name, Engine::Postgres, Engine::SqlServer);
    }
}

#[test]
fn nasty_texts_on_sqlserver_and_postgres() {
    let name = "nasty texts on SQL Server and PostgreSQL";
    if postgres::available(name) && sqlserver::available(name) {
        nasty_texts(name, Engine::SqlServer, Engine::Postgres);
    }
}
