//! Backups of the site database. SQLite's are files made while the shop is served; PostgreSQL has its own programs.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, SubsecRound, Utc};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};
use uuid::Uuid;

use super::{
    Site, SiteError,
    connect::{Address, failed, hold, known, migrate_sqlite, private, unreachable},
    log::SYSTEM,
};

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The last change that the backup holds.
    pub last: Option<DateTime<Utc>>,
    /// Where the database of before is now, if there was one.
    pub before: Option<PathBuf>,
}

/// What tells one database, and one moment of it, from another.
struct Mark {
    database: String,
    /// The number of the newest entry of its log.
    entry: i64,
    at: Option<DateTime<Utc>>,
}

impl Site {
    /// Copies the database, as it is at one moment, into a new file that only its owner may read. It may be in use.
    ///
    /// # Errors
    /// It is not a SQLite file (the text says what to do instead), the new file is there or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<(), SiteError> {
        let path = match &self.0.address {
            Address::Sqlite { path, .. } => path,
            Address::Postgres(_) => {
                return Err(SiteError::Refused(format!(
                    "the site database is in PostgreSQL: copy it with\n  pg_dump --format=custom --file={} {}",
                    quoted(&to.display().to_string()),
                    quoted(&self.place())
                )));
            }
        };
        if to.exists() {
            return Err(SiteError::Refused(format!(
                "{} is there already: nothing was written; name another file",
                to.display()
            )));
        }
        if !path.exists() {
            return Err(SiteError::Refused(format!(
                "there is no site database yet: {} does not exist",
                path.display()
            )));
        }
        let _held = hold(path, false)?;
        let partial = beside(to, ".partial");
        fresh(&partial)?;
        let copied = async {
            let mut connection = open(path).await?;
            // It is read as it is, and not brought up to date: a backup is what one makes before that.
            sqlx::query("VACUUM INTO $1")
                .bind(partial.to_string_lossy().into_owned())
                .execute(&mut connection)
                .await
                .map_err(unreachable)?;
            connection.close().await.map_err(unreachable)?;
            let mut copy = open(&partial).await?;
            sound(&mut copy, &partial).await?;
            copy.close().await.map_err(unreachable)?;
            settle(&partial, to)
        };
        let done = copied.await;
        if done.is_err() {
            let _ = std::fs::remove_file(&partial);
        }
        done
    }

    /// Puts a backup in the place of the database, which is kept beside it. Every login session ends.
    ///
    /// # Errors
    /// The database is in use; the file is no whole backup of a site database that this program knows; without
    /// `force`: what is there is of another shop, or has changed since.
    pub async fn restore(&self, from: &Path, force: bool) -> Result<Restored, SiteError> {
        let path = match &self.0.address {
            Address::Sqlite { path, .. } => path,
            Address::Postgres(_) => {
                return Err(SiteError::Refused(format!(
                    "the site database is in PostgreSQL: stop the servers, and restore it with\n  \
                     pg_restore --clean --if-exists --single-transaction --dbname={} {}\n  \
                     comptoir staff logout --all",
                    quoted(&self.place()),
                    quoted(&from.display().to_string())
                )));
            }
        };
        let _held = hold(path, true)?;
        let partial = beside(path, ".restoring");
        fresh(&partial)?;
        let restored = async {
            copy(from, &partial)?;
            let mut connection = open(&partial).await.map_err(|_| strange(from))?;
            sound(&mut connection, from).await?;
            understood(&mut connection, from).await?;
            let mark = mark(&mut connection).await.map_err(|_| strange(from))?;
            connection.close().await.map_err(unreachable)?;
            if !force {
                allowed(path, &mark).await?;
            }
            migrate_sqlite(&options(&partial)).await?;
            let mut connection = open(&partial).await?;
            end_sessions(&mut connection, self.now(), &mark).await.map_err(unreachable)?;
            connection.close().await.map_err(unreachable)?;
            let before = self.put_aside(path)?;
            settle(&partial, path)?;
            Ok(Restored { last: mark.at, before })
        };
        let done = restored.await;
        if done.is_err() {
            let _ = std::fs::remove_file(&partial);
        }
        done
    }

    /// Moves the database of before, with what SQLite left beside it, out of the way.
    fn put_aside(&self, path: &Path) -> Result<Option<PathBuf>, SiteError> {
        if !path.exists() {
            return Ok(None);
        }
        let ending = self.now().round_subsecs(0).format(".before-%Y%m%dT%H%M%SZ").to_string();
        let mut aside = beside(path, &ending);
        if aside.exists() {
            aside = beside(path, &format!("{ending}-{}", Uuid::new_v4().simple()));
        }
        for suffix in ["-wal", "-shm", ""] {
            let (old, new) = (beside(path, suffix), beside(&aside, suffix));
            if old.exists() {
                std::fs::rename(&old, &new).map_err(|error| failed(&old, &error))?;
            }
        }
        Ok(Some(aside))
    }
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// An empty file that only its owner may read; what an interrupted run left is gone.
fn fresh(path: &Path) -> Result<File, SiteError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(beside(path, suffix));
    }
    private(OpenOptions::new().write(true).create_new(true)).open(path).map_err(|error| failed(path, &error))
}

