//! Reads `[auth]`: our own keys, and the issuers whose tokens are taken. A key that is too weak, is private, or could be
//! used with two kinds of algorithms is found here and not at a request.

use std::{collections::BTreeMap, path::Path, time::Duration};

use indexmap::IndexMap;
use jsonwebtoken::{Algorithm, AlgorithmFamily};

use super::{
    doc::{self, Entry, Node, known_keys, misspelt},
    secrets,
};
use crate::{
    auth::{
        rights::Right,
        tokens::{
            keys::{self, KeyError, OwnKey, VerifyingKey},
            settings::{AuthConfig, ClaimPaths, IssuerConfig, KeySource},
        },
        viewer::ViewerKind,
    },
    diagnostics::Diagnostics,
};

/// The file of our own key when the shop names none.
const KEY_FILE: &str = "auth.key";
/// The kinds of viewers that tokens can be for.
const KINDS: [(&str, ViewerKind); 3] = [
    ("customer", ViewerKind::Customer),
    ("staff", ViewerKind::Staff),
    ("integration", ViewerKind::Integration),
];
/// The keys that say where an issuer's keys are.
const KEY_SOURCES: [&str; 3] = ["jwks_url", "key_file", "secret_file"];

type Table = IndexMap<String, Entry>;

/// `[auth]`; `public_url` is our own name when it gives none.
pub(super) fn read(dir: &Path, root: &Node, public_url: &str, diags: &mut Diagnostics) -> AuthConfig {
    let usual = AuthConfig { issuer: public_url.to_owned(), ..AuthConfig::default() };
    let empty = Table::new();
    let section = root.get("auth").and_then(|node| node.table("auth", diags));
    let table = section.unwrap_or(&empty);
    let known = [
        "issuer",
        "audience",
        "key_file",
        "leeway_seconds",
        "max_token_bytes",
        "access_minutes",
        "refresh_days",
        "issuers",
    ];
    known_keys(table, "[auth]", &known, diags);
    let filled = |key: &str, usual: String, diags: &mut Diagnostics| {
        let said = table.get(key).and_then(|entry| entry.node.filled(key, diags));
        said.map_or(usual, str::to_owned)
    };
    let mut number = |key: &str, usual: u64, least: i64, most: i64| {
        let said = table.get(key).and_then(|entry| entry.node.integer(key, least, most, diags));
        said.and_then(|number| u64::try_from(number).ok()).unwrap_or(usual)
    };
    let leeway = Duration::from_secs(number("leeway_seconds", usual.leeway.as_secs(), 0, 300));
    let max_token_bytes = usize::try_from(number("max_token_bytes", 8_192, 256, 65_536)).unwrap_or(8_192);
    let access = Duration::from_mins(number("access_minutes", 10, 1, 120));
    let idle = Duration::from_hours(24 * number("refresh_days", 30, 1, 366));
    let issuer = filled("issuer", usual.issuer, diags);
    let audience = filled("audience", usual.audience, diags);
    let keys = own_keys(dir, table.get("key_file").map(|entry| &entry.node), diags);
    let mut issuers: Vec<IssuerConfig> = Vec::new();
    let listed = table.get("issuers").and_then(|entry| entry.node.list("issuers", diags));
    for node in listed.into_iter().flatten() {
        let Some(read) = one(dir, node, diags) else { continue };
        // Also where the shop has no key: whose staff accounts they are goes by this name.
        let ours = read.issuer == issuer;
        if ours || issuers.iter().any(|known| known.issuer == read.issuer) {
            let place = node.get("issuer").map_or_else(|| node.place(), Node::place);
            let message = if ours {
                format!("`issuer` \"{}\" is this shop's own name", read.issuer)
            } else {
                format!("issuer \"{}\" is declared twice", read.issuer)
            };
            let help = "one issuer, one entry: several keys can stand in one file or JWKS";
            diags.error("DUPLICATE", place, message, help);
            continue;
        }
        issuers.push(read);
    }
    AuthConfig { issuer, audience, keys, leeway, max_token_bytes, access, idle, issuers }
}

