//! Law 4 where lists are longer than what is read at once, and columns are of every type that counts: pages of
//! numbers hold what sorting the merged numbers by hand gives.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};

use crate::support::{
    block_on,
    gateway::Gateway,
    postgres,
    shops::{self, Engine, Folder, Recipe},
    sqlserver,
};

/// A type of a column: its name, and what cells of it are written as and read as (`None`: as no number).
type Kind = (&'static str, &'static [(&'static str, Option<&'static str>)]);

const WHOLE: Kind = (
    "INTEGER",
    &[
        ("0", Some("0")),
        ("1", Some("1")),
        ("2", Some("2")),
        ("3", Some("3")),
        ("4", Some("4")),
        ("5", Some("5")),
        ("-7", Some("-7")),
        ("2000000000", Some("2000000000")),
    ],
);
const USUAL: Kind = (
    "NUMERIC(18,6)",
    &[
        ("0", Some("0")),
        ("0.3", Some("0.3")),
        ("1", Some("1")),
        ("1.000001", Some("1.000001")),
        ("2.25", Some("2.25")),
        ("4.5", Some("4.5")),
        ("4.500001", Some("4.500001")),
        ("-6.5", Some("-6.5")),
        ("2000000000.5", Some("2000000000.5")),
    ],
);
const DEEP: Kind = (
    "NUMERIC(38,12)",
    &[
        ("0", Some("0")),
        ("0.300000000001", Some("0.300000000001")),
        ("1.000000000001", Some("1.000000000001")),
        ("1.000000000002", Some("1.000000000002")),
        ("4.499999999999", Some("4.499999999999")),
        ("4.500000000001", Some("4.500000000001")),
        ("-0.000000000001", Some("-0.000000000001")),
    ],
);
/// SQLite's floats, some of which are not the nearest to what they read as.
const FLOATS: Kind = (
    "NUMERIC(18,7)",
    &[
        ("0.0", Some("0")),
        ("0.1 + 0.2", Some("0.3")),
        ("0.3", Some("0.3")),
        ("1.1 + 2.2", Some("3.3")),
        ("3.3", Some("3.3")),
        ("0.7 + 0.1", Some("0.8")),
        ("0.8", Some("0.8")),
        ("4.5", Some("4.5")),
        ("'5'", Some("5")),
        ("1e30", None),
        ("'much'", None),
    ],
);
/// What PostgreSQL holds where nobody says how many digits.
const FREE: Kind = (
    "NUMERIC",
    &[
        ("0", Some("0")),
        ("0.3333333333333333333333", Some("0.3333333333333333333333")),
        ("0.3333333333333333333334", Some("0.3333333333333333333334")),
        ("4.5", Some("4.5")),
        ("12345678901234567890.1234567", Some("12345678901234567890.1234567")),
        ("'NaN'", None),
        ("1e30", None),
        ("-1e29", None),
    ],
);

fn kinds(engine: Engine) -> &'static [Kind] {
    match engine {
        Engine::Sqlite => &[WHOLE, USUAL, FLOATS],
        Engine::Postgres => &[WHOLE, USUAL, DEEP, FREE],
        Engine::SqlServer => &[WHOLE, USUAL, DEEP],
    }
}

/// What one article measures by the ERP and by IsoShop (cells of their columns' pools), whether it is shown, and
/// whether IsoShop says on purpose that it measures nothing.
#[derive(Clone, Debug)]
struct Measured {
    erp: Option<usize>,
    isoshop: Option<usize>,
    shown: bool,
    emptied: bool,
}

#[derive(Clone, Debug)]
struct Asked {
    descending: bool,
    nulls_first: bool,
    size: usize,
    at_least: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Random {
    erp: Kind,
    isoshop: Kind,
    /// The ERP's zero is no value; IsoShop's always is one.
    zero: bool,
    articles: Vec<Measured>,
    asked: Vec<Asked>,
}

fn random(erp: Engine, isoshop: Engine) -> impl Strategy<Value = Random> {
    let cell = |often| option::weighted(often, prop_oneof![1 => Just(0), 2 => 0..100_usize]);
    let article = (cell(0.8), cell(0.4), prop::bool::weighted(0.9), prop::bool::weighted(0.05))
        .prop_map(|(erp, isoshop, shown, emptied)| Measured { erp, isoshop, shown, emptied });
    let asked = (
        any::<bool>(),
        any::<bool>(),
        prop_oneof![1_usize..4, 5_usize..30],
        option::weighted(0.3, select(&["0", "0.3", "4.5"][..])),
    )
        .prop_map(|(descending, nulls_first, size, at_least)| Asked {
            descending,
            nulls_first,
            size,
            at_least,
        });
    (select(kinds(erp)), select(kinds(isoshop)), any::<bool>(), vec(article, 30..90), vec(asked, 4))
        .prop_map(|(erp, isoshop, zero, articles, asked)| Random { erp, isoshop, zero, articles, asked })
}

fn code(n: usize) -> String {
    format!("N-{n:02}")
}

fn shop_of(erp: &[String], isoshop: &[String], schema: &str) -> Recipe {
    let mut recipe = shops::base();
    recipe.erp.push(erp.join(";\n"));
    recipe.isoshop.push(isoshop.join(";\n"));
    recipe.files.push(("schema/measure.graphql".into(), schema.into()));
    recipe
}

impl Random {
    fn cell(kind: &Kind, at: Option<usize>) -> Option<(&'static str, Option<Decimal>)> {
        let (sql, value) = kind.1[at? % kind.1.len()];
        Some((sql, value.map(|n| n.parse().expect("a number"))))
    }

