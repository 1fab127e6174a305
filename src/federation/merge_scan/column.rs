//! How a source's cells of a field are ordered by the source, and where in that order a place of the list lies.
//!
//! The order must be that of the values which the cells are read as. Where two cells of different order are
//! one value (local times that clocks leap over, decimals of more digits than we read), or a place of the list is
//! no cell that the source could hold (a value of another source), a stream is read from a little before, and
//! what is not beyond the place is dropped. Cells that only reading can order (in SQLite, where a column may
//! hold anything) are no part of the stream: they are looked for and read by their codes.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

use crate::{
    connectors::map::{FieldMap, RowSource},
    federation::{
        engine::Engine,
        model::{Field, SourceId},
        planner::Why,
        pushdown::condition::not_null,
    },
    sources::{
        Dialect, Expr,
        columns::SqlType,
        expr::{CastType, CompareOp},
        family::Family,
        select::{OrderBy, Plain, Predicate},
        zones::{leaps, to_utc},
    },
    value::{Type, Value},
};

/// How a source's cells of a field are ordered.
#[derive(Clone, Debug)]
pub struct Column {
    /// What holds them.
    pub cell: Expr,
    /// What orders them.
    pub order: Expr,
    /// As what.
    pub ty: CastType,
    /// What they are where they order; `None`: there are no others.
    plain: Option<Plain>,
    /// Others may be values too, which only reading them tells.
    pub strays: bool,
    /// Which values the source can hold and be asked for.
    grain: Grain,
    /// The zone of local times.
    zone: Tz,
    /// What the source means by nothing.
    nothing: Vec<Value>,
}

/// How fine the values are that a source can hold in a column, and be asked for. Any between them it would
/// round, which might lose rows or give them twice.
#[derive(Clone, Copy, Debug)]
enum Grain {
    /// Whole numbers of 64 bits.
    Whole,
    /// Decimals, of which we read 28 digits.
    Any,
    /// Floats, of which we read 15 digits, and whole numbers of 64 bits.
    Floats,
    /// Decimals of so many digits before the point and so many behind it.
    Places(u32, u32),
    /// Days.
    Days,
    /// Moments in steps of so many nanoseconds.
    Steps(u32),
    /// SQL Server's `datetime`: from 1753, in milliseconds that end in 0, 3 or 7.
    Thirds,
}

impl Column {
    /// Rows that have a cell which orders, and means something.
    pub fn has(&self) -> Vec<Predicate> {
        let mut has = vec![not_null(&self.cell)];
        has.extend(self.odd().map(|odd| Predicate::Not(Box::new(odd))));
        has.extend(self.nothing.iter().map(|value| self.is_not(value)));
        has
    }

    /// Rows whose cell does not order; `None`: there are none.
    pub fn odd(&self) -> Option<Predicate> {
        Some(Predicate::Odd { expr: self.cell.clone(), plain: self.plain? })
    }

    /// The order, as it is read.
    pub fn by(&self, descending: bool) -> OrderBy {
        OrderBy { expr: self.order.clone(), ty: self.ty, descending }
    }

    fn is_not(&self, value: &Value) -> Predicate {
        let compare = |op, value: Value| {
            Expr::Compare(op, Box::new(self.order.clone()), Box::new(Expr::Constant(value)))
        };
        match value {
            Value::Date(day) if self.ty == CastType::DateTime => {
                let next = day.checked_add_days(Days::new(1)).unwrap_or(*day);
                let before = compare(CompareOp::Lt, self.day(*day));
                Predicate::Expr(Expr::Or(vec![before, compare(CompareOp::Ge, self.day(next))]))
            }
            Value::Date(day) => Predicate::Expr(compare(CompareOp::Ne, self.day(*day))),
            value => Predicate::Expr(compare(CompareOp::Ne, value.clone())),
        }
    }

    /// A day as the order compares it: where dates are texts, by its text.
    fn day(&self, day: NaiveDate) -> Value {
        if self.strays { Value::text(day.to_string()) } else { Value::Date(day) }
    }

    /// Whether one cell of the source, and no other, is this value, and the source can be asked for it: then
    /// the rows after it are told by it and a key.
    pub fn holds(&self, value: &Value) -> bool {
        match (self.grain, value) {
            (_, Value::DateTime(at)) => self.holds_moment(*at),
            (_, Value::Decimal(n)) => self.holds_number(*n),
            (_, Value::Int(n)) => self.holds_number(Decimal::from(*n)),
            (_, Value::Null | Value::Bad(_)) => false,
            (Grain::Thirds, Value::Date(day)) => day.year() >= FIRST,
            _ => true,
        }
    }

