//! A SQL Server for the tests: the one of `COMPTOIR_TEST_SQLSERVER_URL` if it is set, else the
//! stand-in (`tests/support/tds/`), one per run where the runner exports it (nextest's set-up script
//! does), else one per test process. Databases are made and dropped by the tests themselves.
//!
//! The URL: `sqlserver://USER:PASSWORD@HOST:PORT/master?tls=required&ca_file=/path/ca.pem`. Without a
//! `ca_file` any certificate is taken.

use std::{
    path::Path,
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

/// Whether the server is a SQL Server of its own, for tests that mean nothing on the stand-in;
/// prints why they are skipped.
#[allow(dead_code, reason = "for tests of what the stand-in cannot show")]
pub fn real(test: &str, why: &str) -> bool {
    match found() {
        Ok((_, false)) => true,
        Ok(_) => {
            eprintln!("skipped {test}: {why}; set COMPTOIR_TEST_SQLSERVER_URL to a real SQL Server");
            false
        }
        Err(reason) => {
            eprintln!("skipped {test}: {reason}");
            false
        }
    }
}

/// Whether the server is the stand-in, which has its own certificate authority.
pub fn is_stand_in() -> bool {
    found().is_ok_and(|(_, stand_in)| *stand_in)
}

fn start() -> Result<String, String> {
    let postgres = postgres::server()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tds.sh");
    let output = Command::new("sh")
        .arg(script)
        .args(["start", "--postgres", postgres, "--until", &std::process::id().to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cannot run tests/support/tds.sh: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// The URL of a database of the server.
#[allow(dead_code, reason = "for tests that configure the gateway")]
pub fn url_of(database: &str) -> String {
    let url = server().expect("a server");
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
    let decode = |text: &str| percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned();
    let url = server().expect("a server");
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
    let address = address();
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
    Client::connect(config.clone(), tcp.compat_write()).await
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
    let name = format!("c_{}_{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed));
    let mut admin = connect("master").await;
    run(&mut admin, &format!("CREATE DATABASE [{name}] COLLATE {collation}")).await;
    let _ = admin.close().await;
    execute(&name, scripts).await;
    name
}

/// Runs scripts in a database.
pub async fn execute(database: &str, scripts: &[&str]) {
    let mut client = connect(database).await;
    for batch in scripts.iter().flat_map(|script| script.split("\nGO\n")).filter(|b| !b.trim().is_empty()) {
        run(&mut client, batch).await;
    }
    let _ = client.close().await;
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
