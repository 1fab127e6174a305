//! Rules over whole operations, fragments included: variables defined, used and in allowed
//! positions, and the single root field of a subscription.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::{
    Findings,
    structure::reached,
    view::View,
    walk::{Facts, Usage},
};
use crate::graphql::{
    syntax::{Document, Operation, OperationKind, Pos, Selection, SelectionSet, ValueNode, VariableDef},
    types::{TypeDef, TypeRef},
};

/// NoUndefinedVariables, NoUnusedVariables, VariablesInAllowedPosition, SingleFieldSubscriptions.
pub fn check(view: View<'_>, document: &Document, facts: &Facts<'_>, found: &mut Findings) {
    for (index, operation) in document.operations.iter().enumerate() {
        let fragments = reached(document, &operation.selection);
        let usages: Vec<&Usage<'_>> = facts
            .by_operation
            .get(index)
            .into_iter()
            .chain(fragments.iter().filter_map(|fragment| facts.by_fragment.get(*fragment)))
            .flatten()
            .collect();
        variables(view, operation, &usages, found);
        if operation.kind == OperationKind::Subscription
            && let Some(root) = view.root(OperationKind::Subscription)
        {
            single_field(view, document, operation, root, found);
        }
    }
}

fn variables(view: View<'_>, operation: &Operation, usages: &[&Usage<'_>], found: &mut Findings) {
    let named = operation.name.as_ref().map(|name| &name.name);
    let definitions: IndexMap<&str, &VariableDef> =
        operation.variables.iter().map(|definition| (&*definition.name.name, definition)).collect();
    let mut used = HashSet::new();
    for usage in usages {
        used.insert(&**usage.name);
        let Some(definition) = definitions.get(&**usage.name) else {
            found.add(
                match named {
                    Some(name) => {
                        format!("Variable \"${}\" is not defined by operation \"{name}\".", usage.name)
                    }
                    None => format!("Variable \"${}\" is not defined.", usage.name),
                },
                &[usage.pos, operation.pos],
            );
            continue;
        };
        // An unknown variable type is another rule's business.
        if view.get(definition.ty.name()).is_none() {
            continue;
        }
        if let Some(expected) = &usage.ty
            && !allowed(view, definition, expected, usage.has_default)
        {
            found.add(
                format!(
                    "Variable \"${}\" of type \"{}\" used in position expecting type \"{expected}\".",
                    usage.name, definition.ty
                ),
                &[definition.name.pos, usage.pos],
            );
        }
    }
    for definition in &operation.variables {
        if !used.contains(&*definition.name.name) {
            found.add(
                match named {
                    Some(name) => {
                        format!(
                            "Variable \"${}\" is never used in operation \"{name}\".",
                            definition.name.name
                        )
                    }
                    None => format!("Variable \"${}\" is never used.", definition.name.name),
                },
                &[definition.name.pos],
            );
        }
    }
}

fn allowed(view: View<'_>, definition: &VariableDef, expected: &TypeRef, has_default: bool) -> bool {
    if let (TypeRef::NonNull(inner), false) = (expected, definition.ty.is_non_null()) {
        let own_default =
            definition.default.as_ref().is_some_and(|default| !matches!(default.node, ValueNode::Null));
        return (own_default || has_default) && view.is_subtype(&definition.ty, inner);
    }
    view.is_subtype(&definition.ty, expected)
}

/// The fields that the root of a subscription selects, by response key. Conditions are taken as met:
/// an operation must have one root field whatever its variables are.
fn single_field(
    view: View<'_>,
    document: &Document,
    operation: &Operation,
    root: &TypeDef,
    found: &mut Findings,
) {
    let mut fields: IndexMap<&str, Vec<(Pos, &str)>> = IndexMap::new();
    let mut seen = HashSet::new();
    let mut open: Vec<&SelectionSet> = vec![&operation.selection];
    let applies = |on: &str| on == root.name || view.is_sub(on, root);
    while let Some(set) = open.pop() {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    fields.entry(field.response_key()).or_default().push((field.pos, &field.name.name));
                }
                Selection::Inline(inline) => {
                    if inline.on.as_ref().is_none_or(|on| applies(&on.name)) {
                        open.push(&inline.selection);
                    }
                }
                Selection::Spread(spread) => {
                    if let Some(fragment) = document.fragment(&spread.name.name)
                        && seen.insert(&*spread.name.name)
                        && applies(&fragment.on.name)
                    {
                        open.push(&fragment.selection);
                    }
                }
            }
        }
    }
    let who = operation.name.as_ref().map_or_else(
        || "Anonymous Subscription".to_owned(),
        |name| format!("Subscription \"{}\"", name.name),
    );
    if fields.len() > 1 {
        let places: Vec<Pos> = fields.values().skip(1).flatten().map(|(pos, _)| *pos).collect();
        found.add(format!("{who} must select only one top level field."), &places);
    }
    for nodes in fields.values() {
        if nodes.first().is_some_and(|(_, name)| name.starts_with("__")) {
            let places: Vec<Pos> = nodes.iter().map(|(pos, _)| *pos).collect();
            found.add(format!("{who} must not select an introspection top level field."), &places);
        }
    }
}
