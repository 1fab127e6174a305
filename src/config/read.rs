//! Reads `comptoir.toml` into a [`Config`]: all findings at once, each with its place.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use indexmap::IndexMap;
use ipnet::IpNet;

use super::{
    AccessConfig, Anonymous, Config, CursorKeys, DepartmentsConfig, ForwardedBy, HttpConfig, Limits,
    MediaConfig, ReferencesConfig, Secret, ShopConfig, SiteConfig, SourceConfig, Tree, WebConfig,
    WebDecision, auth,
    doc::{self, Entry, Node, known_keys, misspelt},
    network,
    secrets::{self, Environment},
    source, trade,
};
use crate::{
    diagnostics::{Diagnostics, Place},
    value::Value,
};

/// The shop file's name.
pub const FILE: &str = "comptoir.toml";

/// ISO 4217 codes of the currencies in use.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB \
BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD \
FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR \
KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR \
MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK \
SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED \
VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// A shop's file as far as it can be read. What is broken in it has been reported, and the usual
/// stands in its place, so that whatever leans on the rest can be judged in the same run.
#[derive(Debug)]
pub struct Draft {
    /// What it says; fit for use only when no error was found.
    pub config: Config,
    /// Every source of the shop is in it, if only by name; otherwise nothing can be blamed for naming
    /// one that is not.
    pub sources_known: bool,
}

/// Reads the shop file of a folder; all findings are in `diags`.
pub fn draft(dir: &Path, environment: Environment<'_>, diags: &mut Diagnostics) -> Draft {
    if let Some(root) = tree(dir, environment, diags) {
        return read(dir, &root, diags);
    }
    // Nothing of it is known: what it would say by keeping silent is no finding.
    let mut draft = read(dir, &Node::nothing(FILE), &mut Diagnostics::default());
    draft.config.shop.languages.clear();
    draft.sources_known = false;
    draft
}

/// As [`draft`], when nothing else is to be judged: with the configuration come the warnings.
///
/// # Errors
/// Every finding, when at least one is an error.
#[cfg(test)]
pub fn load_with(dir: &Path, environment: Environment<'_>) -> Result<(Config, Diagnostics), Diagnostics> {
    let mut diags = Diagnostics::default();
    let draft = draft(dir, environment, &mut diags);
    diags.settle();
    if diags.has_errors() { Err(diags) } else { Ok((draft.config, diags)) }
}

/// The file's tree, variables filled in.
fn tree(dir: &Path, environment: Environment<'_>, diags: &mut Diagnostics) -> Option<Node> {
    let text = match std::fs::read_to_string(dir.join(FILE)) {
        Ok(text) => text,
        Err(error) => {
            diags.error(
                "NO_SHOP_FILE",
                Place::new(FILE, 0, 0),
                format!("cannot read the shop file: {}", secrets::reason(&error)),
                "name a shop's folder with --shop DIR, or make one with `comptoir init DIR`",
            );
            return None;
        }
    };
    let mut root = doc::parse(FILE, &text, diags)?;
    secrets::substitute(&mut root, environment, diags);
    Some(root)
}

fn read(dir: &Path, root: &Node, diags: &mut Diagnostics) -> Draft {
    let empty = IndexMap::new();
    let table = root.as_table().unwrap_or(&empty);
    known_keys(
        table,
        FILE,
        &[
            "shop",
            "sources",
            "site",
            "http",
            "limits",
            "web",
            "departments",
            "references",
            "media",
            "public",
            "customers",
            "assortments",
            "prices",
            "stock",
            "access",
            "auth",
            "telemetry",
            "cursor",
            "redis",
            "cache",
            "rate",
            "documents",
        ],
        diags,
    );
    let sources = sources(dir, root, diags);
    let limits = limits(root, diags);
    let http = http(root, diags);
    let config = Config {
        dir: dir.to_owned(),
        shop: shop(root, diags),
        auth: auth::read(dir, root, &http.public_url, diags),
        http,
        redis: network::redis(dir, root, diags),
        cache: network::cache(root, diags),
        rate: network::rate(root, limits.cost, diags),
        documents: network::documents(dir, root, diags),
        limits,
        web: web(root, diags),
        departments: departments(root, diags),
        references: references(root, diags),
        media: media(dir, root, diags),
        access: access(root, diags),
        site: site(dir, root, diags),
        public: trade::public(root, diags),
        prices: trade::prices(root, diags),
        stock: trade::stock(root, diags),
        customers: super::customers::read(root, diags),
        telemetry: super::telemetry::read(dir, root, diags),
        cursor_keys: cursor_keys(dir, root, diags).unwrap_or_default(),
        sources,
    };
    let sources_known = !config.sources.is_empty() && !misspelt(table, "sources", diags);
    Draft { config, sources_known }
}

