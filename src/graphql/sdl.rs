//! From SDL files to the [`TypeSystem`]: the built-in `schema/*.graphql`, embedded, and the shop's
//! own extensions of it. Everything that is wrong is reported at once, each with its place: what
//! the GraphQL specification forbids, and what no source could answer.

mod check;
mod interfaces;
mod literals;
mod merge;
mod print;
mod shop;
mod suggest;

use std::{collections::HashSet, sync::LazyLock};

pub(crate) use check::argument;
pub use literals::{coerce, scalar_accepts};
pub use print::{print, print_annotated, print_value};
pub(crate) use shop::is_entity;
pub(crate) use suggest::help as suggest;

use crate::{
    diagnostics::{Diagnostics, Place},
    graphql::{
        generate, guard,
        types::{Kind, TypeSystem},
    },
};

/// What the names of built-in files start with in messages.
pub const BUILT_IN: &str = "built-in: ";

const FILES: [(&str, &str); 6] = [
    ("built-in: schema/directives.graphql", include_str!("../../schema/directives.graphql")),
    ("built-in: schema/catalog.graphql", include_str!("../../schema/catalog.graphql")),
    ("built-in: schema/pricing.graphql", include_str!("../../schema/pricing.graphql")),
    ("built-in: schema/operations.graphql", include_str!("../../schema/operations.graphql")),
    ("built-in: schema/customers.graphql", include_str!("../../schema/customers.graphql")),
    ("built-in: schema/backoffice.graphql", include_str!("../../schema/backoffice.graphql")),
];
const SPECIFIED: (&str, &str) =
    ("built-in: schema/introspection.graphql", include_str!("../../schema/introspection.graphql"));

/// The scalars that GraphQL itself brings.
pub const SPECIFIED_SCALARS: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];
/// The directives that GraphQL itself brings.
pub const SPECIFIED_DIRECTIVES: [&str; 5] = ["include", "skip", "deprecated", "specifiedBy", "oneOf"];

/// A type system as far as a shop's files let it be built.
#[derive(Debug)]
pub struct Judged {
    /// The types; fit to be served only when no error was found.
    pub types: TypeSystem,
    /// The words of files that could not be parsed: nothing can be blamed for naming what they define.
    pub unread: HashSet<String>,
}

/// Builds the type system of a shop, and goes on whatever is wrong, so that the rules in it can be
/// judged too. `files` are the shop's own SDL files (name as the user knows it, text); the built-in
/// schema is always there and need not be given.
pub fn judge(files: &[(String, String)], diags: &mut Diagnostics) -> Judged {
    let sources =
        FILES.iter().copied().chain(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let mut merged = merge::merge(sources, Some(specified()), diags);
    generate::generate(&mut merged.types, diags);
    check::check(&mut merged, diags);
    interfaces::check(&merged, diags);
    shop::check(&merged, diags);
    guard::check(&mut merged.types, &merged.unread, diags);
    Judged { types: merged.types, unread: merged.unread }
}

/// As [`judge`], for those who need a sound type system: `None` when anything found is an error.
pub fn build(files: &[(String, String)], diags: &mut Diagnostics) -> Option<TypeSystem> {
    let mark = diags.mark();
    let judged = judge(files, diags);
    (!diags.errors_since(mark)).then_some(judged.types)
}

/// What GraphQL itself brings: the specified scalars and directives, and the types by which a
/// schema is asked about itself (`__Schema`, `__Type`…).
pub fn specified() -> &'static TypeSystem {
    static SPECIFIED_TYPES: LazyLock<TypeSystem> = LazyLock::new(|| {
        let mut diags = Diagnostics::default();
        let mut merged = merge::merge([SPECIFIED], None, &mut diags);
        // The SDL parser does not know this location yet, so the file cannot name it.
        if let Some(deprecated) = merged.types.directives.get_mut("deprecated") {
            deprecated.locations.push("DIRECTIVE_DEFINITION".to_owned());
        }
        check::coerce_defaults(&mut merged, &mut diags);
        debug_assert!(!diags.has_errors(), "{:?}", diags.items);
        merged.types
    });
    &SPECIFIED_TYPES
}

/// A type system of one text alone, without our own schema and its checks: other rooms' tests.
#[cfg(test)]
pub(crate) fn of_text(text: &str) -> TypeSystem {
    let mut diags = Diagnostics::default();
    let mut merged = merge::merge([("built-in: test", text)], Some(specified()), &mut diags);
    check::coerce_defaults(&mut merged, &mut diags);
    assert!(!diags.has_errors(), "{:?}", diags.items);
    merged.types
}

/// Whether a place lies in the built-in schema, not in a file of the shop.
pub fn is_built_in(place: &Place) -> bool {
    place.file.starts_with(BUILT_IN)
}

/// The part of the type system that clients see: without the directives in which precedence is
/// declared, their applications, and the types that only they use.
pub fn client_view(types: &TypeSystem) -> TypeSystem {
    let mut view = types.clone();
    view.directives.retain(|name, d| {
        SPECIFIED_DIRECTIVES.contains(&name.as_str()) || d.locations.iter().any(|l| is_executable(l))
    });
    let internal = internal_types(types);
    view.types.retain(|name, _| !internal.contains(name));
    let keep: Vec<String> = view.directives.keys().cloned().collect();
    let retain = |applied: &mut Vec<crate::graphql::types::Applied>| {
        applied.retain(|a| keep.contains(&a.name));
    };
    for ty in view.types.values_mut() {
        retain(&mut ty.applied);
        match &mut ty.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => {
                for field in fields.values_mut() {
                    retain(&mut field.applied);
                    field.args.values_mut().for_each(|arg| retain(&mut arg.applied));
                }
            }
            Kind::Input { fields } => fields.values_mut().for_each(|f| retain(&mut f.applied)),
            Kind::Enum { values } => values.values_mut().for_each(|v| retain(&mut v.applied)),
            Kind::Scalar { .. } | Kind::Union { .. } => {}
        }
    }
    view
}

fn is_executable(location: &str) -> bool {
    matches!(
        location,
        "QUERY"
            | "MUTATION"
            | "SUBSCRIPTION"
            | "FIELD"
            | "FRAGMENT_DEFINITION"
            | "FRAGMENT_SPREAD"
            | "INLINE_FRAGMENT"
            | "VARIABLE_DEFINITION"
    )
}

/// Types that only directives of ours use: they are reached neither from a root nor from a
/// directive that clients see.
fn internal_types(types: &TypeSystem) -> std::collections::HashSet<String> {
    let mut used = std::collections::HashSet::new();
    for directive in types.directives.values() {
        if directive.locations.iter().any(|l| is_executable(l)) {
            continue;
        }
        for arg in directive.args.values() {
            used.insert(arg.ty.name().to_owned());
        }
    }
    for ty in types.types.values() {
        match &ty.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => {
                for field in fields.values() {
                    used.remove(field.ty.name());
                    field.args.values().for_each(|arg| {
                        used.remove(arg.ty.name());
                    });
                }
            }
            Kind::Input { fields } => fields.values().for_each(|f| {
                used.remove(f.ty.name());
            }),
            _ => {}
        }
    }
    used.retain(|name| !SPECIFIED_SCALARS.contains(&name.as_str()));
    used
}

#[cfg(test)]
mod tests;
