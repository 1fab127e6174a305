//! Statements of SQL Server, 2008 R2 and later: TOP instead of LIMIT, windows by ROW_NUMBER, truth
//! values only in conditions. There is no OFFSET, no JSON, no STRING_SPLIT.
//!
//! How it is made to agree with the other dialects:
//!
//! - Text orders and pages by code points: as `nvarchar`, under a binary collation. Only beyond the
//!   first 65,536 characters does UTF-16 order otherwise.
//! - `/ + - * ROUND ABS` count in `numeric`, of which 6 decimals at least are kept; binary floats
//!   come in with 6.
//! - `LIKE` is case- and accent-sensitive; `[` is a character like any other.
//! - `LENGTH` counts trailing blanks; `=` ignores them, as the server does.
//! - Order columns that are NULL come first.
//! - A parameter has the type of the column it is compared with, whenever that is known: the column
//!   itself is never converted, so that indexes serve.

mod expression;
mod keys;
mod kind;

use std::fmt::Write;

use super::{Done, RenderError, Renderer, Resolved, needed_joins};
use crate::{
    sources::{
        columns::SqlType,
        expr::{CastType, Expr},
        select::{Branch, OrderBy, Select, Table},
    },
    value::Type,
};

/// Text by code points.
const BINARY: &str = " COLLATE Latin1_General_BIN2";

