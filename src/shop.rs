//! A shop: its folder read and checked, its sources opened, everything wired. The only place that
//! knows all rooms.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use indexmap::IndexMap;

use crate::{
    auth::{
        accounts::Accounts,
        authenticator::Authenticator,
        grants::SharedGrants,
        issue::SharedIssue,
        people::People,
        rate::Rates,
        tokens::{Tokens, own::Signer},
    },
    cache::{Cache, Shared},
    catalog::{
        Catalog, Run,
        assortments::{Assortment, Assortments, class_key},
        cursor::Sealer,
        people::ContactRights,
        sight::Sight,
        trade::Trade,
    },
    config::{self, Config, CustomersConfig, Draft, SourceConfig, SourceKind, SourceLimits, WebDecision},
    connectors::{
        self,
        isoshop::{stock::StockRules, web_prices::WebPrices},
        map::ConnectorMap,
        stock::Depots,
    },
    diagnostics::{Diagnostics, Place},
    federation::{
        engine::{Ask, Engine, Fault, Open, Strategy},
        model::{Entity, Model},
        overrides::Overrides,
        provenance::FieldProvenance,
        spelling::Spellings,
    },
    graphql::{
        async_schema, declare,
        documents::Documents,
        error::GraphqlError,
        guard::Guards,
        operation::Operations,
        people,
        request::{Executor, GraphqlRequest},
        sdl,
        service::{Doors, Guard, Service},
        staff,
        trade::explain::{self, ExplainPrice, Question},
        types::{Kind, TypeSystem},
    },
    pricing::Pricing,
    report,
    site::{Lifetimes, Site, SiteAccounts, SiteGrants, SitePeople},
    sources::{self, Moment, SharedSource, Trace},
    stock::Stock,
    value::Type,
};

/// Bytes kept of prepared documents.
const DOCUMENTS: u64 = 16 << 20;

/// What a shop is opened with, beside its folder.
#[derive(Clone, Default)]
pub struct ShopOptions {
    /// Sees every statement that is sent.
    pub trace: Option<Arc<dyn Trace>>,
    /// Back-office overrides: a source above all others.
    pub overrides: Option<Arc<dyn Overrides>>,
    /// Staff accounts, instead of the site database's.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// What groups are granted, and what is revoked, instead of what the site database says.
    pub grants: Option<SharedGrants>,
}

/// An open shop.
pub struct Shop {
    config: Config,
    diagnostics: Diagnostics,
    types: Arc<TypeSystem>,
    catalog: Arc<Catalog>,
    cache: Cache,
    service: Arc<Service>,
    authenticator: Authenticator,
    issuer: SharedIssue,
    site: Site,
    staff: SiteAccounts,
    grants: SharedGrants,
}

/// Sees nothing.
struct Silent;

impl Trace for Silent {
    fn sent(&self, source: &str, sql: &str) {
        tracing::debug!(source, sql, "statement");
    }
}

/// Which entity a command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityKind {
    /// A rayon.
    Department,
    /// An article.
    Article,
    /// A référence.
    Reference,
    /// A customer.
    Customer,
}

impl Shop {
    /// Opens a shop's folder. Every error of its configuration comes at once; databases are not
    /// contacted, so that the shop opens while they are down.
    pub fn open(dir: &Path) -> Result<Self, Diagnostics> {
        Self::open_with(dir, ShopOptions::default())
    }

    /// Opens a shop with a trace or overrides.
    pub fn open_with(dir: &Path, options: ShopOptions) -> Result<Self, Diagnostics> {
        let mut diags = Diagnostics::default();
        let shop = Self::judge(dir, options, &mut diags);
        diags.settle();
        match shop {
            Some(shop) if !diags.has_errors() => Ok(Self { diagnostics: diags, ..shop }),
            _ => Err(diags),
        }
    }

