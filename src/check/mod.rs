//! `comptoir check` against live databases: whether each source answers, whether it holds what the
//! maps and the schema say ([`structure`], [`user_columns`]), how its keys compare ([`keys`]), and what
//! its rows make of it ([`scan`], [`data`], [`departments`]). Read-only, within a budget of rows and
//! time; a source that is down ends its own section only.

mod data;
mod departments;
mod keys;
mod names;
pub mod print;
mod scan;
mod structure;
mod tariff;
mod user_columns;
mod uses;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use indexmap::IndexMap;

use crate::{
    catalog::Catalog,
    connectors::map::EntityMap,
    diagnostics::Place,
    federation::{
        engine::{Ask, Engine, Open, Strategy},
        provenance::FieldProvenance,
    },
    shop::{EntityKind, Shop},
    sources::{Moment, SharedSource, SourceError, survey},
};

/// Examples kept of one finding.
pub const EXAMPLES: usize = 5;

/// What is looked at, and how much of it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Records merged and shown as `explain` does.
    pub sample: usize,
    /// Only this source.
    pub source: Option<String>,
    /// Rows read of one entity in one source; what lies beyond is not judged, and that is said.
    pub rows: usize,
    /// Time spent on reading one entity in one source.
    pub time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { sample: 3, source: None, rows: 200_000, time: Duration::from_secs(30) }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Note,
    /// Something is not served as one might think.
    Warning,
    /// Something cannot be served.
    Error,
}

impl Level {
    /// Its word in text and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// Stable code in SCREAMING_SNAKE_CASE.
    pub code: &'static str,
    /// The source it is about.
    pub source: Option<String>,
    /// The entity.
    pub entity: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// The table's column.
    pub column: Option<String>,
    /// The line of a map or schema that leads there.
    pub place: Option<Place>,
    /// What is so.
    pub message: String,
    /// What to do.
    pub help: String,
    /// A few of those concerned.
    pub examples: Vec<String>,
    /// A line to paste into the shop's schema.
    pub paste: Option<String>,
}

impl Finding {
    /// A finding that is about nothing in particular yet.
    pub fn new(
        level: Level,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            level,
            code,
            source: None,
            entity: None,
            table: None,
            column: None,
            place: None,
            message: message.into(),
            help: help.into(),
            examples: Vec::new(),
            paste: None,
        }
    }

    fn source(mut self, name: &str) -> Self {
        self.source = Some(name.to_owned());
        self
    }

    fn entity(mut self, name: &str) -> Self {
        self.entity = Some(name.to_owned());
        self
    }

    fn table(mut self, name: &str) -> Self {
        self.table = Some(name.to_owned());
        self
    }

    fn column(mut self, name: &str) -> Self {
        self.column = Some(name.to_owned());
        self
    }

    fn place(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    fn examples(mut self, examples: impl IntoIterator<Item = String>) -> Self {
        self.examples = examples.into_iter().take(EXAMPLES).collect();
        self
    }
}

/// What one source says of itself.
#[derive(Clone, Debug, Default)]
pub struct SourceReport {
    /// Its name in the shop.
    pub name: String,
    /// Its engine, as `kind` says it.
    pub kind: &'static str,
    /// Its connector.
    pub connector: String,
    /// Whether it answered.
    pub reachable: bool,
    /// How long the first answer took, with connecting.
    pub connected_in: Option<Duration>,
    /// How long the next answer took.
    pub latency: Option<Duration>,
    /// Server and version.
    pub version: Option<String>,
    /// The collation of columns that name none.
    pub collation: Option<String>,
    /// How its keys compare.
    pub keys: Vec<KeyReport>,
    /// Rows per entity and row source.
    pub rows: Vec<RowCount>,
}

/// How one key column compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The entity.
    pub entity: String,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What the map says: `binary`, `ci_as`, `ci_ai`.
    pub map: &'static str,
    /// The column's collation.
    pub collation: Option<String>,
    /// Whether the database tells letters of different case apart; `None`: nothing shows it.
    pub case_sensitive: Option<bool>,
}

/// How many rows a row source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// The entity.
    pub entity: String,
    /// The row source's name.
    pub rows: String,
    /// Its table.
    pub table: String,
    /// How many.
    pub count: u64,
}

/// One entity as the sources hold it together.
#[derive(Clone, Debug, Default)]
pub struct EntityReport {
    /// Its name.
    pub name: String,
    /// The source that decides existence.
    pub decided_by: String,
    /// Its rows there, when it could be asked.
    pub records: Option<u64>,
    /// Rows of the other sources.
    pub completed_by: Vec<(String, u64)>,
    /// Whether reading ended before the end.
    pub cut: bool,
}