    fn holds_number(&self, n: Decimal) -> bool {
        let n = n.normalize();
        let whole = n.is_integer() && n.to_i64().is_some();
        match self.grain {
            Grain::Whole => whole,
            // Of 28 there may be more.
            Grain::Any => n.scale() < 28 && digits(n) < 28,
            Grain::Floats => whole || digits(n) <= 15,
            Grain::Places(before, behind) => {
                n.scale() <= behind && n.scale() < 28 && digits(n) < 28 && digits(n.trunc()) <= before
            }
            Grain::Days | Grain::Steps(_) | Grain::Thirds => false,
        }
    }

    fn holds_moment(&self, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&self.zone).naive_local();
        let fits = match self.grain {
            Grain::Days => return to_utc(self.zone, local.date().and_time(NaiveTime::MIN)) == at,
            Grain::Steps(nanos) => at.timestamp_subsec_nanos().is_multiple_of(nanos),
            Grain::Thirds => {
                let nanos = at.timestamp_subsec_nanos();
                local.year() >= FIRST
                    && nanos.is_multiple_of(1_000_000)
                    && matches!(nanos / 1_000_000 % 10, 0 | 3 | 7)
            }
            _ => false,
        };
        // Clocks turned back: of two equal hours the cell is the first; forward: cells of a whole hour are this.
        fits && to_utc(self.zone, local) == at && !leaps(self.zone, at)
    }

    /// A value that the source can be asked for, so that no row which comes after `value` lies before it:
    /// `value` itself where the source can hold it, else one a little before. `falling`: from high values to low.
    pub fn before(&self, value: &Value, falling: bool) -> Value {
        if self.holds(value) {
            return value.clone();
        }
        match value {
            Value::Decimal(n) => self.number_before(*n, falling),
            Value::Int(n) => self.number_before(Decimal::from(*n), falling),
            Value::DateTime(at) => {
                let little = TimeDelta::milliseconds(10);
                let local = at.with_timezone(&self.zone).naive_local();
                // In the second of two equal hours: everything of both lies before it.
                let after = *at + (*at - to_utc(self.zone, local)).max(TimeDelta::zero());
                let moment = if falling { after + little } else { *at - little };
                Value::DateTime(match self.grain {
                    Grain::Thirds => moment.max(first().and_utc() + TimeDelta::days(1)),
                    _ => moment,
                })
            }
            Value::Date(day) => Value::Date((*day).max(first().date())),
            other => other.clone(),
        }
    }

    fn number_before(&self, n: Decimal, up: bool) -> Value {
        let mut n = n.normalize();
        if matches!(self.grain, Grain::Any | Grain::Places(..)) && (digits(n) >= 28 || n.scale() >= 28) {
            // Cells that differ from it in digits beyond the last one lie on either side.
            let least = Decimal::new(1, n.scale().max(1) - 1);
            n = if up { n + least } else { n - least };
        }
        let way =
            if up { RoundingStrategy::ToPositiveInfinity } else { RoundingStrategy::ToNegativeInfinity };
        match self.grain {
            Grain::Whole => {
                let most = if n.is_sign_negative() { i64::MIN } else { i64::MAX };
                Value::Int(n.round_dp_with_strategy(0, way).to_i64().unwrap_or(most))
            }
            Grain::Floats => Value::Decimal(n.round_sf_with_strategy(15, way).unwrap_or(n)),
            Grain::Places(before, behind) => {
                let least = Decimal::new(1, behind.min(27));
                let most = Decimal::from_i128_with_scale(10_i128.pow(before.min(28)), 0) - least;
                let near = n.round_dp_with_strategy(behind.min(27), way);
                Value::Decimal(near.clamp(-most, most))
            }
            Grain::Any | Grain::Days | Grain::Steps(_) | Grain::Thirds => Value::Decimal(n),
        }
    }
}

/// The first year of SQL Server's `datetime`.
const FIRST: i32 = 1753;

fn first() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(FIRST, 1, 1).unwrap_or_default().into()
}

/// How many digits a number has, the zeros before it left out.
fn digits(n: Decimal) -> u32 {
    n.mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1)
}

