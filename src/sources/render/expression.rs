//! How one [`Expr`] reads in each dialect; the parent room's doc says how they are made to agree.

use std::fmt::Write;

use super::{Bind, Done, ParamKind, RenderError, Renderer, pg_type};
use crate::{
    sources::{
        Dialect,
        expr::{BinaryOp, CastType, Expr, Function},
        select::Branch,
    },
    value::Value,
};

impl Renderer<'_> {
    /// An expression as an output or an operand whose type is told: truth values come out as 0/1.
    pub(super) fn item(&mut self, branch: &Branch, expr: &Expr) -> Done {
        if self.pg() && is_truth(expr) {
            self.put("CAST(");
            self.expr(branch, expr)?;
            self.put(" AS integer)");
            Ok(())
        } else {
            self.expr(branch, expr)
        }
    }

    fn list(&mut self, branch: &Branch, list: &[Expr]) -> Done {
        for (i, expr) in list.iter().enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            self.expr(branch, expr)?;
        }
        Ok(())
    }

    /// An operand where PostgreSQL must be told the type.
    fn cast_pg(&mut self, branch: &Branch, expr: &Expr, ty: &str) -> Done {
        if self.pg() {
            self.put("CAST(");
            self.item(branch, expr)?;
            let _ = write!(self.sql, " AS {ty})");
            Ok(())
        } else {
            self.expr(branch, expr)
        }
    }

    fn text(&mut self, text: &str) {
        if text.contains('\0') {
            self.placeholder(Bind::Constant(Value::text(text), Some(CastType::Text(0))), Some("text"));
            return;
        }
        self.sql.push('\'');
        self.sql.push_str(&text.replace('\'', "''"));
        self.sql.push('\'');
    }

    pub(super) fn expr(&mut self, branch: &Branch, expr: &Expr) -> Done {
        match expr {
            Expr::Column { table, name } => {
                let alias = table.as_deref().unwrap_or(&branch.from.alias);
                // A pair's text must not bring its own collation to a comparison in SQLite: as an
                // expression it has none, and the column it is compared with decides.
                let bare = !self.pg() && branch.pairs.as_ref().is_some_and(|p| p.alias == alias);
                self.put(if bare { "(" } else { "" });
                self.identifier(alias);
                self.put(".");
                self.identifier(name);
                self.put(if bare { " || '')" } else { "" });
            }
            Expr::Text(text) => self.text(text),
            Expr::Number(number) => {
                if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                    return Err(RenderError(format!("`{number}` is not a number")));
                }
                self.put(number);
            }
            Expr::Null => self.put("NULL"),
            Expr::Bool(true) => self.put("TRUE"),
            Expr::Bool(false) => self.put("FALSE"),
            Expr::Setting(name) => {
                return Err(RenderError(format!("setting :{name} has no value")));
            }
            Expr::Rank => {
                return Err(RenderError(
                    ":rank is known only once children are joined to their parent".into(),
                ));
            }
            Expr::Constant(value) => match ParamKind::of_value(value) {
                ParamKind::Null => self.put("NULL"),
                ParamKind::Bool => self.placeholder(Bind::Constant(value.clone(), None), Some("boolean")),
                ParamKind::Scalar(ty) => {
                    self.placeholder(Bind::Constant(value.clone(), Some(ty)), Some(pg_type(Some(ty))));
                }
                _ => {
                    return Err(RenderError("a setting that is a list cannot stand in an expression".into()));
                }
            },
            Expr::Today => self.placeholder(Bind::Today, Some("date")),
            Expr::Now => self.placeholder(Bind::Now, Some("timestamp")),
            Expr::Slot(slot) => {
                let ty = match self.kinds.get(*slot) {
                    Some(ParamKind::Scalar(ty)) => Some(*ty),
                    _ => None,
                };
                self.slot(*slot, ty)?;
            }
            Expr::Not(x) => {
                self.put("(NOT ");
                self.expr(branch, x)?;
                self.put(")");
            }
            Expr::Negate(x) => {
                self.put("(- ");
                self.expr(branch, x)?;
                self.put(")");
            }
            Expr::And(all) => self.joined(branch, all, " AND ")?,
            Expr::Or(all) => self.joined(branch, all, " OR ")?,
            Expr::Compare(op, a, b) => {
                self.put("(");
                self.expr(branch, a)?;
                let _ = write!(self.sql, " {} ", op.sql());
                self.expr(branch, b)?;
                self.put(")");
            }
            Expr::Binary(op, a, b) => self.binary(branch, *op, a, b)?,
            Expr::In(x, list, negated) => {
                self.put("(");
                self.expr(branch, x)?;
                self.put(if *negated { " NOT IN (" } else { " IN (" });
                self.list(branch, list)?;
                self.put("))");
            }
            Expr::IsNull(x, negated) => {
                self.put("(");
                self.expr(branch, x)?;
                self.put(if *negated { " IS NOT NULL)" } else { " IS NULL)" });
            }
            Expr::Like(x, pattern, negated) => {
                self.put("(");
                self.cast_pg(branch, x, "text")?;
                if self.pg() {
                    self.collate();
                }
                self.put(if *negated { " NOT LIKE " } else { " LIKE " });
                self.cast_pg(branch, pattern, "text")?;
                self.put(if self.pg() { " ESCAPE '')" } else { ")" });
            }
            Expr::Between(x, low, high, negated) => {
                self.put("(");
                self.expr(branch, x)?;
                self.put(if *negated { " NOT BETWEEN " } else { " BETWEEN " });
                self.expr(branch, low)?;
                self.put(" AND ");
                self.expr(branch, high)?;
                self.put(")");
            }
            Expr::Case { operand, whens, otherwise } => {
                self.put("CASE");
                if let Some(operand) = operand {
                    self.put(" ");
                    self.expr(branch, operand)?;
                }
                for (when, then) in whens {
                    self.put(" WHEN ");
                    self.expr(branch, when)?;
                    self.put(" THEN ");
                    self.expr(branch, then)?;
                }
                if let Some(otherwise) = otherwise {
                    self.put(" ELSE ");
                    self.expr(branch, otherwise)?;
                }
                self.put(" END");
            }
            Expr::Call(function, arguments) => self.call(branch, *function, arguments)?,
            Expr::Cast(x, ty) => self.cast(branch, x, *ty)?,
        }
        Ok(())
    }

    fn joined(&mut self, branch: &Branch, all: &[Expr], with: &str) -> Done {
        self.put("(");
        for (i, expr) in all.iter().enumerate() {
            self.put(if i > 0 { with } else { "" });
            self.expr(branch, expr)?;
        }
        self.put(")");
        Ok(())
    }

    fn binary(&mut self, branch: &Branch, op: BinaryOp, a: &Expr, b: &Expr) -> Done {
        self.put("(");
        match op {
            BinaryOp::Divide => {
                self.put("CAST(");
                self.item(branch, a)?;
                self.put(if self.pg() { " AS numeric) / NULLIF(" } else { " AS REAL) / NULLIF(" });
                self.cast_pg(branch, b, "numeric")?;
                self.put(", 0)");
            }
            BinaryOp::Concat => {
                self.cast_pg(branch, a, "text")?;
                self.put(" || ");
                self.cast_pg(branch, b, "text")?;
            }
            _ => {
                self.number(branch, a)?;
                let _ = write!(self.sql, " {} ", op.sql());
                self.number(branch, b)?;
            }
        }
        self.put(")");
        Ok(())
    }

    /// An operand of arithmetic.
    fn number(&mut self, branch: &Branch, expr: &Expr) -> Done {
        let is_number = match expr {
            Expr::Number(_) => true,
            Expr::Binary(op, ..) => *op != BinaryOp::Concat,
            _ => false,
        };
        if is_number { self.expr(branch, expr) } else { self.cast_pg(branch, expr, "numeric") }
    }

    fn call(&mut self, branch: &Branch, function: Function, arguments: &[Expr]) -> Done {
        if let (Function::Coalesce | Function::Optional, [only]) = (function, arguments) {
            return self.expr(branch, only);
        }
        self.put(match function {
            Function::Substring if !self.pg() => "SUBSTR",
            Function::UpperAscii => "UPPER",
            _ => function.name(),
        });
        self.put("(");
        for (i, argument) in arguments.iter().enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            match (function, i) {
                (Function::Coalesce | Function::NullIf, _) => self.expr(branch, argument)?,
                (Function::Substring | Function::Round, 1..) => self.cast_pg(branch, argument, "integer")?,
                (Function::Round | Function::Abs, _) => self.cast_pg(branch, argument, "numeric")?,
                _ => self.cast_pg(branch, argument, "text")?,
            }
            // PostgreSQL searches inside text only under a deterministic collation; under "C" no letter but
            // ASCII's has another case, as in SQLite.
            if (function == Function::Replace && i == 0 || function == Function::UpperAscii) && self.pg() {
                self.collate();
            }
        }
        self.put(")");
        Ok(())
    }

    fn cast(&mut self, branch: &Branch, x: &Expr, ty: CastType) -> Done {
        let (before, after) = match (self.dialect, ty) {
            (Dialect::Sqlite, CastType::Text(0)) => ("CAST(", " AS TEXT)".to_owned()),
            (Dialect::Sqlite, CastType::Text(n)) => ("SUBSTR(CAST(", format!(" AS TEXT), 1, {n})")),
            (Dialect::Sqlite, CastType::Integer) => ("CAST(", " AS INTEGER)".to_owned()),
            (Dialect::Sqlite, CastType::Decimal) => ("CAST(", " AS NUMERIC)".to_owned()),
            (Dialect::Sqlite, CastType::Date) => ("DATE(", ")".to_owned()),
            (Dialect::Sqlite, CastType::DateTime) => ("DATETIME(", ")".to_owned()),
            (Dialect::Postgres, CastType::Text(n)) if n > 0 => ("CAST(", format!(" AS varchar({n}))")),
            (Dialect::Postgres, CastType::Integer) => {
                ("CAST(TRUNC(CAST(", " AS numeric)) AS bigint)".to_owned())
            }
            (Dialect::Postgres | Dialect::SqlServer, _) => ("CAST(", format!(" AS {})", pg_type(Some(ty)))),
        };
        self.put(before);
        self.item(branch, x)?;
        self.put(&after);
        Ok(())
    }
}

/// Whether an expression is a truth value by its form.
fn is_truth(expr: &Expr) -> bool {
    match expr {
        Expr::Not(_)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Compare(..)
        | Expr::In(..)
        | Expr::IsNull(..)
        | Expr::Like(..)
        | Expr::Between(..)
        | Expr::Bool(_) => true,
        Expr::Case { whens, otherwise, .. } => {
            whens.iter().map(|w| &w.1).chain(otherwise.as_deref()).any(is_truth)
        }
        Expr::Call(Function::Coalesce | Function::NullIf, arguments) => arguments.iter().any(is_truth),
        _ => false,
    }
}
