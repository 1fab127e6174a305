//! A SQL Server for the tests: the one of `COMPTOIR_TEST_SQLSERVER_URL` if it is set, else the
//! stand-in (`tests/support/tds/`), one per run where the runner exports it (nextest's set-up script
//! does), else one per test process. Databases are made and dropped by the tests themselves.
//!
//! The URL: `sqlserver://USER:PASSWORD@HOST:PORT/master?tls=required&ca_file=/path/ca.pem`. Without a
//! `ca_file` any certificate is taken.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use percent_encoding::percent_decode_str;
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::postgres;

/// A connection of tiberius.
pub type Connection = Client<Compat<TcpStream>>;

static SERVER: OnceLock<Result<(String, bool), String>> = OnceLock::new();
static SERIAL: AtomicU32 = AtomicU32::new(0);

fn found() -> Result<&'static (String, bool), &'static str> {
    SERVER
        .get_or_init(|| match std::env::var("COMPTOIR_TEST_SQLSERVER_URL") {
            Ok(url) if !url.is_empty() => {
                Ok((url, std::env::var_os("COMPTOIR_TEST_SQLSERVER_STAND_IN").is_some()))
            }
            _ => start().map(|url| (url, true)),
        })
        .as_ref()
        .map_err(String::as_str)
}

/// The server's URL (its `master` database), or why there is none.
pub fn server() -> Result<&'static str, &'static str> {
    found().map(|(url, _)| url.as_str())
}

/// Whether there is a server; prints why not, so that a skipped test is seen.
pub fn available(test: &str) -> bool {
    match server() {
        Ok(_) => true,
        Err(reason) => {
            eprintln!("skipped {test}: {reason}");
            false
        }
    }
}

/// Whether the server is Microsoft's, by what it says of itself, for tests that mean nothing on the
/// stand-in or a look-alike; prints why they are skipped. Not to be called within a runtime.
pub fn real(test: &str, why: &str) -> bool {
    let skip = |found: &str| {
        eprintln!("skipped {test}: {why}; {found}");
        false
    };
    match found() {
        Ok((_, true)) => skip("set COMPTOIR_TEST_SQLSERVER_URL to a real SQL Server"),
        Ok(_) => {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let version = runtime.block_on(async {
                let mut client = connect("master").await;
                let found = run(&mut client, "SELECT CAST(@@VERSION AS nvarchar(300))").await;
                format!("{:?}", found[0][0])
            });
            let real = version.contains("Microsoft SQL Server")
                && !["stand-in", "Babelfish"].iter().any(|other| version.contains(other));
            real || skip(&format!("COMPTOIR_TEST_SQLSERVER_URL leads to {version}"))
        }
        Err(reason) => skip(reason),
    }
}

/// Whether the server is the stand-in, which has its own certificate authority.
pub fn is_stand_in() -> bool {
    found().is_ok_and(|(_, stand_in)| *stand_in)
}

fn script(args: &[&str]) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tds.sh");
    let output = Command::new("sh")
        .arg(script)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cannot run tests/support/tds.sh: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn start() -> Result<String, String> {
    let postgres = postgres::server()?;
    script(&["start", "--postgres", postgres, "--until", &std::process::id().to_string()])
}

/// The folder of a stand-in: the one that its certificate authority is in.
fn folder_of(url: &str) -> PathBuf {
    let file = address_of(url).ca_file.expect("a ca_file");
    Path::new(&file).parent().expect("a folder").to_owned()
}

/// The logins that the stand-in has let in, as it notes them.
pub fn logins() -> Vec<serde_json::Value> {
    let text =
        std::fs::read_to_string(folder_of(server().expect("a server")).join("logins")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A stand-in of one test's own, which may be killed.
pub struct Own {
    folder: PathBuf,
    /// Its URL.
    pub url: String,
}

impl Own {
    /// Starts one; `None`, and why, without what it stands on.
    pub fn start(test: &str) -> Option<Self> {
        match start() {
            Ok(url) => Some(Self { folder: folder_of(&url), url }),
            Err(reason) => {
                eprintln!("skipped {test}: {reason}");
                None
            }
        }
    }

    fn script(&self, args: &[&str]) {
        let folder = self.folder.to_string_lossy();
        let all = [&args[..1], &[&*folder], &args[1..]].concat();
        script(&all).unwrap_or_else(|why| panic!("{all:?}: {why}"));
    }

    /// Ends it as a crash does.
    pub fn kill(&self) {
        self.script(&["kill"]);
    }

    /// Starts it again, on its port and with what it held.
    pub fn restart(&self) {
        self.script(&["restart", "--until", &std::process::id().to_string()]);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = script(&["stop", &self.folder.to_string_lossy()]);
    }
}

/// A table that nobody may read, until dropped.
pub enum Held {
    /// The stand-in's readers wait for nobody: PostgreSQL's own lock.
    Postgres(sqlx::PgConnection),
    /// A writer's lock.
    Writer(Box<Connection>),
}

/// Keeps readers out of a table of a database.
pub async fn hold(url: &str, database: &str, table: &str) -> Held {
    let state = address_of(url).ca_file.and_then(|_| std::fs::read(folder_of(url).join("state.json")).ok());
    let Some(state) = state else {
        let mut client = open(&config_of(url, database)).await.expect("the server");
        run(
            &mut client,
            &format!("BEGIN TRANSACTION; SELECT TOP (1) 1 FROM [{table}] WITH (TABLOCKX, HOLDLOCK)"),
        )
        .await;
        return Held::Writer(Box::new(client));
    };
    let state: serde_json::Value = serde_json::from_slice(&state).expect("JSON");
    let (server, _) = state["postgres"].as_str().and_then(|u| u.rsplit_once('/')).expect("a URL");
    let below = format!("{server}/{}", state["database"].as_str().expect("a database"));
    let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(&below).await.expect("the server below");
    let lock = format!("BEGIN; LOCK TABLE \"db:{database}\".\"{table}\" IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut conn).await.expect("a lock");
    Held::Postgres(conn)
}

impl Held {
    /// Lets readers in again.
    pub async fn release(self) {
        match self {
            Self::Postgres(conn) => sqlx::Connection::close(conn).await.expect("an end"),
            Self::Writer(mut client) => drop(run(&mut client, "ROLLBACK TRANSACTION").await),
        }
    }
}

/// The URL of a database of the server.
pub fn url_of(database: &str) -> String {
    url_in(server().expect("a server"), database)
}

/// The URL of a database of a server.
pub fn url_in(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |at| host + at);
    format!("{}/{database}?{query}", &address[..end])
}

/// What the server's URL says.
pub struct Address {
    /// Host name or number.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The login.
    pub user: String,
    /// Its password.
    pub password: String,
    /// PEM file of the authority that signed the server's certificate.
    pub ca_file: Option<String>,
}

/// Reads the server's URL.
pub fn address() -> Address {
    address_of(server().expect("a server"))
}

fn address_of(url: &str) -> Address {
    let decode = |text: &str| percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned();
    let rest = url.strip_prefix("sqlserver://").expect("sqlserver://");
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (login, place) = rest.split('/').next().and_then(|a| a.rsplit_once('@')).expect("a login and a host");
    let (user, password) = login.split_once(':').expect("a password");
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "1433"));
    Address {
        host: decode(host),
        port: port.parse().expect("a port"),
        user: decode(user),
        password: decode(password),
        ca_file: query.split('&').find_map(|pair| pair.strip_prefix("ca_file=")).map(decode),
    }
}

