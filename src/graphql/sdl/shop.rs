//! What a shop's own SDL may say: new complementary fields and changed rules on our entities, and
//! the enums that such fields need. Whatever no source could answer is refused with the reason.

use super::{
    is_built_in,
    merge::{Merged, kind_word},
};
use crate::{
    diagnostics::{Diagnostics, Place, nearest},
    graphql::types::{Applied, FieldDef, Kind, TypeDef, TypeRef, TypeSystem},
};

/// Directives by which our own catalogue speaks of what the product makes; a shop's sources hold
/// columns, so its fields are declared by `@complement`.
const OURS: [&str; 6] = ["computed", "cells", "items", "entity", "cost", "secret"];
/// The built-in enum whose raw values sources hold, so that a shop may add some.
const OPEN_ENUM: &str = "RelationKind";

/// Checks what the shop's files add.
pub(super) fn check(merged: &Merged, diags: &mut Diagnostics) {
    for (name, word, place) in &merged.extensions {
        extension(merged, name, word, place, diags);
    }
    for ty in merged.types.types.values() {
        if !is_built_in(&ty.place) {
            definition(ty, diags);
        }
        for applied in ty.applied.iter().filter(|a| !is_built_in(&a.place)) {
            ours(applied, diags);
        }
        if let Kind::Object { fields, .. } = &ty.kind {
            for field in fields.values().filter(|f| !is_built_in(&f.place)) {
                complement(&merged.types, ty, field, diags);
            }
        }
    }
    for name in merged.types.directives.keys() {
        let path = format!("@{name}");
        let place = merged.place(&path);
        if !place.file.is_empty() && !is_built_in(&place) {
            diags.error(
                "NOT_ANSWERABLE",
                place,
                format!("the shop defines the directive `{path}`"),
                "nothing would act on it; remove it and use the built-in directives",
            );
        }
    }
}

/// Whether a type is an entity of ours.
pub(crate) fn is_entity(ty: &TypeDef) -> bool {
    ty.applied.iter().any(|a| a.name == "entity")
}

fn extension(merged: &Merged, name: &str, word: &str, place: &Place, diags: &mut Diagnostics) {
    let Some(ty) = merged.types.types.get(name) else {
        diags.error(
            "NOT_ANSWERABLE",
            place.clone(),
            "the shop redefines the schema's roots",
            "remove it; the shop's files extend the entities only",
        );
        return;
    };
    let foreign = match &ty.kind {
        // One of the shop's own types: its definition is judged.
        _ if !is_built_in(&ty.place) => false,
        Kind::Object { .. } => !is_entity(ty),
        Kind::Enum { .. } => name != OPEN_ENUM,
        _ => true,
    };
    if foreign && word == kind_word(&ty.kind) {
        let entities: Vec<String> =
            merged.types.types.values().filter(|t| is_entity(t)).map(|t| format!("`{}`", t.name)).collect();
        diags.error(
            "NOT_ANSWERABLE",
            place.clone(),
            format!("the shop extends the built-in `{name}`, which no source feeds"),
            format!("extend one of the entities: {}", entities.join(", ")),
        );
    }
    if let Kind::Object { interfaces, .. } = &ty.kind {
        for interface in interfaces {
            let place = merged.place(&format!("{name}&{interface}"));
            if !place.file.is_empty() && !is_built_in(&place) {
                diags.error(
                    "NOT_ANSWERABLE",
                    place,
                    format!("the shop makes `{name}` implement `{interface}`"),
                    "remove it; interfaces are the product's own",
                );
            }
        }
    }
}

fn definition(ty: &TypeDef, diags: &mut Diagnostics) {
    let (what, help) = match &ty.kind {
        Kind::Enum { .. } => return,
        Kind::Object { .. } | Kind::Interface { .. } | Kind::Union { .. } => (
            "no source holds records of it",
            "add complementary fields to an entity with `extend type`; a new kind of record needs a connector and \
             an entity of the product",
        ),
        Kind::Scalar { .. } => (
            "nothing would read or write its values",
            "use `String`, `Int`, `Decimal`, `Boolean`, `Date`, `DateTime`, `HTML` or `URL`",
        ),
        Kind::Input { .. } => {
            ("no argument takes it", "remove it; the filters of complementary fields are generated")
        }
    };
    diags.error(
        "NOT_ANSWERABLE",
        ty.place.clone(),
        format!("the shop defines `{} {}`, but {what}", kind_word(&ty.kind), ty.name),
        help,
    );
}

fn ours(applied: &Applied, diags: &mut Diagnostics) -> bool {
    let refused = OURS.contains(&applied.name.as_str());
    if refused {
        diags.error(
            "RESERVED_DIRECTIVE",
            applied.place.clone(),
            format!("`@{}` is the built-in catalogue's own", applied.name),
            "a shop's field is declared by `@complement(columns: { source: \"column\" })`",
        );
    }
    refused
}

fn complement(types: &TypeSystem, ty: &TypeDef, field: &FieldDef, diags: &mut Diagnostics) {
    if !is_entity(ty) {
        return;
    }
    let path = format!("{}.{}", ty.name, field.name);
    let mut refused = false;
    for applied in &field.applied {
        refused |= ours(applied, diags);
        // `@complment` has been reported, and says where the field is kept.
        let known = types.directives.contains_key(&applied.name);
        refused |= !known && nearest(&applied.name, ["complement"]).is_some();
    }
    if !refused && !field.applied.iter().any(|a| a.name == "complement") {
        diags.error(
            "NO_SOURCE",
            field.place.clone(),
            format!("no source feeds `{path}`"),
            format!(
                "say where it is kept: `{}: {} @complement(columns: {{ isoshop: \"…\" }})`",
                field.name, field.ty
            ),
        );
    }
    if let Some(arg) = field.args.values().next() {
        diags.error(
            "NOT_ANSWERABLE",
            arg.place.clone(),
            format!("`{path}` takes the argument `{}`", arg.name),
            "a column takes no argument; remove it",
        );
    }
    if let Err(reason) = column_type(types, &field.ty) {
        diags.error(
            "TYPE_CLASH",
            field.place.clone(),
            format!("`{path}` is `{}`: {reason}", field.ty),
            COLUMN_TYPES,
        );
    }
}

const COLUMN_TYPES: &str = "a complementary field is a String, ID, Int, Decimal, Boolean, Date, DateTime, HTML, URL, \
     an enum, or a list of one of them";

fn column_type(types: &TypeSystem, ty: &TypeRef) -> Result<(), String> {
    let item = match ty.nullable() {
        TypeRef::List(item) => match item.nullable() {
            TypeRef::List(_) => return Err("a list of lists is kept by no source".to_owned()),
            _ => item.name(),
        },
        other => other.name(),
    };
    match types.types.get(item).map(|t| &t.kind) {
        // An unknown type has been reported already.
        None | Some(Kind::Enum { .. }) => Ok(()),
        Some(Kind::Scalar { .. }) => match item {
            "Float" => {
                Err("binary fractions would change what the sources say exactly; use `Decimal`".to_owned())
            }
            "JSON" => Err("a value without a form cannot be merged, filtered or edited".to_owned()),
            _ => Ok(()),
        },
        Some(_) => Err("a column holds no object".to_owned()),
    }
}
