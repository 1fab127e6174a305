//! What every driver does alike: types, NULLs, paging, batches, windows, limits, losses. Each case
//! runs on SQLite, on the PostgreSQL of `COMPTOIR_TEST_POSTGRES_URL` and on the SQL Server (or its
//! stand-in) of `COMPTOIR_TEST_SQLSERVER_URL`; without a server it says that it is skipped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rust_decimal::Decimal;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, sqlite::SqliteConnectOptions};

use super::sqlite::tests::{Log, branch, by, outputs, statement, table, texts};
use crate::{
    config::{Secret, SourceKind, SourceLimits},
    sources::{
        Moment, Param, SharedSource, Trace,
        expr::{CastType, parse},
        open::{Opening, open},
        select::{
            Branch, Decode, Item, Missing, OrderBy, Output, Pairs, Predicate, Select, Statement, Table,
            Window,
        },
        sqlserver::tests::Server,
    },
    value::{Type, Value},
};

/// A database of its own on one engine, and a source that asks it.
struct Bench {
    kind: SourceKind,
    source: SharedSource,
    log: Arc<Log>,
    place: Place,
}

#[allow(clippy::large_enum_variant)]
enum Place {
    File(tempfile::TempDir),
    Schema(PgConnection, String),
    Database(Server),
}

static SERIAL: AtomicU32 = AtomicU32::new(0);

const LONG: Duration = Duration::from_secs(20);

fn now() -> Moment {
    Moment::now(None)
}

/// Types and expressions by engine: `{text}` a keys' text that does not tell case apart, `{name}`
/// any text, `{int}`, `{big}`, `{small}`, `{dec}`, `{float}`, `{bit}`, `{date}`, `{moment}`, `{id}`,
/// `{yes}` a true of `{bit}`.
fn spelled(kind: SourceKind, sql: &str) -> String {
    let words: [(&str, [&str; 3]); 12] = [
        ("{text}", ["TEXT COLLATE NOCASE", "varchar(19) COLLATE \"comptoir_ci\"", "varchar(19)"]),
        ("{name}", ["TEXT", "varchar(69)", "varchar(69)"]),
        ("{long}", ["TEXT", "text", "nvarchar(max)"]),
        ("{int}", ["INTEGER", "int", "int"]),
        ("{big}", ["INTEGER", "bigint", "bigint"]),
        ("{small}", ["INTEGER", "smallint", "tinyint"]),
        ("{dec}", ["TEXT", "numeric(24,6)", "numeric(24,6)"]),
        ("{float}", ["REAL", "double precision", "float"]),
        ("{bit}", ["INTEGER", "boolean", "bit"]),
        ("{moment}", ["TEXT", "timestamp", "datetime"]),
        ("{id}", ["TEXT", "uuid", "uniqueidentifier"]),
        ("{yes}", ["1", "true", "1"]),
    ];
    let column = match kind {
        SourceKind::Sqlite => 0,
        SourceKind::Postgres => 1,
        SourceKind::SqlServer => 2,
    };
    words.iter().fold(sql.to_owned(), |sql, (word, by)| sql.replace(word, by[column]))
}

impl Bench {
    /// `None`, and a line that says so, without a server.
    async fn open(kind: SourceKind, sql: &str, connections: u32, limit: Duration) -> Option<Self> {
        let limits = SourceLimits { connections, connect: Duration::from_secs(5), statement: limit };
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let (place, url, dir) = match kind {
            SourceKind::Sqlite => {
                let dir = tempfile::tempdir().unwrap();
                let path = dir.path().to_owned();
                (Place::File(dir), "sqlite:erp.db".to_owned(), path)
            }
            SourceKind::Postgres => {
                let Ok(url) = std::env::var("COMPTOIR_TEST_POSTGRES_URL") else {
                    println!("skipped: COMPTOIR_TEST_POSTGRES_URL is not set");
                    return None;
                };
                let schema = format!("conformance_{}_{serial}", std::process::id());
                let mut admin = PgConnection::connect(&url).await.unwrap();
                let setup = format!(
                    "CREATE SCHEMA {schema}; SET search_path = {schema};
                     CREATE COLLATION comptoir_ci (provider = icu, locale = 'fr-u-ks-level2', deterministic = false)"
                );
                admin.execute(AssertSqlSafe(setup)).await.unwrap();
                let join = if url.contains('?') { '&' } else { '?' };
                let url = format!("{url}{join}options=-csearch_path%3D{schema}");
                (Place::Schema(admin, schema), url, ".".into())
            }
            SourceKind::SqlServer => {
                let server = Server::new(serial).await?;
                let url = server.url.clone();
                (Place::Database(server), url, ".".into())
            }
        };
        let log = Arc::new(Log::default());
        let trace = Arc::clone(&log) as Arc<dyn Trace>;
        let zone = chrono_tz::Europe::Paris;
        let url = Secret(url);
        let opening = Opening { name: "erp", kind, url: &url, limits: &limits, dir: &dir, zone, twins: &[] };
        let source = open(opening, trace).unwrap();
        let mut bench = Self { kind, source, log, place };
        bench.execute(sql).await;
        Some(bench)
    }

