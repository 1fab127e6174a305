//! What no operation may exceed: depth, aliases and root fields, known from the document alone, and
//! cost, known once variables are. All are computed with a memory for fragments, in time linear in the
//! document, however often fragments are spread.
//!
//! **Cost.** A field of object type costs 1, or the `weight` of its `@cost(weight:, list:)` in the SDL;
//! scalars and enums cost nothing. What stands below a list is multiplied by the list's length:
//! `first` where the field takes one (20 when left out), which a connection hands down to its `nodes`
//! and `edges`; the number of `ids` where the field takes them; else `list` of `@cost`, else 10.
//! Selections that `@skip` and `@include` leave out cost nothing; fields that merge are counted once, as
//! they are answered once (in a document whose merging would take long, each time: then the cost is too
//! high, and never too low). Introspection is free.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use async_graphql_value::ConstValue;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::{
    coerce::Variables,
    collect::included,
    error::{Code, GraphqlError},
    syntax::{Document, Field, Operation, Selection, SelectionSet, ValueNode},
    types::{FieldDef, TypeRef, TypeSystem},
    validate::View,
};
use crate::{auth::rate::Throttle, config::Limits, federation::computed::Computed};

/// Length of a page when `first` is left out.
const DEFAULT_PAGE: u64 = 20;
/// Assumed length of a list that says nothing of its own.
const ASSUMED_LIST: u64 = 10;
/// Selections looked at to count fields that merge once.
const MERGE_WORK: usize = 100_000;

/// What the document alone says of an operation's size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Nesting of fields, introspection left out.
    pub depth: usize,
    /// Aliases, counted at every spread of their fragment.
    pub aliases: usize,
    /// Response keys of the root, introspection left out.
    pub root_fields: usize,
}

/// Measures an operation of a valid document.
pub fn size(document: &Document, operation: &Operation) -> Size {
    let mut known = HashMap::new();
    let (depth, aliases) = measure(document, &operation.selection, &mut known);
    let mut keys = HashSet::new();
    let mut seen = HashSet::new();
    let mut open = vec![&operation.selection];
    while let Some(set) = open.pop() {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    if !is_introspection(field) {
                        keys.insert(field.response_key());
                    }
                }
                Selection::Inline(inline) => open.push(&inline.selection),
                Selection::Spread(spread) => {
                    if seen.insert(&*spread.name.name) {
                        open.extend(document.fragment(&spread.name.name).map(|f| &f.selection));
                    }
                }
            }
        }
    }
    Size { depth, aliases, root_fields: keys.len() }
}

fn is_introspection(field: &Field) -> bool {
    field.name.name.starts_with("__")
}

/// Depth and aliases of a selection set.
fn measure<'a>(
    document: &'a Document,
    set: &'a SelectionSet,
    known: &mut HashMap<&'a str, (usize, usize)>,
) -> (usize, usize) {
    let (mut depth, mut aliases) = (0usize, 0usize);
    for item in &set.items {
        let (below, more) = match item {
            Selection::Field(field) => {
                let own = usize::from(field.alias.is_some());
                if is_introspection(field) {
                    (0, own)
                } else {
                    let (below, more) =
                        field.selection.as_ref().map_or((0, 0), |set| measure(document, set, known));
                    (below + 1, more.saturating_add(own))
                }
            }
            Selection::Inline(inline) => measure(document, &inline.selection, known),
            Selection::Spread(spread) => {
                if let Some(seen) = known.get(&*spread.name.name) {
                    *seen
                } else {
                    let seen = document
                        .fragment(&spread.name.name)
                        .map_or((0, 0), |fragment| measure(document, &fragment.selection, known));
                    known.insert(&spread.name.name, seen);
                    seen
                }
            }
        };
        depth = depth.max(below);
        aliases = aliases.saturating_add(more);
    }
    (depth, aliases)
}

