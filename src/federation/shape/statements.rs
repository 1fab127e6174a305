//! The statements of a source's shape: rows by code, pages in CODE order, windows under parents.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{SourceShape, branch};
use crate::{
    connectors::map::RowSource,
    sources::{
        Expr, Select, Statement,
        expr::{CastType, CompareOp, Function},
        select::{Branch, OrderBy, Output, Predicate, Window},
    },
};

/// Statements made at first use and kept, so that their text is rendered once and not per request.
#[derive(Debug, Default)]
pub(super) struct Kept {
    all: OnceLock<Arc<Statement>>,
    pages: Mutex<Vec<(PageKey, Arc<Statement>)>>,
}

/// What tells the statements of unfiltered pages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey {
    /// Records off the web are left out.
    pub shopper: bool,
    /// A page under each parent.
    pub windowed: bool,
    /// Which row source it continues in, after a key.
    pub after: Option<usize>,
    /// From the end.
    pub backward: bool,
}

/// The slots of a page statement.
#[derive(Clone, Copy, Debug)]
pub struct PageSlots {
    /// Rows wanted (integer).
    pub limit: usize,
    /// The first of the key columns' slots, for `after`.
    pub after: usize,
}

impl SourceShape {
    /// Output column of the n-th native key column.
    pub const fn key(n: usize) -> usize {
        1 + n
    }

    /// How the n-th native key column is read.
    pub fn key_output(&self, n: usize) -> Option<&Output> {
        self.outputs.get(Self::key(n))
    }

    /// A select over the row sources for which `filter` gives predicates.
    pub fn select(&self, filter: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>) -> Select {
        let branches = self
            .map
            .rows
            .iter()
            .enumerate()
            .filter_map(|(i, row)| {
                let mut predicates: Vec<Predicate> =
                    row.filter.clone().map(Predicate::Expr).into_iter().collect();
                predicates.extend(filter(i, row)?);
                Some(Branch {
                    joins: row.joins.clone(),
                    items: self.items[i].clone(),
                    filter: predicates,
                    distinct: row.distinct,
                    ..branch(row.table.clone())
                })
            })
            .collect();
        Select { outputs: self.outputs.clone(), branches, order: Vec::new(), descending: false, count: false }
    }

    /// Every row that has a key.
    pub fn all(&self) -> &Arc<Statement> {
        self.kept.all.get_or_init(|| {
            // A row of an overlay may name its record by a native key alone.
            let keyed = |row: &RowSource| self.map.exists || row.native.is_none();
            let filter = |_, row: &RowSource| Some(keyed(row).then(|| has_key(row)).into_iter().collect());
            Arc::new(Statement::new(self.select(filter)))
        })
    }

    /// The statement of a page without filter, made at its first use.
    pub fn page_statement(&self, key: PageKey, make: impl FnOnce() -> Select) -> Arc<Statement> {
        // What the lock guards is valid at all times.
        let mut pages = self.kept.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = pages.iter().find(|(k, _)| *k == key) {
            return known.clone();
        }
        let statement = Arc::new(Statement::new(make()));
        pages.push((key, statement.clone()));
        statement
    }

    /// "The row's code is one of those in slot 0": by its own code, or by the native key that the
    /// code decodes into (slot 1 + row source), or by the generated code it names (last slot).
    pub(super) fn code_predicate(&self, i: usize, row: &RowSource) -> Predicate {
        let text = || vec![CastType::Text(0)];
        let by_key = Predicate::In {
            exprs: row.key.iter().map(|k| k.expr.clone()).collect(),
            types: row.key.iter().map(|k| k.ty).collect(),
            slot: 1 + i,
        };
        let mut any = Vec::new();
        match &row.code.own {
            Some(own) => {
                any.push(Predicate::In { exprs: vec![own.clone()], types: text(), slot: 0 });
                let blank = Expr::Compare(
                    CompareOp::Eq,
                    Box::new(Expr::Call(
                        Function::Coalesce,
                        vec![Expr::Call(Function::RTrim, vec![own.clone()]), Expr::Text(String::new())],
                    )),
                    Box::new(Expr::Text(String::new())),
                );
                any.push(Predicate::And(vec![Predicate::Expr(blank), by_key]));
            }
            None => any.push(by_key),
        }
        if let Some(native) = row.native.as_ref().filter(|_| !self.map.exists) {
            any.push(Predicate::In {
                exprs: vec![native.clone()],
                types: text(),
                slot: 1 + self.map.rows.len(),
            });
        }
        if any.len() == 1 { any.swap_remove(0) } else { Predicate::Or(any) }
    }

