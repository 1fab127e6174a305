//! The SQLite driver: files opened read-only and never created.
//!
//! A statement that runs out of time is interrupted inside SQLite (through its progress handler),
//! so that no abandoned query keeps a thread busy.

use std::{
    path::Path,
    str::FromStr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::TryStreamExt;
use rust_decimal::prelude::ToPrimitive;
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow, SqliteValueRef},
};
use tokio::time::Instant;

use super::{
    Dialect, Rows, SourceError,
    bind::{Filled, Scalar, fill, keys_json, local_text},
    columns::Known,
    decode,
    family::Family,
    pooled::{Fault, Job, Wire},
    select::Decode,
    survey::Texts,
};
use crate::value::{KeyCompare, Type, Value};

/// SQLite's virtual machine steps between two looks at the clock: well under a millisecond.
const STEPS: i32 = 10_000;
/// Rows the worker thread may be ahead of us.
const ROWS_AHEAD: usize = 512;

/// How to open one file.
pub(super) struct Sqlite {
    options: SqliteConnectOptions,
    /// The file's name without its folder, for messages.
    file: String,
}

/// A connection and the time by which its statement must end.
pub(super) struct Conn {
    inner: SqliteConnection,
    deadline: Arc<AtomicU64>,
    /// Which file it has open.
    identity: Option<(u64, u64)>,
}

/// Device and inode: a file put in the place of another has other ones.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|m| (m.dev(), m.ino()))
}

/// Elsewhere an open file cannot be replaced.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|_| (0, 0))
}

impl Drop for Conn {
    fn drop(&mut self) {
        // A statement still running stops at its next look at the clock.
        self.deadline.store(0, Ordering::Relaxed);
    }
}

/// Milliseconds on the process's own clock.
fn ticks(at: Instant) -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(|| Instant::now() - Duration::from_secs(1));
    u64::try_from(at.saturating_duration_since(*START).as_millis()).unwrap_or(u64::MAX)
}

impl Sqlite {
    /// Reads the URL; a relative path starts in `dir`.
    pub(super) fn new(url: &str, dir: &Path, busy: Duration) -> Result<Self, SourceError> {
        let malformed = |why: &str| SourceError::Connect(format!("the SQLite URL is malformed: {why}"));
        if !url.starts_with("sqlite:") {
            return Err(malformed("it starts with sqlite:, as in sqlite:erp.db"));
        }
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(malformed("a database in memory holds nothing; name a file"));
        }
        let options = SqliteConnectOptions::from_str(url).map_err(|_| malformed("write sqlite:file.db"))?;
        let path = options.get_filename();
        if path.as_os_str().is_empty() {
            return Err(malformed("it names no file"));
        }
        let file = path.file_name().map_or_else(String::new, |f| f.to_string_lossy().into_owned());
        let path = dir.join(path);
        let options = options
            .filename(path)
            .read_only(true)
            .create_if_missing(false)
            .busy_timeout(busy)
            .statement_cache_capacity(256)
            .row_buffer_size(ROWS_AHEAD)
            .pragma("case_sensitive_like", "ON")
            .collation("FRENCH_CI_AS", |a, b| KeyCompare::CiAs.fold(a).cmp(&KeyCompare::CiAs.fold(b)))
            .disable_statement_logging();
        Ok(Self { options, file })
    }

    fn fault(&self, error: &sqlx::Error) -> Fault {
        let error = match error {
            sqlx::Error::Database(database) => {
                let code: i32 = database.code().and_then(|c| c.parse().ok()).unwrap_or(0);
                let message = database.message();
                match code & 0xff {
                    5 | 6 | 9 => SourceError::Timeout(Duration::ZERO),
                    10 => SourceError::Lost(format!("{}: {message}", self.file)),
                    14 => SourceError::Connect(format!("{}: {message}", self.file)),
                    26 => SourceError::Connect(format!("{} is not a SQLite database", self.file)),
                    _ => {
                        let stale =
                            message.starts_with("no such column") || message.starts_with("no such table");
                        return Fault { error: SourceError::Refused(message.to_owned()), stale };
                    }
                }
            }
            sqlx::Error::Encode(e) => SourceError::Refused(e.to_string()),
            sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => {
                SourceError::Lost(format!("{}: the connection broke off", self.file))
            }
            other => SourceError::Refused(other.to_string()),
        };
        error.into()
    }
}

#[async_trait]
impl Wire for Sqlite {
    type Conn = Conn;
    const DIALECT: Dialect = Dialect::Sqlite;
    const COLUMNS: &'static str = "SELECT name, type FROM pragma_table_info(?1, ?2)";
    const VERSION: &'static str = "SELECT sqlite_version()";

    fn current(&self, conn: &Conn) -> bool {
        conn.identity.is_some() && identity(self.options.get_filename()) == conn.identity
    }

    async fn connect(&self) -> Result<Conn, SourceError> {
        let identity = identity(self.options.get_filename());
        if identity.is_none() {
            return Err(SourceError::Connect(format!("there is no file {}", self.file)));
        }
        let refused = |e: sqlx::Error| match self.fault(&e).error {
            SourceError::Refused(why) | SourceError::Lost(why) => SourceError::Connect(why),
            SourceError::Timeout(_) => SourceError::Connect(format!("{} is locked", self.file)),
            other => other,
        };
        let mut inner = self.options.connect().await.map_err(refused)?;
        let deadline = Arc::new(AtomicU64::new(u64::MAX));
        let seen = Arc::clone(&deadline);
        inner
            .lock_handle()
            .await
            .map_err(refused)?
            .set_progress_handler(STEPS, move || ticks(Instant::now()) < seen.load(Ordering::Relaxed));
        Ok(Conn { inner, deadline, identity })
    }