/// A section of the file, its keys checked; `None` when it is missing (or no table).
pub(super) fn section<'a>(
    root: &'a Node,
    name: &str,
    known: &[&str],
    diags: &mut Diagnostics,
) -> Option<&'a IndexMap<String, Entry>> {
    let table = root.get(name)?.table(name, diags)?;
    known_keys(table, &format!("[{name}]"), known, diags);
    Some(table)
}

/// Whether a key of the file itself is missing only because its name is mistyped.
fn misspelt_in(root: &Node, key: &str, diags: &Diagnostics) -> bool {
    root.as_table().is_some_and(|table| misspelt(table, key, diags))
}

/// A key of a section.
pub(super) fn key<'a>(table: Option<&'a IndexMap<String, Entry>>, key: &str) -> Option<&'a Node> {
    table?.get(key).map(|entry| &entry.node)
}

/// `[shop]`. Without languages when it does not say which, so that nothing is blamed for speaking
/// another.
fn shop(root: &Node, diags: &mut Diagnostics) -> ShopConfig {
    let Some(table) = section(root, "shop", &["name", "currency", "languages", "timezone"], diags) else {
        if root.get("shop").is_none() && !misspelt_in(root, "shop", diags) {
            diags.error(
                "MISSING_KEY",
                Place::new(FILE, 1, 1),
                "there is no [shop]",
                "add [shop] with at least name = \"…\"",
            );
        }
        return ShopConfig {
            name: String::new(),
            currency: "EUR".to_owned(),
            languages: Vec::new(),
            timezone: chrono_tz::Europe::Paris,
        };
    };
    let name = if let Some(entry) = table.get("name") {
        entry.node.filled("name", diags).map(str::to_owned)
    } else {
        if !misspelt(table, "name", diags) {
            let place = root.get("shop").map(Node::place).unwrap_or_default();
            diags.error("MISSING_KEY", place, "[shop] has no `name`", "add name = \"…\"");
        }
        None
    };
    let unsaid = misspelt(table, "languages", diags);
    let table = Some(table);
    let currency = match key(table, "currency") {
        None => Some("EUR".to_owned()),
        Some(node) => node.text("currency", diags).and_then(|code| {
            let known = CURRENCIES.split(' ').any(|known| known == code);
            if !known {
                let help = match code.to_uppercase() {
                    upper if CURRENCIES.split(' ').any(|known| known == upper) => {
                        format!("write \"{upper}\"")
                    }
                    _ => "write an ISO 4217 code such as \"EUR\"".to_owned(),
                };
                let message = format!("`currency` {} is no currency", node.shown());
                diags.error("BAD_VALUE", node.place(), message, help);
            }
            known.then(|| code.to_owned())
        }),
    };
    let languages = match key(table, "languages") {
        None if unsaid => Vec::new(),
        None => vec!["fr".to_owned()],
        Some(node) => languages(node, diags),
    };
    let timezone = match key(table, "timezone") {
        None => Some(chrono_tz::Europe::Paris),
        Some(node) => node.text("timezone", diags).and_then(|name| {
            let zone = name.parse().ok();
            if zone.is_none() {
                let message = format!("`timezone` {} is no time zone", node.shown());
                let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
                let help = crate::diagnostics::nearest(name, names).map_or_else(
                    || "write a name such as \"Europe/Paris\"".to_owned(),
                    |near| format!("did you mean \"{near}\"?"),
                );
                diags.error("BAD_VALUE", node.place(), message, help);
            }
            zone
        }),
    };
    ShopConfig {
        name: name.unwrap_or_default(),
        currency: currency.unwrap_or_else(|| "EUR".to_owned()),
        languages,
        timezone: timezone.unwrap_or(chrono_tz::Europe::Paris),
    }
}

