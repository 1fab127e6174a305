//! Where the site database is, connecting to it, and its migrations: one process at a time makes or changes tables,
//! the others wait for it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, PgConnection, SqliteConnection,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    SiteError,
    db::{Pool, reason},
};

/// Waiting for another writer.
const BUSY: Duration = Duration::from_secs(5);
/// Waiting for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// Waiting for another process that makes or changes the tables.
const MIGRATE: Duration = Duration::from_mins(1);
/// A connection that nobody used for so long may have gone: it is asked before it is used.
const IDLE: Duration = Duration::from_secs(5);

static SQLITE: Migrator = sqlx::migrate!("migrations/site/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/site/postgres");

/// Where the site database is.
pub(super) enum Address {
    Sqlite { options: Box<SqliteConnectOptions>, path: PathBuf },
    Postgres(Box<PgConnectOptions>),
}

/// A lock beside a SQLite file; gone when dropped.
pub(super) struct Held(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Address {
    pub(super) fn read(url: &str, dir: &Path) -> Result<Self, SiteError> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)
                .map_err(|_| SiteError::Address("write \"sqlite:FILE\"".to_owned()))?;
            let path = dir.join(options.get_filename());
            return Ok(Self::at(options, path));
        }
        let options = PgConnectOptions::from_str(url).map_err(|_| {
            SiteError::Address("write \"postgres://USER:PASSWORD@HOST:PORT/DATABASE\"".to_owned())
        })?;
        Ok(Self::Postgres(Box::new(options.application_name("comptoir").disable_statement_logging())))
    }

    fn at(options: SqliteConnectOptions, path: PathBuf) -> Self {
        // The file is made before, for nobody else's eyes.
        let options = options
            .filename(&path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        Self::Sqlite { options: Box::new(options), path }
    }

    pub(super) fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Without secrets.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Sqlite { path, .. } => path.display().to_string(),
            Self::Postgres(options) => {
                let (user, port) = (options.get_username(), options.get_port());
                let database = options.get_database().unwrap_or(user);
                match options.get_socket() {
                    Some(socket) => {
                        format!("postgres://{user}@/{database}?host={}&port={port}", socket.display())
                    }
                    None => format!("postgres://{user}@{}:{port}/{database}", options.get_host()),
                }
            }
        }
    }

    /// Connects; makes or updates the tables.
    pub(super) async fn open(&self) -> Result<(Pool, Option<Held>), SiteError> {
        match self {
            Self::Sqlite { options, path } => {
                let held = hold(path, false)?;
                create(path)?;
                migrate_sqlite(options).await?;
                let pool = SqlitePoolOptions::new()
                    .max_connections(4)
                    .min_connections(1)
                    .acquire_timeout(BUSY + CONNECT)
                    .test_before_acquire(false)
                    .connect_with((**options).clone())
                    .await
                    .map_err(unreachable)?;
                Ok((Pool::Sqlite(pool), Some(held)))
            }
            Self::Postgres(options) => {
                migrate_postgres(options).await?;
                let limits = [
                    ("statement_timeout", "5000"),
                    ("lock_timeout", "4000"),
                    ("idle_in_transaction_session_timeout", "15000"),
                ];
                let options = (**options).clone().options(limits);
                let pool = PgPoolOptions::new()
                    .max_connections(8)
                    .acquire_timeout(CONNECT)
                    .test_before_acquire(false)
                    .before_acquire(|connection, meta| {
                        Box::pin(async move {
                            if meta.idle_for < IDLE {
                                return Ok(true);
                            }
                            Ok(connection.ping().await.is_ok())
                        })
                    })
                    .connect_with(options)
                    .await
                    .map_err(unreachable)?;
                Ok((Pool::Postgres(pool), None))
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "of map_err")]
pub(super) fn unreachable(error: sqlx::Error) -> SiteError {
    SiteError::Unreachable(reason(&error))
}

/// Takes the lock beside a SQLite file: with others who use it, or alone.
pub(super) fn hold(path: &Path, alone: bool) -> Result<Held, SiteError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(&name)
        .map_err(|error| failed(&name, &error))?;
    let got = if alone { file.try_lock() } else { file.try_lock_shared() };
    match got {
        Ok(()) => Ok(Held(file)),
        Err(TryLockError::WouldBlock) => Err(SiteError::InUse),
        Err(TryLockError::Error(error)) => Err(failed(&name, &error)),
    }
}

