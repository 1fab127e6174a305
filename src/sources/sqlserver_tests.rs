//! The driver against a real server or the tests' stand-in, when `COMPTOIR_TEST_SQLSERVER_URL` names
//! one. Each test works in a database of its own and drops it.

use std::{path::Path, sync::Arc, time::Duration};

use super::*;
use crate::{
    config::{Secret, SourceKind, SourceLimits},
    sources::{
        Moment, SharedSource,
        open::{Opening, open},
        pooled::manager::{Lease, Manager},
        sqlite::tests::{Log, branch, statement, table},
    },
    value::{Type, Value},
};

fn opening<'a>(url: &'a Secret, limits: &'a SourceLimits, zone: chrono_tz::Tz) -> Opening<'a> {
    Opening { name: "erp", kind: SourceKind::SqlServer, url, limits, dir: Path::new("."), zone, twins: &[] }
}

/// A database of its own.
pub(in crate::sources) struct Server {
    admin: Client<Compat<TcpStream>>,
    name: String,
    /// The database's URL.
    pub url: String,
}

fn of_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let address = address.rsplit_once('/').map_or(address, |(server, _)| server);
    format!("{address}/{database}?{query}")
}

async fn admin(url: &str) -> Client<Compat<TcpStream>> {
    SqlServer::new(url, Path::new("."), LONG, Vec::new()).unwrap().dial().await.unwrap()
}

const LONG: Duration = Duration::from_secs(20);

impl Server {
    /// `None` (and a line that says so) without a server.
    pub async fn new(serial: impl std::fmt::Display) -> Option<Self> {
        let Some(server) = std::env::var("COMPTOIR_TEST_SQLSERVER_URL").ok().filter(|u| !u.is_empty()) else {
            println!("skipped: COMPTOIR_TEST_SQLSERVER_URL is not set");
            return None;
        };
        let name = format!("comptoir_{}_{serial}", std::process::id());
        let mut master = admin(&server).await;
        let sql = format!("CREATE DATABASE [{name}] COLLATE French_CI_AS");
        master.simple_query(sql).await.unwrap().into_results().await.unwrap();
        let url = of_database(&server, &name);
        Some(Self { admin: admin(&url).await, name, url })
    }

    pub async fn run(&mut self, sql: &str) {
        let done = match self.admin.simple_query(sql).await {
            Ok(stream) => stream.into_results().await,
            Err(e) => Err(e),
        };
        done.unwrap_or_else(|e| panic!("{e}\nin: {sql}"));
    }

    /// Ends everybody else's sessions in the database.
    pub async fn kill(&mut self) {
        let name = self.name.clone();
        self.run(&format!("ALTER DATABASE [{name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")).await;
        self.run(&format!("ALTER DATABASE [{name}] SET MULTI_USER")).await;
    }

    pub async fn drop(&mut self) {
        // The session in the database ends before the database can.
        self.admin = admin(&of_database(&self.url, "master")).await;
        let name = self.name.clone();
        self.run(&format!("ALTER DATABASE [{name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")).await;
        self.run(&format!("DROP DATABASE [{name}]")).await;
    }

    fn source(&self, more: &str) -> SharedSource {
        let limits = SourceLimits { connections: 2, connect: Duration::from_secs(5), statement: LONG };
        let url = Secret(format!("{}{more}", self.url));
        let log = Arc::new(Log::default());
        open(opening(&url, &limits, chrono_tz::Europe::Paris), log).unwrap()
    }
}

#[tokio::test]
async fn a_used_connection_comes_back_clean() {
    async fn ask(lease: &mut Lease<SqlServer>, sql: &str) -> Option<i32> {
        let rows = lease.conn().unwrap().client.simple_query(sql).await.unwrap();
        rows.into_row().await.unwrap().and_then(|row| row.try_get(0).unwrap())
    }
    const SESSION: &str = "SELECT CAST(@@SPID AS int)";
    let Some(mut s) = Server::new("recycle").await else { return };
    s.run("CREATE TABLE t (n int)").await;
    let wire = SqlServer::new(&s.url, Path::new("."), LONG, Vec::new()).unwrap();
    let pool = Manager::pool(wire, 2, LONG).unwrap();
    let era = &pool.manager().era;
    // One is left with an open transaction.
    let mut lease = pool.get().await.ok().unwrap();
    let first = ask(&mut lease, SESSION).await.unwrap();
    for sql in ["BEGIN TRANSACTION", "INSERT INTO t VALUES (1)"] {
        ask(&mut lease, sql).await;
    }
    assert_eq!(ask(&mut lease, "SELECT @@TRANCOUNT").await, Some(1));
    lease.conn().unwrap().dirty = true;
    lease.give_back(era);
    let mut lease = pool.get().await.ok().unwrap();
    assert_eq!(ask(&mut lease, SESSION).await, Some(first), "the same session");
    assert_eq!(ask(&mut lease, "SELECT @@TRANCOUNT").await, Some(0));
    assert_eq!(ask(&mut lease, "SELECT CAST(COUNT(*) AS int) FROM t").await, Some(0));
    // Two are dead: neither is handed out, nor is what was known of the database kept.
    let other = pool.get().await.ok().unwrap();
    lease.give_back(era);
    other.give_back(era);
    let before = era.number();
    s.kill().await;
    tokio::time::sleep(TRUSTED + Duration::from_millis(200)).await;
    let mut lease = pool.get().await.ok().unwrap();
    assert_eq!(ask(&mut lease, "SELECT CAST(COUNT(*) AS int) FROM t").await, Some(0));
    assert_ne!(era.number(), before);
    assert_eq!(pool.status().size, 1);
    pool.close();
    drop(lease);
    s.drop().await;
}

