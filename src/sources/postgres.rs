//! The PostgreSQL driver.
//!
//! The server is told the same statement time limit as ours, so that what we gave up ends there
//! too. Answers come in the binary format and are decoded by the column's type.

use std::{str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt;
use rust_decimal::Decimal;
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Connection, Executor, PgConnection, Row, ValueRef,
    postgres::{PgArguments, PgConnectOptions, PgRow, PgValueFormat, PgValueRef},
};
use tokio::time::Instant;

use super::{
    Dialect, Rows, SourceError,
    bind::{Filled, Scalar, fill, scalar},
    columns::{Known, SqlType},
    decode,
    expr::CastType,
    family::Family,
    pooled::{Fault, Job, Wire},
    select::Decode,
    survey::Texts,
};
use crate::value::{Type, Value};

/// How to reach one database.
pub(super) struct Postgres {
    options: PgConnectOptions,
    /// What a session is told at its start.
    setup: String,
}

impl Postgres {
    /// Reads the URL.
    pub(super) fn new(url: &str, statement: Duration, zone: Tz) -> Result<Self, SourceError> {
        let malformed = || {
            SourceError::Connect(
                "the PostgreSQL URL is malformed: write postgres://user:password@host:5432/database".into(),
            )
        };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(malformed());
        }
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| malformed())?
            .application_name("comptoir")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        // The zone's name comes from the time zone database, never from text.
        let setup = format!(
            "SET statement_timeout = {}; SET TimeZone = '{}'; SET standard_conforming_strings = on; \
             SET default_transaction_read_only = on",
            statement.as_millis().max(1),
            zone.name()
        );
        Ok(Self { options, setup })
    }

    fn fault(error: &sqlx::Error) -> Fault {
        let error = match error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                let message = database.message();
                match &*code {
                    "57014" => SourceError::Timeout(Duration::ZERO),
                    "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" => {
                        SourceError::Lost(message.to_owned())
                    }
                    code if code.starts_with("08") => SourceError::Lost(message.to_owned()),
                    code => {
                        // 42703, 42P01: no such column or table; 0A000: the plan's shape has changed.
                        let stale = matches!(code, "42703" | "42P01")
                            || (code == "0A000" && message.contains("cached plan"));
                        return Fault { error: SourceError::Refused(format!("{message} ({code})")), stale };
                    }
                }
            }
            sqlx::Error::Io(e) => SourceError::Lost(e.to_string()),
            sqlx::Error::Tls(_) => SourceError::Lost("the TLS connection broke off".into()),
            sqlx::Error::Protocol(why) => SourceError::Lost(why.clone()),
            sqlx::Error::Encode(e) => SourceError::Refused(e.to_string()),
            other => SourceError::Refused(other.to_string()),
        };
        error.into()
    }
}

fn refused(error: &sqlx::Error) -> SourceError {
    SourceError::Connect(match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(e) => e.to_string(),
        sqlx::Error::Tls(e) => format!("TLS: {e}"),
        _ => "the server does not answer as PostgreSQL does".to_owned(),
    })
}

#[async_trait]
impl Wire for Postgres {
    type Conn = PgConnection;
    const DIALECT: Dialect = Dialect::Postgres;
    const COLUMNS: &'static str = "SELECT attname::text, typname::text, atttypmod FROM pg_catalog.pg_attribute \
         JOIN pg_catalog.pg_type t ON t.oid = atttypid WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    const VERSION: &'static str = "SELECT current_setting('server_version')";

    async fn connect(&self) -> Result<PgConnection, SourceError> {
        let mut conn = PgConnection::connect_with(&self.options).await.map_err(|e| refused(&e))?;
        conn.execute(AssertSqlSafe(self.setup.clone())).await.map_err(|e| refused(&e))?;
        Ok(conn)
    }

    async fn rows(&self, conn: &mut PgConnection, job: &Job<'_>) -> Result<Rows, Fault> {
        let mut arguments = PgArguments::default();
        for bind in &job.rendered.binds {
            add(&mut arguments, fill(bind, job.params, job.moment, job.zone)?, job.zone)?;
        }
        let counted = [Decode::of(Type::Int)];
        let decoders: Vec<&Decode> = if job.select.count {
            counted.iter().collect()
        } else {
            let number = job.rendered.branch_number.then_some(&counted[0]);
            job.select.outputs.iter().map(|o| &o.decode).chain(number).collect()
        };
        let mut cells = Vec::with_capacity(decoders.len() * 32);
        let mut types: Vec<u32> = Vec::new();
        let sql = AssertSqlSafe(Arc::clone(&job.rendered.sql));
        let mut stream = sqlx::query_with(sql, arguments).fetch(conn);
        while let Some(row) = stream.try_next().await.map_err(|e| Self::fault(&e))? {
            if types.is_empty() {
                types.extend(row.columns().iter().map(|c| c.type_info().oid().map_or(0, |oid| oid.0)));
            }
            for (i, decoder) in decoders.iter().enumerate() {
                cells.push(cell(decoder, &row, i, types.get(i).copied().unwrap_or(0)));
            }
        }
        Ok(Rows { width: decoders.len(), cells })
    }

