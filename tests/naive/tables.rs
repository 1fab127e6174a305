//! Whole tables in memory.

use std::collections::{BTreeMap, HashMap};

use sqlx::{Column, Connection, Row as _, TypeInfo, ValueRef};

use crate::support::{
    postgres,
    shops::{Engine, Folder},
};

/// A cell as the database holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

/// A row by column name.
pub type Row = BTreeMap<String, Raw>;

/// A database by table name.
pub type Tables = HashMap<String, Vec<Row>>;

const ERP: &[&str] = &[
    "F_CATALOGUE",
    "F_ARTICLE",
    "F_ARTENUMREF",
    "F_ARTGAMME",
    "F_ENUMGAMME",
    "F_CONDITION",
    "P_GAMME",
    "P_UNITE",
    "P_CONDITIONNEMENT",
    "F_ARTCOMPTA",
    "F_FAMCOMPTA",
    "F_TAXE",
    "F_ARTGLOSS",
    "F_GLOSSAIRE",
    "F_ARTICLEMEDIA",
];
const ISOSHOP: &[&str] = &[
    "department",
    "article",
    "reference",
    "text",
    "marker",
    "article_department",
    "article_relation",
    "document",
];

/// Reads both databases of a shop.
pub async fn read(folder: &Folder) -> (Tables, Tables) {
    (read_source(folder, "erp", ERP).await, read_source(folder, "isoshop", ISOSHOP).await)
}

async fn read_source(folder: &Folder, source: &str, tables: &[&str]) -> Tables {
    let mut found = Tables::new();
    match folder.engine {
        Engine::Sqlite => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.sqlite_file(source));
            let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("connect");
            for table in tables {
                let sql = format!("SELECT * FROM \"{table}\"");
                let rows =
                    sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await.expect(table);
                let rows = rows.iter().map(|row| {
                    row.columns()
                        .iter()
                        .map(|c| (c.name().to_owned(), sqlite_cell(row, c.ordinal())))
                        .collect()
                });
                found.insert((*table).to_owned(), rows.collect());
            }
            connection.close().await.expect("close");
        }
        Engine::SqlServer => panic!("the twin reads SQLite and PostgreSQL only"),
        // Everything as text is enough: the twin reads numbers out of text as well.
        Engine::Postgres => {
            let url = postgres::url_of(folder.database(source));
            let mut connection = sqlx::PgConnection::connect(&url).await.expect("connect");
            for table in tables {
                let columns: Vec<String> = sqlx::query_scalar(
                    "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position",
                )
                .bind(table)
                .fetch_all(&mut connection)
                .await
                .expect(table);
                let list: Vec<String> = columns.iter().map(|c| format!("\"{c}\"::text")).collect();
                let sql = format!("SELECT {} FROM \"{table}\"", list.join(", "));
                let rows =
                    sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await.expect(table);
                let rows = rows.iter().map(|row| {
                    let cell = |n| row.get::<Option<String>, _>(n).map_or(Raw::Null, Raw::Text);
                    columns.iter().enumerate().map(|(n, name)| (name.clone(), cell(n))).collect()
                });
                found.insert((*table).to_owned(), rows.collect());
            }
            connection.close().await.expect("close");
        }
    }
    found
}

fn sqlite_cell(row: &sqlx::sqlite::SqliteRow, n: usize) -> Raw {
    let value = row.try_get_raw(n).expect("a cell");
    if value.is_null() {
        return Raw::Null;
    }
    match value.type_info().name() {
        "INTEGER" | "BOOLEAN" | "INT8" => Raw::Int(row.get_unchecked(n)),
        "REAL" => Raw::Real(row.get_unchecked(n)),
        "BLOB" => Raw::Null,
        _ => Raw::Text(row.get_unchecked(n)),
    }
}

/// Reading cells. A missing column reads as NULL.
pub trait Cells {
    fn raw(&self, column: &str) -> &Raw;

    /// Right-trimmed text; blanks are nothing.
    fn text(&self, column: &str) -> Option<String> {
        let text = match self.raw(column) {
            Raw::Null => return None,
            Raw::Int(n) => n.to_string(),
            Raw::Real(x) => x.to_string(),
            Raw::Text(text) => text.trim_end().to_owned(),
        };
        if text.trim().is_empty() { None } else { Some(text) }
    }

    /// A number; fractions keep at most nine places, which is what a sum of halves in binary needs.
    fn number(&self, column: &str) -> Option<rust_decimal::Decimal> {
        match self.raw(column) {
            Raw::Null => None,
            Raw::Int(n) => Some((*n).into()),
            Raw::Real(x) => format!("{x:.9}").parse().ok(),
            Raw::Text(text) => text.trim().parse().ok(),
        }
    }

    /// A whole number; NULL is 0, as Sage's flags and links are read.
    fn whole(&self, column: &str) -> i64 {
        self.number(column).and_then(|n| n.trunc().to_string().parse().ok()).unwrap_or(0)
    }
}

impl Cells for Row {
    fn raw(&self, column: &str) -> &Raw {
        static NULL: Raw = Raw::Null;
        self.get(column).unwrap_or(&NULL)
    }
}
