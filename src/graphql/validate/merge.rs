//! OverlappingFieldsCanBeMerged, the algorithm of graphql-js 16: fields with one response key must be
//! the same field with the same arguments and mergeable selections, across fragments. Fragment pairs
//! and field-and-fragment pairs are compared once, and the whole work is counted against a budget, so
//! that no document makes it explode. A document that spends it is compared once more with fields that
//! repeat another to the letter left out: they agree with whatever that one agrees with.

use std::{collections::HashMap, fmt::Write as _, rc::Rc};

use indexmap::IndexMap;

use super::{Findings, view::View};
use crate::graphql::{
    syntax::{Document, Field, Pos, Selection, SelectionSet},
    types::{FieldDef, Kind, TypeDef, TypeRef},
};

/// Comparisons before giving up, as graphql-js counts them.
const BUDGET: usize = 500_000;
/// Places that one conflict names.
const MAX_PLACES: usize = 20;
/// Characters of a conflict's explanation.
const MAX_REASON: usize = 1_000;

/// Checks all selection sets.
pub fn check<'a>(
    view: View<'a>,
    document: &'a Document,
    sets: &[(Option<&'a TypeDef>, &'a SelectionSet)],
    found: &mut Findings,
) {
    let conflicts =
        match compare(view, document, sets, false).or_else(|_| compare(view, document, sets, true)) {
            Ok(conflicts) => conflicts,
            Err(pos) => {
                found.add(
                "The selections overlap too much to be compared. Use fewer fragments and repeated fields.",
                &[pos],
            );
                return;
            }
        };
    for conflict in conflicts {
        let mut places = conflict.first;
        places.extend(conflict.second);
        found.add(
            format!(
                "Fields \"{}\" conflict because {}. Use different aliases on the fields to fetch both if this was intentional.",
                conflict.key, conflict.reason
            ),
            &places,
        );
    }
}

/// The conflicts of all sets, or the set at which the budget was spent.
fn compare<'a>(
    view: View<'a>,
    document: &'a Document,
    sets: &[(Option<&'a TypeDef>, &'a SelectionSet)],
    repeated_once: bool,
) -> Result<Conflicts<'a>, Pos> {
    let mut merger = Merger {
        view,
        document,
        repeated_once,
        collected: HashMap::new(),
        compared_fragments: HashMap::new(),
        compared_pairs: HashMap::new(),
        budget: BUDGET,
    };
    let mut all = Vec::new();
    for (parent, set) in sets {
        if set.items.len() <= 1 && !matches!(set.items.first(), Some(Selection::Inline(_))) {
            continue;
        }
        all.extend(merger.within(*parent, set).map_err(|TooMuch| set.pos)?);
    }
    Ok(all)
}

/// The budget is spent.
struct TooMuch;

struct Conflict<'a> {
    key: &'a str,
    reason: String,
    first: Vec<Pos>,
    second: Vec<Pos>,
}

#[derive(Clone, Copy)]
struct Detail<'a> {
    parent: Option<&'a TypeDef>,
    field: &'a Field,
    definition: Option<&'a FieldDef>,
}

/// The fields of a selection set by response key, inline fragments flattened, and the fragments that
/// it spreads.
struct Collected<'a> {
    id: usize,
    fields: IndexMap<&'a str, Vec<Detail<'a>>>,
    fragments: Vec<&'a str>,
}