    async fn columns(
        &self,
        conn: &mut PgConnection,
        prefix: Option<&str>,
        table: &str,
        _until: Instant,
    ) -> Result<Vec<Known>, Fault> {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let name = prefix.map_or_else(|| quoted(table), |p| format!("{}.{}", quoted(p), quoted(table)));
        let names = sqlx::query_as::<_, (String, String, i32)>(Self::COLUMNS)
            .bind(name)
            .fetch_all(conn)
            .await
            .map_err(|e| Self::fault(&e))?;
        let known = names.into_iter().map(|(name, ty, modifier)| {
            let family = Family::postgres(&ty);
            Known { ty: digits(modifier).filter(|_| family == Family::Exact), ..Known::named(name, family) }
        });
        Ok(known.collect())
    }

    async fn texts(
        &self,
        conn: &mut PgConnection,
        sql: &str,
        binds: Vec<String>,
        _until: Instant,
    ) -> Result<Texts, Fault> {
        let query =
            binds.into_iter().fold(sqlx::query(AssertSqlSafe(sql.to_owned())), sqlx::query::Query::bind);
        let rows = query.fetch_all(conn).await.map_err(|e| Self::fault(&e))?;
        Ok(rows.iter().map(|row| (0..row.len()).map(|i| row.try_get(i).ok().flatten()).collect()).collect())
    }

    async fn version(&self, conn: &mut PgConnection, _until: Instant) -> Result<String, Fault> {
        let version: String =
            sqlx::query_scalar(Self::VERSION).fetch_one(conn).await.map_err(|e| Self::fault(&e))?;
        Ok(format!("PostgreSQL {version}"))
    }
}

fn add(arguments: &mut PgArguments, filled: Filled<'_>, zone: Tz) -> Result<(), SourceError> {
    let added = match filled {
        Filled::Scalar(scalar, ty) => match (scalar, ty) {
            (Scalar::Null, None) => arguments.add(None::<bool>),
            (Scalar::Null, Some(CastType::Text(_))) => arguments.add(None::<String>),
            (Scalar::Null, Some(CastType::Integer)) => arguments.add(None::<i64>),
            (Scalar::Null, Some(CastType::Decimal)) => arguments.add(None::<Decimal>),
            (Scalar::Null, Some(CastType::Date)) => arguments.add(None::<NaiveDate>),
            (Scalar::Null, Some(CastType::DateTime)) => arguments.add(None::<NaiveDateTime>),
            (Scalar::Bool(b), _) => arguments.add(b),
            (Scalar::Int(n), _) => arguments.add(n),
            (Scalar::Decimal(n), _) => arguments.add(n),
            (Scalar::Text(text), _) => arguments.add(text.into_owned()),
            (Scalar::Date(day), _) => arguments.add(day),
            (Scalar::Local(moment), _) => arguments.add(moment),
        },
        Filled::List => return Err(SourceError::Refused("key lists are SQL Server's".into())),
        Filled::Keys(keys, types, column) => {
            let column = column.unwrap_or(0);
            // A key that cannot be of its type matches nothing; it is left out as a whole, so that
            // the arrays of a composite key stay in step.
            let fits = |key: &[Value]| {
                key.len() == types.len()
                    && key
                        .iter()
                        .zip(types)
                        .all(|(value, ty)| !value.is_null() && scalar(value, Some(*ty), zone).is_ok())
            };
            let scalars = keys
                .iter()
                .filter(|key| fits(key))
                .filter_map(|key| scalar(key.get(column)?, types.get(column).copied(), zone).ok());
            match types.get(column) {
                Some(CastType::Integer) => arguments.add(
                    scalars
                        .filter_map(|s| if let Scalar::Int(n) = s { Some(n) } else { None })
                        .collect::<Vec<_>>(),
                ),
                Some(CastType::Decimal) => arguments.add(
                    scalars
                        .filter_map(|s| if let Scalar::Decimal(n) = s { Some(n) } else { None })
                        .collect::<Vec<_>>(),
                ),
                Some(CastType::Date) => arguments.add(
                    scalars
                        .filter_map(|s| if let Scalar::Date(d) = s { Some(d) } else { None })
                        .collect::<Vec<_>>(),
                ),
                Some(CastType::DateTime) => arguments.add(
                    scalars
                        .filter_map(|s| if let Scalar::Local(m) = s { Some(m) } else { None })
                        .collect::<Vec<_>>(),
                ),
                Some(CastType::Text(_)) | None => arguments.add(
                    scalars
                        .filter_map(|s| if let Scalar::Text(t) = s { Some(t.into_owned()) } else { None })
                        .collect::<Vec<_>>(),
                ),
            }
        }
    };
    added.map_err(|e| SourceError::Refused(e.to_string()))
}

