//! The tables, made and changed by one process at a time; what a later version made is left alone.

use std::{process::Stdio, sync::Arc};

use comptoir::{
    config::{Secret, SiteConfig},
    site::{Site, SiteError},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::{Base, everywhere};
use crate::support::{
    block_on, postgres, process,
    shops::{self, Engine},
};

#[test]
fn eight_at_once_make_the_tables_once() {
    everywhere("migrations at once", |base| async move {
        let all = (0..8).map(|_| {
            let site = base.site();
            tokio::spawn(async move {
                site.prepare().await.expect("prepared");
                site
            })
        });
        for site in futures::future::join_all(all).await {
            let site = site.expect("no panic");
            assert!(site.health().await.expect("it answers").len() > 6);
            site.close().await;
        }
        base.replica().admin().await;
    });
}

#[test]
fn processes_at_once_make_the_tables_once() {
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        let mut addresses = vec![("sqlite:site.db".to_owned(), None)];
        if postgres::available("migrations by two processes") {
            let name = postgres::database(&[], &[]).await;
            addresses.push((postgres::url_of(&name), Some(name)));
        }
        let toml = folder.path().join("comptoir.toml");
        let before = std::fs::read_to_string(&toml).expect("a file");
        for (url, database) in addresses {
            std::fs::write(folder.path().join("site.url"), url).expect("a file");
            std::fs::write(&toml, format!("{before}\n[site]\nurl_file = \"site.url\"\n")).expect("a file");
            let children: Vec<_> = (0..4)
                .map(|_| {
                    std::process::Command::new(env!("CARGO_BIN_EXE_comptoir"))
                        .args(["site", "migrate"])
                        .current_dir(folder.path())
                        .stdin(Stdio::null())
                        .stdout(Stdio::piped())
                        .stderr(Stdio::piped())
                        .spawn()
                        .expect("the binary starts")
                })
                .collect();
            for child in children {
                let done = child.wait_with_output().expect("it ends");
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            }
            let listed = process::comptoir(&["groups", "--json"], folder.path());
            assert_eq!(String::from_utf8_lossy(&listed.stdout).trim(), "[]");
            if let Some(database) = database {
                postgres::drop_database(&database).await;
            }
        }
    });
}

async fn change(base: &Base, sql: &str) {
    if let Some(database) = &base.database {
        postgres::execute(database, sql).await;
        return;
    }
    let mut connection =
        sqlx::sqlite::SqliteConnectOptions::new().filename(base.file()).connect().await.expect("the file");
    connection.execute(AssertSqlSafe(sql.to_owned())).await.expect("changed");
    connection.close().await.expect("closed");
}

#[test]
fn a_database_of_a_later_version_is_refused() {
    everywhere("a later version", |base| async move {
        let site = base.site();
        site.prepare().await.expect("prepared");
        site.close().await;
        change(
            &base,
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 9999, 'later', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
        let error = base.site().prepare().await.expect_err("refused");
        assert!(matches!(error, SiteError::Newer(9999)), "{error:?}");
        assert!(error.to_string().contains("newer than this program"), "{error}");
        assert!(matches!(base.site().start().await, Err(SiteError::Newer(_))), "no server starts on it");
        change(&base, "DELETE FROM _sqlx_migrations WHERE version = 9999").await;
        base.site().prepare().await.expect("good again");
    });
}

#[test]
fn tables_of_somebody_else_are_left_alone() {
    everywhere("somebody else's tables", |base| async move {
        if base.database.is_none() {
            std::fs::write(base.file(), "").expect("a file");
        }
        change(&base, "CREATE TABLE audit (mine TEXT)").await;
        let error = base.site().prepare().await.expect_err("refused");
        assert!(matches!(error, SiteError::Foreign(_)), "{error:?}");
    });
}

#[test]
fn what_cannot_be_used_is_told_before_anything_is_served() {
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let of = |url: &str| {
            let config = SiteConfig { url: Some(Secret(url.to_owned())), ..SiteConfig::default() };
            Site::of(&config, dir.path())
        };
        let missing = of("sqlite:no/such/folder/site.db").expect("an address");
        assert!(matches!(missing.start().await, Err(SiteError::File { .. })));
        std::fs::write(
            dir.path().join("text.db"),
            "this is a text of some length and no database\n".repeat(9),
        )
        .expect("a file");
        let text = of("sqlite:text.db").expect("an address");
        assert!(text.start().await.is_err());
        assert!(of("postgres://[").is_err());
    });
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    block_on(async {
        let base = Arc::new(Base::sqlite());
        let one = base.replica();
        one.admin().await;
        for name in ["site.db", "site.db-wal", "site.db-shm", "site.db.lock"] {
            let mode = std::fs::metadata(base.dir.path().join(name)).expect(name).permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    });
}