/// Gives a file that is whole its name, to stay.
fn settle(partial: &Path, name: &Path) -> Result<(), SiteError> {
    File::open(partial).and_then(|file| file.sync_all()).map_err(|error| failed(partial, &error))?;
    std::fs::rename(partial, name).map_err(|error| failed(name, &error))?;
    #[cfg(unix)]
    if let Some(folder) = name.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(name, &error))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), SiteError> {
    let mut source = File::open(from).map_err(|error| failed(from, &error))?;
    let mut target =
        OpenOptions::new().write(true).truncate(true).open(to).map_err(|error| failed(to, &error))?;
    io::copy(&mut source, &mut target).map_err(|error| failed(to, &error))?;
    target.sync_all().map_err(|error| failed(to, &error))
}

/// One file, without anything beside it.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(std::time::Duration::from_secs(10))
        .disable_statement_logging()
}

async fn open(path: &Path) -> Result<SqliteConnection, SiteError> {
    options(path).connect().await.map_err(unreachable)
}

fn strange(file: &Path) -> SiteError {
    SiteError::Refused(format!("{} is no backup of a site database", file.display()))
}

/// Whether a file is whole.
async fn sound(connection: &mut SqliteConnection, file: &Path) -> Result<(), SiteError> {
    let whole: Result<Vec<String>, _> =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_all(&mut *connection).await;
    let whole = whole.map_err(|_| strange(file))?;
    let orphans =
        sqlx::query("PRAGMA foreign_key_check").fetch_all(connection).await.map_err(|_| strange(file))?;
    if whole.iter().map(String::as_str).eq(["ok"]) && orphans.is_empty() {
        return Ok(());
    }
    Err(SiteError::Refused(format!("{} is damaged: SQLite's integrity check fails", file.display())))
}

/// Whether its tables are ours, and not of a later version.
async fn understood(connection: &mut SqliteConnection, file: &Path) -> Result<(), SiteError> {
    let made: Result<Vec<(i64, Vec<u8>)>, _> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(connection)
            .await;
    let made = made.map_err(|_| strange(file))?;
    if made.is_empty() {
        return Err(strange(file));
    }
    for (version, checksum) in made {
        match known().find(|(known, _)| *known == version) {
            None => return Err(SiteError::Newer(version)),
            Some((_, known)) if known != checksum => return Err(strange(file)),
            Some(_) => {}
        }
    }
    Ok(())
}

async fn mark(connection: &mut SqliteConnection) -> Result<Mark, sqlx::Error> {
    let database: String = sqlx::query_scalar("SELECT database_id FROM site_state WHERE one = 1")
        .fetch_one(&mut *connection)
        .await?;
    let newest: Option<(i64, DateTime<Utc>)> =
        sqlx::query_as("SELECT id, at FROM audit ORDER BY id DESC LIMIT 1")
            .fetch_optional(connection)
            .await?;
    Ok(Mark { database, entry: newest.map_or(0, |(id, _)| id), at: newest.map(|(_, at)| at) })
}

/// Whether a backup may take the place of what is there without being forced to.
async fn allowed(path: &Path, backup: &Mark) -> Result<(), SiteError> {
    if !path.exists() || std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return Ok(());
    }
    let there = async {
        let mut connection = open(path).await?;
        let there = mark(&mut connection).await.map_err(unreachable)?;
        connection.close().await.map_err(unreachable)?;
        Ok::<_, SiteError>(there)
    };
    let Ok(there) = there.await else {
        return Err(SiteError::Refused(format!(
            "{} is there and cannot be read as a site database: put it aside, or use --force (it is kept beside)",
            path.display()
        )));
    };
    // In one that was only just made there is nothing to lose.
    if there.entry == 0 {
        return Ok(());
    }
    if there.database != backup.database {
        return Err(SiteError::Refused(
            "the backup is of another site database than the one that is there: use --force if you mean it (what is there is kept beside)"
                .to_owned(),
        ));
    }
    if there.entry > backup.entry {
        let since =
            backup.at.map_or_else(String::new, |at| format!(" since {}", at.format("%Y-%m-%d %H:%M:%S UTC")));
        return Err(SiteError::Refused(format!(
            "the site database is newer than the backup: {} changes were made{since}, which would be lost; use --force if you mean it (what is there is kept beside)",
            there.entry - backup.entry
        )));
    }
    Ok(())
}

/// A refresh token that has been used since, or a session that was ended, would be good again: all end.
async fn end_sessions(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    mark: &Mark,
) -> Result<(), sqlx::Error> {
    let mut within = connection.begin().await?;
    let at = now.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    sqlx::query("UPDATE login_session SET ended_at = $1 WHERE ended_at IS NULL")
        .bind(&at)
        .execute(&mut *within)
        .await?;
    sqlx::query("DELETE FROM refresh_token").execute(&mut *within).await?;
    sqlx::query("UPDATE site_state SET access_version = $1")
        .bind(Uuid::new_v4().simple().to_string())
        .execute(&mut *within)
        .await?;
    let detail = serde_json::json!({ "backupOf": mark.at, "entry": mark.entry }).to_string();
    sqlx::query(
        "INSERT INTO audit (at, actor, action, target, detail) VALUES ($1, $2, 'SITE_RESTORED', '', $3)",
    )
    .bind(&at)
    .bind(SYSTEM)
    .bind(detail)
    .execute(&mut *within)
    .await?;
    within.commit().await?;
    // One file, without a journal beside it.
    sqlx::query("PRAGMA journal_mode = DELETE").execute(connection).await?;
    Ok(())
}