    /// What is served: nothing where the cell that wins cannot be read.
    fn served(&self, article: &Measured) -> Option<Decimal> {
        if article.emptied {
            return None;
        }
        match Self::cell(&self.isoshop, article.isoshop) {
            Some((_, value)) => value,
            None => Self::cell(&self.erp, article.erp)?.1.filter(|n| !self.zero || !n.is_zero()),
        }
    }

    fn recipe(&self) -> Recipe {
        let mut erp = vec![format!("ALTER TABLE \"F_ARTICLE\" ADD COLUMN \"Mesure\" {}", self.erp.0)];
        let mut isoshop = vec![format!("ALTER TABLE \"article\" ADD COLUMN mesure {}", self.isoshop.0)];
        let text = |kind: &Kind, at| Self::cell(kind, at).map_or("NULL", |(sql, _)| sql);
        for (n, article) in self.articles.iter().enumerate() {
            let code = code(n);
            erp.push(format!(
                "INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"FA_CodeFamille\", \"AR_Sommeil\", \"AR_Publie\", \"CL_No1\", \"Mesure\") \
                 VALUES ('{code}', 'Mesure', 'DIVERS', 0, 1, 0, {})",
                text(&self.erp, article.erp)
            ));
            if article.isoshop.is_some() || !article.shown {
                isoshop.push(format!(
                    "INSERT INTO \"article\" (code, mesure, published, updated_at) VALUES ('{code}', {}, {}, '2026-01-12 10:00:00')",
                    text(&self.isoshop, article.isoshop),
                    if article.shown { "NULL" } else { "0" }
                ));
            }
            if article.emptied {
                isoshop.push(format!(
                    "INSERT INTO \"marker\" (entity, code, field, language) VALUES ('article', '{code}', 'mesure', NULL)"
                ));
            }
        }
        let zero = if self.zero { ", zero: ABSENT" } else { "" };
        let schema = format!(
            "extend type Article {{ mesure: Decimal @complement(columns: {{ erp: \"Mesure\", isoshop: \"mesure\" }}) \
             @precedence(sources: [\"isoshop\", \"erp\"]{zero}) }}"
        );
        shop_of(&erp, &isoshop, &schema)
    }