    async fn execute(&mut self, sql: &str) {
        let sql = spelled(self.kind, sql);
        match &mut self.place {
            Place::File(dir) => {
                let options = SqliteConnectOptions::new().filename(dir.path().join("erp.db"));
                let mut conn = options.create_if_missing(true).connect().await.unwrap();
                conn.execute(AssertSqlSafe(sql)).await.unwrap();
            }
            Place::Schema(admin, _) => {
                admin.execute(AssertSqlSafe(sql)).await.unwrap();
            }
            Place::Database(server) => {
                // CREATE VIEW wants a batch of its own.
                for batch in sql.split(';').filter(|s| !s.trim().is_empty()) {
                    server.run(batch).await;
                }
            }
        }
    }

    /// Ends the source's sessions, as an administrator does.
    async fn kill(&mut self) {
        match &mut self.place {
            Place::File(_) => {}
            Place::Schema(admin, schema) => {
                let sql = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE application_name = 'comptoir' AND query LIKE '%{schema}%'"
                );
                admin.execute(AssertSqlSafe(sql)).await.unwrap();
            }
            Place::Database(server) => server.kill().await,
        }
    }

    async fn end(mut self) {
        self.source.close().await;
        match &mut self.place {
            Place::File(_) => {}
            Place::Schema(admin, schema) => {
                admin.execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await.unwrap();
            }
            Place::Database(server) => server.drop().await,
        }
    }

    fn table(&self, name: &str, alias: &str) -> Table {
        match &self.place {
            // The schema stands in the text: that is what `kill` knows the sessions by.
            Place::Schema(_, schema) => Table { prefix: Some(schema.clone()), ..table(name, alias) },
            _ => table(name, alias),
        }
    }

    async fn refs(&self, filter: Vec<Predicate>, params: &[Param]) -> Vec<String> {
        let b = Branch { filter, ..branch(self.table("a", "a"), &["a.ref"]) };
        let rows = self.source.run(&statement(&[Type::Text], vec![b]), params, &now()).await.unwrap();
        rows.cells.iter().map(|v| v.as_str().unwrap_or("NULL").to_owned()).collect()
    }
}

fn keys(exprs: &[(&str, CastType)], slot: usize) -> Predicate {
    Predicate::In {
        exprs: exprs.iter().map(|(e, _)| parse(e).unwrap()).collect(),
        types: exprs.iter().map(|(_, t)| *t).collect(),
        slot,
    }
}

