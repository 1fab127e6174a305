//! Asking one database: what a question is ([`Select`], [`Expr`]), how it reads in each dialect,
//! and one driver a file. This room knows no entity.

mod bind;
mod breaker;
pub mod columns;
#[cfg(test)]
mod conformance_tests;
mod decode;
mod display;
pub mod expr;
pub mod family;
mod fold;
pub mod journal;
mod lex;
pub mod open;
mod optional;
mod parse;
mod pooled;
mod postgres;
pub mod render;
mod rtf;
pub mod select;
mod sqlite;
pub mod sqlserver;
pub mod survey;
pub(crate) mod zones;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub use breaker::Circuit;
pub use expr::Expr;
pub use select::{Keys, Param, Select, Statement};
pub use survey::Survey;

use crate::{telemetry::metrics::Tally, value::Value};

/// The SQL a source speaks. A new dialect is a new member here, a renderer and a driver; nothing
/// above this room changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.38 or later (window functions, JSON).
    Sqlite,
    /// PostgreSQL 12 or later.
    Postgres,
    /// SQL Server 2008 R2 or later.
    SqlServer,
}

impl Dialect {
    /// The word a shop's `kind` has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::SqlServer => "sqlserver",
        }
    }

    /// What OpenTelemetry calls it (`db.system.name`).
    pub fn system(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
            Self::SqlServer => "microsoft.sql_server",
        }
    }
}

/// Rows as a source gave them: row-major, `width` cells a row, already decoded and normalised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Cells in a row.
    pub width: usize,
    /// All cells, row after row.
    pub cells: Vec<Value>,
}

impl Rows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// One cell. Out of range reads as nothing.
    #[inline]
    pub fn get(&self, row: usize, column: usize) -> &Value {
        static NULL: Value = Value::Null;
        self.cells.get(row * self.width + column).unwrap_or(&NULL)
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[Value] {
        self.cells.get(row * self.width..(row + 1) * self.width).unwrap_or(&[])
    }
}

/// What every statement of one request shares.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The request's clock: one reading for all sources, so that an answer is of one moment.
    pub now: DateTime<Utc>,
    /// The moment by which the request must have its answer, if limited.
    pub deadline: Option<tokio::time::Instant>,
    /// The sources that did not answer within this request.
    pub troubles: Arc<Troubles>,
    /// What is asked for the request is noted here, when it wants to see it.
    pub journal: Option<Arc<journal::Journal>>,
    /// What the answer holds, for the metrics.
    pub tally: Arc<Tally>,
}

/// Which sources failed within one request, and by what stable cause: what the answer may lack.
#[derive(Debug, Default)]
pub struct Troubles(std::sync::Mutex<std::collections::BTreeMap<String, Trouble>>);

/// What one source could not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// The stable cause.
    pub cause: &'static str,
    /// When the oldest of its cells was read that stands in, if any does.
    pub stale: Option<DateTime<Utc>>,
}

impl Troubles {
    /// Notes that a source did not answer; its first cause stays.
    pub fn note(&self, source: &str, cause: &'static str) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.entry(source.to_owned()).or_insert(Trouble { cause, stale: None });
    }

    /// Notes that a cell of earlier on stands in for what a source could not say.
    pub fn note_stale(&self, source: &str, at: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(trouble) = known.get_mut(source) {
            trouble.stale = Some(trouble.stale.map_or(at, |oldest| oldest.min(at)));
        }
    }

    /// What is the matter, by source.
    pub fn list(&self) -> Vec<(String, Trouble)> {
        let known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.iter().map(|(source, trouble)| (source.clone(), trouble.clone())).collect()
    }
}

impl Moment {
    /// The request starts now, with the given time to live.
    pub fn now(limit: Option<Duration>) -> Self {
        let deadline = limit.map(|l| tokio::time::Instant::now() + l);
        Self { now: Utc::now(), deadline, troubles: Arc::default(), journal: None, tally: Arc::default() }
    }
}

