//! What kind of values an expression holds, told by the types of its columns: what may be compared
//! and ordered by a database so that the order is the one of the decoded values.

use super::{
    Dialect,
    columns::SqlType,
    expr::{BinaryOp, CastType, Expr, Function},
};

/// A kind of values, as far as comparing and ordering them goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Whole numbers.
    Integer,
    /// Exact decimals.
    Exact,
    /// Binary floats: what is read of them is rounded.
    Float,
    /// Truth values of their own type.
    Truth,
    /// Text that holds characters of Windows-1252 only.
    Western,
    /// Any text.
    Text,
    /// Calendar days.
    Day,
    /// Moments in the source's own zone.
    Local,
    /// Everything else: moments with a zone, binaries, what SQLite keeps as it comes.
    Other,
}

impl Family {
    /// Whether it counts exactly.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Exact)
    }

    /// Of a declared type of SQLite, by its rules of affinity. Dates have no type of their own there.
    pub(super) fn sqlite(declared: &str) -> Self {
        let ty = declared.to_ascii_uppercase();
        let has = |parts: &[&str]| parts.iter().any(|p| ty.contains(p));
        if has(&["INT"]) {
            Self::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Float
        } else if has(&["NUMERIC", "DECIMAL", "MONEY"]) {
            Self::Exact
        } else if has(&["BOOL", "BIT"]) {
            Self::Integer
        } else {
            Self::Other
        }
    }

    /// Of a type's name in PostgreSQL's catalogue (`int4`, `numeric`…).
    pub(super) fn postgres(name: &str) -> Self {
        match name {
            "int2" | "int4" | "int8" => Self::Integer,
            "numeric" => Self::Exact,
            "float4" | "float8" => Self::Float,
            "bool" => Self::Truth,
            "text" | "varchar" | "bpchar" | "name" => Self::Text,
            "date" => Self::Day,
            "timestamp" => Self::Local,
            _ => Self::Other,
        }
    }

    /// Of a type of SQL Server, with the collation of texts.
    pub(super) fn sqlserver(ty: SqlType, collation: Option<&str>) -> Self {
        match ty {
            SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt | SqlType::Bit => {
                Self::Integer
            }
            SqlType::Numeric(..) | SqlType::Money => Self::Exact,
            SqlType::Float => Self::Float,
            SqlType::VarChar(_) if collation.is_some_and(western) => Self::Western,
            SqlType::VarChar(_) | SqlType::NVarChar(_) => Self::Text,
            SqlType::Date => Self::Day,
            SqlType::DateTime | SqlType::DateTime2 => Self::Local,
            SqlType::Guid | SqlType::Binary(_) | SqlType::Other => Self::Other,
        }
    }

    /// Of an expression, given its columns' kinds (by alias and name).
    pub fn of(
        expr: &Expr,
        dialect: Dialect,
        column: &dyn Fn(Option<&str>, &str) -> Option<Self>,
    ) -> Option<Self> {
        let of = |expr: &Expr| Self::of(expr, dialect, column);
        // SQLite counts in floats.
        let counted = if dialect == Dialect::Sqlite { Self::Float } else { Self::Exact };
        match expr {
            Expr::Column { table, name } => column(table.as_deref(), name),
            Expr::Number(number) if number.contains('.') => Some(Self::Exact),
            Expr::Number(_) => Some(Self::Integer),
            Expr::Not(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare(..)
            | Expr::In(..)
            | Expr::IsNull(..)
            | Expr::Like(..)
            | Expr::Between(..)
            | Expr::Bool(_) => Some(Self::Truth),
            Expr::Negate(x) => of(x).filter(|f| f.is_number()),
            Expr::Binary(BinaryOp::Concat, ..) => Some(Self::Text),
            Expr::Binary(op, a, b) => {
                let whole = of(a)? == Self::Integer && of(b)? == Self::Integer && *op != BinaryOp::Divide;
                let exact = of(a)?.is_number() && of(b)?.is_number();
                match (whole, exact) {
                    (true, _) => Some(Self::Integer),
                    (_, true) => Some(counted),
                    _ => Some(Self::Float),
                }
            }
            Expr::Case { whens, otherwise, .. } => {
                common(whens.iter().map(|(_, then)| then).chain(otherwise.as_deref()), &of)
            }
            Expr::Call(Function::Coalesce, all) => common(all.iter(), &of),
            Expr::Call(Function::NullIf | Function::Optional | Function::Abs, all) => of(all.first()?),
            Expr::Call(Function::Round, all) => match (of(all.first()?)?, all.get(1)) {
                (f, _) if f.is_number() => Some(f),
                // Rounded to few decimals, a float is as good as the decimal it is read as.
                (Self::Float, Some(Expr::Number(n))) if n.parse().is_ok_and(|n: u8| n <= 9) => {
                    Some(Self::Exact)
                }
                (f, _) => Some(f),
            },
            Expr::Call(Function::Length, _) => Some(Self::Integer),
            Expr::Call(
                Function::RTrim | Function::LTrim | Function::Trim | Function::Substring | Function::Replace,
                all,
            ) => of(all.first()?).filter(|f| matches!(f, Self::Western | Self::Text)),
            Expr::Cast(_, CastType::Integer) => Some(Self::Integer),
            Expr::Cast(_, CastType::Decimal) => Some(counted),
            Expr::Cast(_, CastType::Date) if dialect != Dialect::Sqlite => Some(Self::Day),
            _ => None,
        }
    }
}

