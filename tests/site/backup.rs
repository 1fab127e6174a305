//! Backups: made while the database is in use, restored with everything in them, refused where something would be lost.

use std::path::Path;

use comptoir::{
    auth::{
        accounts::{Accounts, AuditFilter, Origin},
        grants::Grants,
    },
    site::{Site, SiteError},
};
use sqlx::{ConnectOptions, Executor};

use super::{Base, code, viewer};
use crate::support::{block_on, postgres};

fn refused(result: Result<impl std::fmt::Debug, SiteError>) -> String {
    match result.expect_err("refused") {
        SiteError::Refused(reason) => reason,
        error => format!("{error:?}"),
    }
}

/// All that is in a database, as text; sessions aside.
async fn content(path: &Path) -> Vec<String> {
    let mut connection =
        sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.expect("the file");
    let mut all = Vec::new();
    for sql in [
        "SELECT id || login || login_key || name || password || active || created_at FROM staff_member ORDER BY id",
        "SELECT id || name || description FROM staff_group ORDER BY id",
        "SELECT member_id || '-' || group_id FROM staff_membership ORDER BY 1",
        "SELECT group_id || action || coalesce(entity, '-') FROM group_grant ORDER BY id",
        "SELECT id || at || actor || action || target || detail FROM audit WHERE action <> 'SITE_RESTORED' ORDER BY id",
        "SELECT database_id FROM site_state",
    ] {
        for row in connection.fetch_all(sql).await.expect(sql) {
            all.push(sqlx::Row::get::<String, _>(&row, 0));
        }
    }
    all
}

#[test]
fn a_backup_made_under_load_is_restored_whole() {
    block_on(async {
        let base = Base::sqlite();
        let one = base.replica();
        one.admin().await;
        one.member("before", &["admin"]).await;
        let session = one.login("root").await;
        let file = base.dir.path().join("backup.db");
        // Somebody writes all the while.
        let accounts = one.accounts.clone();
        let writing = tokio::spawn(async move {
            for n in 0..60 {
                let change = comptoir::auth::accounts::GroupChange {
                    name: format!("group {n}"),
                    ..Default::default()
                };
                accounts.save_group_as_system(change).await.expect("a group");
            }
        });
        // From another process's point of view.
        base.site().backup(&file).await.expect("a backup");
        writing.await.expect("no panic");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(refused(base.site().backup(&file).await).contains("is there already"));
        let saved = content(&file).await;
        assert!(saved.iter().any(|row| row.contains("before")));
        one.member("after", &["admin"]).await;

        // Not while it is in use; not over what has changed since.
        assert!(matches!(base.site().restore(&file, true).await, Err(SiteError::InUse)));
        one.site.close().await;
        let reason = refused(base.site().restore(&file, false).await);
        assert!(reason.contains("newer than the backup"), "{reason}");
        let restored = base.site().restore(&file, true).await.expect("restored");
        assert_eq!(content(&base.file()).await, saved);
        let before = restored.before.expect("what was there is kept");
        assert!(content(&before).await.iter().any(|row| row.contains("after")));
        assert!(std::fs::read_dir(base.dir.path()).expect("a folder").all(|entry| {
            let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            !name.contains("partial") && !name.contains("restoring")
        }));

        // It works; sessions of before have ended, accounts are there.
        let two = base.replica();
        assert_eq!(code(two.grants.of(&viewer(&session)).await), "Revoked");
        assert_eq!(code(two.accounts.refresh(&session.refresh_token, &Origin::default()).await), "Revoked");
        two.grants.of(&viewer(&two.login("root").await)).await.expect("in");
        assert_eq!(two.accounts.member("after").await.expect("an answer"), None);
        let told = AuditFilter { action: Some("SITE_RESTORED".into()), ..AuditFilter::default() };
        assert_eq!(two.accounts.count_audit(&told).await.expect("a count"), 1);
    });
}

