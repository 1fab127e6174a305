//! Row restrictions: batches of keys, pairs, keysets.

use std::{collections::BTreeSet, fmt::Write};

use super::{Bind, Done, RenderError, Renderer, pg_type};
use crate::{
    folding::WESTERN,
    sources::{
        expr::{CastType, Expr},
        select::{Branch, OrderBy, Plain, Predicate},
    },
};

impl Renderer<'_> {
    pub(super) fn pairs(&mut self, branch: &Branch) -> Done {
        let Some(pairs) = &branch.pairs else { return Ok(()) };
        let types = vec![CastType::Text(0); 2];
        if self.pg() {
            self.put(" JOIN unnest(");
            self.key_arrays(pairs.slot, &types);
            self.put(") AS ");
            self.identifier(&pairs.alias);
            self.put("(\"group\", \"node\")");
        } else {
            self.put(
                " JOIN (SELECT json_extract(value, '$[0]') AS \"group\", json_extract(value, '$[1]') AS \"node\" \
                 FROM json_each(",
            );
            self.placeholder(Bind::Keys { slot: pairs.slot, types, column: None }, None);
            self.put(")) AS ");
            self.identifier(&pairs.alias);
        }
        self.put(" ON ");
        self.expr(branch, &pairs.on)
    }

    pub(super) fn predicate(&mut self, branch: &Branch, predicate: &Predicate) -> Done {
        match predicate {
            Predicate::Expr(expr) => self.expr(branch, expr),
            Predicate::Not(inner) => {
                self.put("NOT (");
                self.predicate(branch, inner)?;
                self.put(")");
                Ok(())
            }
            Predicate::And(all) => self.predicates(branch, all, " AND ", "(1 = 1)"),
            Predicate::Or(all) => self.predicates(branch, all, " OR ", "(1 = 0)"),
            Predicate::In { exprs, types, slot } => self.in_keys(branch, exprs, types, *slot),
            Predicate::After { columns, slots } => self.after(branch, columns, slots),
            Predicate::UpTo { column, slot } => {
                self.against(branch, column, if column.descending { ">=" } else { "<=" }, *slot)
            }
            Predicate::Odd { .. } if self.pg() => {
                self.put("(1 = 0)");
                Ok(())
            }
            Predicate::Odd { expr, plain: Plain::Moment } => {
                for before in ["(", " IS NOT NULL AND ", " IS NOT DATETIME(", ") AND ", " IS NOT DATE("] {
                    self.put(before);
                    self.expr(branch, expr)?;
                }
                self.put("))");
                Ok(())
            }
            Predicate::Odd { expr, plain } => {
                self.put("(typeof(");
                self.expr(branch, expr)?;
                self.put(if *plain == Plain::Whole {
                    ") NOT IN ('integer', 'null'))"
                } else {
                    ") NOT IN ('integer', 'real', 'null'))"
                });
                Ok(())
            }
            Predicate::Beyond(expr) => {
                self.put(if self.pg() { "(CAST(" } else { "(" });
                self.expr(branch, expr)?;
                if self.pg() {
                    self.put(" AS text)");
                    self.collate();
                }
                let _ = if self.pg() {
                    write!(self.sql, " ~ '[^{WESTERN}]')")
                } else {
                    write!(self.sql, " GLOB '*[^{WESTERN}]*')")
                };
                Ok(())
            }
        }
    }

    fn predicates(&mut self, branch: &Branch, all: &[Predicate], with: &str, empty: &str) -> Done {
        if all.is_empty() {
            self.put(empty);
            return Ok(());
        }
        self.put("(");
        for (i, predicate) in all.iter().enumerate() {
            self.put(if i > 0 { with } else { "" });
            self.predicate(branch, predicate)?;
        }
        self.put(")");
        Ok(())
    }

    fn in_keys(&mut self, branch: &Branch, exprs: &[Expr], types: &[CastType], slot: usize) -> Done {
        if exprs.is_empty() || exprs.len() != types.len() {
            return Err(RenderError("a key without columns, or with more columns than types".into()));
        }
        let composite = exprs.len() > 1;
        self.put(if composite { "(" } else { "" });
        for (i, expr) in exprs.iter().enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            self.expr(branch, expr)?;
        }
        self.put(if composite { ")" } else { "" });
        match (self.pg(), composite) {
            (true, false) => {
                self.put(" = ANY(");
                self.key_arrays(slot, types);
                self.put(")");
            }
            (true, true) => {
                self.put(" IN (SELECT * FROM unnest(");
                self.key_arrays(slot, types);
                self.put("))");
            }
            (false, _) => {
                self.put(" IN (SELECT ");
                if composite {
                    for i in 0..exprs.len() {
                        let _ = write!(
                            self.sql,
                            "{}json_extract(value, '$[{i}]')",
                            if i > 0 { ", " } else { "" }
                        );
                    }
                } else {
                    self.put("value");
                }
                self.put(" FROM json_each(");
                self.placeholder(Bind::Keys { slot, types: types.to_vec(), column: None }, None);
                self.put("))");
            }
        }
        Ok(())
    }

    fn key_arrays(&mut self, slot: usize, types: &[CastType]) {
        for (i, ty) in types.iter().enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            let array = format!("{}[]", pg_type(Some(*ty)));
            self.placeholder(Bind::Keys { slot, types: types.to_vec(), column: Some(i) }, Some(&array));
        }
    }

    /// `(a, b) > (x, y)`, written out: `a >= x AND (a > x OR (a = x AND b > y))`. The first term
    /// says nothing new, it is what an index can start from.
    fn after(&mut self, branch: &Branch, columns: &[OrderBy], slots: &[usize]) -> Done {
        if columns.is_empty() || columns.len() != slots.len() {
            return Err(RenderError("a keyset without columns, or with more columns than values".into()));
        }
        let side = |by: &OrderBy| if by.descending { "<" } else { ">" };
        let last = columns.len() - 1;
        self.put("(");
        if last > 0 {
            self.against(branch, &columns[0], &format!("{}=", side(&columns[0])), slots[0])?;
            self.put(" AND (");
        }
        for (i, by) in columns.iter().enumerate() {
            self.put(if i > 0 { " OR (" } else { "" });
            for (equal, slot) in columns[..i].iter().zip(slots) {
                self.against(branch, equal, "=", *slot)?;
                self.put(" AND ");
            }
            self.against(branch, by, side(by), slots[i])?;
            self.put(if i > 0 { ")" } else { "" });
        }
        self.put(if last > 0 { "))" } else { ")" });
        Ok(())
    }

    fn against(&mut self, branch: &Branch, by: &OrderBy, op: &str, slot: usize) -> Done {
        self.ordered(branch, by)?;
        let _ = write!(self.sql, " {op} ");
        self.slot(slot, Some(by.ty))
    }
}

/// The aliases that a predicate uses.
pub(super) fn predicate_aliases<'a>(predicate: &'a Predicate, used: &mut BTreeSet<&'a str>) {
    match predicate {
        Predicate::Expr(expr) | Predicate::Odd { expr, .. } | Predicate::Beyond(expr) => {
            used.extend(expr.aliases());
        }
        Predicate::In { exprs, .. } => exprs.iter().for_each(|e| used.extend(e.aliases())),
        Predicate::Not(inner) => predicate_aliases(inner, used),
        Predicate::And(all) | Predicate::Or(all) => all.iter().for_each(|p| predicate_aliases(p, used)),
        Predicate::After { columns, .. } => columns.iter().for_each(|by| used.extend(by.expr.aliases())),
        Predicate::UpTo { column, .. } => used.extend(column.expr.aliases()),
    }
}
