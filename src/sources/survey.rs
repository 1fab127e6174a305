//! What a database says of itself: its tables, their columns, its collation. One text a dialect and
//! question, answered in cells of text; what is asked here is never asked while requests are served.

use std::borrow::Cow;

use super::{Dialect, SharedSource, SourceError, render::tsql_prefix};

/// A question about the database itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survey<'a> {
    /// The tables and views that a name without prefix means, or those of a prefix. Cells: name.
    Tables {
        /// A database or schema.
        prefix: Option<&'a str>,
    },
    /// A table's columns, in order; no row when there is no such table. Cells: name, type, `true` when
    /// it may hold NULL, collation; then, where the engine does not tell collations, the table's own
    /// definition.
    Columns {
        /// A database or schema.
        prefix: Option<&'a str>,
        /// The table.
        table: &'a str,
    },
    /// The collation of a column that names none. Cells: name.
    Collation,
}

/// Cells of text, row by row.
pub type Texts = Vec<Vec<Option<String>>>;

const SQLITE_TABLES: &str = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') \
     AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name";
const SQLITE_COLUMNS: &str = "SELECT c.name, c.type, CASE c.\"notnull\" WHEN 0 THEN 'true' ELSE 'false' END, \
     NULL, (SELECT m.sql FROM sqlite_master m WHERE m.name = ?1 COLLATE NOCASE AND m.type IN ('table', 'view')) \
     FROM pragma_table_xinfo(?1, ?2) c WHERE c.hidden <> 1 ORDER BY c.cid";
const SQLITE_COLLATION: &str = "SELECT 'BINARY'";

const POSTGRES_TABLES: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') \
     AND n.nspname = ANY (CASE WHEN $1 = '' THEN current_schemas(false) ELSE ARRAY[$1::name] END) ORDER BY 1";
const POSTGRES_COLUMNS: &str = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), \
     CASE WHEN a.attnotnull THEN 'false' ELSE 'true' END, c.collname::text \
     FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_collation c \
     ON c.oid = a.attcollation AND c.collname <> 'default' \
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
const POSTGRES_COLLATION: &str =
    "SELECT datcollate::text FROM pg_catalog.pg_database WHERE datname = current_database()";

const SQLSERVER_TABLES: &str = "SELECT DISTINCT CAST(TABLE_NAME AS nvarchar(128)) AS name \
     FROM INFORMATION_SCHEMA.COLUMNS \
     WHERE TABLE_SCHEMA IN (CAST(@P1 AS nvarchar(128)), SCHEMA_NAME(), N'dbo') ORDER BY name";
const SQLSERVER_COLUMNS: &str = "SELECT CAST(COLUMN_NAME AS nvarchar(128)), CAST(DATA_TYPE AS nvarchar(128)), \
     CAST(CASE WHEN IS_NULLABLE = 'NO' THEN N'false' ELSE N'true' END AS nvarchar(5)), \
     CAST(COLLATION_NAME AS nvarchar(128)) FROM INFORMATION_SCHEMA.COLUMNS \
     WHERE TABLE_NAME = CAST(@P1 AS nvarchar(128)) \
     AND TABLE_SCHEMA IN (CAST(@P2 AS nvarchar(128)), SCHEMA_NAME(), N'dbo') ORDER BY ORDINAL_POSITION";
const SQLSERVER_COLLATION: &str = "SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS nvarchar(128))";

impl Survey<'_> {
    /// The question in a dialect, and the texts bound to it.
    pub(super) fn sql(&self, dialect: Dialect) -> (Cow<'static, str>, Vec<String>) {
        let plain = |prefix: Option<&str>| prefix.unwrap_or_default().to_owned();
        match (dialect, self) {
            (Dialect::Sqlite, Self::Tables { .. }) => (SQLITE_TABLES.into(), Vec::new()),
            (Dialect::Sqlite, Self::Columns { prefix, table }) => {
                (SQLITE_COLUMNS.into(), vec![(*table).to_owned(), prefix.unwrap_or("main").to_owned()])
            }
            (Dialect::Sqlite, Self::Collation) => (SQLITE_COLLATION.into(), Vec::new()),
            (Dialect::Postgres, Self::Tables { prefix }) => (POSTGRES_TABLES.into(), vec![plain(*prefix)]),
            (Dialect::Postgres, Self::Columns { prefix, table }) => {
                let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
                let name =
                    prefix.map_or_else(|| quoted(table), |p| format!("{}.{}", quoted(p), quoted(table)));
                (POSTGRES_COLUMNS.into(), vec![name])
            }
            (Dialect::Postgres, Self::Collation) => (POSTGRES_COLLATION.into(), Vec::new()),
            (Dialect::SqlServer, Self::Tables { prefix }) => {
                let (of, schema) = elsewhere(*prefix);
                (of(SQLSERVER_TABLES).into(), vec![schema])
            }
            (Dialect::SqlServer, Self::Columns { prefix, table }) => {
                let (of, schema) = elsewhere(*prefix);
                (of(SQLSERVER_COLUMNS).into(), vec![(*table).to_owned(), schema])
            }
            (Dialect::SqlServer, Self::Collation) => (SQLSERVER_COLLATION.into(), Vec::new()),
        }
    }
}