#[test]
fn a_backup_goes_where_nothing_is_lost_and_nowhere_else() {
    block_on(async {
        let base = Base::sqlite();
        let one = base.replica();
        one.admin().await;
        let file = base.dir.path().join("backup.db");
        one.site.backup(&file).await.expect("a backup");
        one.site.close().await;
        // The same database, unchanged.
        base.site().restore(&file, false).await.expect("restored");
        // A new machine; one that only made its tables.
        let new = Base::sqlite();
        new.site().restore(&file, false).await.expect("restored");
        let made = Base::sqlite();
        let site = made.site();
        site.prepare().await.expect("made");
        site.close().await;
        made.site().restore(&file, false).await.expect("restored");
        made.replica().login("root").await;
        // Another shop.
        let other = Base::sqlite();
        let theirs = other.replica();
        theirs.admin().await;
        theirs.site.close().await;
        let reason = refused(other.site().restore(&file, false).await);
        assert!(reason.contains("of another site database"), "{reason}");
        other.site().restore(&file, true).await.expect("forced");
        // What is no database, or not whole, or no site database, or of a later version.
        let bad = base.dir.path().join("bad.db");
        std::fs::write(&bad, "no database, but a text\n".repeat(100)).expect("a file");
        assert!(refused(base.site().restore(&bad, true).await).contains("no backup of a site database"));
        let mut bytes = std::fs::read(&file).expect("the backup");
        let half = bytes.len() / 2;
        bytes.truncate(half);
        std::fs::write(&bad, &bytes).expect("a file");
        base.site().restore(&bad, true).await.expect_err("half of it");
        std::fs::remove_file(&bad).expect("removed");
        let mut empty = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&bad)
            .create_if_missing(true)
            .connect()
            .await
            .expect("a file");
        empty.execute("CREATE TABLE a (b)").await.expect("a table");
        drop(empty);
        assert!(refused(base.site().restore(&bad, true).await).contains("no backup of a site database"));
        std::fs::copy(&file, &bad).expect("a copy");
        let mut later =
            sqlx::sqlite::SqliteConnectOptions::new().filename(&bad).connect().await.expect("the file");
        later
            .execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
            .await
            .expect("changed");
        drop(later);
        assert!(matches!(base.site().restore(&bad, true).await, Err(SiteError::Newer(9999))));
        assert!(matches!(
            base.site().restore(Path::new("nowhere.db"), true).await,
            Err(SiteError::File { .. })
        ));
        // After all this the database is what it was.
        base.replica().login("root").await;
    });
}

/// Runs a command that the program tells.
fn shell(told: &str, name: &str, base: &Base) {
    let line = told.lines().map(str::trim).find(|line| line.starts_with(name)).expect(name);
    let password = postgres::server().expect("a server").split_once("://").and_then(|(_, rest)| {
        let (user, _) = rest.rsplit_once('@')?;
        Some(user.split_once(':')?.1.to_owned())
    });
    let paths = std::env::var("PATH").unwrap_or_default();
    let folders = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let programs: String = folders.map(|dir| format!("{}/bin:", dir.path().display())).collect();
    let done = std::process::Command::new("sh")
        .args(["-c", line])
        .current_dir(base.dir.path())
        .env("PATH", format!("{programs}{paths}"))
        .env("PGPASSWORD", password.unwrap_or_default())
        .output()
        .expect("a shell");
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn for_postgres_the_commands_that_are_told_work() {
    if !postgres::available("backup on PostgreSQL") {
        return;
    }
    block_on(async {
        let base = Base::postgres().await;
        let one = base.replica();
        one.admin().await;
        let session = one.login("root").await;
        let site: Site = base.site();
        let told = refused(site.backup(Path::new("backup.dump")).await);
        shell(&told, "pg_dump", &base);
        one.member("after", &[]).await;
        assert!(one.accounts.member("after").await.expect("an answer").is_some());
        one.site.close().await;
        let told = refused(site.restore(Path::new("backup.dump"), false).await);
        shell(&told, "pg_restore", &base);
        assert!(told.contains("staff logout --all"), "{told}");
        let two = base.replica();
        assert_eq!(two.accounts.member("after").await.expect("an answer"), None);
        two.grants.of(&viewer(&session)).await.expect("until the sessions are ended");
        two.accounts.end_sessions(None).await.expect("ended");
        assert_eq!(code(two.grants.of(&viewer(&session)).await), "Revoked");
        two.login("root").await;
        two.site.close().await;
        postgres::drop_database(base.database.as_deref().expect("a database")).await;
    });
}
