//! The PostgreSQL of this bench, and the shops in it: one database for each number of articles, with
//! a schema for the ERP and one for each IsoShop. Made once; the data stay below `target/`.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use comptoir::demo::{self, DemoOptions, PostgresHalves};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{Outcome, memory};

/// On how many articles in a hundred IsoShop has a say.
pub const SHARES: [u8; 3] = [1, 20, 100];

/// A running server; halted when dropped.
pub struct Server {
    folder: PathBuf,
    base: String,
}

impl Server {
    /// Starts it.
    pub fn start(folder: &Path) -> Outcome<Self> {
        let pid = std::process::id().to_string();
        let output = script(folder, &["keep"], Some(&pid)).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err("PostgreSQL does not start (tests/support/postgres.sh says why)".into());
        }
        let url = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let base = url.rsplit_once('/').ok_or("not a URL")?.0.to_owned();
        Ok(Self { folder: folder.to_owned(), base })
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    /// The URL of a database in which names are looked up in a schema.
    pub fn url_in(&self, database: &str, schema: &str) -> String {
        format!("{}?options=-c%20search_path%3D{schema}", self.url(database))
    }

    /// The name of the database with so many articles, made when it is not there.
    pub async fn database(&self, articles: u32) -> Outcome<String> {
        let name = format!("shop_{articles}");
        let mut admin = PgConnection::connect(&self.url("postgres")).await?;
        let comment: Option<Option<String>> = sqlx::query_scalar(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1",
        )
        .bind(&name)
        .fetch_optional(&mut admin)
        .await?;
        let wanted = format!("{}, {SHARES:?}", demo::generator());
        if comment.flatten().as_deref() == Some(wanted.as_str()) {
            return Ok(name);
        }
        let started = Instant::now();
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            admin.execute(AssertSqlSafe(sql)).await?;
        }
        let mut own = PgConnection::connect(&self.url(&name)).await?;
        let mut schemas = vec!["erp".to_owned()];
        schemas.extend(SHARES.iter().map(|share| isoshop(*share)));
        for schema in &schemas {
            own.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await?;
        }
        own.close().await?;
        memory::forget_peak();
        for (n, share) in SHARES.into_iter().enumerate() {
            let (erp, isoshop) = (self.url_in(&name, "erp"), self.url_in(&name, &isoshop(share)));
            let halves = PostgresHalves { erp: (n == 0).then_some(&erp), isoshop: Some(&isoshop) };
            let options = DemoOptions { articles, overlay: Some(share), ..DemoOptions::default() };
            demo::load_postgres(halves, &options, &mut |_| {}).await?;
        }
        let peak = memory::peak();
        admin.execute(AssertSqlSafe(format!("COMMENT ON DATABASE {name} IS '{wanted}'"))).await?;
        admin.execute("CHECKPOINT").await?;
        println!(
            "made {name} in {:.0} s: the ERP and {} IsoShops; {peak:.0} MB of our memory at the peak",
            started.elapsed().as_secs_f64(),
            SHARES.len()
        );
        Ok(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = script(&self.folder, &["halt"], None).status();
    }
}

/// The schema of an IsoShop.
pub fn isoshop(share: u8) -> String {
    format!("isoshop_{share}")
}

fn script(folder: &Path, what: &[&str], pid: Option<&str>) -> Command {
    let mut command = Command::new("sh");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/postgres.sh"));
    command.args(what).arg(folder).args(pid).stdin(Stdio::null());
    command
}
