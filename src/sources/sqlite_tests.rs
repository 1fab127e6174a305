//! The driver on real files.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use rust_decimal::Decimal;
use sqlx::{ConnectOptions, Executor, sqlite::SqliteConnectOptions};

use crate::{
    config::{Secret, SourceKind, SourceLimits},
    sources::{
        Expr, Moment, Param, SharedSource, Statement, Trace,
        expr::{CastType, parse},
        open::{Opening, open},
        select::{Branch, Decode, Item, Missing, OrderBy, Output, Pairs, Predicate, Select, Table, Window},
    },
    value::{Type, Value},
};

#[derive(Default)]
pub(in crate::sources) struct Log(pub Mutex<Vec<String>>);

impl Trace for Log {
    fn sent(&self, _source: &str, sql: &str) {
        self.0.lock().unwrap().push(sql.to_owned());
    }
}

pub(in crate::sources) fn table(name: &str, alias: &str) -> Table {
    Table { prefix: None, name: name.into(), alias: alias.into() }
}

pub(in crate::sources) fn branch(from: Table, items: &[&str]) -> Branch {
    Branch {
        from,
        joins: vec![],
        pairs: None,
        items: items.iter().map(|i| Item::from(parse(i).unwrap())).collect(),
        filter: vec![],
        order: vec![],
        limit: None,
        window: None,
        distinct: false,
    }
}

pub(in crate::sources) fn outputs(types: &[Type]) -> Vec<Output> {
    types.iter().map(|t| Output { decode: Decode::of(t.clone()), label: format!("{t:?}") }).collect()
}

pub(in crate::sources) fn by(expr: &str, ty: CastType) -> OrderBy {
    OrderBy { expr: parse(expr).unwrap(), ty, descending: false }
}

pub(in crate::sources) fn statement(types: &[Type], branches: Vec<Branch>) -> Statement {
    Statement::new(Select {
        outputs: outputs(types),
        branches,
        order: vec![],
        descending: false,
        count: false,
    })
}

pub(in crate::sources) fn texts(keys: &[&str]) -> Param {
    Param::Keys(keys.iter().map(|k| vec![Value::text(*k)].into()).collect())
}

struct Shop {
    dir: tempfile::TempDir,
    log: Arc<Log>,
    source: SharedSource,
}

async fn execute(dir: &std::path::Path, sql: &str) {
    let mut conn = SqliteConnectOptions::new()
        .filename(dir.join("erp.db"))
        .create_if_missing(true)
        .collation("FRENCH_CI_AS", |a, b| a.to_uppercase().cmp(&b.to_uppercase()))
        .connect()
        .await
        .unwrap();
    conn.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
}

async fn shop(sql: &str, statement: Duration) -> Shop {
    let dir = tempfile::tempdir().unwrap();
    if !sql.is_empty() {
        execute(dir.path(), sql).await;
    }
    let log = Arc::new(Log::default());
    let limits = SourceLimits { connections: 3, connect: Duration::from_secs(5), statement };
    let opening = Opening {
        name: "erp",
        kind: SourceKind::Sqlite,
        url: &Secret("sqlite:erp.db".into()),
        limits: &limits,
        dir: dir.path(),
        zone: chrono_tz::Europe::Paris,
        twins: &[],
    };
    let source = open(opening, Arc::clone(&log) as Arc<dyn Trace>).unwrap();
    Shop { dir, log, source }
}

const LONG: Duration = Duration::from_secs(20);

fn now() -> Moment {
    Moment::now(None)
}

#[tokio::test]
async fn every_storage_reads_as_every_type() {
    let s = shop(
        "CREATE TABLE t (txt TEXT, i INTEGER, r REAL, n NUMERIC, z BLOB);
         INSERT INTO t VALUES ('12.50  ', 7, 0.1, 3.14, NULL), ('x', 0, 1e300, 'abc', X'FF');",
        LONG,
    )
    .await;
    let types = [Type::Text, Type::Decimal, Type::Int, Type::Boolean, Type::Decimal, Type::Int, Type::Text];
    let items = ["t.txt", "t.txt", "t.i", "t.i", "t.r", "t.n", "t.z"];
    let rows =
        s.source.run(&statement(&types, vec![branch(table("t", "t"), &items)]), &[], &now()).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows.get(0, 0), &Value::text("12.50"));
    assert_eq!(rows.get(0, 1), &Value::Decimal(Decimal::new(125, 1)));
    assert_eq!(rows.get(0, 2), &Value::Int(7));
    assert_eq!(rows.get(0, 3), &Value::Bool(true));
    assert_eq!(rows.get(0, 4), &Value::Decimal(Decimal::new(1, 1)));
    assert!(matches!(rows.get(0, 5), Value::Bad(_)));
    assert_eq!(rows.get(0, 6), &Value::Null);
    for bad in [1, 4, 5, 6] {
        assert!(matches!(rows.get(1, bad), Value::Bad(_)), "{bad}: {:?}", rows.get(1, bad));
    }
    assert_eq!(rows.get(1, 3), &Value::Bool(false));
}