async fn types(kind: SourceKind) {
    let Some(s) = Bench::open(
        kind,
        "CREATE TABLE t (n {int}, a {name}, b {long}, c {small}, d {int}, e {big}, f {dec}, g {float}, h {bit},
           i {moment}, j {id}, k char(9));
         INSERT INTO t VALUES (1, 'Évêché à l''œuf ', 'Ωμέγα', 2, -3, 9007199254740993, '1234567890.123456', 0.1, {yes},
           '2024-07-01 12:00:00', '00000000-0000-0000-0000-00000000000a', 'c');
         INSERT INTO t VALUES (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
            .replace("'Ωμέγα'", if kind == SourceKind::SqlServer { "N'Ωμέγα'" } else { "'Ωμέγα'" })
            .as_str(),
        2,
        LONG,
    )
    .await
    else {
        return;
    };
    let wanted = [
        (Type::Text, Value::text("Évêché à l'œuf")),
        (Type::Text, Value::text("Ωμέγα")),
        (Type::Int, Value::Int(2)),
        (Type::Int, Value::Int(-3)),
        (Type::Int, Value::Int(9_007_199_254_740_993)),
        (Type::Decimal, Value::Decimal(Decimal::from_str_exact("1234567890.123456").unwrap())),
        (Type::Decimal, Value::Decimal(Decimal::new(1, 1))),
        (Type::Boolean, Value::Bool(true)),
        (Type::DateTime, Value::DateTime("2024-07-01T10:00:00Z".parse().unwrap())),
        (Type::Text, Value::text("00000000-0000-0000-0000-00000000000a")),
        (Type::Text, Value::text("c")),
    ];
    let items: Vec<String> = "abcdefghijk".chars().map(|c| format!("t.{c}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let mut one = branch(s.table("t", "t"), &items);
    one.order = vec![by("t.n", CastType::Integer)];
    let out: Vec<Output> = wanted
        .iter()
        .map(|(ty, _)| Output {
            decode: Decode { zone: chrono_tz::Europe::Paris, ..Decode::of(ty.clone()) },
            label: "x".into(),
        })
        .collect();
    let select = |branches: Vec<Branch>| {
        Statement::new(Select {
            outputs: out.clone(),
            branches,
            order: vec![],
            descending: false,
            count: false,
        })
    };
    let rows = s.source.run(&select(vec![one.clone()]), &[], &now()).await.unwrap();
    let values: Vec<Value> = wanted.iter().map(|w| w.1.clone()).collect();
    assert_eq!(rows.row(0), values);
    assert!(rows.row(1).iter().all(Value::is_null), "{:?}", rows.row(1));
    // The same through the text that branches agree on.
    one.order.clear();
    one.filter = vec![Predicate::Expr(parse("t.n = 1").unwrap())];
    let rows = s.source.run(&select(vec![one.clone(), one]), &[], &now()).await.unwrap();
    assert_eq!((rows.row(0), rows.row(1)), (&*values, &*values));
    s.end().await;
}

async fn batches(kind: SourceKind) {
    let Some(mut s) = Bench::open(
        kind,
        "CREATE TABLE a (ref {text} PRIMARY KEY, n {int}, m {int}); CREATE TABLE digits (d {int});
         INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
        2,
        LONG,
    )
    .await
    else {
        return;
    };
    let number = "w.d * 1000 + x.d * 100 + y.d * 10 + z.d";
    let text =
        if kind == SourceKind::SqlServer { "'REF' + CAST(NUM AS varchar(9))" } else { "'REF' || (NUM)" };
    s.execute(&format!(
        "INSERT INTO a SELECT {}, {number}, 1 FROM digits w CROSS JOIN digits x CROSS JOIN digits y CROSS JOIN digits z",
        text.replace("NUM", number)
    ))
    .await;
    let one = || vec![keys(&[("a.ref", CastType::Text(19))], 0)];
    let several = || vec![keys(&[("a.ref", CastType::Text(19)), ("a.n", CastType::Integer)], 0)];
    for n in [0_i64, 1, 2, 3, 999, 5000] {
        let names: Vec<String> = (1..=n).map(|i| format!("ref{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(s.refs(one(), &[texts(&names)]).await.len(), names.len(), "{n}");
        let pairs = (1..=n).map(|i| vec![Value::text(format!("Ref{i}")), Value::Int(i)].into());
        assert_eq!(s.refs(several(), &[Param::Keys(pairs.collect())]).await.len(), names.len(), "{n} pairs");
        let others = vec![Predicate::Not(Box::new(keys(&[("a.n", CastType::Integer)], 0)))];
        let numbers = Param::Keys((1..=n).map(|i| vec![Value::Int(i)].into()).collect());
        assert_eq!(s.refs(others, &[numbers]).await.len(), 10_000 - names.len(), "all but {n}");
    }
    let long = "REF1 and much more than the column can ever hold";
    let hostile = ["'; DROP TABLE a; --", "\u{0}", "\"]}", "]]", long, "REF1Ω", "ref1"];
    assert_eq!(s.refs(one(), &[texts(&hostile)]).await, ["REF1"]);
    // What can be no key of the type is no key at all, alone or among others.
    let odd = |values: Vec<Value>| Param::Keys(values.into_iter().map(|v| vec![v].into()).collect());
    let by_number = || vec![keys(&[("a.n", CastType::Integer)], 0)];
    let mixed =
        odd(vec![Value::Int(5), Value::text("6"), Value::text("x"), Value::Int(i64::MAX), Value::Null]);
    let mut found = s.refs(by_number(), &[mixed]).await;
    found.sort();
    assert_eq!(found, ["REF5", "REF6"]);
    assert!(s.refs(by_number(), &[odd(vec![Value::text("x")])]).await.is_empty());
    let none = vec![Predicate::Not(Box::new(by_number().remove(0)))];
    assert_eq!(s.refs(none, &[odd(vec![Value::text("x")])]).await.len(), 10_000);
    s.end().await;
}

async fn pages(kind: SourceKind) {
    let Some(s) = Bench::open(
        kind,
        "CREATE TABLE e (ref {name}, n {int});
         INSERT INTO e VALUES ('a', 1), ('B', 2), ('é', 1), ('B', 10), ('Z', 0), ('', 0), ('b', 3), ('œ', 1), ('ÿ', 1)",
        2,
        LONG,
    )
    .await
    else {
        return;
    };
    let order = vec![by("e.ref", CastType::Text(0)), by("e.n", CastType::Integer)];
    let mut b = branch(s.table("e", "e"), &["e.ref", "e.n"]);
    b.filter = vec![Predicate::After { columns: order.clone(), slots: vec![0, 1] }];
    b.order = order;
    b.limit = Some(2);
    let st = statement(&[Type::Text, Type::Int], vec![b]);
    let mut after = (Value::text(""), Value::Int(-1));
    let mut seen = Vec::new();
    loop {
        let params = [after.0.clone(), after.1.clone(), Value::Int(2)].map(Param::Value);
        let rows = s.source.run(&st, &params, &now()).await.unwrap();
        for r in 0..rows.len() {
            let text = if rows.get(r, 0).is_null() { Value::text("") } else { rows.get(r, 0).clone() };
            seen.push(format!("{}{:?}", text.as_str().unwrap(), rows.get(r, 1)));
            after = (text, rows.get(r, 1).clone());
        }
        if rows.len() < 2 {
            break;
        }
    }
    // By code points, whatever the collation and the code page.
    let wanted =
        ["Int(0)", "BInt(2)", "BInt(10)", "ZInt(0)", "aInt(1)", "bInt(3)", "éInt(1)", "ÿInt(1)", "œInt(1)"];
    assert_eq!(seen, wanted);
    s.end().await;
}

async fn capitals(kind: SourceKind) {
    let Some(s) = Bench::open(
        kind,
        "CREATE TABLE e (ref {text}); INSERT INTO e VALUES ('b'), ('AZ'), ('é'), ('ab'), ('A'), ('a_')",
        1,
        LONG,
    )
    .await
    else {
        return;
    };
    let read = async |descending: bool, filter: fn(OrderBy) -> Predicate| {
        let order = OrderBy { descending, ..by("UPPER_ASCII(e.ref)", CastType::Text(0)) };
        let mut b = branch(s.table("e", "e"), &["e.ref"]);
        b.filter = vec![filter(order.clone())];
        b.order = vec![order];
        b.limit = Some(1);
        let params = [Value::text("AB"), Value::Int(9)].map(Param::Value);
        let rows = s.source.run(&statement(&[Type::Text], vec![b]), &params, &now()).await.unwrap();
        (0..rows.len()).map(|r| rows.get(r, 0).as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let after = |order| Predicate::After { columns: vec![order], slots: vec![0] };
    let up_to = |column| Predicate::UpTo { column, slot: 0 };
    // By code points once ASCII letters are capitals: `_` stands behind them, `é` last.
    assert_eq!(read(false, up_to).await, ["A", "ab"]);
    assert_eq!(read(false, after).await, ["AZ", "a_", "b", "é"]);
    assert_eq!(read(true, up_to).await, ["é", "b", "a_", "AZ", "ab"]);
    assert_eq!(read(true, after).await, ["A"]);
    s.end().await;
}

async fn windows(kind: SourceKind) {
    let Some(s) = Bench::open(
        kind,
        "CREATE TABLE a (ref {name}, dep {text}, w {dec});
         INSERT INTO a VALUES ('a', 'd1', 1.5), ('B', 'D1', 2), ('c', 'D1', NULL), ('x', 'D2', 0.5)",
        2,
        LONG,
    )
    .await
    else {
        return;
    };
    let mut b = branch(s.table("a", "a"), &["p.\"group\"", "a.ref", "a.w"]);
    b.pairs = Some(Pairs { alias: "p".into(), slot: 0, on: parse("p.node = a.dep").unwrap() });
    b.window = Some(Window {
        partition: vec![parse("p.\"group\"").unwrap()],
        order: vec![by("a.ref", CastType::Text(0))],
        limit: 1,
        last: false,
    });
    let pair = |g: &str, n: &str| vec![Value::text(g), Value::text(n)].into_boxed_slice();
    let pairs = vec![pair("g1", "D1"), pair("g2", "d2"), pair("G2", "D2"), pair("g3", "none")];
    let params = [Param::Keys(pairs.clone().into()), Param::Value(Value::Int(2))];
    let mut select = Select {
        outputs: outputs(&[Type::Text, Type::Text, Type::Decimal]),
        branches: vec![b.clone()],
        order: vec![0, 1],
        descending: false,
        count: false,
    };
    let rows = s.source.run(&Statement::new(select.clone()), &params, &now()).await.unwrap();
    let found: Vec<String> = (0..rows.len())
        .map(|r| format!("{}-{}", rows.get(r, 0).as_str().unwrap(), rows.get(r, 1).as_str().unwrap()))
        .collect();
    assert_eq!(found, ["G2-x", "g1-B", "g1-a", "g2-x"]);
    // Many pairs: most of them lead nowhere.
    let many = pairs.into_iter().chain((0..3000).map(|i| pair(&format!("n{i}"), "nowhere")));
    let many = [Param::Keys(many.collect()), Param::Value(Value::Int(2))];
    assert_eq!(s.source.run(&Statement::new(select.clone()), &many, &now()).await.unwrap(), rows);
    let distinct = Branch { distinct: true, ..b };
    select.branches.push(distinct);
    assert_eq!(s.source.run(&Statement::new(select.clone()), &params, &now()).await.unwrap().len(), 8);
    select.count = true;
    let rows = s.source.run(&Statement::new(select), &params, &now()).await.unwrap();
    assert_eq!((rows.len(), rows.get(0, 0)), (1, &Value::Int(8)));
    s.end().await;
}

async fn missing(kind: SourceKind) {
    let Some(mut s) = Bench::open(
        kind,
        "CREATE TABLE a (ref {name}); CREATE TABLE b (ref {name}, extra {name});
         INSERT INTO a VALUES ('1'); INSERT INTO b VALUES ('2', 'e')",
        2,
        LONG,
    )
    .await
    else {
        return;
    };
    let item = |expr: String, missing| Item { expr: parse(&expr).unwrap(), missing };
    let both = ["a", "b"].map(|t| Branch {
        items: vec![
            item(format!("{t}.ref"), Missing::Refuse),
            item(format!("{t}.extra"), Missing::Bad),
            item(format!("{t}.other"), Missing::Absent),
        ],
        ..branch(s.table(t, t), &[])
    });
    let st = statement(&[Type::Text, Type::Text, Type::Text], both.to_vec());
    let rows = s.source.run(&st, &[], &now()).await.unwrap();
    assert_eq!(rows.get(0, 1), &Value::Bad("column extra is missing in a".into()));
    assert_eq!(rows.row(1), [Value::text("2"), Value::text("e"), Value::Null]);
    s.execute("ALTER TABLE b DROP COLUMN extra").await;
    let rows = s.source.run(&st, &[], &now()).await.unwrap();
    assert_eq!(rows.get(1, 1), &Value::Bad("column extra is missing in b".into()));
    let st = statement(&[Type::Text], vec![branch(s.table("a", "a"), &["a.nothing"])]);
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap_err().cause(), "REFUSED");
    let st = statement(&[Type::Text], vec![branch(s.table("nowhere", "a"), &["a.ref"])]);
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap_err().cause(), "REFUSED");
    // A refusal costs no connection.
    assert_eq!(s.refs(vec![], &[]).await, ["1"]);
    s.end().await;
}

/// A view that takes longer than anybody waits.
fn slow(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Sqlite => {
            "CREATE VIEW slow AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000000000)
             SELECT COUNT(*) AS n FROM c"
        }
        SourceKind::Postgres => "CREATE VIEW slow AS SELECT pg_sleep(30)::text AS n",
        SourceKind::SqlServer => {
            "CREATE VIEW slow AS SELECT COUNT_BIG(*) AS n FROM d AS q CROSS JOIN d AS r CROSS JOIN d AS s
             CROSS JOIN d AS t CROSS JOIN d AS u CROSS JOIN d AS v CROSS JOIN d AS w CROSS JOIN d AS x
             CROSS JOIN d AS y CROSS JOIN d AS z"
        }
    }
}

async fn limits(kind: SourceKind) {
    let short = Duration::from_millis(500);
    let setup =
        "CREATE TABLE d (i {int}); INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
         CREATE TABLE a (ref {name}); INSERT INTO a VALUES ('1'); ";
    let Some(s) = Bench::open(kind, &format!("{setup}{}", slow(kind)), 2, short).await else { return };
    let slow = Arc::new(statement(&[Type::Int], vec![branch(s.table("slow", "s"), &["s.n"])]));
    let started = std::time::Instant::now();
    // More than there are connections, but not so many in a row that the source is given a rest:
    // none is lost to a statement nobody waits for.
    for _ in 0..2 {
        for _ in 0..2 {
            let error = s.source.run(&slow, &[], &now()).await.unwrap_err();
            assert_eq!(error.cause(), "TIMEOUT", "{error}");
        }
        assert_eq!(s.refs(vec![], &[]).await, ["1"]);
    }
    let error = s.source.run(&slow, &[], &Moment::now(Some(Duration::from_millis(50)))).await.unwrap_err();
    assert_eq!(error.cause(), "TIMEOUT");
    // The caller goes away half-way.
    for _ in 0..4 {
        let (source, slow) = (s.source.clone(), slow.clone());
        let task = tokio::spawn(async move { source.run(&slow, &[], &now()).await.map(|rows| rows.len()) });
        tokio::time::sleep(Duration::from_millis(60)).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(s.refs(vec![], &[]).await, ["1"]);
    }
    assert!(started.elapsed() < Duration::from_secs(15));
    s.end().await;
}

async fn exhausted(kind: SourceKind) {
    let setup =
        "CREATE TABLE d (i {int}); INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
         CREATE TABLE a (ref {name}); INSERT INTO a VALUES ('1'); ";
    let Some(s) = Bench::open(kind, &format!("{setup}{}", slow(kind)), 1, Duration::from_secs(8)).await
    else {
        return;
    };
    let slow = statement(&[Type::Int], vec![branch(s.table("slow", "s"), &["s.n"])]);
    let source = s.source.clone();
    let held = tokio::spawn(async move { source.run(&slow, &[], &now()).await.map(|rows| rows.len()) });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let st = statement(&[Type::Text], vec![branch(s.table("a", "a"), &["a.ref"])]);
    // The request's own end comes first.
    let moment = Moment::now(Some(Duration::from_millis(200)));
    assert_eq!(s.source.run(&st, &[], &moment).await.unwrap_err().cause(), "TIMEOUT");
    assert_eq!(s.source.run(&st, &[], &now()).await.unwrap_err().cause(), "POOL_TIMEOUT");
    held.abort();
    let _ = held.await;
    assert_eq!(s.refs(vec![], &[]).await, ["1"]);
    s.end().await;
}

async fn lost(kind: SourceKind) {
    let setup = "CREATE TABLE a (ref {name}); INSERT INTO a VALUES ('1')";
    let Some(mut s) = Bench::open(kind, setup, 3, LONG).await else { return };
    assert_eq!(s.refs(vec![], &[]).await, ["1"]);
    s.kill().await;
    let st = statement(&[Type::Text], vec![branch(s.table("a", "a"), &["a.ref"])]);
    if let Err(error) = s.source.run(&st, &[], &now()).await {
        assert_eq!(error.cause(), "CONNECTION_LOST", "{error}");
    }
    assert_eq!(s.refs(vec![], &[]).await, ["1"]);
    // Idle long enough to be asked first: no statement is lost to it.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    s.kill().await;
    let after = s.source.run(&st, &[], &now()).await;
    if kind == SourceKind::SqlServer {
        assert_eq!(after.unwrap().len(), 1);
    }
    assert!(!s.source.ping().await.unwrap().is_empty());
    s.end().await;
}

async fn dialect(kind: SourceKind) {
    let Some(s) = Bench::open(
        kind,
        "CREATE TABLE a (r {text}, z {int}, n {int}, b {name}); INSERT INTO a VALUES ('Été', 0, 7, 'x[y]  ')",
        2,
        LONG,
    )
    .await
    else {
        return;
    };
    let cases = [
        ("a.r LIKE 'é%'", "0"),
        ("a.r LIKE 'É%'", "1"),
        ("a.b LIKE 'x[y]%'", "1"),
        ("a.n / 2", "3.5"),
        ("a.n / a.z", "NULL"),
        ("0.1 + 0.2", "0.3"),
        ("a.n > 3", "1"),
        ("a.n > 3 AND a.z = 1", "0"),
        ("NOT (a.n > 3)", "0"),
        ("(a.n > NULL) IS NULL", "1"),
        ("a.z IS NULL", "0"),
        ("LENGTH(a.r)", "3"),
        ("SUBSTRING(a.r, 2, 1)", "t"),
        ("SUBSTRING(a.r, 2)", "té"),
        ("ROUND(2.5)", "3"),
        ("ROUND(a.n * 0.15, 1)", "1.1"),
        ("ABS(- a.n)", "7"),
        ("COALESCE(a.n)", "7"),
        ("COALESCE(NULL, a.n)", "7"),
        ("NULLIF(a.n, 7)", "NULL"),
        ("CAST('x' || a.n AS varchar(1))", "x"),
        ("CAST(a.n / 2 AS int)", "3"),
        ("CAST(a.n AS varchar(11))", "7"),
        ("a.n || '-' || a.z", "7-0"),
        ("REPLACE(a.r, 'é', 'e')", "Éte"),
        ("TRIM(a.b) || '.'", "x[y]."),
        ("CASE a.n WHEN 7 THEN 'seven' ELSE 'other' END", "seven"),
        ("CASE WHEN a.n BETWEEN 6 AND 8 THEN a.n IN (7, 9) END", "1"),
        ("CASE WHEN a.n = 1 THEN 'a' WHEN a.n = 7 THEN 'as long as it is' END", "as long as it is"),
        (
            "COALESCE(NULLIF(a.r, 'Été'), 'longer than the column, which holds few')",
            "longer than the column, which holds few",
        ),
        ("REPLACE(a.r, 't', 'ttttttttttttttttttttttttt')", "Éttttttttttttttttttttttttté"),
        ("TRUE", "1"),
    ];
    for (expr, wanted) in cases {
        let mut b = branch(s.table("a", "a"), &[expr]);
        for twice in [false, true] {
            let branches = if twice { vec![b.clone(), b.clone()] } else { vec![b.clone()] };
            let rows = s.source.run(&statement(&[Type::Text], branches), &[], &now()).await;
            let rows = rows.unwrap_or_else(|e| panic!("{expr}: {e}\n{:?}", s.log.0.lock().unwrap().last()));
            let got = rows.get(0, 0).as_str().unwrap_or("NULL");
            let got = if got.contains('.') && got.ends_with('0') {
                got.trim_end_matches('0').trim_end_matches('.')
            } else {
                got
            };
            let got = match got {
                "true" => "1",
                "false" => "0",
                got => got,
            };
            assert_eq!(got, wanted, "{expr}: {:?}", s.log.0.lock().unwrap().last());
        }
        b.items.clear();
    }
    s.end().await;
}

/// One module an engine, with every case.
macro_rules! conformance {
    ($($case:ident),*) => {
        conformance!(@engine sqlite, Sqlite, $($case),*);
        conformance!(@engine postgres, Postgres, $($case),*);
        conformance!(@engine sqlserver, SqlServer, $($case),*);
    };
    (@engine $engine:ident, $kind:ident, $($case:ident),*) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(crate::config::SourceKind::$kind).await;
                }
            )*
        }
    };
}

conformance!(types, batches, pages, capitals, windows, missing, limits, exhausted, lost, dialect);
