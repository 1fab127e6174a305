//! SQL text of a [`Select`] per dialect, and the list of parameters that it binds.
//!
//! Identifiers are always quoted, columns always qualified; whatever a client, a setting or the
//! clock says is a bound parameter. The text depends on the select, on the *kinds* of the scalar
//! parameters (so that a prepared statement never changes its types) and on which optional columns
//! exist; never on values or on how many keys there are.
//!
//! How the dialects are made to agree (a difference that stays is said so):
//!
//! - `/` divides decimals and gives NULL when the divisor is 0: SQLite in floats, read back to 15
//!   digits; PostgreSQL in `numeric`.
//! - `+ - *` count in `numeric` on PostgreSQL; SQLite counts in 64-bit integers or floats.
//! - A comparison as an output comes out as 0/1.
//! - `LIKE` is case- and accent-sensitive and has no escape character (SQLite connections run with
//!   `case_sensitive_like`; PostgreSQL compares in collation "C").
//! - Functions of text take the text of whatever they are given. `LENGTH` and `SUBSTRING` count
//!   characters from 1. `UPPER`/`LOWER` fold ASCII only on SQLite, every letter on PostgreSQL;
//!   `UPPER_ASCII` folds ASCII, and on SQL Server other letters too, none of them to an ASCII one.
//! - `ROUND` and `ABS` take numbers; halves go away from zero.
//! - `CAST` to a whole number drops the fraction. Text that is no number is a refusal on
//!   PostgreSQL, 0 on SQLite.
//! - Order columns are compared by code points when they are text. They should not be NULL: SQLite
//!   puts NULL first, PostgreSQL last.

mod expression;
mod predicate;
mod statement;
mod tsql;

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use self::predicate::predicate_aliases;
pub(super) use self::tsql::prefix as tsql_prefix;
use super::{
    Dialect,
    columns::{Catalog, SqlType},
    expr::{CastType, Expr},
    select::{Branch, Item, Missing, Param, Predicate, Select, Table},
};
use crate::value::Value;

/// A rendered statement.
#[derive(Debug)]
pub struct Rendered {
    /// The SQL text.
    pub sql: Arc<str>,
    /// Its parameters, in order of their numbers.
    pub binds: Vec<Bind>,
    /// Cells a row has in the answer, without the branch number.
    pub width: usize,
    /// Outputs that are [`Value::Bad`] whatever the row says: (branch, output, why).
    pub bad: Vec<(usize, usize, Box<str>)>,
    /// The answer has one more column: the number of the row's branch.
    pub branch_number: bool,
}

/// What one parameter of the text is filled with.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// A constant of the select (a setting).
    Constant(Value, Option<CastType>),
    /// The scalar in a slot, as this type; `None`: a truth value.
    Slot(usize, Option<CastType>),
    /// The keys in a slot, of these types. On PostgreSQL one column of them, as an array; on
    /// SQLite all of them (`None`), as JSON.
    Keys {
        /// The slot.
        slot: usize,
        /// Types of the key's columns.
        types: Vec<CastType>,
        /// Which column.
        column: Option<usize>,
    },
    /// SQL Server: one column of one key of a list; a list shorter than its places is filled up
    /// with its last key, or with NULL.
    Key {
        /// Which key.
        index: usize,
        /// Which column of it.
        column: usize,
        /// The list.
        list: KeyList,
        /// What fills the places left over: the last key, else NULL.
        repeat: bool,
    },
    /// SQL Server: one column of all keys in one text, each as wide as [`Bind::PackedWidth`] says.
    Packed(KeyList, usize),
    /// SQL Server: characters of one key in a [`Bind::Packed`] text.
    PackedWidth(KeyList, usize),
    /// SQL Server: how many keys a [`Bind::Packed`] text holds.
    PackedCount(KeyList),
    /// The request's day in the source's zone.
    Today,
    /// The request's moment in the source's zone.
    Now,
}

/// The keys in a slot as SQL Server takes them: only those that every column's type can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyList {
    /// The slot.
    pub slot: usize,
    /// Types of the key's columns.
    pub types: Arc<[SqlType]>,
}

/// Why a select cannot be rendered: a mistake of the map or the plan, never of data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub String);

/// What kind of parameter fills a slot; decides the type written into the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKind {
    /// Nothing: the text says NULL.
    Null,
    /// A truth value.
    Bool,
    /// A scalar of this type.
    Scalar(CastType),
    /// Keys.
    Keys,
    /// Keys as a list of so many parameters: SQL Server only, where [`ParamKind::Keys`] are packed
    /// into one.
    KeyList(u16),
    /// A list or an unreadable value, which no scalar slot takes.
    Unfit,
}

impl ParamKind {
    /// The kind of a parameter.
    pub fn of(param: &Param) -> Self {
        match param {
            Param::Keys(_) => Self::Keys,
            Param::Value(value) => Self::of_value(value),
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Scalar(CastType::Integer),
            Value::Decimal(_) => Self::Scalar(CastType::Decimal),
            Value::Text(_) => Self::Scalar(CastType::Text(0)),
            Value::Date(_) => Self::Scalar(CastType::Date),
            Value::DateTime(_) => Self::Scalar(CastType::DateTime),
            Value::List(_) | Value::Bad(_) => Self::Unfit,
        }
    }
}

