//! The two engines behind one face: the same statements run on both. Times are kept to the microsecond; SQLite has
//! them as texts of one form.

use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sqlx::{
    ColumnIndex, Decode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction, Type,
    postgres::{PgArguments, PgRow},
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use tracing::Instrument;

use crate::auth::accounts::AccountError;

/// Why a statement has no answer.
#[derive(Debug)]
pub(super) enum Fail {
    /// What the account question comes to.
    Account(AccountError),
    /// The database.
    Database(sqlx::Error),
}

impl From<AccountError> for Fail {
    fn from(error: AccountError) -> Self {
        Self::Account(error)
    }
}

impl From<sqlx::Error> for Fail {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Fail> for AccountError {
    /// What the database said is for the log.
    fn from(fail: Fail) -> Self {
        match fail {
            Fail::Account(error) => error,
            Fail::Database(error) => {
                tracing::error!(reason = reason(&error), "the site database does not answer");
                Self::Unavailable
            }
        }
    }
}

/// Does something with the database to its end, whatever becomes of whoever asked: a client that goes away must leave no
/// connection in the midst of a transaction, where the next one to use it would read what was, and must not keep a failed
/// login from being counted.
pub(super) async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fail>> + Send + 'static,
) -> Result<T, AccountError> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => Ok(done?),
        Err(error) => {
            if error.is_panic() {
                tracing::error!("a question to the site database panicked");
            }
            Err(AccountError::Unavailable)
        }
    }
}

/// What the database said; never its address, which may hold a password.
pub(super) fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(io) => io.to_string(),
        sqlx::Error::Tls(tls) => format!("TLS: {tls}"),
        sqlx::Error::PoolTimedOut => "no connection became free in time".to_owned(),
        sqlx::Error::PoolClosed => "it has been closed".to_owned(),
        sqlx::Error::Protocol(why) => why.clone(),
        sqlx::Error::ColumnDecode { index, source } => format!("column {index}: {source}"),
        _ => "it does not answer as expected".to_owned(),
    }
}

/// A value of a statement.
#[derive(Clone)]
pub(super) enum Arg {
    Text(Option<String>),
    Int(i64),
    Bool(bool),
    Time(Option<DateTime<Utc>>),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<&str>> for Arg {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Arg {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<DateTime<Utc>> for Arg {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(Some(time))
    }
}

impl From<Option<DateTime<Utc>>> for Arg {
    fn from(time: Option<DateTime<Utc>>) -> Self {
        Self::Time(time)
    }
}

/// The values of a statement, in order.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { vec![$(crate::site::db::Arg::from($arg)),*] };
}
pub(super) use args;

/// A time as both engines keep it.
pub(super) fn to_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(time)
}

fn sqlite(sql: &'static str, args: Vec<Arg>) -> Query<'static, Sqlite, SqliteArguments> {
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Text(text) => query.bind(text),
        Arg::Int(number) => query.bind(number),
        Arg::Bool(truth) => query.bind(truth),
        Arg::Time(time) => query.bind(time.map(|t| t.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())),
    })
}

fn postgres(sql: &'static str, args: Vec<Arg>) -> Query<'static, Postgres, PgArguments> {
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Text(text) => query.bind(text),
        Arg::Int(number) => query.bind(number),
        Arg::Bool(truth) => query.bind(truth),
        Arg::Time(time) => query.bind(time),
    })
}

/// A row.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A column by its place.
    pub(super) fn get<T>(&self, index: usize) -> Result<T, sqlx::Error>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
        usize: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
    }
}

/// The connections.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    /// The rows of a question.
    pub(super) async fn rows(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => {
                sqlite(sql, args).fetch_all(pool).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                postgres(sql, args).fetch_all(pool).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a question.
    pub(super) async fn row(&self, sql: &'static str, args: Vec<Arg>) -> Result<Option<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => sqlite(sql, args).fetch_optional(pool).await?.map(Row::Sqlite),
            Self::Postgres(pool) => postgres(sql, args).fetch_optional(pool).await?.map(Row::Postgres),
        })
    }

    /// A statement of its own.
    pub(super) async fn execute(&self, sql: &'static str, args: Vec<Arg>) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => sqlite(sql, args).execute(pool).await?.rows_affected(),
            Self::Postgres(pool) => postgres(sql, args).execute(pool).await?.rows_affected(),
        })
    }

    /// A count.
    pub(super) async fn count(&self, sql: &'static str, args: Vec<Arg>) -> Result<u64, sqlx::Error> {
        let row = self.row(sql, args).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(u64::try_from(row.get::<i64>(0)?).unwrap_or(0))
    }

    /// Begins to read several things that belong together: all of one moment.
    pub(super) async fn snapshot(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        })
    }

    /// Begins to change something. On SQLite the only one to do so.
    pub(super) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    pub(super) async fn close(&self) {
        let closing = async {
            match self {
                Self::Sqlite(pool) => pool.close().await,
                Self::Postgres(pool) => pool.close().await,
            }
        };
        // A server that hangs holds up nobody's end.
        let _ = tokio::time::timeout(Duration::from_secs(3), closing).await;
    }
}

/// A transaction: rolled back when it is dropped.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) async fn rows(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(tx) => {
                sqlite(sql, args).fetch_all(&mut **tx).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                postgres(sql, args).fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    pub(super) async fn row(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite(sql, args).fetch_optional(&mut **tx).await?.map(Row::Sqlite),
            Self::Postgres(tx) => postgres(sql, args).fetch_optional(&mut **tx).await?.map(Row::Postgres),
        })
    }

    /// How many rows a statement changed.
    pub(super) async fn execute(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite(sql, args).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => postgres(sql, args).execute(&mut **tx).await?.rows_affected(),
        })
    }

    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}
