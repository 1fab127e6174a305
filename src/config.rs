//! What a shop writes in `comptoir.toml`: keys, defaults and limits. Unknown keys are errors; all
//! errors are reported at once, each with its place.

mod auth;
mod customers;
pub mod doc;
mod network;
mod read;
mod secrets;
mod source;
mod sqlserver;
mod telemetry;
mod trade;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use indexmap::IndexMap;

use crate::{
    auth::tokens::settings::AuthConfig, diagnostics::Place, telemetry::traces::Collector, value::Value,
};

pub use customers::{AssortmentConfig, CustomersConfig};
pub use network::{CacheConfig, ConnectionLimits, Cors, DocumentsConfig, RateConfig, RedisConfig};
#[cfg(test)]
use read::load_with;
pub use read::{Draft, draft, in_clear};
pub use trade::{Backorder, PricesConfig, Promotions, PublicConfig, StockConfig};

/// A whole shop file, checked, with defaults filled in.
#[derive(Clone)]
pub struct Config {
    /// The shop's folder; relative paths start here.
    pub dir: PathBuf,
    /// `[shop]`.
    pub shop: ShopConfig,
    /// `[sources.*]` in order of declaration.
    pub sources: IndexMap<String, SourceConfig>,
    /// `[http]`.
    pub http: HttpConfig,
    /// `[limits]`.
    pub limits: Limits,
    /// `[web]`.
    pub web: WebConfig,
    /// `[departments]`.
    pub departments: DepartmentsConfig,
    /// `[references]`.
    pub references: ReferencesConfig,
    /// `[media]`.
    pub media: MediaConfig,
    /// `[access]`.
    pub access: AccessConfig,
    /// `[auth]`.
    pub auth: AuthConfig,
    /// `[site]`.
    pub site: SiteConfig,
    /// `[public]`.
    pub public: PublicConfig,
    /// `[customers]` and `[[assortments]]`.
    pub customers: CustomersConfig,
    /// `[prices]`.
    pub prices: PricesConfig,
    /// `[stock]`.
    pub stock: StockConfig,
    /// `[redis]`, if there is one.
    pub redis: Option<RedisConfig>,
    /// `[cache]`.
    pub cache: CacheConfig,
    /// `[rate]`.
    pub rate: RateConfig,
    /// `[documents]`.
    pub documents: DocumentsConfig,
    /// `[telemetry]`.
    pub telemetry: TelemetryConfig,
    /// The keys of cursors (`cursor.key_file`).
    pub cursor_keys: CursorKeys,
}

/// The keys of cursors: one, or two while the shop changes from one to the other. Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CursorKeys {
    /// Seals every cursor, and opens those it sealed.
    pub first: [u8; 32],
    /// Opens as well.
    pub second: Option<[u8; 32]>,
}

impl std::fmt::Debug for CursorKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl std::fmt::Debug for Config {
    /// Everything but the keys of cursors.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("dir", &self.dir)
            .field("shop", &self.shop)
            .field("sources", &self.sources)
            .field("http", &self.http)
            .field("limits", &self.limits)
            .field("web", &self.web)
            .field("departments", &self.departments)
            .field("references", &self.references)
            .field("media", &self.media)
            .field("access", &self.access)
            .field("auth", &self.auth)
            .field("site", &self.site)
            .field("public", &self.public)
            .field("customers", &self.customers)
            .field("prices", &self.prices)
            .field("stock", &self.stock)
            .field("redis", &self.redis)
            .field("cache", &self.cache)
            .field("rate", &self.rate)
            .field("documents", &self.documents)
            .field("telemetry", &self.telemetry)
            .finish_non_exhaustive()
    }
}

/// `[shop]`.
#[derive(Clone, Debug)]
pub struct ShopConfig {
    /// The shop's name.
    pub name: String,
    /// ISO 4217 code of its currency.
    pub currency: String,
    /// Language codes, the default first.
    pub languages: Vec<String>,
    /// The zone of sources that keep local times.
    pub timezone: chrono_tz::Tz,
}

