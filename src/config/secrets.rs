//! What a shop file takes from outside: `${NAME}` from the environment, secrets from files. Neither
//! is ever printed.

use std::{fmt::Write, path::Path};

use indexmap::IndexMap;

use super::doc::{Data, Entry, Node};
use crate::diagnostics::Diagnostics;

/// Where `${NAME}` is looked up.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Replaces `${NAME}` in every text of a file; `$${` stands for a plain `${`.
pub fn substitute(node: &mut Node, environment: Environment<'_>, diags: &mut Diagnostics) {
    let place = node.place();
    match &mut node.data {
        Data::Text(text) if text.contains("${") => {
            let raw = std::mem::take(text);
            let mut changed = false;
            let mut rest = raw.as_str();
            while let Some(start) = rest.find("${") {
                let (before, from) = rest.split_at(start);
                if let Some(before) = before.strip_suffix('$') {
                    text.push_str(before);
                    text.push_str("${");
                    rest = &from[2..];
                    continue;
                }
                text.push_str(before);
                let Some(end) = from.find('}') else {
                    diags.error(
                        "BAD_VARIABLE",
                        place.clone(),
                        "`${` without a closing `}`",
                        "write ${NAME}, or $${ for a plain ${",
                    );
                    rest = from;
                    break;
                };
                let name = &from[2..end];
                match environment(name) {
                    Some(value) => {
                        text.push_str(&value);
                        changed = true;
                    }
                    None => diags.error(
                        "MISSING_VARIABLE",
                        place.clone(),
                        format!("the environment has no variable {name}"),
                        format!("set {name} before starting, or write the value another way"),
                    ),
                }
                rest = &from[end + 1..];
            }
            text.push_str(rest);
            node.from_environment = changed;
        }
        Data::List(items) => {
            for item in items {
                substitute(item, environment, diags);
            }
        }
        Data::Table(table) => {
            for entry in table.values_mut() {
                substitute(&mut entry.node, environment, diags);
            }
        }
        _ => {}
    }
}

/// The first line of a secret's file, without blanks around it; a file that is not there, not
/// readable or empty is reported.
pub fn from_file(dir: &Path, node: &Node, key: &str, help: &str, diags: &mut Diagnostics) -> Option<String> {
    let text = file(dir, node, key, help, diags)?;
    let line = text.lines().next().unwrap_or("").trim().to_owned();
    if line.is_empty() {
        let message = format!("`{key}`: the first line of {} is blank", node.shown());
        diags.error("EMPTY_FILE", node.place(), message, help);
        return None;
    }
    Some(line)
}

/// The lines of a secret's file that are not blank, numbered from 1, without blanks around them; a file
/// that is not there, not readable or empty is reported.
pub fn lines_of(
    dir: &Path,
    node: &Node,
    key: &str,
    help: &str,
    diags: &mut Diagnostics,
) -> Option<Vec<(usize, String)>> {
    let text = file(dir, node, key, help, diags)?;
    let lines = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty());
    let lines: Vec<(usize, String)> = lines.map(|(n, line)| (n, line.to_owned())).collect();
    if lines.is_empty() {
        let message = format!("`{key}`: {} is blank", node.shown());
        diags.error("EMPTY_FILE", node.place(), message, help);
        return None;
    }
    Some(lines)
}

/// The text of a file that a key names; one that is not there or not readable is reported.
pub fn file(dir: &Path, node: &Node, key: &str, help: &str, diags: &mut Diagnostics) -> Option<String> {
    let name = node.filled(key, diags)?;
    match std::fs::read_to_string(dir.join(name)) {
        Ok(text) => Some(text),
        Err(error) => {
            let shown = node.shown();
            let message = format!("`{key}`: cannot read {shown}: {}", reason(&error));
            diags.error("UNREADABLE_FILE", node.place(), message, help);
            None
        }
    }
}

/// A password from `password` (from the environment only) or `password_file`, if there is one.
pub fn password(
    dir: &Path,
    table: &IndexMap<String, Entry>,
    within: &str,
    diags: &mut Diagnostics,
) -> Option<String> {
    match (table.get("password"), table.get("password_file")) {
        (Some(plain), Some(_)) => {
            let message = format!("{within} has both `password` and `password_file`");
            diags.error("CONFLICT", plain.key_place(), message, "keep password_file");
            None
        }
        (Some(plain), None) => {
            if !plain.node.from_environment {
                diags.error(
                    "PLAIN_SECRET",
                    plain.key_place(),
                    format!("{within} holds a password in plain text"),
                    "use password_file, or password = \"${NAME}\"",
                );
            }
            plain.node.text("password", diags).map(str::to_owned)
        }
        (None, Some(file)) => {
            let help = "write the password on the first line of that file";
            from_file(dir, &file.node, "password_file", help, diags)
        }
        (None, None) => None,
    }
}

/// Why a file could not be read, without the system's numbers.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

/// Text as a part of a URL.
pub fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
