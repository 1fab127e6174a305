//! The IsoShop model as tables: `comptoir isoshop create` makes those that a base lacks.
//!
//! What is there stays as it is: a table that exists is kept, with its rows and its columns, and so
//! are the indexes on it. All happens in one transaction.

use std::{collections::BTreeSet, path::Path, str::FromStr};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use crate::{
    config::{SourceConfig, SourceKind},
    sources::SourceError,
    value::KeyCompare,
};

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Created {
    /// Tables made.
    pub made: Vec<String>,
    /// Tables that were there already.
    pub kept: Vec<String>,
}

/// Why the tables could not be made. No message holds the source's URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// No connection.
    #[error("cannot connect to source `{0}`: {1}")]
    Connect(String, String),
    /// The database refused a statement.
    #[error("source `{source_name}` refused to make the tables: {reason}; nothing was changed")]
    Refused {
        /// The source.
        source_name: String,
        /// What the database said.
        reason: String,
    },
}

/// The statements that make the whole model on an engine, as one script.
pub fn script(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Sqlite => include_str!("../migrations/isoshop/sqlite/0001_isoshop.sql"),
        SourceKind::Postgres => include_str!("../migrations/isoshop/postgres/0001_isoshop.sql"),
        SourceKind::SqlServer => include_str!("../migrations/isoshop/sqlserver/0001_isoshop.sql"),
    }
}

/// One statement of the script and the table it makes or belongs to.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    table: Option<String>,
    makes: bool,
    sql: String,
}

/// The script's statements. Ours are simple: each ends with a `;` at the end of a line.
fn pieces(script: &str) -> Vec<Piece> {
    let code: String = script
        .lines()
        .filter(|l| !l.trim_start().starts_with("--"))
        .flat_map(|l| [l.trim_end(), "\n"])
        .collect();
    let statements = code.split(";\n").map(str::trim).filter(|s| !s.is_empty());
    statements
        .map(|sql| {
            let makes = sql.starts_with("CREATE TABLE");
            let named = if makes { Some(sql) } else { sql.split_once(" ON ").map(|(_, rest)| rest) };
            let table = named.and_then(|s| s.split(['"', '[', ']']).nth(1)).map(str::to_owned);
            Piece { table, makes, sql: sql.to_owned() }
        })
        .collect()
}

/// The statements for the tables that a base lacks, in order, and what that does.
fn lacking(script: &str, there: &BTreeSet<String>) -> (Vec<String>, Created) {
    let mut created = Created::default();
    let mut statements = Vec::new();
    for piece in pieces(script) {
        let known = piece.table.as_ref().is_some_and(|t| there.contains(&t.to_lowercase()));
        if let (Some(table), true) = (&piece.table, piece.makes) {
            if known { &mut created.kept } else { &mut created.made }.push(table.clone());
        }
        if !known {
            statements.push(piece.sql);
        }
    }
    (statements, created)
}

/// Makes the tables that a source's base lacks. A SQLite file that does not exist is made.
pub async fn create(source: &SourceConfig, dir: &Path) -> Result<Created, CreateError> {
    let refused =
        |e: &sqlx::Error| CreateError::Refused { source_name: source.name.clone(), reason: reason(e) };
    let unreachable = |e: &sqlx::Error| CreateError::Connect(source.name.clone(), reason(e));
    let url = &source.url.0;
    let script = script(source.kind);
    match source.kind {
        SourceKind::Sqlite => {
            let options = SqliteConnectOptions::from_str(url).map_err(|e| unreachable(&e))?;
            let path = dir.join(options.get_filename());
            let folding = |a: &str, b: &str| KeyCompare::CiAs.fold(a).cmp(&KeyCompare::CiAs.fold(b));
            let options = options.filename(path).create_if_missing(true).collation("FRENCH_CI_AS", folding);
            let mut conn: SqliteConnection = options.connect().await.map_err(|e| unreachable(&e))?;
            let mut within = conn.begin_with("BEGIN IMMEDIATE").await.map_err(|e| refused(&e))?;
            let tables: Vec<String> =
                sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
                    .fetch_all(&mut *within)
                    .await
                    .map_err(|e| refused(&e))?;
            let (statements, created) = lacking(script, &lower(tables));
            for sql in statements {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut *within).await.map_err(|e| refused(&e))?;
            }
            within.commit().await.map_err(|e| refused(&e))?;
            conn.close().await.map_err(|e| refused(&e))?;
            Ok(created)
        }
        SourceKind::Postgres => {
            let options = PgConnectOptions::from_str(url)
                .map_err(|e| unreachable(&e))?
                .application_name("comptoir isoshop create");
            let mut conn = PgConnection::connect_with(&options).await.map_err(|e| unreachable(&e))?;
            let mut within = conn.begin().await.map_err(|e| refused(&e))?;
            let tables: Vec<String> = sqlx::query_scalar(
                "SELECT relname::text FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') \
                 AND pg_catalog.pg_table_is_visible(oid)",
            )
            .fetch_all(&mut *within)
            .await
            .map_err(|e| refused(&e))?;
            let (statements, created) = lacking(script, &lower(tables));
            for sql in statements {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut *within).await.map_err(|e| refused(&e))?;
            }
            within.commit().await.map_err(|e| refused(&e))?;
            Ok(created)
        }
        SourceKind::SqlServer => {
            let mut created = Created::default();
            let question = "SELECT CAST(TABLE_NAME AS nvarchar(128)) FROM INFORMATION_SCHEMA.TABLES";
            let make = |tables| {
                let (statements, made) = lacking(script, &lower(tables));
                created = made;
                statements
            };
            crate::sources::sqlserver::transact(url, dir, source.limits.statement, question, make)
                .await
                .map_err(|error| match error {
                    SourceError::Connect(why) => CreateError::Connect(source.name.clone(), why),
                    other => {
                        CreateError::Refused { source_name: source.name.clone(), reason: other.to_string() }
                    }
                })?;
            Ok(created)
        }
    }
}

fn lower(tables: Vec<String>) -> BTreeSet<String> {
    tables.into_iter().map(|t| t.to_lowercase()).collect()
}

/// What the database said; never the URL, which may hold a password.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(io) => io.to_string(),
        sqlx::Error::Tls(tls) => format!("TLS: {tls}"),
        _ => "its URL is malformed, or the server does not answer as expected".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_of_every_engine_belongs_to_a_table() {
        for kind in [SourceKind::Sqlite, SourceKind::Postgres, SourceKind::SqlServer] {
            let pieces = pieces(script(kind));
            let tables: Vec<&String> =
                pieces.iter().filter(|p| p.makes).filter_map(|p| p.table.as_ref()).collect();
            assert!(tables.len() >= 18, "{tables:?}");
            for piece in pieces.iter().filter(|p| p.sql.contains(" INDEX ")) {
                assert!(tables.contains(&piece.table.as_ref().unwrap()), "{piece:?}");
            }
        }
    }

    #[test]
    fn what_is_there_is_kept_with_its_indexes() {
        let there = BTreeSet::from(["article".to_owned()]);
        let (statements, created) = lacking(script(SourceKind::Sqlite), &there);
        assert_eq!(created.kept, ["article"]);
        assert!(!created.made.contains(&"article".to_owned()) && created.made.contains(&"text".to_owned()));
        assert!(
            statements.iter().all(|s| !s.contains("ON \"article\" (") && !s.contains("TABLE \"article\" ("))
        );
    }
}