/// One database, asked by statements. Implementations pool connections, keep connect and statement
/// time limits, decode and normalise by the statement's columns, probe optional columns at first
/// contact, and report every statement they send to their [`Trace`].
#[async_trait]
pub trait Source: Send + Sync {
    /// The name the shop gave it (`erp`, `isoshop`…).
    fn name(&self) -> &str;

    /// The SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// Runs a statement. `params` fill the statement's [`Param`] slots by index.
    async fn run(
        &self,
        statement: &Statement,
        params: &[Param],
        moment: &Moment,
    ) -> Result<Rows, SourceError>;

    /// Whether the source answers, and what it says of itself (server version).
    async fn ping(&self) -> Result<String, SourceError>;

    /// The columns of a table as the database has them, or `None` when there is no such table.
    async fn columns(&self, table: &str) -> Result<Option<Vec<String>>, SourceError>;

    /// A table's columns with the kinds of their values; `None` when there is no such table. Asked
    /// of the database once.
    async fn known(&self, _table: &select::Table) -> Result<Option<Arc<[columns::Known]>>, SourceError> {
        Ok(None)
    }

    /// Asks the database about itself; see [`survey`] for what the answers mean.
    async fn survey(&self, question: &Survey<'_>) -> Result<survey::Texts, SourceError>;

    /// The most keys one statement should be asked with; more work too, but less well.
    fn batch(&self) -> usize {
        usize::MAX
    }

    /// How it has been of late. Nothing is asked.
    fn pulse(&self) -> Pulse;

    /// Closes the pool.
    async fn close(&self);
}

/// How a source has been of late, as this process saw it.
#[derive(Clone, Debug)]
pub struct Pulse {
    /// Whether it is asked.
    pub circuit: Circuit,
    /// When it last answered.
    pub last_answer: Option<DateTime<Utc>>,
    /// How long that answer took.
    pub latency: Option<Duration>,
    /// Its last error, and when.
    pub last_error: Option<(DateTime<Utc>, SourceError)>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { circuit: Circuit::Closed, last_answer: None, latency: None, last_error: None }
    }
}

/// A source shared by everything that asks it.
pub type SharedSource = Arc<dyn Source>;

/// Sees every statement a source sends, before it is sent, and how many rows came back. Tests assert
/// what was sent and what was not; `plan` and the logs show it. Parameters are not shown: they may
/// hold personal data.
pub trait Trace: Send + Sync {
    /// A statement goes out to `source`.
    fn sent(&self, source: &str, sql: &str);

    /// `source` answered a statement with so many rows. Not told of what it is asked about itself.
    fn read(&self, _source: &str, _rows: usize) {}
}

/// Why a source gave no answer. An error of that source, never of the process.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No connection: host down, refused login, missing file.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The pool gave no connection in time.
    #[error("no connection became free within {0:?}")]
    PoolTimeout(Duration),
    /// The statement took longer than the source's `statement_seconds`, or than the request may.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection was lost half-way.
    #[error("connection lost: {0}")]
    Lost(String),
    /// The database refused the statement (missing table or column, type clash, permission).
    #[error("refused by the database: {0}")]
    Refused(String),
    /// The database is not what the connector's map describes: what tells so, and what to do.
    #[error("not the database that the connector reads: {0}")]
    WrongDatabase(String),
    /// A value that cannot be what the statement's types say.
    #[error("cannot decode column {column}: {reason}")]
    Decode {
        /// The output column's name.
        column: String,
        /// Why.
        reason: String,
    },
}

impl SourceError {
    /// The stable cause shown in provenance and errors.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Connect(_) => "CONNECT",
            Self::PoolTimeout(_) => "POOL_TIMEOUT",
            Self::Timeout(_) => "TIMEOUT",
            Self::Lost(_) => "CONNECTION_LOST",
            Self::Refused(_) => "REFUSED",
            Self::WrongDatabase(_) => "WRONG_DATABASE",
            Self::Decode { .. } => "DECODE",
        }
    }
}