/// The languages listed; none when some could not be read.
fn languages(node: &Node, diags: &mut Diagnostics) -> Vec<String> {
    let mut languages: Vec<String> = Vec::new();
    let before = diags.mark();
    for (language, place) in node.texts("languages", diags) {
        if !is_language(&language) {
            diags.error(
                "BAD_VALUE",
                place,
                format!("\"{language}\" is no language code"),
                "write two lower-case letters such as \"fr\", or with a region \"fr-CA\"",
            );
        } else if languages.contains(&language) {
            let message = format!("language \"{language}\" is listed twice");
            diags.error("DUPLICATE", place, message, "list it once");
        } else {
            languages.push(language);
        }
    }
    if diags.errors_since(before) {
        return Vec::new();
    }
    if languages.is_empty() {
        diags.error(
            "BAD_VALUE",
            node.place(),
            "`languages` is empty",
            "list at least one; the first is the default",
        );
    }
    languages
}

/// Whether a text looks like a language code: `fr`, `gsw`, `fr-CA`.
fn is_language(text: &str) -> bool {
    let (language, region) = match text.split_once('-') {
        Some((language, region)) => (language, Some(region)),
        None => (text, None),
    };
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && region.is_none_or(|r| r.len() == 2 && r.bytes().all(|b| b.is_ascii_uppercase()))
}

fn sources(dir: &Path, root: &Node, diags: &mut Diagnostics) -> IndexMap<String, SourceConfig> {
    let mut sources = IndexMap::new();
    let table = root.get("sources").and_then(|node| node.table("sources", diags));
    for (name, entry) in table.into_iter().flatten() {
        sources.insert(name.clone(), source::read(dir, name, entry, diags));
    }
    let nothing = match root.get("sources") {
        None => !misspelt_in(root, "sources", diags),
        Some(_) => table.is_some_and(IndexMap::is_empty),
    };
    if nothing {
        let place = root.get("sources").map_or_else(|| Place::new(FILE, 1, 1), Node::place);
        diags.error(
            "MISSING_KEY",
            place,
            "the shop has no source",
            "add [sources.erp] with kind, connector and url",
        );
    }
    let mut pivots = sources.values().filter(|source: &&SourceConfig| source.connector == "isoshop");
    if let (Some(first), Some(second)) = (pivots.next(), pivots.next()) {
        // Which of them is the pivot, if any, its map says as well: by the role, else by the name.
        let pivot = |source: &SourceConfig| match source.settings.get("role").and_then(Value::as_str) {
            Some(role) => role == "pivot",
            None => source.name == "erp",
        };
        let (message, help) = match (pivot(first), pivot(second)) {
            (true, true) => (
                format!("`{}` and `{}` are both pivots", first.name, second.name),
                "one base decides which records there are: keep one of the two".to_owned(),
            ),
            (false, false) => (
                format!("`{}` and `{}` are both IsoShop bases", first.name, second.name),
                "an IsoShop base already is the shop's own model: enrich the first one directly".to_owned(),
            ),
            (first_is, _) => {
                let (pivot, other) = if first_is { (first, second) } else { (second, first) };
                (
                    format!(
                        "`{}` is an IsoShop pivot, and `{}` a second IsoShop base beside it",
                        pivot.name, other.name
                    ),
                    format!(
                        "a pivot already is the shop's own model, with titles, texts and departments of its own: \
                         enter what `{}` would add in `{}`, and take `{0}` away",
                        other.name, pivot.name
                    ),
                )
            }
        };
        diags.error("TWO_ISOSHOP", second.place.clone(), message, help);
    }
    sources
}

