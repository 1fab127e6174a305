//! A source that misbehaves: its cells are unknown, the other sources' answers are unharmed, and it is used again
//! without a restart. The servers are real: they are stopped, killed and started again.

mod sqlserver;
mod stale;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::support::{
    block_on,
    gateway::{self, Gateway},
    postgres,
    shops::{self, Engine, Folder},
};

/// A PostgreSQL of one test's own, which may be killed. It ends with the test's process at the latest.
struct Own {
    folder: PathBuf,
    url: String,
}

fn script(args: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/postgres.sh");
    let done = Command::new("sh").arg(script).args(args).stdin(Stdio::null()).output().expect("the script");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

impl Own {
    /// A server that holds the fixture's IsoShop base.
    async fn start() -> Self {
        let said = script(&["start", "--until", &std::process::id().to_string(), "--folder"]);
        let (folder, url) = said.split_once('\n').expect("a folder and a URL");
        let own = Self { folder: folder.into(), url: url.to_owned() };
        let mut conn = own.connect().await;
        for file in ["migrations/isoshop/postgres/0001_isoshop.sql", "tests/fixtures/base/isoshop.sql"] {
            conn.execute(AssertSqlSafe(shops::read(file))).await.expect("the fixture");
        }
        // The tests' servers do not wait for the disk; what must outlive a crash is written now.
        conn.execute("CHECKPOINT").await.expect("a checkpoint");
        own
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the server")
    }

    fn kill(&self) {
        script(&["kill", &self.folder.to_string_lossy()]);
    }

    fn restart(&self) {
        script(&["restart", &self.folder.to_string_lossy()]);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        script(&["stop", &self.folder.to_string_lossy()]);
    }
}

/// The base shop with its ERP on SQLite and its IsoShop base on PostgreSQL.
async fn shop(url: &str, limits: &str) -> (Folder, Gateway) {
    shop_on("postgres", url, limits).await
}

/// The base shop with its ERP on SQLite and its IsoShop base wherever `url` says.
pub(crate) async fn shop_on(kind: &str, url: &str, limits: &str) -> (Folder, Gateway) {
    let folder = shops::base().make(Engine::Sqlite).await;
    let file = folder.path().join("comptoir.toml");
    let mut config: toml::Table = std::fs::read_to_string(&file).expect("the file").parse().expect("TOML");
    let source = format!(
        "[sources.isoshop]\nkind = \"{kind}\"\nconnector = \"isoshop\"\nurl = \"{url}\"\n[sources.isoshop.limits]\n{limits}"
    );
    let source: toml::Table = source.parse().expect("TOML");
    config["sources"]["isoshop"] = source["sources"]["isoshop"].clone();
    std::fs::write(&file, config.to_string()).expect("the file");
    let gateway = Gateway::open(folder.path()).expect("a shop");
    (folder, gateway)
}

const ARTICLE: &str = "{ article(code: \"VTT-100\") { title family } }";

/// The title, and the cause for which IsoShop could not say it.
pub(crate) async fn title(gateway: &Gateway) -> (String, Option<String>) {
    let answer = gateway.run(ARTICLE, serde_json::Map::default(), &[]).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    // What the ERP alone says is there, whatever IsoShop does.
    assert_eq!(answer["data"]["article"]["family"], "VELOS");
    let degraded = &answer["extensions"]["degraded"];
    if !degraded.is_null() {
        assert_eq!(degraded[0]["source"], "isoshop");
        assert_eq!(degraded.as_array().map(Vec::len), Some(1), "{degraded}");
    }
    let cause = degraded[0]["cause"].as_str().map(str::to_owned);
    (answer["data"]["article"]["title"].as_str().expect("a title").to_owned(), cause)
}

pub(crate) const ERP_SAYS: &str = "VTT Cime";
const ISOSHOP_SAYS: &str = "VTT Cime 29 pouces";

pub(crate) fn served() -> (String, Option<String>) {
    (ISOSHOP_SAYS.to_owned(), None)
}

pub(crate) fn fallback(cause: &str) -> (String, Option<String>) {
    (ERP_SAYS.to_owned(), Some(cause.to_owned()))
}

/// Asks until the source is back; it must come back by itself.
pub(crate) async fn recovers(gateway: &Gateway) {
    for _ in 0..600 {
        if title(gateway).await == served() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came back: {:?}", title(gateway).await);
}

pub(crate) async fn status(gateway: &Gateway) -> Json {
    let data =
        gateway.data("{ sources { name reachable circuit problem lastError { cause message } } }").await;
    data["sources"][1].clone()
}

#[test]
fn a_server_killed_in_the_middle_of_a_statement_and_started_again() {
    if !gateway::ready("a killed server") || !postgres::available("a killed server") {
        return;
    }
    block_on(async {
        let own = Own::start().await;
        let (_folder, gateway) = shop(&own.url, "statement_seconds = 30").await;
        assert_eq!(title(&gateway).await, served());
        // The statement waits for a lock; meanwhile the server is killed.
        let mut holder = own.connect().await;
        holder.execute("BEGIN; LOCK TABLE article IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
        let asked = title(&gateway);
        let crash = async {
            let mut watcher = own.connect().await;
            loop {
                let waiting: i64 = sqlx::query_scalar(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'comptoir'",
                )
                .fetch_one(&mut watcher)
                .await
                .expect("a count");
                if waiting > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            own.kill();
        };
        let (answer, ()) = futures::join!(asked, crash);
        assert_eq!(answer, fallback("CONNECTION_LOST"));
        assert_eq!(title(&gateway).await, fallback("CONNECT"), "nobody listens");
        let down = status(&gateway).await;
        assert_eq!((&down["reachable"], &down["lastError"]["cause"]), (&json!(false), &json!("CONNECT")));
        own.restart();
        recovers(&gateway).await;
        assert_eq!(status(&gateway).await["reachable"], true);
    });
}

#[test]
fn a_server_that_is_down_at_the_start() {
    if !gateway::ready("a server down at the start") || !postgres::available("a server down at the start") {
        return;
    }
    block_on(async {
        let own = Own::start().await;
        own.kill();
        let (_folder, gateway) = shop(&own.url, "").await;
        assert_eq!(title(&gateway).await, fallback("CONNECT"));
        own.restart();
        recovers(&gateway).await;
    });
}

#[test]
fn a_locked_table_and_an_exhausted_pool() {
    if !gateway::ready("a locked table") || !postgres::available("a locked table") {
        return;
    }
    block_on(async {
        let own = Own::start().await;
        let limits = "connections = 2\nconnect_seconds = 1\nstatement_seconds = 2";
        let (_folder, gateway) = shop(&own.url, limits).await;
        assert_eq!(title(&gateway).await, served());
        let mut holder = own.connect().await;
        holder.execute("BEGIN; LOCK TABLE article IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
        assert_eq!(title(&gateway).await, fallback("TIMEOUT"));
        // Each waits for the table with one connection; the fourth finds none in time.
        let all = futures::future::join_all((0..4).map(|_| title(&gateway))).await;
        assert!(all.iter().all(|one| one.0 == ERP_SAYS && one.1.is_some()), "{all:?}");
        assert!(all.contains(&fallback("POOL_TIMEOUT")), "{all:?}");
        holder.execute("ROLLBACK").await.expect("no lock");
        recovers(&gateway).await;
    });
}

#[test]
fn a_refused_login_and_an_unknown_database() {
    if !gateway::ready("a refused login") || !postgres::available("a refused login") {
        return;
    }
    block_on(async {
        let own = Own::start().await;
        let (server, _) = own.url.rsplit_once('/').expect("a database in the URL");
        for (url, says) in [
            (format!("{server}/nulle_part"), "nulle_part"),
            (own.url.replace("postgres@", "personne:secret@"), "personne"),
        ] {
            let (_folder, gateway) = shop(&url, "").await;
            assert_eq!(title(&gateway).await, fallback("CONNECT"));
            let status = status(&gateway).await;
            let problem = status["problem"].as_str().expect("a problem");
            assert!(problem.contains(says), "{problem}");
            assert!(!status.to_string().contains("secret"), "{status}");
        }
    });
}

#[test]
fn a_server_that_never_answers_costs_its_limit_once() {
    if !gateway::ready("a silent server") {
        return;
    }
    block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let tried = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&tried);
        let silent = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                held.push(stream);
            }
        });
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let (_folder, gateway) = shop(&url, "connect_seconds = 1").await;
        assert_eq!(title(&gateway).await, fallback("CONNECT"));
        let first = tried.load(Ordering::SeqCst);
        assert!(first >= 1);
        assert_eq!(status(&gateway).await["circuit"], "OPEN");
        for _ in 0..20 {
            assert_eq!(title(&gateway).await, fallback("CONNECT"));
        }
        // Twenty requests later it has been tried again once or twice, by one request at a time.
        let later = tried.load(Ordering::SeqCst);
        assert!(later <= first + 2, "{first}, then {later}");
        silent.abort();
    });
}