#[tokio::test]
async fn batches_of_any_size_seek_under_nocase() {
    let s = shop(
        "CREATE TABLE a (ref TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER);
         WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 6000)
         INSERT INTO a SELECT 'REF' || i, i FROM c;",
        LONG,
    )
    .await;
    let mut b = branch(table("a", "a"), &["a.ref", "a.n"]);
    b.filter = vec![Predicate::In {
        exprs: vec![parse("a.ref").unwrap()],
        types: vec![CastType::Text(19)],
        slot: 0,
    }];
    let st = statement(&[Type::Text, Type::Int], vec![b]);
    for n in [0, 1, 2, 999, 5000] {
        let keys: Vec<String> = (1..=n).map(|i| format!("ref{i}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(s.source.run(&st, &[texts(&keys)], &now()).await.unwrap().len(), n);
    }
    let sent: HashSet<String> = s.log.0.lock().unwrap().iter().cloned().collect();
    assert_eq!(sent.len(), 1, "the text never depends on the keys");
    let sql = sent.into_iter().next().unwrap();
    assert!(plan(&s, &sql).await.iter().any(|line| line.starts_with("SEARCH a")));
    let hostile = texts(&["'; DROP TABLE a; --", "\u{0}", "\"]", "ref1"]);
    assert_eq!(s.source.run(&st, &[hostile], &now()).await.unwrap().len(), 1);
}

async fn plan(s: &Shop, sql: &str) -> Vec<String> {
    use sqlx::Row;
    let mut conn = SqliteConnectOptions::new().filename(s.dir.path().join("erp.db")).connect().await.unwrap();
    let sql =
        format!("EXPLAIN QUERY PLAN {}", sql.replace("?1", "'[]'").replace("?2", "'[]'").replace("?3", "5"));
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(&mut conn)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get::<String, _>(3))
        .collect()
}

#[tokio::test]
async fn composite_keys_seek_too() {
    let s = shop(
        "CREATE TABLE e (ref TEXT COLLATE NOCASE, g1 INTEGER, g2 INTEGER, PRIMARY KEY (ref, g1, g2));
         INSERT INTO e VALUES ('A', 1, 2), ('A', 1, 3), ('B', 1, 2);",
        LONG,
    )
    .await;
    let mut b = branch(table("e", "e"), &["e.ref", "e.g2"]);
    b.filter = vec![Predicate::In {
        exprs: ["e.ref", "e.g1", "e.g2"].iter().map(|e| parse(e).unwrap()).collect(),
        types: vec![CastType::Text(19), CastType::Integer, CastType::Integer],
        slot: 0,
    }];
    let st = statement(&[Type::Text, Type::Int], vec![b]);
    let key = |r: &str, a: Value, b: i64| vec![Value::text(r), a, Value::Int(b)].into_boxed_slice();
    let keys = Param::Keys(
        vec![key("a", Value::Int(1), 3), key("b", Value::text("1"), 2), key("b", Value::text("x"), 2)].into(),
    );
    let rows = s.source.run(&st, &[keys], &now()).await.unwrap();
    assert_eq!(rows.len(), 2);
    let sql = s.log.0.lock().unwrap()[0].clone();
    assert!(plan(&s, &sql).await.iter().any(|line| line.starts_with("SEARCH e")));
}