/// `[sources.NAME]`.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// The source's name.
    pub name: String,
    /// The engine.
    pub kind: SourceKind,
    /// The connector map's name.
    pub connector: String,
    /// Where it is, with secrets filled in; never printed. A relative SQLite path starts at the
    /// shop's folder.
    pub url: Secret,
    /// What the map calls settings: switches and bound parameters.
    pub settings: BTreeMap<String, Value>,
    /// Where each of `settings` stands.
    pub setting_places: BTreeMap<String, Place>,
    /// Pool and time limits.
    pub limits: SourceLimits,
    /// The login that will write orders (SQL Server); used by nothing yet.
    pub writer: Option<Login>,
    /// Where `[sources.NAME]` stands.
    pub place: Place,
}

/// A login of a database.
#[derive(Clone, Debug)]
pub struct Login {
    /// Who.
    pub user: String,
    /// With what, if anything.
    pub password: Option<Secret>,
}

/// The engines that a source may run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// `sqlite`.
    Sqlite,
    /// `postgres`.
    Postgres,
    /// `sqlserver`.
    SqlServer,
}

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// `[sources.NAME.limits]`.
#[derive(Clone, Copy, Debug)]
pub struct SourceLimits {
    /// Pooled connections (SQLite 4, else 8).
    pub connections: u32,
    /// Time to connect (5 s).
    pub connect: Duration,
    /// Time for a statement (10 s).
    pub statement: Duration,
}

impl SourceLimits {
    /// What a source has when its table does not say. Each connection to SQLite is a thread and a page
    /// cache of our own: more of them than processors only take memory.
    pub fn usual(kind: SourceKind) -> Self {
        match kind {
            SourceKind::Sqlite => Self { connections: 4, ..Self::default() },
            SourceKind::Postgres | SourceKind::SqlServer => Self::default(),
        }
    }
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self { connections: 8, connect: Duration::from_secs(5), statement: Duration::from_secs(10) }
    }
}

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Address and port.
    pub bind: std::net::SocketAddr,
    /// What clients call it; no slash at its end.
    pub public_url: String,
    /// Whether GraphiQL is served.
    pub graphiql: bool,
    /// Whether introspection is answered.
    pub introspection: bool,
    /// Operations allowed in one HTTP batch; 0 (the default): batching is off.
    pub batch: usize,
    /// The networks of proxies whose word on a client's address is taken (`trusted_proxies`, none).
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The header in which they give it (`forwarded_by`, x-forwarded-for).
    pub forwarded_by: ForwardedBy,
    /// Which pages of other origins may ask (`cors`, none).
    pub cors: Cors,
    /// What connections may not exceed.
    pub connections: ConnectionLimits,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            bind: ([127, 0, 0, 1], 8080).into(),
            public_url: "http://localhost:8080".to_owned(),
            graphiql: true,
            introspection: true,
            batch: 0,
            trusted_proxies: Vec::new(),
            forwarded_by: ForwardedBy::default(),
            cors: Cors::default(),
            connections: ConnectionLimits::default(),
        }
    }
}

/// The header in which trusted proxies give a client's address. One of the two: a proxy that writes one may pass on
/// whatever a client wrote in the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// `[limits]`: what no request may exceed. Each is named in the error it causes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of a request body (`body`, 262,144).
    pub body: usize,
    /// Tokens of a document (`tokens`, 5,000).
    pub tokens: usize,
    /// Nesting of fields (`depth`, 15); introspection is exempt.
    pub depth: usize,
    /// Aliases in an operation (`aliases`, 50).
    pub aliases: usize,
    /// Root fields of an operation (`root_fields`, 20).
    pub root_fields: usize,
    /// `first` of a connection (`page`, 100).
    pub page: usize,
    /// Static cost of an operation (`cost`, 20,000).
    pub cost: u64,
    /// Seconds a request may take (`request_seconds`, 15).
    pub request: Duration,
    /// Keys gathered in memory for one list (`gather`, 5,000).
    pub gather: usize,
    /// Rows read to fill one page (`scan_rows`, 20,000).
    pub scan_rows: usize,
    /// Keys in one statement (`batch_keys`, 1,000).
    pub batch_keys: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 262_144,
            tokens: 5_000,
            depth: 15,
            aliases: 50,
            root_fields: 20,
            page: 100,
            cost: 20_000,
            request: Duration::from_secs(15),
            gather: 5_000,
            scan_rows: 20_000,
            batch_keys: 1_000,
        }
    }
}