    /// The list as it must be.
    fn expected(&self, asked: &Asked) -> Vec<String> {
        let least: Option<Decimal> = asked.at_least.map(|n| n.parse().expect("a number"));
        let shown = self.articles.iter().enumerate().filter(|(_, article)| article.shown);
        let mut all: Vec<(Option<Decimal>, String)> =
            shown.map(|(n, article)| (self.served(article), code(n))).collect();
        let base = ["CASQUE-1", "GANT-1", "GOURDE-1", "POMPE-1", "POMPE-2", "RESERVE-1", "ROUTE-200"];
        let more = ["SACOCHE-1", "VTT-100", "VTT-300"];
        all.extend(base.into_iter().chain(more).map(|code| (None, code.to_owned())));
        all.retain(|(value, _)| least.is_none_or(|least| value.is_some_and(|v| v >= least)));
        all.sort_by(|(x, a), (y, b)| {
            let order = match (x, y) {
                (Some(x), Some(y)) if asked.descending => y.cmp(x),
                (Some(x), Some(y)) => x.cmp(y),
                (x, y) if asked.nulls_first => x.is_some().cmp(&y.is_some()),
                (x, y) => y.is_some().cmp(&x.is_some()),
            };
            order.then_with(|| a.cmp(b))
        });
        all.into_iter().map(|(_, code)| code).collect()
    }
}

const LIST: &str = "query ($filter: ArticleFilter, $sort: [ArticleSort!], $first: Int, $after: String, $last: Int, $before: String) { \
     articles(filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before) { \
     nodes { code } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// All pages, forward or backward: the codes, and what broke it off.
async fn pages(
    gateway: &Gateway,
    list: &Map<String, Json>,
    size: usize,
    backward: bool,
) -> (Vec<String>, Option<Json>) {
    let (count, place, end, more) = if backward {
        ("last", "before", "startCursor", "hasPreviousPage")
    } else {
        ("first", "after", "endCursor", "hasNextPage")
    };
    let mut found: Vec<String> = Vec::new();
    let mut from = Json::Null;
    for _ in 0..200 {
        let mut variables = list.clone();
        variables.insert(count.into(), size.into());
        variables.insert(place.into(), from);
        let answer = gateway.run(LIST, variables, &[]).await;
        if let Some(errors) = answer.get("errors") {
            return (found, Some(errors.clone()));
        }
        let page = &answer["data"]["articles"];
        let nodes = page["nodes"].as_array().into_iter().flatten();
        let codes: Vec<String> = nodes.filter_map(|n| n["code"].as_str().map(str::to_owned)).collect();
        let at = if backward { 0 } else { found.len() };
        found.splice(at..at, codes);
        from = page["pageInfo"][end].clone();
        if page["pageInfo"][more] != true {
            return (found, None);
        }
    }
    (found, Some("it does not end".into()))
}

impl Random {
    async fn try_on(&self, gateway: &Gateway) -> Result<(), String> {
        for asked in &self.asked {
            let expected = self.expected(asked);
            let sort = json!([{
                "field": "MESURE",
                "direction": if asked.descending { "DESC" } else { "ASC" },
                "nulls": if asked.nulls_first { "FIRST" } else { "LAST" },
            }]);
            let mut list = Map::from_iter([("sort".to_owned(), sort)]);
            list.extend(asked.at_least.map(|n| ("filter".to_owned(), json!({ "mesure": { "gte": n } }))));
            for backward in [false, true] {
                let (found, broken) = pages(gateway, &list, asked.size, backward).await;
                if found != expected || broken.is_some() {
                    return Err(format!(
                        "{asked:?} backward {backward}\n  expected {expected:?}\n  found    {found:?}\n  {broken:?}"
                    ));
                }
            }
        }
        Ok(())
    }
}

fn long_streams(name: &str, shops: u32, erp: Engine, isoshop: Engine) {
    let strategy = random(erp, isoshop);
    block_on(async {
        for n in 0..shops {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&super::seed().to_le_bytes());
            bytes[8..12].copy_from_slice(&n.to_le_bytes());
            let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
            let tree = strategy.new_tree(&mut TestRunner::new_with_rng(Config::default(), rng));
            let shop = tree.expect("a shop").current();
            let folder = shop.recipe().make_on(erp, isoshop).await;
            let gateway = Gateway::open(folder.path()).expect("a shop");
            let tried = shop.try_on(&gateway).await;
            folder.remove().await;
            if let Err(why) = tried {
                panic!("{why}\n{shop:?}\n{name}: {}/{n}", super::seed());
            }
        }
    });
}

