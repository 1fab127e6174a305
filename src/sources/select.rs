//! The question a source is asked: a [`Select`] of one or more branches (UNION ALL), with typed
//! output columns. Built once per plan; parameters come with each run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use super::expr::{CastType, Expr};
use crate::value::{Type, Value};

/// A value for a [`Statement`]'s slot.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// One scalar.
    Value(Value),
    /// A batch of keys: each inner slice is one (possibly composite) key, as typed as the
    /// predicate's `types`. Shared, for several statements ask about one batch.
    Keys(Keys),
}

/// A batch of keys.
pub type Keys = Arc<[Box<[Value]>]>;

/// A table or view.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Database or schema prefix, when the map has one (side tables).
    pub prefix: Option<String>,
    /// The table's name, quoted when rendered.
    pub name: String,
    /// Its alias; quoted when rendered.
    pub alias: String,
}

/// A LEFT JOIN of a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The joined table.
    pub table: Table,
    /// The condition.
    pub on: Expr,
}

/// What is done to a value between the wire and the merge, in one pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Decode {
    /// The type the value becomes.
    pub ty: Type,
    /// Right-trim text.
    pub trim: bool,
    /// Text that is RTF becomes plain text before anything else is asked of it.
    pub rtf: bool,
    /// Blank text (`''`, or only blanks) means nothing.
    pub blank_absent: bool,
    /// The number 0 means nothing.
    pub zero_absent: bool,
    /// `false` means nothing.
    pub false_absent: bool,
    /// Dates that mean "no date" (1753-01-01, 1900-01-01…).
    pub sentinels: Arc<[chrono::NaiveDate]>,
    /// Raw texts that mean nothing.
    pub absent_texts: Arc<[String]>,
    /// The zone in which the source keeps local times.
    pub zone: chrono_tz::Tz,
}

impl Decode {
    /// A column of a type with the default treatment: text right-trimmed and blank = nothing,
    /// 0 and false are values, UTC, no sentinel.
    pub fn of(ty: Type) -> Self {
        Self {
            ty,
            trim: true,
            rtf: false,
            blank_absent: true,
            zero_absent: false,
            false_absent: false,
            sentinels: Arc::from([]),
            absent_texts: Arc::from([]),
            zone: chrono_tz::UTC,
        }
    }
}

/// What happens when the database lacks a column that an output expression names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Missing {
    /// The database's refusal is the statement's error.
    #[default]
    Refuse,
    /// The output column reads as NULL (optional built-in columns).
    Absent,
    /// The output column reads as [`Value::Bad`] (a declared complementary column).
    Bad,
}

/// One output column; the same in every branch of a select.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// How it is decoded.
    pub decode: Decode,
    /// A name for error messages (the field's).
    pub label: String,
}

/// One output expression of a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The expression.
    pub expr: Expr,
    /// What a missing column means.
    pub missing: Missing,
}

impl From<Expr> for Item {
    fn from(expr: Expr) -> Self {
        Self { expr, missing: Missing::Refuse }
    }
}

/// What cells are promised to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Whole numbers.
    Whole,
    /// Numbers.
    Number,
    /// Days or moments to the second, spelled as SQLite spells them: `2024-03-31`, `2024-03-31 08:15:00`.
    Moment,
}

/// A row restriction.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Any boolean expression.
    Expr(Expr),
    /// `(exprs) IN (keys in the slot)`: compared as the database's columns compare. Constant SQL
    /// text whatever the number of keys.
    In {
        /// One expression per key column.
        exprs: Vec<Expr>,
        /// Their types, in order.
        types: Vec<CastType>,
        /// Which parameter slot holds the [`Param::Keys`].
        slot: usize,
    },
    /// `NOT (predicate)`.
    Not(Box<Predicate>),
    /// All of them.
    And(Vec<Predicate>),
    /// Any of them.
    Or(Vec<Predicate>),
    /// The cell is something, and not as it was promised: SQLite keeps any value in any column. Elsewhere
    /// no row fulfils it.
    Odd {
        /// The expression.
        expr: Expr,
        /// What was promised.
        plain: Plain,
    },
    /// The text has a character that Windows-1252 lacks (or none can tell).
    Beyond(Expr),
    /// Keyset: rows whose order columns come strictly after the values in the slots, text by code
    /// points: `(a, b) > (:s1, :s2)`.
    After {
        /// The order columns.
        columns: Vec<OrderBy>,
        /// One scalar slot per column.
        slots: Vec<usize>,
    },
    /// Rows whose order column comes not after the value in the slot, text by code points.
    UpTo {
        /// The order column.
        column: OrderBy,
        /// Its scalar slot.
        slot: usize,
    },
}

/// A sort column of a branch. Text compares by code points whatever the column's collation.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The expression.
    pub expr: Expr,
    /// Its type: decides whether a binary collation is asked for.
    pub ty: CastType,
    /// Descending.
    pub descending: bool,
}

/// Top rows per group: `ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) <= limit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The group.
    pub partition: Vec<Expr>,
    /// The order inside the group.
    pub order: Vec<OrderBy>,
    /// Rows kept per group; a scalar slot (integer).
    pub limit: usize,
    /// The last of those rows only: with a limit of 2, groups of several rows, each once.
    pub last: bool,
}

/// One SELECT.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// The main table.
    pub from: Table,
    /// LEFT JOINs, in order.
    pub joins: Vec<Join>,
    /// Inner joins against the pairs in a slot, if any: see [`Pairs`].
    pub pairs: Option<Pairs>,
    /// Output expressions, as many as the select's outputs.
    pub items: Vec<Item>,
    /// All must hold.
    pub filter: Vec<Predicate>,
    /// Order of this branch.
    pub order: Vec<OrderBy>,
    /// A limit of this branch; a scalar slot (integer).
    pub limit: Option<usize>,
    /// Top rows per group; then `order` and `limit` are not used.
    pub window: Option<Window>,
    /// SELECT DISTINCT over the items (before the window).
    pub distinct: bool,
}

/// An inner join with a list of (group, node) text pairs given as a parameter: how one statement
/// pages under many parents. The pairs are readable as columns `group` and `node` of the alias.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// The alias of the pairs.
    pub alias: String,
    /// The slot that holds [`Param::Keys`] of (group, node) texts.
    pub slot: usize,
    /// The condition, over `alias.group`, `alias.node` and the branch's tables.
    pub on: Expr,
}

/// A question: branches joined by UNION ALL.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Select {
    /// What comes out.
    pub outputs: Vec<Output>,
    /// At least one.
    pub branches: Vec<Branch>,
    /// Outer order by output column index, ascending, applied when there are several branches or
    /// a window; text by code points.
    pub order: Vec<usize>,
    /// The outer order is descending.
    pub descending: bool,
    /// `SELECT COUNT(*)` over the branches instead of rows: one output of type Int.
    pub count: bool,
}

/// A select ready to be run: its text is rendered once per dialect and probe result.
#[derive(Debug)]
pub struct Statement {
    /// The question.
    pub select: Select,
    /// Rendered texts, by the driver's probe generation.
    pub(super) texts: Mutex<HashMap<u64, Arc<super::render::Rendered>>>,
    /// Whether it names columns that the database may lack: most do not, and are never searched
    /// for them again.
    pub(super) probing: OnceLock<bool>,
}

impl Statement {
    /// Wraps a select.
    pub fn new(select: Select) -> Self {
        Self { select, texts: Mutex::new(HashMap::new()), probing: OnceLock::new() }
    }
}
