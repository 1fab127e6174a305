//! The gateway under test: opens a shop folder and runs operations on it in process.
//!
//! This is the only file of the tests that calls `comptoir::shop`.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex},
};

use comptoir::{
    auth::{
        accounts::Accounts,
        rights::{Grant, Right, Rights},
        viewer::{Viewer, ViewerKind},
    },
    graphql::request::{Executor, GraphqlRequest, GraphqlResponse, RequestContext, Strategy},
    sources::Trace,
    value::Value,
};
use serde_json::{Map, Value as Json};

/// One statement as the trace saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub source: String,
    pub sql: String,
}

impl Sent {
    /// The tables it reads, by the names that stand quoted after FROM and JOIN.
    pub fn tables(&self) -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        let words: Vec<&str> = self.sql.split_whitespace().collect();
        for pair in words.windows(2) {
            let keyword = pair[0].trim_start_matches('(').to_ascii_uppercase();
            if (keyword == "FROM" || keyword == "JOIN") && pair[1].starts_with(['"', '[']) {
                let name = pair[1].trim_end_matches([',', ')']).replace(['[', ']'], "\"");
                let name = name.rsplit("\".\"").next().unwrap_or(&name);
                tables.insert(name.trim_matches('"').to_owned());
            }
        }
        tables
    }
}

#[derive(Default)]
struct Recorder(Mutex<Vec<Sent>>);

impl Trace for Recorder {
    fn sent(&self, source: &str, sql: &str) {
        // What a source asks of its own catalogue, once, is no statement of a request.
        if ["pragma_table", "pg_attribute", "INFORMATION_SCHEMA.COLUMNS"].iter().any(|w| sql.contains(w)) {
            return;
        }
        let sent = Sent { source: source.to_owned(), sql: sql.to_owned() };
        self.0.lock().expect("lock").push(sent);
    }
}

/// What an override says.
#[derive(Clone, Debug, PartialEq)]
pub enum Say {
    Value(Value),
    Empty,
}

/// An override of one field of one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    pub entity: String,
    pub code: String,
    pub field: String,
    pub language: Option<String>,
    pub say: Say,
}

/// A shop that answers.
pub struct Gateway {
    executor: Arc<dyn Executor>,
    recorder: Arc<Recorder>,
    overrides: Arc<comptoir::federation::overrides::MemoryOverrides>,
    viewer: Mutex<Arc<Viewer>>,
    pub shop: comptoir::shop::Shop,
}

/// Who asks where a test says nothing else: it reads every field of what is on the web, and sees what sources say.
pub const READER: &str = "staff: read, provenance, plan, sources";
/// Who sees everything.
pub const STAFF: &str = "staff: read, provenance, plan, sources, hidden";

/// A viewer in words: `anonymous`, `customer C-1`, `staff: read on Article fields purchase below 12, hidden`.
pub fn viewer(words: &str) -> Viewer {
    let (who, grants) = words.split_once(':').unwrap_or((words, ""));
    let (kind, name) = who.trim().split_once(' ').unwrap_or((who.trim(), ""));
    let name = Some(name.trim()).filter(|n| !n.is_empty()).map(Arc::from);
    let grants = grants.split(',').map(str::trim).filter(|g| !g.is_empty()).map(|text| {
        let mut words = text.split_whitespace();
        let right = words.next().unwrap_or_default();
        let mut grant = Grant::whole(Right::named(right).unwrap_or_else(|| panic!("no right `{right}`")));
        while let Some(word) = words.next() {
            let to = words.next().map(Arc::from);
            match word {
                "on" => grant.entity = to,
                "fields" => grant.fields = to,
                "below" => grant.department = to,
                other => panic!("`{other}` in {text}"),
            }
        }
        grant
    });
    let kind = match kind {
        "anonymous" => ViewerKind::Anonymous,
        kind => ViewerKind::named(kind).unwrap_or_else(|| panic!("no kind of viewer `{kind}`")),
    };
    Viewer {
        kind,
        customer: name.clone().filter(|_| kind == ViewerKind::Customer),
        subject: name,
        rights: Rights(grants.collect()),
        ..Viewer::default()
    }
}

/// Whether there is a gateway to try.
pub const READY: bool = true;

/// Whether the gateway can be opened; says why not.
pub fn ready(test: &str) -> bool {
    if !READY {
        eprintln!("skipped {test}: comptoir::shop is not there yet");
    }
    READY
}

impl Gateway {
    /// Opens a shop folder; the findings (`file:line:col CODE`) when it cannot be.
    pub fn open(dir: &Path) -> Result<Self, Vec<String>> {
        Self::opened(dir, None)
    }

