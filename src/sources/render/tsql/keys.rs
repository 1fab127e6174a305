//! Row restrictions of SQL Server: batches of keys, pairs, keysets.
//!
//! A batch is a list of parameters of one of a few sizes, so that the server keeps few plans; what
//! a statement cannot take as parameters (the server allows 2,100) comes packed into one text, cut
//! up by the statement itself.
//!
//! Where a key's index stands on a binary copy of it (see [`crate::sources::columns::Twin`]), a key is looked up as text in
//! the table whose key it is, and the bytes found there are compared: the ERP's own, in its spelling.

use std::fmt::Write;

use super::{BINARY, Tsql};
use crate::folding::WESTERN;
use crate::sources::{
    columns::SqlType,
    expr::{CastType, CompareOp, Expr},
    render::{Bind, Done, KeyList, ParamKind, RenderError, table_of},
    select::{Branch, OrderBy, Pairs, Predicate, Table},
};

/// Rows of the ten digits.
const DIGITS: &str = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))";

/// What a column of keys is compared as.
struct Column {
    ty: SqlType,
    /// Told where keys stand in a table of their own, whose collation could be another.
    collation: Option<Box<str>>,
    /// The column's binary copy, and where texts are looked up for it.
    through: Option<Through>,
}

/// How a key is compared as bytes: looked up as text in `home`, then its bytes with the copy.
struct Through {
    home: Table,
    text: String,
    bytes: u32,
    /// The copy, of the same table as the column.
    twin: Expr,
}

