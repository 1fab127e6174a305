//! What a database says of the columns of its tables. Every driver knows their names; SQL Server's
//! also their types, since there a parameter of another type than the column turns an index seek
//! into a scan.

use std::fmt::Write;

use chrono::Datelike;

use super::{bind::Scalar, expr::CastType, family::Family, select::Table};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Its type, where the driver needs it, and of decimals how many digits it has.
    pub ty: Option<SqlType>,
    /// The kind of its values, as far as the driver knows.
    pub family: Option<Family>,
    /// Its collation, of texts.
    pub collation: Option<Box<str>>,
    /// Its binary copy, when it has one that can be trusted.
    pub twin: Option<Twin>,
}

impl Known {
    /// A column of which name and kind are enough.
    pub fn named(name: String, family: Family) -> Self {
        Self { name, ty: None, family: Some(family), collation: None, twin: None }
    }
}

/// What a map says of text columns of one name: that a table which has `twin` beside `column` keeps
/// there the bytes of the text, and its indexes on them (Sage's `cbAR_Ref` beside `AR_Ref`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwinRule {
    /// The text column's name.
    pub column: String,
    /// The binary column's name.
    pub twin: String,
    /// The table in which the text is the key. A key that comes from outside is looked up there, as
    /// text; from there on bytes are compared.
    pub home: String,
}

/// The binary copy of a text column, found equal to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// Its name.
    pub name: String,
    /// Bytes it holds at most.
    pub bytes: u32,
    /// The table to look a text up in; `None`: this is that table.
    pub home: Option<String>,
}

/// Knows the columns of a database while a statement is rendered.
pub trait Catalog {
    /// Whether a table has a column.
    fn has(&self, table: &Table, column: &str) -> bool;

    /// The column, when its type is known.
    fn column(&self, _table: &Table, _column: &str) -> Option<&Known> {
        None
    }

    /// What follows every table's name.
    fn hint(&self) -> &'static str {
        ""
    }
}

impl<F: Fn(&Table, &str) -> bool> Catalog for F {
    fn has(&self, table: &Table, column: &str) -> bool {
        self(table, column)
    }
}

/// A type of SQL Server. Lengths are in characters (bytes of binaries); 0 is `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SqlType {
    VarChar(u32),
    NVarChar(u32),
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Numeric(u8, u8),
    Money,
    Float,
    Date,
    DateTime,
    DateTime2,
    Guid,
    Binary(u32),
    /// What is not compared with parameters: xml, spatial types…
    Other,
}

impl SqlType {
    /// Reads a type as `INFORMATION_SCHEMA.COLUMNS` names it.
    pub fn read(name: &str, length: Option<i32>, precision: Option<u8>, scale: Option<i32>) -> Self {
        let length = length.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        match name {
            "char" | "varchar" => Self::VarChar(if length > 8000 { 0 } else { length }),
            "text" => Self::VarChar(0),
            "nchar" | "nvarchar" | "sysname" => Self::NVarChar(if length > 4000 { 0 } else { length }),
            "ntext" => Self::NVarChar(0),
            "bit" => Self::Bit,
            "tinyint" => Self::TinyInt,
            "smallint" => Self::SmallInt,
            "int" => Self::Int,
            "bigint" => Self::BigInt,
            "numeric" | "decimal" => {
                Self::Numeric(precision.unwrap_or(38), scale.and_then(|s| u8::try_from(s).ok()).unwrap_or(0))
            }
            "money" | "smallmoney" => Self::Money,
            "float" | "real" => Self::Float,
            "date" => Self::Date,
            "datetime" | "smalldatetime" => Self::DateTime,
            "datetime2" | "datetimeoffset" => Self::DateTime2,
            "uniqueidentifier" => Self::Guid,
            "binary" | "varbinary" | "image" | "timestamp" | "rowversion" => Self::Binary(length),
            _ => Self::Other,
        }
    }

    /// The type a parameter has when all that is known is what a map declares.
    pub fn of(ty: CastType) -> Self {
        match ty {
            CastType::Text(0) => Self::NVarChar(4000),
            CastType::Text(n) if n <= 8000 => Self::VarChar(n),
            CastType::Text(_) => Self::NVarChar(0),
            CastType::Integer => Self::BigInt,
            CastType::Decimal => Self::Numeric(24, 6),
            CastType::Date => Self::Date,
            CastType::DateTime => Self::DateTime,
        }
    }