    /// Opens a shop folder with staff accounts.
    pub fn open_with(dir: &Path, accounts: Arc<dyn Accounts>) -> Result<Self, Vec<String>> {
        Self::opened(dir, Some(accounts))
    }

    fn opened(dir: &Path, accounts: Option<Arc<dyn Accounts>>) -> Result<Self, Vec<String>> {
        let recorder = Arc::new(Recorder::default());
        let overrides = Arc::new(comptoir::federation::overrides::MemoryOverrides::default());
        let options = comptoir::shop::ShopOptions {
            trace: Some(recorder.clone()),
            overrides: Some(overrides.clone()),
            accounts,
            ..comptoir::shop::ShopOptions::default()
        };
        match comptoir::shop::Shop::open_with(dir, options) {
            Ok(shop) => {
                let viewer = Mutex::new(Arc::new(viewer(READER)));
                Ok(Self { executor: shop.executor(), recorder, overrides, viewer, shop })
            }
            Err(found) => Err(found
                .items
                .iter()
                .map(|d| {
                    let warning =
                        if d.severity == comptoir::diagnostics::Severity::Warning { " warning" } else { "" };
                    format!("{} {}{warning}", d.place, d.code)
                })
                .collect()),
        }
    }

    /// Who asks from now on.
    pub fn asks(&self, viewer: Viewer) {
        *self.viewer.lock().expect("lock") = Arc::new(viewer);
    }

    /// The schema as clients see it.
    pub fn sdl(&self) -> String {
        self.shop.sdl(false)
    }

    pub fn set(&self, over: &Override) {
        use comptoir::federation::overrides::OverrideState;
        let state = match &over.say {
            Say::Value(value) => OverrideState::Value(value.clone()),
            Say::Empty => OverrideState::Empty,
        };
        self.overrides.set(&over.entity, &over.code, &over.field, over.language.as_deref(), state);
    }

    pub fn reset(&self, over: &Override) {
        self.overrides.reset(&over.entity, &over.code, &over.field, over.language.as_deref());
    }

    /// Runs one request, with all that the transport knows of it.
    pub async fn respond(&self, request: GraphqlRequest, context: RequestContext) -> GraphqlResponse {
        self.executor.execute(request, context).await
    }

    /// Runs one operation; `languages` as `Accept-Language` would give them.
    pub async fn run(&self, query: &str, variables: Map<String, Json>, languages: &[&str]) -> Json {
        self.execute(query, None, variables, languages, (None, false)).await
    }

    /// Runs one operation without variables and asks for its plan.
    pub async fn explained(&self, query: &str) -> Json {
        self.execute(query, None, Map::new(), &[], (None, true)).await
    }

    /// The plan of an operation as text.
    pub async fn plan(&self, query: &str) -> String {
        let request = GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() };
        self.shop.plan(&request).await.unwrap_or_else(|errors| panic!("{query}: {errors:?}"))
    }

    /// Runs one operation whose lists are read in a given way; with its plan, when that is asked for.
    pub async fn run_by(
        &self,
        (strategy, explain): (Strategy, bool),
        query: &str,
        variables: Map<String, Json>,
        languages: &[&str],
    ) -> Json {
        self.execute(query, None, variables, languages, (Some(strategy), explain)).await
    }

    /// Runs the named operation of a document.
    pub async fn run_named(&self, query: &str, name: Option<&str>, variables: Map<String, Json>) -> Json {
        self.execute(query, name, variables, &[], (None, false)).await
    }

    async fn execute(
        &self,
        query: &str,
        name: Option<&str>,
        variables: Map<String, Json>,
        languages: &[&str],
        (strategy, explain): (Option<Strategy>, bool),
    ) -> Json {
        let operation_name = name.map(str::to_owned);
        let request = GraphqlRequest {
            query: query.to_owned(),
            operation_name,
            variables,
            ..GraphqlRequest::default()
        };
        let context = RequestContext {
            request_id: "test".to_owned(),
            languages: languages.iter().map(|&l| l.to_owned()).collect(),
            read_only: false,
            explain,
            strategy,
            viewer: self.viewer.lock().expect("lock").clone(),
            ..RequestContext::default()
        };
        let response = self.executor.execute(request, context).await;
        serde_json::from_slice(&response.body)
            .unwrap_or_else(|e| panic!("not JSON: {e}\n{}", String::from_utf8_lossy(&response.body)))
    }

    /// `data` of an operation without variables; panics on errors.
    pub async fn data(&self, query: &str) -> Json {
        let mut answer = self.run(query, Map::new(), &[]).await;
        assert!(answer.get("errors").is_none(), "errors in the answer of {query}: {answer:#}");
        answer["data"].take()
    }

    /// The statements sent since the last call.
    pub fn statements(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.recorder.0.lock().expect("lock"))
    }
}
