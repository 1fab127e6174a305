//! The type system as SDL text again: for clients (`comptoir schema`), or with the directives in
//! which precedence is declared. Any GraphQL tool can read it.

use std::fmt::Write as _;

use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{SPECIFIED_DIRECTIVES, SPECIFIED_SCALARS, client_view};
use crate::graphql::types::{Applied, InputDef, Kind, TypeDef, TypeRef, TypeSystem};

/// The SDL that clients see: descriptions, deprecations, defaults, `@specifiedBy`, and the
/// directives that clients may write; without how the values are made.
pub fn print(types: &TypeSystem) -> String {
    write_all(&client_view(types))
}

/// The SDL with everything: precedence, complementary columns, enum raw values.
pub fn print_annotated(types: &TypeSystem) -> String {
    write_all(types)
}

fn write_all(types: &TypeSystem) -> String {
    let mut out = String::with_capacity(32 * 1024);
    let mut roots = vec![("query", types.query.as_str())];
    roots.extend(types.mutation.as_deref().map(|m| ("mutation", m)));
    roots.extend(types.subscription.as_deref().map(|s| ("subscription", s)));
    if roots.iter().any(|(operation, name)| !operation.eq_ignore_ascii_case(name)) {
        out.push_str("schema {\n");
        for (operation, name) in &roots {
            let _ = writeln!(out, "  {operation}: {name}");
        }
        out.push_str("}\n\n");
    }
    for directive in types.directives.values() {
        if SPECIFIED_DIRECTIVES.contains(&directive.name.as_str()) {
            continue;
        }
        description(&mut out, directive.description.as_deref(), "");
        let _ = write!(out, "directive @{}", directive.name);
        arguments(&mut out, &directive.args, "", types);
        if directive.repeatable {
            out.push_str(" repeatable");
        }
        let _ = write!(out, " on {}\n\n", directive.locations.join(" | "));
    }
    for ty in types.types.values() {
        if !SPECIFIED_SCALARS.contains(&ty.name.as_str()) {
            definition(&mut out, ty, types);
            out.push('\n');
        }
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

fn definition(out: &mut String, ty: &TypeDef, types: &TypeSystem) {
    description(out, ty.description.as_deref(), "");
    match &ty.kind {
        Kind::Scalar { .. } => {
            let _ = write!(out, "scalar {}", ty.name);
            applied(out, &ty.applied, types);
            out.push('\n');
        }
        Kind::Object { interfaces, fields } | Kind::Interface { interfaces, fields } => {
            let word = if matches!(ty.kind, Kind::Object { .. }) { "type" } else { "interface" };
            let _ = write!(out, "{word} {}", ty.name);
            if !interfaces.is_empty() {
                let _ = write!(out, " implements {}", interfaces.join(" & "));
            }
            applied(out, &ty.applied, types);
            out.push_str(" {\n");
            for (index, field) in fields.values().enumerate() {
                if index > 0 && field.description.is_some() {
                    out.push('\n');
                }
                description(out, field.description.as_deref(), "  ");
                let _ = write!(out, "  {}", field.name);
                arguments(out, &field.args, "  ", types);
                let _ = write!(out, ": {}", field.ty);
                applied(out, &field.applied, types);
                out.push('\n');
            }
            out.push_str("}\n");
        }
        Kind::Union { members } => {
            let _ = write!(out, "union {}", ty.name);
            applied(out, &ty.applied, types);
            let _ = writeln!(out, " = {}", members.join(" | "));
        }
        Kind::Enum { values } => {
            let _ = write!(out, "enum {}", ty.name);
            applied(out, &ty.applied, types);
            out.push_str(" {\n");
            for (index, value) in values.values().enumerate() {
                if index > 0 && value.description.is_some() {
                    out.push('\n');
                }
                description(out, value.description.as_deref(), "  ");
                let _ = write!(out, "  {}", value.name);
                applied(out, &value.applied, types);
                out.push('\n');
            }
            out.push_str("}\n");
        }
        Kind::Input { fields } => {
            let _ = write!(out, "input {}", ty.name);
            applied(out, &ty.applied, types);
            out.push_str(" {\n");
            for (index, field) in fields.values().enumerate() {
                if index > 0 && field.description.is_some() {
                    out.push('\n');
                }
                input(out, field, "  ", types);
                out.push('\n');
            }
            out.push_str("}\n");
        }
    }
}

fn arguments(out: &mut String, args: &IndexMap<String, InputDef>, indent: &str, types: &TypeSystem) {
    if args.is_empty() {
        return;
    }
    if args.values().all(|arg| arg.description.is_none()) {
        out.push('(');
        for (index, arg) in args.values().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            input(out, arg, "", types);
        }
        out.push(')');
        return;
    }
    out.push_str("(\n");
    let inner = format!("{indent}  ");
    for arg in args.values() {
        input(out, arg, &inner, types);
        out.push('\n');
    }
    out.push_str(indent);
    out.push(')');
}

fn input(out: &mut String, input: &InputDef, indent: &str, types: &TypeSystem) {
    description(out, input.description.as_deref(), indent);
    let _ = write!(out, "{indent}{}: {}", input.name, input.ty);
    if let Some(default) = &input.default {
        let _ = write!(out, " = {}", print_value(types, &input.ty, default));
    }
    applied(out, &input.applied, types);
}

fn applied(out: &mut String, applied: &[Applied], types: &TypeSystem) {
    for one in applied {
        let _ = write!(out, " @{}", one.name);
        if one.args.is_empty() {
            continue;
        }
        out.push('(');
        let definition = types.directives.get(&one.name);
        for (index, (name, value)) in one.args.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            let ty = definition.and_then(|d| d.args.get(name)).map(|a| &a.ty);
            let text = ty.map_or_else(|| untyped(value), |ty| print_value(types, ty, value));
            let _ = write!(out, "{name}: {text}");
        }
        out.push(')');
    }
}