/// Renders a select. `catalog` says whether a table has a column; it is asked only about the columns
/// of items that may miss one (see [`Missing`]), and on SQL Server for the types of all.
///
/// # Errors
/// `:rank` or an unbound setting in an expression, an unfit parameter, a select without branches.
pub fn render(
    select: &Select,
    dialect: Dialect,
    kinds: &[ParamKind],
    catalog: &dyn Catalog,
) -> Result<Rendered, RenderError> {
    let mut r = Renderer {
        dialect,
        kinds,
        catalog,
        sql: String::with_capacity(512),
        binds: Vec::new(),
        bad: Vec::new(),
    };
    let plans: Vec<Vec<Resolved>> = select.branches.iter().map(|b| r.resolve(b)).collect();
    for (branch, items) in plans.iter().enumerate() {
        for (output, item) in items.iter().enumerate() {
            if let Resolved::Bad(why) = item {
                r.bad.push((branch, output, why.clone()));
            }
        }
    }
    let branch_number = !r.bad.is_empty() && select.branches.len() > 1 && !select.count;
    if dialect == Dialect::SqlServer {
        tsql::select(&mut r, select, &plans, branch_number)?;
    } else {
        r.select(select, &plans, branch_number)?;
    }
    Ok(Rendered {
        sql: r.sql.into(),
        binds: r.binds,
        width: if select.count { 1 } else { select.outputs.len() },
        bad: r.bad,
        branch_number,
    })
}

/// A select's text for people to read: every table is taken to have every column. What cannot be
/// rendered says why.
pub fn text(select: &Select, dialect: Dialect) -> String {
    let mut kinds = Vec::new();
    for branch in &select.branches {
        let pairs = branch.pairs.as_ref().map(|p| p.slot);
        let mut slots = Vec::new();
        branch.filter.iter().for_each(|p| key_slots(p, &mut slots));
        for slot in pairs.into_iter().chain(slots) {
            if kinds.len() <= slot {
                kinds.resize(slot + 1, ParamKind::Null);
            }
            kinds[slot] = ParamKind::Keys;
        }
        for slot in branch.limit.into_iter().chain(branch.window.as_ref().map(|w| w.limit)) {
            if kinds.len() <= slot {
                kinds.resize(slot + 1, ParamKind::Null);
            }
            kinds[slot] = ParamKind::Scalar(CastType::Integer);
        }
    }
    // Slots beyond are scalars: limits and keys of a page.
    kinds.resize(kinds.len().max(16), ParamKind::Null);
    match render(select, dialect, &kinds, &|_: &Table, _: &str| true) {
        Ok(rendered) => rendered.sql.to_string(),
        Err(error) => format!("({error})"),
    }
}

fn key_slots(predicate: &Predicate, slots: &mut Vec<usize>) {
    match predicate {
        Predicate::In { slot, .. } => slots.push(*slot),
        Predicate::Not(inner) => key_slots(inner, slots),
        Predicate::And(all) | Predicate::Or(all) => all.iter().for_each(|p| key_slots(p, slots)),
        Predicate::Expr(_)
        | Predicate::After { .. }
        | Predicate::UpTo { .. }
        | Predicate::Odd { .. }
        | Predicate::Beyond(_) => {}
    }
}

/// The tables whose columns must be known before the select can be rendered.
pub fn probed_tables(select: &Select, dialect: Dialect) -> Vec<&Table> {
    let mut tables: Vec<&Table> = Vec::new();
    if dialect == Dialect::SqlServer {
        for branch in &select.branches {
            for table in std::iter::once(&branch.from).chain(branch.joins.iter().map(|j| &j.table)) {
                if !tables.iter().any(|t| t.name == table.name && t.prefix == table.prefix) {
                    tables.push(table);
                }
            }
        }
        return tables;
    }
    for branch in &select.branches {
        for item in branch.items.iter().filter(|i| i.missing != Missing::Refuse) {
            item.expr.columns(&mut |alias, _| {
                if let Some(table) = table_of(branch, alias)
                    && !tables.iter().any(|t| t.name == table.name && t.prefix == table.prefix)
                {
                    tables.push(table);
                }
            });
        }
    }
    tables
}

fn table_of<'a>(branch: &'a Branch, alias: Option<&str>) -> Option<&'a Table> {
    match alias {
        None => Some(&branch.from),
        Some(alias) => std::iter::once(&branch.from)
            .chain(branch.joins.iter().map(|j| &j.table))
            .find(|t| t.alias.eq_ignore_ascii_case(alias)),
    }
}

/// An item once it is known which columns exist.
enum Resolved<'a> {
    Expr(&'a Expr),
    Absent,
    Bad(Box<str>),
}