    /// The type of a parameter with which rows go on in the order of a column (`known`: its own type): one
    /// that rounds none of its values.
    pub fn ordered(known: Option<Self>, declared: CastType) -> Self {
        match (known, declared) {
            (Some(ty @ (Self::Numeric(..) | Self::Money)), CastType::Decimal)
            | (Some(ty @ Self::DateTime2), CastType::DateTime) => ty,
            // Of what is computed.
            (_, CastType::Decimal) => Self::Numeric(38, 14),
            _ => Self::of(declared),
        }
    }

    /// The kind of value that is bound for it.
    pub fn cast_type(self) -> CastType {
        match self {
            Self::VarChar(n) | Self::NVarChar(n) => CastType::Text(n),
            Self::Bit | Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt => CastType::Integer,
            Self::Numeric(..) | Self::Money | Self::Float => CastType::Decimal,
            Self::Date => CastType::Date,
            Self::DateTime | Self::DateTime2 => CastType::DateTime,
            Self::Guid | Self::Binary(_) | Self::Other => CastType::Text(0),
        }
    }

    /// Whether it is text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::VarChar(_) | Self::NVarChar(_))
    }

    /// Whether it counts.
    pub fn is_number(self) -> bool {
        matches!(self.cast_type(), CastType::Integer | CastType::Decimal)
    }

    /// Its name in T-SQL.
    pub fn sql(self) -> String {
        let mut sql = String::new();
        let sized = |sql: &mut String, name: &str, n: u32| {
            // Writing to a String cannot fail.
            let _ = if n == 0 { write!(sql, "{name}(max)") } else { write!(sql, "{name}({n})") };
        };
        match self {
            Self::VarChar(n) => sized(&mut sql, "varchar", n),
            Self::NVarChar(n) => sized(&mut sql, "nvarchar", n),
            Self::Binary(n) => sized(&mut sql, "varbinary", n),
            Self::Numeric(p, s) => {
                let _ = write!(sql, "numeric({p},{s})");
            }
            Self::Bit => sql.push_str("bit"),
            Self::TinyInt => sql.push_str("tinyint"),
            Self::SmallInt => sql.push_str("smallint"),
            Self::Int => sql.push_str("int"),
            Self::BigInt => sql.push_str("bigint"),
            Self::Money => sql.push_str("money"),
            Self::Float => sql.push_str("float"),
            Self::Date => sql.push_str("date"),
            Self::DateTime => sql.push_str("datetime"),
            Self::DateTime2 => sql.push_str("datetime2(7)"),
            Self::Guid => sql.push_str("uniqueidentifier"),
            Self::Other => sql.push_str("nvarchar(max)"),
        }
        sql
    }

    /// Whether a value can be cast to the type unchanged. What cannot equals no value of the type,
    /// and cast all the same it could be cut down to one that it is not, or refuse the statement.
    pub(super) fn holds(self, scalar: &Scalar<'_>) -> bool {
        match (self, scalar) {
            (_, Scalar::Null) => true,
            (Self::VarChar(n) | Self::NVarChar(n), Scalar::Text(text)) => {
                n == 0 || text.trim_end_matches(' ').chars().count() <= n as usize
            }
            (Self::Bit, Scalar::Int(n)) => (0..=1).contains(n),
            (Self::TinyInt, Scalar::Int(n)) => u8::try_from(*n).is_ok(),
            (Self::SmallInt, Scalar::Int(n)) => i16::try_from(*n).is_ok(),
            (Self::Int, Scalar::Int(n)) => i32::try_from(*n).is_ok(),
            (Self::Numeric(p, s), Scalar::Decimal(n)) => {
                let n = n.normalize();
                let whole = n.trunc().mantissa().unsigned_abs();
                let digits = if whole == 0 { 0 } else { whole.ilog10() + 1 };
                n.scale() <= s.into() && digits <= u32::from(p.saturating_sub(s))
            }
            (Self::Money, Scalar::Decimal(n)) => {
                n.normalize().scale() <= 4 && n.abs() < 900_000_000_000_000_i64.into()
            }
            (Self::DateTime, Scalar::Local(moment)) => (1753..=9999).contains(&moment.year()),
            (Self::Date | Self::DateTime2, Scalar::Date(day)) => (1..=9999).contains(&day.year()),
            (Self::DateTime2, Scalar::Local(moment)) => (1..=9999).contains(&moment.year()),
            (Self::Guid, Scalar::Text(text)) => uuid::Uuid::try_parse(text).is_ok(),
            _ => true,
        }
    }
}
