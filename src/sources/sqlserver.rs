//! The SQL Server driver, over tiberius: versions 2008 R2 to 2022, SQL logins.
//!
//! A connection serves one statement at a time and is thrown away when its statement ran out of
//! time or nobody waits for it any more: the tail of an answer that was not read would be taken for
//! the next one's. A connection that was idle, or held a transaction, is rolled back and asked
//! whether it lives before it is used again.

mod address;
mod cell;
mod faults;
mod lists;
mod script;
mod twins;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use futures::TryStreamExt;
use tiberius::{Client, Query, QueryItem, Row};
use tokio::{net::TcpStream, time::Instant};
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

pub use self::script::transact;
use self::{address::Address, lists::Lists};
use super::{
    Dialect, Rows, SourceError,
    bind::{Filled, Scalar, fill},
    columns::{Known, SqlType, TwinRule},
    family::Family,
    pooled::{Fault, Job, Wire},
    render::tsql_prefix,
    select::Decode,
    survey::Texts,
};
use crate::value::Type;

/// An idle time after which a connection is asked whether it lives: a firewall needs longer to
/// forget one, and a burst of statements need not pay twice.
const TRUSTED: Duration = Duration::from_secs(1);
/// Availability groups send a read-only client on, once as a rule.
const MOST_HOPS: usize = 3;

/// How to reach one database.
pub(super) struct SqlServer {
    address: Address,
    /// What a session is told at its start.
    setup: String,
    /// What the map says of binary copies.
    twins: Vec<TwinRule>,
}

/// A connection.
pub(super) struct Conn {
    client: Client<Compat<TcpStream>>,
    /// A transaction may be open.
    pub(super) dirty: bool,
}

impl SqlServer {
    /// Reads the URL; a relative `ca_file` starts in `dir`.
    pub(super) fn new(
        url: &str,
        dir: &Path,
        statement: Duration,
        twins: Vec<TwinRule>,
    ) -> Result<Self, SourceError> {
        let address = Address::read(url, dir).map_err(|why| {
            SourceError::Connect(format!(
                "the SQL Server URL is malformed: {why}; write sqlserver://user:password@host:1433/database"
            ))
        })?;
        let isolation = if address.isolation == Isolation::Snapshot { "SNAPSHOT" } else { "READ COMMITTED" };
        // A reader that waits for a lock gives up with us, not after us.
        let setup = format!(
            "SET NOCOUNT ON; SET LOCK_TIMEOUT {}; SET TRANSACTION ISOLATION LEVEL {isolation}",
            statement.as_millis().clamp(1, 2_000_000_000)
        );
        Ok(Self { address, setup, twins })
    }

    async fn dial(&self) -> Result<Client<Compat<TcpStream>>, SourceError> {
        let mut config = self.address.config(None)?;
        for _ in 0..MOST_HOPS {
            let tcp = self.address.tcp(&config).await?;
            match Box::pin(Client::connect(config.clone(), tcp.compat_write())).await {
                Ok(client) => return Ok(client),
                Err(tiberius::error::Error::Routing { host, port }) => {
                    config = self.address.config(Some((&host, port)))?;
                }
                Err(error) => return Err(faults::login(&error, &self.address)),
            }
        }
        Err(SourceError::Connect(format!(
            "{} sends its clients on and on; connect to the server that answers in the end",
            self.address.place()
        )))
    }

    /// Whether the database keeps the row versions that snapshots read.
    async fn check_snapshot(&self, client: &mut Client<Compat<TcpStream>>) -> Result<(), SourceError> {
        const STATE: &str =
            "SELECT CAST(snapshot_isolation_state AS int) FROM sys.databases WHERE name = DB_NAME()";
        let fail = |e| faults::login(&e, &self.address);
        let row = client.simple_query(STATE).await.map_err(fail)?.into_row().await.map_err(fail)?;
        let state: Option<i32> = row.and_then(|r| r.try_get(0).ok().flatten());
        if state == Some(1) {
            return Ok(());
        }
        Err(SourceError::Connect(format!(
            "the database {} does not allow snapshots: run ALTER DATABASE [{}] SET ALLOW_SNAPSHOT_ISOLATION ON, \
             or set isolation = \"read committed\"",
            self.address.database,
            self.address.database.replace(']', "]]")
        )))
    }
}