/// A constant of a type in GraphQL's own spelling, as introspection's `defaultValue` gives it.
pub fn print_value(types: &TypeSystem, ty: &TypeRef, value: &ConstValue) -> String {
    match (ty, value) {
        (_, ConstValue::Null) => "null".to_owned(),
        (TypeRef::NonNull(inner), value) => print_value(types, inner, value),
        (TypeRef::List(item), ConstValue::List(values)) => {
            let items: Vec<String> = values.iter().map(|v| print_value(types, item, v)).collect();
            format!("[{}]", items.join(", "))
        }
        (TypeRef::List(item), value) => print_value(types, item, value),
        (TypeRef::Named(name), ConstValue::Object(object)) => {
            let fields = match types.types.get(name).map(|t| &t.kind) {
                Some(Kind::Input { fields }) => Some(fields),
                _ => None,
            };
            let entries: Vec<String> = object
                .iter()
                .map(|(key, value)| {
                    let ty = fields.and_then(|f| f.get(key.as_str())).map(|f| &f.ty);
                    let text = ty.map_or_else(|| untyped(value), |ty| print_value(types, ty, value));
                    format!("{key}: {text}")
                })
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        // An id that reads as a whole number is written as one.
        (TypeRef::Named(name), ConstValue::String(text)) if name == "ID" && is_whole(text) => text.clone(),
        (TypeRef::Named(_), value) => untyped(value),
    }
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

fn untyped(value: &ConstValue) -> String {
    match value {
        ConstValue::Null => "null".to_owned(),
        ConstValue::Number(number) => number.to_string(),
        ConstValue::String(text) => quoted(text),
        ConstValue::Boolean(b) => b.to_string(),
        ConstValue::Binary(_) => "\"\"".to_owned(),
        ConstValue::Enum(name) => name.to_string(),
        ConstValue::List(values) => {
            format!("[{}]", values.iter().map(untyped).collect::<Vec<_>>().join(", "))
        }
        ConstValue::Object(object) => {
            let entries: Vec<String> = object.iter().map(|(k, v)| format!("{k}: {}", untyped(v))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_control() && u32::from(c) < 0x100 => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn description(out: &mut String, text: Option<&str>, indent: &str) {
    let Some(text) = text else { return };
    // A block string loses blank lines at its ends and the indentation that all lines share.
    let lines: Vec<&str> = text.split('\n').collect();
    let is_blank = |line: Option<&&str>| line.is_none_or(|l| l.trim().is_empty());
    let loses = is_blank(lines.first())
        || is_blank(lines.last())
        || lines.iter().filter(|l| !l.trim().is_empty()).all(|l| l.starts_with([' ', '\t']))
        || text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    if loses {
        let _ = writeln!(out, "{indent}{}", quoted(text));
        return;
    }
    let _ = writeln!(out, "{indent}\"\"\"");
    for line in lines {
        if line.is_empty() {
            out.push('\n');
        } else {
            let _ = writeln!(out, "{indent}{}", line.replace("\"\"\"", "\\\"\"\""));
        }
    }
    let _ = writeln!(out, "{indent}\"\"\"");
}