/// A record merged.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The entity.
    pub entity: String,
    /// The record's code.
    pub code: String,
    /// Where its values come from, or why it cannot be told.
    pub fields: Result<Vec<FieldProvenance>, String>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The sources, in the shop's order.
    pub sources: Vec<SourceReport>,
    /// The entities.
    pub entities: Vec<EntityReport>,
    /// The findings, in the order they were made.
    pub findings: Vec<Finding>,
    /// Records as merged.
    pub samples: Vec<Sample>,
}

impl Report {
    /// How many findings there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|f| f.level == level).count()
    }
}

/// The shop under examination, and what is known of it so far.
struct Live<'a> {
    shop: &'a Shop,
    engine: &'a Engine,
    options: &'a Options,
    /// Sources that answered.
    up: Vec<bool>,
    ask: Ask,
    report: Report,
    /// Columns that a map names and the database lacks: (source, entity, field).
    lacking: Vec<(usize, String, String)>,
}

/// Examines an open shop's databases.
pub async fn live(shop: &Shop, options: &Options) -> Report {
    let catalog: &Arc<Catalog> = shop.catalog();
    let engine = &*catalog.engine;
    let mut live = Live {
        shop,
        engine,
        options,
        up: vec![false; engine.sources.len()],
        ask: Ask::new(Moment::now(None), Open::ALL, Strategy::Planned),
        report: Report::default(),
        lacking: Vec::new(),
    };
    for source in 0..engine.sources.len() {
        live.contact(source).await;
        if live.up[source] && live.looks_at(source) {
            live.structure(source).await;
        }
    }
    live.unfilled();
    live.tariff().await;
    let scans = live.data().await;
    live.departments(&scans).await;
    live.samples(&scans).await;
    live.report
}