/// How reads see what others are writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// Only what is committed; waits for writers, unless the database keeps row versions.
    ReadCommitted,
    /// The database as it was when the statement began.
    Snapshot,
    /// Whatever stands there, committed or not.
    NoLock,
}

#[async_trait]
impl Wire for SqlServer {
    type Conn = Conn;
    const DIALECT: Dialect = Dialect::SqlServer;
    const COLUMNS: &'static str = "SELECT CAST(TABLE_SCHEMA AS nvarchar(128)), CAST(COLUMN_NAME AS nvarchar(128)), \
         CAST(DATA_TYPE AS nvarchar(128)), CAST(CHARACTER_MAXIMUM_LENGTH AS int), \
         CAST(NUMERIC_PRECISION AS int), CAST(NUMERIC_SCALE AS int), CAST(COLLATION_NAME AS nvarchar(128)) \
         FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = CAST(@P1 AS nvarchar(128)) \
         AND TABLE_SCHEMA IN (CAST(@P2 AS nvarchar(128)), SCHEMA_NAME(), N'dbo') ORDER BY ORDINAL_POSITION";
    const VERSION: &'static str = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))";

    fn hint(&self) -> &'static str {
        if self.address.isolation == Isolation::NoLock { " WITH (NOLOCK)" } else { "" }
    }

    async fn connect(&self) -> Result<Conn, SourceError> {
        let mut client = self.dial().await?;
        if self.address.isolation == Isolation::Snapshot {
            self.check_snapshot(&mut client).await?;
        }
        let fail = |e| faults::login(&e, &self.address);
        client.simple_query(self.setup.clone()).await.map_err(fail)?.into_results().await.map_err(fail)?;
        Ok(Conn { client, dirty: false })
    }

    async fn recycle(&self, conn: &mut Conn, idle: Duration) -> bool {
        if !conn.dirty && idle < TRUSTED {
            return true;
        }
        // Dropped half-way it stays dirty.
        conn.dirty = true;
        let answer = match conn.client.simple_query("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SELECT 1").await
        {
            Ok(stream) => stream.into_results().await,
            Err(error) => Err(error),
        };
        conn.dirty = answer.is_err();
        !conn.dirty
    }

    async fn rows(&self, conn: &mut Conn, job: &Job<'_>) -> Result<Rows, Fault> {
        let sql: &str = &job.rendered.sql;
        let mut query = Query::new(sql);
        let mut lists = Lists::new(job.params, job.zone);
        for bind in &job.rendered.binds {
            let scalar = match fill(bind, job.params, job.moment, job.zone)? {
                Filled::Scalar(scalar, _) => scalar,
                Filled::List => lists.fill(bind)?,
                Filled::Keys(..) => {
                    return Err(SourceError::Refused("this statement is not SQL Server's".into()).into());
                }
            };
            match scalar {
                Scalar::Null => query.bind(None::<&str>),
                Scalar::Bool(b) => query.bind(b),
                Scalar::Int(n) => query.bind(n),
                // As text its declaration is the same whatever the number of digits.
                Scalar::Decimal(n) => query.bind(n.normalize().to_string()),
                Scalar::Text(text) => query.bind(text.into_owned()),
                Scalar::Date(day) => query.bind(day),
                Scalar::Local(moment) => query.bind(moment),
            }
        }
        let counted = [Decode::of(Type::Int)];
        let decoders: Vec<&Decode> = if job.select.count {
            counted.iter().collect()
        } else {
            let number = job.rendered.branch_number.then_some(&counted[0]);
            job.select.outputs.iter().map(|o| &o.decode).chain(number).collect()
        };
        let mut cells = Vec::with_capacity(decoders.len() * 32);
        let mut described = false;
        let mut stream = query.query(&mut conn.client).await.map_err(|e| faults::fault(&e))?;
        while let Some(item) = stream.try_next().await.map_err(|e| faults::fault(&e))? {
            let QueryItem::Row(row) = item else {
                described = true;
                continue;
            };
            let start = cells.len();
            cells.extend(decoders.iter().zip(row).map(|(decode, data)| cell::read(decode, &data)));
            cells.resize(start + decoders.len(), crate::value::Value::Null);
        }
        // No rows is an answer, and has columns; an answer without any was broken off.
        if !described {
            return Err(SourceError::Lost("the server answered without a result".into()).into());
        }
        Ok(Rows { width: decoders.len(), cells })
    }

    async fn columns(
        &self,
        conn: &mut Conn,
        prefix: Option<&str>,
        table: &str,
        _until: Instant,
    ) -> Result<Vec<Known>, Fault> {
        let (database, schema) = prefix.map_or(("", ""), |p| p.split_once('.').unwrap_or((p, "")));
        let from = format!(
            "{}INFORMATION_SCHEMA.COLUMNS",
            tsql_prefix((!database.is_empty()).then_some(database)).replace("..", ".")
        );
        let sql = Self::COLUMNS.replace("INFORMATION_SCHEMA.COLUMNS", &from);
        let mut query = Query::new(sql);
        query.bind(table.to_owned());
        query.bind(schema.to_owned());
        let fail = |e| faults::fault(&e);
        let rows =
            query.query(&mut conn.client).await.map_err(fail)?.into_first_result().await.map_err(fail)?;
        let mut found: Vec<(String, Known)> = Vec::with_capacity(rows.len());
        for row in rows {
            let text = |i: usize| row.try_get::<&str, _>(i).ok().flatten();
            let number = |i: usize| row.try_get::<i32, _>(i).ok().flatten();
            let (Some(schema), Some(name), Some(word)) = (text(0), text(1), text(2)) else { continue };
            let precision = number(4).and_then(|p| u8::try_from(p).ok());
            let ty = SqlType::read(word, number(3), precision, number(5));
            // Moments of which each has a zone of its own are no local times.
            let zoned = word == "datetimeoffset";
            let family = if zoned { Family::Other } else { Family::sqlserver(ty, text(6)) };
            let known = Known {
                name: name.to_owned(),
                ty: Some(ty),
                family: Some(family),
                collation: text(6).map(Box::from),
                twin: None,
            };
            found.push((schema.to_owned(), known));
        }
        // The name means the schema asked for, else the login's own, else dbo.
        let wanted = match found.iter().map(|(s, _)| s).find(|s| s.eq_ignore_ascii_case(schema)) {
            Some(schema) => Some(schema.clone()),
            None if schema.is_empty() => {
                let mut schemas = found.iter().map(|(s, _)| s);
                schemas.clone().find(|s| *s != "dbo").or_else(|| schemas.next()).cloned()
            }
            None => None,
        };
        let of_table = found.into_iter().filter(|(s, _)| Some(s) == wanted.as_ref());
        let mut columns: Vec<Known> = of_table.map(|(_, known)| known).collect();
        twins::find(&mut conn.client, &self.twins, (prefix, table), &mut columns).await?;
        Ok(columns)
    }

    async fn texts(
        &self,
        conn: &mut Conn,
        sql: &str,
        binds: Vec<String>,
        _until: Instant,
    ) -> Result<Texts, Fault> {
        let mut query = Query::new(sql);
        binds.into_iter().for_each(|text| query.bind(text));
        let fail = |e| faults::fault(&e);
        let rows =
            query.query(&mut conn.client).await.map_err(fail)?.into_first_result().await.map_err(fail)?;
        let text = |row: &Row, i: usize| row.try_get::<&str, _>(i).ok().flatten().map(str::to_owned);
        Ok(rows.iter().map(|row| (0..row.len()).map(|i| text(row, i)).collect()).collect())
    }

    async fn version(&self, conn: &mut Conn, _until: Instant) -> Result<String, Fault> {
        let fail = |e| faults::fault(&e);
        let row =
            conn.client.simple_query(Self::VERSION).await.map_err(fail)?.into_row().await.map_err(fail)?;
        let version = row.as_ref().and_then(|r| r.try_get::<&str, _>(0).ok().flatten()).unwrap_or("");
        Ok(format!("SQL Server {version}{}", release(version)))
    }
}

/// The name people know a version by.
fn release(version: &str) -> &'static str {
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        (Some("10"), Some("50")) => " (2008 R2)",
        (Some("10"), _) => " (2008)",
        (Some("11"), _) => " (2012)",
        (Some("12"), _) => " (2014)",
        (Some("13"), _) => " (2016)",
        (Some("14"), _) => " (2017)",
        (Some("15"), _) => " (2019)",
        (Some("16"), _) => " (2022)",
        _ => "",
    }
}

#[cfg(test)]
#[path = "sqlserver_tests.rs"]
pub(in crate::sources) mod tests;

#[cfg(test)]
#[path = "sqlserver/twins_tests.rs"]
mod twins_tests;
