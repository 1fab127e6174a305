//! The canonical text of an [`Expr`]: what `plan` and messages show, and what
//! [`parse`](super::expr::parse) reads back to the same tree.

use std::fmt::{self, Display, Formatter, Write};

use super::expr::{BinaryOp, CastType, CompareOp, Expr};
use super::parse::is_reserved;
use crate::value::Value;

/// How tightly an expression binds; an operand that binds less tightly is put in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Negate,
    Atom,
}

fn tightness(expr: &Expr) -> Tightness {
    match expr {
        Expr::Or(_) => Tightness::Or,
        Expr::And(_) => Tightness::And,
        Expr::Not(_) => Tightness::Not,
        Expr::Compare(..) | Expr::In(..) | Expr::IsNull(..) | Expr::Like(..) | Expr::Between(..) => {
            Tightness::Compare
        }
        Expr::Binary(BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Concat, ..) => Tightness::Add,
        Expr::Binary(..) => Tightness::Multiply,
        Expr::Negate(_) => Tightness::Negate,
        _ => Tightness::Atom,
    }
}

/// An operand, in parentheses when it binds less tightly than `least`.
struct Operand<'a>(&'a Expr, Tightness);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if tightness(self.0) < self.1 { write!(f, "({})", self.0) } else { self.0.fmt(f) }
    }
}

fn separated(f: &mut Formatter<'_>, list: &[Expr], separator: &str, least: Tightness) -> fmt::Result {
    for (i, expr) in list.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        Operand(expr, least).fmt(f)?;
    }
    Ok(())
}

fn quoted(f: &mut Formatter<'_>, text: &str, quote: char) -> fmt::Result {
    f.write_char(quote)?;
    for c in text.chars() {
        if c == quote {
            f.write_char(c)?;
        }
        f.write_char(c)?;
    }
    f.write_char(quote)
}

fn identifier(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    let plain = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !is_reserved(name);
    if plain { f.write_str(name) } else { quoted(f, name, '"') }
}

impl CompareOp {
    /// The operator in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl BinaryOp {
    /// The operator in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Concat => "||",
        }
    }
}

impl Display for CastType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(0) => f.write_str("text"),
            Self::Text(n) => write!(f, "varchar({n})"),
            Self::Integer => f.write_str("integer"),
            Self::Decimal => f.write_str("decimal"),
            Self::Date => f.write_str("date"),
            Self::DateTime => f.write_str("datetime"),
        }
    }
}

const fn not(flag: bool) -> &'static str {
    if flag { "NOT " } else { "" }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use Tightness as T;
        match self {
            Self::Column { table, name } => {
                if let Some(table) = table {
                    identifier(f, table)?;
                    f.write_char('.')?;
                }
                identifier(f, name)
            }
            Self::Text(text) => quoted(f, text, '\''),
            Self::Number(number) => f.write_str(number),
            Self::Null => f.write_str("NULL"),
            Self::Bool(true) => f.write_str("TRUE"),
            Self::Bool(false) => f.write_str("FALSE"),
            Self::Setting(name) => write!(f, ":{name}"),
            Self::Constant(value) => constant(f, value),
            Self::Today => f.write_str(":today"),
            Self::Now => f.write_str(":now"),
            Self::Rank => f.write_str(":rank"),
            Self::Slot(n) => write!(f, "${n}"),
            Self::Not(x) => write!(f, "NOT {}", Operand(x, T::Not)),
            // Twice a minus would read as a comment elsewhere, so its operand is an atom.
            Self::Negate(x) => write!(f, "-{}", Operand(x, T::Atom)),
            Self::And(all) => separated(f, all, " AND ", T::Not),
            Self::Or(all) => separated(f, all, " OR ", T::And),
            Self::Compare(op, a, b) => {
                write!(f, "{} {} {}", Operand(a, T::Add), op.sql(), Operand(b, T::Add))
            }
            Self::Binary(op, a, b) => {
                let (left, right) = match op {
                    BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Concat => (T::Add, T::Multiply),
                    BinaryOp::Multiply | BinaryOp::Divide => (T::Multiply, T::Negate),
                };
                write!(f, "{} {} {}", Operand(a, left), op.sql(), Operand(b, right))
            }
            Self::In(x, list, negated) => {
                write!(f, "{} {}IN (", Operand(x, T::Add), not(*negated))?;
                separated(f, list, ", ", T::Or)?;
                f.write_char(')')
            }
            Self::IsNull(x, negated) => write!(f, "{} IS {}NULL", Operand(x, T::Add), not(*negated)),
            Self::Like(x, pattern, negated) => {
                write!(f, "{} {}LIKE {}", Operand(x, T::Add), not(*negated), Operand(pattern, T::Add))
            }
            Self::Between(x, low, high, negated) => write!(
                f,
                "{} {}BETWEEN {} AND {}",
                Operand(x, T::Add),
                not(*negated),
                Operand(low, T::Add),
                Operand(high, T::Add)
            ),
            Self::Case { operand, whens, otherwise } => {
                f.write_str("CASE")?;
                if let Some(operand) = operand {
                    write!(f, " {operand}")?;
                }
                for (when, then) in whens {
                    write!(f, " WHEN {when} THEN {then}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " ELSE {otherwise}")?;
                }
                f.write_str(" END")
            }
            Self::Call(function, list) => {
                write!(f, "{}(", function.name())?;
                separated(f, list, ", ", T::Or)?;
                f.write_char(')')
            }
            Self::Cast(x, ty) => write!(f, "CAST({x} AS {ty})"),
        }
    }
}

/// A bound setting, shown as the literal it stands for.
fn constant(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Null | Value::Bad(_) => f.write_str("NULL"),
        Value::Bool(true) => f.write_str("TRUE"),
        Value::Bool(false) => f.write_str("FALSE"),
        Value::Int(n) => write!(f, "{n}"),
        Value::Decimal(n) => write!(f, "{n}"),
        Value::Text(text) => quoted(f, text, '\''),
        Value::Date(day) => write!(f, "'{day}'"),
        Value::DateTime(moment) => write!(f, "'{}'", moment.format("%Y-%m-%d %H:%M:%S%.f")),
        Value::List(items) => {
            f.write_char('(')?;
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    f.write_str(", ")?;
                }
                constant(f, item)?;
            }
            f.write_char(')')
        }
    }
}