/// Errors for what exceeds `limits.depth`, `limits.aliases` and `limits.root_fields`.
pub fn check(size: &Size, operation: &Operation, limits: &Limits) -> Vec<GraphqlError> {
    let mut errors = Vec::new();
    let mut over = |code, found: usize, maximum: usize, setting: &str, what: &str, cure: &str| {
        if found > maximum {
            errors.push(
                GraphqlError::new(
                    code,
                    format!("The operation {what} {found}; the limit is {maximum} ({setting}). {cure}"),
                )
                .at(operation.pos.line as usize, operation.pos.column as usize)
                .with("limit", setting)
                .with("maximum", maximum)
                .with("requested", found),
            );
        }
    };
    over(
        Code::TooDeep,
        size.depth,
        limits.depth,
        "limits.depth",
        "nests fields to depth",
        "Ask for fewer levels at once.",
    );
    over(
        Code::TooManyAliases,
        size.aliases,
        limits.aliases,
        "limits.aliases",
        "has this many aliases:",
        "Split it into several requests.",
    );
    over(
        Code::TooManyRootFields,
        size.root_fields,
        limits.root_fields,
        "limits.root_fields",
        "has this many root fields:",
        "Split it into several requests.",
    );
    errors
}

/// The cost of an operation of a valid document with coerced variables.
pub fn cost(types: &TypeSystem, document: &Document, operation: &Operation, variables: &Variables) -> u64 {
    let view = View { types };
    let root = view.root(operation.kind).map_or("", |root| root.name.as_str());
    let mut cost =
        Cost { view, document, variables, known: HashMap::new(), merged: HashMap::new(), work: MERGE_WORK };
    match cost.merged(&[(&operation.selection, root)], None) {
        Some(merged) => merged,
        None => cost.set(&operation.selection, root, None),
    }
}

/// The error for a cost above `limits.cost`.
pub fn check_cost(cost: u64, operation: &Operation, limits: &Limits) -> Option<GraphqlError> {
    (cost > limits.cost).then(|| {
        GraphqlError::new(
            Code::TooExpensive,
            format!(
                "The operation costs {cost}; the limit is {} (limits.cost). Ask for shorter pages or fewer nested lists.",
                limits.cost
            ),
        )
        .at(operation.pos.line as usize, operation.pos.column as usize)
        .with("limit", "limits.cost")
        .with("maximum", limits.cost)
        .with("requested", cost)
    })
}

/// What `extensions.cost` says, with what is left for the viewer where that is counted.
pub fn cost_extension(cost: u64, limits: &Limits, throttle: Option<&Throttle>) -> Json {
    let mut told = json!({ "requested": cost, "maximum": limits.cost });
    if let Some(throttle) = throttle {
        told["throttle"] = json!({
            "limit": throttle.limit,
            "remaining": throttle.remaining,
            "restoreRate": throttle.restore_rate,
            "resetSeconds": seconds(throttle.reset),
        });
    }
    told
}

/// The error for points that are not there, and the seconds after which they are.
pub fn rate_limited(cost: u64, throttle: &Throttle, wait: Duration) -> (GraphqlError, u64) {
    let retry_after = seconds(wait).max(1);
    let error = GraphqlError::new(
        Code::RateLimited,
        format!(
            "The operation costs {cost} points, and {} of {} a minute are left: ask again in {retry_after} s.",
            throttle.remaining, throttle.limit
        ),
    )
    .with("requested", cost)
    .with("retryAfter", retry_after);
    (error, retry_after)
}

/// Whole seconds, never fewer than it takes.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// What a list costs beside its page that is filtered or sorted by prices or stock: they are reckoned of all records
/// that the rest of its filter leaves.
const RECKONED: u64 = 500;

struct Cost<'a> {
    view: View<'a>,
    document: &'a Document,
    variables: &'a Variables,
    /// By fragment and page length handed down.
    known: HashMap<(&'a str, Option<u64>), u64>,
    /// By the fields that an object answers, and page length handed down.
    merged: HashMap<(Vec<*const Field>, Option<u64>), u64>,
    /// What is left of [`MERGE_WORK`].
    work: usize,
}

/// Fields by the type they are selected on and their key in the answer: those that merge.
type Merging<'a> = IndexMap<(&'a str, &'a str), Vec<&'a Field>>;

/// What a field counts for: its weight, the length of its list, and what stands below it.
struct Weighed<'a> {
    weight: u64,
    length: u64,
    on: &'a str,
    page: Option<u64>,
}

