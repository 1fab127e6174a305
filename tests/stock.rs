//! Stock: the tables of `tests/spec/stock/` on every engine, the AdventureWorks data, the laws of batches on the demo.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use comptoir::{
    config,
    connectors::{
        self,
        isoshop::stock::StockRules,
        map::ConnectorMap,
        stock::{Depots, Mode, StockRule, Stocked, Stocks, Tracking},
        tariff::Item,
    },
    demo,
    diagnostics::Diagnostics,
    sources::{Moment, SharedSource, Trace, open},
    value::Value,
};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{
    adventureworks, block_on, postgres,
    shops::{self, Engine, Recipe, Shelf},
    sqlserver,
};

/// Notes the tables that statements read.
#[derive(Default)]
struct Tables(Mutex<Vec<String>>);

impl Trace for Tables {
    fn sent(&self, _source: &str, sql: &str) {
        let after = sql.split("FROM ").nth(1).unwrap_or_default();
        let name = after.split([' ', '\n']).next().unwrap_or_default();
        let name = name.trim_matches(['"', '[', ']']).to_owned();
        self.0.lock().expect("lock").push(name);
    }
}

impl Tables {
    fn take(&self) -> Vec<String> {
        let mut all = std::mem::take(&mut *self.0.lock().expect("lock"));
        all.sort();
        all
    }
}

/// A source of a shop's folder with the map of its connector.
struct Opened {
    source: SharedSource,
    map: ConnectorMap,
    tables: Arc<Tables>,
}

fn opened(dir: &Path, name: &str) -> Opened {
    let mut diags = Diagnostics::default();
    let config = config::draft(dir, &|_| None, &mut diags).config;
    let source = &config.sources[name];
    let map = connectors::load(&source.connector, dir, source, &config.shop, &config.references, &mut diags);
    let map = map.unwrap_or_else(|| panic!("{:?}", diags.items));
    let tables = Arc::new(Tables::default());
    let opening = open::Opening {
        name,
        kind: source.kind,
        url: &source.url,
        limits: &source.limits,
        dir,
        zone: map.zone,
        twins: &map.twins,
    };
    Opened { source: open::open(opening, tables.clone()).expect("a source"), map, tables }
}

fn stocks(map: &ConnectorMap) -> Arc<dyn Stocks> {
    connectors::stock_of(map).expect("its stock")
}

/// An item as the tables name it.
fn item(connector: &str, name: &str) -> Item {
    let (name, article) = match name.strip_prefix("article ") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (code, rest) = name.split_once('~').map_or((name, None), |(code, rest)| (code, Some(rest)));
    let mut key = vec![Value::text(code)];
    let rows = match (connector, rest) {
        (_, None) if article => "articles",
        ("isoshop", None) => "references",
        (_, None) => "plain",
        ("sage100", Some(rest)) if rest.starts_with('c') => {
            key.push(Value::Int(rest[1..].parse().expect("a number")));
            "packagings"
        }
        ("sage100", Some(rest)) => {
            let numbers = rest.split('~').chain(["0"]).take(2);
            key.extend(numbers.map(|number| Value::Int(number.parse().expect("a number"))));
            "variants"
        }
        (_, Some(rest)) => {
            let dimensions = rest.split('.').chain([""; 5]).take(5);
            key.extend(dimensions.map(|code| if code.is_empty() { Value::Null } else { Value::text(code) }));
            "variants"
        }
    };
    Item { code: name.into(), rows: rows.into(), key: key.into() }
}

fn told(stocked: &Stocked) -> String {
    match stocked.tracking {
        Tracking::Tracked => stocked.available.normalize().to_string(),
        Tracking::NotTracked => "not tracked".into(),
        Tracking::ToOrder => "to order".into(),
        Tracking::Gone => "gone".into(),
        Tracking::Unreadable => "unreadable".into(),
    }
}

