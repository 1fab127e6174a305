//! How a source's cells of a field are ordered by the source, and where in that order a place of the list lies.
//!
//! The order must be that of the values which the cells are read as. Where two cells of different order are
//! one value (local times that clocks leap over), or a place of the list is no cell that the source could
//! hold (a moment of another source), a stream is read from a little before, and what is not beyond the
//! place is dropped.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{
    connectors::map::{FieldMap, RowSource},
    federation::{
        engine::Engine,
        model::{Field, SourceId},
        order::Spot,
        planner::Why,
        pushdown::condition::not_null,
    },
    sources::{
        Dialect, Expr,
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
    /// What they are where they order.
    pub plain: Plain,
    /// Others may be values too, which only reading them tells.
    pub strays: bool,
    /// The zone of local times.
    zone: Tz,
    /// The finest part of a second that a parameter keeps, in nanoseconds.
    finest: u32,
    /// What the source means by nothing.
    nothing: Vec<Value>,
}

impl Column {
    /// Rows that have a cell which orders, and means something.
    pub fn has(&self) -> Vec<Predicate> {
        let mut has = vec![not_null(&self.cell), Predicate::Not(Box::new(self.odd()))];
        has.extend(self.nothing.iter().map(|value| self.is_not(value)));
        has
    }

    /// Rows whose cell does not order.
    pub fn odd(&self) -> Predicate {
        Predicate::Odd { expr: self.cell.clone(), plain: self.plain }
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

    /// Where a stream starts that goes on after a place: a value, and the key after it where the source
    /// could hold just this value. `falling`: from high values to low.
    pub fn start(&self, spot: &Spot, falling: bool) -> (Value, Vec<Value>) {
        let value = spot.values.first().cloned().unwrap_or_default();
        let exact = match &value {
            Value::DateTime(at) => self.held(*at),
            // What a parameter of few decimals would round.
            Value::Decimal(n) => n.normalize().scale() <= 6,
            _ => true,
        };
        if exact {
            return (value, spot.position.key.clone());
        }
        let value = match value {
            Value::DateTime(at) => {
                let little = TimeDelta::milliseconds(10);
                let local = at.with_timezone(&self.zone).naive_local();
                // In the second of two equal hours: everything of both lies before it.
                let after = at + (at - to_utc(self.zone, local)).max(TimeDelta::zero());
                Value::DateTime(if falling { after + little } else { at - little })
            }
            value => value,
        };
        (value, Vec::new())
    }

    /// Whether one cell of the source, and no other, is this moment.
    fn held(&self, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&self.zone).naive_local();
        match self.ty {
            CastType::Date => to_utc(self.zone, local.date().and_time(NaiveTime::MIN)) == at,
            _ => {
                at.timestamp_subsec_nanos().is_multiple_of(self.finest)
                    && to_utc(self.zone, local) == at
                    && !leaps(self.zone, at)
            }
        }
    }

    /// Whether cells of different order are this value.
    pub fn blurred(&self, value: &Value) -> bool {
        matches!(value, Value::DateTime(at) if self.ty == CastType::DateTime && leaps(self.zone, *at))
    }
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
        let finest = match dialect {
            Dialect::Sqlite => 1_000_000_000,
            Dialect::Postgres => 1_000,
            Dialect::SqlServer => 1_000_000,
        };
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
        let plain = match field.ty {
            Type::Int => Plain::Whole,
            _ if dated => Plain::Moment,
            _ => Plain::Number,
        };
        let absent = &map.absent_when;
        let nothing = match field.ty {
            Type::Int | Type::Decimal if absent.zero.unwrap_or(field.zero_is_absent) => vec![Value::Int(0)],
            Type::Boolean if absent.false_.unwrap_or(field.zero_is_absent) => vec![Value::Int(0)],
            _ if dated => absent.dates.iter().map(|day| Value::Date(*day)).collect(),
            _ => Vec::new(),
        };
        Ok(Column { cell, order, ty, plain, strays: sqlite && dated, zone, finest, nothing })
    }
}
