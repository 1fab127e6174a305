//! The typed walk over every definition: fields, arguments, values, directives, fragments. It also
//! notes where variables are used and which selection sets stand on which type, for the rules that
//! come after.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use indexmap::IndexMap;

use super::{
    Findings,
    view::{View, is_composite, is_input, is_leaf},
};
use crate::graphql::{
    coerce::scalars,
    syntax::{
        Argument, Directive, Document, Field, Ident, OperationKind, Pos, Selection, SelectionSet, Value,
        ValueNode, VariableDef, print_value,
    },
    types::{InputDef, Kind, TypeDef, TypeRef},
};

/// A use of a variable.
#[derive(Debug)]
pub struct Usage<'a> {
    /// Its name.
    pub name: &'a Arc<str>,
    /// Where.
    pub pos: Pos,
    /// The type expected there, when known.
    pub ty: Option<TypeRef>,
    /// Whether the place has a default.
    pub has_default: bool,
}

/// What the walk noted.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    /// Uses of variables by operation, in order.
    pub by_operation: Vec<Vec<Usage<'a>>>,
    /// Uses of variables by fragment, in order.
    pub by_fragment: Vec<Vec<Usage<'a>>>,
    /// Selection sets of operations, fragments and fields with the type they stand on.
    pub sets: Vec<(Option<&'a TypeDef>, &'a SelectionSet)>,
}

/// Walks the document.
pub fn walk<'a>(view: View<'a>, document: &'a Document, found: &mut Findings) -> Facts<'a> {
    let mut facts = Facts::default();
    let mut walker = Walker { view, document, found, usages: Vec::new(), sets: Vec::new() };
    for operation in &document.operations {
        let (location, root) = (
            match operation.kind {
                OperationKind::Query => "QUERY",
                OperationKind::Mutation => "MUTATION",
                OperationKind::Subscription => "SUBSCRIPTION",
            },
            view.root(operation.kind),
        );
        if root.is_none() {
            walker.found.add(
                format!("Schema is not configured to execute {} operation.", operation.kind.keyword()),
                &[operation.pos],
            );
        }
        walker.variables(&operation.variables);
        walker.directives(&operation.directives, location);
        walker.selection_set(&operation.selection, root, true);
        facts.by_operation.push(std::mem::take(&mut walker.usages));
    }
    for fragment in &document.fragments {
        let on = walker.condition(&fragment.on, Some(&fragment.name));
        walker.directives(&fragment.directives, "FRAGMENT_DEFINITION");
        walker.selection_set(&fragment.selection, on, true);
        facts.by_fragment.push(std::mem::take(&mut walker.usages));
    }
    facts.sets = walker.sets;
    facts
}

/// What a value is expected to be.
#[derive(Clone, Copy)]
struct Expected<'t> {
    ty: Option<&'t TypeRef>,
    has_default: bool,
}

struct Walker<'a, 'f> {
    view: View<'a>,
    document: &'a Document,
    found: &'f mut Findings,
    usages: Vec<Usage<'a>>,
    sets: Vec<(Option<&'a TypeDef>, &'a SelectionSet)>,
}

