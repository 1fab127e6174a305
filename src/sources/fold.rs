//! Folding of constants: what settings alone decide is decided when a map is read, so that an
//! expression names only the columns (and with them the joins) that this shop needs.

use super::expr::{CompareOp, Expr};
use crate::value::Value;

/// A constant as a value; `None` for anything that depends on a row.
fn constant(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Text(text) => Some(Value::text(text.as_str())),
        Expr::Number(number) => number.parse().ok().map(Value::Int),
        Expr::Bool(truth) => Some(Value::Bool(*truth)),
        Expr::Constant(value @ (Value::Text(_) | Value::Int(_) | Value::Bool(_))) => Some(value.clone()),
        _ => None,
    }
}

fn truth(expr: &Expr) -> Option<bool> {
    match constant(expr) {
        Some(Value::Bool(truth)) => Some(truth),
        _ => None,
    }
}

/// Whether two constants are equal; `None` when one is none, or they are of different kinds.
fn equal(a: &Expr, b: &Expr) -> Option<bool> {
    let (a, b) = (constant(a)?, constant(b)?);
    let kind = std::mem::discriminant::<Value>;
    (kind(&a) == kind(&b)).then(|| a == b)
}

impl Expr {
    /// The expression with everything decided that constants decide: comparisons for equality, `IN`,
    /// `AND`, `OR`, `NOT` and `CASE`. Text is compared as it is written.
    #[must_use]
    pub fn folded(self) -> Self {
        self.map(&mut |expr| match expr {
            Self::Compare(CompareOp::Eq, a, b) => match equal(&a, &b) {
                Some(same) => Self::Bool(same),
                None => Self::Compare(CompareOp::Eq, a, b),
            },
            Self::Compare(CompareOp::Ne, a, b) => match equal(&a, &b) {
                Some(same) => Self::Bool(!same),
                None => Self::Compare(CompareOp::Ne, a, b),
            },
            Self::In(x, list, not) => {
                let found: Option<Vec<bool>> = list.iter().map(|item| equal(&x, item)).collect();
                match found {
                    Some(found) => Self::Bool(found.contains(&true) != not),
                    None => Self::In(x, list, not),
                }
            }
            Self::Not(x) => match truth(&x) {
                Some(truth) => Self::Bool(!truth),
                None => Self::Not(x),
            },
            Self::And(all) => joined(all, true),
            Self::Or(all) => joined(all, false),
            Self::Case { operand, whens, otherwise } => case(operand, whens, otherwise),
            other => other,
        })
    }
}

/// AND (`neutral` true) or OR (false) without the parts that do not matter.
fn joined(all: Vec<Expr>, neutral: bool) -> Expr {
    if all.iter().any(|x| truth(x) == Some(!neutral)) {
        return Expr::Bool(!neutral);
    }
    let mut kept: Vec<Expr> = all.into_iter().filter(|x| truth(x) != Some(neutral)).collect();
    match kept.len() {
        0 => Expr::Bool(neutral),
        1 => kept.swap_remove(0),
        _ if neutral => Expr::And(kept),
        _ => Expr::Or(kept),
    }
}

fn case(operand: Option<Box<Expr>>, whens: Vec<(Expr, Expr)>, otherwise: Option<Box<Expr>>) -> Expr {
    let mut kept = Vec::new();
    for (when, then) in whens {
        let holds = operand.as_ref().map_or_else(|| truth(&when), |operand| equal(operand, &when));
        match holds {
            Some(false) => {}
            Some(true) if kept.is_empty() => return then,
            // Everything after it is out of reach.
            Some(true) => return Expr::Case { operand, whens: kept, otherwise: Some(Box::new(then)) },
            None => kept.push((when, then)),
        }
    }
    if kept.is_empty() {
        return otherwise.map_or(Expr::Null, |otherwise| *otherwise);
    }
    Expr::Case { operand, whens: kept, otherwise }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::sources::expr::parse;

    #[test]
    fn settings_choose_columns() {
        let settings = BTreeMap::from([
            ("level".to_owned(), Value::text("B")),
            ("kits".to_owned(), Value::Bool(true)),
            ("none".to_owned(), Value::text("none")),
        ]);
        for (text, folded) in [
            ("CASE :level WHEN 'A' THEN t.a WHEN 'B' THEN t.b END", "t.b"),
            ("CASE :none WHEN 'A' THEN t.a WHEN 'B' THEN t.b END", "NULL"),
            ("CASE WHEN :level = 'A' THEN t.a ELSE t.b END", "t.b"),
            (
                "CASE WHEN t.x = 1 THEN t.a WHEN :level IN ('A', 'B') THEN t.b ELSE t.c END",
                "CASE WHEN t.x = 1 THEN t.a ELSE t.b END",
            ),
            ("t.x = 'M' OR (:kits AND t.x = 'N')", "t.x = 'M' OR t.x = 'N'"),
            ("t.x = 'M' OR (NOT :kits AND t.x = 'N')", "t.x = 'M'"),
            ("t.x = 1 AND :level <> 'B'", "FALSE"),
            ("CASE t.x WHEN 'A' THEN 1 END", "CASE t.x WHEN 'A' THEN 1 END"),
            ("t.x IN ('A', 'B')", "t.x IN ('A', 'B')"),
        ] {
            let expr = parse(text).unwrap().bind_settings(&settings).unwrap().folded();
            assert_eq!(expr.to_string(), parse(folded).unwrap().to_string(), "{text}");
        }
    }
}