impl<'a> Cost<'a> {
    /// `page`: the length of the connection that the set stands on.
    fn set(&mut self, set: &'a SelectionSet, parent: &'a str, page: Option<u64>) -> u64 {
        let variables = self.variables;
        let truth = |name: &str| matches!(variables.get(name), Some(ConstValue::Boolean(true)));
        let mut total = 0u64;
        for item in &set.items {
            if !included(item.directives(), truth) {
                continue;
            }
            let more = match item {
                Selection::Field(field) => self.field(field, parent, page),
                Selection::Inline(inline) => {
                    let on = inline.on.as_ref().map_or(parent, |on| &*on.name);
                    self.set(&inline.selection, on, page)
                }
                Selection::Spread(spread) => {
                    let key = (&*spread.name.name, page);
                    if let Some(known) = self.known.get(&key) {
                        *known
                    } else {
                        let document = self.document;
                        let cost = document
                            .fragment(&spread.name.name)
                            .map_or(0, |fragment| self.set(&fragment.selection, &fragment.on.name, page));
                        self.known.insert(key, cost);
                        cost
                    }
                }
            };
            total = total.saturating_add(more);
        }
        total
    }

    /// The sets that one object answers, each with the type it is selected on. `None`: too much work.
    fn merged(&mut self, sets: &[(&'a SelectionSet, &'a str)], page: Option<u64>) -> Option<u64> {
        let mut fields = Merging::new();
        let mut seen = HashSet::new();
        for (set, parent) in sets {
            self.gather(set, parent, &mut fields, &mut seen)?;
        }
        let of = fields.values().flatten().map(|field| std::ptr::from_ref(*field)).collect();
        let key = (of, page);
        if let Some(known) = self.merged.get(&key) {
            return Some(*known);
        }
        let mut total = 0u64;
        for ((parent, _), nodes) in fields {
            let Some(weighed) = nodes.first().and_then(|field| self.weigh(field, parent, page)) else {
                continue;
            };
            let below: Vec<_> =
                nodes.iter().filter_map(|field| Some((field.selection.as_ref()?, weighed.on))).collect();
            let below = self.merged(&below, weighed.page)?;
            total = total.saturating_add(weighed.weight.saturating_add(below).saturating_mul(weighed.length));
        }
        self.merged.insert(key, total);
        Some(total)
    }

    fn gather(
        &mut self,
        set: &'a SelectionSet,
        parent: &'a str,
        fields: &mut Merging<'a>,
        seen: &mut HashSet<&'a str>,
    ) -> Option<()> {
        let variables = self.variables;
        let truth = |name: &str| matches!(variables.get(name), Some(ConstValue::Boolean(true)));
        self.work = self.work.checked_sub(set.items.len())?;
        for item in &set.items {
            if !included(item.directives(), truth) {
                continue;
            }
            match item {
                Selection::Field(field) => {
                    fields.entry((parent, field.response_key())).or_default().push(field);
                }
                Selection::Inline(inline) => {
                    let on = inline.on.as_ref().map_or(parent, |on| &*on.name);
                    self.gather(&inline.selection, on, fields, seen)?;
                }
                Selection::Spread(spread) => {
                    let document = self.document;
                    if seen.insert(&*spread.name.name)
                        && let Some(fragment) = document.fragment(&spread.name.name)
                    {
                        self.gather(&fragment.selection, &fragment.on.name, fields, seen)?;
                    }
                }
            }
        }
        Some(())
    }

    fn field(&mut self, field: &'a Field, parent: &'a str, page: Option<u64>) -> u64 {
        let Some(set) = &field.selection else { return 0 };
        let Some(weighed) = self.weigh(field, parent, page) else { return 0 };
        let below = self.set(set, weighed.on, weighed.page);
        weighed.weight.saturating_add(below).saturating_mul(weighed.length)
    }