struct Merger<'a> {
    view: View<'a>,
    document: &'a Document,
    /// Whether fields that repeat another to the letter are left out.
    repeated_once: bool,
    /// By parent type and place of the set in memory (sets do not move while we look).
    collected: HashMap<(&'a str, usize), Rc<Collected<'a>>>,
    /// Collected sets already compared with a fragment, and whether only as mutually exclusive.
    compared_fragments: HashMap<(usize, &'a str), bool>,
    /// Fragments already compared with each other, and whether only as mutually exclusive.
    compared_pairs: HashMap<(&'a str, &'a str), bool>,
    budget: usize,
}

type Conflicts<'a> = Vec<Conflict<'a>>;

impl<'a> Merger<'a> {
    fn spend(&mut self, cost: usize) -> Result<(), TooMuch> {
        self.budget = self.budget.checked_sub(cost).ok_or(TooMuch)?;
        Ok(())
    }

    fn collect(&mut self, parent: Option<&'a TypeDef>, set: &'a SelectionSet) -> Rc<Collected<'a>> {
        let key = (parent.map_or("", |p| p.name.as_str()), std::ptr::from_ref(set) as usize);
        if let Some(known) = self.collected.get(&key) {
            return known.clone();
        }
        let mut out = Collected { id: self.collected.len(), fields: IndexMap::new(), fragments: Vec::new() };
        self.gather(parent, set, &mut out);
        let out = Rc::new(out);
        self.collected.insert(key, out.clone());
        out
    }

    fn gather(&self, parent: Option<&'a TypeDef>, set: &'a SelectionSet, out: &mut Collected<'a>) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    // Not `__typename`: graphql-js compares it by name and arguments alone.
                    let definition = parent.and_then(|parent| match &parent.kind {
                        Kind::Object { fields, .. } | Kind::Interface { fields, .. } => {
                            fields.get(&*field.name.name)
                        }
                        _ => None,
                    });
                    let known = out.fields.entry(field.response_key()).or_default();
                    let repeats = |other: &Detail<'a>| {
                        other.parent.map(|p| &p.name) == parent.map(|p| &p.name)
                            && same_field(other.field, field)
                    };
                    if !self.repeated_once || !known.iter().any(repeats) {
                        known.push(Detail { parent, field, definition });
                    }
                }
                Selection::Spread(spread) => {
                    if !out.fragments.contains(&&*spread.name.name) {
                        out.fragments.push(&spread.name.name);
                    }
                }
                Selection::Inline(inline) => {
                    let on = match &inline.on {
                        Some(on) => self.view.get(&on.name),
                        None => parent,
                    };
                    self.gather(on, &inline.selection, out);
                }
            }
        }
    }

    fn fragment(&mut self, name: &str) -> Option<Rc<Collected<'a>>> {
        let document = self.document;
        let fragment = document.fragment(name)?;
        Some(self.collect(self.view.get(&fragment.on.name), &fragment.selection))
    }

    fn within(
        &mut self,
        parent: Option<&'a TypeDef>,
        set: &'a SelectionSet,
    ) -> Result<Conflicts<'a>, TooMuch> {
        let mut conflicts = Vec::new();
        let collected = self.collect(parent, set);
        for (key, fields) in &collected.fields {
            for (i, first) in fields.iter().enumerate() {
                for second in fields.iter().skip(i + 1) {
                    conflicts.extend(self.conflict(false, key, *first, *second)?);
                }
            }
        }
        for (i, name) in collected.fragments.iter().enumerate() {
            self.fields_and_fragment(&mut conflicts, false, &collected, name)?;
            for other in collected.fragments.iter().skip(i + 1) {
                self.two_fragments(&mut conflicts, false, name, other)?;
            }
        }
        Ok(conflicts)
    }

    fn fields_and_fragment(
        &mut self,
        conflicts: &mut Conflicts<'a>,
        exclusive: bool,
        collected: &Rc<Collected<'a>>,
        name: &'a str,
    ) -> Result<(), TooMuch> {
        self.spend(1)?;
        if collected.fields.is_empty() {
            return Ok(());
        }
        match self.compared_fragments.get(&(collected.id, name)) {
            Some(false) => return Ok(()),
            Some(true) if exclusive => return Ok(()),
            _ => {}
        }
        self.compared_fragments.insert((collected.id, name), exclusive);
        let Some(other) = self.fragment(name) else { return Ok(()) };
        if other.id == collected.id {
            return Ok(());
        }
        self.between(conflicts, exclusive, collected, &other)?;
        for name in &other.fragments {
            self.fields_and_fragment(conflicts, exclusive, collected, name)?;
        }
        Ok(())
    }

    fn two_fragments(
        &mut self,
        conflicts: &mut Conflicts<'a>,
        exclusive: bool,
        first: &'a str,
        second: &'a str,
    ) -> Result<(), TooMuch> {
        self.spend(2)?;
        if first == second {
            return Ok(());
        }
        let pair = if first < second { (first, second) } else { (second, first) };
        match self.compared_pairs.get(&pair) {
            Some(false) => return Ok(()),
            Some(true) if exclusive => return Ok(()),
            _ => {}
        }
        self.compared_pairs.insert(pair, exclusive);
        let (Some(one), Some(two)) = (self.fragment(first), self.fragment(second)) else { return Ok(()) };
        self.between(conflicts, exclusive, &one, &two)?;
        for name in &two.fragments {
            self.two_fragments(conflicts, exclusive, first, name)?;
        }
        for name in &one.fragments {
            self.two_fragments(conflicts, exclusive, name, second)?;
        }
        Ok(())
    }

    fn between(
        &mut self,
        conflicts: &mut Conflicts<'a>,
        exclusive: bool,
        one: &Rc<Collected<'a>>,
        two: &Rc<Collected<'a>>,
    ) -> Result<(), TooMuch> {
        for (key, fields) in &one.fields {
            self.spend(1)?;
            let Some(others) = two.fields.get(key) else { continue };
            for first in fields {
                for second in others {
                    conflicts.extend(self.conflict(exclusive, key, *first, *second)?);
                }
            }
        }
        Ok(())
    }

    fn conflict(
        &mut self,
        exclusive: bool,
        key: &'a str,
        first: Detail<'a>,
        second: Detail<'a>,
    ) -> Result<Option<Conflict<'a>>, TooMuch> {
        self.spend(2)?;
        let is_object = |ty: Option<&TypeDef>| ty.is_some_and(|t| matches!(t.kind, Kind::Object { .. }));
        let exclusive = exclusive
            || (first.parent.map(|p| &p.name) != second.parent.map(|p| &p.name)
                && is_object(first.parent)
                && is_object(second.parent));
        let conflict = |reason: String| {
            Ok(Some(Conflict { key, reason, first: vec![first.field.pos], second: vec![second.field.pos] }))
        };
        if !exclusive {
            let (a, b) = (&first.field.name.name, &second.field.name.name);
            if a != b {
                return conflict(format!("\"{a}\" and \"{b}\" are different fields"));
            }
            self.spend(first.field.args.len())?;
            if !same_arguments(first.field, second.field) {
                return conflict("they have differing arguments".into());
            }
        }
        if let (Some(a), Some(b)) = (first.definition, second.definition)
            && self.types_conflict(&a.ty, &b.ty)
        {
            return conflict(format!("they return conflicting types \"{}\" and \"{}\"", a.ty, b.ty));
        }
        let (Some(one), Some(two)) = (&first.field.selection, &second.field.selection) else {
            return Ok(None);
        };
        let named = |detail: Detail<'a>| detail.definition.and_then(|d| self.view.get(d.ty.name()));
        let (ty_one, ty_two) = (named(first), named(second));
        let below = self.sub_selections(exclusive, (ty_one, one), (ty_two, two))?;
        Ok((!below.is_empty()).then(|| {
            let mut reason = String::new();
            let (mut places_one, mut places_two) = (vec![first.field.pos], vec![second.field.pos]);
            for conflict in below {
                if reason.len() < MAX_REASON {
                    reason.push_str(if reason.is_empty() { "" } else { " and " });
                    let _ =
                        write!(reason, "subfields \"{}\" conflict because {}", conflict.key, conflict.reason);
                }
                places_one.extend(conflict.first);
                places_two.extend(conflict.second);
            }
            places_one.truncate(MAX_PLACES);
            places_two.truncate(MAX_PLACES);
            if reason.len() > MAX_REASON {
                reason = reason.chars().take(MAX_REASON).chain("...".chars()).collect();
            }
            Conflict { key, reason, first: places_one, second: places_two }
        }))
    }

    fn sub_selections(
        &mut self,
        exclusive: bool,
        one: (Option<&'a TypeDef>, &'a SelectionSet),
        two: (Option<&'a TypeDef>, &'a SelectionSet),
    ) -> Result<Conflicts<'a>, TooMuch> {
        let mut conflicts = Vec::new();
        let one = self.collect(one.0, one.1);
        let two = self.collect(two.0, two.1);
        self.between(&mut conflicts, exclusive, &one, &two)?;
        for name in &two.fragments {
            self.fields_and_fragment(&mut conflicts, exclusive, &one, name)?;
        }
        for name in &one.fragments {
            self.fields_and_fragment(&mut conflicts, exclusive, &two, name)?;
        }
        for first in &one.fragments {
            for second in &two.fragments {
                self.two_fragments(&mut conflicts, exclusive, first, second)?;
            }
        }
        Ok(conflicts)
    }

    /// Wrappers must be the same; leaves too. Composite types are compared by their fields.
    fn types_conflict(&self, a: &TypeRef, b: &TypeRef) -> bool {
        match (a, b) {
            (TypeRef::List(a), TypeRef::List(b)) | (TypeRef::NonNull(a), TypeRef::NonNull(b)) => {
                self.types_conflict(a, b)
            }
            (TypeRef::Named(a), TypeRef::Named(b)) => {
                let leaf = |name: &str| self.view.get(name).is_some_and(super::view::is_leaf);
                a != b && (leaf(a) || leaf(b))
            }
            _ => true,
        }
    }
}

/// Whether two fields are written alike, wherever they stand; directives do not matter to merging.
fn same_field(a: &Field, b: &Field) -> bool {
    a.response_key() == b.response_key()
        && a.name.name == b.name.name
        && same_arguments(a, b)
        && match (&a.selection, &b.selection) {
            (Some(a), Some(b)) => same_set(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
}

fn same_set(a: &SelectionSet, b: &SelectionSet) -> bool {
    a.items.len() == b.items.len()
        && a.items.iter().zip(&b.items).all(|pair| match pair {
            (Selection::Field(a), Selection::Field(b)) => same_field(a, b),
            (Selection::Spread(a), Selection::Spread(b)) => a.name.name == b.name.name,
            (Selection::Inline(a), Selection::Inline(b)) => {
                a.on.as_ref().map(|on| &on.name) == b.on.as_ref().map(|on| &on.name)
                    && same_set(&a.selection, &b.selection)
            }
            _ => false,
        })
}

fn same_arguments(a: &Field, b: &Field) -> bool {
    a.args.len() == b.args.len()
        && a.args.iter().all(|arg| {
            b.args
                .iter()
                .find(|other| other.name.name == arg.name.name)
                .is_some_and(|other| other.value == arg.value)
        })
}