    /// Reads and judges everything that can be judged, whatever else is broken; wires it when nothing
    /// is.
    fn judge(dir: &Path, options: ShopOptions, diags: &mut Diagnostics) -> Option<Self> {
        let Draft { config, sources_known } = config::draft(dir, &|name| std::env::var(name).ok(), diags);
        let maps = connector_maps(dir, &config, sources_known, diags);
        let files = schema_files(dir, diags);
        let sdl::Judged { types, unread } = sdl::judge(&files, diags);
        let ground =
            declare::Ground { types: &types, unread: &unread, config: &config, sources_known, maps: &maps };
        let model = declare::model(ground, diags);
        let trace = options.trace.unwrap_or_else(|| Arc::new(Silent));
        let mut opened: Vec<SharedSource> = Vec::new();
        let mut zones = Vec::new();
        // One whose address could not be read has been reported.
        for (name, source) in config.sources.iter().filter(|(_, source)| !source.url.0.is_empty()) {
            let zone = maps.get(name).map_or(config.shop.timezone, |m| m.zone);
            let opening = sources::open::Opening {
                name,
                kind: source.kind,
                url: &source.url,
                limits: &source.limits,
                dir,
                zone,
                twins: maps.get(name).map_or(&[], |m| &m.twins),
            };
            match sources::open::open(opening, trace.clone()) {
                Ok(source) => opened.push(match maps.get(name).filter(|m| !m.detect.is_empty()) {
                    Some(map) => Arc::new(connectors::detect::Guarded::new(source, map.detect.clone())),
                    None => source,
                }),
                Err(error) => diags.error(
                    "BAD_SOURCE_URL",
                    source.place.clone(),
                    format!("source `{name}` cannot be opened: {error}"),
                    "correct its url (or host, port and database)",
                ),
            }
            zones.push(zone);
        }
        let site = match Site::of(&config.site, dir) {
            Ok(site) => Some(site),
            Err(error) => {
                let place = config.site.place.clone();
                diags.error("BAD_URL", place, error.to_string(), "correct the address in [site]");
                None
            }
        };
        if let Some(model) = model.as_ref().filter(|_| sources_known) {
            nobody_decides(model, &config, diags);
        }
        let model = model.filter(|_| !diags.has_errors())?;
        let site = site?;
        let entity = |name: &str| model.entities.iter().position(|e| e.name == name);
        let entities = (entity("Department"), entity("Article"), entity("Reference"));
        let customer = entity("Customer");
        let sealer = Sealer::new(&config.cursor_keys);
        let assortments = assortments(&model, customer, &config.customers, diags);
        let ((Some(department), Some(article), Some(reference)), Some(sealer)) = (entities, sealer) else {
            diags.error(
                "NO_CATALOGUE",
                Place::new("comptoir.toml", 0, 0),
                "the shop has no catalogue",
                "declare a source that holds departments, articles and references",
            );
            return None;
        };
        let types = Arc::new(types);
        let second = match async_schema::build(&types) {
            Ok(schema) => Some(schema),
            Err(reason) => {
                diags.error(
                    "SCHEMA_REFUSED",
                    Place::new("schema", 0, 0),
                    format!("the schema cannot be served: {reason}"),
                    "correct the shop's schema/*.graphql",
                );
                None
            }
        };
        if diags.has_errors() {
            return None;
        }
        let shared = config.redis.as_ref().and_then(|redis| match Shared::new(redis) {
            Ok(shared) => Some(shared),
            Err(reason) => {
                let message = format!("Redis cannot be asked: {reason}");
                diags.error("BAD_REDIS", redis.place.clone(), message, "correct its url or ca_file");
                None
            }
        });
        let cache = Cache::new(config.cache.bytes, shared);
        let judged = (&*types, second.as_ref(), &config.limits);
        let documents = Documents::read(&config.documents, &cache, judged, diags);
        if diags.has_errors() {
            return None;
        }
        let rates = Rates::new(config.rate.clone(), cache.clone());
        let decisions = decisions(&model, department, config.web.decision);
        let engine = Arc::new(Engine {
            spellings: Spellings::new(&model),
            model: Arc::new(model),
            sources: opened,
            zones,
            overrides: options.overrides,
            cache: Some(cache.clone()),
            limits: config.limits,
            fail_on_unknown: config.web.fail_on_unknown,
            decisions,
        });
        let keeper = customer.map(|customer| engine.model.entities[customer].decides);
        let keeper = keeper.and_then(|source| Some((source, maps.get(&engine.model.sources[source].name)?)));
        let customer_codes =
            keeper.and_then(|(source, map)| Some((source, connectors::customer_codes(map)?)));
        let limits =
            keeper.map_or_else(people::Limits::default, |(_, map)| people::Limits::of(&map.settings));
        let kept: Arc<dyn People> =
            Arc::new(SitePeople::new(site.clone(), config.auth.issuer.as_str().into()));
        let trade = trade(&engine.model, reference, &config, &maps);
        let catalog = Arc::new(Catalog {
            trade,
            people: kept,
            contact_rights: ContactRights::default(),
            customer_codes,
            assortments,
            engine,
            departments: config.departments.clone(),
            department,
            article,
            reference,
            customer,
            sealer,
            media_base: config.media.base_url.trim_end_matches('/').to_owned(),
        });
        let operations = Operations::new(types.clone(), second, config.limits, DOCUMENTS);
        let doors = Doors { introspection: config.http.introspection, anonymous: config.access.anonymous };
        let issuer: SharedIssue = Arc::new(Signer::new(&config.auth));
        let ours: Arc<str> = config.auth.issuer.as_str().into();
        let lifetimes = Lifetimes { access: config.auth.access, idle: config.auth.idle };
        let staff = SiteAccounts::new(site.clone(), issuer.clone(), ours.clone(), lifetimes);
        let grants: SharedGrants =
            options.grants.unwrap_or_else(|| Arc::new(SiteGrants::new(site.clone(), ours)));
        let accounts: Arc<dyn Accounts> = options.accounts.unwrap_or_else(|| Arc::new(staff.clone()));
        let mut resolvers = staff::resolvers(accounts, rates.clone(), &catalog);
        resolvers.add("Query", "explainPrice", ExplainPrice { catalog: catalog.clone() });
        people::resolvers(&mut resolvers, &catalog, limits, config.access.anonymous);
        let guard = Guard { documents, rates };
        let service = Service::new(
            types.clone(),
            operations,
            catalog.clone(),
            resolvers,
            config.shop.clone(),
            doors,
            guard,
        );
        let authenticator = Authenticator::new(Arc::new(Tokens::new(&config.auth)), grants.clone());
        Some(Self {
            config,
            diagnostics: Diagnostics::default(),
            types,
            catalog,
            cache,
            service: Arc::new(service),
            authenticator,
            issuer,
            site,
            staff,
            grants,
        })
    }

