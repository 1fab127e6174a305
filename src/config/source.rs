//! Reads `[sources.NAME]`: the engine, where the base is, its settings and its limits.

use std::{collections::BTreeMap, fmt::Write, path::Path, time::Duration};

use indexmap::IndexMap;

use super::{
    Secret, SourceConfig, SourceKind, SourceLimits,
    doc::{Data, Entry, Node, known_keys, misspelt, one_of},
    secrets, sqlserver,
};
use crate::{
    diagnostics::{Diagnostics, Place},
    value::Value,
};

/// Names that provenance uses for something else.
const RESERVED: [&str; 4] = ["site", "article", "default", "override"];

/// Reads one source; findings are reported. What is broken in it is left blank: then its connector is
/// not looked up, or its base not opened.
pub fn read(dir: &Path, name: &str, entry: &Entry, diags: &mut Diagnostics) -> SourceConfig {
    check_name(name, entry, diags);
    let within = format!("[sources.{name}]");
    let empty = IndexMap::new();
    let given = entry.node.table(name, diags);
    let table = given.unwrap_or(&empty);
    known_keys(
        table,
        &within,
        &[
            "kind",
            "connector",
            "url",
            "url_file",
            "host",
            "port",
            "database",
            "user",
            "password",
            "password_file",
            "settings",
            "limits",
            "instance",
            "tls",
            "ca_file",
            "isolation",
            "read_only",
            "writer",
        ],
        diags,
    );
    let place = entry.key_place();
    // No table at all has been reported: that it has no keys is no news.
    let lacks = |key: &str, diags: &Diagnostics| given.is_some() && !misspelt(table, key, diags);
    let kind = if let Some(kind) = table.get("kind") {
        self::kind(&kind.node, diags)
    } else if lacks("kind", diags) {
        let message = format!("{within} has no `kind`");
        let help = "add kind = \"sqlite\", \"postgres\" or \"sqlserver\"";
        diags.error("MISSING_KEY", place.clone(), message, help);
        None
    } else {
        None
    };
    let connector = if let Some(connector) = table.get("connector") {
        connector.node.filled("connector", diags).map(str::to_owned)
    } else if lacks("connector", diags) {
        let message = format!("{within} has no `connector`");
        let help = "name its map, for example connector = \"sage100\"";
        diags.error("MISSING_KEY", place.clone(), message, help);
        None
    } else {
        None
    };
    let connector = connector.filter(|connector| {
        let Some(Entry { node, .. }) = table.get("connector") else { return false };
        // It becomes a file's name.
        let named = is_identifier(connector);
        if !named {
            let message = format!("`connector` {} is no name", node.shown());
            let help = "use letters, digits and `_`, beginning with a letter";
            diags.error("BAD_VALUE", node.place(), message, help);
        }
        named && !diags.told(&node.place())
    });
    let url = given.and_then(|_| url(dir, table, &within, kind, diags));
    let writer = if kind == Some(SourceKind::SqlServer) {
        sqlserver::writer(dir, table, name, diags)
    } else {
        // Without a kind nobody can tell.
        for key in sqlserver::KEYS.into_iter().filter(|key| kind.is_some() && table.contains_key(*key)) {
            let message = format!("`{key}` means nothing to a source of this kind");
            let place = table.get(key).map(Entry::key_place).unwrap_or_default();
            diags.error("BAD_VALUE", place, message, "leave it out: it is for kind = \"sqlserver\"");
        }
        None
    };
    let (settings, setting_places) = settings(table, diags);
    let limits = limits(table, name, kind, diags);
    SourceConfig {
        name: name.to_owned(),
        url: Secret(url.filter(|_| kind.is_some()).unwrap_or_default()),
        kind: kind.unwrap_or(SourceKind::Sqlite),
        connector: connector.unwrap_or_default(),
        settings,
        setting_places,
        limits,
        writer,
        place,
    }
}

fn check_name(name: &str, entry: &Entry, diags: &mut Diagnostics) {
    if RESERVED.contains(&name) {
        diags.error(
            "RESERVED_NAME",
            entry.key_place(),
            format!("a source cannot be called `{name}`"),
            "that name has a meaning of its own; choose another",
        );
    } else if !is_identifier(name) {
        diags.error(
            "BAD_NAME",
            entry.key_place(),
            format!("`{name}` is no name for a source"),
            "use letters, digits and `_`, beginning with a letter",
        );
    }
}

