//! One test of one source's cells, as a condition that every row fulfils whose cell passes: what is
//! asked is never less than what passes, and may be more. We decide on the merged value afterwards.

use chrono::{Days, NaiveDate, TimeDelta};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

use crate::{
    connectors::map::{FieldMap, Format},
    federation::{filter::Test, model::Field},
    folding::like_pattern,
    sources::{
        Dialect, Expr,
        expr::{CompareOp, Function},
        family::Family,
        select::{Plain, Predicate},
    },
    value::{Type, Value},
};

/// Values of one `in` that are sent down.
const LONGEST: usize = 50;

/// What a condition is on.
#[derive(Clone, Copy, Debug)]
pub struct On<'a> {
    /// The field.
    pub field: &'a Field,
    /// Where the source keeps it.
    pub map: &'a FieldMap,
    /// What kind of values that is, when it is known.
    pub family: Option<Family>,
    /// What the source speaks.
    pub dialect: Dialect,
}

/// The condition; `None` when none can be told.
pub fn condition(on: On<'_>, test: &Test) -> Option<Predicate> {
    let expr = on.map.expr.as_ref().filter(|_| on.map.child.is_none() && !on.map.optional)?;
    if on.map.format == Format::Rtf {
        return None;
    }
    match test {
        Test::IsNull(true) => return None,
        Test::IsNull(false) => return Some(not_null(expr)),
        Test::NotIn(_) if on.field.ty != Type::Text => return Some(not_null(expr)),
        _ => {}
    }
    match on.field.ty {
        Type::Int | Type::Decimal => number(expr, on, test),
        Type::Boolean => truth(expr, on, test),
        Type::Date | Type::DateTime => moment(expr, on, test),
        Type::Text => text(expr, on, test),
        Type::Html | Type::List(_) => None,
    }
}

/// Why no condition is told of a test, when that lies in the test rather than in the source's cells; for people.
pub fn untold(on: On<'_>, test: &Test) -> Option<&'static str> {
    if let Some(words) = unsent(on.field, test) {
        return Some(words);
    }
    if !matches!(on.field.ty, Type::Int | Type::Decimal) {
        return None;
    }
    let ranges = ranges(test, numeral)?;
    let beyond = |n: &Decimal| n.abs() > most(on);
    let any = ranges.iter().any(|(low, high)| low.iter().chain(high).any(beyond));
    any.then_some("it is about a number that not every column could hold")
}

/// As [`untold`], of any source; for people.
pub fn unsent(field: &Field, test: &Test) -> Option<&'static str> {
    if matches!(test, Test::In(values) if values.len() > LONGEST) {
        return Some("it names more values than are sent");
    }
    if field.ty != Type::Text {
        return None;
    }
    let pattern = match test {
        Test::NotIn(_) => return Some("of texts, `ne` and `notIn` are not sent"),
        Test::Contains(t) | Test::EndsWith(t) => like_pattern(t, false),
        Test::Matches(t) | Test::StartsWith(t) => like_pattern(t, true),
        _ => return None,
    };
    if !field.enumeration.is_empty() {
        return Some("the schema has words of its own for what the sources hold");
    }
    pattern.is_none().then_some(OPEN)
}

/// Why a pattern that every text fulfils is not sent.
const OPEN: &str = "folding can make each of its characters of others, so that any text might fit";

/// `expr IS NOT NULL`.
pub fn not_null(expr: &Expr) -> Predicate {
    Predicate::Expr(Expr::IsNull(Box::new(expr.clone()), true))
}

/// A condition that no row fulfils.
pub fn never() -> Predicate {
    let number = |n: &str| Box::new(Expr::Number(n.into()));
    Predicate::Expr(Expr::Compare(CompareOp::Eq, number("1"), number("0")))
}

fn compare(expr: &Expr, op: CompareOp, value: Value) -> Predicate {
    Predicate::Expr(Expr::Compare(op, Box::new(expr.clone()), Box::new(Expr::Constant(value))))
}

fn any(mut of: Vec<Predicate>) -> Option<Predicate> {
    match of.len() {
        0 => Some(never()),
        1 => of.pop(),
        _ => Some(Predicate::Or(of)),
    }
}