fn http(root: &Node, diags: &mut Diagnostics) -> HttpConfig {
    let mut known =
        vec!["bind", "public_url", "graphiql", "introspection", "batch", "trusted_proxies", "forwarded_by"];
    known.extend(network::HTTP_KEYS);
    let table = section(root, "http", &known, diags);
    let bind_node = key(table, "bind");
    let bind = bind_node
        .and_then(|node| bind(node, diags))
        .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
    let mark = diags.mark();
    let public_url = key(table, "public_url").and_then(|node| web_address(node, "public_url", diags));
    let public_url_read = !diags.errors_since(mark);
    let public_url = public_url.unwrap_or_else(|| format!("http://localhost:{}", bind.port()));
    if let Some(node) = bind_node.filter(|_| public_url_read && in_clear(bind.ip(), &public_url)) {
        diags.warn(
            "PLAIN_HTTP",
            node.place(),
            format!(
                "`bind` {} is on the network, and `public_url` is not https: tokens would travel in clear",
                node.shown()
            ),
            "put a reverse proxy with TLS before it and write public_url = \"https://…\"",
        );
    }
    let headers = [("x-forwarded-for", ForwardedBy::XForwardedFor), ("forwarded", ForwardedBy::Forwarded)];
    HttpConfig {
        public_url,
        bind,
        graphiql: flag(table, "graphiql", true, diags),
        introspection: flag(table, "introspection", true, diags),
        batch: number(table, "batch", 0, 0, 1_000, diags),
        trusted_proxies: key(table, "trusted_proxies")
            .map(|node| networks(node, "trusted_proxies", diags))
            .unwrap_or_default(),
        forwarded_by: key(table, "forwarded_by")
            .and_then(|node| node.choice("forwarded_by", &headers, diags))
            .unwrap_or_default(),
        cors: network::cors(table, diags),
        connections: network::connections(table, diags),
    }
}

/// Whether tokens sent to an address would travel in clear: other machines reach it, and it is not said to be
/// behind TLS.
pub fn in_clear(bound: IpAddr, public_url: &str) -> bool {
    !bound.is_loopback() && !public_url.starts_with("https://")
}

/// Networks in CIDR notation; an address alone is a network of one.
pub(super) fn networks(node: &Node, name: &str, diags: &mut Diagnostics) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for (text, place) in node.texts(name, diags) {
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        match network {
            Some(network) => networks.push(network.trunc()),
            None => diags.error(
                "BAD_VALUE",
                place,
                format!("\"{text}\" is no network"),
                "write an address such as \"10.0.0.5\", or a network such as \"10.0.0.0/8\"",
            ),
        }
    }
    networks
}

/// The address to listen on.
fn bind(node: &Node, diags: &mut Diagnostics) -> Option<SocketAddr> {
    let text = node.text("bind", diags)?;
    let address = match text.strip_prefix("localhost:") {
        Some(port) => port.parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        None => text.parse::<SocketAddr>().ok(),
    };
    if address.is_none() {
        let message = format!("`bind` {} is no address with a port", node.shown());
        diags.error("BAD_VALUE", node.place(), message, "write \"127.0.0.1:8080\"");
    }
    address
}

/// An http(s) address, without a slash at its end.
fn web_address(node: &Node, name: &str, diags: &mut Diagnostics) -> Option<String> {
    let text = node.filled(name, diags)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
        let message = format!("`{name}` {} is no web address", node.shown());
        diags.error("BAD_VALUE", node.place(), message, "write \"https://…\"");
        return None;
    }
    Some(text.trim_end_matches('/').to_owned())
}

pub(super) fn flag(
    table: Option<&IndexMap<String, Entry>>,
    name: &str,
    default: bool,
    diags: &mut Diagnostics,
) -> bool {
    key(table, name).and_then(|node| node.boolean(name, diags)).unwrap_or(default)
}

pub(super) fn number(
    table: Option<&IndexMap<String, Entry>>,
    name: &str,
    default: usize,
    least: i64,
    most: i64,
    diags: &mut Diagnostics,
) -> usize {
    key(table, name)
        .and_then(|node| node.integer(name, least, most, diags))
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(default)
}

