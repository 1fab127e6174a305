//! Statements of SQLite and PostgreSQL: branches, unions, windows, pages.

use std::fmt::Write;

use super::{Done, RenderError, Renderer, Resolved, needed_joins};
use crate::{
    sources::{
        expr::CastType,
        select::{Branch, OrderBy, Output, Select},
    },
    value::Type,
};

impl Renderer<'_> {
    fn columns(&mut self, n: usize, branch_number: bool) {
        for i in 0..n {
            let _ = write!(self.sql, "{}\"c{i}\"", if i > 0 { ", " } else { "" });
        }
        if branch_number {
            self.put(", \"b\"");
        }
    }

    pub(super) fn collate(&mut self) {
        self.put(if self.pg() { " COLLATE \"C\"" } else { " COLLATE BINARY" });
    }

    pub(super) fn select(&mut self, select: &Select, plans: &[Vec<Resolved>], branch_number: bool) -> Done {
        let Some(first) = select.branches.first() else {
            return Err(RenderError("a select without branches".into()));
        };
        let several = select.branches.len() > 1;
        if select.count && !several && first.limit.is_none() && first.window.is_none() && !first.distinct {
            self.put("SELECT COUNT(*) AS \"c0\"");
            return self.from(first, &plans[0], false, true);
        }
        // A count needs the items only to tell rows apart.
        let width = if select.count && !select.branches.iter().any(|b| b.distinct) {
            0
        } else {
            select.outputs.len()
        };
        let ordered = !select.count && !select.order.is_empty() && (several || first.window.is_some());
        if select.count {
            self.put("SELECT COUNT(*) AS \"c0\" FROM (");
        } else if ordered {
            self.put("SELECT ");
            self.columns(width, branch_number);
            self.put(" FROM (");
        }
        for (i, branch) in select.branches.iter().enumerate() {
            if several {
                self.put(if i > 0 { " UNION ALL SELECT " } else { "SELECT " });
                if width == 0 {
                    self.put("1 AS \"one\"");
                } else {
                    self.columns(width, branch_number);
                }
                self.put(" FROM (");
            }
            self.branch(select, branch, &plans[i], width, branch_number.then_some(i))?;
            if several {
                let _ = write!(self.sql, ") AS \"u{i}\"");
            }
        }
        if select.count {
            self.put(") AS \"u\"");
        } else if ordered {
            self.put(") AS \"u\" ORDER BY ");
            for (i, column) in select.order.iter().enumerate() {
                let _ = write!(self.sql, "{}\"c{column}\"", if i > 0 { ", " } else { "" });
                let ty = select.outputs.get(*column).map(|o| &o.decode.ty);
                if matches!(self.output_cast(ty), Some("text") | None) {
                    self.collate();
                }
                self.put(if select.descending { " DESC" } else { "" });
            }
        }
        Ok(())
    }

    /// The type outputs are cast to where branches must agree, or an order must know what it
    /// orders: numbers that order rows stay numbers, all else is text, which every value can become.
    fn output_cast(&self, ty: Option<&Type>) -> Option<&'static str> {
        match ty {
            Some(Type::Int) if self.pg() => Some("bigint"),
            Some(Type::Decimal) if self.pg() => Some("numeric"),
            Some(Type::Int | Type::Decimal | Type::Boolean) if !self.pg() => Some("number"),
            _ if self.pg() => Some("text"),
            _ => None,
        }
    }

    fn items(
        &mut self,
        select: &Select,
        branch: &Branch,
        items: &[Resolved],
        width: usize,
        number: Option<usize>,
    ) -> Done {
        if width == 0 {
            self.put("1 AS \"one\"");
            return Ok(());
        }
        for (i, item) in items.iter().take(width).enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            let orders = select.order.contains(&i);
            let agree = self.pg() && (select.branches.len() > 1 || (orders && branch.window.is_some()));
            let ty = select.outputs.get(i).map(|o: &Output| &o.decode.ty);
            let cast = match ty {
                _ if !agree => None,
                ty if orders => self.output_cast(ty),
                _ => Some("text"),
            };
            if cast.is_some() {
                self.put("CAST(");
            }
            match item {
                Resolved::Expr(expr) => self.item(branch, expr)?,
                Resolved::Absent | Resolved::Bad(_) => self.put("NULL"),
            }
            if let Some(cast) = cast {
                let _ = write!(self.sql, " AS {cast})");
            }
            let _ = write!(self.sql, " AS \"c{i}\"");
        }
        if let Some(number) = number {
            let _ = write!(self.sql, ", {number} AS \"b\"");
        }
        Ok(())
    }

    fn branch(
        &mut self,
        select: &Select,
        branch: &Branch,
        items: &[Resolved],
        width: usize,
        number: Option<usize>,
    ) -> Done {
        let window = branch.window.as_ref();
        let order = window.map_or(&branch.order, |w| &w.order);
        let partition = window.map_or(&[][..], |w| &w.partition);
        if branch.distinct && (window.is_some() || !order.is_empty()) {
            // What orders a DISTINCT must be selected with it.
            self.put("SELECT ");
            self.columns(width, number.is_some());
            self.put(" FROM (SELECT ");
            if window.is_some() {
                self.columns(width, number.is_some());
                self.put(", ROW_NUMBER() OVER (PARTITION BY ");
                for i in 0..partition.len() {
                    let _ = write!(self.sql, "{}\"p{i}\"", if i > 0 { ", " } else { "" });
                }
                self.order_of_names(order);
                self.put(") AS \"n\" FROM (SELECT ");
            }
            self.put("DISTINCT ");
            self.items(select, branch, items, width, number)?;
            for (i, expr) in partition.iter().enumerate() {
                self.put(", ");
                self.expr(branch, expr)?;
                let _ = write!(self.sql, " AS \"p{i}\"");
            }
            for (i, by) in order.iter().enumerate() {
                self.put(", ");
                self.expr(branch, &by.expr)?;
                let _ = write!(self.sql, " AS \"o{i}\"");
            }
            self.from(branch, items, width > 0, false)?;
            self.put(") AS \"d\"");
            if let Some(window) = window {
                self.put(") AS \"w\" WHERE \"n\" ");
                self.put(if window.last { "= " } else { "<= " });
                return self.slot(window.limit, Some(CastType::Integer));
            }
            self.order_of_names(order);
            return self.limit(branch);
        }
        if let Some(window) = window {
            self.put("SELECT ");
            if width == 0 {
                self.put("\"one\"");
            } else {
                self.columns(width, number.is_some());
            }
            self.put(" FROM (SELECT ");
            self.items(select, branch, items, width, number)?;
            self.put(", ROW_NUMBER() OVER (");
            for (i, expr) in partition.iter().enumerate() {
                self.put(if i > 0 { ", " } else { "PARTITION BY " });
                self.expr(branch, expr)?;
            }
            self.order_by(branch, order)?;
            self.put(") AS \"n\"");
            self.from(branch, items, width > 0, false)?;
            self.put(") AS \"w\" WHERE \"n\" ");
            self.put(if window.last { "= " } else { "<= " });
            return self.slot(window.limit, Some(CastType::Integer));
        }
        self.put(if branch.distinct { "SELECT DISTINCT " } else { "SELECT " });
        self.items(select, branch, items, width, number)?;
        self.from(branch, items, width > 0, false)?;
        self.order_by(branch, order)?;
        self.limit(branch)
    }

    fn limit(&mut self, branch: &Branch) -> Done {
        if let Some(slot) = branch.limit {
            self.put(" LIMIT ");
            self.slot(slot, Some(CastType::Integer))?;
        }
        Ok(())
    }

    fn order_of_names(&mut self, order: &[OrderBy]) {
        for (i, by) in order.iter().enumerate() {
            let _ = write!(self.sql, "{}\"o{i}\"", if i > 0 { ", " } else { " ORDER BY " });
            if matches!(by.ty, CastType::Text(_)) {
                self.collate();
            }
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

    pub(super) fn ordered(&mut self, branch: &Branch, by: &OrderBy) -> Done {
        self.expr(branch, &by.expr)?;
        if matches!(by.ty, CastType::Text(_)) {
            self.collate();
        }
        Ok(())
    }

    /// FROM, the joins that are needed, WHERE.
    fn from(&mut self, branch: &Branch, items: &[Resolved], with_items: bool, count: bool) -> Done {
        let needed = needed_joins(branch, items, with_items, count);
        self.put(" FROM ");
        self.table(&branch.from);
        // The pairs come first when they can: the planner then starts from them.
        let early = branch.pairs.as_ref().is_some_and(|p| {
            p.on.aliases().iter().all(|a| *a == p.alias || a.eq_ignore_ascii_case(&branch.from.alias))
        });
        if early {
            self.pairs(branch)?;
        }
        for (join, needed) in branch.joins.iter().zip(needed) {
            if needed {
                self.put(" LEFT JOIN ");
                self.table(&join.table);
                self.put(" ON ");
                self.expr(branch, &join.on)?;
            }
        }
        if !early {
            self.pairs(branch)?;
        }
        for (i, predicate) in branch.filter.iter().enumerate() {
            self.put(if i > 0 { " AND " } else { " WHERE " });
            self.predicate(branch, predicate)?;
        }
        Ok(())
    }
}