/// `[web]`: who decides what is on the web.
#[derive(Clone, Debug, Default)]
pub struct WebConfig {
    /// `decision` (erp).
    pub decision: WebDecision,
    /// Where it stands.
    pub decision_place: Place,
    /// `on_unknown` (show): what happens when the overlay that may hide a record is unreachable.
    pub fail_on_unknown: bool,
}

/// Who decides that a record is on the web.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebDecision {
    /// The ERP's flag (`erp`).
    #[default]
    Erp,
    /// IsoShop has to publish it (`isoshop`).
    Isoshop,
    /// One of the two (`either`).
    Either,
    /// Both of them (`both`).
    Both,
}

/// `[departments]`.
#[derive(Clone, Debug)]
pub struct DepartmentsConfig {
    /// `tree` (merged).
    pub tree: Tree,
    /// Codes of the overlay's own departments.
    pub own_codes: Vec<String>,
    /// The prefix of the overlay's own departments (`w-`); blank: none.
    pub own_prefix: String,
    /// Leave out departments without an article on the web (false).
    pub hide_empty: bool,
}

/// Whose tree it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tree {
    /// The ERP's alone.
    Erp,
    /// The overlay's alone.
    Isoshop,
    /// The ERP's, completed and overridden.
    #[default]
    Merged,
}

/// `[references]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferencesConfig {
    /// `code = "generated"`: never the ERP's own variant code.
    pub generated_codes: bool,
}

/// `[media]`.
#[derive(Clone, Debug, Default)]
pub struct MediaConfig {
    /// Put before a file's path to make its URL, with no slash at its end.
    pub base_url: String,
    /// Folders that hold the files, in order of search.
    pub roots: Vec<PathBuf>,
}

/// `[access]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessConfig {
    /// What who has no token may see (`anonymous`, prices).
    pub anonymous: Anonymous,
}

/// What who has no token may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Nothing.
    None,
    /// The catalogue without prices.
    Catalogue,
    /// The catalogue with public prices.
    #[default]
    Prices,
}

/// `[site]`: our own database.
#[derive(Clone, Debug, Default)]
pub struct SiteConfig {
    /// Where it is; absent: `site.db` in the shop's folder.
    pub url: Option<Secret>,
    /// Where that stands.
    pub place: Place,
    /// For how many days the audit log is kept (`audit_days`); none: for ever.
    pub audit_days: Option<u32>,
}

/// `[telemetry]`: what the process tells of itself beside its log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TelemetryConfig {
    /// Who may scrape `/metrics` (`metrics`, loopback).
    pub metrics: MetricsAccess,
    /// What they need instead of being near (`metrics_token_file`).
    pub metrics_token: Option<Secret>,
    /// Where traces go (`otlp_endpoint`, `service`, `sample_percent`, `trust_traceparent`); none: nothing is traced.
    pub collector: Option<Collector>,
}

/// Who may scrape `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Nobody: there are none (`off`).
    Off,
    /// Programs on this machine that no proxy stands before (`loopback`).
    #[default]
    Loopback,
    /// Who reaches the port (`open`).
    Open,
}

/// Which of the two prices is shown large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Display {
    /// With taxes (`ttc`).
    #[default]
    Gross,
    /// Without taxes (`ht`).
    Net,
}

#[cfg(test)]
mod tests;