fn by_depot(stocked: &Stocked) -> String {
    let depots = stocked.depots.iter().map(|depot| {
        let numbers = [depot.physical, depot.reserved, depot.incoming, depot.available];
        format!("{} {}", depot.code, numbers.map(|n| n.normalize().to_string()).join("/"))
    });
    depots.collect::<Vec<_>>().join("; ")
}

/// One case: a company, settings, and what is to be said of items.
#[derive(Clone, Default)]
struct Case {
    name: String,
    fixture: String,
    erp: Vec<String>,
    settings: String,
    statements: Option<Vec<String>>,
    on: Option<String>,
    /// Item, depots, stock, by depot.
    lines: Vec<[String; 4]>,
}

fn cases(file: &str) -> Vec<Case> {
    let text = shops::read(&format!("tests/spec/stock/{file}.md"));
    let mut common = Case::default();
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            cases.push(Case { name: format!("{file}: {title}"), ..common.clone() });
            continue;
        }
        let case = cases.last_mut().unwrap_or(&mut common);
        if let Some(info) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match info {
                "sql erp" => case.erp.push(block.join("\n")),
                "toml" => case.settings = block.join("\n"),
                other => panic!("{file}: a block of {other}"),
            }
        } else if let Some((key, value)) = line.strip_prefix("- ").and_then(|line| line.split_once(": ")) {
            match key {
                "fixture" => value.clone_into(&mut case.fixture),
                "on" => case.on = Some(value.to_owned()),
                "statements" => {
                    case.statements = Some(value.split(", ").map(str::to_owned).collect());
                }
                other => panic!("{file}: {other}"),
            }
        } else if let Some(row) = line.strip_prefix("| ").filter(|row| !row.starts_with("item |")) {
            let cells: Vec<String> =
                row.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            case.lines.push(cells.try_into().unwrap_or_else(|_| panic!("{file}: {line}")));
        }
    }
    assert!(cases.iter().all(|case| !case.lines.is_empty()), "{file}: a case without lines");
    cases
}

/// What is wrong with a case's answers.
async fn tried(case: &Case, shelf: &Shelf, engine: Engine) -> Vec<String> {
    let company = match case.fixture.as_str() {
        "cegid" => shops::cegid(),
        "pivot" => shops::pivot(),
        _ => Recipe { settings: vec![shops::read("tests/fixtures/base/comptoir.toml")], ..Recipe::default() },
    };
    tried_on(case, company, shelf, engine).await
}

async fn tried_on(case: &Case, mut company: Recipe, shelf: &Shelf, engine: Engine) -> Vec<String> {
    company.erp.extend(case.erp.iter().cloned());
    company.settings.push(format!("[sources.erp.settings]\n{}", case.settings));
    let folder = company.make_shelved(shelf, engine, Engine::Sqlite).await;
    let erp = opened(folder.path(), "erp");
    let stocks = stocks(&erp.map);
    let moment = Moment::now(None);
    let mut batches: BTreeMap<&str, Vec<&[String; 4]>> = BTreeMap::new();
    for line in &case.lines {
        batches.entry(line[1].as_str()).or_default().push(line);
    }
    let mut wrong = Vec::new();
    for (depots, lines) in batches {
        let only = depots.split(", ").filter(|name| !name.is_empty()).map(Arc::from).collect();
        let depots = Depots { only };
        let items: Vec<Item> = lines.iter().map(|line| item(&erp.map.name, &line[0])).collect();
        let read = async |items: &[Item]| {
            stocks.read(&*erp.source, items, &depots, &moment).await.unwrap_or_else(|error| {
                panic!("{} on {}: {error}", case.name, engine.name());
            })
        };
        let all = read(&items).await;
        assert_eq!(all.len(), items.len());
        for ((line, item), stocked) in lines.iter().zip(&items).zip(&all) {
            let [name, _, stock, shown] = line;
            if told(stocked) != *stock {
                wrong.push(format!("{}: {name} {depots:?}: {} instead of {stock}", case.name, told(stocked)));
            }
            if !shown.is_empty() && by_depot(stocked) != *shown {
                wrong.push(format!("{}: {name}: {} instead of {shown}", case.name, by_depot(stocked)));
            }
            let alone = read(std::slice::from_ref(item)).await;
            if alone != [stocked.clone()] {
                wrong.push(format!("{}: {name}: alone {alone:?}, among others {stocked:?}", case.name));
            }
        }
        if let Some(expected) = case.statements.as_ref().filter(|_| depots.only.is_empty()) {
            // What is asked at first contact has been.
            erp.tables.take();
            read(&items).await;
            let sent = erp.tables.take();
            if sent != *expected {
                wrong.push(format!("{}: statements {sent:?} instead of {expected:?}", case.name));
            }
        }
    }
    erp.source.close().await;
    folder.remove().await;
    wrong
}