/// SQL Server: a prefix is a database, or `database.schema`. What asks the database's own catalogue, and
/// the schema.
fn elsewhere(prefix: Option<&str>) -> (impl Fn(&str) -> String, String) {
    let (database, schema) = prefix.map_or(("", ""), |p| p.split_once('.').unwrap_or((p, "")));
    let database = (!database.is_empty()).then_some(database);
    let from = format!("{}INFORMATION_SCHEMA.COLUMNS", tsql_prefix(database).replace("..", "."));
    (move |sql: &str| sql.replace("INFORMATION_SCHEMA.COLUMNS", &from), schema.to_owned())
}

/// A column as its database describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type in the database's own words.
    pub type_name: String,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// The collation it names; `None`: the database's, or it is no text.
    pub collation: Option<String>,
}

/// The tables and views of a source, or of a prefix in it.
pub async fn tables(source: &SharedSource, prefix: Option<&str>) -> Result<Vec<String>, SourceError> {
    let rows = source.survey(&Survey::Tables { prefix }).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// The columns of a table; `None` when there is no such table.
pub async fn describe(
    source: &SharedSource,
    prefix: Option<&str>,
    table: &str,
) -> Result<Option<Vec<ColumnInfo>>, SourceError> {
    let rows = source.survey(&Survey::Columns { prefix, table }).await?;
    let columns: Vec<ColumnInfo> = rows
        .into_iter()
        .filter_map(|row| {
            let mut cells = row.into_iter();
            let name = cells.next().flatten()?;
            let type_name = cells.next().flatten().unwrap_or_default();
            let nullable = cells.next().flatten().is_none_or(|n| n == "true");
            let collation = cells.next().flatten();
            let collation = collation.or_else(|| defined_collation(&cells.next().flatten()?, &name));
            Some(ColumnInfo { name, type_name, nullable, collation })
        })
        .collect();
    Ok((!columns.is_empty()).then_some(columns))
}

/// The collation of a column that names none.
pub async fn collation(source: &SharedSource) -> Result<Option<String>, SourceError> {
    let rows = source.survey(&Survey::Collation).await?;
    Ok(rows.into_iter().next().and_then(|row| row.into_iter().next().flatten()))
}

/// What `COLLATE` a column has in a `CREATE TABLE`: SQLite keeps the text and tells it nowhere else.
fn defined_collation(definition: &str, column: &str) -> Option<String> {
    let body = definition.get(definition.find('(')? + 1..)?;
    let words = words(body);
    let mut depth = 0_usize;
    let mut first = true;
    let mut ours = false;
    for (i, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => first = true,
            word if depth == 0 => {
                if std::mem::take(&mut first) {
                    ours = word.eq_ignore_ascii_case(column);
                } else if ours && word.eq_ignore_ascii_case("COLLATE") {
                    return words.get(i + 1).cloned();
                }
            }
            _ => {}
        }
    }
    None
}

/// Names, words and punctuation of a definition, without quotes and comments.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '`' | '\'' | '[' => {
                let end = if c == '[' { ']' } else { c };
                let mut word = String::new();
                while let Some(c) = rest.next() {
                    if c != end {
                        word.push(c);
                    } else if end != ']' && rest.peek() == Some(&end) {
                        rest.next();
                        word.push(end);
                    } else {
                        break;
                    }
                }
                words.push(word);
            }
            '-' if rest.peek() == Some(&'-') => while rest.next_if(|c| *c != '\n').is_some() {},
            c if c.is_whitespace() => {}
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '$') {
                    word.push(c);
                }
                words.push(word);
            }
            c => words.push(c.to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_are_read_of_definitions() {
        let sql = "CREATE TABLE \"a\" (\"code\" TEXT COLLATE NOCASE NOT NULL, -- it's, a\n n NUMERIC(18,6), \
                   [Durée garantie] varchar(9) DEFAULT 'a, COLLATE b' COLLATE \"FRENCH_CI_AS\", c TEXT, \
                   PRIMARY KEY (code COLLATE BINARY))";
        assert_eq!(defined_collation(sql, "CODE").as_deref(), Some("NOCASE"));
        assert_eq!(defined_collation(sql, "Durée garantie").as_deref(), Some("FRENCH_CI_AS"));
        assert_eq!(defined_collation(sql, "c"), None);
        assert_eq!(defined_collation(sql, "n"), None);
    }
}