/// Writes a select.
pub(super) fn select(
    r: &mut Renderer<'_>,
    select: &Select,
    plans: &[Vec<Resolved<'_>>],
    branch_number: bool,
) -> Done {
    Tsql { r }.select(select, plans, branch_number)
}

/// A renderer that writes T-SQL.
struct Tsql<'r, 'a> {
    r: &'r mut Renderer<'a>,
}

impl Tsql<'_, '_> {
    fn put(&mut self, text: &str) {
        self.r.sql.push_str(text);
    }

    fn identifier(&mut self, name: &str) {
        self.r.sql.push('[');
        for c in name.chars() {
            if c == ']' {
                self.r.sql.push(']');
            }
            if c != '\0' {
                self.r.sql.push(c);
            }
        }
        self.r.sql.push(']');
    }

    fn table(&mut self, table: &Table) {
        self.put(&prefix(table.prefix.as_deref()));
        self.identifier(&table.name);
        self.put(" AS ");
        self.identifier(&table.alias);
        self.put(self.r.catalog.hint());
    }

    fn names(&mut self, letter: char, n: usize) {
        for i in 0..n {
            let _ = write!(self.r.sql, "{}[{letter}{i}]", if i > 0 { ", " } else { "" });
        }
    }

    fn columns(&mut self, n: usize, branch_number: bool) {
        if n == 0 {
            self.put("[one]");
        }
        self.names('c', n);
        self.put(if branch_number { ", [b]" } else { "" });
    }

    fn select(&mut self, select: &Select, plans: &[Vec<Resolved<'_>>], branch_number: bool) -> Done {
        let Some(first) = select.branches.first() else {
            return Err(RenderError("a select without branches".into()));
        };
        let several = select.branches.len() > 1;
        if select.count && !several && first.limit.is_none() && first.window.is_none() && !first.distinct {
            self.put("SELECT COUNT_BIG(*) AS [c0]");
            return self.from(first, &plans[0], false, true);
        }
        let width = if select.count && !select.branches.iter().any(|b| b.distinct) {
            0
        } else {
            select.outputs.len()
        };
        let ordered = !select.count && !select.order.is_empty() && (several || first.window.is_some());
        if select.count {
            self.put("SELECT COUNT_BIG(*) AS [c0] FROM (");
        } else if ordered {
            self.put("SELECT ");
            self.columns(width, branch_number);
            self.put(" FROM (");
        }
        for (i, branch) in select.branches.iter().enumerate() {
            if several {
                self.put(if i > 0 { " UNION ALL SELECT " } else { "SELECT " });
                self.columns(width, branch_number);
                self.put(" FROM (");
            }
            let inner = several || select.count || ordered;
            self.branch(select, branch, &plans[i], width, branch_number.then_some(i), inner)?;
            if several {
                let _ = write!(self.r.sql, ") AS [u{i}]");
            }
        }
        if select.count {
            self.put(") AS [u]");
        } else if ordered {
            self.put(") AS [u] ORDER BY ");
            for (i, column) in select.order.iter().enumerate() {
                let _ = write!(self.r.sql, "{}[c{column}]", if i > 0 { ", " } else { "" });
                let ty = select.outputs.get(*column).map(|o| &o.decode.ty);
                if !matches!(ty, Some(Type::Int | Type::Decimal)) {
                    self.put(BINARY);
                }
                self.put(if select.descending { " DESC" } else { "" });
            }
        }
        Ok(())
    }

    /// The outputs. Where branches must agree they are text, which every value can become; numbers
    /// that order rows stay numbers.
    fn items(
        &mut self,
        select: &Select,
        branch: &Branch,
        items: &[Resolved<'_>],
        width: usize,
        number: Option<usize>,
    ) -> Done {
        if width == 0 {
            self.put("1 AS [one]");
            return Ok(());
        }
        for (i, item) in items.iter().take(width).enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            let orders = select.order.contains(&i) && (select.branches.len() > 1 || branch.window.is_some());
            let agree = orders || select.branches.len() > 1;
            let ty = select.outputs.get(i).map(|o| &o.decode.ty);
            let cast = match ty {
                Some(Type::Int) if orders => Some("bigint"),
                Some(Type::Decimal) if orders => Some("numeric(24,6)"),
                _ => None,
            };
            match (item, cast) {
                (Resolved::Expr(expr), Some(cast)) => {
                    self.put("CAST(");
                    self.value(branch, expr)?;
                    let _ = write!(self.r.sql, " AS {cast})");
                }
                (Resolved::Expr(expr), None) if agree => self.united(branch, expr)?,
                // The driver would read it as a binary float.
                (Resolved::Expr(expr), None) if self.kind(branch, expr) == Some(SqlType::Money) => {
                    self.put("CAST(");
                    self.value(branch, expr)?;
                    self.put(" AS numeric(19,4))");
                }
                (Resolved::Expr(expr), None) => self.value(branch, expr)?,
                (_, Some(cast)) => {
                    let _ = write!(self.r.sql, "CAST(NULL AS {cast})");
                }
                (_, None) if agree => self.put("CAST(NULL AS nvarchar(max))"),
                (_, None) => self.put("NULL"),
            }
            let _ = write!(self.r.sql, " AS [c{i}]");
        }
        if let Some(number) = number {
            let _ = write!(self.r.sql, ", {number} AS [b]");
        }
        Ok(())
    }

    /// One branch; `inner` when it stands in FROM, where an order means nothing without a limit.
    fn branch(
        &mut self,
        select: &Select,
        branch: &Branch,
        items: &[Resolved<'_>],
        width: usize,
        number: Option<usize>,
        inner: bool,
    ) -> Done {
        let window = branch.window.as_ref();
        let order = window.map_or(&branch.order, |w| &w.order);
        let partition = window.map_or(&[][..], |w| &w.partition);
        let ordered = !order.is_empty() && (!inner || branch.limit.is_some());
        if branch.distinct && (window.is_some() || ordered) {
            // What orders a DISTINCT must be selected with it.
            self.put("SELECT ");
            if window.is_none() {
                self.top(branch)?;
            }
            self.columns(width, number.is_some());
            self.put(" FROM (SELECT ");
            if window.is_some() {
                self.columns(width, number.is_some());
                self.put(", ROW_NUMBER() OVER (");
                if !partition.is_empty() {
                    self.put("PARTITION BY ");
                    self.names('p', partition.len());
                }
                self.order_of_names(order);
                self.put(") AS [n] FROM (SELECT ");
            }
            self.put("DISTINCT ");
            self.items(select, branch, items, width, number)?;
            for (i, expr) in partition.iter().enumerate() {
                self.put(", ");
                self.value(branch, expr)?;
                let _ = write!(self.r.sql, " AS [p{i}]");
            }
            for (i, by) in order.iter().enumerate() {
                self.put(", ");
                self.ordered(branch, by)?;
                let _ = write!(self.r.sql, " AS [o{i}]");
            }
            self.from(branch, items, width > 0, false)?;
            self.put(") AS [d]");
            if let Some(window) = window {
                self.put(") AS [w] WHERE [n] ");
                self.put(if window.last { "= " } else { "<= " });
                return self.scalar_slot(window.limit, SqlType::BigInt);
            }
            self.order_of_names(order);
            return Ok(());
        }
        if let Some(window) = window {
            self.put("SELECT ");
            self.columns(width, number.is_some());
            self.put(" FROM (SELECT ");
            self.items(select, branch, items, width, number)?;
            self.put(", ROW_NUMBER() OVER (");
            for (i, expr) in partition.iter().enumerate() {
                self.put(if i > 0 { ", " } else { "PARTITION BY " });
                self.value(branch, expr)?;
            }
            self.order_by(branch, order)?;
            self.put(") AS [n]");
            self.from(branch, items, width > 0, false)?;
            self.put(") AS [w] WHERE [n] ");
            self.put(if window.last { "= " } else { "<= " });
            return self.scalar_slot(window.limit, SqlType::BigInt);
        }
        self.put(if branch.distinct { "SELECT DISTINCT " } else { "SELECT " });
        self.top(branch)?;
        self.items(select, branch, items, width, number)?;
        self.from(branch, items, width > 0, false)?;
        if ordered {
            self.order_by(branch, order)?;
        }
        Ok(())
    }

    fn top(&mut self, branch: &Branch) -> Done {
        if let Some(slot) = branch.limit {
            self.put("TOP (");
            self.scalar_slot(slot, SqlType::BigInt)?;
            self.put(") ");
        }
        Ok(())
    }

    fn order_of_names(&mut self, order: &[OrderBy]) {
        for (i, by) in order.iter().enumerate() {
            let _ = write!(self.r.sql, "{}[o{i}]", if i > 0 { ", " } else { " ORDER BY " });
            self.put(if by.descending { " DESC" } else { "" });
        }
    }

    fn order_by(&mut self, branch: &Branch, order: &[OrderBy]) -> Done {
        for (i, by) in order.iter().enumerate() {
            self.put(if i > 0 { ", " } else { " ORDER BY " });
            self.ordered(branch, by)?;
            self.put(if by.descending { " DESC" } else { "" });
        }
        Ok(())
    }

    /// An order column: text as `nvarchar`, for the bytes of a code page have an order of their own.
    fn ordered(&mut self, branch: &Branch, by: &OrderBy) -> Done {
        if !matches!(by.ty, CastType::Text(_)) {
            return self.value(branch, &by.expr);
        }
        match self.kind(branch, &by.expr) {
            Some(SqlType::NVarChar(_)) => self.value(branch, &by.expr)?,
            Some(SqlType::VarChar(n)) if (1..=4000).contains(&n) => {
                self.put("CAST(");
                self.value(branch, &by.expr)?;
                let _ = write!(self.r.sql, " AS nvarchar({n}))");
            }
            _ => {
                self.put("CAST(");
                self.value(branch, &by.expr)?;
                self.put(" AS nvarchar(4000))");
            }
        }
        self.put(BINARY);
        Ok(())
    }

    /// A value as the text that branches agree on, whatever the collations of their columns.
    fn united(&mut self, branch: &Branch, expr: &Expr) -> Done {
        if let Some(SqlType::VarChar(n)) = self.kind(branch, expr) {
            self.put("CAST(");
            self.value(branch, expr)?;
            let _ = if (1..=4000).contains(&n) {
                write!(self.r.sql, " AS nvarchar({n}))")
            } else {
                write!(self.r.sql, " AS nvarchar(max))")
            };
        } else {
            self.as_text(branch, expr)?;
        }
        self.put(BINARY);
        Ok(())
    }

    /// FROM, the joins that are needed, WHERE.
    fn from(&mut self, branch: &Branch, items: &[Resolved<'_>], with_items: bool, count: bool) -> Done {
        let needed = needed_joins(branch, items, with_items, count);
        self.put(" FROM ");
        self.table(&branch.from);
        for (join, needed) in branch.joins.iter().zip(needed) {
            if needed {
                self.put(" LEFT JOIN ");
                self.table(&join.table);
                self.put(" ON ");
                self.condition(branch, &join.on)?;
            }
        }
        self.pairs(branch)?;
        for (i, predicate) in branch.filter.iter().enumerate() {
            self.put(if i > 0 { " AND " } else { " WHERE " });
            self.predicate(branch, predicate)?;
        }
        Ok(())
    }
}

/// What stands before a table's name: `DATABASE` (its default schema), `DATABASE.SCHEMA`, or
/// `.SCHEMA` of the same database.
pub(in crate::sources) fn prefix(prefix: Option<&str>) -> String {
    let quoted = |name: &str| format!("[{}]", name.replace(']', "]]").replace('\0', ""));
    match prefix.map(|p| p.split_once('.').map_or((p, ""), |(d, s)| (d, s))) {
        None => String::new(),
        Some(("", schema)) => format!("{}.", quoted(schema)),
        Some((database, "")) => format!("{}..", quoted(database)),
        Some((database, schema)) => format!("{}.{}.", quoted(database), quoted(schema)),
    }
}