impl Tsql<'_, '_> {
    pub(super) fn predicate(&mut self, branch: &Branch, predicate: &Predicate) -> Done {
        match predicate {
            Predicate::Expr(expr) => self.condition(branch, expr),
            Predicate::Not(inner) => {
                if let Predicate::In { exprs, types, slot } = &**inner {
                    return self.not_in(branch, exprs, types, *slot);
                }
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
            Predicate::Odd { .. } => {
                self.put("(1 = 0)");
                Ok(())
            }
            Predicate::Beyond(expr) => {
                self.put("(");
                self.as_text(branch, expr)?;
                self.put(BINARY);
                let _ = write!(self.r.sql, " LIKE N'%[^{WESTERN}]%')");
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

    /// `NOT (x IN (…))`, true of every row that has a key when no key of the batch fits: then the
    /// places hold NULL, of which NOT IN would know nothing.
    fn not_in(&mut self, branch: &Branch, exprs: &[Expr], types: &[CastType], slot: usize) -> Done {
        self.put("(");
        for expr in exprs {
            self.value(branch, expr)?;
            self.put(" IS NOT NULL AND ");
        }
        self.put("CASE WHEN ");
        self.in_keys(branch, exprs, types, slot)?;
        self.put(" THEN 1 ELSE 0 END = 0)");
        Ok(())
    }

    /// The type keys have when compared with an expression: the column's own, when it is known.
    fn compared(&self, branch: &Branch, expr: &Expr, declared: CastType) -> Column {
        let known = self.known(branch, expr);
        let ty = match (known.and_then(|k| k.ty), declared) {
            // The declared length is the map's word, and shorter texts are only ever longer keys.
            (Some(SqlType::VarChar(_)), CastType::Text(n)) if (1..=8000).contains(&n) => SqlType::VarChar(n),
            (Some(SqlType::NVarChar(_)), CastType::Text(n)) if (1..=4000).contains(&n) => {
                SqlType::NVarChar(n)
            }
            (Some(SqlType::VarChar(0)), CastType::Text(_)) => SqlType::VarChar(8000),
            (Some(SqlType::NVarChar(0)), CastType::Text(_)) => SqlType::NVarChar(4000),
            (Some(SqlType::Float), _) => SqlType::Numeric(24, 6),
            (Some(ty), declared)
                if ty.cast_type() == declared || (ty.is_text() && declared == CastType::Text(0)) =>
            {
                ty
            }
            _ => match self.kind(branch, expr) {
                // An expression's text is as wide as it comes.
                Some(SqlType::VarChar(_)) if declared == CastType::Text(0) => SqlType::VarChar(8000),
                _ => SqlType::of(declared),
            },
        };
        Column {
            ty,
            collation: known.and_then(|k| k.collation.clone()),
            through: self.through(branch, expr, ty),
        }
    }

    fn through(&self, branch: &Branch, expr: &Expr, ty: SqlType) -> Option<Through> {
        let Expr::Column { table, name } = expr else { return None };
        let twin = self.known(branch, expr)?.twin.as_ref()?;
        let home = twin.home.clone().filter(|_| ty.is_text())?;
        let prefix = table_of(branch, table.as_deref())?.prefix.clone();
        Some(Through {
            home: Table { prefix, name: home, alias: "home".into() },
            text: name.clone(),
            bytes: twin.bytes,
            twin: Expr::Column { table: table.clone(), name: twin.name.clone() },
        })
    }

    /// The bytes of the text that was found at home.
    fn home_bytes(&mut self, through: &Through, alias: &str) {
        self.put("CAST(");
        self.home_text(through, alias);
        let _ = write!(self.r.sql, " AS varbinary({}))", through.bytes);
    }

    fn home_text(&mut self, through: &Through, alias: &str) {
        self.identifier(alias);
        self.put(".");
        self.identifier(&through.text);
    }

    fn in_keys(&mut self, branch: &Branch, exprs: &[Expr], types: &[CastType], slot: usize) -> Done {
        if exprs.is_empty() || exprs.len() != types.len() {
            return Err(RenderError("a key without columns, or with more columns than types".into()));
        }
        let columns: Vec<Column> =
            exprs.iter().zip(types).map(|(e, t)| self.compared(branch, e, *t)).collect();
        let list = KeyList { slot, types: columns.iter().map(|c| c.ty).collect() };
        match self.r.kinds.get(slot) {
            Some(ParamKind::KeyList(0)) => self.put("(1 = 0)"),
            Some(kind @ (ParamKind::KeyList(_) | ParamKind::Keys)) if exprs.len() == 1 => {
                let kind = *kind;
                if let Some(through) = &columns[0].through {
                    self.value(branch, &through.twin)?;
                    self.put(" IN (SELECT ");
                    self.home_bytes(through, "home");
                    self.put(" FROM ");
                    self.table(&through.home);
                    self.put(" WHERE ");
                    self.home_text(through, "home");
                } else {
                    self.value(branch, &exprs[0])?;
                }
                self.put(" IN (");
                if let ParamKind::KeyList(size) = kind {
                    for index in 0..usize::from(size) {
                        self.put(if index > 0 { ", " } else { "" });
                        self.key(&list, index, 0, true);
                    }
                } else {
                    self.packed(&list, &columns);
                }
                self.put(if columns[0].through.is_some() { "))" } else { ")" });
            }
            Some(kind @ (ParamKind::KeyList(_) | ParamKind::Keys)) => {
                self.put("EXISTS (SELECT 1 FROM (");
                if let ParamKind::KeyList(size) = *kind {
                    self.rows(&list, &columns, size.into(), true);
                } else {
                    self.packed(&list, &columns);
                }
                self.put(") AS [k]");
                self.homes(&columns);
                self.put(" WHERE ");
                for (i, (expr, column)) in exprs.iter().zip(&columns).enumerate() {
                    self.put(if i > 0 { " AND " } else { "" });
                    if let Some(through) = &column.through {
                        self.home_bytes(through, &format!("home{i}"));
                        self.put(" = ");
                        self.value(branch, &through.twin)?;
                    } else {
                        let _ = write!(self.r.sql, "[k].[k{i}] = ");
                        self.value(branch, expr)?;
                    }
                }
                self.put(")");
            }
            _ => return Err(RenderError(format!("no keys for slot {slot}"))),
        }
        Ok(())
    }

    /// Joins the tables in which keys `k0`, `k1`… of the table `k` are looked up as text.
    fn homes(&mut self, columns: &[Column]) {
        for (i, column) in columns.iter().enumerate() {
            let Some(through) = &column.through else { continue };
            let alias = format!("home{i}");
            self.put(" JOIN ");
            self.table(&Table { alias: alias.clone(), ..through.home.clone() });
            self.put(" ON ");
            self.home_text(through, &alias);
            let _ = write!(self.r.sql, " = [k].[k{i}]");
        }
    }

    fn key(&mut self, list: &KeyList, index: usize, column: usize, repeat: bool) {
        let ty = list.types.get(column).map_or_else(|| "nvarchar(4000)".to_owned(), |t| t.sql());
        self.r.placeholder(Bind::Key { list: list.clone(), index, column, repeat }, Some(&ty));
    }

    /// Keys as rows of a table with the columns `k0`, `k1`…
    fn rows(&mut self, list: &KeyList, columns: &[Column], size: usize, repeat: bool) {
        self.put("SELECT ");
        for (i, column) in columns.iter().enumerate() {
            let _ = write!(self.r.sql, "{}[v].[v{i}]", if i > 0 { ", " } else { "" });
            self.collated(column);
            let _ = write!(self.r.sql, " AS [k{i}]");
        }
        self.put(" FROM (VALUES ");
        for index in 0..size {
            self.put(if index > 0 { ", (" } else { "(" });
            for column in 0..columns.len() {
                self.put(if column > 0 { ", " } else { "" });
                self.key(list, index, column, repeat);
            }
            self.put(")");
        }
        self.put(") AS [v](");
        self.names('v', columns.len());
        self.put(")");
    }

    fn collated(&mut self, column: &Column) {
        if let Some(collation) = &column.collation
            && column.ty.is_text()
            && collation.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            let _ = write!(self.r.sql, " COLLATE {collation}");
        }
    }

    /// Keys of one packed text a column, as rows: the n-th is cut out where it stands.
    fn packed(&mut self, list: &KeyList, columns: &[Column]) {
        self.put("SELECT ");
        for (i, column) in columns.iter().enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            self.put("CAST(RTRIM(SUBSTRING(");
            self.r.placeholder(Bind::Packed(list.clone(), i), Some("nvarchar(max)"));
            self.put(", [n].[n] * ");
            self.r.placeholder(Bind::PackedWidth(list.clone(), i), Some("int"));
            self.put(" + 1, ");
            self.r.placeholder(Bind::PackedWidth(list.clone(), i), Some("int"));
            let _ = write!(self.r.sql, ")) AS {})", column.ty.sql());
            self.collated(column);
            let _ = write!(self.r.sql, " AS [k{i}]");
        }
        let _ = write!(
            self.r.sql,
            " FROM (SELECT [d0].[d] + 10 * [d1].[d] + 100 * [d2].[d] + 1000 * [d3].[d] + 10000 * [d4].[d] AS [n] \
             FROM {DIGITS} AS [d0]([d]) CROSS JOIN {DIGITS} AS [d1]([d]) CROSS JOIN {DIGITS} AS [d2]([d]) \
             CROSS JOIN {DIGITS} AS [d3]([d]) CROSS JOIN {DIGITS} AS [d4]([d])) AS [n] WHERE [n].[n] < "
        );
        self.r.placeholder(Bind::PackedCount(list.clone()), Some("int"));
    }

    /// Joins the pairs; places left over hold NULL, which joins with nothing.
    pub(super) fn pairs(&mut self, branch: &Branch) -> Done {
        let Some(pairs) = &branch.pairs else { return Ok(()) };
        let node = self.node(branch, pairs);
        let group = Column {
            ty: SqlType::NVarChar(450),
            collation: Some("Latin1_General_BIN2".into()),
            through: None,
        };
        let columns = [group, node];
        let list = KeyList { slot: pairs.slot, types: columns.iter().map(|c| c.ty).collect() };
        let through = columns[1].through.as_ref();
        // A text may be found at home in several rows (a family's code, in two types).
        self.put(if through.is_some() { " JOIN (SELECT DISTINCT " } else { " JOIN (SELECT " });
        self.put("[k].[k0] AS [group], [k].[k1] AS [node]");
        if let Some(through) = through {
            self.put(", ");
            self.home_bytes(through, "home1");
            self.put(" AS [twin]");
        }
        self.put(" FROM (");
        match self.r.kinds.get(pairs.slot) {
            Some(ParamKind::KeyList(size)) => self.rows(&list, &columns, (*size).max(1).into(), false),
            Some(ParamKind::Keys) => self.packed(&list, &columns),
            _ => return Err(RenderError(format!("no pairs for slot {}", pairs.slot))),
        }
        self.put(") AS [k]");
        self.homes(&columns);
        self.put(") AS ");
        self.identifier(&pairs.alias);
        self.put(" ON ");
        if let Some(through) = &columns[1].through {
            let text = |e: &Expr| matches!(e, Expr::Column { table: Some(t), name } if *t == pairs.alias && name == "node");
            let bytes = Expr::Column { table: Some(pairs.alias.clone()), name: "twin".into() };
            let on = pairs.on.clone().map(&mut |part| match part {
                Expr::Compare(CompareOp::Eq, a, b) if text(&a) || text(&b) => {
                    Expr::Compare(CompareOp::Eq, Box::new(bytes.clone()), Box::new(through.twin.clone()))
                }
                other => other,
            });
            return self.condition(branch, &on);
        }
        self.condition(branch, &pairs.on)
    }

    /// The type of the pairs' nodes: that of the column they are compared with.
    fn node(&self, branch: &Branch, pairs: &Pairs) -> Column {
        let mut other = None;
        let mut look = |expr: &Expr| {
            let is_node = |e: &Expr| matches!(e, Expr::Column { table: Some(t), name } if *t == pairs.alias && name == "node");
            if let Expr::Compare(CompareOp::Eq, a, b) = expr {
                if is_node(a) {
                    other = Some((**b).clone());
                } else if is_node(b) {
                    other = Some((**a).clone());
                }
            }
        };
        pairs.on.walk(&mut |expr| look(expr));
        match other {
            Some(expr) => self.compared(branch, &expr, CastType::Text(0)),
            None => Column { ty: SqlType::NVarChar(4000), collation: None, through: None },
        }
    }

    /// `(a, b) > (x, y)`, written out as the other dialects have it.
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
        let _ = write!(self.r.sql, " {op} ");
        if let CastType::Text(_) = by.ty {
            self.scalar_slot(slot, SqlType::NVarChar(4000))?;
            self.put(BINARY);
            return Ok(());
        }
        let known = self.known(branch, &by.expr).and_then(|known| known.ty);
        self.scalar_slot(slot, known.filter(|ty| *ty == SqlType::DateTime2).unwrap_or(SqlType::of(by.ty)))
    }
}