impl Engine {
    /// How a source's cells of a field are ordered.
    ///
    /// # Errors
    /// Why the source cannot order them, for people.
    pub(super) async fn column(
        &self,
        source: SourceId,
        row: &RowSource,
        field: &Field,
        map: &FieldMap,
    ) -> Result<Column, Why> {
        let unlike = Why::by("holds it in a column of a type that does not order as the values do", source);
        let none = Why::by("has no one column for it that is always there", source);
        let cell = map.expr.clone().filter(|_| map.child.is_none() && !map.optional).ok_or(none)?;
        let dialect = self.sources.get(source).ok_or(none)?.dialect();
        let zone = self.zone(source);
        if map.zone.is_some_and(|own| own != zone) {
            return Err(Why::by("keeps these times in another zone than its others", source));
        }
        if !map.absent_when.texts.is_empty() {
            return Err(Why::by("means nothing by some of its cells, which only their text tells", source));
        }
        let kinds = self.kinds(source, row, &cell).await;
        let silent = Why::by("does not answer, so the kind of its column is not known", source);
        let family = kinds.family(&cell, dialect).ok_or(if kinds.known { unlike } else { silent })?;
        let zero = || Box::new(Expr::Number("0".into()));
        let yes = |when: Expr| Expr::Case {
            operand: None,
            whens: vec![(when, Expr::Number("1".into()))],
            otherwise: Some(zero()),
        };
        let cast = |ty| (Expr::Cast(Box::new(cell.clone()), ty), ty);
        let sqlite = dialect == Dialect::Sqlite;
        let dated = matches!(field.ty, Type::Date | Type::DateTime);
        let (order, ty) = match (&field.ty, family) {
            // SQLite keeps dates as texts, or as whatever it was given: what is spelled as it spells them
            // itself is ordered, the rest is read.
            (Type::Date, Family::Text | Family::Other) if sqlite => cast(CastType::Date),
            (Type::DateTime, Family::Text | Family::Other) if sqlite => cast(CastType::DateTime),
            // SQLite's columns of whole numbers may hold others.
            (Type::Decimal, Family::Integer) if sqlite => (cell.clone(), CastType::Decimal),
            (Type::Int | Type::Decimal, Family::Integer) => (cell.clone(), CastType::Integer),
            (Type::Int, Family::Exact) if sqlite => (cell.clone(), CastType::Integer),
            (Type::Decimal, Family::Exact) => (cell.clone(), CastType::Decimal),
            (Type::Boolean, Family::Truth) => (yes(cell.clone()), CastType::Integer),
            (Type::Boolean, Family::Integer | Family::Exact) => {
                let when = Expr::Compare(CompareOp::Ne, Box::new(cell.clone()), zero());
                (yes(when), CastType::Integer)
            }
            (Type::Date | Type::DateTime, Family::Day) => (cell.clone(), CastType::Date),
            (Type::Date, Family::Local) => cast(CastType::Date),
            (Type::DateTime, Family::Local) => (cell.clone(), CastType::DateTime),
            _ => return Err(unlike),
        };
        let known = kinds.ty(&cell);
        let grain = grain(dialect, ty, known);
        let plain = match (dialect, field.ty.clone(), family) {
            (Dialect::Sqlite, Type::Int, _) => Some(Plain::Whole),
            (Dialect::Postgres, _, Family::Day | Family::Local) => Some(Plain::Moment),
            (Dialect::Sqlite, ..) => Some(if dated { Plain::Moment } else { Plain::Digits }),
            (Dialect::Postgres, _, Family::Exact) => Some(Plain::Digits),
            (Dialect::SqlServer, _, Family::Exact) => match known {
                Some(SqlType::Numeric(all, behind)) if all - behind.min(all) > 28 => Some(Plain::Digits),
                _ => None,
            },
            _ => None,
        };
        let absent = &map.absent_when;
        let nothing = match field.ty {
            Type::Int | Type::Decimal if absent.zero.unwrap_or(field.zero_is_absent) => vec![Value::Int(0)],
            Type::Boolean if absent.false_.unwrap_or(field.zero_is_absent) => vec![Value::Int(0)],
            _ if dated => absent.dates.iter().map(|day| Value::Date(*day)).collect(),
            _ => Vec::new(),
        };
        Ok(Column { cell, order, ty, plain, strays: sqlite, grain, zone, nothing })
    }
}

/// How fine the values of a column are that is ordered as `ty`.
fn grain(dialect: Dialect, ty: CastType, known: Option<SqlType>) -> Grain {
    match (dialect, ty) {
        (_, CastType::Integer) => Grain::Whole,
        (_, CastType::Date) => Grain::Days,
        (Dialect::Sqlite, CastType::DateTime) => Grain::Steps(1_000_000_000),
        (Dialect::Sqlite, _) => Grain::Floats,
        (Dialect::Postgres, CastType::DateTime) => Grain::Steps(1_000),
        (Dialect::Postgres, _) => Grain::Any,
        (Dialect::SqlServer, _) => match SqlType::ordered(known, ty) {
            SqlType::DateTime2 => Grain::Steps(100),
            SqlType::DateTime => Grain::Thirds,
            SqlType::Numeric(all, behind) => Grain::Places(all.saturating_sub(behind).into(), behind.into()),
            // Money.
            _ => Grain::Places(15, 4),
        },
    }
}

#[cfg(test)]
#[path = "column_tests.rs"]
mod tests;
