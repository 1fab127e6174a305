//! The departments of a shop as one tree: the ERP's, completed and overridden by the overlay, with
//! the overlay's own departments among them. Read once per request, for everything in it that
//! speaks of departments.

use std::{collections::HashMap, sync::Arc};

use crate::{
    config::{DepartmentsConfig, Tree as TreeKind},
    federation::{
        batch::{Batch, NONE},
        engine::{Ask, Engine, Fault},
        merge::Cell,
        shape::Shape,
    },
    value::{KeyCompare, Value},
};

/// All departments of a request.
#[derive(Debug)]
pub struct Tree {
    /// Every department, on the web or not.
    pub batch: Arc<Batch>,
    /// The department above, or [`NONE`] at the root.
    pub parent: Vec<u32>,
    /// The departments directly under each, in order.
    pub children: Vec<Vec<u32>>,
    /// The departments at the root, in order.
    pub roots: Vec<u32>,
    /// Whether each is on the web: itself, and everything above it.
    pub shown: Vec<bool>,
    /// Whether the viewer sees each.
    pub seen: Vec<bool>,
    compare: KeyCompare,
    by_code: HashMap<String, u32>,
}

impl Tree {
    /// Reads the tree.
    pub async fn load(
        engine: &Engine,
        ask: &Ask,
        shape: &Arc<Shape>,
        config: &DepartmentsConfig,
    ) -> Result<Self, Fault> {
        let compare = engine.compare(shape.entity);
        let own = |code: &str| is_own(config, compare, code);
        let batch = engine.all(ask, shape, &own).await?;
        let e = &engine.model.entities[shape.entity];
        let count = u32::try_from(batch.len()).unwrap_or(0);
        let by_code: HashMap<String, u32> =
            (0..count).map(|r| (compare.fold(batch.code(r)).into_owned(), r)).collect();
        let kept = |r: u32| {
            config.tree != TreeKind::Isoshop || e.maps.len() < 2 || held_by_overlay(&batch, e.decides, r)
        };

        let parent_field = e.fields.get_index_of("parentCode");
        let erp_only = config.tree == TreeKind::Erp;
        let mut parent = vec![NONE; batch.len()];
        for r in 0..count {
            let Some(field) = parent_field else { break };
            let code = if erp_only {
                match batch.cell(&engine.model, e.decides, field, r, false) {
                    Cell::Value(value) => value.as_str(),
                    _ => None,
                }
            } else {
                batch.merged(&engine.model, field, r).ok().and_then(|m| m.value.as_str())
            };
            let above = code.and_then(|c| by_code.get(&*compare.fold(c)).copied()).filter(|p| kept(*p));
            parent[r as usize] = above.unwrap_or(NONE);
        }
        break_cycles(&mut parent);

        let position_field = e.fields.get_index_of("position");
        let mut order: Vec<(i64, bool, u32, Option<Place<'_>>)> = (0..count)
            .filter(|r| kept(*r))
            .map(|r| {
                let position = position_field
                    .and_then(|f| batch.merged(&engine.model, f, r).ok())
                    .map(|m| m.value.clone());
                let position = match position {
                    Some(Value::Int(n)) => n,
                    _ => i64::MAX,
                };
                (position, batch.owner[r as usize] != e.decides, r, engine.place(&batch, r))
            })
            .collect();
        order.sort_by(|a, b| {
            let codes = || batch.code(a.2).cmp(batch.code(b.2));
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| by_key(a.3, b.3).unwrap_or_else(codes))
        });
        let mut children = vec![Vec::new(); batch.len()];
        let mut roots = Vec::new();
        for (_, _, r, _) in order {
            match parent[r as usize] {
                NONE => roots.push(r),
                p => children[p as usize].push(r),
            }
        }
        let mut shown = vec![false; batch.len()];
        let mut todo: Vec<u32> = roots.clone();
        while let Some(r) = todo.pop() {
            if engine.visible(&batch, r).map_err(Fault::Source)? {
                shown[r as usize] = true;
                todo.extend(&children[r as usize]);
            }
        }
        let seen = shown.clone();
        Ok(Self { batch: Arc::new(batch), parent, children, roots, shown, seen, compare, by_code })
    }

