//! Filling a database fast: rows wait in memory and leave by hundreds, in one statement of
//! SQLite or one COPY of PostgreSQL; tables first, indexes once everything is in. What waits is
//! bounded, so memory stays flat however many rows pass.

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};
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
    /// The statement up to the rows (SQLite), or all of it (PostgreSQL).
    head: String,
    width: usize,
    waiting: Waiting,
}

/// The rows that wait.
#[derive(Debug)]
enum Waiting {
    /// For an INSERT: the placeholders of one row, how many rows fill a statement, that statement.
    Cells { tuple: String, per_statement: usize, full_sql: String, cells: Vec<Cell> },
    /// For a COPY: the constants that end each row, the rows as its text format has them.
    Lines { tail: String, lines: String },
    /// Nothing is kept.
    Dropped,
}

/// The handle of a table of a [`Loader`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table(usize);

/// Where a database is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// A file of SQLite, to be made.
    File(&'a Path),
    /// A database of PostgreSQL that holds no such tables yet, by its URL.
    Postgres(&'a str),
    /// Nowhere: rows are taken and dropped.
    Nowhere,
}

#[derive(Debug)]
enum Sink {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Nowhere,
}

/// One database being filled inside one transaction.
#[derive(Debug)]
pub(crate) struct Loader {
    sink: Sink,
    what: &'static str,
    buffers: Vec<Buffer>,
    /// Their names, quoted.
    tables: Vec<String>,
    indexes: String,
}

/// SQLite's usual limit on bound values is 32,766; small statements stay in cache.
const BINDS: usize = 4_000;
/// Text that waits for a COPY, in bytes.
const COPIED: usize = 128 << 10;

impl Loader {
    /// Creates the tables; the `CREATE INDEX` lines of the script wait for [`Loader::finish`].
    pub(crate) async fn create(
        place: Place<'_>,
        what: &'static str,
        (for_sqlite, for_postgres): (&str, &str),
        more: &str,
    ) -> Result<Self, DemoError> {
        let sql = |source| DemoError::Sql { what, source };
        let script = match place {
            Place::File(_) => for_sqlite,
            Place::Postgres(_) => for_postgres,
            Place::Nowhere => "",
        };
        let (indexes, tables): (Vec<&str>, Vec<&str>) = script
            .lines()
            .partition(|line| line.starts_with("CREATE INDEX") || line.starts_with("CREATE UNIQUE INDEX"));
        let text = AssertSqlSafe(format!("{}\n{more}", tables.join("\n")));
        let sink = match place {
            Place::File(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Off)
                    .synchronous(SqliteSynchronous::Off)
                    // Rows are only appended, and indexes are sorted outside: more would only take memory.
                    .pragma("cache_size", "-16384")
                    .disable_statement_logging();
                let mut connection = SqliteConnection::connect_with(&options).await.map_err(sql)?;
                connection.execute(sqlx::raw_sql(text)).await.map_err(sql)?;
                connection.execute("BEGIN").await.map_err(sql)?;
                Sink::Sqlite(connection)
            }
            Place::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.map_err(sql)?;
                connection.execute(sqlx::raw_sql(text)).await.map_err(sql)?;
                // Apart: within the transaction the collation would be locked against the other half.
                connection.execute("BEGIN").await.map_err(sql)?;
                Sink::Postgres(connection)
            }
            Place::Nowhere => Sink::Nowhere,
        };
        Ok(Self { sink, what, buffers: Vec::new(), tables: Vec::new(), indexes: indexes.join("\n") })
    }

    /// Declares a table: its columns in the order of the rows, and the columns that hold
    /// the same SQL literal in every row.
    pub(crate) fn table(&mut self, name: &str, columns: &[&str], constants: &[(&str, &str)]) -> Table {
        let all = columns.iter().chain(constants.iter().map(|(column, _)| column));
        let names = all.map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(",");
        let width = columns.len();
        let (head, waiting) = match self.sink {
            Sink::Sqlite(_) => {
                let head = format!("INSERT INTO \"{name}\" ({names}) VALUES ");
                let values =
                    std::iter::repeat_n("?", width).chain(constants.iter().map(|(_, literal)| *literal));
                let tuple = format!("({})", values.collect::<Vec<_>>().join(","));
                let per_statement = (BINDS / width.max(1)).clamp(1, 400);
                let full_sql = format!("{head}{}", vec![tuple.as_str(); per_statement].join(","));
                let cells = Vec::with_capacity(per_statement * width);
                (head, Waiting::Cells { tuple, per_statement, full_sql, cells })
            }
            Sink::Postgres(_) => {
                let mut tail = String::new();
                for (_, literal) in constants {
                    tail.push('\t');
                    match *literal {
                        "NULL" => tail.push_str("\\N"),
                        literal => copied(&mut tail, literal.trim_matches('\'')),
                    }
                }
                tail.push('\n');
                (
                    format!("COPY \"{name}\" ({names}) FROM STDIN"),
                    Waiting::Lines { tail, lines: String::new() },
                )
            }
            Sink::Nowhere => (String::new(), Waiting::Dropped),
        };
        self.tables.push(format!("\"{name}\""));
        self.buffers.push(Buffer { head, width, waiting });
        Table(self.buffers.len() - 1)
    }

    /// Adds a row; sends the waiting ones when there are enough.
    pub(crate) async fn add<const N: usize>(
        &mut self,
        table: Table,
        row: [Cell; N],
    ) -> Result<(), DemoError> {
        let buffer = &mut self.buffers[table.0];
        debug_assert_eq!(buffer.width, N, "{}", buffer.head);
        let full = match &mut buffer.waiting {
            Waiting::Cells { cells, per_statement, .. } => {
                cells.extend(row);
                cells.len() >= *per_statement * buffer.width
            }
            Waiting::Lines { tail, lines } => {
                for (i, cell) in row.iter().enumerate() {
                    if i > 0 {
                        lines.push('\t');
                    }
                    match cell {
                        Cell::Null => lines.push_str("\\N"),
                        Cell::Int(v) => {
                            let _ = write!(lines, "{v}");
                        }
                        Cell::Text(v) => copied(lines, v),
                    }
                }
                lines.push_str(tail);
                lines.len() >= COPIED
            }
            Waiting::Dropped => false,
        };
        if full { self.flush(table.0).await } else { Ok(()) }
    }

    async fn flush(&mut self, at: usize) -> Result<(), DemoError> {
        let what = self.what;
        let sql = |source| DemoError::Sql { what, source };
        let buffer = &mut self.buffers[at];
        match (&mut self.sink, &mut buffer.waiting) {
            (Sink::Sqlite(connection), Waiting::Cells { tuple, per_statement, full_sql, cells })
                if !cells.is_empty() =>
            {
                let rows = cells.len() / buffer.width;
                let text = if rows == *per_statement {
                    full_sql.clone()
                } else {
                    format!("{}{}", buffer.head, vec![tuple.as_str(); rows].join(","))
                };
                let mut query = sqlx::query::<sqlx::Sqlite>(AssertSqlSafe(text));
                for cell in cells.drain(..) {
                    query = match cell {
                        Cell::Null => query.bind(None::<i64>),
                        Cell::Int(v) => query.bind(v),
                        Cell::Text(v) => query.bind(v),
                    };
                }
                connection.execute(query).await.map_err(sql)?;
            }
            (Sink::Postgres(connection), Waiting::Lines { lines, .. }) if !lines.is_empty() => {
                let mut copy = connection.copy_in_raw(&buffer.head).await.map_err(sql)?;
                copy.send(lines.as_bytes()).await.map_err(sql)?;
                copy.finish().await.map_err(sql)?;
                lines.clear();
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends what waits, builds the indexes, commits, counts what there is for the planner and
    /// closes.
    pub(crate) async fn finish(mut self) -> Result<(), DemoError> {
        for at in 0..self.buffers.len() {
            self.flush(at).await?;
        }
        let what = self.what;
        let sql = |source| DemoError::Sql { what, source };
        match self.sink {
            Sink::Sqlite(mut connection) => {
                let text = format!("COMMIT;\n{}\nANALYZE;\nPRAGMA journal_mode = DELETE;", self.indexes);
                connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map_err(sql)?;
                connection.close().await.map_err(sql)
            }
            Sink::Postgres(mut connection) => {
                let text = format!("COMMIT;\nSET maintenance_work_mem = '256MB';\n{}", self.indexes);
                connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map_err(sql)?;
                // Alone: it refuses to run beside another statement. Only these tables: there may be others.
                let text = format!("VACUUM (ANALYZE) {}", self.tables.join(","));
                connection.execute(AssertSqlSafe(text)).await.map_err(sql)?;
                connection.close().await.map_err(sql)
            }
            Sink::Nowhere => Ok(()),
        }
    }
}

/// A value in COPY's text format.
fn copied(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
}