impl Live<'_> {
    fn name(&self, source: usize) -> &str {
        self.engine.model.sources.get(source).map_or("?", |s| s.name.as_str())
    }

    /// Whether findings of this source were asked for.
    fn looks_at(&self, source: usize) -> bool {
        self.options.source.as_deref().is_none_or(|only| only == self.name(source))
    }

    fn connector(&self, source: usize) -> &str {
        self.shop.config().sources.get(self.name(source)).map_or("", |s| s.connector.as_str())
    }

    fn source(&self, source: usize) -> Option<&SharedSource> {
        self.engine.sources.get(source)
    }

    fn map(&self, entity: usize, source: usize) -> Option<Arc<EntityMap>> {
        self.engine.model.entities.get(entity)?.maps.get(source)?.clone()
    }

    fn found(&mut self, finding: Finding) {
        // A table may be met in several entities: told once.
        if !self.report.findings.contains(&finding) {
            self.report.findings.push(finding);
        }
    }

    fn of_source(&mut self, source: usize) -> Option<&mut SourceReport> {
        let name = self.name(source).to_owned();
        self.report.sources.iter_mut().find(|s| s.name == name)
    }

    /// Asks a source who it is.
    async fn contact(&mut self, source: usize) {
        let Some(asked) = self.source(source).cloned() else { return };
        let mut report = SourceReport {
            name: self.name(source).to_owned(),
            kind: asked.dialect().word(),
            connector: self.connector(source).to_owned(),
            ..SourceReport::default()
        };
        let started = Instant::now();
        let answer = asked.ping().await;
        let took = started.elapsed();
        match answer {
            Ok(version) => {
                self.up[source] = true;
                report.reachable = true;
                report.connected_in = Some(took);
                report.version = Some(version);
                let started = Instant::now();
                if asked.ping().await.is_ok() {
                    report.latency = Some(started.elapsed());
                }
                report.collation = survey::collation(&asked).await.ok().flatten();
            }
            Err(error) if self.looks_at(source) => {
                let place = self.shop.config().sources.get(&report.name).map(|s| s.place.clone());
                let (code, message) = match &error {
                    SourceError::WrongDatabase(_) => {
                        ("WRONG_DATABASE", format!("source `{}` is {error}", report.name))
                    }
                    _ => ("SOURCE_DOWN", format!("source `{}` does not answer: {error}", report.name)),
                };
                let mut finding =
                    Finding::new(Level::Error, code, message, remedy(&error)).source(&report.name);
                finding.place = place;
                self.found(finding);
            }
            Err(_) => {}
        }
        if self.looks_at(source) {
            self.report.sources.push(report);
        }
    }

    /// Merges a few records: each entity in turn, those first that several sources hold.
    async fn samples(&mut self, scans: &HashMap<(usize, usize), scan::Scan>) {
        let catalog = self.shop.catalog();
        let kinds = [
            (EntityKind::Article, catalog.article),
            (EntityKind::Reference, catalog.reference),
            (EntityKind::Department, catalog.department),
        ];
        let customers = catalog.customer.map(|customer| (EntityKind::Customer, customer));
        let mut queues: Vec<_> = kinds
            .iter()
            .chain(&customers)
            .map(|(kind, entity)| (*kind, *entity, self.worth_showing(*entity, scans).into_iter()))
            .collect();
        while self.report.samples.len() < self.options.sample {
            let before = self.report.samples.len();
            for (kind, entity, queue) in &mut queues {
                if self.report.samples.len() >= self.options.sample {
                    break;
                }
                let Some(code) = queue.next() else { continue };
                let fields = match self.shop.provenance(*kind, &code).await {
                    Ok(Some(fields)) => Ok(fields),
                    Ok(None) => Err("it is gone".to_owned()),
                    Err(why) => Err(why),
                };
                let entity = self.engine.model.entities[*entity].name.clone();
                if let Ok(fields) = &fields {
                    self.unknown_cells(&entity, &code, fields);
                }
                self.report.samples.push(Sample { entity, code, fields });
            }
            if self.report.samples.len() == before {
                break;
            }
        }
    }

    /// What a source that answers cannot say of a record: a statement that its database refuses.
    fn unknown_cells(&mut self, entity: &str, code: &str, fields: &[FieldProvenance]) {
        let mut causes: IndexMap<(String, String), Vec<String>> = IndexMap::new();
        for field in fields {
            for candidate in field.candidates.iter().filter(|c| c.state == "UNKNOWN") {
                let cause = candidate.cause.clone().unwrap_or_default();
                let up = self.engine.model.sources.iter().position(|s| s.name == candidate.source);
                let told = ["BAD_VALUE", "DUPLICATE"].iter().any(|c| cause.starts_with(c));
                if up.is_some_and(|s| self.up[s] && self.looks_at(s)) && !told {
                    causes.entry((candidate.source.clone(), cause)).or_default().push(field.field.clone());
                }
            }
        }
        for ((source, cause), fields) in causes {
            let message = format!("{} of {entity} cannot be read: {cause}", fields.join(", "));
            let help = "if nothing else here explains it, correct what the map says of them";
            self.found(
                Finding::new(Level::Error, "UNREADABLE_FIELDS", message, help)
                    .source(&source)
                    .entity(entity)
                    .examples([code.to_owned()]),
            );
        }
    }

    /// Codes of records, those first that an overlay completes, none that is doubled.
    fn worth_showing(&self, entity: usize, scans: &HashMap<(usize, usize), scan::Scan>) -> Vec<String> {
        let e = &self.engine.model.entities[entity];
        let compare = self.engine.compare(entity);
        let Some(known) = scans.get(&(entity, e.decides)) else { return Vec::new() };
        let completed: std::collections::HashSet<String> = scans
            .iter()
            .filter(|((of, source), _)| *of == entity && *source != e.decides)
            .flat_map(|(_, scan)| scan.records.iter().map(|r| compare.fold(&r.code).into_owned()))
            .collect();
        let single = |code: &str| !known.doubled.contains(&*compare.fold(code));
        let both = |code: &str| completed.contains(&*compare.fold(code));
        let codes = || known.records.iter().map(|r| r.code.as_str()).filter(|c| single(c));
        let first = codes().filter(|c| both(c)).take(self.options.sample);
        let then = codes().filter(|c| !both(c)).take(self.options.sample);
        first.chain(then).map(str::to_owned).collect()
    }
}

/// What to do about a source that does not answer.
fn remedy(error: &SourceError) -> &'static str {
    match error {
        SourceError::Connect(_) => {
            "correct its address, user and password in comptoir.toml, and see that the server runs and lets \
             this machine in"
        }
        SourceError::Timeout(_) | SourceError::PoolTimeout(_) => {
            "see what keeps the server busy, or raise the source's limits in comptoir.toml"
        }
        SourceError::Lost(_) => "see why the server closes connections",
        SourceError::Refused(_) => {
            "give its user the right to read, and correct in the map what the database does not take"
        }
        _ => "do what it says",
    }
}
