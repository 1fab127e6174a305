//! Lists of child records merged by rule: UNION by key with tombstones, or the first source that
//! has rows.

use std::{collections::HashSet, sync::Arc};

use super::{
    batch::{Batch, Cause},
    model::{ListField, Model, OnUnknown, Rule, SourceId},
    shape::Attribute,
};
use crate::value::{KeyCompare, Value};

/// One item of a merged list.
#[derive(Clone, Copy, Debug)]
pub struct ListItem<'a> {
    /// Which source gave it.
    pub source: SourceId,
    /// Its fields, in the list's column order.
    pub fields: &'a [Value],
}

/// A merged list.
#[derive(Clone, Debug, Default)]
pub struct MergedList<'a> {
    /// The items, in order.
    pub items: Vec<ListItem<'a>>,
    /// Sources that gave an item.
    pub winners: Vec<SourceId>,
    /// The items are the inherited record's.
    pub inherited: bool,
    /// An unreachable source that could have added or taken away was passed over.
    pub degraded: Option<Arc<Cause>>,
}

/// What one source says of a list.
#[derive(Clone, Debug)]
pub enum ListCell<'a> {
    /// Rows: (removed, fields).
    Rows(Vec<(bool, &'a [Value])>),
    /// Deliberately empty.
    Empty,
    /// Answered with no rows, or does not know the list.
    Absent,
    /// Could not be read.
    Unknown(Arc<Cause>),
}

impl Batch {
    /// What a source says of a list.
    pub fn list_cell(&self, model: &Model, source: SourceId, list: usize, record: u32) -> ListCell<'_> {
        let Some(shape) = self.shape.sources.get(source).and_then(Option::as_ref) else {
            return ListCell::Absent;
        };
        let Some(part) = self.parts.get(source).and_then(Option::as_ref) else { return ListCell::Absent };
        if let Some(cause) = &part.markers_failed {
            return ListCell::Unknown(cause.clone());
        }
        if part.markers.of(record, Attribute::List(list)).next().is_some() {
            return ListCell::Empty;
        }
        let Some(n) = shape.children.iter().position(|c| c.lists.contains(&list)) else {
            return ListCell::Absent;
        };
        let (child, Some(rows)) = (&shape.children[n], part.children.get(n)) else { return ListCell::Absent };
        if let Some(cause) = &rows.failed {
            return ListCell::Unknown(cause.clone());
        }
        let width = model.entities[self.shape.entity].lists[list].columns.len();
        let items: Vec<_> = rows
            .of
            .get(record as usize)
            .into_iter()
            .flatten()
            .map(|row| {
                let row = rows.rows.row(*row as usize);
                let removed = matches!(row.get(child.branch + 1), Some(Value::Bool(true)));
                (removed, row.get(child.fields..child.fields + width).unwrap_or(&[]))
            })
            .collect();
        if items.is_empty() { ListCell::Absent } else { ListCell::Rows(items) }
    }

    /// A list's merged items. `Err` is a field error.
    pub fn list(&self, model: &Model, list: usize, record: u32) -> Result<MergedList<'_>, Arc<Cause>> {
        let l = &model.entities[self.shape.entity].lists[list];
        let mut merged = MergedList::default();
        let mut seen: HashSet<String> = HashSet::new();
        let mut answered = false;
        for source in &l.sources {
            let rows = match self.list_cell(model, *source, list, record) {
                ListCell::Absent => continue,
                ListCell::Unknown(cause) => {
                    if l.on_unknown == OnUnknown::Fail {
                        return Err(cause);
                    }
                    merged.degraded.get_or_insert(cause);
                    continue;
                }
                ListCell::Empty => {
                    answered = true;
                    merged.winners.push(*source);
                    break;
                }
                ListCell::Rows(rows) => rows,
            };
            answered = true;
            let before = merged.items.len();
            for (removed, fields) in rows {
                if l.rule == Rule::Union && !seen.insert(item_key(l, fields)) {
                    continue;
                }
                if !removed {
                    merged.items.push(ListItem { source: *source, fields });
                }
            }
            if merged.items.len() > before {
                merged.winners.push(*source);
            }
            if l.rule != Rule::Union {
                break;
            }
        }
        if !answered && l.inherit {
            return self.inherited_list(model, l, record, merged);
        }
        Ok(merged)
    }

    fn inherited_list<'a>(
        &'a self,
        model: &Model,
        l: &ListField,
        record: u32,
        own: MergedList<'a>,
    ) -> Result<MergedList<'a>, Arc<Cause>> {
        if let Some(cause) = &self.parent_failed {
            return if l.on_unknown == OnUnknown::Fail { Err(cause.clone()) } else { Ok(own) };
        }
        let Some((parent, index)) = &self.parent else { return Ok(own) };
        let Some(theirs) = model.entities[parent.shape.entity].lists.get_index_of(l.name.as_str()) else {
            return Ok(own);
        };
        match index.get(record as usize).copied().filter(|r| *r < super::batch::DUPLICATE) {
            Some(record) => {
                let mut list = parent.list(model, theirs, record)?;
                list.inherited = true;
                list.degraded = list.degraded.or(own.degraded);
                Ok(list)
            }
            None => Ok(own),
        }
    }
}

/// The de-duplication key of an item: its key fields as text, case-blind.
fn item_key(l: &ListField, fields: &[Value]) -> String {
    let mut key = String::new();
    for name in &l.key {
        if let Some(i) = l.columns.get_index_of(name.as_str()) {
            match fields.get(i) {
                Some(Value::Text(text)) => key.push_str(&KeyCompare::CiAs.fold(text)),
                Some(Value::Int(n)) => key.push_str(&n.to_string()),
                Some(Value::Null) | None => {}
                Some(other) => key.push_str(&format!("{other:?}")),
            }
        }
        key.push('\u{0}');
    }
    key
}
