//! Reads what `[sources.NAME]` says of a SQL Server: the address from its parts, encryption,
//! isolation, and the login that will write orders.

use std::{fmt::Write, path::Path};

use indexmap::IndexMap;

use super::{
    Login, Secret,
    doc::{Entry, known_keys, one_of},
    secrets,
};
use crate::diagnostics::Diagnostics;

/// Keys that only SQL Server has.
pub const KEYS: [&str; 6] = ["instance", "tls", "ca_file", "isolation", "read_only", "writer"];

/// What may be written for a key, the default first.
const TLS: [&str; 3] = ["required", "strict", "none"];
const ISOLATION: [&str; 3] = ["read committed", "snapshot", "nolock"];

/// An address from `host`, `port` or `instance`, `database`, `user`, `password(_file)` and the keys
/// above: `sqlserver://USER:PASSWORD@HOST:PORT/DATABASE?…`.
pub fn from_parts(
    dir: &Path,
    table: &IndexMap<String, Entry>,
    within: &str,
    diags: &mut Diagnostics,
) -> Option<String> {
    let mark = diags.mark();
    let text = |key: &str, diags: &mut Diagnostics| {
        table.get(key).and_then(|entry| entry.node.filled(key, diags)).map(str::to_owned)
    };
    let host = text("host", diags).unwrap_or_else(|| "localhost".to_owned());
    let instance = text("instance", diags);
    let database = text("database", diags);
    let user = text("user", diags);
    let port = table.get("port").and_then(|entry| entry.node.integer("port", 1, 65_535, diags));
    let place = table.first().map(|(_, entry)| entry.key_place()).unwrap_or_default();
    for (key, missing) in [("database", database.is_none()), ("user", user.is_none())] {
        if missing && !table.contains_key(key) {
            let message = format!("{within} has no `{key}`");
            diags.error("MISSING_KEY", place.clone(), message, format!("add {key} = \"…\""));
        }
    }
    let password = secrets::password(dir, table, within, diags);
    let tls = one(table, "tls", &TLS, diags);
    let isolation = one(table, "isolation", &ISOLATION, diags);
    let ca_file = text("ca_file", diags);
    let read_only = table.get("read_only").and_then(|entry| entry.node.boolean("read_only", diags));
    if let (Some("none"), Some(entry)) = (tls, table.get("tls")) {
        plain(within, entry, diags);
        if let Some(entry) = table.get("ca_file") {
            let message = format!("{within} has a `ca_file`, but no encryption");
            diags.error(
                "CONFLICT",
                entry.key_place(),
                message,
                "leave ca_file out, or set tls = \"required\"",
            );
        }
    }
    if let Some(file) = &ca_file
        && !dir.join(file).is_file()
        && let Some(entry) = table.get("ca_file")
    {
        let message = format!("`ca_file`: there is no file {}", entry.node.shown());
        let help = "name a file with the authority's certificate (PEM)";
        diags.error("UNREADABLE_FILE", entry.node.place(), message, help);
    }
    if let (Some(_), Some(entry)) = (port, table.get("instance")) {
        let message = format!("{within} has both `port` and `instance`");
        let help = "keep the port alone: it is the instance's; or the instance alone: the SQL Browser is asked for its port";
        diags.error("CONFLICT", entry.key_place(), message, help);
    }
    if diags.errors_since(mark) {
        return None;
    }
    let mut url = format!("sqlserver://{}", secrets::percent(&user?));
    if let Some(password) = password {
        url.push(':');
        url.push_str(&secrets::percent(&password));
    }
    // Writing to a String cannot fail.
    let _ = if host.contains(':') {
        write!(url, "@[{host}]")
    } else {
        write!(url, "@{}", secrets::percent(&host))
    };
    if let Some(port) = port {
        let _ = write!(url, ":{port}");
    }
    let _ = write!(url, "/{}?tls={}", secrets::percent(&database?), tls.unwrap_or(TLS[0]));
    let _ = write!(url, "&isolation={}", secrets::percent(isolation.unwrap_or(ISOLATION[0])));
    for (key, value) in [("instance", instance), ("ca_file", ca_file)] {
        if let Some(value) = value {
            let _ = write!(url, "&{key}={}", secrets::percent(&value));
        }
    }
    url.push_str(if read_only == Some(false) { "&intent=read-write" } else { "&intent=read-only" });
    Some(url)
}

/// A warning about an address that asks for no encryption.
pub fn plain(within: &str, entry: &Entry, diags: &mut Diagnostics) {
    diags.warn(
        "NO_ENCRYPTION",
        entry.node.place(),
        format!("{within}: password and data travel readable by everybody on the way"),
        "only for servers without TLS 1.2, on a network of their own; else tls = \"required\"",
    );
}

fn one<'a>(
    table: &IndexMap<String, Entry>,
    key: &str,
    values: &[&'a str],
    diags: &mut Diagnostics,
) -> Option<&'a str> {
    let node = &table.get(key)?.node;
    let text = node.text(key, diags)?;
    let found = values.iter().find(|value| **value == text).copied();
    if found.is_none() {
        let message = format!("`{key}` cannot be {}", node.shown());
        diags.error("BAD_VALUE", node.place(), message, one_of(text, values));
    }
    found
}

/// `[sources.NAME.writer]`: the login that will write orders, which nothing uses yet.
pub fn writer(
    dir: &Path,
    table: &IndexMap<String, Entry>,
    name: &str,
    diags: &mut Diagnostics,
) -> Option<Login> {
    let entry = table.get("writer")?;
    let given = entry.node.table("writer", diags)?;
    let within = format!("[sources.{name}.writer]");
    known_keys(given, &within, &["user", "password", "password_file"], diags);
    let user = given.get("user").and_then(|entry| entry.node.filled("user", diags)).map(str::to_owned);
    if user.is_none() && !given.contains_key("user") {
        let message = format!("{within} has no `user`");
        diags.error("MISSING_KEY", entry.key_place(), message, "add user = \"…\"");
    }
    let password = secrets::password(dir, given, &within, diags);
    diags.warn(
        "NO_EFFECT_YET",
        entry.key_place(),
        format!("{within} is read, and used by nothing: orders are not in this version"),
        "leave it as it is, or take it out",
    );
    Some(Login { user: user?, password: password.map(Secret) })
}

#[cfg(test)]
#[path = "sqlserver_tests.rs"]
mod tests;