/// Our own keys; a shop without the usual file has none.
fn own_keys(dir: &Path, node: Option<&Node>, diags: &mut Diagnostics) -> Vec<OwnKey> {
    const HELP: &str =
        "`comptoir init` on the shop's folder makes one: an Ed25519 private key in PEM (PKCS #8)";
    let (text, place) = match node {
        Some(node) => {
            if node.as_text().is_some_and(|text| text.contains("PRIVATE KEY")) {
                let help = "write it in a file that only you can read, and name that file";
                diags.error("PLAIN_SECRET", node.place(), "`key_file` holds the key itself", help);
                return Vec::new();
            }
            let Some(text) = secrets::file(dir, node, "key_file", HELP, diags) else { return Vec::new() };
            (text, node.place())
        }
        None => match std::fs::read_to_string(dir.join(KEY_FILE)) {
            Ok(text) => (text, crate::diagnostics::Place::new(KEY_FILE, 0, 0)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                let message = format!("cannot be read: {}", secrets::reason(&error));
                diags.error("UNREADABLE_FILE", crate::diagnostics::Place::new(KEY_FILE, 0, 0), message, HELP);
                return Vec::new();
            }
        },
    };
    let Some(keys) = OwnKey::read(&text) else {
        diags.error("BAD_KEY", place, "the file of our own key holds no Ed25519 private key", HELP);
        return Vec::new();
    };
    let help = "put a new key first and the one it takes the place of second";
    if keys.len() > 2 {
        diags.error("BAD_KEY", place, format!("the file of our own key holds {} keys", keys.len()), help);
    } else if keys.len() == 2 && keys.first() == keys.last() {
        diags.error("DUPLICATE", place, "both keys of the file of our own key are the same", help);
    }
    keys
}

/// One of `[[auth.issuers]]`.
fn one(dir: &Path, node: &Node, diags: &mut Diagnostics) -> Option<IssuerConfig> {
    const WITHIN: &str = "[[auth.issuers]]";
    let table = node.table("issuers", diags)?;
    let known = [
        "issuer",
        "audience",
        "algorithms",
        "jwks_url",
        "key_file",
        "secret_file",
        "claims",
        "kind",
        "kinds",
        "groups",
        "scopes",
    ];
    let before = diags.mark();
    known_keys(table, WITHIN, &known, diags);
    let missing = |key: &str, help: &str, diags: &mut Diagnostics| {
        if !misspelt(table, key, diags) {
            diags.error("MISSING_KEY", node.place(), format!("{WITHIN} has no `{key}`"), help);
        }
    };
    let said = |key: &'static str, help: &str, diags: &mut Diagnostics| {
        let entry = table.get(key);
        if entry.is_none() {
            missing(key, help, diags);
        }
        entry.map(|entry| &entry.node)
    };
    let issuer = said("issuer", "write what its tokens say in `iss`, to the letter", diags)
        .and_then(|node| node.filled("issuer", diags))
        .map(str::to_owned);
    let help = "write whom its tokens are for (`aud`): the name it knows this shop by";
    let audiences = said("audience", help, diags).map(|node| one_or_many(node, "audience", diags));
    let help = "list those that it signs with, such as [\"RS256\"]";
    let algorithms = said("algorithms", help, diags).map(|node| algorithms(node, diags)).unwrap_or_default();
    let keys = key_source(dir, node, table, &algorithms, diags);
    let kind = table.get("kind").and_then(|entry| entry.node.choice("kind", &KINDS, diags));
    let claims = claim_paths(table, diags);
    let kinds = kinds(table, diags);
    let groups = groups(table, diags);
    let scopes = scopes(table, diags);
    // What only follows from another mistake is not told.
    if !diags.errors_since(before) {
        judge_kinds(node, table, kind, &claims, &kinds, diags);
    }
    if diags.errors_since(before) {
        return None;
    }
    Some(IssuerConfig {
        issuer: issuer?,
        audiences: audiences?,
        algorithms,
        keys: keys?,
        claims,
        kind,
        kinds,
        groups,
        scopes,
    })
}

