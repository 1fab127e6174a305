//! What a source costs over its driver used bare: looking up 24 and 500 keys, and a page of 50 rows,
//! on SQLite, PostgreSQL and SQL Server.
//!
//! Both sides ask the same tables for the same three columns over one connection, in turn, and read
//! every value; the answers are compared before anything is timed. The bare side is written as one
//! would by hand for that engine (an array for PostgreSQL, JSON for SQLite, a list of parameters cast
//! to the column's type for SQL Server). Times are medians of all runs, ratios of the two medians.
//!
//! `cargo bench --bench drivers [-- --rounds N]`; servers are those of the tests.

mod bare;
mod support;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use comptoir::{
    config::{Secret, SourceKind, SourceLimits},
    sources::{
        Moment, Param, SharedSource, Statement, Trace,
        expr::{CastType, Expr},
        open::{Opening, open},
        select::{Branch, Decode, Item, OrderBy, Output, Predicate, Select, Table},
    },
    value::{Type, Value},
};

use self::{
    bare::{Bare, Item as Row},
    support::{postgres, sqlserver},
};

/// Statements are not looked at.
struct Untold;

impl Trace for Untold {
    fn sent(&self, _source: &str, _sql: &str) {}
}

/// Rows of the table.
const ROWS: usize = 10_000;

/// One thing that is measured.
#[derive(Clone, Debug)]
enum Task {
    /// A batch of keys.
    Keys(Vec<String>),
    /// Fifty rows after a key.
    Page(String),
}

fn code(n: usize) -> String {
    format!("ART-{n:06}")
}

/// Keys spread over the table, in no order.
fn keys(count: usize) -> Task {
    Task::Keys((0..count).map(|n| code(n * 7_919 % ROWS)).collect())
}