/// A range with its ends, either of which may be open.
type Range<T> = (Option<T>, Option<T>);

/// The ranges in which what passes lies, of values read from a test; `None` when one cannot be read.
fn ranges<T: Clone>(test: &Test, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<Range<T>>> {
    Some(match test {
        Test::In(values) if values.len() <= LONGEST => {
            let read: Option<Vec<T>> = values.iter().map(read).collect();
            read?.into_iter().map(|v| (Some(v.clone()), Some(v))).collect()
        }
        Test::Gt(v) | Test::Gte(v) => vec![(Some(read(v)?), None)],
        Test::Lt(v) | Test::Lte(v) => vec![(None, Some(read(v)?))],
        _ => return None,
    })
}

/// Numbers: within four decimals, so that floats and every decimal type can be compared. A float of four bytes
/// is read by its shortest text, but compared as what it is: they differ by less than a millionth of it.
fn number(expr: &Expr, on: On<'_>, test: &Test) -> Option<Predicate> {
    let sqlite = on.dialect == Dialect::Sqlite;
    if !sqlite && !on.family.is_some_and(|f| f.is_number() || f == Family::Float) {
        return None;
    }
    let whole = on.family == Some(Family::Integer) && !sqlite;
    // SQLite has floats of eight bytes only.
    let single = on.family == Some(Family::Float) && !sqlite;
    let most = most(on);
    let mut of = Vec::new();
    for (low, high) in ranges(test, numeral)? {
        if low.iter().chain(&high).any(|n| n.abs() > most) {
            return None;
        }
        let bound = |n: Decimal, up: bool| {
            if whole {
                let n = if up { n.floor() } else { n.ceil() };
                return n.to_i64().map(Value::Int);
            }
            let (way, step) = if up {
                (RoundingStrategy::ToPositiveInfinity, Decimal::new(1, 4))
            } else {
                (RoundingStrategy::ToNegativeInfinity, Decimal::new(-1, 4))
            };
            let margin = if single { n.abs() * Decimal::new(1, 6) } else { Decimal::ZERO };
            let n = if up { n + margin } else { n - margin };
            Some(Value::Decimal(n.round_dp_with_strategy(4, way) + step))
        };
        let mut both = Vec::new();
        if let Some(low) = low {
            both.push(compare(expr, CompareOp::Ge, bound(low, false)?));
        }
        if let Some(high) = high {
            both.push(compare(expr, CompareOp::Le, bound(high, true)?));
        }
        of.push(Predicate::And(both));
    }
    if sqlite {
        of.push(Predicate::Odd { expr: expr.clone(), plain: Plain::Number });
    }
    any(of)
}

fn numeral(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(n) => Some(Decimal::from(*n)),
        Value::Decimal(n) => Some(*n),
        _ => None,
    }
}

/// Beyond this some column's type could not hold a bound.
fn most(on: On<'_>) -> Decimal {
    let whole = on.family == Some(Family::Integer) && on.dialect != Dialect::Sqlite;
    Decimal::from(if whole { 2_000_000_000_i64 } else { 100_000_000_000 })
}

fn truth(expr: &Expr, on: On<'_>, test: &Test) -> Option<Predicate> {
    let Test::In(values) = test else { return None };
    let mut of = Vec::new();
    for value in values {
        let Value::Bool(wanted) = value else { return None };
        of.push(match on.family? {
            Family::Truth => compare_truth(expr, *wanted),
            family if family.is_number() => {
                let op = if *wanted { CompareOp::Ne } else { CompareOp::Eq };
                let zero = Box::new(Expr::Number("0".into()));
                Predicate::Expr(Expr::Compare(op, Box::new(expr.clone()), zero))
            }
            _ => return None,
        });
    }
    if on.dialect == Dialect::Sqlite {
        of.push(Predicate::Odd { expr: expr.clone(), plain: Plain::Number });
    }
    any(of)
}

fn compare_truth(expr: &Expr, wanted: bool) -> Predicate {
    Predicate::Expr(Expr::Compare(CompareOp::Eq, Box::new(expr.clone()), Box::new(Expr::Bool(wanted))))
}