    /// Runs its requests.
    pub fn executor(&self) -> Arc<dyn Executor> {
        self.service.clone()
    }

    /// What it caches and counts, shared by Redis if it has one.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Tells who asks.
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// Signs tokens with its own key.
    pub fn issuer(&self) -> &SharedIssue {
        &self.issuer
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its own database.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Its staff accounts.
    pub fn accounts(&self) -> Arc<dyn Accounts> {
        Arc::new(self.staff.clone())
    }

    /// Its staff accounts, as the command line uses them.
    pub fn staff(&self) -> &SiteAccounts {
        &self.staff
    }

    /// What its viewers' groups are granted.
    pub fn grants(&self) -> SharedGrants {
        self.grants.clone()
    }

    /// The warnings of its configuration.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Whether a type of its schema has a field of this name.
    pub fn has_field(&self, ty: &str, field: &str) -> bool {
        self.types.types.get(ty).is_some_and(|t| match &t.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => fields.contains_key(field),
            _ => false,
        })
    }

    /// Its catalogue.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Its SDL as clients see it; `internal`: with the directives of precedence.
    pub fn sdl(&self, internal: bool) -> String {
        if internal { sdl::print_annotated(&self.types) } else { sdl::print(&self.types) }
    }

    /// The sources that decide existence.
    pub fn deciding_sources(&self) -> Vec<String> {
        let model = &self.catalog.engine.model;
        let mut names: Vec<String> =
            model.entities.iter().map(|e| model.sources[e.decides].name.clone()).collect();
        names.dedup();
        names
    }

