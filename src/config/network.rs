//! What a shop writes about its network: Redis and the cache, rates, trusted documents, and who may connect how
//! (`[redis]`, `[cache]`, `[rate]`, `[documents]`, and the guarding keys of `[http]`).

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use indexmap::IndexMap;
use ipnet::IpNet;

use super::{
    Secret,
    doc::{Entry, Node, known_keys},
    read::{flag, key, networks, number, section},
    secrets,
};
use crate::diagnostics::{Diagnostics, Place};

/// `[redis]`: what replicas share.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Where it is (`redis://` or `rediss://`), with user and password; never printed.
    pub url: Secret,
    /// The certificates that its own is checked against (`ca_file`, PEM), instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// What stands before each of our keys (`prefix`, `comptoir:`).
    pub prefix: String,
    /// Where `[redis]` stands.
    pub place: Place,
}

/// `[cache]`.
#[derive(Clone, Copy, Debug)]
pub struct CacheConfig {
    /// Bytes kept in memory of cells, persisted queries and what else is cached (`bytes`, 32 MiB).
    pub bytes: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { bytes: 32 << 20 }
    }
}

/// `[rate]`: how much may be asked. 0: no limit.
#[derive(Clone, Debug)]
pub struct RateConfig {
    /// Requests per second from one address, before anything of them is read (`requests_per_second`, 200).
    pub requests_per_second: u32,
    /// Cost points per minute of who has no token, by address (`anonymous`, 200,000).
    pub anonymous: u64,
    /// Cost points per minute of a customer (`customer`, 400,000).
    pub customer: u64,
    /// Cost points per minute of a member of staff (`staff`, 1,000,000).
    pub staff: u64,
    /// Cost points per minute of another program (`integration`, 4,000,000).
    pub integration: u64,
    /// Cost points per minute of all that comes from one address, whoever asks (`address`, 6,000,000).
    pub address: u64,
    /// Logins tried per minute from one address (`logins`, 20).
    pub logins: u64,
    /// Networks whose addresses are not counted (`exempt`).
    pub exempt: Vec<IpNet>,
}

impl Default for RateConfig {
    fn default() -> Self {
        Self {
            requests_per_second: 200,
            anonymous: 200_000,
            customer: 400_000,
            staff: 1_000_000,
            integration: 4_000_000,
            address: 6_000_000,
            logins: 20,
            exempt: Vec::new(),
        }
    }
}

/// `[documents]`: trusted documents and persisted queries.
#[derive(Clone, Debug, Default)]
pub struct DocumentsConfig {
    /// The folder of `*.graphql` and `*.json` (`dir`, `documents`).
    pub dir: PathBuf,
    /// Its name in messages.
    pub shown: String,
    /// Where `dir` stands, when the file says it: then the folder has to be there.
    pub place: Option<Place>,
    /// Nothing else is run (`only`, false).
    pub only: bool,
    /// Staff that may see plans may send other documents all the same (`staff_free`, true).
    pub staff_free: bool,
    /// Automatic persisted queries are taken (`automatic`, true).
    pub automatic: bool,
}

/// `http.cors`: which pages of other origins may ask.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    /// Origins as browsers send them (`https://www.example.com`).
    pub origins: Vec<String>,
    /// Cookies and other credentials may come along.
    pub credentials: bool,
    /// How long a browser may keep the answer to its question (`max_age`, 600 s).
    pub max_age: u32,
}

/// The limits of connections (keys of `[http]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Open at once (`connections`, 10,000).
    pub total: usize,
    /// Open at once from one address that is no proxy of ours (`connections_per_address`, 256).
    pub per_address: usize,
    /// Bytes of a request's head (`header_bytes`, 32,768).
    pub header_bytes: usize,
    /// Header lines of a request (`headers`, 100).
    pub headers: usize,
    /// How long a client may take nothing of an answer (`write_seconds`, 20).
    pub write: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: 10_000,
            per_address: 256,
            header_bytes: 32_768,
            headers: 100,
            write: Duration::from_secs(20),
        }
    }
}

/// The keys of `[http]` that are read here.
pub(super) const HTTP_KEYS: [&str; 6] =
    ["cors", "connections", "connections_per_address", "header_bytes", "headers", "write_seconds"];