/// Whether a text is a name: ASCII letters, digits and `_`, beginning with a letter.
pub fn is_identifier(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn kind(node: &Node, diags: &mut Diagnostics) -> Option<SourceKind> {
    let text = node.text("kind", diags)?;
    match text {
        "sqlite" => Some(SourceKind::Sqlite),
        "postgres" => Some(SourceKind::Postgres),
        "sqlserver" => Some(SourceKind::SqlServer),
        "oracle" | "access" => {
            diags.error(
                "NOT_AVAILABLE",
                node.place(),
                format!("sources of kind \"{text}\" are not in this version"),
                "\"sqlite\", \"postgres\" and \"sqlserver\" work",
            );
            None
        }
        _ => {
            let message = format!("`kind` cannot be {}", node.shown());
            let help = one_of(text, &["sqlite", "postgres", "sqlserver"]);
            diags.error("BAD_VALUE", node.place(), message, help);
            None
        }
    }
}

/// The address of a database, secrets filled in; relative SQLite paths start at the shop's folder,
/// which is for whoever opens it. Without a
/// given kind (our own database) the address tells it.
pub fn url(
    dir: &Path,
    table: &IndexMap<String, Entry>,
    within: &str,
    kind: Option<SourceKind>,
    diags: &mut Diagnostics,
) -> Option<String> {
    let parts: Vec<&str> = ["host", "port", "database", "user", "password", "password_file"]
        .into_iter()
        .chain(sqlserver::KEYS.into_iter().filter(|k| *k != "writer" && kind == Some(SourceKind::SqlServer)))
        .filter(|key| table.contains_key(*key))
        .collect();
    let given = ["url", "url_file"].into_iter().find_map(|key| Some((key, table.get(key)?)));
    let place = || table.first().map(|(_, entry)| entry.key_place()).unwrap_or_default();
    let Some((key, entry)) = given else {
        if ["url", "url_file", "host", "database"].iter().any(|key| misspelt(table, key, diags)) {
            return None;
        }
        if parts.is_empty() {
            let message = format!("{within} does not say where its database is");
            let help = match kind {
                Some(SourceKind::Postgres) => "add url = \"postgres://…\", or host, database and user",
                Some(SourceKind::SqlServer) => "add host, database, user and password_file",
                _ => "add url = \"sqlite:FILE\" or url = \"postgres://…\"",
            };
            diags.error("MISSING_KEY", place(), message, help);
            return None;
        }
        if kind == Some(SourceKind::Sqlite) {
            let message = format!("`{}` means nothing to SQLite", parts.join("`, `"));
            diags.error("BAD_VALUE", place(), message, "write url = \"sqlite:FILE\" instead");
            return None;
        }
        return if kind == Some(SourceKind::SqlServer) {
            sqlserver::from_parts(dir, table, within, diags)
        } else {
            from_parts(dir, table, within, diags)
        };
    };
    let clash = parts
        .first()
        .copied()
        .or_else(|| (key == "url" && table.contains_key("url_file")).then_some("url_file"));
    if let Some(clash) = clash {
        let message = format!("{within} has both `{key}` and `{clash}`");
        let place = table.get(clash).map(Entry::key_place).unwrap_or_default();
        diags.error("CONFLICT", place, message, "keep one of the two");
    }
    let address = if key == "url" {
        let text = entry.node.filled(key, diags)?.to_owned();
        let after = text.split_once("://").map_or("", |(_, rest)| rest);
        let user = after.split(['/', '?']).next().and_then(|host| host.rsplit_once('@'));
        if !entry.node.from_environment && user.is_some_and(|(user, _)| user.contains(':')) {
            diags.warn(
                "PLAIN_SECRET",
                entry.node.place(),
                format!("the `url` of {within} holds a password in plain text"),
                "use url_file, password_file, or ${NAME} in its place",
            );
        }
        text
    } else {
        let help = "write the address, with its password, on the first line of that file";
        secrets::from_file(dir, &entry.node, key, help, diags)?
    };
    if kind == Some(SourceKind::SqlServer) && address.split(['?', '&']).any(|part| part == "tls=none") {
        sqlserver::plain(within, entry, diags);
    }
    checked(&address, entry.node.place(), key, within, kind, diags)
}

/// Checks that an address is of the kind.
fn checked(
    text: &str,
    place: Place,
    key: &str,
    within: &str,
    kind: Option<SourceKind>,
    diags: &mut Diagnostics,
) -> Option<String> {
    let sqlite = text.strip_prefix("sqlite:");
    let postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    let wanted = match kind {
        Some(SourceKind::Sqlite) if sqlite.is_none() => "\"sqlite:FILE\"",
        Some(SourceKind::SqlServer) if !text.starts_with("sqlserver://") => {
            "\"sqlserver://USER@HOST:PORT/DATABASE\""
        }
        Some(SourceKind::Postgres) if !postgres => "\"postgres://USER@HOST/DATABASE\"",
        None if sqlite.is_none() && !postgres => "\"sqlite:FILE\" or \"postgres://…\"",
        _ => "",
    };
    if !wanted.is_empty() {
        // The address may hold a secret: it is not shown.
        let message = format!("`{key}` of {within} is no address of this kind");
        diags.error("BAD_URL", place, message, format!("write {wanted}"));
        return None;
    }
    let Some(path) = sqlite else { return Some(text.to_owned()) };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        let message = format!("`{key}` of {within} names no file");
        diags.error("BAD_URL", place, message, "write \"sqlite:FILE\"");
        return None;
    }
    if path.contains(":memory:") || path.contains("mode=memory") {
        let message = format!("`{key}` of {within} is a database in memory, which holds nothing");
        diags.error("BAD_URL", place, message, "name a file: \"sqlite:FILE\"");
        return None;
    }
    Some(text.to_owned())
}