fn run_all(engine: Engine) {
    let all: Vec<Case> = ["sage", "cegid", "pivot"].into_iter().flat_map(cases).collect();
    assert!(all.len() >= 35, "only {} cases", all.len());
    let wrong = block_on(async {
        let shelf = Shelf::default();
        let mut wrong = Vec::new();
        for case in all.iter().filter(|case| case.on.as_deref().is_none_or(|on| on == engine.name())) {
            wrong.extend(tried(case, &shelf, engine).await);
        }
        shelf.remove().await;
        wrong
    });
    assert!(wrong.is_empty(), "on {}:\n{}", engine.name(), wrong.join("\n"));
}

#[test]
fn stock_cases_on_sqlite() {
    run_all(Engine::Sqlite);
}

#[test]
fn stock_cases_on_postgres() {
    if postgres::available("stock cases on PostgreSQL") {
        run_all(Engine::Postgres);
    }
}

#[test]
fn stock_cases_on_sqlserver() {
    if sqlserver::available("stock cases on SQL Server") {
        run_all(Engine::SqlServer);
    }
}

/// The AdventureWorks company.
fn adventureworks_on(engine: Engine, test: &str) {
    let Some(data) = adventureworks::folder(test) else { return };
    let all = cases("adventureworks");
    assert!(all.iter().map(|case| case.lines.len()).sum::<usize>() >= 35);
    let recipe = adventureworks::recipe(&data);
    let wrong = block_on(async {
        let shelf = Shelf::default();
        let mut wrong = Vec::new();
        for case in &all {
            wrong.extend(tried_on(case, recipe.clone(), &shelf, engine).await);
        }
        shelf.remove().await;
        wrong
    });
    assert!(wrong.is_empty(), "on {}:\n{}", engine.name(), wrong.join("\n"));
}

#[test]
fn adventureworks_stock_on_sqlite() {
    adventureworks_on(Engine::Sqlite, "AdventureWorks' stock on SQLite");
}

#[test]
fn adventureworks_stock_on_postgres() {
    let test = "AdventureWorks' stock on PostgreSQL";
    if postgres::available(test) {
        adventureworks_on(Engine::Postgres, test);
    }
}

#[test]
fn adventureworks_stock_on_sqlserver() {
    let test = "AdventureWorks' stock on SQL Server";
    if sqlserver::available(test) {
        adventureworks_on(Engine::SqlServer, test);
    }
}

async fn rows(file: &Path, sql: &str) -> Vec<(String, i64, i64, i64)> {
    let mut db =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.expect("it");
    let rows = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut db).await;
    rows.unwrap_or_else(|error| panic!("{error} in {sql}"))
}