pub(super) fn redis(dir: &Path, root: &Node, diags: &mut Diagnostics) -> Option<RedisConfig> {
    let known = ["url", "url_file", "user", "password", "password_file", "ca_file", "prefix"];
    let table = section(root, "redis", &known, diags)?;
    let place = root.get("redis").map(Node::place).unwrap_or_default();
    let url = match (table.get("url"), table.get("url_file")) {
        (Some(_), Some(file)) => {
            let message = "[redis] has both `url` and `url_file`";
            diags.error("CONFLICT", file.key_place(), message, "keep one of the two");
            None
        }
        (Some(entry), None) => entry.node.filled("url", diags).map(str::to_owned).inspect(|text| {
            let user = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next());
            let secret = user.and_then(|host| host.rsplit_once('@')).is_some_and(|(u, _)| u.contains(':'));
            if secret && !entry.node.from_environment {
                let message = "the `url` of [redis] holds a password in plain text";
                let help = "use url_file, password_file, or ${NAME} in its place";
                diags.warn("PLAIN_SECRET", entry.node.place(), message, help);
            }
        }),
        (None, Some(entry)) => {
            let help = "write the address, with its password, on the first line of that file";
            secrets::from_file(dir, &entry.node, "url_file", help, diags)
        }
        (None, None) => {
            let message = "[redis] does not say where Redis is";
            diags.error("MISSING_KEY", place.clone(), message, "add url = \"redis://HOST:6379\"");
            None
        }
    };
    let user = table.get("user").and_then(|e| e.node.filled("user", diags)).map(str::to_owned);
    let password = secrets::password(dir, table, "[redis]", diags);
    let ca = table.get("ca_file").and_then(|entry| pem(dir, &entry.node, diags));
    let prefix = table.get("prefix").and_then(|e| e.node.filled("prefix", diags)).unwrap_or("comptoir:");
    let at = table.get("url").or_else(|| table.get("url_file")).map(|e| e.node.place());
    let url =
        with_login(&url?, user.as_deref(), password.as_deref(), &at.unwrap_or_else(|| place.clone()), diags)?;
    Some(RedisConfig { url: Secret(url), ca, prefix: prefix.to_owned(), place })
}

/// An address with the login that stands beside it.
fn with_login(
    url: &str,
    user: Option<&str>,
    password: Option<&str>,
    place: &Place,
    diags: &mut Diagnostics,
) -> Option<String> {
    let scheme = ["redis://", "rediss://"].into_iter().find_map(|s| Some((s, url.strip_prefix(s)?)));
    let Some((scheme, rest)) = scheme.filter(|(_, rest)| !rest.is_empty()) else {
        // It may hold a secret: it is not shown.
        let message = "the address of [redis] is none of Redis";
        diags.error("BAD_URL", place.clone(), message, "write \"redis://HOST:6379\", or rediss:// for TLS");
        return None;
    };
    if user.is_none() && password.is_none() {
        return Some(url.to_owned());
    }
    if rest.split(['/', '?']).next().is_some_and(|host| host.contains('@')) {
        let message = "[redis] has a login in its address and another beside it";
        diags.error("CONFLICT", place.clone(), message, "keep `user` and `password_file`");
        return None;
    }
    let part = |text: Option<&str>| text.map(secrets::percent).unwrap_or_default();
    Some(format!("{scheme}{}:{}@{rest}", part(user), part(password)))
}

/// A file of certificates.
fn pem(dir: &Path, node: &Node, diags: &mut Diagnostics) -> Option<Vec<u8>> {
    let name = node.filled("ca_file", diags)?;
    let help = "name a PEM file with the certificates of who signed Redis's own";
    let message = match std::fs::read(dir.join(name)) {
        Ok(bytes) if bytes.windows(22).any(|w| w == b"-----BEGIN CERTIFICATE") => return Some(bytes),
        Ok(_) => format!("`ca_file`: {} holds no certificate", node.shown()),
        Err(error) => format!("`ca_file`: cannot read {}: {}", node.shown(), secrets::reason(&error)),
    };
    diags.error("UNREADABLE_FILE", node.place(), message, help);
    None
}

pub(super) fn cache(root: &Node, diags: &mut Diagnostics) -> CacheConfig {
    let table = section(root, "cache", &["bytes"], diags);
    let usual = CacheConfig::default();
    let bytes = number(table, "bytes", 32 << 20, 1 << 20, 1 << 40, diags);
    CacheConfig { bytes: u64::try_from(bytes).unwrap_or(usual.bytes) }
}