/// A PostgreSQL address from `host`, `port`, `database`, `user` and `password(_file)`.
fn from_parts(
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
    let user = text("user", diags);
    let database = text("database", diags);
    let port = table.get("port").and_then(|entry| entry.node.integer("port", 1, 65_535, diags));
    let place = table.first().map(|(_, entry)| entry.key_place()).unwrap_or_default();
    for (key, missing) in [("database", database.is_none()), ("user", user.is_none())] {
        if missing && !table.contains_key(key) && !misspelt(table, key, diags) {
            let message = format!("{within} has no `{key}`");
            diags.error("MISSING_KEY", place.clone(), message, format!("add {key} = \"…\""));
        }
    }
    let password = secrets::password(dir, table, within, diags);
    if diags.errors_since(mark) {
        return None;
    }
    let mut url = format!("postgres://{}", secrets::percent(&user?));
    if let Some(password) = password {
        url.push(':');
        url.push_str(&secrets::percent(&password));
    }
    url.push('@');
    // A host that is a path is a socket's folder.
    let socket = host.starts_with('/');
    if socket {
        url.push_str("localhost");
    } else {
        url.push_str(&host);
    }
    if let Some(port) = port {
        // Writing to a String cannot fail.
        let _ = write!(url, ":{port}");
    }
    url.push('/');
    url.push_str(&secrets::percent(&database?));
    if socket {
        let _ = write!(url, "?host={}", secrets::percent(&host));
    }
    Some(url)
}

fn settings(
    table: &IndexMap<String, Entry>,
    diags: &mut Diagnostics,
) -> (BTreeMap<String, Value>, BTreeMap<String, Place>) {
    let mut values = BTreeMap::new();
    let mut places = BTreeMap::new();
    let given = table.get("settings").and_then(|entry| entry.node.table("settings", diags));
    for (name, entry) in given.into_iter().flatten() {
        let value = match &entry.node.data {
            Data::Text(text) => Value::text(text.as_str()),
            Data::Integer(number) => Value::Int(*number),
            Data::Boolean(truth) => Value::Bool(*truth),
            Data::Date(day) => Value::Date(*day),
            Data::Number(number) => match number.parse() {
                Ok(number) => Value::Decimal(number),
                Err(_) => Value::Null,
            },
            _ => Value::Null,
        };
        if value.is_null() {
            let message = format!("setting `{name}` is {}", entry.node.kind());
            let help = "a setting is a text, a number, a date, true or false";
            diags.error("WRONG_TYPE", entry.node.place(), message, help);
            continue;
        }
        values.insert(name.clone(), value);
        places.insert(name.clone(), entry.node.place());
    }
    (values, places)
}

fn limits(
    table: &IndexMap<String, Entry>,
    name: &str,
    kind: Option<SourceKind>,
    diags: &mut Diagnostics,
) -> SourceLimits {
    let usual = kind.map_or_else(SourceLimits::default, SourceLimits::usual);
    let Some(given) = table.get("limits").and_then(|entry| entry.node.table("limits", diags)) else {
        return usual;
    };
    let within = format!("[sources.{name}.limits]");
    known_keys(given, &within, &["connections", "connect_seconds", "statement_seconds"], diags);
    let mut number = |key: &str, most: i64| {
        let number = given.get(key)?.node.integer(key, 1, most, diags)?;
        u32::try_from(number).ok()
    };
    SourceLimits {
        connections: number("connections", 1_000).unwrap_or(usual.connections),
        connect: number("connect_seconds", 300).map_or(usual.connect, |s| Duration::from_secs(s.into())),
        statement: number("statement_seconds", 3_600)
            .map_or(usual.statement, |s| Duration::from_secs(s.into())),
    }
}