    /// `None` for what costs nothing.
    fn weigh(&self, field: &'a Field, parent: &str, page: Option<u64>) -> Option<Weighed<'a>> {
        if is_introspection(field) || field.selection.is_none() {
            return None;
        }
        let parent = self.view.get(parent)?;
        let definition = self.view.field(parent, &field.name.name)?;
        let (mut weight, assumed) = declared(definition);
        if self.reckons(field) {
            weight = weight.saturating_add(RECKONED);
        }
        let first = definition.args.contains_key("first").then(|| {
            self.number(field, "first")
                .or_else(|| self.number(field, "last"))
                .or_else(|| default_of(definition, "first"))
                .unwrap_or(DEFAULT_PAGE)
        });
        let list = is_list(&definition.ty);
        let length = if !list {
            1
        } else if let Some(ids) = self.ids(field, definition) {
            ids
        } else if let Some(first) = first {
            first
        } else if let Some(page) = page.filter(|_| matches!(&*field.name.name, "nodes" | "edges")) {
            page
        } else {
            assumed
        };
        // A connection hands its page down; its edges' nodes are counted by the edges.
        Some(Weighed { weight, length, on: definition.ty.name(), page: first.filter(|_| !list) })
    }

    /// Whether a list is filtered or sorted by what is reckoned for the viewer of every record that may be in it.
    fn reckons(&self, field: &Field) -> bool {
        let personal = |word: &str| {
            let by = Computed::named(word).or_else(|| Computed::sorted(word));
            by.is_some_and(Computed::personal)
        };
        let asked = ["filter", "sort"].into_iter().filter_map(|name| Self::argument(field, name));
        asked.into_iter().any(|value| self.mentions(value, &personal))
    }

    /// Whether a value holds a name: of an input's field, or of an enum's value.
    fn mentions(&self, value: &ValueNode, name: &dyn Fn(&str) -> bool) -> bool {
        match value {
            ValueNode::Enum(word) => name(word),
            ValueNode::List(items) => items.iter().any(|item| self.mentions(&item.node, name)),
            ValueNode::Object(fields) => {
                fields.iter().any(|f| name(&f.name.name) || self.mentions(&f.value.node, name))
            }
            ValueNode::Variable(variable) => self.variables.get(variable).is_some_and(|v| given(v, name)),
            _ => false,
        }
    }

    fn argument<'s>(field: &'s Field, name: &str) -> Option<&'s ValueNode> {
        field.args.iter().find(|arg| &*arg.name.name == name).map(|arg| &arg.value.node)
    }

    /// A whole number given for an argument; negative is nothing.
    fn number(&self, field: &Field, name: &str) -> Option<u64> {
        match Self::argument(field, name)? {
            ValueNode::Int(text) => text.parse::<i64>().ok().map(|n| u64::try_from(n).unwrap_or(0)),
            ValueNode::Variable(name) => match self.variables.get(name)? {
                ConstValue::Number(number) => number.as_i64().map(|n| u64::try_from(n).unwrap_or(0)),
                _ => None,
            },
            _ => None,
        }
    }

    /// How many ids are given to a field that looks up by them.
    fn ids(&self, field: &Field, definition: &FieldDef) -> Option<u64> {
        if !definition.args.get("ids").is_some_and(|arg| is_list(&arg.ty)) {
            return None;
        }
        let length = match Self::argument(field, "ids")? {
            ValueNode::List(items) => items.len(),
            ValueNode::Variable(name) => match self.variables.get(name)? {
                ConstValue::List(items) => items.len(),
                _ => return None,
            },
            _ => 1,
        };
        u64::try_from(length).ok()
    }
}

/// Whether a variable's value holds a name, as [`Cost::mentions`].
fn given(value: &ConstValue, name: &dyn Fn(&str) -> bool) -> bool {
    match value {
        ConstValue::Enum(word) => name(word),
        ConstValue::String(word) => name(word),
        ConstValue::List(items) => items.iter().any(|item| given(item, name)),
        ConstValue::Object(fields) => fields.iter().any(|(key, value)| name(key) || given(value, name)),
        _ => false,
    }
}

fn is_list(ty: &TypeRef) -> bool {
    matches!(ty.nullable(), TypeRef::List(_))
}

fn default_of(definition: &FieldDef, arg: &str) -> Option<u64> {
    match definition.args.get(arg)?.default.as_ref()? {
        ConstValue::Number(number) => number.as_u64(),
        _ => None,
    }
}

/// `weight` and `list` of a field's `@cost`.
fn declared(definition: &FieldDef) -> (u64, u64) {
    let applied = definition.applied.iter().find(|applied| applied.name == "cost");
    let number = |name: &str, default: u64| match applied.and_then(|applied| applied.args.get(name)) {
        Some(ConstValue::Number(number)) => number.as_u64().unwrap_or(default),
        _ => default,
    };
    (number("weight", 1), number("list", ASSUMED_LIST))
}