/// `most_cost`: what one operation may cost (`limits.cost`); who may ask less a minute can never ask it.
pub(super) fn rate(root: &Node, most_cost: u64, diags: &mut Diagnostics) -> RateConfig {
    const POINTS: [&str; 5] = ["anonymous", "customer", "staff", "integration", "address"];
    let mut known = vec!["requests_per_second", "logins", "exempt"];
    known.extend(POINTS);
    let table = section(root, "rate", &known, diags);
    let usual = RateConfig::default();
    for name in POINTS {
        let Some(node) = key(table, name) else { continue };
        if let super::doc::Data::Integer(n) = node.data
            && n > 0
            && u64::try_from(n).is_ok_and(|n| n < most_cost)
        {
            let message =
                format!("`{name}` is less a minute than one operation may cost ({most_cost}, limits.cost)");
            let help = "such an operation takes all that there is at once: raise it, or lower limits.cost";
            diags.warn("RATE_BELOW_COST", node.place(), message, help);
        }
    }
    let mut points = |name: &str, usual: u64| {
        let usual = usize::try_from(usual).unwrap_or(usize::MAX);
        u64::try_from(number(table, name, usual, 0, 1_000_000_000_000, diags)).unwrap_or(0)
    };
    let (anonymous, customer) = (points("anonymous", usual.anonymous), points("customer", usual.customer));
    let (staff, integration) = (points("staff", usual.staff), points("integration", usual.integration));
    let (address, logins) = (points("address", usual.address), points("logins", usual.logins));
    let per_second = number(table, "requests_per_second", 200, 0, 1_000_000, diags);
    RateConfig {
        requests_per_second: u32::try_from(per_second).unwrap_or(usual.requests_per_second),
        anonymous,
        customer,
        staff,
        integration,
        address,
        logins,
        exempt: key(table, "exempt").map(|node| networks(node, "exempt", diags)).unwrap_or_default(),
    }
}

pub(super) fn documents(dir: &Path, root: &Node, diags: &mut Diagnostics) -> DocumentsConfig {
    let table = section(root, "documents", &["dir", "only", "staff_free", "automatic"], diags);
    let node = key(table, "dir");
    let shown = node.and_then(|node| node.filled("dir", diags)).unwrap_or("documents").to_owned();
    DocumentsConfig {
        dir: dir.join(&shown),
        place: node.map(Node::place),
        only: flag(table, "only", false, diags),
        staff_free: flag(table, "staff_free", true, diags),
        automatic: flag(table, "automatic", true, diags),
        shown,
    }
}

pub(super) fn cors(table: Option<&IndexMap<String, Entry>>, diags: &mut Diagnostics) -> Cors {
    let node = key(table, "cors");
    let Some(table) = node.and_then(|node| node.table("cors", diags)) else { return Cors::default() };
    known_keys(table, "http.cors", &["origins", "credentials", "max_age"], diags);
    let mut origins = Vec::new();
    for (text, place) in table.get("origins").map(|e| e.node.texts("origins", diags)).unwrap_or_default() {
        if is_origin(&text) {
            origins.push(text);
        } else {
            diags.error(
                "BAD_VALUE",
                place,
                format!("\"{text}\" is no origin"),
                "write it as browsers do: \"https://www.example.com\", with a port where it is not the usual one, \
                 and nothing after it; `*` is not taken",
            );
        }
    }
    Cors {
        origins,
        credentials: flag(Some(table), "credentials", false, diags),
        max_age: u32::try_from(number(Some(table), "max_age", 600, 0, 86_400, diags)).unwrap_or(600),
    }
}

/// Scheme, host and perhaps a port, in lower case.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._:[]".contains(&b);
        !host.is_empty() && host.bytes().all(plain) && !text.ends_with(":443") && !text.ends_with(":80")
    })
}

pub(super) fn connections(
    table: Option<&IndexMap<String, Entry>>,
    diags: &mut Diagnostics,
) -> ConnectionLimits {
    let usual = ConnectionLimits::default();
    let seconds = number(table, "write_seconds", 20, 1, 600, diags);
    ConnectionLimits {
        total: number(table, "connections", usual.total, 1, 1_000_000, diags),
        per_address: number(table, "connections_per_address", usual.per_address, 1, 1_000_000, diags),
        // hyper's buffer is no smaller.
        header_bytes: number(table, "header_bytes", usual.header_bytes, 8_192, 1_048_576, diags),
        headers: number(table, "headers", usual.headers, 16, 1_000, diags),
        write: u64::try_from(seconds).map_or(usual.write, Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for text in ["https://a.example", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "*",
            "null",
            "a.example",
            "https://A.example",
            "https://a.example/",
            "https://a.example:443",
            "https://",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