fn cell(decode: &Decode, row: &PgRow, column: usize, oid: u32) -> Value {
    let Ok(raw) = row.try_get_raw(column) else {
        return Value::Bad("the answer has too few columns".into());
    };
    if raw.is_null() {
        return Value::Null;
    }
    read(decode, raw, oid).unwrap_or_else(|e| Value::Bad(e.to_string().into()))
}

/// One value, by its type's object id (they are fixed for built-in types).
fn read(decode: &Decode, raw: PgValueRef<'_>, oid: u32) -> Result<Value, sqlx::error::BoxDynError> {
    if raw.format() == PgValueFormat::Text {
        return Ok(decode::text(decode, raw.as_str()?));
    }
    let bytes = raw.as_bytes()?;
    Ok(match oid {
        // text, varchar, bpchar
        25 | 1043 | 1042 => {
            decode::text(decode, std::str::from_utf8(bytes).map_err(|_| "the text is not UTF-8")?)
        }
        21 => decode::integer(decode, i16::from_be_bytes(bytes.try_into()?).into()),
        23 => decode::integer(decode, i32::from_be_bytes(bytes.try_into()?).into()),
        20 => decode::integer(decode, i64::from_be_bytes(bytes.try_into()?)),
        26 => decode::integer(decode, u32::from_be_bytes(bytes.try_into()?).into()),
        16 => decode::boolean(decode, bytes.first().is_some_and(|b| *b != 0)),
        1700 => match numeric(bytes) {
            Some(n) => decode::decimal(decode, n),
            None => Value::Bad("the number has too many digits, or is none".into()),
        },
        701 => decode::real(decode, f64::from_be_bytes(bytes.try_into()?)),
        // The shortest text of a 4-byte float is the number that was meant.
        700 => decode::real(decode, f32::from_be_bytes(bytes.try_into()?).to_string().parse()?),
        1082 => {
            let days = i32::from_be_bytes(bytes.try_into()?);
            match TimeDelta::try_days(days.into()).and_then(|d| epoch().date().checked_add_signed(d)) {
                Some(day) => decode::day(decode, day),
                None => Value::Bad("the date is out of range".into()),
            }
        }
        1114 | 1184 => {
            let micros = i64::from_be_bytes(bytes.try_into()?);
            match epoch().checked_add_signed(TimeDelta::microseconds(micros)) {
                Some(moment) if oid == 1114 => decode::local(decode, moment),
                Some(moment) => decode::utc(decode, DateTime::<Utc>::from_naive_utc_and_offset(moment, Utc)),
                None => Value::Bad("the date is out of range".into()),
            }
        }
        2950 => decode::text(decode, &uuid::Uuid::from_slice(bytes)?.to_string()),
        // text[], varchar[]
        1009 | 1015 => {
            decode::texts(decode, &<Vec<Option<String>> as sqlx::Decode<sqlx::Postgres>>::decode(raw)?)
        }
        // jsonb: a version byte, then text
        3802 => decode::text(decode, std::str::from_utf8(bytes.get(1..).unwrap_or(&[]))?),
        // Types whose binary form is their text: enums, citext, json, name, xml…
        _ => match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => {
                decode::text(decode, text)
            }
            _ => Value::Bad(format!("the database's type {oid} cannot be read; cast it in the map").into()),
        },
    })
}

/// How many digits a `numeric` column has, by its type's modifier.
fn digits(modifier: i32) -> Option<SqlType> {
    let both = u32::try_from(modifier.checked_sub(4)?).ok()?;
    Some(SqlType::Numeric(u8::try_from(both >> 16).ok()?, u8::try_from(both & 0x7ff).ok()?))
}

/// A `numeric` as it is sent: four numbers, of which the first says how many groups of four digits follow.
fn numeric(bytes: &[u8]) -> Option<Decimal> {
    let (head, groups) = bytes.split_at_checked(8)?;
    let part = |i: usize| u16::from_be_bytes([head[i], head[i + 1]]);
    let weight = i32::from(part(2).cast_signed());
    let negative = match part(4) {
        0 => false,
        0x4000 => true,
        _ => return None,
    };
    let (groups, []) = groups.as_chunks::<2>() else { return None };
    // As many as an i128 holds; those that follow are too many for a decimal.
    let mut n: i128 = 0;
    for group in groups.iter().take(9) {
        n = n * 10_000 + i128::from(u16::from_be_bytes(*group));
    }
    let rest = groups.iter().skip(9).any(|group| *group != [0, 0]);
    let taken = i32::try_from(groups.len().min(9)).ok()?;
    decode::cut(if negative { -n } else { n }, 4 * (taken - 1 - weight), rest)
}

/// 2000-01-01, where PostgreSQL's clock starts.
fn epoch() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default().into()
}

#[cfg(test)]
#[path = "postgres_tests.rs"]
mod tests;