    /// For each field of a record: the rule, every source's cell and the winner, as a table. `Ok(None)`
    /// when there is no such record.
    pub async fn explain(&self, kind: EntityKind, code: &str) -> Result<Option<String>, String> {
        let found = self.provenance(kind, code).await?;
        let name = &self.catalog.engine.model.entities[self.entity(kind)?].name;
        Ok(found.map(|fields| report::provenance(name, code, &fields)))
    }

    /// How a price comes to be, as text. `Ok(None)` when there is no such reference.
    ///
    /// # Errors
    /// A source does not answer.
    pub async fn explain_price(&self, question: Question) -> Result<Option<String>, String> {
        let ask = Ask::new(Moment::now(None), Open::ALL, Strategy::Planned);
        let run = Run::new(&self.catalog, ask, Vec::new(), None, Sight::whole(&self.catalog));
        let found = explain::explain(&run, question).await.map_err(|error| error.message)?;
        Ok(found.map(|found| explain::text(&found)))
    }

    /// For each field of a record: the rule, every source's cell and the winner. `Ok(None)` when there
    /// is no such record.
    pub async fn provenance(
        &self,
        kind: EntityKind,
        code: &str,
    ) -> Result<Option<Vec<FieldProvenance>>, String> {
        let ask = Ask::new(Moment::now(None), Open::ALL, Strategy::Planned);
        let run = Run::new(&self.catalog, ask, Vec::new(), None, Sight::whole(&self.catalog));
        let found = run.explain(self.entity(kind)?, code, None).await;
        found.map_err(|fault| crate::graphql::faults::fault(&fault).message)
    }

    /// The groups that its schema puts fields into, `base` first.
    pub fn field_groups(&self) -> Vec<String> {
        Guards::of(&self.types).groups().into_iter().map(str::to_owned).collect()
    }

    /// Whether there is a department of a code, on the web or not. `Err` says why that cannot be told now.
    pub async fn has_department(&self, code: &str) -> Result<bool, String> {
        let said = |fault: &Fault| crate::graphql::faults::fault(fault).message;
        let ask = Ask::new(Moment::now(None), Open::ALL, Strategy::Planned);
        let run = Run::new(&self.catalog, ask, Vec::new(), None, Sight::whole(&self.catalog));
        let tree = run.tree().await.map_err(|fault| said(&fault))?;
        match run.unknown_department(&tree, code) {
            Some(cause) => Err(said(&Fault::Source(cause))),
            None => Ok(tree.find(code).is_some()),
        }
    }

    fn entity(&self, kind: EntityKind) -> Result<usize, String> {
        Ok(match kind {
            EntityKind::Department => self.catalog.department,
            EntityKind::Article => self.catalog.article,
            EntityKind::Reference => self.catalog.reference,
            EntityKind::Customer => {
                self.catalog.customer.ok_or_else(|| "no source of this shop holds customers".to_owned())?
            }
        })
    }

    /// The plan of an operation as text; no source is asked.
    pub async fn plan(&self, request: &GraphqlRequest) -> Result<String, Vec<GraphqlError>> {
        self.service.explain_plan(request).await
    }

    /// Closes its sources and its own database.
    pub async fn close(&self) {
        self.site.close().await;
        for source in &self.catalog.engine.sources {
            source.close().await;
        }
    }
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shop").field("name", &self.config.shop.name).finish_non_exhaustive()
    }
}