fn limits(root: &Node, diags: &mut Diagnostics) -> Limits {
    let table = section(
        root,
        "limits",
        &[
            "body",
            "tokens",
            "depth",
            "aliases",
            "root_fields",
            "page",
            "cost",
            "request_seconds",
            "gather",
            "scan_rows",
            "batch_keys",
        ],
        diags,
    );
    let usual = Limits::default();
    let seconds = key(table, "request_seconds")
        .and_then(|node| node.integer("request_seconds", 1, 600, diags))
        .and_then(|seconds| u64::try_from(seconds).ok());
    Limits {
        body: number(table, "body", usual.body, 1_024, 16_777_216, diags),
        tokens: number(table, "tokens", usual.tokens, 100, 100_000, diags),
        // Deeper documents would need more stack than a worker thread has.
        depth: number(table, "depth", usual.depth, 1, 25, diags),
        aliases: number(table, "aliases", usual.aliases, 0, 10_000, diags),
        root_fields: number(table, "root_fields", usual.root_fields, 1, 1_000, diags),
        page: number(table, "page", usual.page, 1, 1_000, diags),
        cost: u64::try_from(number(table, "cost", 20_000, 1, 1_000_000_000, diags)).unwrap_or(usual.cost),
        request: seconds.map_or(usual.request, Duration::from_secs),
        gather: number(table, "gather", usual.gather, 1, 1_000_000, diags),
        scan_rows: number(table, "scan_rows", usual.scan_rows, 1, 10_000_000, diags),
        batch_keys: number(table, "batch_keys", usual.batch_keys, 1, 10_000, diags),
    }
}

fn web(root: &Node, diags: &mut Diagnostics) -> WebConfig {
    let table = section(root, "web", &["decision", "on_unknown"], diags);
    let node = key(table, "decision");
    let choices = [
        ("erp", WebDecision::Erp),
        ("isoshop", WebDecision::Isoshop),
        ("either", WebDecision::Either),
        ("both", WebDecision::Both),
    ];
    let decision = node.and_then(|node| node.choice("decision", &choices, diags)).unwrap_or_default();
    let fail_on_unknown = key(table, "on_unknown")
        .and_then(|node| node.choice("on_unknown", &[("show", false), ("fail", true)], diags))
        .unwrap_or(false);
    WebConfig { decision, decision_place: node.map(Node::place).unwrap_or_default(), fail_on_unknown }
}

fn departments(root: &Node, diags: &mut Diagnostics) -> DepartmentsConfig {
    let table = section(root, "departments", &["tree", "own_prefix", "own_codes", "hide_empty"], diags);
    let trees = [("erp", Tree::Erp), ("isoshop", Tree::Isoshop), ("merged", Tree::Merged)];
    DepartmentsConfig {
        tree: key(table, "tree").and_then(|node| node.choice("tree", &trees, diags)).unwrap_or_default(),
        own_codes: key(table, "own_codes")
            .map(|node| node.texts("own_codes", diags).into_iter().map(|(code, _)| code).collect())
            .unwrap_or_default(),
        own_prefix: key(table, "own_prefix")
            .and_then(|node| node.text("own_prefix", diags))
            .unwrap_or("w-")
            .trim()
            .to_owned(),
        hide_empty: flag(table, "hide_empty", false, diags),
    }
}

fn references(root: &Node, diags: &mut Diagnostics) -> ReferencesConfig {
    let table = section(root, "references", &["code"], diags);
    let choices = [("erp", false), ("generated", true)];
    ReferencesConfig {
        generated_codes: key(table, "code")
            .and_then(|node| node.choice("code", &choices, diags))
            .unwrap_or(false),
    }
}

fn media(dir: &Path, root: &Node, diags: &mut Diagnostics) -> MediaConfig {
    let table = section(root, "media", &["base_url", "roots"], diags);
    let base_url = key(table, "base_url").and_then(|node| {
        // A path of the same host is as good as a whole address.
        match node.filled("base_url", diags)? {
            path if path.starts_with('/') => Some(path.trim_end_matches('/').to_owned()),
            _ => web_address(node, "base_url", diags),
        }
    });
    let roots = key(table, "roots").map(|node| node.texts("roots", diags)).unwrap_or_default();
    MediaConfig {
        base_url: base_url.unwrap_or_default(),
        roots: roots.into_iter().map(|(root, _)| dir.join(PathBuf::from(root))).collect(),
    }
}

