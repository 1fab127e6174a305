//! How one [`Expr`] reads in T-SQL, as a value or as a condition.

use std::fmt::Write;

use super::{
    BINARY, Tsql,
    kind::{loose, never_null},
};
use crate::{
    sources::{
        columns::SqlType,
        expr::{BinaryOp, CastType, CompareOp, Expr, Function},
        render::{Bind, Done, ParamKind, RenderError},
        select::Branch,
    },
    value::Value,
};

/// What arithmetic counts in: as precise as the ERPs' own numbers, and what is left of a product's
/// or a quotient's precision keeps six decimals.
const NUMBER: &str = "numeric(24,6)";

impl Tsql<'_, '_> {
    /// A truth value: what stands after WHERE, ON, WHEN.
    pub(super) fn condition(&mut self, branch: &Branch, expr: &Expr) -> Done {
        match expr {
            Expr::Bool(true) => self.put("(1 = 1)"),
            Expr::Bool(false) => self.put("(1 = 0)"),
            Expr::Null => self.put("(1 = NULL)"),
            Expr::Not(x) => {
                self.put("(NOT ");
                self.condition(branch, x)?;
                self.put(")");
            }
            Expr::And(all) => self.joined(branch, all, " AND ")?,
            Expr::Or(all) => self.joined(branch, all, " OR ")?,
            Expr::Compare(CompareOp::Eq, a, b) if let Some((a, b)) = self.twins(branch, a, b) => {
                self.put("(");
                self.value(branch, &a)?;
                self.put(" = ");
                self.value(branch, &b)?;
                self.put(")");
            }
            Expr::Compare(op, a, b) => {
                self.put("(");
                self.operand(branch, a, b)?;
                let _ = write!(self.r.sql, " {} ", op.sql());
                self.operand(branch, b, a)?;
                self.put(")");
            }
            Expr::In(x, list, negated) => {
                self.put("(");
                self.value(branch, x)?;
                self.put(if *negated { " NOT IN (" } else { " IN (" });
                for (i, item) in list.iter().enumerate() {
                    self.put(if i > 0 { ", " } else { "" });
                    self.operand(branch, item, x)?;
                }
                self.put("))");
            }
            Expr::IsNull(x, negated) => {
                self.put("(");
                self.value(branch, x)?;
                self.put(if *negated { " IS NOT NULL)" } else { " IS NULL)" });
            }
            Expr::Like(x, pattern, negated) => {
                self.put("(");
                self.as_text(branch, x)?;
                self.put(BINARY);
                self.put(if *negated { " NOT LIKE " } else { " LIKE " });
                if let Expr::Text(pattern) = &**pattern {
                    self.text(&pattern.replace('[', "[[]"));
                } else {
                    self.put("REPLACE(");
                    self.as_text(branch, pattern)?;
                    self.put(", '[', '[[]')");
                }
                self.put(")");
            }
            Expr::Between(x, low, high, negated) => {
                self.put("(");
                self.value(branch, x)?;
                self.put(if *negated { " NOT BETWEEN " } else { " BETWEEN " });
                self.operand(branch, low, x)?;
                self.put(" AND ");
                self.operand(branch, high, x)?;
                self.put(")");
            }
            value => {
                self.put("(");
                self.value(branch, value)?;
                self.put(" <> 0)");
            }
        }
        Ok(())
    }

    fn joined(&mut self, branch: &Branch, all: &[Expr], with: &str) -> Done {
        if all.is_empty() {
            self.put(if with == " OR " { "(1 = 0)" } else { "(1 = 1)" });
            return Ok(());
        }
        self.put("(");
        for (i, expr) in all.iter().enumerate() {
            self.put(if i > 0 { with } else { "" });
            self.condition(branch, expr)?;
        }
        self.put(")");
        Ok(())
    }

    /// One side of a comparison: a constant has the type of the column on the other side.
    fn operand(&mut self, branch: &Branch, expr: &Expr, other: &Expr) -> Done {
        let other = self.known(branch, other).and_then(|known| known.ty);
        match (expr, other) {
            (Expr::Constant(_) | Expr::Slot(_), Some(SqlType::VarChar(_)))
                if self.kind(branch, expr).is_some_and(SqlType::is_text) =>
            {
                self.bound(expr, SqlType::VarChar(8000))
            }
            // What a `datetime` would round.
            (Expr::Slot(_), Some(SqlType::DateTime2))
                if self.kind(branch, expr) == Some(SqlType::DateTime) =>
            {
                self.bound(expr, SqlType::DateTime2)
            }
            (Expr::Constant(Value::Int(n)), Some(SqlType::TinyInt | SqlType::SmallInt | SqlType::Int))
                if i32::try_from(*n).is_ok() =>
            {
                self.bound(expr, SqlType::Int)
            }
            (Expr::Text(text), Some(SqlType::VarChar(_))) if !text.is_ascii() => {
                self.put("CAST(");
                self.text(text);
                self.put(" AS varchar(8000))");
                Ok(())
            }
            _ => self.value(branch, expr),
        }
    }