/// A text, or a list of at least one.
fn one_or_many(node: &Node, key: &str, diags: &mut Diagnostics) -> Vec<String> {
    if node.as_text().is_some() {
        return node.filled(key, diags).map(str::to_owned).into_iter().collect();
    }
    let before = diags.mark();
    let texts: Vec<String> = node.texts(key, diags).into_iter().map(|(text, _)| text).collect();
    if !diags.errors_since(before) && (texts.is_empty() || texts.iter().any(|text| text.trim().is_empty())) {
        diags.error("BAD_VALUE", node.place(), format!("`{key}` is blank"), "list at least one");
    }
    texts
}

/// The algorithms; those of secrets and those of public keys never together.
fn algorithms(node: &Node, diags: &mut Diagnostics) -> Vec<Algorithm> {
    let before = diags.mark();
    let mut known = Vec::new();
    for (name, place) in node.texts("algorithms", diags) {
        if let Some(algorithm) = keys::algorithm(&name) {
            known.push(algorithm);
            continue;
        }
        let names: Vec<&str> = keys::ALGORITHMS.iter().map(|(name, _)| *name).collect();
        let help = if name.eq_ignore_ascii_case("none") {
            "every token has to be signed: list the algorithm that its issuer signs with".to_owned()
        } else {
            doc::one_of(&name, &names)
        };
        diags.error("BAD_VALUE", place, format!("\"{name}\" is no algorithm that is taken"), help);
    }
    if known.is_empty() && !diags.errors_since(before) {
        let help = "list those that it signs with, such as [\"RS256\"]";
        diags.error("BAD_VALUE", node.place(), "`algorithms` is empty", help);
    }
    let secret = |algorithm: &Algorithm| algorithm.family() == AlgorithmFamily::Hmac;
    if known.iter().any(secret) && !known.iter().all(secret) {
        diags.error(
            "MIXED_ALGORITHMS",
            node.place(),
            "`algorithms` mixes those of secrets (HS…) with those of public keys",
            "keep one kind: a public key that is taken for a secret lets everybody sign",
        );
    }
    known
}

/// Where the keys are: exactly one of three.
fn key_source(
    dir: &Path,
    node: &Node,
    table: &Table,
    algorithms: &[Algorithm],
    diags: &mut Diagnostics,
) -> Option<KeySource> {
    let mut said = KEY_SOURCES.iter().filter_map(|key| Some((*key, table.get(*key)?)));
    let Some((key, entry)) = said.next() else {
        if !KEY_SOURCES.iter().any(|key| misspelt(table, key, diags)) {
            let help = "add jwks_url (where it publishes them), key_file (public keys) or secret_file";
            diags.error(
                "MISSING_KEY",
                node.place(),
                "[[auth.issuers]] does not say where its keys are",
                help,
            );
        }
        return None;
    };
    if let Some((other, second)) = said.next() {
        let message = format!("[[auth.issuers]] has both `{key}` and `{other}`");
        diags.error("CONFLICT", second.key_place(), message, "keep one of them");
        return None;
    }
    let is_secret = |algorithm: &Algorithm| algorithm.family() == AlgorithmFamily::Hmac;
    let secret = algorithms.iter().any(is_secret);
    // That both kinds are listed has been told.
    let mixed = secret && !algorithms.iter().all(is_secret);
    if !algorithms.is_empty() && !mixed && secret != (key == "secret_file") {
        let (message, help) = if secret {
            (
                format!("`{key}` holds public keys, and `algorithms` are those of secrets (HS…)"),
                "use secret_file",
            )
        } else {
            (
                "`secret_file` holds secrets, and `algorithms` are those of public keys".to_owned(),
                "use key_file",
            )
        };
        diags.error("MIXED_ALGORITHMS", entry.key_place(), message, help);
        return None;
    }
    match key {
        "jwks_url" => url(&entry.node, diags).map(KeySource::Url),
        "key_file" => public_keys(dir, &entry.node, algorithms, diags).map(KeySource::Fixed),
        _ => secret_keys(dir, &entry.node, algorithms, diags).map(KeySource::Fixed),
    }
}