fn access(root: &Node, diags: &mut Diagnostics) -> AccessConfig {
    let table = section(root, "access", &["anonymous", "anonymous_provenance"], diags);
    let choices =
        [("none", Anonymous::None), ("catalogue", Anonymous::Catalogue), ("prices", Anonymous::Prices)];
    let node = key(table, "anonymous");
    let anonymous = node.and_then(|node| node.choice("anonymous", &choices, diags));
    // A switch of earlier versions.
    if let Some(node) = key(table, "anonymous_provenance") {
        diags.error(
            "REMOVED_SETTING",
            node.place(),
            "access.anonymous_provenance is gone: what sources say, and what is off the web, is for those who have the \
             right to see it",
            "remove the line; grant staff the rights `provenance`, `hidden`, `plan` and `sources` (docs/access.md)",
        );
    }
    AccessConfig { anonymous: anonymous.unwrap_or_default() }
}

fn site(dir: &Path, root: &Node, diags: &mut Diagnostics) -> SiteConfig {
    const OURS: &str = "audit_days";
    let known = ["url", "url_file", "host", "port", "database", "user", "password", "password_file", OURS];
    // An empty section is the same as none.
    let Some(table) = section(root, "site", &known, diags) else { return SiteConfig::default() };
    let days = key(Some(table), OURS).and_then(|node| node.integer(OURS, 1, 36_500, diags));
    let audit_days = days.and_then(|days| u32::try_from(days).ok());
    let mut address = table.clone();
    address.shift_remove(OURS);
    let Some((_, first)) = address.first() else { return SiteConfig { audit_days, ..SiteConfig::default() } };
    let place = first.key_place();
    let url = source::url(dir, &address, "[site]", None, diags);
    SiteConfig { url: url.map(Secret), place, audit_days }
}

/// `[cursor]`: one key a line of its file, the second one only while keys are changed.
fn cursor_keys(dir: &Path, root: &Node, diags: &mut Diagnostics) -> Option<CursorKeys> {
    const HELP: &str = "`comptoir init` makes one: 32 random bytes, written as 64 hexadecimal digits";
    const TWO: &str = "one key a line: the first seals cursors, a second one opens those it sealed before";
    let table = section(root, "cursor", &["key_file"], diags);
    let Some(node) = key(table, "key_file") else {
        if misspelt_in(root, "cursor", diags) || table.is_some_and(|t| misspelt(t, "key_file", diags)) {
            return None;
        }
        let place = root.get("cursor").map_or_else(|| Place::new(FILE, 1, 1), Node::place);
        diags.error("MISSING_KEY", place, "[cursor] has no `key_file`", HELP);
        return None;
    };
    if node.as_text().is_some_and(|text| hexadecimal(text.trim()).is_some()) {
        let help = "write it on the first line of a file that only you can read, and name that file";
        diags.error("PLAIN_SECRET", node.place(), "`key_file` holds the key itself", help);
        return None;
    }
    let lines = secrets::lines_of(dir, node, "key_file", HELP, diags)?;
    let mut keys = Vec::new();
    for (n, line) in &lines {
        let key = hexadecimal(line);
        if key.is_none() {
            let where_ = if *n == 1 && lines.len() == 1 { String::new() } else { format!("line {n} of ") };
            let message = format!("`key_file`: {where_}{} does not hold 64 hexadecimal digits", node.shown());
            diags.error("BAD_KEY", node.place(), message, if lines.len() == 1 { HELP } else { TWO });
        }
        keys.push(key);
    }
    if lines.len() > 2 {
        let message = format!("`key_file`: {} holds {} keys", node.shown(), lines.len());
        let help = "keep two: the one that seals cursors, and the one it takes the place of";
        diags.error("BAD_KEY", node.place(), message, help);
        return None;
    }
    let mut keys = keys.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
    let (first, second) = (keys.next()?, keys.next());
    if second == Some(first) {
        let message = format!("`key_file`: both keys of {} are the same", node.shown());
        let help = "put a new key on the first line, and the one it takes the place of on the second";
        diags.error("DUPLICATE", node.place(), message, help);
        return None;
    }
    Some(CursorKeys { first, second })
}

/// 32 bytes of 64 hexadecimal digits.
fn hexadecimal(line: &str) -> Option<[u8; 32]> {
    if line.len() != 64 || !line.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(line.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