#[tokio::test]
async fn keyset_pages_cover_everything_once() {
    let s = shop(
        "CREATE TABLE e (ref TEXT, n INTEGER, PRIMARY KEY (ref, n));
         INSERT INTO e VALUES ('a', 1), ('B', 2), ('é', 1), ('B', 10), ('Z', 0), ('', 0);",
        LONG,
    )
    .await;
    let order = vec![by("e.ref", CastType::Text(0)), by("e.n", CastType::Integer)];
    let mut b = branch(table("e", "e"), &["e.ref", "e.n"]);
    b.filter = vec![Predicate::After { columns: order.clone(), slots: vec![0, 1] }];
    b.order = order;
    b.limit = Some(2);
    let st = statement(&[Type::Text, Type::Int], vec![b]);
    let mut after = (Value::text(""), Value::Int(-1));
    let mut seen = Vec::new();
    loop {
        let params =
            [Param::Value(after.0.clone()), Param::Value(after.1.clone()), Param::Value(Value::Int(2))];
        let rows = s.source.run(&st, &params, &now()).await.unwrap();
        for r in 0..rows.len() {
            seen.push(format!("{:?}", rows.row(r)));
            let text = if rows.get(r, 0).is_null() { Value::text("") } else { rows.get(r, 0).clone() };
            after = (text, rows.get(r, 1).clone());
        }
        if rows.len() < 2 {
            break;
        }
    }
    assert_eq!(seen.len(), 6);
    assert!(seen[1].contains("\"B\"") && seen[2].contains("10") && seen[5].contains('é'), "{seen:?}");
    let sql = s.log.0.lock().unwrap()[0].clone();
    let plan = plan(&s, &sql).await;
    assert!(plan.iter().any(|l| l.starts_with("SEARCH e")), "{plan:?}");
    assert!(!plan.iter().any(|l| l.contains("TEMP B-TREE")), "{plan:?}");
}

#[tokio::test]
async fn windows_pairs_unions_counts() {
    let s = shop(
        "CREATE TABLE d (code TEXT COLLATE NOCASE PRIMARY KEY);
         CREATE TABLE a (ref TEXT PRIMARY KEY, dep TEXT COLLATE NOCASE, w REAL);
         CREATE INDEX a_dep ON a (dep);
         INSERT INTO d VALUES ('D1'), ('D2');
         INSERT INTO a VALUES ('a', 'd1', 1.5), ('b', 'D1', 2), ('c', 'D1', NULL), ('x', 'D2', 0.5);",
        LONG,
    )
    .await;
    let mut b = branch(table("a", "a"), &["p.\"group\"", "a.ref", "a.w"]);
    b.pairs = Some(Pairs { alias: "p".into(), slot: 0, on: parse("p.node = a.dep").unwrap() });
    b.window = Some(Window {
        partition: vec![parse("p.\"group\"").unwrap()],
        order: vec![by("a.ref", CastType::Text(0))],
        limit: 1,
        last: false,
    });
    let mut select = Select {
        outputs: outputs(&[Type::Text, Type::Text, Type::Decimal]),
        branches: vec![b.clone()],
        order: vec![0, 1],
        descending: false,
        count: false,
    };
    let pair = |g: &str, n: &str| vec![Value::text(g), Value::text(n)].into_boxed_slice();
    let params = [Param::Keys(vec![pair("g1", "D1"), pair("g2", "d2")].into()), Param::Value(Value::Int(2))];
    let rows = s.source.run(&Statement::new(select.clone()), &params, &now()).await.unwrap();
    let refs: Vec<_> = (0..rows.len()).map(|r| rows.get(r, 1).as_str().unwrap()).collect();
    assert_eq!(refs, ["a", "b", "x"]);
    let sql = s.log.0.lock().unwrap()[0].clone();
    let plan = plan(&s, &sql).await;
    assert!(plan.iter().any(|l| l.starts_with("SEARCH a")), "{plan:?}");

    let mut distinct = b.clone();
    distinct.distinct = true;
    select.branches = vec![b, distinct];
    let rows = s.source.run(&Statement::new(select.clone()), &params, &now()).await.unwrap();
    assert_eq!(rows.len(), 6);
    select.count = true;
    let rows = s.source.run(&Statement::new(select), &params, &now()).await.unwrap();
    assert_eq!((rows.len(), rows.get(0, 0)), (1, &Value::Int(6)));
}