/// What the demo's stock is by plain SQL of its own: code, two numbers of the item, quantity. Kits aside.
const DEMO: [(&str, &str); 3] = [
    (
        "plain",
        "SELECT a.AR_Ref, 0, 0, CAST(MAX(0, COALESCE((SELECT SUM(s.AS_QteSto - s.AS_QteRes - s.AS_QtePrepa - s.AS_QteAControler) \
         FROM F_ARTSTOCK s JOIN F_DEPOT d USING (DE_No) WHERE s.AR_Ref = a.AR_Ref AND d.DE_Exclure = 0), 0)) AS INTEGER) \
         FROM F_ARTICLE a WHERE a.AR_Nomencl = 0 AND a.AR_SuiviStock <> 0 AND a.AR_Contremarque = 0",
    ),
    (
        "variants",
        "SELECT e.AR_Ref, e.AG_No1, e.AG_No2, CAST(MAX(0, COALESCE((SELECT SUM(s.GS_QteSto - s.GS_QteRes - s.GS_QtePrepa - \
         s.GS_QteAControler) FROM F_GAMSTOCK s JOIN F_DEPOT d USING (DE_No) WHERE s.AR_Ref = e.AR_Ref AND s.AG_No1 = e.AG_No1 AND \
         s.AG_No2 = e.AG_No2 AND d.DE_Exclure = 0), 0)) AS INTEGER) FROM F_ARTENUMREF e JOIN F_ARTICLE a USING (AR_Ref) \
         WHERE a.AR_Contremarque = 0",
    ),
    (
        "packagings",
        "SELECT c.AR_Ref, c.CO_No, 0, CAST(MAX(0, COALESCE((SELECT SUM(s.AS_QteSto - s.AS_QteRes - s.AS_QtePrepa - \
         s.AS_QteAControler) FROM F_ARTSTOCK s JOIN F_DEPOT d USING (DE_No) WHERE s.AR_Ref = c.AR_Ref AND d.DE_Exclure = 0), 0)) / \
         c.EC_Quantite AS INTEGER) FROM F_CONDITION c JOIN F_ARTICLE a USING (AR_Ref) WHERE a.AR_Contremarque = 0",
    ),
];

#[test]
fn the_demos_stock_is_what_plain_sql_says() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let options = demo::DemoOptions { articles: 400, ..demo::DemoOptions::default() };
        demo::create(dir.path(), &options, &mut |_| {}).await.expect("a demo");
        let erp = opened(dir.path(), "erp");
        let file = dir.path().join("erp.db");
        let stocks = stocks(&erp.map);
        let moment = Moment::now(None);
        let mut items = Vec::new();
        let mut expected = Vec::new();
        for (kind, sql) in DEMO {
            let found = rows(&file, sql).await;
            assert!(found.len() >= 20, "{kind}: {}", found.len());
            assert!(found.iter().any(|row| row.3 > 0), "{kind}: none is there");
            for (code, first, second, quantity) in found {
                let mut key = vec![Value::text(code.as_str())];
                key.extend(
                    [first, second]
                        .into_iter()
                        .take(match kind {
                            "variants" => 2,
                            "packagings" => 1,
                            _ => 0,
                        })
                        .map(Value::Int),
                );
                items.push(Item { code: code.as_str().into(), rows: kind.into(), key: key.into() });
                expected.push(quantity);
            }
        }
        let depots = Depots::default();
        let all = stocks.read(&*erp.source, &items, &depots, &moment).await.expect("stock");
        for ((item, stocked), expected) in items.iter().zip(&all).zip(&expected) {
            assert_eq!(stocked.tracking, Tracking::Tracked, "{item:?}");
            assert_eq!(stocked.available, (*expected).into(), "{item:?}");
        }
        for (item, stocked) in items.iter().zip(&all).step_by(3) {
            let alone = stocks.read(&*erp.source, std::slice::from_ref(item), &depots, &moment).await;
            assert_eq!(alone.expect("stock"), std::slice::from_ref(stocked));
        }
        // What lies in excluded depots changes nothing.
        let more = "INSERT OR REPLACE INTO F_ARTSTOCK (AR_Ref, DE_No, AS_QteSto) SELECT AR_Ref, 4, 777 FROM F_ARTICLE; \
            INSERT OR REPLACE INTO F_GAMSTOCK (AR_Ref, AG_No1, AG_No2, DE_No, GS_QteSto) SELECT AR_Ref, AG_No1, AG_No2, 4, 777 \
            FROM F_ARTENUMREF";
        shops::sqlite(&file, &[more.to_owned()]).await;
        assert_eq!(stocks.read(&*erp.source, &items, &depots, &moment).await.expect("stock"), all);
        // Every kind that a shop meets is in the demo.
        let told = |code: &str| {
            let item = item("sage100", code);
            let (stocks, source, depots, moment) = (&stocks, &erp.source, &depots, &moment);
            async move { stocks.read(&**source, &[item], depots, moment).await.expect("stock").remove(0) }
        };
        assert_eq!(told("ACOMPTE").await.tracking, Tracking::NotTracked);
        assert_eq!(told("KIT-DEPART").await.tracking, Tracking::Tracked);
        let ordered = rows(&file, "SELECT AR_Ref, 0, 0, 0 FROM F_ARTICLE WHERE AR_Contremarque = 1").await;
        assert_eq!(told(&ordered[0].0).await.tracking, Tracking::ToOrder);
    });
}

