//! What a selection needs of an entity, and what that leans on.

use std::collections::BTreeSet;

use crate::federation::model::{Default_, EntityId, FieldId, Model};

/// What a selection needs of an entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Want {
    /// Fields by id.
    pub fields: BTreeSet<FieldId>,
    /// Lists by index.
    pub lists: BTreeSet<usize>,
    /// The change columns (`updatedAt`).
    pub changes: bool,
    /// What is wanted of the inherited entity, beside what inheritance itself needs.
    pub inherited: Option<Box<Want>>,
}

impl Want {
    /// Adds another want to this one.
    pub fn merge(&mut self, other: &Self) {
        self.fields.extend(&other.fields);
        self.lists.extend(&other.lists);
        self.changes |= other.changes;
        if let Some(theirs) = &other.inherited {
            self.inherited.get_or_insert_with(Box::default).merge(theirs);
        }
    }

    /// Whether another want holds all of this one.
    pub fn within(&self, other: &Self) -> bool {
        self.fields.is_subset(&other.fields)
            && self.lists.is_subset(&other.lists)
            && (other.changes || !self.changes)
            && self
                .inherited
                .as_deref()
                .is_none_or(|mine| other.inherited.as_deref().is_some_and(|theirs| mine.within(theirs)))
    }

    /// Everything an entity has.
    pub fn all(model: &Model, entity: EntityId) -> Self {
        let e = &model.entities[entity];
        let mut want = Self {
            fields: (0..e.fields.len()).collect(),
            lists: (0..e.lists.len()).collect(),
            changes: true,
            inherited: None,
        };
        want.close(model, entity);
        want
    }

    /// Adds what the wanted fields lean on: fields of defaults, group leaders, visibility, and what
    /// is inherited.
    pub fn close(&mut self, model: &Model, entity: EntityId) {
        let e = &model.entities[entity];
        if let Some(published) = e.fields.get_index_of("published") {
            self.fields.insert(published);
        }
        let mut todo: Vec<FieldId> = self.fields.iter().copied().collect();
        while let Some(id) = todo.pop() {
            let field = &e.fields[id];
            let group = field.group.as_ref().map(|g| g.leader);
            let default = match field.default {
                Some(Default_::Field(other)) => Some(other),
                _ => None,
            };
            for other in group.into_iter().chain(default) {
                if self.fields.insert(other) {
                    todo.push(other);
                }
            }
        }
        if let Some(parent) = e.inherits {
            let inherited = self.inherited.get_or_insert_with(Box::default);
            for id in &self.fields {
                if let Some(theirs) = e.fields[*id].inherit {
                    inherited.fields.insert(theirs);
                }
            }
            for id in &self.lists {
                if e.lists[*id].inherit
                    && let Some(theirs) =
                        model.entities[parent].lists.get_index_of(e.lists[*id].name.as_str())
                {
                    inherited.lists.insert(theirs);
                }
            }
            inherited.close(model, parent);
        }
    }
}