#[tokio::test]
async fn missing_columns_are_absent_or_bad() {
    let s = shop("CREATE TABLE a (ref TEXT); CREATE TABLE b (ref TEXT, extra TEXT); INSERT INTO a VALUES ('1'); INSERT INTO b VALUES ('2', 'e');", LONG).await;
    let items = |alias: &str| {
        vec![
            Item::from(Expr::column(alias, "ref")),
            Item { expr: Expr::column(alias, "extra"), missing: Missing::Bad },
            Item { expr: Expr::column(alias, "other"), missing: Missing::Absent },
        ]
    };
    let both = ["a", "b"].map(|t| Branch { items: items(t), ..branch(table(t, t), &[]) });
    let st = statement(&[Type::Text, Type::Text, Type::Text], both.to_vec());
    let rows = s.source.run(&st, &[], &now()).await.unwrap();
    assert_eq!(rows.get(0, 1), &Value::Bad("column extra is missing in a".into()));
    assert_eq!(rows.row(1), [Value::text("2"), Value::text("e"), Value::Null]);
    let sent = s.log.0.lock().unwrap().len();
    assert_eq!(sent, 3, "two probes and the statement");
    s.source.run(&st, &[], &now()).await.unwrap();
    assert_eq!(s.log.0.lock().unwrap().len(), sent + 1);
    // A probed column goes away: the tables are probed again.
    execute(s.dir.path(), "ALTER TABLE b DROP COLUMN extra").await;
    let rows = s.source.run(&st, &[], &now()).await.unwrap();
    assert_eq!(rows.get(1, 1), &Value::Bad("column extra is missing in b".into()));
    // What is not optional is refused.
    let st = statement(&[Type::Text], vec![branch(table("a", "a"), &["a.nothing"])]);
    let error = s.source.run(&st, &[], &now()).await.unwrap_err();
    assert_eq!(error.cause(), "REFUSED");
    assert_eq!(s.source.columns("b").await.unwrap(), Some(vec!["ref".to_owned()]));
    assert_eq!(s.source.columns("zzz").await.unwrap(), None);
}

#[tokio::test]
async fn a_missing_file_is_an_error_of_the_statement_and_is_not_created() {
    let s = shop("", LONG).await;
    let st = statement(&[Type::Text], vec![branch(table("a", "a"), &["a.ref"])]);
    let error = s.source.run(&st, &[], &now()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot connect: there is no file erp.db");
    assert!(!s.dir.path().join("erp.db").exists());
    execute(s.dir.path(), "CREATE TABLE a (ref TEXT); INSERT INTO a VALUES ('1')").await;
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap().len(), 1);
    assert!(s.source.ping().await.unwrap().starts_with("SQLite 3."));
    s.source.close().await;
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap_err().cause(), "CONNECT");
}

#[tokio::test]
async fn a_file_replaced_or_taken_away_while_serving_is_noticed() {
    let s = shop("CREATE TABLE a (ref TEXT); INSERT INTO a VALUES ('old')", LONG).await;
    let st = statement(&[Type::Text], vec![branch(table("a", "a"), &["a.ref"])]);
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap().get(0, 0).as_str(), Some("old"));
    let elsewhere = tempfile::tempdir().unwrap();
    execute(elsewhere.path(), "CREATE TABLE a (ref TEXT); INSERT INTO a VALUES ('new')").await;
    // As a nightly copy is put in place: beside the old file, then renamed over it.
    std::fs::copy(elsewhere.path().join("erp.db"), s.dir.path().join("erp.new")).unwrap();
    std::fs::rename(s.dir.path().join("erp.new"), s.dir.path().join("erp.db")).unwrap();
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap().get(0, 0).as_str(), Some("new"));
    std::fs::remove_file(s.dir.path().join("erp.db")).unwrap();
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap_err().cause(), "CONNECT");
}

