//! A private PostgreSQL. One per run where the runner exports `COMPTOIR_TEST_POSTGRES_URL`
//! (nextest's set-up script does), else one per test process, stopped by its guard when the process
//! is gone. Without PostgreSQL on the machine the tests on it are skipped, saying so.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

static SERVER: OnceLock<Result<String, String>> = OnceLock::new();
static SERIAL: AtomicU32 = AtomicU32::new(0);

/// The server's URL (its `postgres` database), or why there is none.
pub fn server() -> Result<&'static str, &'static str> {
    SERVER
        .get_or_init(|| match std::env::var("COMPTOIR_TEST_POSTGRES_URL") {
            Ok(url) if !url.is_empty() => Ok(url),
            _ => start(),
        })
        .as_deref()
        .map_err(String::as_str)
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

fn start() -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/postgres.sh");
    let output = Command::new("sh")
        .arg(script)
        .args(["start", "--until", &std::process::id().to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cannot run tests/support/postgres.sh: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// The URL of a database of the server.
pub fn url_of(database: &str) -> String {
    let server = server().expect("a server");
    let (base, _) = server.rsplit_once('/').expect("a database in the URL");
    format!("{base}/{database}")
}

/// A fresh database holding what `scripts` make, then what `more` do to it. The same scripts are run
/// once per server; further databases are copies of the first.
pub async fn database(scripts: &[String], more: &[String]) -> String {
    let template = format!("t_{:016x}", fingerprint(scripts));
    let name =
        format!("c_{}_{}_{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed), &template[2..8]);
    let mut admin = connect(server().expect("a server")).await;
    // The lock belongs to the connection: other test processes wait for a template in the making.
    run(&mut admin, "SELECT pg_advisory_lock(4242)").await;
    let made: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&template)
        .fetch_optional(&mut admin)
        .await
        .expect("pg_database");
    if made.is_none() {
        run(&mut admin, &format!("CREATE DATABASE \"{template}_new\"")).await;
        let mut fresh = connect(&url_of(&format!("{template}_new"))).await;
        for script in scripts {
            run(&mut fresh, script).await;
        }
        fresh.close().await.expect("close");
        run(&mut admin, &format!("ALTER DATABASE \"{template}_new\" RENAME TO \"{template}\"")).await;
    }
    run(&mut admin, &format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"")).await;
    admin.close().await.expect("close");
    if !more.is_empty() {
        let mut fresh = connect(&url_of(&name)).await;
        for script in more {
            run(&mut fresh, script).await;
        }
        fresh.close().await.expect("close");
    }
    name
}

/// Removes a database and whoever is connected to it.
pub async fn drop_database(name: &str) {
    let mut admin = connect(server().expect("a server")).await;
    run(&mut admin, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await;
    let _ = admin.close().await;
}

/// Runs a script in a database.
pub async fn execute(database: &str, script: &str) {
    let mut connection = connect(&url_of(database)).await;
    run(&mut connection, script).await;
    connection.close().await.expect("close");
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap_or_else(|e| panic!("cannot connect to the test server: {e}"))
}

async fn run(connection: &mut PgConnection, script: &str) {
    sqlx::raw_sql(AssertSqlSafe(script.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|e| panic!("{e}\nin: {}", script.chars().take(400).collect::<String>()));
}

/// FNV-1a over the scripts.
fn fingerprint(scripts: &[String]) -> u64 {
    scripts.iter().flat_map(|s| s.bytes().chain([0])).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