/// What a shop trades by: the tariff and the stock of the source that has its references, and what IsoShop says of both.
fn trade(model: &Model, reference: usize, config: &Config, maps: &IndexMap<String, ConnectorMap>) -> Trade {
    let map_of = |source: usize| maps.get(&model.sources.get(source)?.name);
    let decides = model.entities[reference].decides;
    // The base that completes the ERP; in a pivot, the pivot's own.
    let overlay = (0..model.sources.len()).filter(|source| *source != decides).chain([decides]);
    let isoshop =
        overlay.filter_map(|source| Some((source, map_of(source)?))).find(|(_, map)| map.name == "isoshop");
    let pricing = Pricing {
        tariff: map_of(decides).and_then(|map| Some((decides, connectors::tariff_of(map)?))),
        web: isoshop.map(|(source, map)| (source, WebPrices::new(map, config.prices.promotions))),
        public: config.public.clone(),
        currency: config.shop.currency.as_str().into(),
        zone: config.shop.timezone,
    };
    let stock = Stock {
        counts: map_of(decides).and_then(|map| Some((decides, connectors::stock_of(map)?))),
        rules: isoshop.map(|(source, map)| (source, StockRules::new(map))),
        depots: Depots { only: config.public.depots.iter().map(|depot| depot.as_str().into()).collect() },
        settings: config.stock.clone(),
        zone: config.shop.timezone,
    };
    Trade { pricing, stock }
}

/// Whether another source than the one that decides existence has a say in what of an entity is on the web.
fn others_publish(entity: &Entity) -> bool {
    let Some(field) = entity.fields.get("published") else { return false };
    let says = |source: &usize| {
        let map = entity.maps.get(*source).and_then(Option::as_ref);
        map.is_some_and(|m| m.rows.iter().any(|row| row.fields.contains_key("published")))
    };
    field.sources.iter().any(|source| *source != entity.decides && says(source))
}

/// Who decides for each entity. Departments are on the web unless somebody hides them; and where one source
/// is all there is, as in a pivot, its flag is the only one.
fn decisions(model: &Model, department: usize, decision: WebDecision) -> Vec<WebDecision> {
    let of = |(id, entity): (usize, &Entity)| {
        if id != department && others_publish(entity) { decision } else { WebDecision::Erp }
    };
    model.entities.iter().enumerate().map(of).collect()
}

/// The assortments of classes of customers; several of one class are put together.
fn assortments(
    model: &Model,
    customer: Option<usize>,
    config: &CustomersConfig,
    diags: &mut Diagnostics,
) -> Assortments {
    let Some(first) = config.assortments.first() else { return Assortments::default() };
    let Some(entity) = customer.and_then(|customer| model.entities.get(customer)) else {
        diags.error(
            "NO_CUSTOMERS",
            first.place.clone(),
            "there are assortments, and no source of the shop holds customers",
            "take [[assortments]] away, or add [entity.Customer] to the ERP's connector map",
        );
        return Assortments::default();
    };
    let Some((field, _, class)) = entity.fields.get_full(config.class.as_str()) else {
        let known = entity.fields.keys().map(String::as_str);
        diags.error(
            "UNKNOWN_FIELD",
            config.class_place.clone(),
            format!("`class` names no field of `Customer`: `{}`", config.class),
            sdl::suggest(&config.class, known, "name a field that tells customers' classes"),
        );
        return Assortments::default();
    };
    if !matches!(class.ty, Type::Text | Type::Int) {
        diags.error(
            "BAD_CLASS",
            config.class_place.clone(),
            format!("`{}` tells no class: it is neither a text nor a whole number", config.class),
            "name a field of `Customer` that is a String, an enum or an Int",
        );
        return Assortments::default();
    }
    let mut by_class: HashMap<String, Assortment> = HashMap::new();
    for one in &config.assortments {
        let all = by_class.entry(class_key(&one.class)).or_default();
        let shared = |codes: &[String]| codes.iter().map(|code| Arc::from(code.as_str())).collect::<Vec<_>>();
        all.departments.extend(shared(&one.departments));
        all.families.extend(shared(&one.families));
        all.articles.extend(shared(&one.articles));
    }
    Assortments::new(field, by_class.into_iter().map(|(class, all)| (class, Arc::new(all))).collect())
}