    async fn rows(&self, conn: &mut Conn, job: &Job<'_>) -> Result<Rows, Fault> {
        let mut arguments = SqliteArguments::default();
        for bind in &job.rendered.binds {
            add(&mut arguments, fill(bind, job.params, job.moment, job.zone)?, job.zone)?;
        }
        conn.deadline.store(ticks(job.until), Ordering::Relaxed);
        let counted = [Decode::of(Type::Int)];
        let decoders: Vec<&Decode> = if job.select.count {
            counted.iter().collect()
        } else {
            let number = job.rendered.branch_number.then_some(&counted[0]);
            job.select.outputs.iter().map(|o| &o.decode).chain(number).collect()
        };
        let mut cells = Vec::with_capacity(decoders.len() * 32);
        let sql = AssertSqlSafe(Arc::clone(&job.rendered.sql));
        let mut stream = sqlx::query_with(sql, arguments).fetch(&mut conn.inner);
        while let Some(row) = stream.try_next().await.map_err(|e| self.fault(&e))? {
            for (i, decoder) in decoders.iter().enumerate() {
                cells.push(cell(decoder, &row, i));
            }
        }
        Ok(Rows { width: decoders.len(), cells })
    }

    async fn columns(
        &self,
        conn: &mut Conn,
        prefix: Option<&str>,
        table: &str,
        until: Instant,
    ) -> Result<Vec<Known>, Fault> {
        conn.deadline.store(ticks(until), Ordering::Relaxed);
        let names = sqlx::query_as::<_, (String, String)>(Self::COLUMNS)
            .bind(table.to_owned())
            .bind(prefix.unwrap_or("main").to_owned())
            .fetch_all(&mut conn.inner)
            .await
            .map_err(|e| self.fault(&e))?;
        Ok(names.into_iter().map(|(name, ty)| Known::named(name, Family::sqlite(&ty))).collect())
    }

    async fn texts(
        &self,
        conn: &mut Conn,
        sql: &str,
        binds: Vec<String>,
        until: Instant,
    ) -> Result<Texts, Fault> {
        conn.deadline.store(ticks(until), Ordering::Relaxed);
        let query =
            binds.into_iter().fold(sqlx::query(AssertSqlSafe(sql.to_owned())), sqlx::query::Query::bind);
        let rows = query.fetch_all(&mut conn.inner).await.map_err(|e| self.fault(&e))?;
        Ok(rows.iter().map(|row| (0..row.len()).map(|i| row.try_get(i).ok().flatten()).collect()).collect())
    }

    async fn version(&self, conn: &mut Conn, until: Instant) -> Result<String, Fault> {
        conn.deadline.store(ticks(until), Ordering::Relaxed);
        let version: String =
            sqlx::query_scalar(Self::VERSION).fetch_one(&mut conn.inner).await.map_err(|e| self.fault(&e))?;
        Ok(format!("SQLite {version}"))
    }
}

fn add(arguments: &mut SqliteArguments, filled: Filled<'_>, zone: chrono_tz::Tz) -> Result<(), SourceError> {
    let added = match filled {
        Filled::Keys(keys, types, _) => arguments.add(keys_json(keys, types, zone)),
        Filled::List => return Err(SourceError::Refused("key lists are SQL Server's".into())),
        Filled::Scalar(scalar, _) => match scalar {
            Scalar::Null => arguments.add(None::<i64>),
            Scalar::Bool(b) => arguments.add(i64::from(b)),
            Scalar::Int(n) => arguments.add(n),
            Scalar::Decimal(n) => match n.to_i64() {
                Some(whole) if n.is_integer() => arguments.add(whole),
                // Read from its text it is the nearest one, as SQLite reads it.
                _ => arguments.add(n.to_string().parse().unwrap_or(f64::MAX)),
            },
            Scalar::Text(text) => arguments.add(text.into_owned()),
            Scalar::Date(day) => arguments.add(day.to_string()),
            Scalar::Local(moment) => arguments.add(local_text(moment)),
        },
    };
    added.map_err(|e| SourceError::Refused(e.to_string()))
}

/// One cell, by what SQLite really stored, which need not be what the column was declared as.
fn cell(decode: &Decode, row: &SqliteRow, column: usize) -> Value {
    let Ok(raw) = row.try_get_raw(column) else {
        return Value::Bad("the answer has too few columns".into());
    };
    if raw.is_null() {
        return Value::Null;
    }
    read(decode, raw).unwrap_or_else(|e| Value::Bad(e.to_string().into()))
}

fn read(decode: &Decode, raw: SqliteValueRef<'_>) -> Result<Value, sqlx::error::BoxDynError> {
    let storage = raw.type_info().name().as_bytes().first().copied();
    Ok(match storage {
        Some(b'I') => decode::integer(decode, <i64 as sqlx::Decode<sqlx::Sqlite>>::decode(raw)?),
        Some(b'R') => decode::real(decode, <f64 as sqlx::Decode<sqlx::Sqlite>>::decode(raw)?),
        Some(b'B') => match std::str::from_utf8(<&[u8] as sqlx::Decode<sqlx::Sqlite>>::decode(raw)?) {
            Ok(text) => decode::text(decode, text),
            Err(_) => Value::Bad("binary data is not text".into()),
        },
        _ => decode::text(
            decode,
            <&str as sqlx::Decode<sqlx::Sqlite>>::decode(raw).map_err(|_| "the text is not UTF-8")?,
        ),
    })
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
pub(in crate::sources) mod tests;
