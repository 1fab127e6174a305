//! Expressions of connector maps: a portable subset of SQL, parsed once at load, rendered per
//! dialect. No client value ever becomes SQL text: values travel as parameters.

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
    Constant(crate::value::Value),
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
    Lower,
    Substring,
    Length,
    Replace,
    Round,
    Abs,
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