/// A web address that nobody on the way can change what it says: https, or this machine.
fn url(node: &Node, diags: &mut Diagnostics) -> Option<String> {
    let text = node.filled("jwks_url", diags)?;
    let parsed = reqwest::Url::parse(text).ok().filter(reqwest::Url::has_host);
    let Some(url) = parsed.filter(|url| matches!(url.scheme(), "https" | "http")) else {
        let message = format!("`jwks_url` {} is no web address", node.shown());
        diags.error("BAD_VALUE", node.place(), message, "write \"https://…\"");
        return None;
    };
    if url.scheme() == "http" && !is_loopback(&url) {
        let message = "`jwks_url` is not https: whoever is on the way could put keys of their own there";
        diags.error("INSECURE_URL", node.place(), message, "write \"https://…\"");
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "`jwks_url` holds a password";
        diags.error("PLAIN_SECRET", node.place(), message, "public keys need none: leave it out");
        return None;
    }
    Some(url.into())
}

/// Whether an address is this machine's own.
pub(super) fn is_loopback(url: &reqwest::Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn public_keys(
    dir: &Path,
    node: &Node,
    algorithms: &[Algorithm],
    diags: &mut Diagnostics,
) -> Option<Vec<VerifyingKey>> {
    const HELP: &str = "write its public keys there: PEM (`-----BEGIN PUBLIC KEY-----`), a JWK or a JWKS";
    let text = secrets::file(dir, node, "key_file", HELP, diags)?;
    let read = match VerifyingKey::public_keys(&text) {
        Ok(read) => read,
        Err(error) => {
            let code = match error {
                KeyError::Weak(_) => "WEAK_KEY",
                KeyError::Private => "PRIVATE_KEY",
                _ => "BAD_KEY",
            };
            let help = match error {
                KeyError::Weak(_) => "have its issuer make a longer one",
                KeyError::Private => "keep it with its issuer: only the public half belongs here",
                KeyError::Certificate => "take it out: openssl x509 -in FILE -pubkey -noout",
                KeyError::Symmetric => "secrets stand in secret_file, and need an algorithm of theirs (HS…)",
                _ => HELP,
            };
            diags.error(code, node.place(), format!("`key_file` {}: {error}", node.shown()), help);
            return None;
        }
    };
    for algorithm in algorithms.iter().filter(|algorithm| !read.iter().any(|key| key.does(**algorithm))) {
        let name = keys::algorithm_name(*algorithm);
        let message = format!("`key_file` {} holds no key for {name}", node.shown());
        diags.error("BAD_KEY", node.place(), message, "list in `algorithms` only what these keys are for");
    }
    Some(read.into_iter().filter_map(|key| key.limited(algorithms)).collect())
}

fn secret_keys(
    dir: &Path,
    node: &Node,
    algorithms: &[Algorithm],
    diags: &mut Diagnostics,
) -> Option<Vec<VerifyingKey>> {
    const HELP: &str =
        "one secret a line, two at most while it is changed: as it is, or base64: and what encodes it";
    let lines = secrets::lines_of(dir, node, "secret_file", HELP, diags)?;
    if lines.len() > 2 {
        let message = format!("`secret_file` {} holds {} secrets", node.shown(), lines.len());
        diags.error("BAD_KEY", node.place(), message, HELP);
        return None;
    }
    let least = algorithms.iter().map(|algorithm| keys::secret_bytes(*algorithm)).max().unwrap_or(0);
    let mut secrets = Vec::new();
    for (n, line) in &lines {
        let Some((key, bytes)) = VerifyingKey::secret(line) else {
            let message = format!("`secret_file` {}: line {n} is not base64", node.shown());
            diags.error("BAD_KEY", node.place(), message, HELP);
            continue;
        };
        if bytes < least {
            let message = format!("`secret_file` {}: the secret of line {n} has {bytes} bytes", node.shown());
            let help = format!("its algorithm needs at least {least}: as many random bytes as its hash has");
            diags.error("WEAK_KEY", node.place(), message, help);
            continue;
        }
        secrets.extend(key.limited(algorithms));
    }
    Some(secrets)
}

fn claim_paths(table: &Table, diags: &mut Diagnostics) -> ClaimPaths {
    let claims = table.get("claims").and_then(|entry| entry.node.table("claims", diags));
    let empty = Table::new();
    let claims = claims.unwrap_or(&empty);
    known_keys(claims, "claims", &["kind", "customer", "contact", "scopes", "groups"], diags);
    let mut path = |key: &str| {
        let entry = claims.get(key)?;
        entry.node.filled(key, diags).map(str::to_owned)
    };
    ClaimPaths {
        kind: path("kind"),
        customer: path("customer"),
        contact: path("contact"),
        scopes: path("scopes").or_else(|| Some("scope".to_owned())),
        groups: path("groups"),
    }
}

fn kinds(table: &Table, diags: &mut Diagnostics) -> BTreeMap<String, ViewerKind> {
    let words = table.get("kinds").and_then(|entry| entry.node.table("kinds", diags));
    let read = words.into_iter().flatten().filter_map(|(word, entry)| {
        let kind = entry.node.choice(word, &KINDS, diags)?;
        Some((word.clone(), kind))
    });
    read.collect()
}

fn groups(table: &Table, diags: &mut Diagnostics) -> BTreeMap<String, String> {
    let words = table.get("groups").and_then(|entry| entry.node.table("groups", diags));
    let read = words.into_iter().flatten().filter_map(|(word, entry)| {
        let group = entry.node.filled(word, diags)?;
        Some((word.clone(), group.to_owned()))
    });
    read.collect()
}

fn scopes(table: &Table, diags: &mut Diagnostics) -> BTreeMap<String, Vec<Right>> {
    let words = table.get("scopes").and_then(|entry| entry.node.table("scopes", diags));
    let known = Right::ALL.map(Right::word);
    let read = words.into_iter().flatten().map(|(word, entry)| {
        let mut rights = Vec::new();
        for name in one_or_many(&entry.node, word, diags) {
            match Right::named(&name) {
                Some(right) => rights.push(right),
                None => diags.error(
                    "UNKNOWN_RIGHT",
                    entry.node.place(),
                    format!("`scopes`: \"{name}\" is no right"),
                    doc::one_of(&name, &known),
                ),
            }
        }
        (word.clone(), rights)
    });
    read.collect()
}

/// That every token of the issuer is somebody's: kinds are told in exactly one way, and customers have a code.
fn judge_kinds(
    node: &Node,
    table: &Table,
    kind: Option<ViewerKind>,
    claims: &ClaimPaths,
    kinds: &BTreeMap<String, ViewerKind>,
    diags: &mut Diagnostics,
) {
    let place = |key: &str| table.get(key).map_or_else(|| node.place(), Entry::key_place);
    match (kind, &claims.kind) {
        (None, None) => {
            let help =
                "add kind = \"integration\" (or staff, customer) for all, or claims = { kind = \"…\" }";
            let message = "[[auth.issuers]] does not say what kind of viewers its tokens are for";
            diags.error("MISSING_KEY", node.place(), message, help);
        }
        (Some(_), Some(_)) => {
            let message = "[[auth.issuers]] has both `kind` and `claims.kind`";
            diags.error("CONFLICT", place("kind"), message, "keep one of them");
        }
        (Some(_), None) if !kinds.is_empty() => {
            let message = "`kinds` says nothing where all are of one `kind`";
            diags.error("CONFLICT", place("kinds"), message, "keep one of them");
        }
        _ => {}
    }
    let customers = match kind {
        Some(kind) => kind == ViewerKind::Customer,
        None => kinds.is_empty() || kinds.values().any(|kind| *kind == ViewerKind::Customer),
    };
    if customers && claims.customer.is_none() && (kind.is_some() || claims.kind.is_some()) {
        let message = "[[auth.issuers]] may be customers' and does not say which claim is the customer code";
        let help = "add customer = \"…\" to its claims, or leave customers out with `kind` or `kinds`";
        diags.error("MISSING_KEY", place("claims"), message, help);
    }
    if customers && claims.customer.is_some() && claims.contact.is_none() {
        let message = "[[auth.issuers]] says which claim is the customer code, and not which is the contact: \
                       everybody who comes with such a token is the main contact, and manages the others";
        let help = "add contact = \"…\" to its claims, where several people act for one customer";
        diags.warn("NO_CONTACT_CLAIM", place("claims"), message, help);
    }
    if !table.contains_key("groups") || claims.groups.is_some() {
        return;
    }
    let message = "`groups` says nothing without `claims.groups`";
    diags.error("MISSING_KEY", place("groups"), message, "add groups = \"…\" to its claims");
}
