//! What the commands need of the rest of the product, in one place: opening a shop and asking it things.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value};

use crate::{config::Config, diagnostics::Diagnostics, graphql::request::Executor};

/// Why a shop cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum OpenError {
    /// The configuration has errors; all of them are inside.
    #[error("the configuration has errors")]
    #[expect(dead_code, reason = "nothing opens shops yet")]
    Invalid(Diagnostics),
    /// The folder or its comptoir.toml cannot be read.
    #[error("{}: {source}: is this a shop's folder? `comptoir init DIR` makes one", .path.display())]
    Folder {
        /// What cannot be read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something is missing or broken outside the configuration (a database file, a driver).
    #[error("{0}")]
    Unavailable(String),
}

/// One source's cell of a field.
pub(super) struct Cell {
    /// The source's name.
    pub(super) source: String,
    /// `VALUE`, `EMPTY`, `ABSENT` or `UNKNOWN`.
    pub(super) state: String,
    /// The value, as people read it; blank without one.
    pub(super) value: String,
    /// Why it is unknown.
    pub(super) cause: Option<String>,
}

/// Where a field's value comes from.
pub(super) struct ExplainedField {
    /// The field's name.
    pub(super) field: String,
    /// The rule's name.
    pub(super) rule: String,
    /// The winning source, `default` or the name of the entity it is inherited from.
    pub(super) winner: Option<String>,
    /// The value that is served, as people read it.
    pub(super) value: String,
    /// Every source's cell, in order of authority.
    pub(super) cells: Vec<Cell>,
}

/// A shop, opened.
pub(super) struct Shop(std::convert::Infallible);

impl Shop {
    /// Reads and checks the folder and makes the sources ready; databases that are down are no error.
    #[expect(clippy::unused_async, reason = "opening pools is asynchronous")]
    pub(super) async fn open(dir: &Path) -> Result<Self, OpenError> {
        readable(dir)?;
        Err(unavailable())
    }

    /// The configuration.
    pub(super) fn config(&self) -> &Config {
        match self.0 {}
    }

    /// Warnings of the configuration.
    pub(super) fn diagnostics(&self) -> &Diagnostics {
        match self.0 {}
    }

    /// What runs the requests.
    pub(super) fn executor(&self) -> Arc<dyn Executor> {
        match self.0 {}
    }

    /// Sources without which nothing can be answered: those that decide existence.
    pub(super) fn essential_sources(&self) -> Vec<String> {
        match self.0 {}
    }

    /// The schema that clients see; with `internal`, with the directives that make it.
    pub(super) fn sdl(&self, _internal: bool) -> String {
        match self.0 {}
    }

    /// Where every field of a record comes from; `None` when no source knows the code. The error says what is wrong
    /// with the question (an unknown type) or which source does not answer.
    #[expect(clippy::unused_async, reason = "asks the sources")]
    pub(super) async fn explain(
        &self,
        _entity: &str,
        _code: &str,
    ) -> Result<Option<Vec<ExplainedField>>, String> {
        match self.0 {}
    }

    /// The plan of an operation as text: levels, strategies, statements. The error lists what is wrong with it.
    pub(super) fn plan(
        &self,
        _query: &str,
        _variables: Map<String, Value>,
        _operation: Option<&str>,
    ) -> Result<String, String> {
        match self.0 {}
    }
}

/// Checks a shop's files without opening its databases.
pub(super) fn check(dir: &Path) -> Result<Diagnostics, OpenError> {
    readable(dir)?;
    Err(unavailable())
}

/// How far the making of the demo is.
#[derive(Clone, Copy)]
pub(super) struct DemoProgress {
    /// What is being done.
    pub(super) step: &'static str,
    /// Articles made.
    pub(super) done: u64,
    /// Articles to make.
    pub(super) total: u64,
}

/// What was made.
pub(super) struct DemoReport {
    /// Articles in the ERP.
    pub(super) articles: u32,
    /// References in the ERP.
    pub(super) references: u64,
    /// The folder already held exactly this shop.
    pub(super) reused: bool,
}

/// The demo's own number of articles and seed.
pub(super) const DEMO_DEFAULTS: (u32, u64) = (2_000, 20_260_901);

/// Makes the demo shop, or leaves it when the folder already holds the same.
#[expect(clippy::unused_async, reason = "writes databases")]
pub(super) async fn create_demo(
    _dir: &Path,
    _articles: u32,
    _seed: u64,
    progress: &mut (dyn FnMut(DemoProgress) + Send),
) -> Result<DemoReport, String> {
    progress(DemoProgress { step: "", done: 0, total: 0 });
    Err(unavailable().to_string())
}

fn unavailable() -> OpenError {
    OpenError::Unavailable("this build cannot open shops yet".to_owned())
}

fn readable(dir: &Path) -> Result<(), OpenError> {
    let path = dir.join("comptoir.toml");
    std::fs::File::open(&path).map(drop).map_err(|source| OpenError::Folder { path, source })
}