/// The kind of what may be one of several.
fn common<'e>(
    mut parts: impl Iterator<Item = &'e Expr>,
    of: &dyn Fn(&Expr) -> Option<Family>,
) -> Option<Family> {
    parts.try_fold(None, |known: Option<Family>, part| match (known, part) {
        (known, Expr::Null) => Some(known),
        (None, part) => Some(Some(of(part)?)),
        (Some(known), part) => {
            let part = of(part)?;
            Some(Some(match (known, part) {
                (a, b) if a == b => a,
                (Family::Integer | Family::Exact, Family::Integer | Family::Exact) => Family::Exact,
                (a, b) if numeric(a) && numeric(b) => Family::Float,
                (Family::Western | Family::Text, Family::Western | Family::Text) => Family::Text,
                _ => return None,
            }))
        }
    })?
}

fn numeric(family: Family) -> bool {
    family.is_number() || family == Family::Float
}

/// Whether a collation's `varchar` is Windows-1252: the Latin ones, as SQL Server names them.
fn western(collation: &str) -> bool {
    let collation = collation.to_ascii_lowercase();
    ["french_", "latin1_general_", "sql_latin1_general_cp1_", "modern_spanish_", "german_phonebook_"]
        .iter()
        .any(|known| collation.starts_with(known))
        && !collation.ends_with("_utf8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::expr::parse;

    #[test]
    fn an_expression_is_of_its_columns_kind() {
        let column = |_: Option<&str>, name: &str| match name {
            "n" => Some(Family::Integer),
            "d" => Some(Family::Exact),
            "x" => Some(Family::Float),
            "t" => Some(Family::Text),
            _ => None,
        };
        let of = |text: &str, dialect| Family::of(&parse(text).expect("an expression"), dialect, &column);
        for (text, family) in [
            ("n", Some(Family::Integer)),
            ("n + 1", Some(Family::Integer)),
            ("d * 1000", Some(Family::Exact)),
            ("CASE WHEN n = 1 THEN d ELSE n END", Some(Family::Exact)),
            ("CASE WHEN n = 1 THEN d ELSE t END", None),
            ("COALESCE(n, 0)", Some(Family::Integer)),
            ("ROUND(x, 9)", Some(Family::Exact)),
            ("n = 1", Some(Family::Truth)),
            ("RTRIM(t)", Some(Family::Text)),
            ("nobody", None),
        ] {
            assert_eq!(of(text, Dialect::Postgres), family, "{text}");
        }
        // SQLite counts in floats.
        assert_eq!(of("d * 1000", Dialect::Sqlite), Some(Family::Float));
        assert_eq!(of("ROUND(d * 1000, 9)", Dialect::Sqlite), Some(Family::Exact));
    }

    #[test]
    fn sqlite_tells_by_affinity() {
        for (declared, family) in [
            ("INTEGER", Family::Integer),
            ("smallint", Family::Integer),
            ("NUMERIC(24,6)", Family::Exact),
            ("varchar(19)", Family::Text),
            ("double precision", Family::Float),
            ("datetime", Family::Other),
            ("", Family::Other),
        ] {
            assert_eq!(Family::sqlite(declared), family, "{declared}");
        }
    }
}