fn tasks() -> [(&'static str, Task); 3] {
    [("24 keys", keys(24)), ("500 keys", keys(500)), ("50-row page", Task::Page(code(4_321)))]
}

/// The table's statements: made, then filled by hundreds.
fn script(kind: SourceKind) -> Vec<String> {
    let (text, price) = match kind {
        SourceKind::SqlServer => ("varchar(69) NULL", "numeric(24,6) NULL"),
        _ => ("varchar(69)", "numeric(24,6)"),
    };
    let mut script = vec![format!(
        "CREATE TABLE item (code varchar(19) NOT NULL PRIMARY KEY, title {text}, price {price})"
    )];
    for chunk in (0..ROWS).collect::<Vec<_>>().chunks(500) {
        let rows: Vec<String> = chunk
            .iter()
            .map(|n| format!("('{}', 'Article number {n} of the table', {}.25)", code(*n), n % 900))
            .collect();
        script.push(format!("INSERT INTO item (code, title, price) VALUES {}", rows.join(", ")));
    }
    script
}

fn statement(task: &Task) -> (Statement, Vec<Param>) {
    let column = |name: &str| Expr::column("i", name);
    let output = |ty: Type, label: &str| Output { decode: Decode::of(ty), label: label.to_owned() };
    let by = OrderBy { expr: column("code"), ty: CastType::Text(19), descending: false };
    let mut branch = Branch {
        from: Table { prefix: None, name: "item".into(), alias: "i".into() },
        joins: Vec::new(),
        pairs: None,
        items: ["code", "title", "price"].map(|name| Item::from(column(name))).into(),
        filter: Vec::new(),
        order: Vec::new(),
        limit: None,
        window: None,
        distinct: false,
    };
    let params = match task {
        Task::Keys(keys) => {
            let types = vec![CastType::Text(19)];
            branch.filter.push(Predicate::In { exprs: vec![column("code")], types, slot: 0 });
            vec![Param::Keys(keys.iter().map(|k| vec![Value::text(k.as_str())].into()).collect())]
        }
        Task::Page(after) => {
            branch.filter.push(Predicate::After { columns: vec![by.clone()], slots: vec![0] });
            branch.order = vec![by];
            branch.limit = Some(1);
            vec![Param::Value(Value::text(after.as_str())), Param::Value(Value::Int(50))]
        }
    };
    let outputs =
        vec![output(Type::Text, "code"), output(Type::Text, "title"), output(Type::Decimal, "price")];
    (
        Statement::new(Select {
            outputs,
            branches: vec![branch],
            order: Vec::new(),
            descending: false,
            count: false,
        }),
        params,
    )
}

async fn ours(source: &SharedSource, statement: &Statement, params: &[Param]) -> Vec<Row> {
    let rows = source.run(statement, params, &Moment::now(None)).await.expect("an answer");
    (0..rows.len())
        .map(|r| match (rows.get(r, 0), rows.get(r, 1), rows.get(r, 2)) {
            (Value::Text(code), Value::Text(title), Value::Decimal(price)) => {
                (code.to_string(), title.to_string(), *price)
            }
            other => panic!("not the row that was written: {other:?}"),
        })
        .collect()
}

fn median(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e6
}

async fn measure(kind: SourceKind, url: &str, mut bare: Bare, rounds: usize) {
    let limits =
        SourceLimits { connections: 1, connect: Duration::from_secs(10), statement: Duration::from_secs(30) };
    let url = Secret(url.to_owned());
    let (dir, zone) = (Path::new("."), chrono_tz::UTC);
    let opening = Opening { name: "bench", kind, url: &url, limits: &limits, dir, zone, twins: &[] };
    let source = open(opening, Arc::new(Untold)).expect("a source");
    for (title, task) in tasks() {
        let (statement, params) = statement(&task);
        let (mut a, mut b) = (ours(&source, &statement, &params).await, bare.run(&task).await);
        a.sort();
        b.sort();
        assert!(a == b && !a.is_empty(), "{title}: the two sides answer differently");
        let (mut of_ours, mut of_bare) = (Vec::new(), Vec::new());
        // The first runs warm both sides up.
        for round in 0..rounds + rounds / 5 {
            let started = Instant::now();
            std::hint::black_box(ours(&source, &statement, &params).await);
            let middle = Instant::now();
            std::hint::black_box(bare.run(&task).await);
            if round >= rounds / 5 {
                of_ours.push(middle - started);
                of_bare.push(middle.elapsed());
            }
        }
        let (ours, bare) = (median(of_ours), median(of_bare));
        let kind = format!("{kind:?}").to_lowercase();
        println!("{kind:<12}{title:<14}{ours:>10.0}{bare:>10.0}{:>8.2}", ours / bare);
    }
    source.close().await;
}

fn rounds() -> usize {
    let mut arguments = std::env::args().skip_while(|a| a != "--rounds").skip(1);
    arguments.next().and_then(|n| n.parse().ok()).unwrap_or(300)
}

#[tokio::main]
async fn main() {
    let rounds = rounds();
    println!("medians of {rounds} runs, µs; one connection, {ROWS} rows");
    println!();
    println!("{:<12}{:<14}{:>10}{:>10}{:>8}", "", "", "source", "bare", "ratio");
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("bench.db");
    let bare = Bare::sqlite(&file, &script(SourceKind::Sqlite)).await;
    measure(SourceKind::Sqlite, &format!("sqlite:{}", file.display()), bare, rounds).await;
    if let Err(reason) = postgres::server() {
        println!("postgres    skipped: {reason}");
    } else {
        let name = postgres::database(&[script(SourceKind::Postgres).join(";\n")], &[]).await;
        let url = postgres::url_of(&name);
        measure(SourceKind::Postgres, &url, Bare::postgres(&url).await, rounds).await;
        postgres::drop_database(&name).await;
    }
    if let Err(reason) = sqlserver::server() {
        println!("sqlserver   skipped: {reason}");
    } else {
        let script = script(SourceKind::SqlServer);
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let name = sqlserver::database("French_CI_AS", &script).await;
        let bare = Bare::SqlServer(Box::new(sqlserver::connect(&name).await));
        measure(SourceKind::SqlServer, &sqlserver::url_of(&name), bare, rounds / 3).await;
        sqlserver::drop_database(&name).await;
        if sqlserver::is_stand_in() {
            println!();
            println!("sqlserver is the tests' stand-in (a translator before PostgreSQL): its times are the");
            println!("stand-in's own, and bring the ratio close to 1; only a real server shows ours.");
        }
    }
}