/// `COMPTOIR_SERVER_LAWS`, else 6: databases of servers take their time to make.
fn on_servers() -> u32 {
    std::env::var("COMPTOIR_SERVER_LAWS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

#[test]
fn law_4_streams_longer_than_a_fetch() {
    long_streams("streams on SQLite", super::shops() * 2, Engine::Sqlite, Engine::Sqlite);
}

#[test]
fn law_4_streams_longer_than_a_fetch_on_postgres() {
    let name = "streams on PostgreSQL";
    if postgres::available(name) {
        long_streams(name, on_servers(), Engine::Postgres, Engine::Postgres);
        long_streams(name, on_servers() / 2, Engine::Postgres, Engine::Sqlite);
    }
}

#[test]
fn law_4_streams_longer_than_a_fetch_on_sqlserver() {
    let name = "streams on SQL Server";
    if postgres::available(name) && sqlserver::available(name) {
        long_streams(name, on_servers(), Engine::SqlServer, Engine::Postgres);
        long_streams(name, on_servers() / 2, Engine::Postgres, Engine::SqlServer);
    }
}

/// Articles of which each has a moment of its own, so little apart.
async fn moments(erp: Engine, ty: &str, moment: impl Fn(usize) -> String) {
    let mut script = vec![format!("ALTER TABLE \"F_ARTICLE\" ADD COLUMN \"Instant\" {ty}")];
    script.extend((0..60).map(|n| {
        format!(
            "INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"FA_CodeFamille\", \"AR_Sommeil\", \"AR_Publie\", \"CL_No1\", \"Instant\") \
             VALUES ('{}', 'Mesure', 'SERIE', 0, 1, 0, {})",
            code(n),
            moment(n)
        )
    }));
    let schema = "extend type Article { instant: DateTime @complement(columns: { erp: \"Instant\" }) }";
    let folder: Folder = shop_of(&script, &[], schema).make_on(erp, Engine::Sqlite).await;
    let gateway = Gateway::open(folder.path()).expect("a shop");
    let mut expected: Vec<String> = (0..60).map(code).collect();
    for direction in ["ASC", "DESC"] {
        let sort = json!([{ "field": "INSTANT", "direction": direction }]);
        let filter = json!({ "instant": { "isNull": false } });
        let list = Map::from_iter([("sort".to_owned(), sort), ("filter".to_owned(), filter)]);
        for backward in [false, true] {
            let (found, broken) = pages(&gateway, &list, 7, backward).await;
            assert_eq!((found, broken), (expected.clone(), None), "{direction} backward {backward}");
        }
        expected.reverse();
    }
    drop(gateway);
    folder.remove().await;
}

#[test]
fn moments_finer_than_a_millisecond_are_paged_on_sqlserver() {
    let name = "moments finer than a millisecond";
    if sqlserver::available(name) {
        block_on(moments(Engine::SqlServer, "datetime2(7)", |n| {
            format!("'2026-05-04T10:00:00.{:06}'", n * 100)
        }));
    }
}

#[test]
fn moments_without_end_are_no_moments_on_postgres() {
    let name = "moments without end";
    if postgres::available(name) {
        block_on(moments(Engine::Postgres, "timestamp", |n| {
            format!("timestamp '2026-05-04 10:00' + {n} * interval '1 us'")
        }));
    }
}

/// A page of as many records as a statement may read, of which the first thousand are hidden.
#[test]
fn a_page_of_a_thousand_shows_nothing_that_is_hidden() {
    let erp = "INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"FA_CodeFamille\", \"AR_Sommeil\", \"AR_Publie\", \"CL_No1\", \"Durée garantie\") \
         WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2199) SELECT printf('M-%04d', n), 'Mesure', 'DIVERS', 0, 1, 0, n - 3000 FROM n";
    let isoshop = "INSERT INTO \"article\" (code, published, updated_at) \
         WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 999) SELECT printf('M-%04d', n), 0, '2026-01-12 10:00:00' FROM n";
    let mut recipe = shop_of(&[erp.into()], &[isoshop.into()], "");
    recipe.files.pop();
    recipe.settings.push("[limits]\npage = 1000\ncost = 100000".into());
    block_on(async {
        let folder = recipe.make(Engine::Sqlite).await;
        let gateway = Gateway::open(folder.path()).expect("a shop");
        let data = gateway
            .data("{ articles(first: 999, sort: [{ field: WARRANTY_MONTHS }], filter: { warrantyMonths: { lt: 0 } }) { nodes { code published } } }")
            .await;
        let nodes = data["articles"]["nodes"].as_array().expect("nodes").clone();
        let expected: Vec<Json> =
            (1000..1999).map(|n| json!({ "code": format!("M-{n:04}"), "published": true })).collect();
        assert_eq!(nodes, expected);
    });
}

/// What the records without a value need to know of other sources is asked once, however often is read on.
#[test]
fn markers_are_asked_for_once_a_scan() {
    let articles = (0..80).map(|n| {
        format!(
            "INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"FA_CodeFamille\", \"AR_Sommeil\", \"AR_Publie\", \"CL_No1\") VALUES ('{}', 'Mesure', 'DIVERS', 0, 1, 0)",
            code(n)
        )
    });
    let mut recipe = shop_of(&articles.collect::<Vec<_>>(), &[], "");
    recipe.files.pop();
    block_on(async {
        let folder = recipe.make(Engine::Sqlite).await;
        let gateway = Gateway::open(folder.path()).expect("a shop");
        gateway.statements();
        let data = gateway
            .data("{ articles(first: 1, sort: [{ field: WARRANTY_MONTHS }], filter: { code: { startsWith: \"N-7\" } }) { nodes { code } } }")
            .await;
        assert_eq!(data["articles"]["nodes"], json!([{ "code": "N-70" }]));
        let sent = gateway.statements();
        let fetches = sent.iter().filter(|s| s.source == "erp" && s.sql.contains("ORDER BY")).count();
        assert!(fetches > 4, "{fetches} fetches: {sent:#?}");
        let doubles = sent.iter().filter(|s| s.source == "isoshop" && s.sql.contains("ROW_NUMBER")).count();
        assert_eq!(doubles, 1, "{sent:#?}");
    });
}