impl<'a> Walker<'a, '_> {
    fn variables(&mut self, variables: &'a [VariableDef]) {
        let mut seen: HashMap<&str, Pos> = HashMap::new();
        for variable in variables {
            let name = &variable.name.name;
            if let Some(first) = seen.insert(name, variable.name.pos) {
                self.found.add(
                    format!("There can be only one variable named \"${name}\"."),
                    &[first, variable.name.pos],
                );
            }
            let input = match self.view.get(variable.ty.name()) {
                None => {
                    self.found.add(format!("Unknown type \"{}\".", variable.ty.name()), &[variable.ty_pos]);
                    false
                }
                Some(ty) if !is_input(ty) => {
                    self.found.add(
                        format!("Variable \"${name}\" cannot be non-input type \"{}\".", variable.ty),
                        &[variable.ty_pos],
                    );
                    false
                }
                Some(_) => true,
            };
            if let Some(default) = &variable.default {
                let ty = input.then_some(&variable.ty);
                self.value(default, Expected { ty, has_default: false });
            }
            self.directives(&variable.directives, "VARIABLE_DEFINITION");
        }
    }

    /// The type of a type condition, when it is composite.
    fn condition(&mut self, on: &Ident, fragment: Option<&Ident>) -> Option<&'a TypeDef> {
        let Some(ty) = self.view.get(&on.name) else {
            self.found.add(format!("Unknown type \"{}\".", on.name), &[on.pos]);
            return None;
        };
        if is_composite(ty) {
            return Some(ty);
        }
        let what =
            fragment.map_or_else(|| "Fragment".to_owned(), |name| format!("Fragment \"{}\"", name.name));
        self.found.add(format!("{what} cannot condition on non composite type \"{}\".", on.name), &[on.pos]);
        None
    }

    fn selection_set(&mut self, set: &'a SelectionSet, parent: Option<&'a TypeDef>, level: bool) {
        if level {
            self.sets.push((parent, set));
        }
        for item in &set.items {
            match item {
                Selection::Field(field) => self.field(field, parent),
                Selection::Spread(spread) => {
                    let on =
                        self.document.fragment(&spread.name.name).and_then(|f| self.view.get(&f.on.name));
                    if let (Some(parent), Some(on)) = (parent, on.filter(|on| is_composite(on)))
                        && !self.view.overlap(parent, on)
                    {
                        self.found.add(
                            format!(
                                "Fragment \"{}\" cannot be spread here as objects of type \"{}\" can never be of type \"{}\".",
                                spread.name.name, parent.name, on.name
                            ),
                            &[spread.pos],
                        );
                    }
                    self.directives(&spread.directives, "FRAGMENT_SPREAD");
                }
                Selection::Inline(inline) => {
                    let on = match &inline.on {
                        None => parent,
                        Some(name) => {
                            let on = self.condition(name, None);
                            if let (Some(parent), Some(on)) = (parent, on)
                                && !self.view.overlap(parent, on)
                            {
                                self.found.add(
                                    format!(
                                        "Fragment cannot be spread here as objects of type \"{}\" can never be of type \"{}\".",
                                        parent.name, on.name
                                    ),
                                    &[inline.pos],
                                );
                            }
                            on
                        }
                    };
                    self.directives(&inline.directives, "INLINE_FRAGMENT");
                    self.selection_set(&inline.selection, on, false);
                }
            }
        }
    }

    fn field(&mut self, field: &'a Field, parent: Option<&'a TypeDef>) {
        let definition = parent.and_then(|parent| self.view.field(parent, &field.name.name));
        if let (Some(parent), None) = (parent, definition) {
            self.found.add(
                format!("Cannot query field \"{}\" on type \"{}\".", field.name.name, parent.name),
                &[field.pos],
            );
        }
        let owner = |name: &str| match parent {
            Some(parent) => format!("argument \"{name}\" on field \"{}.{}\"", parent.name, field.name.name),
            None => format!("argument \"{name}\""),
        };
        self.arguments(&field.args, definition.map(|d| &d.args), owner);
        self.directives(&field.directives, "FIELD");
        let mut below = None;
        if let Some(definition) = definition {
            for (name, arg) in &definition.args {
                if is_required(arg) && !field.args.iter().any(|given| *given.name.name == **name) {
                    self.found.add(
                        format!(
                            "Field \"{}\" argument \"{name}\" of type \"{}\" is required, but it was not provided.",
                            field.name.name, arg.ty
                        ),
                        &[field.pos],
                    );
                }
            }
            let name = &field.name.name;
            match (self.view.get(definition.ty.name()), &field.selection) {
                (Some(ty), Some(set)) if is_leaf(ty) => self.found.add(
                    format!(
                        "Field \"{name}\" must not have a selection since type \"{}\" has no subfields.",
                        definition.ty
                    ),
                    &[set.pos],
                ),
                (Some(ty), None) if !is_leaf(ty) => self.found.add(
                    format!(
                        "Field \"{name}\" of type \"{}\" must have a selection of subfields. Did you mean \"{name} {{ ... }}\"?",
                        definition.ty
                    ),
                    &[field.pos],
                ),
                _ => {}
            }
            below = self.view.composite(&definition.ty);
        }
        if let Some(set) = &field.selection {
            self.selection_set(set, below, true);
        }
    }

    /// Arguments against their definitions, `None` when what takes them is unknown.
    fn arguments(
        &mut self,
        args: &'a [Argument],
        definitions: Option<&'a IndexMap<String, InputDef>>,
        owner: impl Fn(&str) -> String,
    ) {
        let mut seen: HashMap<&str, Pos> = HashMap::new();
        for arg in args {
            let name = &*arg.name.name;
            if let Some(first) = seen.insert(name, arg.name.pos) {
                self.found
                    .add(format!("There can be only one argument named \"{name}\"."), &[first, arg.name.pos]);
            }
            let definition = definitions.and_then(|definitions| definitions.get(name));
            if definitions.is_some() && definition.is_none() {
                self.found.add(format!("Unknown {}.", owner(name)), &[arg.name.pos]);
            }
            let expected = Expected {
                ty: definition.map(|d| &d.ty).filter(|ty| self.view.is_input(ty.name())),
                has_default: definition.is_some_and(|d| d.default.is_some()),
            };
            self.value(&arg.value, expected);
        }
    }

    fn directives(&mut self, directives: &'a [Directive], location: &str) {
        let mut seen: HashMap<&str, Pos> = HashMap::new();
        for directive in directives {
            let name = &*directive.name.name;
            let pos = directive.name.pos;
            let definition = self.view.types.directives.get(name);
            match definition {
                None => self.found.add(format!("Unknown directive \"@{name}\"."), &[pos]),
                Some(definition) => {
                    if !definition.locations.iter().any(|allowed| allowed == location) {
                        self.found
                            .add(format!("Directive \"@{name}\" may not be used on {location}."), &[pos]);
                    }
                    if let Some(first) = seen.insert(name, pos)
                        && !definition.repeatable
                    {
                        self.found.add(
                            format!("The directive \"@{name}\" can only be used once at this location."),
                            &[first, pos],
                        );
                    }
                }
            }
            self.arguments(&directive.args, definition.map(|d| &d.args), |arg| {
                format!("argument \"{arg}\" on directive \"@{name}\"")
            });
            for (arg, required) in definition.iter().flat_map(|d| &d.args) {
                if is_required(required) && directive.arg(arg).is_none() {
                    self.found.add(
                        format!(
                            "Directive \"@{name}\" argument \"{arg}\" of type \"{}\" is required, but it was not provided.",
                            required.ty
                        ),
                        &[pos],
                    );
                }
            }
        }
    }

    /// A value at a place; `ty` is `None` where nothing is known, and nothing is checked then but what
    /// needs no type.
    fn value(&mut self, value: &'a Value, expected: Expected<'_>) {
        let ty = expected.ty;
        match &value.node {
            ValueNode::Variable(name) => self.usages.push(Usage {
                name,
                pos: value.pos,
                ty: ty.cloned(),
                has_default: expected.has_default,
            }),
            ValueNode::Null => {
                if let Some(ty) = ty.filter(|ty| ty.is_non_null()) {
                    self.found.add(format!("Expected value of type \"{ty}\", found null."), &[value.pos]);
                }
            }
            ValueNode::List(items) => {
                let item = match ty.map(TypeRef::nullable) {
                    Some(TypeRef::List(item)) => Some(&**item),
                    other => {
                        self.leaf(value, other);
                        self.untyped(value, other);
                        return;
                    }
                };
                for inner in items {
                    self.value(inner, Expected { ty: item, has_default: false });
                }
            }
            ValueNode::Object(given) => {
                let input = ty.and_then(|ty| self.view.get(ty.name()));
                let Some((input, fields)) = input.and_then(|t| match &t.kind {
                    Kind::Input { fields } => Some((t, fields)),
                    _ => None,
                }) else {
                    self.leaf(value, ty);
                    self.untyped(value, ty);
                    return;
                };
                self.unique_fields(given);
                for (name, field) in fields {
                    if is_required(field) && !given.iter().any(|g| *g.name.name == **name) {
                        self.found.add(
                            format!(
                                "Field \"{}.{name}\" of required type \"{}\" was not provided.",
                                input.name, field.ty
                            ),
                            &[value.pos],
                        );
                    }
                }
                if input.applied.iter().any(|applied| applied.name == "oneOf")
                    && (given.len() != 1 || given.iter().any(|g| matches!(g.value.node, ValueNode::Null)))
                {
                    self.found.add(
                        format!(
                            "OneOf Input Object \"{}\" must specify exactly one key, not null.",
                            input.name
                        ),
                        &[value.pos],
                    );
                }
                for inner in given {
                    let definition = fields.get(&*inner.name.name);
                    if definition.is_none() {
                        self.found.add(
                            format!(
                                "Field \"{}\" is not defined by type \"{}\".",
                                inner.name.name, input.name
                            ),
                            &[inner.name.pos],
                        );
                    }
                    let expected = Expected {
                        ty: definition.map(|d| &d.ty).filter(|ty| self.view.is_input(ty.name())),
                        has_default: definition.is_some_and(|d| d.default.is_some()),
                    };
                    self.value(&inner.value, expected);
                }
            }
            _ => self.leaf(value, ty),
        }
    }

    /// Inside a value that is no list or input object by its type: variables are still used there, and
    /// object keys must still be unique. A list's variables keep the list's own type, as in graphql-js.
    fn untyped(&mut self, value: &'a Value, ty: Option<&TypeRef>) {
        match &value.node {
            ValueNode::Variable(name) => {
                self.usages.push(Usage { name, pos: value.pos, ty: ty.cloned(), has_default: false });
            }
            ValueNode::List(items) => {
                let ty = ty.map(TypeRef::nullable);
                for item in items {
                    self.untyped(item, ty);
                }
            }
            ValueNode::Object(fields) => {
                self.unique_fields(fields);
                for field in fields {
                    self.untyped(&field.value, None);
                }
            }
            _ => {}
        }
    }

    fn unique_fields(&mut self, fields: &[Argument]) {
        let mut seen: HashSet<&str> = HashSet::new();
        for field in fields {
            if !seen.insert(&field.name.name) {
                let first = fields
                    .iter()
                    .find(|f| f.name.name == field.name.name)
                    .map_or(field.name.pos, |f| f.name.pos);
                self.found.add(
                    format!("There can be only one input field named \"{}\".", field.name.name),
                    &[first, field.name.pos],
                );
            }
        }
    }

    /// A literal of a leaf type.
    fn leaf(&mut self, value: &Value, ty: Option<&TypeRef>) {
        let Some(expected) = ty else { return };
        let Some(ty) = self.view.get(expected.name()) else { return };
        let complaint = match (&ty.kind, &value.node) {
            (Kind::Scalar { .. }, _) => match scalars::literal(&ty.name, value, &|_| None) {
                Ok(_) => return,
                Err(message) => message,
            },
            (Kind::Enum { values }, ValueNode::Enum(name)) => {
                if values.contains_key(&**name) {
                    return;
                }
                format!("Value \"{name}\" does not exist in \"{}\" enum.", ty.name)
            }
            (Kind::Enum { .. }, _) => {
                format!("Enum \"{}\" cannot represent non-enum value: {}.", ty.name, print_value(value))
            }
            _ => format!("Expected value of type \"{expected}\", found {}.", print_value(value)),
        };
        self.found.add(complaint, &[value.pos]);
    }
}

/// Non-null without a default.
fn is_required(definition: &InputDef) -> bool {
    definition.ty.is_non_null() && definition.default.is_none()
}