    /// The order of a row source: its native key columns, or the map's own expression.
    pub fn order(row: &RowSource, backward: bool) -> Vec<OrderBy> {
        row.key.iter().map(|k| OrderBy { expr: k.expr.clone(), ty: k.ty, descending: backward }).collect()
    }

    /// A keyset page in CODE order (`backward`: the other way round). `from` is the row source it
    /// continues in after a key (slots from `slots.after`). `extra` adds predicates.
    pub fn page(
        &self,
        from: Option<usize>,
        backward: bool,
        slots: PageSlots,
        extra: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>,
    ) -> Select {
        let mut select = self.select(|i, row| {
            let passed = |from: usize| if backward { i > from } else { i < from };
            if from.is_some_and(passed) {
                return None;
            }
            let mut predicates = extra(i, row)?;
            if from == Some(i) {
                predicates.push(after_key(row, slots.after, backward));
            }
            Some(predicates)
        });
        let rows: Vec<&RowSource> = self.branch_rows(&select);
        for (branch, row) in select.branches.iter_mut().zip(rows) {
            branch.order = Self::order(row, backward);
            branch.limit = Some(slots.limit);
        }
        select.order = (0..=self.columns.keys).collect();
        select.descending = backward;
        select
    }

    /// The first rows of each parent whose code is in slot 0, in CODE order.
    pub fn window(
        &self,
        from: Option<usize>,
        backward: bool,
        slots: PageSlots,
        extra: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>,
    ) -> Select {
        let mut select = self.page(from, backward, slots, |i, row| {
            let mut predicates = extra(i, row)?;
            let parent = row.parent.clone()?;
            predicates.push(Predicate::In { exprs: vec![parent], types: vec![CastType::Text(0)], slot: 0 });
            Some(predicates)
        });
        let rows: Vec<&RowSource> = self.branch_rows(&select);
        for (branch, row) in select.branches.iter_mut().zip(rows) {
            branch.window = row.parent.clone().map(|parent| Window {
                partition: vec![parent],
                order: std::mem::take(&mut branch.order),
                limit: slots.limit,
                last: false,
            });
            branch.limit = None;
        }
        select
    }

    /// The row source of each branch, told by the constant in its first item.
    fn branch_rows(&self, select: &Select) -> Vec<&RowSource> {
        select
            .branches
            .iter()
            .filter_map(|b| match b.items.first().map(|i| &i.expr) {
                Some(Expr::Number(n)) => self.map.rows.get(n.parse::<usize>().ok()?),
                _ => None,
            })
            .collect()
    }
}

/// "The row has a key": the first of its columns is neither NULL nor blank. A row without one is no
/// record, in no list and by no code (see [`code_of`](crate::federation::fetch::code_of)).
pub fn has_key(row: &RowSource) -> Predicate {
    let Some(first) = row.key.first() else { return Predicate::Expr(Expr::Bool(false)) };
    let key = Box::new(first.expr.clone());
    Predicate::Expr(match first.ty {
        CastType::Text(_) => Expr::Compare(
            CompareOp::Ne,
            Box::new(Expr::Call(Function::RTrim, vec![*key])),
            Box::new(Expr::Text(String::new())),
        ),
        _ => Expr::IsNull(key, true),
    })
}

/// Rows after a key of this row source (`backward`: before it), whose columns stand in the slots from
/// `first`.
pub fn after_key(row: &RowSource, first: usize, backward: bool) -> Predicate {
    let columns = SourceShape::order(row, backward);
    let slots = (first..first + columns.len()).collect();
    Predicate::After { columns, slots }
}
