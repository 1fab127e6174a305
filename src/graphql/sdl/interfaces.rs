//! Whether types keep what their interfaces promise.

use super::{
    merge::{Merged, kind_word},
    suggest::help,
};
use crate::{
    diagnostics::Diagnostics,
    graphql::types::{FieldDef, Kind, TypeDef, TypeRef, TypeSystem},
};

/// Checks every object and interface against the interfaces that it implements.
pub(super) fn check(merged: &Merged, diags: &mut Diagnostics) {
    for ty in merged.types.types.values() {
        let (Kind::Object { interfaces, .. } | Kind::Interface { interfaces, .. }) = &ty.kind else {
            continue;
        };
        for name in interfaces {
            let place = merged.place(&format!("{}&{name}", ty.name));
            if *name == ty.name {
                diags.error(
                    "BAD_INTERFACE",
                    place,
                    format!("`{name}` implements itself"),
                    "remove it from `implements`",
                );
                continue;
            }
            match merged.types.types.get(name) {
                Some(interface @ TypeDef { kind: Kind::Interface { interfaces: inherited, .. }, .. }) => {
                    for needed in inherited.iter().filter(|i| *i != name) {
                        if *needed == ty.name {
                            diags.error(
                                "BAD_INTERFACE",
                                place.clone(),
                                format!("`{}` and `{name}` implement each other", ty.name),
                                "remove one of the two from `implements`",
                            );
                        } else if !interfaces.contains(needed) {
                            diags.error(
                                "BAD_INTERFACE",
                                place.clone(),
                                format!(
                                    "`{}` implements `{name}`, so it must implement `{needed}` too",
                                    ty.name
                                ),
                                format!("write `implements {name} & {needed}`"),
                            );
                        }
                    }
                    conforms(&merged.types, ty, interface, diags);
                }
                Some(other) => diags.error(
                    "BAD_INTERFACE",
                    place,
                    format!("`{}` implements `{name}`, which is not an interface", ty.name),
                    format!("`{name}` is defined by `{}`", kind_word(&other.kind)),
                ),
                None => diags.error(
                    "UNKNOWN_TYPE",
                    place,
                    format!("`{}` implements `{name}`, which is not defined", ty.name),
                    help(name, merged.types.types.keys().map(String::as_str), "define the interface"),
                ),
            }
        }
    }
}

fn conforms(types: &TypeSystem, ty: &TypeDef, interface: &TypeDef, diags: &mut Diagnostics) {
    let (Some(own), Some(promised)) = (types.fields(&ty.name), types.fields(&interface.name)) else { return };
    for promise in promised.values() {
        let path = format!("{}.{}", interface.name, promise.name);
        let Some(field) = own.get(&promise.name) else {
            diags.error(
                "BROKEN_INTERFACE",
                ty.place.clone(),
                format!(
                    "`{}` lacks the field `{}` of its interface `{}`",
                    ty.name, promise.name, interface.name
                ),
                format!("add `{}: {}`", promise.name, promise.ty),
            );
            continue;
        };
        if !is_subtype(types, &field.ty, &promise.ty) {
            diags.error(
                "BROKEN_INTERFACE",
                field.place.clone(),
                format!(
                    "`{}.{}` is `{}`, but `{path}` promises `{}`",
                    ty.name, field.name, field.ty, promise.ty
                ),
                "give it the promised type or a narrower one",
            );
        }
        arguments(ty, field, &path, promise, diags);
    }
}

fn arguments(ty: &TypeDef, field: &FieldDef, path: &str, promise: &FieldDef, diags: &mut Diagnostics) {
    for arg in promise.args.values() {
        match field.args.get(&arg.name) {
            None => diags.error(
                "BROKEN_INTERFACE",
                field.place.clone(),
                format!("`{}.{}` lacks the argument `{}` of `{path}`", ty.name, field.name, arg.name),
                format!("add `{}: {}`", arg.name, arg.ty),
            ),
            Some(own) if own.ty != arg.ty => diags.error(
                "BROKEN_INTERFACE",
                own.place.clone(),
                format!(
                    "`{}.{}({}:)` takes `{}`, but `{path}` takes `{}`",
                    ty.name, field.name, arg.name, own.ty, arg.ty
                ),
                "give it the same type",
            ),
            Some(_) => {}
        }
    }
    for own in field.args.values() {
        if !promise.args.contains_key(&own.name) && own.ty.is_non_null() && own.default.is_none() {
            diags.error(
                "BROKEN_INTERFACE",
                own.place.clone(),
                format!(
                    "`{}.{}({}:)` is required, but `{path}` does not know it",
                    ty.name, field.name, own.name
                ),
                "make it nullable or give it a default",
            );
        }
    }
}

fn is_subtype(types: &TypeSystem, narrow: &TypeRef, wide: &TypeRef) -> bool {
    match (narrow, wide) {
        (TypeRef::NonNull(narrow), TypeRef::NonNull(wide)) | (TypeRef::List(narrow), TypeRef::List(wide)) => {
            is_subtype(types, narrow, wide)
        }
        (TypeRef::NonNull(narrow), wide) => is_subtype(types, narrow, wide),
        (TypeRef::Named(narrow), TypeRef::Named(wide)) => {
            narrow == wide || named_subtype(types, narrow, wide)
        }
        _ => false,
    }
}

fn named_subtype(types: &TypeSystem, narrow: &str, wide: &str) -> bool {
    match types.types.get(wide).map(|t| &t.kind) {
        Some(Kind::Union { members }) => members.iter().any(|m| m == narrow),
        Some(Kind::Interface { .. }) => match types.types.get(narrow).map(|t| &t.kind) {
            Some(Kind::Object { interfaces, .. } | Kind::Interface { interfaces, .. }) => {
                interfaces.iter().any(|i| i == wide)
            }
            _ => false,
        },
        _ => false,
    }
}
