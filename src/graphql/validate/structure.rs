//! Rules that need no types: names of operations and fragments, cycles, use of fragments, depth.

use std::collections::{HashMap, HashSet};

use super::Findings;
use crate::graphql::{
    error::{Code, GraphqlError},
    syntax::{Document, MAX_NESTING, Pos, Selection, SelectionSet, Spread},
};

/// Lists of types that introspection may nest (graphql-js's `MaxIntrospectionDepth`).
const MAX_INTROSPECTION_LISTS: usize = 3;

/// LoneAnonymousOperation, UniqueOperationNames, UniqueFragmentNames.
pub fn names(document: &Document, found: &mut Findings) {
    let mut seen: HashMap<&str, Pos> = HashMap::new();
    for operation in &document.operations {
        match &operation.name {
            None if document.operations.len() > 1 => {
                found.add("This anonymous operation must be the only defined operation.", &[operation.pos]);
            }
            None => {}
            Some(name) => {
                if let Some(first) = seen.insert(&name.name, name.pos) {
                    found.add(
                        format!("There can be only one operation named \"{}\".", name.name),
                        &[first, name.pos],
                    );
                }
            }
        }
    }
    let mut seen: HashMap<&str, Pos> = HashMap::new();
    for fragment in &document.fragments {
        if let Some(first) = seen.insert(&fragment.name.name, fragment.name.pos) {
            found.add(
                format!("There can be only one fragment named \"{}\".", fragment.name.name),
                &[first, fragment.name.pos],
            );
        }
    }
}

/// All spreads of a selection set, inline fragments and fields included.
pub fn spreads(set: &SelectionSet) -> Vec<&Spread> {
    let mut found = Vec::new();
    let mut open = vec![set];
    while let Some(set) = open.pop() {
        for item in &set.items {
            match item {
                Selection::Field(field) => open.extend(&field.selection),
                Selection::Inline(inline) => open.push(&inline.selection),
                Selection::Spread(spread) => found.push(spread),
            }
        }
    }
    found
}

/// Indices of the fragments that a selection set reaches, each once.
pub fn reached(document: &Document, set: &SelectionSet) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    let mut open = vec![set];
    while let Some(set) = open.pop() {
        for spread in spreads(set) {
            if let Some(index) = document.by_name.get(&spread.name.name).copied()
                && seen.insert(index)
            {
                order.push(index);
                open.extend(document.fragments.get(index).map(|fragment| &fragment.selection));
            }
        }
    }
    order
}

/// KnownFragmentNames, NoUnusedFragments, NoFragmentCycles. Whether there is no cycle.
pub fn fragments(document: &Document, found: &mut Findings) -> bool {
    let sets = document
        .operations
        .iter()
        .map(|o| &o.selection)
        .chain(document.fragments.iter().map(|f| &f.selection));
    for spread in sets.flat_map(spreads) {
        if document.fragment(&spread.name.name).is_none() {
            found.add(format!("Unknown fragment \"{}\".", spread.name.name), &[spread.name.pos]);
        }
    }
    let used: HashSet<&str> = document
        .operations
        .iter()
        .flat_map(|operation| reached(document, &operation.selection))
        .filter_map(|index| document.fragments.get(index))
        .map(|fragment| &*fragment.name.name)
        .collect();
    for fragment in &document.fragments {
        if !used.contains(&*fragment.name.name) {
            found.add(format!("Fragment \"{}\" is never used.", fragment.name.name), &[fragment.pos]);
        }
    }
    cycles(document, found)
}

/// Depth-first without recursion, so that a chain of thousands of fragments is no danger.
fn cycles(document: &Document, found: &mut Findings) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let edges: Vec<Vec<(usize, Pos)>> = document
        .fragments
        .iter()
        .map(|fragment| {
            spreads(&fragment.selection)
                .into_iter()
                .filter_map(|s| document.by_name.get(&s.name.name).map(|index| (*index, s.pos)))
                .collect()
        })
        .collect();
    let mut state = vec![State::New; edges.len()];
    let mut acyclic = true;
    for root in 0..edges.len() {
        if state.get(root) != Some(&State::New) {
            continue;
        }
        // Each entry: a fragment, and how many of its spreads were followed.
        let mut path: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let at = *node;
            if *next == 0
                && let Some(state) = state.get_mut(at)
            {
                *state = State::Open;
            }
            let Some((target, pos)) = edges.get(at).and_then(|e| e.get(*next)).copied() else {
                if let Some(state) = state.get_mut(at) {
                    *state = State::Done;
                }
                path.pop();
                continue;
            };
            *next += 1;
            match state.get(target) {
                Some(State::New) => path.push((target, 0)),
                Some(State::Open) => {
                    acyclic = false;
                    let start = path.iter().position(|(node, _)| *node == target).unwrap_or(0);
                    let name = |index: usize| document.fragments.get(index).map_or("", |f| &f.name.name);
                    let via: Vec<String> =
                        path.iter().skip(start + 1).map(|(node, _)| format!("\"{}\"", name(*node))).collect();
                    let via = if via.is_empty() { String::new() } else { format!(" via {}", via.join(", ")) };
                    found.add(
                        format!("Cannot spread fragment \"{}\" within itself{via}.", name(target)),
                        &[pos],
                    );
                }
                _ => {}
            }
        }
    }
    acyclic
}