struct Renderer<'a> {
    dialect: Dialect,
    kinds: &'a [ParamKind],
    catalog: &'a dyn Catalog,
    sql: String,
    binds: Vec<Bind>,
    bad: Vec<(usize, usize, Box<str>)>,
}

type Done = Result<(), RenderError>;

impl<'a> Renderer<'a> {
    fn resolve(&self, branch: &'a Branch) -> Vec<Resolved<'a>> {
        branch.items.iter().map(|item| self.resolve_item(branch, item)).collect()
    }

    fn resolve_item(&self, branch: &'a Branch, item: &'a Item) -> Resolved<'a> {
        if item.missing == Missing::Refuse {
            return Resolved::Expr(&item.expr);
        }
        let mut missing = None;
        item.expr.columns(&mut |alias, name| {
            if missing.is_none()
                && let Some(table) = table_of(branch, alias)
                && !self.catalog.has(table, name)
            {
                missing = Some(format!("column {name} is missing in {}", table.name));
            }
        });
        match (missing, item.missing) {
            (None, _) => Resolved::Expr(&item.expr),
            (Some(why), Missing::Bad) => Resolved::Bad(why.into()),
            (Some(_), _) => Resolved::Absent,
        }
    }

    fn pg(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    fn put(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn identifier(&mut self, name: &str) {
        self.sql.push('"');
        for c in name.chars() {
            if c == '"' {
                self.sql.push('"');
            }
            // No database has a NUL in a name; left out, it cannot cut the text short.
            if c != '\0' {
                self.sql.push(c);
            }
        }
        self.sql.push('"');
    }

    fn table(&mut self, table: &Table) {
        if let Some(prefix) = &table.prefix {
            self.identifier(prefix);
            self.put(".");
        }
        self.identifier(&table.name);
        self.put(" AS ");
        self.identifier(&table.alias);
    }

    fn slot(&mut self, slot: usize, ty: Option<CastType>) -> Done {
        match self.kinds.get(slot) {
            None => return Err(RenderError(format!("no parameter for slot {slot}"))),
            Some(ParamKind::Keys | ParamKind::KeyList(_) | ParamKind::Unfit) => {
                return Err(RenderError(format!("the parameter of slot {slot} is no scalar")));
            }
            Some(ParamKind::Null) => self.put("NULL"),
            Some(ParamKind::Bool | ParamKind::Scalar(_)) => {
                self.placeholder(Bind::Slot(slot, ty), Some(pg_type(ty)));
            }
        }
        Ok(())
    }

    /// Writes a numbered parameter; the same value is sent once. PostgreSQL is told its type: it
    /// is the parameter that is converted, never the column, so that indexes serve.
    fn placeholder(&mut self, bind: Bind, pg_type: Option<&str>) {
        let n = self.binds.iter().position(|b| *b == bind).unwrap_or_else(|| {
            self.binds.push(bind);
            self.binds.len() - 1
        }) + 1;
        let _ = match (self.dialect, pg_type) {
            (Dialect::Sqlite, _) => write!(self.sql, "?{n}"),
            (Dialect::Postgres, Some(ty)) => write!(self.sql, "CAST(${n} AS {ty})"),
            (Dialect::Postgres, None) => write!(self.sql, "${n}"),
            (Dialect::SqlServer, Some(ty)) => write!(self.sql, "CAST(@P{n} AS {ty})"),
            (Dialect::SqlServer, None) => write!(self.sql, "@P{n}"),
        };
    }
}

/// The PostgreSQL type of a parameter; `None` is a truth value.
fn pg_type(ty: Option<CastType>) -> &'static str {
    match ty {
        None => "boolean",
        Some(CastType::Text(_)) => "text",
        Some(CastType::Integer) => "bigint",
        Some(CastType::Decimal) => "numeric",
        Some(CastType::Date) => "date",
        Some(CastType::DateTime) => "timestamp",
    }
}

/// Which joins are needed by what is rendered, directly or by another join's condition.
fn needed_joins(branch: &Branch, items: &[Resolved], with_items: bool, count: bool) -> Vec<bool> {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    if with_items {
        for item in items {
            if let Resolved::Expr(expr) = item {
                used.extend(expr.aliases());
            }
        }
    }
    for predicate in &branch.filter {
        predicate_aliases(predicate, &mut used);
    }
    if !count {
        for by in &branch.order {
            used.extend(by.expr.aliases());
        }
    }
    if let Some(window) = &branch.window {
        window.partition.iter().for_each(|e| used.extend(e.aliases()));
        window.order.iter().for_each(|by| used.extend(by.expr.aliases()));
    }
    if let Some(pairs) = &branch.pairs {
        used.extend(pairs.on.aliases());
    }
    let mut needed = vec![false; branch.joins.len()];
    loop {
        let mut changed = false;
        for (join, needed) in branch.joins.iter().zip(&mut needed) {
            if !*needed && used.contains(join.table.alias.as_str()) {
                *needed = true;
                changed = true;
                used.extend(join.on.aliases());
            }
        }
        if !changed {
            return needed;
        }
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "render/tsql_tests.rs"]
mod tsql_tests;