    /// A department by its code.
    pub fn find(&self, code: &str) -> Option<u32> {
        self.by_code.get(&*self.compare.fold(code)).copied()
    }

    /// Root first, itself last.
    pub fn path(&self, record: u32) -> Vec<u32> {
        let mut path = vec![record];
        let mut at = record;
        while let Some(above) = self.parent.get(at as usize).copied().filter(|p| *p != NONE) {
            path.push(above);
            at = above;
        }
        path.reverse();
        path
    }

    /// A department and everything under it that the viewer sees.
    pub fn under(&self, record: u32) -> Vec<u32> {
        self.below(record, |r| self.sees(r))
    }

    /// A department and those under it that are kept, each reached by kept ones.
    pub fn below(&self, record: u32, keep: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut all = vec![record];
        let mut at = 0;
        while let Some(r) = all.get(at).copied() {
            all.extend(self.children[r as usize].iter().filter(|c| keep(**c)));
            at += 1;
        }
        all
    }

    /// Whether the viewer sees a department.
    pub fn sees(&self, record: u32) -> bool {
        self.seen.get(record as usize).copied().unwrap_or(false)
    }

    /// The departments that stand at the top for the viewer: it sees them, and not the one above. In the tree's order.
    pub fn tops(&self) -> Vec<u32> {
        let mut tops = Vec::new();
        let mut todo: Vec<u32> = self.roots.iter().rev().copied().collect();
        while let Some(r) = todo.pop() {
            if self.sees(r) {
                tops.push(r);
            } else {
                todo.extend(self.children[r as usize].iter().rev());
            }
        }
        tops
    }
}

/// Whether a department of this code is the overlay's own.
pub(crate) fn is_own(config: &DepartmentsConfig, compare: KeyCompare, code: &str) -> bool {
    match config.tree {
        TreeKind::Erp => false,
        TreeKind::Isoshop => true,
        TreeKind::Merged => {
            let code = compare.fold(code);
            (!config.own_prefix.is_empty() && code.starts_with(&*compare.fold(&config.own_prefix)))
                || config.own_codes.iter().any(|c| compare.fold(c) == code)
        }
    }
}

/// Whether a source other than the deciding one has a row of the record.
fn held_by_overlay(batch: &Batch, decides: usize, record: u32) -> bool {
    (0..batch.parts.len()).any(|s| s != decides && batch.row(s, record).is_some())
}

/// Where a record stands in its source: row source and native key.
type Place<'a> = (usize, &'a [Value]);

/// The order of native keys as typed; none where a record has none.
fn by_key(a: Option<Place<'_>>, b: Option<Place<'_>>) -> Option<std::cmp::Ordering> {
    let ((row, key), (other, theirs)) = (a?, b?);
    let keys = key.iter().zip(theirs).map(|(x, y)| x.compare(y));
    Some(row.cmp(&other).then_with(|| keys.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)))
}

/// Hangs at the root whatever would be above itself: of a cycle, the record that comes first.
fn break_cycles(parent: &mut [u32]) {
    let mut state = vec![0u8; parent.len()];
    for start in 0..parent.len() {
        let mut path = Vec::new();
        let mut at = start;
        loop {
            if state[at] == 2 {
                break;
            }
            if state[at] == 1 {
                // Of the cycle's members the one met first in record order goes to the root.
                let cycle: Vec<usize> = path.iter().copied().skip_while(|r| *r != at).collect();
                if let Some(first) = cycle.iter().min() {
                    parent[*first] = NONE;
                }
                break;
            }
            state[at] = 1;
            path.push(at);
            match parent[at] {
                NONE => break,
                above => at = above as usize,
            }
        }
        for r in path {
            state[r] = 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_hangs_at_the_root_and_keeps_its_members() {
        let mut parent = vec![1, 2, 0, 0, 4];
        break_cycles(&mut parent);
        assert_eq!(parent, vec![NONE, 2, 0, 0, NONE]);
    }
}
