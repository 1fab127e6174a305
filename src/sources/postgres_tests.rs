//! The driver against a real server, when `COMPTOIR_TEST_POSTGRES_URL` names one. Each test works
//! in a schema of its own and drops it.

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::super::sqlite::tests::{Log, branch, by, statement, table, texts};
use crate::{
    config::{Secret, SourceKind, SourceLimits},
    sources::{
        Moment, Param, SharedSource, Trace,
        expr::{CastType, parse},
        open::{Opening, open},
        select::{Decode, OrderBy, Output, Predicate, Select, Statement, Table},
    },
    value::{Type, Value},
};

fn opening<'a>(url: &'a Secret, limits: &'a SourceLimits, zone: chrono_tz::Tz) -> Opening<'a> {
    Opening { name: "erp", kind: SourceKind::Postgres, url, limits, dir: Path::new("."), zone, twins: &[] }
}

struct Server {
    admin: PgConnection,
    source: SharedSource,
    log: Arc<Log>,
    schema: String,
}

/// `None` (and a line that says so) without a server.
async fn server(schema: &str, sql: &str, statement: Duration) -> Option<Server> {
    let Ok(url) = std::env::var("COMPTOIR_TEST_POSTGRES_URL") else {
        println!("skipped: COMPTOIR_TEST_POSTGRES_URL is not set");
        return None;
    };
    let schema = format!("comptoir_{schema}_{}", std::process::id());
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let setup = format!(
        "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET search_path = {schema}; {sql}"
    );
    admin.execute(AssertSqlSafe(setup)).await.unwrap();
    let log = Arc::new(Log::default());
    let limits = SourceLimits { connections: 3, connect: Duration::from_secs(5), statement };
    let zone = chrono_tz::Europe::Paris;
    let trace = Arc::clone(&log) as Arc<dyn Trace>;
    let source = open(opening(&Secret(url), &limits, zone), trace).unwrap();
    Some(Server { admin, source, log, schema })
}

impl Server {
    fn table(&self, name: &str, alias: &str) -> Table {
        Table { prefix: Some(self.schema.clone()), ..table(name, alias) }
    }

    async fn end(mut self) {
        self.source.close().await;
        self.admin.execute(AssertSqlSafe(format!("DROP SCHEMA {} CASCADE", self.schema))).await.unwrap();
    }
}

const LONG: Duration = Duration::from_secs(20);

fn now() -> Moment {
    Moment::now(None)
}