/// Days and moments: a day more on either side, for zones and for hours that exist twice.
fn moment(expr: &Expr, on: On<'_>, test: &Test) -> Option<Predicate> {
    let day = |value: &Value| match value {
        Value::Date(day) => Some(*day),
        Value::DateTime(at) => Some(at.date_naive()),
        _ => None,
    };
    let sqlite = on.dialect == Dialect::Sqlite;
    if !sqlite && !matches!(on.family, Some(Family::Day | Family::Local)) {
        return None;
    }
    // What SQL Server's oldest type can hold, and every type.
    let (oldest, last) = (NaiveDate::from_ymd_opt(1753, 1, 1)?, NaiveDate::from_ymd_opt(9998, 12, 31)?);
    let value = |day: NaiveDate| if sqlite { Value::text(day.to_string()) } else { Value::Date(day) };
    let mut of = Vec::new();
    for (low, high) in ranges(test, day)? {
        let mut both = Vec::new();
        let low = low.and_then(|day| day.checked_sub_days(Days::new(1))).map(|day| day.min(last));
        if let Some(low) = low.filter(|day| *day > oldest) {
            both.push(compare(expr, CompareOp::Ge, value(low)));
        }
        let high = high.and_then(|day| day.checked_add_signed(TimeDelta::days(2))).map(|day| day.max(oldest));
        if let Some(high) = high.filter(|day| *day < last) {
            both.push(compare(expr, CompareOp::Lt, value(high)));
        }
        if both.is_empty() {
            return None;
        }
        of.push(Predicate::And(both));
    }
    if sqlite {
        // Days in another spelling: they are few, and read.
        let pattern = Box::new(Expr::Text("____-__-__%".into()));
        of.push(Predicate::Expr(Expr::Like(Box::new(expr.clone()), pattern, true)));
    }
    any(of)
}

fn text(expr: &Expr, on: On<'_>, test: &Test) -> Option<Predicate> {
    let family = on.family.filter(|f| matches!(f, Family::Western | Family::Text))?;
    let pattern = match test {
        Test::In(values) => return whole_text(expr, on, values),
        _ if !on.field.enumeration.is_empty() => return None,
        Test::Contains(t) | Test::EndsWith(t) => like_pattern(t, false),
        Test::Matches(t) | Test::StartsWith(t) => like_pattern(t, true),
        _ => return None,
    };
    let small = Box::new(Expr::Call(Function::Lower, vec![expr.clone()]));
    let like = Predicate::Expr(Expr::Like(small, Box::new(Expr::Constant(Value::text(pattern?))), false));
    Some(match family {
        Family::Western => like,
        _ => Predicate::Or(vec![like, Predicate::Beyond(expr.clone())]),
    })
}

/// Texts that begin with one of some texts: what follows may be blanks of any kind.
fn whole_text(expr: &Expr, on: On<'_>, values: &[Value]) -> Option<Predicate> {
    if values.len() > LONGEST {
        return None;
    }
    let mut of = Vec::new();
    for value in values {
        let value = value.as_str()?.trim_end();
        let known = &on.field.enumeration;
        let raws: Vec<&str> = if known.is_empty() {
            vec![value]
        } else {
            known.iter().filter(|(_, name)| *name == value).map(|(raw, _)| raw.trim_end()).collect()
        };
        for raw in raws {
            // The beginning of a long text is enough. SQL Server counts an emoji as one character or as two,
            // by the collation: up to there is enough as well.
            let counted = |c: &char| on.dialect != Dialect::SqlServer || c.len_utf16() == 1;
            let raw: String = raw.chars().take_while(counted).take(400).collect();
            if raw.is_empty() && !value.is_empty() {
                of.push(not_null(expr));
                continue;
            }
            let length = Expr::Number(raw.chars().count().to_string());
            let start = Expr::Call(Function::Substring, vec![expr.clone(), Expr::Number("1".into()), length]);
            of.push(compare(&start, CompareOp::Eq, Value::text(raw)));
        }
    }
    any(of)
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