fn rules_on(engine: Engine) {
    block_on(async {
        let shelf = Shelf::default();
        let mut recipe = shops::base();
        recipe.isoshop = vec![
            "INSERT INTO \"stock_rule\" (reference_code, buffer, mode, lead_time_days, restock_date) VALUES \
             ('VTT-100', 2.5, 'ALWAYS', 4, '2026-12-24'), ('Gant-1', NULL, NULL, NULL, NULL), ('GOURDE-1', -4, 'never', -2, NULL), \
             ('LAMPE-1', 1, 'sometimes', NULL, NULL)"
                .into(),
        ];
        let folder = recipe.make_shelved(&shelf, Engine::Sqlite, engine).await;
        let isoshop = opened(folder.path(), "isoshop");
        let rules = StockRules::new(&isoshop.map);
        let codes = ["GANT-1", "VTT-100", "CASQUE-1", "GOURDE-1", "VTT-100", "LAMPE-1"].map(Arc::from);
        let moment = Moment::now(None);
        let read =
            async |codes: &[Arc<str>]| rules.read(&*isoshop.source, codes, &moment).await.expect("rules");
        let found = read(&codes).await;
        let rule = |buffer: &str, mode| StockRule {
            buffer: buffer.parse().expect("a number"),
            mode,
            ..StockRule::default()
        };
        let bike = StockRule {
            lead_time_days: Some(4),
            restock_date: "2026-12-24".parse().ok(),
            ..rule("2.5", Mode::Always)
        };
        let expected = [
            Some(rule("0", Mode::Erp)),
            Some(bike.clone()),
            None,
            Some(rule("0", Mode::Never)),
            Some(bike),
            Some(rule("1", Mode::Unreadable)),
        ];
        assert_eq!(found, expected);
        for (code, rule) in codes.iter().zip(&found) {
            assert_eq!(read(std::slice::from_ref(code)).await, std::slice::from_ref(rule));
        }
        isoshop.tables.take();
        read(&codes).await;
        assert_eq!(isoshop.tables.take(), ["stock_rule"]);
        assert!(read(&[]).await.is_empty());
        assert!(isoshop.tables.take().is_empty());
        isoshop.source.close().await;
        folder.remove().await;
        shelf.remove().await;
    });
}

#[test]
fn rules_of_the_shop_on_sqlite() {
    rules_on(Engine::Sqlite);
}

#[test]
fn rules_of_the_shop_on_postgres() {
    if postgres::available("the shop's stock rules on PostgreSQL") {
        rules_on(Engine::Postgres);
    }
}

#[test]
fn rules_of_the_shop_on_sqlserver() {
    if sqlserver::available("the shop's stock rules on SQL Server") {
        rules_on(Engine::SqlServer);
    }
}

#[test]
fn a_base_without_rules_has_none() {
    block_on(async {
        let mut recipe = shops::base();
        recipe.isoshop = vec!["DROP TABLE \"stock_rule\"".into()];
        let folder = recipe.make(Engine::Sqlite).await;
        let isoshop = opened(folder.path(), "isoshop");
        let rules = StockRules::new(&isoshop.map);
        let read = rules.read(&*isoshop.source, &["VTT-100".into()], &Moment::now(None)).await;
        assert_eq!(read.expect("rules"), [None]);
        folder.remove().await;
    });
}