/// Reports a decision that is left to a source which the shop does not have. A pivot is an IsoShop base
/// itself.
fn nobody_decides(model: &Model, config: &Config, diags: &mut Diagnostics) {
    let Some(article) = model.entities.iter().find(|e| e.name == "Article") else { return };
    let decider = model.sources.get(article.decides).map(|source| source.name.as_str());
    let pivot = decider.and_then(|name| config.sources.get(name)).is_some_and(|s| s.connector == "isoshop");
    if config.web.decision == WebDecision::Erp || pivot || others_publish(article) {
        return;
    }
    let word = match config.web.decision {
        WebDecision::Either => "either",
        WebDecision::Both => "both",
        _ => "isoshop",
    };
    diags.error(
        "NO_DECIDER",
        config.web.decision_place.clone(),
        format!("`decision` is \"{word}\", and the shop has no source that says what IsoShop publishes"),
        "declare [sources.isoshop], or write \"erp\": the ERP's flag decides",
    );
}

/// The connector map of each source, by the source's name; a broken one is missing. Maps of the shop
/// that no source uses are judged too when that may only be because a source is broken; else they are
/// told to be without use.
fn connector_maps(
    dir: &Path,
    config: &Config,
    sources_known: bool,
    diags: &mut Diagnostics,
) -> IndexMap<String, ConnectorMap> {
    let load = |source: &SourceConfig, diags: &mut Diagnostics| {
        connectors::load(&source.connector, dir, source, &config.shop, &config.references, diags)
    };
    let mut maps = IndexMap::new();
    for (name, source) in config.sources.iter().filter(|(_, source)| !source.connector.is_empty()) {
        if let Some(map) = load(source, diags) {
            maps.insert(name.clone(), map);
        }
    }
    let all_named = sources_known && config.sources.values().all(|source| !source.connector.is_empty());
    for file in names_in(dir, "schema/connectors", "toml", diags) {
        let connector =
            Path::new(&file).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let place = Place::new(format!("schema/connectors/{file}"), 0, 0);
        if config.sources.values().any(|source| source.connector == connector) {
            continue;
        }
        if all_named {
            let used: Vec<String> = config.sources.values().map(|s| format!("\"{}\"", s.connector)).collect();
            let message = format!("no source uses this map: none has connector = \"{connector}\"");
            let help = format!("name it after the connector that it belongs to ({})", used.join(", "));
            diags.warn("UNUSED_MAP", place, message, help);
            continue;
        }
        let source = SourceConfig {
            writer: None,
            name: connector.clone(),
            kind: SourceKind::Sqlite,
            connector,
            url: config::Secret(String::new()),
            settings: BTreeMap::new(),
            setting_places: BTreeMap::new(),
            limits: SourceLimits::default(),
            place,
        };
        load(&source, diags);
    }
    maps
}

/// The names of a folder's files with an ending, in order. A folder that is not there has none.
fn names_in(dir: &Path, folder: &str, ending: &str, diags: &mut Diagnostics) -> Vec<String> {
    let entries = match std::fs::read_dir(dir.join(folder)) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                let message = format!("the folder cannot be read: {error}");
                let help = "make it a folder that may be read, or take it away";
                diags.error("UNREADABLE_FILE", Place::new(folder, 0, 0), message, help);
            }
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|n| Path::new(n).extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)))
        .collect();
    names.sort();
    names
}

/// The shop's own `schema/*.graphql`, in order of their names.
fn schema_files(dir: &Path, diags: &mut Diagnostics) -> Vec<(String, String)> {
    let names = names_in(dir, "schema", "graphql", diags);
    let mut files = Vec::new();
    for name in names {
        let shown = format!("schema/{name}");
        match std::fs::read_to_string(dir.join(&shown)) {
            Ok(text) => files.push((shown, text)),
            Err(error) => diags.error(
                "UNREADABLE_FILE",
                Place::new(shown, 0, 0),
                format!("cannot be read: {error}"),
                "check the file's rights and that it is UTF-8 text",
            ),
        }
    }
    files
}