    /// The binary copies of two columns that hold one key: what indexes stand on, and foreign keys.
    fn twins(&self, branch: &Branch, a: &Expr, b: &Expr) -> Option<(Expr, Expr)> {
        let (Expr::Column { table: of_a, name: a_name }, Expr::Column { table: of_b, name: b_name }) = (a, b)
        else {
            return None;
        };
        let twin = |expr: &Expr| Some(self.known(branch, expr)?.twin.as_ref()?.name.clone());
        let column = |table: &Option<String>, name| Expr::Column { table: table.clone(), name };
        let (a, b) = (twin(a)?, twin(b)?);
        a_name.eq_ignore_ascii_case(b_name).then(|| (column(of_a, a), column(of_b, b)))
    }

    /// A constant or a slot, as this type.
    fn bound(&mut self, expr: &Expr, ty: SqlType) -> Done {
        match expr {
            Expr::Slot(slot) => self.scalar_slot(*slot, ty),
            Expr::Constant(value) => {
                self.r.placeholder(Bind::Constant(value.clone(), Some(ty.cast_type())), Some(&ty.sql()));
                Ok(())
            }
            _ => Err(RenderError("only constants are bound".into())),
        }
    }

    /// The scalar in a slot, as this type.
    pub(super) fn scalar_slot(&mut self, slot: usize, ty: SqlType) -> Done {
        match self.r.kinds.get(slot) {
            None => return Err(RenderError(format!("no parameter for slot {slot}"))),
            Some(ParamKind::Keys | ParamKind::KeyList(_) | ParamKind::Unfit) => {
                return Err(RenderError(format!("the parameter of slot {slot} is no scalar")));
            }
            Some(ParamKind::Null) => self.put("NULL"),
            Some(ParamKind::Bool) => self.r.placeholder(Bind::Slot(slot, None), Some("bit")),
            Some(ParamKind::Scalar(_)) => {
                self.r.placeholder(Bind::Slot(slot, Some(ty.cast_type())), Some(&ty.sql()));
            }
        }
        Ok(())
    }

    pub(super) fn text(&mut self, text: &str) {
        if text.contains('\0') {
            let bind = Bind::Constant(Value::text(text), Some(CastType::Text(0)));
            return self.r.placeholder(bind, Some("nvarchar(4000)"));
        }
        self.put(if text.is_ascii() { "'" } else { "N'" });
        self.put(&text.replace('\'', "''"));
        self.put("'");
    }