#[tokio::test]
async fn types_of_its_own() {
    let Some(mut s) = Server::new("types").await else { return };
    s.run(
        "CREATE TABLE t (a money, b smallmoney, c tinyint, d bit, e datetime, f datetime2(7), g smalldatetime, h date,
           i varbinary(20), j numeric(24,6), k nchar(5), l real, m datetimeoffset)",
    )
    .await;
    s.run(
        "INSERT INTO t VALUES (922337203685477.5807, -1.5, 255, 0, '2024-01-15T10:11:12.997',
           '2024-07-01T12:00:00.123456', '2024-07-01T12:30:00', '2024-02-29', 0xFF, 0.000001, N'é', 0.1,
           '2024-07-01T12:00:00+02:00')",
    )
    .await;
    let source = s.source("");
    let items: Vec<String> = "abcdefghijklm".chars().map(|c| format!("t.{c}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let types = [
        Type::Decimal,
        Type::Decimal,
        Type::Int,
        Type::Boolean,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Date,
        Type::Text,
        Type::Decimal,
        Type::Text,
        Type::Decimal,
        Type::DateTime,
    ];
    let st = statement(&types, vec![branch(table("t", "t"), &items)]);
    let rows = source.run(&st, &[], &Moment::now(None)).await.unwrap();
    let shown: Vec<String> = rows.row(0).iter().map(|v| format!("{v:?}")).collect();
    insta::assert_snapshot!("types", shown.join("\n"));
    assert!(source.ping().await.unwrap().starts_with("SQL Server 1"));
    source.close().await;
    s.drop().await;
}

#[tokio::test]
async fn isolations() {
    let Some(mut s) = Server::new("isolation").await else { return };
    s.run("CREATE TABLE t (n int)").await;
    s.run("INSERT INTO t VALUES (1)").await;
    let st = || statement(&[Type::Int], vec![branch(table("t", "t"), &["t.n"])]);
    for isolation in ["read%20committed", "nolock"] {
        let source = s.source(&format!("&isolation={isolation}"));
        let rows = source.run(&st(), &[], &Moment::now(None)).await.unwrap();
        assert_eq!(rows.cells, [Value::Int(1)]);
        source.close().await;
    }
    let source = s.source("&isolation=snapshot");
    let error = source.run(&st(), &[], &Moment::now(None)).await.unwrap_err();
    assert!(error.to_string().contains("ALLOW_SNAPSHOT_ISOLATION ON"), "{error}");
    let name = s.name.clone();
    s.run(&format!("ALTER DATABASE [{name}] SET ALLOW_SNAPSHOT_ISOLATION ON")).await;
    assert_eq!(source.run(&st(), &[], &Moment::now(None)).await.unwrap().cells, [Value::Int(1)]);
    source.close().await;
    s.drop().await;
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let Some(mut s) = Server::new("refusals").await else { return };
    let ask = |url: String| async move {
        let limits = SourceLimits { connections: 1, connect: Duration::from_secs(5), statement: LONG };
        let log = Arc::new(Log::default());
        let source = open(opening(&Secret(url), &limits, chrono_tz::UTC), log);
        let error = source.unwrap().ping().await.unwrap_err();
        assert_eq!(error.cause(), "CONNECT");
        error.to_string()
    };
    let error = ask(of_database(&s.url, "nowhere_to_be_found")).await;
    assert!(error.contains("the database nowhere_to_be_found does not exist"), "{error}");
    let (login, rest) = s.url.split_once('@').unwrap();
    let user = login.trim_start_matches("sqlserver://").split(':').next().unwrap();
    let error = ask(format!("sqlserver://{user}:wr0ng@{rest}")).await;
    assert!(error.contains("refuses the login") && !error.contains("wr0ng"), "{error}");
    // Without the authority's certificate nobody vouches for a server's own.
    if let Some((before, _)) = s.url.split_once("&ca_file=") {
        let error = ask(before.to_owned()).await;
        assert!(error.contains("TLS with") && error.contains("ca_file"), "{error}");
    }
    s.drop().await;
}

#[tokio::test]
async fn a_server_that_is_down_is_an_error_of_the_statement() {
    let limits = SourceLimits { connections: 1, connect: Duration::from_secs(2), statement: LONG };
    let url = Secret("sqlserver://user:s3cret@127.0.0.1:1/db".into());
    let source = open(opening(&url, &limits, chrono_tz::UTC), Arc::new(Log::default())).unwrap();
    let error = source.ping().await.unwrap_err();
    assert_eq!(error.cause(), "CONNECT");
    assert!(!error.to_string().contains("s3cret"));
    for url in [
        "mysql://u:s3cret@h/db",
        "sqlserver://u:s3cret@h:port/db",
        "sqlserver://u:s3cret@h/",
        "sqlserver://h/db",
        "sqlserver://u:s3cret@h/db?tls=s3cret",
    ] {
        let log = Arc::new(Log::default());
        let opened = open(opening(&Secret(url.into()), &limits, chrono_tz::UTC), log);
        let error = opened.err().unwrap().to_string();
        assert!(error.contains("malformed") && !error.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn a_listener_that_says_nothing_costs_the_time_limit_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let limits = SourceLimits { connections: 1, connect: Duration::from_millis(300), statement: LONG };
    let url = Secret(format!("sqlserver://u:p@127.0.0.1:{port}/db"));
    let log = Arc::new(Log::default());
    let source = open(opening(&url, &limits, chrono_tz::UTC), log).unwrap();
    let started = std::time::Instant::now();
    assert_eq!(source.ping().await.unwrap_err().cause(), "CONNECT");
    assert!(started.elapsed() < Duration::from_secs(2));
}
