//! How one engine is spoken to: all that a driver has to know.

use std::time::Duration;

use async_trait::async_trait;
use chrono_tz::Tz;
use tokio::time::Instant;

use crate::sources::{
    Dialect, Moment, Param, Rows, SourceError, columns::Known, render::Rendered, select::Select,
    survey::Texts,
};

/// One statement on its way.
pub(in crate::sources) struct Job<'a> {
    pub rendered: &'a Rendered,
    pub select: &'a Select,
    pub params: &'a [Param],
    pub moment: &'a Moment,
    pub zone: Tz,
    /// When the answer must be there.
    pub until: Instant,
}

/// What went wrong on a connection.
pub(in crate::sources) struct Fault {
    pub error: SourceError,
    /// The database does not know a column or table that the statement names, or the shape of a
    /// table has changed under a prepared statement.
    pub stale: bool,
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self { error, stale: false }
    }
}

/// How one engine is spoken to.
#[async_trait]
pub(in crate::sources) trait Wire: Send + Sync + 'static {
    /// A connection.
    type Conn: Send + 'static;
    /// The dialect.
    const DIALECT: Dialect;
    /// Asks for a table's columns; see [`Wire::columns`].
    const COLUMNS: &'static str;
    /// Asks for the version.
    const VERSION: &'static str;

    /// What follows every table's name in a statement.
    fn hint(&self) -> &'static str {
        ""
    }
    /// Whether an idle connection still leads to what the source names (a file may have been replaced).
    fn current(&self, _conn: &Self::Conn) -> bool {
        true
    }
    /// Opens a connection.
    async fn connect(&self) -> Result<Self::Conn, SourceError>;
    /// Makes a connection that was idle so long fit to be used again; whether it is.
    async fn recycle(&self, _conn: &mut Self::Conn, _idle: Duration) -> bool {
        true
    }
    /// Sends a statement and decodes its answer.
    async fn rows(&self, conn: &mut Self::Conn, job: &Job<'_>) -> Result<Rows, Fault>;
    /// The columns of a table; none when there is no such table.
    async fn columns(
        &self,
        conn: &mut Self::Conn,
        prefix: Option<&str>,
        table: &str,
        until: Instant,
    ) -> Result<Vec<Known>, Fault>;
    /// Asks with one text and texts bound to it; every cell of the answer is text.
    async fn texts(
        &self,
        conn: &mut Self::Conn,
        sql: &str,
        binds: Vec<String>,
        until: Instant,
    ) -> Result<Texts, Fault>;
    /// The server's version.
    async fn version(&self, conn: &mut Self::Conn, until: Instant) -> Result<String, Fault>;
}