#[tokio::test]
async fn a_slow_statement_is_stopped() {
    let s = shop(
        "CREATE TABLE a (ref TEXT); INSERT INTO a VALUES ('1');
         CREATE VIEW slow AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000000000) SELECT COUNT(*) AS n FROM c;",
        Duration::from_millis(200),
    )
    .await;
    let slow = statement(&[Type::Int], vec![branch(table("slow", "s"), &["s.n"])]);
    let started = std::time::Instant::now();
    // More than there are connections: none is lost to a statement nobody waits for.
    for _ in 0..5 {
        let error = s.source.run(&slow, &[], &now()).await.unwrap_err();
        assert_eq!(error.cause(), "TIMEOUT", "{error}");
    }
    let error = s.source.run(&slow, &[], &Moment::now(Some(Duration::from_millis(50)))).await.unwrap_err();
    assert_eq!(error.cause(), "TIMEOUT");
    assert!(started.elapsed() < Duration::from_secs(10));
    // So many in a row, and the source rests; then it is asked again, and answers.
    assert_eq!(s.source.pulse().circuit.word(), "OPEN");
    let st = statement(&[Type::Text], vec![branch(table("a", "a"), &["a.ref"])]);
    let rows = loop {
        match s.source.run(&st, &[], &now()).await {
            Ok(rows) => break rows,
            Err(error) => assert_eq!(error.cause(), "TIMEOUT"),
        }
        assert!(started.elapsed() < Duration::from_mins(1), "it is never asked again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(rows.len(), 1);
    assert_eq!(s.source.pulse().circuit.word(), "CLOSED");
}

#[tokio::test]
async fn a_trial_in_a_hurry_leaves_the_next_request_to_try() {
    let s = shop(
        "CREATE TABLE a (ref TEXT); INSERT INTO a VALUES ('1');
         CREATE VIEW slow AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000000000) SELECT COUNT(*) AS n FROM c;",
        Duration::from_millis(200),
    )
    .await;
    let slow = Arc::new(statement(&[Type::Int], vec![branch(table("slow", "s"), &["s.n"])]));
    let st = statement(&[Type::Text], vec![branch(table("a", "a"), &["a.ref"])]);
    for _ in 0..3 {
        s.source.run(&slow, &[], &now()).await.unwrap_err();
    }
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap_err().cause(), "TIMEOUT", "it rests");
    tokio::time::sleep(Duration::from_millis(600)).await;
    // One has less time than the source may take, the other goes away: neither says anything of the source.
    let hurry = Moment::now(Some(Duration::from_millis(50)));
    assert_eq!(s.source.run(&slow, &[], &hurry).await.unwrap_err().cause(), "TIMEOUT");
    let (source, asked) = (s.source.clone(), slow.clone());
    let gone = tokio::spawn(async move { source.run(&asked, &[], &now()).await.map(|rows| rows.len()) });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(s.source.pulse().circuit.word(), "HALF_OPEN");
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap().len(), 1);
    assert_eq!(s.source.pulse().circuit.word(), "CLOSED");
}

#[tokio::test]
#[ignore = "a measurement, not a test: run it alone with --ignored --nocapture"]
async fn cost_of_fifty_rows_of_twelve_columns() {
    let columns: Vec<String> =
        (0..12).map(|i| format!("c{i} {}", ["TEXT", "INTEGER", "REAL"][i % 3])).collect();
    let values: Vec<String> =
        (0..12).map(|i| ["'some text ' || i", "i", "i * 0.5"][i % 3].to_owned()).collect();
    let s = shop(
        &format!(
            "CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, {});
             WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000)
             INSERT INTO t SELECT 'K' || i, {} FROM c;",
            columns.join(", "),
            values.join(", ")
        ),
        LONG,
    )
    .await;
    let items: Vec<String> = (0..12).map(|i| format!("t.c{i}")).collect();
    let types: Vec<Type> = (0..12).map(|i| [Type::Text, Type::Int, Type::Decimal][i % 3].clone()).collect();
    let mut b = branch(table("t", "t"), &items.iter().map(String::as_str).collect::<Vec<_>>());
    b.filter =
        vec![Predicate::In { exprs: vec![parse("t.k").unwrap()], types: vec![CastType::Text(0)], slot: 0 }];
    let st = statement(&types, vec![b]);
    let keys: Vec<String> = (100..150).map(|i| format!("k{i}")).collect();
    let params = [texts(&keys.iter().map(String::as_str).collect::<Vec<_>>())];
    for round in 0..3 {
        let started = std::time::Instant::now();
        for _ in 0..2000 {
            assert_eq!(s.source.run(&st, &params, &now()).await.unwrap().len(), 50);
        }
        println!("round {round}: {:?} a statement", started.elapsed() / 2000);
    }
}

#[tokio::test]
async fn codes_in_upper_case_are_sought_and_ordered_by_the_index_that_isoshop_has() {
    let s = shop(crate::isoshop::script(SourceKind::Sqlite), LONG).await;
    for descending in [false, true] {
        let order = OrderBy { descending, ..by("UPPER_ASCII(a.code)", CastType::Text(0)) };
        let mut b = branch(table("article", "a"), &["UPPER_ASCII(a.code)"]);
        b.filter = vec![Predicate::After { columns: vec![order.clone()], slots: vec![0] }];
        b.order = vec![order];
        b.limit = Some(1);
        let params = [Value::text("ART"), Value::Int(5)].map(Param::Value);
        s.source.run(&statement(&[Type::Text], vec![b]), &params, &now()).await.unwrap();
    }
    let sent = s.log.0.lock().unwrap().clone();
    for sql in sent {
        let plan = plan(&s, &sql).await;
        assert!(
            plan.iter().any(|line| line.starts_with("SEARCH a") && line.contains("article_code_upper")),
            "{plan:?}"
        );
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:?}");
    }
}