/// An error when selections, fragments unfolded, nest deeper than any visitor should go. Only for
/// documents without fragment cycles.
pub fn too_deep(document: &Document) -> Option<GraphqlError> {
    /// The depth of a set whose fragments are measured.
    fn depth(set: &SelectionSet, document: &Document, known: &[Option<usize>]) -> usize {
        set.items
            .iter()
            .map(|item| match item {
                Selection::Field(field) => {
                    field.selection.as_ref().map_or(0, |set| depth(set, document, known))
                }
                Selection::Inline(inline) => depth(&inline.selection, document, known),
                Selection::Spread(spread) => document
                    .by_name
                    .get(&spread.name.name)
                    .and_then(|index| known.get(*index).copied().flatten())
                    .unwrap_or(0),
            })
            .max()
            .unwrap_or(0)
            + 1
    }
    let mut known: Vec<Option<usize>> = vec![None; document.fragments.len()];
    for root in 0..document.fragments.len() {
        let mut open = vec![root];
        while let Some(index) = open.last().copied() {
            let Some(fragment) = document.fragments.get(index) else { break };
            let before = open.len();
            if known.get(index).copied().flatten().is_none() {
                for spread in spreads(&fragment.selection) {
                    if let Some(target) = document.by_name.get(&spread.name.name).copied()
                        && known.get(target).copied().flatten().is_none()
                    {
                        open.push(target);
                    }
                }
            }
            if open.len() == before {
                let measured = depth(&fragment.selection, document, &known);
                if let Some(slot) = known.get_mut(index) {
                    *slot = Some(measured);
                }
                open.pop();
            }
        }
    }
    document.operations.iter().find(|o| depth(&o.selection, document, &known) > MAX_NESTING).map(
        |operation| {
            GraphqlError::new(
                Code::TooDeep,
                format!(
                    "The operation nests more than {MAX_NESTING} levels once its fragments are unfolded; this bound \
                     is fixed (limits.depth sets, below it, how deep fields may nest). Ask for fewer levels at once."
                ),
            )
            .at(operation.pos.line as usize, operation.pos.column as usize)
            .with("limit", "nesting")
            .with("maximum", MAX_NESTING)
        },
    )
}

/// MaxIntrospectionDepth: `__schema` and `__type` must not be asked for ever deeper lists.
pub fn introspection(document: &Document, found: &mut Findings) {
    let sets = document
        .operations
        .iter()
        .map(|o| &o.selection)
        .chain(document.fragments.iter().map(|f| &f.selection));
    let mut open: Vec<&SelectionSet> = sets.collect();
    let mut checked = HashMap::new();
    while let Some(set) = open.pop() {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let root = matches!(&*field.name.name, "__schema" | "__type");
                    if root && lists_too_deep(item, document, 0, &mut checked) {
                        found.add("Maximum introspection depth exceeded", &[field.pos]);
                    } else {
                        open.extend(&field.selection);
                    }
                }
                Selection::Inline(inline) => open.push(&inline.selection),
                Selection::Spread(_) => {}
            }
        }
    }
}

/// Whether lists nest too deep below; `checked` holds, per fragment, the greatest depth at which it
/// passed.
fn lists_too_deep<'a>(
    item: &'a Selection,
    document: &'a Document,
    mut depth: usize,
    checked: &mut HashMap<&'a str, usize>,
) -> bool {
    let set = match item {
        Selection::Field(field) => {
            if matches!(&*field.name.name, "fields" | "interfaces" | "possibleTypes" | "inputFields") {
                depth += 1;
                if depth >= MAX_INTROSPECTION_LISTS {
                    return true;
                }
            }
            field.selection.as_ref()
        }
        Selection::Inline(inline) => Some(&inline.selection),
        Selection::Spread(spread) => {
            if checked.get(&*spread.name.name).is_some_and(|passed| *passed >= depth) {
                return false;
            }
            let Some(fragment) = document.fragment(&spread.name.name) else { return false };
            let deep =
                fragment.selection.items.iter().any(|item| lists_too_deep(item, document, depth, checked));
            if !deep {
                checked.insert(&fragment.name.name, depth);
            }
            return deep;
        }
    };
    set.is_some_and(|set| set.items.iter().any(|item| lists_too_deep(item, document, depth, checked)))
}