#[tokio::test]
async fn every_column_type_reads() {
    let sql = "CREATE TABLE t (a text, b varchar(9), c char(9), d int2, e int4, f int8, g numeric(24,6), h float4, i float8,
          j bool, k date, l timestamp, m timestamptz, n uuid, o jsonb, p text[], q numeric, r date);
        INSERT INTO t VALUES ('é ', 'v', 'c', 1, 2, 3, 1.500000, 0.1, 0.1, true, '2024-02-29', '2024-07-01 12:00',
          '2024-07-01 12:00+00', '00000000-0000-0000-0000-000000000001', '[1,2]', '{a,NULL,b}', 'NaN', 'infinity');";
    let Some(s) = server("types", sql, LONG).await else { return };
    let types = [
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Int,
        Type::Int,
        Type::Decimal,
        Type::Decimal,
        Type::Decimal,
        Type::Decimal,
        Type::Boolean,
        Type::Date,
        Type::DateTime,
        Type::DateTime,
        Type::Text,
        Type::List(Box::new(Type::Int)),
        Type::List(Box::new(Type::Text)),
        Type::Decimal,
        Type::Date,
    ];
    let items: Vec<String> = "abcdefghijklmnopqr".chars().map(|c| format!("t.{c}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let one = branch(s.table("t", "t"), &items);
    let out: Vec<Output> = types
        .iter()
        .map(|t| Output {
            decode: Decode { zone: chrono_tz::Europe::Paris, ..Decode::of(t.clone()) },
            label: "x".into(),
        })
        .collect();
    let st = Statement::new(Select {
        outputs: out.clone(),
        branches: vec![one.clone()],
        order: vec![],
        descending: false,
        count: false,
    });
    let rows = s.source.run(&st, &[], &now()).await.unwrap();
    let shown: Vec<String> = rows.row(0).iter().map(|v| format!("{v:?}")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r###"
Text("é")
Text("v")
Text("c")
Int(1)
Int(2)
Decimal(3)
Decimal(1.5)
Decimal(0.1)
Decimal(0.1)
Bool(true)
Date(2024-02-29)
DateTime(2024-07-01T10:00:00Z)
DateTime(2024-07-01T12:00:00Z)
Text("00000000-0000-0000-0000-000000000001")
List([Int(1), Int(2)])
List([Text("a"), Text("b")])
Bad("the number has too many digits, or is none")
Bad("the date is out of range")
"###);
    // The same through the text form that branches agree on; arrays and infinities differ by nature.
    let st = Statement::new(Select {
        outputs: out,
        branches: vec![one.clone(), one],
        order: vec![],
        descending: false,
        count: false,
    });
    let twice = s.source.run(&st, &[], &now()).await.unwrap();
    assert_eq!(twice.len(), 2);
    assert_eq!(twice.row(0)[..15], rows.row(0)[..15]);
    s.end().await;
}

#[tokio::test]
async fn keys_use_indexes_under_any_collation() {
    let sql = "CREATE COLLATION ci (provider = icu, locale = 'fr-u-ks-level2', deterministic = false);
        CREATE TABLE a (ref varchar(19) COLLATE ci PRIMARY KEY, n int4);
        CREATE TABLE e (ref varchar(19) COLLATE ci, n int4, PRIMARY KEY (ref, n));
        CREATE INDEX a_n ON a (n);
        INSERT INTO a SELECT 'REF' || i, i FROM generate_series(1, 6000) i;
        INSERT INTO e SELECT ref, n FROM a;
        ANALYZE a; ANALYZE e;";
    let Some(mut s) = server("keys", sql, LONG).await else { return };
    let mut b = branch(s.table("a", "a"), &["a.ref", "a.n"]);
    b.filter = vec![Predicate::In {
        exprs: vec![parse("a.ref").unwrap()],
        types: vec![CastType::Text(19)],
        slot: 0,
    }];
    let st = statement(&[Type::Text, Type::Int], vec![b.clone()]);
    for n in [0, 1, 2, 999, 5000] {
        let keys: Vec<String> = (1..=n).map(|i| format!("ref{i}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(s.source.run(&st, &[texts(&keys)], &now()).await.unwrap().len(), n);
    }
    let hostile = texts(&["'; DROP TABLE a; --", "\u{0}", "\"}", "ref1"]);
    assert_eq!(s.source.run(&st, &[hostile], &now()).await.unwrap().len(), 1);
    b.filter =
        vec![Predicate::In { exprs: vec![parse("a.n").unwrap()], types: vec![CastType::Integer], slot: 0 }];
    let st = statement(&[Type::Text, Type::Int], vec![b]);
    let ints = Param::Keys(
        vec![vec![Value::Int(5)].into(), vec![Value::text("6")].into(), vec![Value::text("x")].into()].into(),
    );
    assert_eq!(s.source.run(&st, &[ints], &now()).await.unwrap().len(), 2);
    let mut b = branch(s.table("e", "e"), &["e.ref"]);
    b.filter = vec![Predicate::In {
        exprs: vec![parse("e.ref").unwrap(), parse("e.n").unwrap()],
        types: vec![CastType::Text(19), CastType::Integer],
        slot: 0,
    }];
    let st = statement(&[Type::Text], vec![b]);
    let keys =
        Param::Keys((1..=20).map(|i| vec![Value::text(format!("ref{i}")), Value::Int(i)].into()).collect());
    assert_eq!(s.source.run(&st, &[keys], &now()).await.unwrap().len(), 20);
    let mut sent = s.log.0.lock().unwrap().clone();
    sent.dedup();
    assert_eq!(sent.len(), 3);
    for sql in sent {
        let sql = sql.replace("$1", "'{REF7}'").replace("$2", "'{7}'");
        let sql = if sql.contains("bigint[]) )") {
            sql
        } else {
            sql.replace("CAST('{REF7}' AS bigint[])", "CAST('{7}' AS bigint[])")
        };
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {sql}")))
            .fetch_all(&mut s.admin)
            .await
            .unwrap();
        assert!(plan.iter().any(|l| l.contains("Index")), "{plan:?}");
        assert!(!plan.iter().any(|l| l.contains("Seq Scan")), "{plan:?}");
    }
    s.end().await;
}

#[tokio::test]
async fn a_server_that_is_down_is_an_error_of_the_statement() {
    let limits = SourceLimits { connections: 1, connect: Duration::from_secs(2), statement: LONG };
    let url = Secret("postgres://user:s3cret@127.0.0.1:1/db".into());
    let log = Arc::new(Log::default());
    let source = open(opening(&url, &limits, chrono_tz::UTC), log).unwrap();
    let error = source.ping().await.unwrap_err();
    assert_eq!(error.cause(), "CONNECT");
    assert!(!error.to_string().contains("s3cret"));
    for url in ["mysql://u:s3cret@h/db", "postgres://u:s3cret@h:port/db"] {
        let log = Arc::new(Log::default());
        let opened = open(opening(&Secret(url.into()), &limits, chrono_tz::UTC), log);
        assert!(!opened.err().unwrap().to_string().contains("s3cret"));
    }
}

#[tokio::test]
async fn codes_in_upper_case_are_sought_and_ordered_by_the_index_that_isoshop_has() {
    let script = crate::isoshop::script(SourceKind::Postgres);
    let Some(mut s) = server("capitals", script, LONG).await else { return };
    for descending in [false, true] {
        let order = OrderBy { descending, ..by("UPPER_ASCII(a.code)", CastType::Text(0)) };
        let mut b = branch(s.table("article", "a"), &["UPPER_ASCII(a.code)"]);
        b.filter = vec![Predicate::After { columns: vec![order.clone()], slots: vec![0] }];
        b.order = vec![order];
        b.limit = Some(1);
        let params = [Value::text("ART"), Value::Int(5)].map(Param::Value);
        s.source.run(&statement(&[Type::Text], vec![b]), &params, &now()).await.unwrap();
    }
    s.admin.execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await.unwrap();
    let sent = s.log.0.lock().unwrap().clone();
    for sql in sent {
        let sql = sql.replace("$1", "'ART'").replace("$2", "5");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {sql}")))
            .fetch_all(&mut s.admin)
            .await
            .unwrap();
        let has = |words: &str| plan.iter().any(|line| line.contains(words));
        assert!(has("article_code_upper") && has("Index Cond") && !has("Sort"), "{plan:?}");
    }
    s.end().await;
}
