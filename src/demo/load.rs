//! Filling a SQLite file fast: rows wait in memory and leave by hundreds in one
//! statement; tables first, indexes once everything is in.

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, SqliteConnection};
use std::fmt::Write as _;
use std::path::Path;

use super::DemoError;

/// One value of one row.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// SQL NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// A text, or a decimal written as text (the column's affinity decides).
    Text(String),
}

impl From<i64> for Cell {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}
impl From<bool> for Cell {
    fn from(v: bool) -> Self {
        Self::Int(i64::from(v))
    }
}
impl From<&str> for Cell {
    fn from(v: &str) -> Self {
        Self::Text(v.to_owned())
    }
}
impl From<String> for Cell {
    fn from(v: String) -> Self {
        Self::Text(v)
    }
}
impl From<&String> for Cell {
    fn from(v: &String) -> Self {
        Self::Text(v.clone())
    }
}
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

/// Builds a row from values of any type that has a [`Cell`] form.
macro_rules! row {
    ($($v:expr),* $(,)?) => { [$($crate::demo::load::Cell::from($v)),*] };
}
pub(crate) use row;

/// A table being filled.
#[derive(Debug)]
struct Buffer {
    head: String,
    tuple: String,
    width: usize,
    per_statement: usize,
    full_sql: String,
    cells: Vec<Cell>,
}

/// The handle of a table of a [`Loader`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table(usize);

/// One SQLite file being filled inside one transaction.
#[derive(Debug)]
pub(crate) struct Loader {
    connection: SqliteConnection,
    what: &'static str,
    buffers: Vec<Buffer>,
    indexes: String,
    rows: u64,
}

/// SQLite's usual limit on bound values is 32,766; small statements stay in cache.
const BINDS: usize = 4_000;

impl Loader {
    /// Creates the file and its tables; the `CREATE INDEX` lines of the script wait for
    /// [`Loader::finish`].
    pub(crate) async fn create(
        path: &Path,
        what: &'static str,
        script: &str,
        more: &str,
    ) -> Result<Self, DemoError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", "-65536")
            .disable_statement_logging();
        let sql = |source| DemoError::Sql { what, source };
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(sql)?;
        let (indexes, tables): (Vec<&str>, Vec<&str>) = script
            .lines()
            .partition(|line| line.starts_with("CREATE INDEX") || line.starts_with("CREATE UNIQUE INDEX"));
        let text = format!("{}\n{more}\nBEGIN;", tables.join("\n"));
        connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map_err(sql)?;
        Ok(Self { connection, what, buffers: Vec::new(), indexes: indexes.join("\n"), rows: 0 })
    }

    /// Declares a table: its columns in the order of the rows, and the columns that hold
    /// the same SQL literal in every row.
    pub(crate) fn table(&mut self, name: &str, columns: &[&str], constants: &[(&str, &str)]) -> Table {
        let mut head = format!("INSERT INTO \"{name}\" (");
        let mut tuple = String::from("(");
        for (i, column) in columns.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(head, "{comma}\"{column}\"");
            let _ = write!(tuple, "{comma}?");
        }
        for (column, literal) in constants {
            let _ = write!(head, ",\"{column}\"");
            let _ = write!(tuple, ",{literal}");
        }
        head.push_str(") VALUES ");
        tuple.push(')');
        let per_statement = (BINDS / columns.len().max(1)).clamp(1, 400);
        let full_sql = format!("{head}{}", vec![tuple.as_str(); per_statement].join(","));
        self.buffers.push(Buffer {
            head,
            tuple,
            width: columns.len(),
            per_statement,
            full_sql,
            cells: Vec::with_capacity(per_statement * columns.len()),
        });
        Table(self.buffers.len() - 1)
    }

    /// Adds a row; sends the waiting ones when there are enough.
    pub(crate) async fn add<const N: usize>(
        &mut self,
        table: Table,
        cells: [Cell; N],
    ) -> Result<(), DemoError> {
        let buffer = &mut self.buffers[table.0];
        debug_assert_eq!(buffer.width, N, "{}", buffer.head);
        buffer.cells.extend(cells);
        self.rows += 1;
        if buffer.cells.len() >= buffer.per_statement * buffer.width {
            self.flush(table.0).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, at: usize) -> Result<(), DemoError> {
        let buffer = &mut self.buffers[at];
        if buffer.cells.is_empty() {
            return Ok(());
        }
        let rows = buffer.cells.len() / buffer.width;
        let sql = if rows == buffer.per_statement {
            buffer.full_sql.clone()
        } else {
            format!("{}{}", buffer.head, vec![buffer.tuple.as_str(); rows].join(","))
        };
        let mut query = sqlx::query::<sqlx::Sqlite>(AssertSqlSafe(sql));
        for cell in buffer.cells.drain(..) {
            query = match cell {
                Cell::Null => query.bind(None::<i64>),
                Cell::Int(v) => query.bind(v),
                Cell::Text(v) => query.bind(v),
            };
        }
        let what = self.what;
        self.connection.execute(query).await.map_err(|source| DemoError::Sql { what, source })?;
        Ok(())
    }

    /// Sends what waits, builds the indexes, commits and closes. Returns the rows written.
    pub(crate) async fn finish(mut self) -> Result<u64, DemoError> {
        for at in 0..self.buffers.len() {
            self.flush(at).await?;
        }
        let what = self.what;
        let sql = |source| DemoError::Sql { what, source };
        let text = format!("COMMIT;\n{}\nANALYZE;\nPRAGMA journal_mode = DELETE;", self.indexes);
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map_err(sql)?;
        self.connection.close().await.map_err(sql)?;
        Ok(self.rows)
    }
}