    /// A value: what is selected, compared, calculated with. Truth values are 1, 0 or NULL.
    pub(super) fn value(&mut self, branch: &Branch, expr: &Expr) -> Done {
        match expr {
            Expr::Column { table, name } => {
                self.identifier(table.as_deref().unwrap_or(&branch.from.alias));
                self.put(".");
                self.identifier(name);
            }
            Expr::Text(text) => self.text(text),
            Expr::Number(number) => {
                if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                    return Err(RenderError(format!("`{number}` is not a number")));
                }
                self.put(number);
            }
            Expr::Null => self.put("NULL"),
            Expr::Bool(true) => self.put("1"),
            Expr::Bool(false) => self.put("0"),
            Expr::Setting(name) => return Err(RenderError(format!("setting :{name} has no value"))),
            Expr::Rank => {
                return Err(RenderError(
                    ":rank is known only once children are joined to their parent".into(),
                ));
            }
            Expr::Constant(value) => match ParamKind::of_value(value) {
                ParamKind::Null => self.put("NULL"),
                ParamKind::Bool => self.r.placeholder(Bind::Constant(value.clone(), None), Some("bit")),
                ParamKind::Scalar(ty) => self.bound(expr, loose(ty))?,
                _ => {
                    return Err(RenderError("a setting that is a list cannot stand in an expression".into()));
                }
            },
            Expr::Today => self.r.placeholder(Bind::Today, Some("date")),
            Expr::Now => self.r.placeholder(Bind::Now, Some("datetime")),
            Expr::Slot(slot) => {
                let ty = self.kind(branch, expr).unwrap_or(SqlType::NVarChar(4000));
                self.scalar_slot(*slot, ty)?;
            }
            Expr::Negate(x) => {
                self.put("(- ");
                self.number(branch, x)?;
                self.put(")");
            }
            Expr::Binary(op, a, b) => self.binary(branch, *op, a, b)?,
            Expr::Case { operand, whens, otherwise } => {
                self.put("CASE");
                if let Some(operand) = operand {
                    self.put(" ");
                    self.value(branch, operand)?;
                }
                for (when, then) in whens {
                    self.put(" WHEN ");
                    match operand {
                        Some(operand) => self.operand(branch, when, operand)?,
                        None => self.condition(branch, when)?,
                    }
                    self.put(" THEN ");
                    self.value(branch, then)?;
                }
                if let Some(otherwise) = otherwise {
                    self.put(" ELSE ");
                    self.value(branch, otherwise)?;
                }
                self.put(" END");
            }
            Expr::Call(function, arguments) => self.call(branch, *function, arguments)?,
            Expr::Cast(x, ty) => self.cast(branch, x, *ty)?,
            truth => {
                self.put("CASE WHEN ");
                self.condition(branch, truth)?;
                self.put(" THEN 1 ");
                if never_null(truth) {
                    self.put("ELSE");
                } else {
                    self.put("WHEN NOT ");
                    self.condition(branch, truth)?;
                    self.put(" THEN");
                }
                self.put(" 0 END");
            }
        }
        Ok(())
    }

    /// A value as text.
    pub(super) fn as_text(&mut self, branch: &Branch, expr: &Expr) -> Done {
        let (before, after) = match self.kind(branch, expr) {
            Some(SqlType::VarChar(_) | SqlType::NVarChar(_)) => return self.value(branch, expr),
            Some(SqlType::Date | SqlType::DateTime | SqlType::DateTime2) => {
                ("CONVERT(nvarchar(40), ", ", 121)".to_owned())
            }
            Some(SqlType::Money) => ("CONVERT(nvarchar(40), ", ", 2)".to_owned()),
            Some(SqlType::Float) => ("CAST(CAST(", format!(" AS {NUMBER}) AS nvarchar(40))")),
            Some(SqlType::Guid) => ("LOWER(CAST(", " AS nvarchar(36)))".to_owned()),
            Some(SqlType::Binary(_) | SqlType::Other) | None => ("CAST(", " AS nvarchar(max))".to_owned()),
            Some(_) => ("CAST(", " AS nvarchar(40))".to_owned()),
        };
        self.put(before);
        self.value(branch, expr)?;
        self.put(&after);
        Ok(())
    }

    /// An operand of arithmetic.
    fn number(&mut self, branch: &Branch, expr: &Expr) -> Done {
        let exact = match expr {
            Expr::Number(_) => true,
            Expr::Binary(op, ..) => *op != BinaryOp::Concat,
            Expr::Call(Function::Round | Function::Abs, _) => true,
            _ => matches!(self.kind(branch, expr), Some(SqlType::Numeric(..))),
        };
        if exact { self.value(branch, expr) } else { self.as_number(branch, expr) }
    }

    fn as_number(&mut self, branch: &Branch, expr: &Expr) -> Done {
        self.put("CAST(");
        self.value(branch, expr)?;
        let _ = write!(self.r.sql, " AS {NUMBER})");
        Ok(())
    }

    fn binary(&mut self, branch: &Branch, op: BinaryOp, a: &Expr, b: &Expr) -> Done {
        self.put("(");
        match op {
            BinaryOp::Divide => {
                self.as_number(branch, a)?;
                self.put(" / NULLIF(");
                self.as_number(branch, b)?;
                self.put(", 0)");
            }
            BinaryOp::Concat => {
                self.as_text(branch, a)?;
                self.put(" + ");
                self.as_text(branch, b)?;
            }
            _ => {
                self.number(branch, a)?;
                let _ = write!(self.r.sql, " {} ", op.sql());
                self.number(branch, b)?;
            }
        }
        self.put(")");
        Ok(())
    }

    fn call(&mut self, branch: &Branch, function: Function, arguments: &[Expr]) -> Done {
        let [first, rest @ ..] = arguments else {
            return Err(RenderError(format!("{} without arguments", function.name())));
        };
        match function {
            Function::Coalesce => {
                // The server refuses a COALESCE of NULLs only.
                let known: Vec<&Expr> = arguments.iter().filter(|e| !self.is_null(e)).collect();
                let Some((last, others)) = known.split_last() else {
                    self.put("NULL");
                    return Ok(());
                };
                if others.is_empty() {
                    return self.value(branch, last);
                }
                self.put("COALESCE(");
                for expr in others {
                    self.value(branch, expr)?;
                    self.put(", ");
                }
                self.value(branch, last)?;
                self.put(")");
            }
            // What is there is known by now.
            Function::Optional => self.value(branch, first)?,
            Function::NullIf => {
                if self.is_null(first) {
                    self.put("NULL");
                    return Ok(());
                }
                self.put("NULLIF(");
                self.value(branch, first)?;
                for expr in rest {
                    self.put(", ");
                    self.operand(branch, expr, first)?;
                }
                self.put(")");
            }
            Function::Trim => {
                self.put("LTRIM(RTRIM(");
                self.as_text(branch, first)?;
                self.put("))");
            }
            Function::Length => {
                // LEN does not count trailing blanks.
                self.put("(LEN(");
                self.as_text(branch, first)?;
                self.put(" + '.') - 1)");
            }
            Function::Substring => {
                self.put("SUBSTRING(");
                self.as_text(branch, first)?;
                for expr in rest {
                    self.put(", ");
                    self.integer(branch, expr)?;
                }
                self.put(if rest.len() < 2 { ", 2147483647)" } else { ")" });
            }
            Function::Round => {
                self.put("ROUND(");
                self.number(branch, first)?;
                self.put(", ");
                match rest.first() {
                    Some(digits) => self.integer(branch, digits)?,
                    None => self.put("0"),
                }
                self.put(")");
            }
            Function::Abs => {
                self.put("ABS(");
                self.number(branch, first)?;
                self.put(")");
            }
            Function::Replace => {
                self.put("REPLACE(");
                self.as_text(branch, first)?;
                // Case counts, as in the other dialects.
                self.put(BINARY);
                for expr in rest {
                    self.put(", ");
                    self.as_text(branch, expr)?;
                }
                self.put(")");
            }
            // It has no function for ASCII letters alone; under this collation no other becomes one.
            Function::UpperAscii => {
                self.put("UPPER(");
                self.as_text(branch, first)?;
                self.put(BINARY);
                self.put(")");
            }
            Function::RTrim | Function::LTrim | Function::Upper | Function::Lower => {
                let _ = write!(self.r.sql, "{}(", function.name());
                self.as_text(branch, first)?;
                self.put(")");
            }
        }
        Ok(())
    }

    fn is_null(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Null | Expr::Constant(Value::Null) => true,
            Expr::Slot(slot) => matches!(self.r.kinds.get(*slot), Some(ParamKind::Null)),
            _ => false,
        }
    }

    fn integer(&mut self, branch: &Branch, expr: &Expr) -> Done {
        if let Expr::Number(_) = expr {
            return self.value(branch, expr);
        }
        self.put("CAST(");
        self.value(branch, expr)?;
        self.put(" AS int)");
        Ok(())
    }

    fn cast(&mut self, branch: &Branch, x: &Expr, ty: CastType) -> Done {
        let kind = self.kind(branch, x);
        let to = self.cast_to(branch, x, ty);
        match (ty, kind) {
            (CastType::Text(_), Some(SqlType::Date | SqlType::DateTime | SqlType::DateTime2)) => {
                let _ = write!(self.r.sql, "CONVERT({}, ", to.sql());
                self.value(branch, x)?;
                self.put(", 121)");
                return Ok(());
            }
            (CastType::Text(_), Some(SqlType::Money | SqlType::Float | SqlType::Guid)) => {
                self.put("CAST(");
                self.as_text(branch, x)?;
            }
            (CastType::Integer, Some(k)) if k.cast_type() == CastType::Integer => {
                self.put("CAST(");
                self.value(branch, x)?;
            }
            (CastType::Integer, _) => {
                self.put("CAST(ROUND(");
                self.as_number(branch, x)?;
                self.put(", 0, 1)");
            }
            _ => {
                self.put("CAST(");
                self.value(branch, x)?;
            }
        }
        let _ = write!(self.r.sql, " AS {})", to.sql());
        Ok(())
    }
}
