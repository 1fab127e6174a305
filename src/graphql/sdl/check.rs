//! What the specification forbids in a schema: unknown types and directives, input where output
//! belongs, empty types, wrong constants. (Interfaces are [`super::interfaces`]'s.)

use std::collections::HashSet;

use async_graphql_value::ConstValue;

use super::{
    literals::coerce,
    merge::{Merged, kind_word},
    suggest::help,
};
use crate::{
    diagnostics::{Diagnostics, Place},
    graphql::types::{Applied, FieldDef, InputDef, Kind, TypeRef, TypeSystem},
};

/// Checks a merged type system, and replaces defaults by what they become under coercion.
pub(super) fn check(merged: &mut Merged, diags: &mut Diagnostics) {
    let check = Check { types: &merged.types, merged };
    check.roots(diags);
    check.directives(diags);
    for ty in merged.types.types.values() {
        check.name("type", &ty.name, &ty.place, diags);
        let at = |d: &mut Diagnostics, location: &str| {
            check.applied(&ty.applied, location, &format!("type `{}`", ty.name), d);
        };
        match &ty.kind {
            Kind::Scalar { .. } => at(diags, "SCALAR"),
            Kind::Object { fields, .. } => {
                at(diags, "OBJECT");
                check.empty(&ty.name, fields.is_empty(), "field", &ty.place, diags);
                fields.values().for_each(|f| check.field(&ty.name, f, diags));
            }
            Kind::Interface { fields, .. } => {
                at(diags, "INTERFACE");
                check.empty(&ty.name, fields.is_empty(), "field", &ty.place, diags);
                fields.values().for_each(|f| check.field(&ty.name, f, diags));
            }
            Kind::Union { members } => {
                at(diags, "UNION");
                check.empty(&ty.name, members.is_empty(), "member", &ty.place, diags);
                for member in members {
                    check.member(&ty.name, member, diags);
                }
            }
            Kind::Enum { values } => {
                at(diags, "ENUM");
                check.empty(&ty.name, values.is_empty(), "value", &ty.place, diags);
                for value in values.values() {
                    let owner = format!("{}.{}", ty.name, value.name);
                    check.name("enum value", &value.name, &merged.place(&owner), diags);
                    check.applied(&value.applied, "ENUM_VALUE", &format!("`{owner}`"), diags);
                }
            }
            Kind::Input { fields } => {
                at(diags, "INPUT_OBJECT");
                check.empty(&ty.name, fields.is_empty(), "field", &ty.place, diags);
                for field in fields.values() {
                    let owner = format!("{}.{}", ty.name, field.name);
                    check.input(&owner, field, "INPUT_FIELD_DEFINITION", diags);
                }
            }
        }
    }
    check.input_cycles(diags);
    coerce_defaults(merged, diags);
}

struct Check<'a> {
    types: &'a TypeSystem,
    merged: &'a Merged,
}