/// How tiberius goes to a database of the server, encrypted.
pub fn config(database: &str) -> Config {
    config_of(server().expect("a server"), database)
}

fn config_of(url: &str, database: &str) -> Config {
    let address = address_of(url);
    let mut config = Config::new();
    config.host(&address.host);
    config.port(address.port);
    config.database(database);
    config.authentication(AuthMethod::sql_server(&address.user, &address.password));
    config.application_name("comptoir tests");
    config.encryption(EncryptionLevel::Required);
    match &address.ca_file {
        Some(file) => config.trust_cert_ca_bundle(std::fs::read(file).expect("the ca_file")),
        None => config.trust_cert(),
    }
    config
}

/// Opens a connection.
pub async fn open(config: &Config) -> tiberius::Result<Connection> {
    let tcp = TcpStream::connect(config.get_addr()).await?;
    tcp.set_nodelay(true)?;
    Box::pin(Client::connect(config.clone(), tcp.compat_write())).await
}

/// A connection to a database of the server.
pub async fn connect(database: &str) -> Connection {
    open(&config(database)).await.unwrap_or_else(|e| panic!("cannot connect to the SQL Server: {e}"))
}

/// Runs a batch; every row of every result.
pub async fn rows(client: &mut Connection, batch: &str) -> tiberius::Result<Vec<Vec<ColumnData<'static>>>> {
    let results = client.simple_query(batch).await?.into_results().await?;
    Ok(results.into_iter().flatten().map(|row| row.into_iter().collect()).collect())
}

/// Runs a batch that must work.
pub async fn run(client: &mut Connection, batch: &str) -> Vec<Vec<ColumnData<'static>>> {
    rows(client, batch)
        .await
        .unwrap_or_else(|e| panic!("{e}\nin: {}", batch.chars().take(400).collect::<String>()))
}

/// A fresh database under a collation, holding what the scripts make. Batches are parted by lines
/// that say `GO`.
pub async fn database(collation: &str, scripts: &[&str]) -> String {
    database_in(server().expect("a server"), collation, scripts).await
}

/// A fresh database of some server.
pub async fn database_in(url: &str, collation: &str, scripts: &[&str]) -> String {
    let name = format!("c_{}_{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed));
    let mut admin = open(&config_of(url, "master")).await.expect("the server");
    run(&mut admin, &format!("CREATE DATABASE [{name}] COLLATE {collation}")).await;
    let _ = admin.close().await;
    let mut client = open(&config_of(url, &name)).await.expect("the server");
    batches(&mut client, scripts).await;
    let _ = client.close().await;
    name
}

/// Runs scripts in a database.
pub async fn execute(database: &str, scripts: &[&str]) {
    let mut client = connect(database).await;
    batches(&mut client, scripts).await;
    let _ = client.close().await;
}

async fn batches(client: &mut Connection, scripts: &[&str]) {
    for batch in scripts.iter().flat_map(|script| script.split("\nGO\n")).filter(|b| !b.trim().is_empty()) {
        run(client, batch).await;
    }
}

/// Removes a database, unless a test has done so.
pub async fn drop_if_there(name: &str) {
    let mut admin = connect("master").await;
    let there = run(&mut admin, &format!("SELECT 1 FROM sys.databases WHERE name = '{name}'")).await;
    let _ = admin.close().await;
    if !there.is_empty() {
        drop_database(name).await;
    }
}

/// Removes a database and whoever is connected to it.
pub async fn drop_database(name: &str) {
    let mut admin = connect("master").await;
    run(&mut admin, &format!("ALTER DATABASE [{name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")).await;
    run(&mut admin, &format!("DROP DATABASE [{name}]")).await;
    let _ = admin.close().await;
}
