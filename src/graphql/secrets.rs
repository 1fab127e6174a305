//! Secrets stay out of documents: documents are kept, and texts travel. A place marked `@secret` takes a variable; a
//! literal there is refused before anything else is said of the document, and errors about a variable that holds a
//! secret do not repeat its value.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    error::{Code, GraphqlError},
    syntax::{Argument, Document, Pos, Selection, SelectionSet, Value, ValueNode},
    types::{InputDef, Kind, TypeDef, TypeRef},
    validate::View,
};

/// What a document has of secrets.
#[derive(Debug, Default)]
pub struct Secrets {
    /// The variables that hold one, or may.
    pub variables: HashSet<Arc<str>>,
    /// `SECRET_IN_DOCUMENT`, each at its place.
    pub errors: Vec<GraphqlError>,
}

/// Looks through a document that may not be valid. Needs time linear in it: fragments are looked at once, where they
/// are defined.
pub fn find(view: View<'_>, document: &Document) -> Secrets {
    let mut walk = Walk { view, found: Secrets::default() };
    let mut holding: HashMap<&str, bool> = HashMap::new();
    for operation in &document.operations {
        walk.set(&operation.selection, view.root(operation.kind));
    }
    for fragment in &document.fragments {
        walk.set(&fragment.selection, view.get(&fragment.on.name));
    }
    for variable in document.operations.iter().flat_map(|operation| &operation.variables) {
        let name = &variable.name.name;
        let ty = variable.ty.name();
        if *holding.entry(ty).or_insert_with(|| holds_secret(view, ty, &mut HashSet::new())) {
            walk.found.variables.insert(name.clone());
        }
        if let Some(default) = &variable.default {
            let direct = walk.found.variables.contains(name) && !is_input_object(view, &variable.ty);
            walk.value(default, &variable.ty, direct);
        }
    }
    walk.found
}

/// Whether an input type has a secret, at any depth.
fn holds_secret<'a>(view: View<'a>, ty: &str, seen: &mut HashSet<&'a str>) -> bool {
    let Some(TypeDef { name, kind: Kind::Input { fields }, .. }) = view.get(ty) else { return false };
    seen.insert(name)
        && fields.values().any(|field| is_secret(field) || holds_secret(view, field.ty.name(), seen))
}

fn is_input_object(view: View<'_>, ty: &TypeRef) -> bool {
    matches!(view.get(ty.name()).map(|ty| &ty.kind), Some(Kind::Input { .. }))
}

fn is_secret(input: &InputDef) -> bool {
    input.applied.iter().any(|applied| applied.name == "secret")
}

struct Walk<'a> {
    view: View<'a>,
    found: Secrets,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &SelectionSet, parent: Option<&'a TypeDef>) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let definition = parent.and_then(|parent| self.view.field(parent, &field.name.name));
                    if let Some(definition) = definition {
                        for Argument { name, value } in &field.args {
                            if let Some(input) = definition.args.get(&*name.name) {
                                self.value(value, &input.ty, is_secret(input));
                            }
                        }
                    }
                    if let Some(below) = &field.selection {
                        self.set(below, definition.and_then(|d| self.view.get(d.ty.name())));
                    }
                }
                Selection::Inline(inline) => {
                    let on = inline.on.as_ref().map_or(parent, |on| self.view.get(&on.name));
                    self.set(&inline.selection, on);
                }
                Selection::Spread(_) => {}
            }
        }
    }

    fn value(&mut self, value: &Value, ty: &TypeRef, secret: bool) {
        match &value.node {
            ValueNode::Variable(name) => {
                if secret {
                    self.found.variables.insert(name.clone());
                }
            }
            ValueNode::Null => {}
            ValueNode::List(items) => {
                let inner = match ty.nullable() {
                    TypeRef::List(item) => item,
                    other => other,
                };
                items.iter().for_each(|item| self.value(item, inner, secret));
            }
            ValueNode::Object(given) if !secret => {
                let Some(Kind::Input { fields }) = self.view.get(ty.name()).map(|ty| &ty.kind) else {
                    return;
                };
                for inner in given {
                    if let Some(field) = fields.get(&*inner.name.name) {
                        self.value(&inner.value, &field.ty, is_secret(field));
                    }
                }
            }
            _ if secret => self.refuse(value.pos),
            _ => {}
        }
    }

    fn refuse(&mut self, pos: Pos) {
        self.found.errors.push(
            GraphqlError::new(
                Code::SecretInDocument,
                "A secret stands in the document. Give it by variable: documents are kept, variables are not.",
            )
            .at(pos.line as usize, pos.column as usize),
        );
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