impl Check<'_> {
    fn name(&self, what: &str, name: &str, place: &Place, diags: &mut Diagnostics) {
        if name.starts_with("__") {
            diags.error(
                "RESERVED_NAME",
                place.clone(),
                format!("the {what} `{name}` starts with `__`"),
                "names that start with two underscores are GraphQL's own; rename it",
            );
        }
    }

    fn empty(&self, name: &str, empty: bool, of: &str, place: &Place, diags: &mut Diagnostics) {
        if empty {
            diags.error(
                "EMPTY_TYPE",
                place.clone(),
                format!("`{name}` has no {of}"),
                format!("give it at least one {of}"),
            );
        }
    }

    fn roots(&self, diags: &mut Diagnostics) {
        let roots = [
            ("query", Some(&self.types.query)),
            ("mutation", self.types.mutation.as_ref()),
            ("subscription", self.types.subscription.as_ref()),
        ];
        let mut seen = HashSet::new();
        for (operation, root) in roots {
            let Some(root) = root else { continue };
            let place = self.merged.place(&format!("schema.{operation}"));
            match self.types.types.get(root).map(|t| &t.kind) {
                Some(Kind::Object { .. }) if seen.insert(root) => {}
                Some(Kind::Object { .. }) => diags.error(
                    "BAD_ROOT",
                    place,
                    format!("`{root}` is the root of two kinds of operations"),
                    "give each its own type",
                ),
                _ => diags.error(
                    "BAD_ROOT",
                    place,
                    format!("the {operation} root `{root}` is not an object type"),
                    format!("define `type {root}`"),
                ),
            }
        }
    }

    fn directives(&self, diags: &mut Diagnostics) {
        for directive in self.types.directives.values() {
            let place = self.merged.place(&format!("@{}", directive.name));
            self.name("directive", &directive.name, &place, diags);
            for arg in directive.args.values() {
                let owner = format!("@{}({}:)", directive.name, arg.name);
                self.input(&owner, arg, "ARGUMENT_DEFINITION", diags);
            }
        }
    }

    fn field(&self, owner: &str, field: &FieldDef, diags: &mut Diagnostics) {
        let path = format!("{owner}.{}", field.name);
        self.name("field", &field.name, &field.place, diags);
        self.applied(&field.applied, "FIELD_DEFINITION", &format!("`{path}`"), diags);
        if let Some(kind) = self.kind(&path, &field.ty, &field.place, diags)
            && matches!(kind, Kind::Input { .. })
        {
            diags.error(
                "NOT_OUTPUT",
                field.place.clone(),
                format!("`{path}` gives `{}`, which is an input type", field.ty.name()),
                "a field gives a scalar, an enum, an object, an interface or a union",
            );
        }
        for arg in field.args.values() {
            self.input(&format!("{path}({}:)", arg.name), arg, "ARGUMENT_DEFINITION", diags);
        }
    }

    fn input(&self, path: &str, input: &InputDef, location: &str, diags: &mut Diagnostics) {
        self.name("name of", &input.name, &input.place, diags);
        self.applied(&input.applied, location, &format!("`{path}`"), diags);
        if let Some(kind) = self.kind(path, &input.ty, &input.place, diags)
            && !matches!(kind, Kind::Scalar { .. } | Kind::Enum { .. } | Kind::Input { .. })
        {
            diags.error(
                "NOT_INPUT",
                input.place.clone(),
                format!("`{path}` takes `{}`, which is not an input type", input.ty.name()),
                "arguments and input fields take scalars, enums and input types",
            );
        }
        if input.deprecated.is_some() && input.ty.is_non_null() && input.default.is_none() {
            diags.error(
                "REQUIRED_DEPRECATED",
                input.place.clone(),
                format!("`{path}` is required and deprecated"),
                "nobody could stop using it: make it nullable or give it a default",
            );
        }
    }

    fn kind(&self, path: &str, ty: &TypeRef, place: &Place, diags: &mut Diagnostics) -> Option<&Kind> {
        let found = self.types.types.get(ty.name());
        if found.is_none() && !self.merged.unread.contains(ty.name()) {
            let known = self.types.types.keys().map(String::as_str);
            diags.error(
                "UNKNOWN_TYPE",
                place.clone(),
                format!("`{path}` is of type `{}`, which is not defined", ty.name()),
                help(ty.name(), known, "define the type, or use one of the built-in scalars"),
            );
        }
        found.map(|t| &t.kind)
    }

    fn member(&self, union: &str, member: &str, diags: &mut Diagnostics) {
        let place = self.merged.place(&format!("{union}|{member}"));
        match self.types.types.get(member).map(|t| &t.kind) {
            Some(Kind::Object { .. }) => {}
            Some(other) => diags.error(
                "BAD_MEMBER",
                place,
                format!("`{member}` in the union `{union}` is not an object type"),
                format!("it is defined by `{}`; a union's members are object types", kind_word(other)),
            ),
            None if self.merged.unread.contains(member) => {}
            None => diags.error(
                "UNKNOWN_TYPE",
                place,
                format!("`{member}` in the union `{union}` is not defined"),
                help(member, self.types.types.keys().map(String::as_str), "define the type"),
            ),
        }
    }

    fn applied(&self, applied: &[Applied], location: &str, owner: &str, diags: &mut Diagnostics) {
        let mut seen = HashSet::new();
        for one in applied {
            let Some(definition) = self.types.directives.get(&one.name) else {
                diags.error(
                    "UNKNOWN_DIRECTIVE",
                    one.place.clone(),
                    format!("there is no directive `@{}`", one.name),
                    help(
                        &one.name,
                        self.types.directives.keys().map(String::as_str),
                        "remove it; the documentation lists the directives",
                    ),
                );
                continue;
            };
            if !definition.locations.iter().any(|l| l == location) {
                let locations = definition.locations.join(", ");
                diags.error(
                    "WRONG_LOCATION",
                    one.place.clone(),
                    format!("`@{}` cannot stand on {owner}", one.name),
                    format!("it stands on: {locations}"),
                );
            }
            if !definition.repeatable && !seen.insert(one.name.as_str()) {
                diags.error(
                    "DUPLICATE_DIRECTIVE",
                    one.place.clone(),
                    format!("`@{}` stands twice on {owner}", one.name),
                    "it may stand there once; remove one",
                );
            }
            for (name, value) in &one.args {
                match definition.args.get(name) {
                    None => diags.error(
                        "UNKNOWN_ARGUMENT",
                        one.place.clone(),
                        format!("`@{}` has no argument `{name}`", one.name),
                        help(
                            name,
                            definition.args.keys().map(String::as_str),
                            &format!("its arguments are: {}", listed(definition.args.keys())),
                        ),
                    ),
                    Some(arg) => {
                        if let Err(reason) = coerce(self.types, &arg.ty, value) {
                            diags.error(
                                "BAD_ARGUMENT",
                                one.place.clone(),
                                format!("`@{}({name}:)` on {owner}: {reason}", one.name),
                                format!("it takes `{}`", arg.ty),
                            );
                        }
                    }
                }
            }
            for arg in definition.args.values() {
                if arg.ty.is_non_null() && arg.default.is_none() && !one.args.contains_key(&arg.name) {
                    diags.error(
                        "MISSING_ARGUMENT",
                        one.place.clone(),
                        format!("`@{}` on {owner} lacks its argument `{}`", one.name, arg.name),
                        format!("add `{}: …` of type `{}`", arg.name, arg.ty),
                    );
                }
            }
        }
    }

    /// Input types that cannot be written because they need themselves.
    fn input_cycles(&self, diags: &mut Diagnostics) {
        let mut done = HashSet::new();
        for name in self.types.types.keys() {
            let mut path = Vec::new();
            self.cycle(name, &mut path, &mut done, diags);
        }
    }

    fn cycle<'s>(
        &'s self,
        name: &'s str,
        path: &mut Vec<&'s str>,
        done: &mut HashSet<&'s str>,
        diags: &mut Diagnostics,
    ) {
        let Some(Kind::Input { fields }) = self.types.types.get(name).map(|t| &t.kind) else { return };
        if !done.insert(name) {
            return;
        }
        path.push(name);
        for field in fields.values() {
            let TypeRef::NonNull(inner) = &field.ty else { continue };
            let TypeRef::Named(next) = inner.as_ref() else { continue };
            if let Some(start) = path.iter().position(|p| p == next) {
                let way = path.get(start..).unwrap_or(&[]).join(" → ");
                diags.error(
                    "ENDLESS_INPUT",
                    field.place.clone(),
                    format!("the input type `{next}` needs itself: {way} → {next}"),
                    "make one of the fields on the way nullable",
                );
            } else {
                self.cycle(next, path, done, diags);
            }
        }
        path.pop();
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let all: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// Replaces every default by what it becomes under its type; what does not fit is reported.
pub(super) fn coerce_defaults(merged: &mut Merged, diags: &mut Diagnostics) {
    let types = merged.types.clone();
    let mut fit = |path: &str, input: &mut InputDef| {
        // An unknown type has been reported already.
        let Some(default) = input.default.as_ref().filter(|_| types.types.contains_key(input.ty.name()))
        else {
            return;
        };
        match coerce(&types, &input.ty, default) {
            Ok(coerced) => input.default = Some(coerced),
            Err(reason) => diags.error(
                "BAD_DEFAULT",
                input.place.clone(),
                format!("the default of `{path}` does not fit: {reason}"),
                format!("give a constant of `{}`", input.ty),
            ),
        }
    };
    for directive in merged.types.directives.values_mut() {
        for arg in directive.args.values_mut() {
            fit(&format!("@{}({}:)", directive.name, arg.name), arg);
        }
    }
    for ty in merged.types.types.values_mut() {
        match &mut ty.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => {
                for field in fields.values_mut() {
                    for arg in field.args.values_mut() {
                        fit(&format!("{}.{}({}:)", ty.name, field.name, arg.name), arg);
                    }
                }
            }
            Kind::Input { fields } => {
                for field in fields.values_mut() {
                    fit(&format!("{}.{}", ty.name, field.name), field);
                }
            }
            _ => {}
        }
    }
}

/// The constant given to a directive's argument, or the argument's default.
pub(crate) fn argument<'a>(
    types: &'a TypeSystem,
    applied: &'a Applied,
    name: &str,
) -> Option<&'a ConstValue> {
    applied.args.get(name).or_else(|| {
        types.directives.get(&applied.name).and_then(|d| d.args.get(name)).and_then(|a| a.default.as_ref())
    })
}
