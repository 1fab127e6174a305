//! Which fields an object answers: the specification's CollectFields, with fragments, type conditions,
//! `@skip` and `@include`, in the order in which response keys first appear.
//!
//! Plans are cached, so conditions do not depend on a request's variables as such but on the values of
//! the few variables that stand in conditions: [`Conditions`], which is part of a plan's cache key.

use std::{collections::HashSet, sync::Arc};

use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{
    coerce::Variables,
    error::{Code, GraphqlError},
    syntax::{Argument, Directive, Document, Field, Pos, Selection, SelectionSet, ValueNode},
    types::TypeSystem,
    validate::View,
};

/// The values of the variables that decide what is skipped and included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Conditions(Vec<(Arc<str>, bool)>);

impl Conditions {
    /// Takes the values out of a request's variables.
    ///
    /// # Errors
    /// `BAD_VARIABLE` when one is null or absent: `@skip` and `@include` need a boolean.
    pub fn of(names: &[Arc<str>], variables: &Variables) -> Result<Self, GraphqlError> {
        names
            .iter()
            .map(|name| match variables.get(name) {
                Some(ConstValue::Boolean(value)) => Ok((name.clone(), *value)),
                _ => Err(GraphqlError::new(
                    Code::BadVariable,
                    format!("Argument \"if\" of non-null type \"Boolean!\" must not be null: give variable \"${name}\" a value."),
                )
                .with("variable", &**name)),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn get(&self, name: &str) -> bool {
        self.0.iter().any(|(known, value)| &**known == name && *value)
    }
}

/// A field that an object answers, with all nodes that were merged into it.
#[derive(Clone, Debug)]
pub struct Selected<'d> {
    /// Its key in the answer.
    pub response_key: Arc<str>,
    /// Its name in the type.
    pub name: Arc<str>,
    /// The field nodes in order; never empty.
    pub nodes: Vec<&'d Field>,
}

impl<'d> Selected<'d> {
    /// Its arguments as written (those of all nodes are the same in a valid document).
    pub fn args(&self) -> &'d [Argument] {
        self.nodes.first().map_or(&[], |field| &field.args)
    }

    /// Where its first node stands.
    pub fn pos(&self) -> Pos {
        self.nodes.first().map(|field| field.pos).unwrap_or_default()
    }

    /// Where all its nodes stand, for errors.
    pub fn places(&self) -> Vec<Pos> {
        self.nodes.iter().map(|field| field.pos).collect()
    }

    /// The selection sets of its nodes: what to collect on the object it answers.
    pub fn sub(&self) -> Vec<&'d SelectionSet> {
        self.nodes.iter().filter_map(|field| field.selection.as_ref()).collect()
    }
}

/// Collects the fields that an object of type `object` answers for the given selection sets.
pub fn collect<'d>(
    document: &'d Document,
    types: &TypeSystem,
    object: &str,
    sets: &[&'d SelectionSet],
    conditions: &Conditions,
) -> Vec<Selected<'d>> {
    let mut collector = Collector {
        document,
        view: View { types },
        object,
        conditions,
        fields: IndexMap::new(),
        seen: HashSet::new(),
    };
    for set in sets {
        collector.set(set);
    }
    collector.fields.into_values().collect()
}

struct Collector<'d, 'c> {
    document: &'d Document,
    view: View<'c>,
    object: &'c str,
    conditions: &'c Conditions,
    fields: IndexMap<&'d str, Selected<'d>>,
    seen: HashSet<&'d str>,
}

impl<'d> Collector<'d, '_> {
    fn set(&mut self, set: &'d SelectionSet) {
        for item in &set.items {
            if !included(item.directives(), |name| self.conditions.get(name)) {
                continue;
            }
            match item {
                Selection::Field(field) => self
                    .fields
                    .entry(field.response_key())
                    .or_insert_with(|| Selected {
                        response_key: field.response_key().clone(),
                        name: field.name.name.clone(),
                        nodes: Vec::with_capacity(1),
                    })
                    .nodes
                    .push(field),
                Selection::Inline(inline) => {
                    if inline.on.as_ref().is_none_or(|on| self.applies(&on.name)) {
                        self.set(&inline.selection);
                    }
                }
                Selection::Spread(spread) => {
                    if !self.seen.insert(&spread.name.name) {
                        continue;
                    }
                    if let Some(fragment) = self.document.fragment(&spread.name.name)
                        && self.applies(&fragment.on.name)
                    {
                        self.set(&fragment.selection);
                    }
                }
            }
        }
    }

    fn applies(&self, condition: &str) -> bool {
        condition == self.object
            || self.view.get(self.object).is_some_and(|object| self.view.is_sub(condition, object))
    }
}

/// Whether `@skip` and `@include` let a selection stand; `variable` says what a boolean variable is.
pub fn included(directives: &[Directive], variable: impl Fn(&str) -> bool) -> bool {
    directives.iter().all(|directive| {
        let wanted = match &*directive.name.name {
            "skip" => false,
            "include" => true,
            _ => return true,
        };
        match directive.arg("if").map(|value| &value.node) {
            Some(ValueNode::Boolean(value)) => *value == wanted,
            Some(ValueNode::Variable(name)) => variable(name) == wanted,
            _ => true,
        }
    })
}

/// The variables that stand in `@skip` and `@include`, in the selections given and in the fragments
/// they reach, each once.
pub fn condition_variables(document: &Document, set: &SelectionSet) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![set];
    while let Some(set) = open.pop() {
        for item in &set.items {
            for directive in item.directives() {
                if matches!(&*directive.name.name, "skip" | "include")
                    && let Some(ValueNode::Variable(name)) = directive.arg("if").map(|value| &value.node)
                    && !names.contains(name)
                {
                    names.push(name.clone());
                }
            }
            match item {
                Selection::Field(field) => open.extend(&field.selection),
                Selection::Inline(inline) => open.push(&inline.selection),
                Selection::Spread(spread) => {
                    if seen.insert(&*spread.name.name) {
                        open.extend(document.fragment(&spread.name.name).map(|fragment| &fragment.selection));
                    }
                }
            }
        }
    }
    names.sort();
    names
}