/// Makes an empty file that only its owner may read, where there is none. What SQLite puts beside it is like it.
pub(super) fn create(path: &Path) -> Result<(), SiteError> {
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(path, &error)),
    }
}

/// For nobody else's eyes.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

pub(super) fn failed(path: &Path, error: &std::io::Error) -> SiteError {
    SiteError::File { path: path.to_owned(), reason: error.to_string() }
}

/// The migrations that this program knows, by engine; the newest is the last.
pub(super) fn known() -> impl Iterator<Item = (i64, &'static [u8])> {
    SQLITE.iter().map(|migration| (migration.version, &*migration.checksum))
}

/// Migrates in one transaction that no other writer gets into.
pub(super) async fn migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), SiteError> {
    let mut connection = connect_sqlite(options).await?;
    // Whoever changes the file's tables holds others up for no longer than that.
    sqlx::query("PRAGMA busy_timeout = 60000").execute(&mut connection).await.map_err(unreachable)?;
    let mut within = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unreachable)?;
    SQLITE.run_direct(None, &mut *within, false).await.map_err(refused)?;
    within.commit().await.map_err(unreachable)?;
    connection.close().await.map_err(unreachable)
}

/// Connects to a file. Its journal becomes a WAL at the first connection, for which SQLite does not wait: where
/// several processes do it at once, all but one try again.
async fn connect_sqlite(options: &SqliteConnectOptions) -> Result<SqliteConnection, SiteError> {
    let begun = tokio::time::Instant::now();
    loop {
        match options.connect().await {
            Ok(connection) => return Ok(connection),
            Err(sqlx::Error::Database(error))
                if error.message().contains("locked") && begun.elapsed() < MIGRATE =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(unreachable(error)),
        }
    }
}

/// Migrates under the advisory lock that sqlx takes for a database.
async fn migrate_postgres(options: &PgConnectOptions) -> Result<(), SiteError> {
    let limit = MIGRATE.as_millis().to_string();
    let patient = options.clone().options([("lock_timeout", limit)]);
    let connecting = tokio::time::timeout(CONNECT, PgConnection::connect_with(&patient));
    let mut connection = match connecting.await {
        Ok(connection) => connection.map_err(unreachable)?,
        Err(_) => {
            return Err(SiteError::Unreachable(format!(
                "no connection within {} seconds",
                CONNECT.as_secs()
            )));
        }
    };
    // With the connection the lock goes, whatever happened.
    let migrated = tokio::time::timeout(MIGRATE * 2, POSTGRES.run_direct(None, &mut connection, false)).await;
    match migrated {
        Ok(done) => done.map_err(refused)?,
        Err(_) => {
            return Err(SiteError::Unreachable(
                "another process has been changing its tables for long".to_owned(),
            ));
        }
    }
    connection.close().await.map_err(unreachable)
}

fn refused(error: MigrateError) -> SiteError {
    match error {
        MigrateError::VersionMissing(version) => SiteError::Newer(version),
        MigrateError::VersionMismatch(version) => {
            SiteError::Foreign(format!("its migration {version} is another one"))
        }
        MigrateError::Dirty(version) => {
            SiteError::Foreign(format!("its migration {version} was left half done: restore a backup"))
        }
        MigrateError::Execute(error) => unreachable(error),
        MigrateError::ExecuteMigration(error, version) => {
            SiteError::Foreign(format!("migration {version} cannot be run on it: {}", reason(&error)))
        }
        other => SiteError::Foreign(other.to_string()),
    }
}
