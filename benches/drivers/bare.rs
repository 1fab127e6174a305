//! The drivers used bare: sqlx and tiberius, as one would by hand.

use std::{path::Path, str::FromStr};

use futures::TryStreamExt;
use rust_decimal::Decimal;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor, PgConnection, Row as _, SqliteConnection,
    sqlite::SqliteConnectOptions,
};
use tiberius::{Query, QueryItem};

use super::{Task, support::sqlserver};

/// Code, title and price.
pub type Item = (String, String, Decimal);

/// A connection of one driver.
pub enum Bare {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
    SqlServer(Box<sqlserver::Connection>),
}

const COLUMNS: &str = "SELECT code, title, price FROM item";

impl Bare {
    /// Makes the file and fills it.
    pub async fn sqlite(file: &Path, script: &[String]) -> Self {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = options.connect().await.expect("a file");
        for sql in script {
            connection.execute(AssertSqlSafe(sql.clone())).await.expect("the table");
        }
        Self::Sqlite(Box::new(connection))
    }

    /// Connects.
    pub async fn postgres(url: &str) -> Self {
        Self::Postgres(Box::new(PgConnection::connect(url).await.expect("a connection")))
    }

    /// Asks and reads every value.
    pub async fn run(&mut self, task: &Task) -> Vec<Item> {
        match self {
            Self::Sqlite(connection) => sqlite(connection, task).await.expect("an answer"),
            Self::Postgres(connection) => postgres(connection, task).await.expect("an answer"),
            Self::SqlServer(connection) => sql_server(connection, task).await.expect("an answer"),
        }
    }
}

async fn sqlite(connection: &mut SqliteConnection, task: &Task) -> sqlx::Result<Vec<Item>> {
    let (sql, parameter) = match task {
        Task::Keys(keys) => {
            let keys = serde_json::to_string(keys).expect("JSON");
            (format!("{COLUMNS} WHERE code IN (SELECT value FROM json_each(?1))"), keys)
        }
        Task::Page(after) => (format!("{COLUMNS} WHERE code > ?1 ORDER BY code LIMIT 50"), after.clone()),
    };
    let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(parameter).fetch(connection);
    let mut items = Vec::new();
    while let Some(row) = rows.try_next().await? {
        // SQLite has no exact decimals; the digits are those that were written.
        let price = Decimal::from_str(&row.try_get::<f64, _>(2)?.to_string()).expect("a number");
        items.push((row.try_get(0)?, row.try_get(1)?, price));
    }
    Ok(items)
}

async fn postgres(connection: &mut PgConnection, task: &Task) -> sqlx::Result<Vec<Item>> {
    let query = match task {
        Task::Keys(keys) => {
            sqlx::query(AssertSqlSafe(format!("{COLUMNS} WHERE code = ANY($1)"))).bind(keys.clone())
        }
        Task::Page(after) => {
            let page = "WHERE code COLLATE \"C\" > $1 COLLATE \"C\" ORDER BY code COLLATE \"C\" LIMIT 50";
            sqlx::query(AssertSqlSafe(format!("{COLUMNS} {page}"))).bind(after.clone())
        }
    };
    let mut rows = query.fetch(connection);
    let mut items = Vec::new();
    while let Some(row) = rows.try_next().await? {
        items.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    Ok(items)
}

async fn sql_server(connection: &mut sqlserver::Connection, task: &Task) -> tiberius::Result<Vec<Item>> {
    let mut query = match task {
        Task::Keys(keys) => {
            let list: Vec<String> = (1..=keys.len()).map(|n| format!("CAST(@P{n} AS varchar(19))")).collect();
            Query::new(format!("{COLUMNS} WHERE code IN ({})", list.join(", ")))
        }
        Task::Page(_) => Query::new(
            "SELECT TOP (50) code, title, price FROM item WHERE CAST(code AS nvarchar(19)) COLLATE Latin1_General_BIN2 > @P1 \
             ORDER BY CAST(code AS nvarchar(19)) COLLATE Latin1_General_BIN2",
        ),
    };
    match task {
        Task::Keys(keys) => keys.iter().for_each(|key| query.bind(key.clone())),
        Task::Page(after) => query.bind(after.clone()),
    }
    let mut stream = query.query(connection).await?;
    let mut items = Vec::new();
    while let Some(item) = stream.try_next().await? {
        let QueryItem::Row(row) = item else { continue };
        let text = |i: usize| row.try_get::<&str, _>(i).map(|t| t.unwrap_or_default().to_owned());
        let price = row.try_get::<tiberius::numeric::Numeric, _>(2)?;
        let price =
            price.map_or(Decimal::ZERO, |n| Decimal::from_i128_with_scale(n.value(), n.scale().into()));
        items.push((text(0)?, text(1)?, price));
    }
    Ok(items)
}
