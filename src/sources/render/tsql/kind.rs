//! What is known of an expression without asking the server: its type, and whether it may be NULL.

use super::Tsql;
use crate::{
    sources::{
        columns::{Known, SqlType},
        expr::{BinaryOp, CastType, Expr, Function},
        render::{ParamKind, table_of},
        select::Branch,
    },
    value::Value,
};

impl<'a> Tsql<'_, 'a> {
    /// The column that an expression is, when the database was asked for it.
    pub(super) fn known(&self, branch: &Branch, expr: &Expr) -> Option<&'a Known> {
        let Expr::Column { table, name } = expr else { return None };
        let table = table_of(branch, table.as_deref())?;
        self.r.catalog.column(table, name)
    }

    /// The type of an expression.
    pub(super) fn kind(&self, branch: &Branch, expr: &Expr) -> Option<SqlType> {
        match expr {
            Expr::Column { table, .. } => {
                let pair = branch.pairs.as_ref().is_some_and(|p| table.as_deref() == Some(&p.alias));
                if pair { Some(SqlType::NVarChar(4000)) } else { self.known(branch, expr)?.ty }
            }
            Expr::Text(text) => {
                let length = u32::try_from(text.chars().count()).unwrap_or(0);
                Some(if text.is_ascii() { SqlType::VarChar(length) } else { SqlType::NVarChar(length) })
            }
            Expr::Number(number) if number.contains('.') => Some(SqlType::Numeric(24, 6)),
            Expr::Number(_) => Some(SqlType::BigInt),
            Expr::Constant(value) => match ParamKind::of_value(value) {
                ParamKind::Bool => Some(SqlType::Bit),
                ParamKind::Scalar(ty) => Some(loose(ty)),
                _ => None,
            },
            Expr::Slot(slot) => match self.r.kinds.get(*slot) {
                Some(ParamKind::Bool) => Some(SqlType::Bit),
                Some(ParamKind::Scalar(ty)) => Some(loose(*ty)),
                _ => None,
            },
            Expr::Today => Some(SqlType::Date),
            Expr::Now => Some(SqlType::DateTime),
            Expr::Null | Expr::Setting(_) | Expr::Rank => None,
            Expr::Negate(_) => Some(SqlType::Numeric(24, 6)),
            Expr::Binary(BinaryOp::Concat, ..) => Some(SqlType::NVarChar(0)),
            Expr::Binary(..) => Some(SqlType::Numeric(38, 6)),
            Expr::Case { whens, otherwise, .. } => {
                whens.iter().map(|w| &w.1).chain(otherwise.as_deref()).find_map(|e| self.kind(branch, e))
            }
            Expr::Call(function, arguments) => match function {
                Function::Coalesce | Function::NullIf | Function::Optional => {
                    arguments.iter().find_map(|e| self.kind(branch, e))
                }
                Function::Length => Some(SqlType::BigInt),
                Function::Round | Function::Abs => Some(SqlType::Numeric(38, 6)),
                _ => match arguments.first().and_then(|e| self.kind(branch, e)) {
                    Some(ty) if ty.is_text() => Some(ty),
                    _ => Some(SqlType::NVarChar(0)),
                },
            },
            Expr::Cast(x, ty) => Some(self.cast_to(branch, x, *ty)),
            truth if is_truth(truth) => Some(SqlType::Int),
            _ => None,
        }
    }

    /// The type that CAST makes of an expression: text stays in its character set, numbers need none.
    pub(super) fn cast_to(&self, branch: &Branch, x: &Expr, ty: CastType) -> SqlType {
        match ty {
            CastType::Text(n) => {
                let narrow = matches!(self.kind(branch, x), Some(k) if k.is_number() || matches!(k, SqlType::VarChar(_)));
                match (narrow, n) {
                    (true, n) if n <= 8000 => SqlType::VarChar(n),
                    (false, n) if n <= 4000 => SqlType::NVarChar(n),
                    _ => SqlType::NVarChar(0),
                }
            }
            CastType::DateTime => SqlType::DateTime2,
            other => SqlType::of(other),
        }
    }
}

/// The type of a parameter that is compared with nothing known.
pub(super) fn loose(ty: CastType) -> SqlType {
    match ty {
        CastType::Text(_) => SqlType::NVarChar(4000),
        other => SqlType::of(other),
    }
}

/// Whether an expression is a truth value by its form.
pub(super) fn is_truth(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Not(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare(..)
            | Expr::In(..)
            | Expr::IsNull(..)
            | Expr::Like(..)
            | Expr::Between(..)
            | Expr::Bool(_)
    )
}

/// Whether an expression is never NULL by its form.
pub(super) fn never_null(expr: &Expr) -> bool {
    match expr {
        Expr::Text(_) | Expr::Number(_) | Expr::Bool(_) | Expr::Today | Expr::Now | Expr::IsNull(..) => true,
        Expr::Constant(value) => !matches!(value, Value::Null),
        Expr::Call(Function::Coalesce, arguments) => arguments.iter().any(never_null),
        Expr::Not(x) => never_null(x),
        Expr::And(all) | Expr::Or(all) => all.iter().all(never_null),
        Expr::Compare(_, a, b) | Expr::Like(a, b, _) => never_null(a) && never_null(b),
        Expr::Between(x, a, b, _) => never_null(x) && never_null(a) && never_null(b),
        Expr::In(x, list, _) => never_null(x) && list.iter().all(never_null),
        Expr::Case { whens, otherwise, .. } => {
            otherwise.as_deref().is_some_and(never_null) && whens.iter().all(|w| never_null(&w.1))
        }
        _ => false,
    }
}
