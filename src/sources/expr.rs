//! Expressions of connector maps: a portable subset of SQL, parsed once at load, rendered per
//! dialect. No client value ever becomes SQL text: values travel as parameters.
//!
//! [`parse`](super::parse::parse) reads the text a map holds, `Display` writes it back in one
//! canonical form; the renderers in [`super::render`] make SQL of it.

use std::collections::{BTreeMap, BTreeSet};

pub use super::parse::parse;
use crate::value::Value;

/// An expression over the columns of one row source.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A column; `table` is the alias it was written with (`a.AR_Ref`). Identifiers keep the
    /// spelling of the map and are always quoted when rendered.
    Column {
        /// The alias before the dot, if any.
        table: Option<String>,
        /// The column's name, which may hold blanks and accents.
        name: String,
    },
    /// A text literal.
    Text(String),
    /// A number literal, as written.
    Number(String),
    /// NULL.
    Null,
    /// TRUE or FALSE.
    Bool(bool),
    /// `:name`: a setting of the source, bound as a parameter when the map is resolved
    /// (see [`Expr::bind_settings`]), or one of the reserved names below.
    Setting(String),
    /// A setting's value, bound as a constant parameter.
    Constant(Value),
    /// `:today`, the request's day in the source's zone.
    Today,
    /// `:now`, the request's moment in the source's zone.
    Now,
    /// `:rank`, the 1-based position of a child row among its parent's; only as a child's field.
    Rank,
    /// A parameter slot of the statement ([`super::Param`] by index); never written in maps.
    Slot(usize),
    /// `NOT x`.
    Not(Box<Expr>),
    /// `-x`.
    Negate(Box<Expr>),
    /// `x AND y AND …`.
    And(Vec<Expr>),
    /// `x OR y OR …`.
    Or(Vec<Expr>),
    /// `x = y`, `<>`, `<`, `<=`, `>`, `>=`.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `x + y`, `-`, `*`, `/`, `||`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `x IN (a, b)`; the flag is NOT.
    In(Box<Expr>, Vec<Expr>, bool),
    /// `x IS NULL`; the flag is NOT.
    IsNull(Box<Expr>, bool),
    /// `x LIKE 'pattern'`; the flag is NOT.
    Like(Box<Expr>, Box<Expr>, bool),
    /// `x BETWEEN a AND b`; the flag is NOT.
    Between(Box<Expr>, Box<Expr>, Box<Expr>, bool),
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`.
    Case {
        /// The operand compared with each WHEN, if any.
        operand: Option<Box<Expr>>,
        /// WHEN/THEN pairs.
        whens: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// A function call.
    Call(Function, Vec<Expr>),
    /// `CAST(x AS type)`.
    Cast(Box<Expr>, CastType),
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Arithmetic and concatenation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Concat,
}

/// The functions maps may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Function {
    Coalesce,
    NullIf,
    Trim,
    RTrim,
    LTrim,
    Upper,
    /// ASCII letters only, in every dialect and collation.
    UpperAscii,
    Lower,
    Substring,
    Length,
    Replace,
    Round,
    Abs,
    /// A column that some versions lack: NULL there.
    Optional,
}

/// The types maps may cast to, and key columns may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastType {
    /// `varchar(n)`, `text`: text of at most n characters (0: any length).
    Text(u32),
    /// `int`, `integer`, `bigint`, `smallint`.
    Integer,
    /// `decimal`, `numeric(p,s)`.
    Decimal,
    /// `date`.
    Date,
    /// `datetime`, `timestamp`.
    DateTime,
}

/// Why an expression of a map does not parse: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({help})")]
pub struct ExprError {
    /// Byte offset in the expression's text.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Function {
    /// Every function with its name and the least and most arguments it takes.
    pub const ALL: [(Self, &'static str, usize, usize); 14] = [
        (Self::Coalesce, "COALESCE", 1, 100),
        (Self::NullIf, "NULLIF", 2, 2),
        (Self::Trim, "TRIM", 1, 1),
        (Self::RTrim, "RTRIM", 1, 1),
        (Self::LTrim, "LTRIM", 1, 1),
        (Self::Upper, "UPPER", 1, 1),
        (Self::UpperAscii, "UPPER_ASCII", 1, 1),
        (Self::Lower, "LOWER", 1, 1),
        (Self::Substring, "SUBSTRING", 2, 3),
        (Self::Length, "LENGTH", 1, 1),
        (Self::Replace, "REPLACE", 3, 3),
        (Self::Round, "ROUND", 1, 2),
        (Self::Abs, "ABS", 1, 1),
        (Self::Optional, "OPTIONAL", 1, 1),
    ];

    /// The name maps write.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|f| f.0 == self).map_or("", |f| f.1)
    }
}

impl Expr {
    /// A column of a table alias.
    pub fn column(table: &str, name: &str) -> Self {
        Self::Column { table: Some(table.to_owned()), name: name.to_owned() }
    }

    /// Calls `f` on every direct part.
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Self)) {
        match self {
            Self::Column { .. }
            | Self::Text(_)
            | Self::Number(_)
            | Self::Null
            | Self::Bool(_)
            | Self::Setting(_)
            | Self::Constant(_)
            | Self::Today
            | Self::Now
            | Self::Rank
            | Self::Slot(_) => {}
            Self::Not(x) | Self::Negate(x) | Self::IsNull(x, _) | Self::Cast(x, _) => f(x),
            Self::And(all) | Self::Or(all) | Self::Call(_, all) => all.iter().for_each(f),
            Self::Compare(_, a, b) | Self::Binary(_, a, b) | Self::Like(a, b, _) => {
                f(a);
                f(b);
            }
            Self::In(x, list, _) => {
                f(x);
                list.iter().for_each(f);
            }
            Self::Between(x, a, b, _) => {
                f(x);
                f(a);
                f(b);
            }
            Self::Case { operand, whens, otherwise } => {
                if let Some(operand) = operand {
                    f(operand);
                }
                for (when, then) in whens {
                    f(when);
                    f(then);
                }
                if let Some(otherwise) = otherwise {
                    f(otherwise);
                }
            }
        }
    }

    /// Visits this expression and every part of it, outermost first.
    pub fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Self)) {
        f(self);
        self.each_child(&mut |child| child.walk(f));
    }

    /// Visits every column as (alias, name).
    pub fn columns<'a>(&'a self, f: &mut dyn FnMut(Option<&'a str>, &'a str)) {
        self.walk(&mut |expr| {
            if let Self::Column { table, name } = expr {
                f(table.as_deref(), name);
            }
        });
    }

    /// The table aliases used, sorted. Columns without alias are not counted.
    pub fn aliases(&self) -> BTreeSet<&str> {
        let mut aliases = BTreeSet::new();
        self.columns(&mut |table, _| aliases.extend(table));
        aliases
    }

    /// Rebuilds the expression bottom up: `f` sees every part after its own parts were rebuilt.
    #[must_use]
    pub fn map(self, f: &mut dyn FnMut(Self) -> Self) -> Self {
        let mapped = match self {
            leaf @ (Self::Column { .. }
            | Self::Text(_)
            | Self::Number(_)
            | Self::Null
            | Self::Bool(_)
            | Self::Setting(_)
            | Self::Constant(_)
            | Self::Today
            | Self::Now
            | Self::Rank
            | Self::Slot(_)) => leaf,
            Self::Not(x) => Self::Not(Box::new(x.map(f))),
            Self::Negate(x) => Self::Negate(Box::new(x.map(f))),
            Self::IsNull(x, not) => Self::IsNull(Box::new(x.map(f)), not),
            Self::Cast(x, ty) => Self::Cast(Box::new(x.map(f)), ty),
            Self::And(all) => Self::And(all.into_iter().map(|x| x.map(f)).collect()),
            Self::Or(all) => Self::Or(all.into_iter().map(|x| x.map(f)).collect()),
            Self::Call(function, all) => Self::Call(function, all.into_iter().map(|x| x.map(f)).collect()),
            Self::Compare(op, a, b) => Self::Compare(op, Box::new(a.map(f)), Box::new(b.map(f))),
            Self::Binary(op, a, b) => Self::Binary(op, Box::new(a.map(f)), Box::new(b.map(f))),
            Self::Like(a, b, not) => Self::Like(Box::new(a.map(f)), Box::new(b.map(f)), not),
            Self::In(x, list, not) => {
                Self::In(Box::new(x.map(f)), list.into_iter().map(|x| x.map(f)).collect(), not)
            }
            Self::Between(x, a, b, not) => {
                Self::Between(Box::new(x.map(f)), Box::new(a.map(f)), Box::new(b.map(f)), not)
            }
            Self::Case { operand, whens, otherwise } => Self::Case {
                operand: operand.map(|x| Box::new(x.map(f))),
                whens: whens.into_iter().map(|(a, b)| (a.map(f), b.map(f))).collect(),
                otherwise: otherwise.map(|x| Box::new(x.map(f))),
            },
        };
        f(mapped)
    }

    /// Replaces every `:setting` by its value, which then travels as a bound parameter.
    ///
    /// # Errors
    /// The name of the first setting that `settings` does not hold.
    pub fn bind_settings(&self, settings: &BTreeMap<String, Value>) -> Result<Self, String> {
        let mut unknown = None;
        let bound = self.clone().map(&mut |expr| match expr {
            Self::Setting(name) => {
                if let Some(value) = settings.get(&name) {
                    Self::Constant(value.clone())
                } else {
                    unknown.get_or_insert_with(|| name.clone());
                    Self::Setting(name)
                }
            }
            other => other,
        });
        unknown.map_or(Ok(bound), Err)
    }
}
