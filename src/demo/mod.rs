//! The demo shop: a French general store in two SQLite files, a Sage-shaped ERP and a
//! sparse IsoShop overlay, with every oddity a real base has. Made from a seed alone, article by
//! article, in memory that does not grow with their number; the same rows can go into PostgreSQL.
//!
//! `vocabulary` holds the words, `article` makes one article, `traps` says what goes wrong
//! where, `erp`, `trade` and `documents` write the ERP, `overlay` writes IsoShop, `folder`
//! the files around them.

mod article;
mod customers;
mod documents;
mod erp;
mod erp_article;
mod erp_tables;
mod folder;
mod load;
mod overlay;
mod overlay_cells;
mod rng;
mod trade;
mod traps;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use load::{Loader, Place};
use traps::at;
use vocabulary::Vocabulary;

/// The tables of the ERP, for SQLite.
pub const SAGE100_SQLITE: &str = include_str!("ddl/sage100.sqlite.sql");
/// The tables of the ERP, for PostgreSQL.
pub const SAGE100_POSTGRES: &str = include_str!("ddl/sage100.postgres.sql");
/// The tables of IsoShop, for SQLite.
pub const ISOSHOP_SQLITE: &str = include_str!("../../migrations/isoshop/sqlite/0001_isoshop.sql");
/// The tables of IsoShop, for PostgreSQL.
pub const ISOSHOP_POSTGRES: &str = include_str!("../../migrations/isoshop/postgres/0001_isoshop.sql");

/// Changes when the same seed gives another shop.
const GENERATOR_VERSION: u32 = 1;
/// What tells one generation of the demo from the next: the same seed and options give the same rows
/// as long as it stays.
pub fn generator() -> String {
    format!("comptoir demo {GENERATOR_VERSION}")
}

/// The fewest articles that show every case.
pub const FEWEST: u32 = 200;
/// The most articles. The words name 100,000 of them without repeating themselves; beyond that,
/// titles come again, under other codes.
pub const MOST: u32 = 1_000_000;

/// The code of a customer who has prices of their own.
pub const CUSTOMER: &str = trade::PRICED_CUSTOMER;

/// What shop to make.
#[derive(Debug, Clone, Copy)]
pub struct DemoOptions {
    /// How many articles, from [`FEWEST`] to [`MOST`].
    pub articles: u32,
    /// The same seed and number give the same data.
    pub seed: u64,
    /// On how many articles in a hundred IsoShop has something to say, beside those that show a
    /// case. Each of them then has a weight and a warranty of IsoShop's own. `None`: about a
    /// quarter, and each field comes and goes.
    pub overlay: Option<u8>,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { articles: 2_000, seed: 20_260_901, overlay: None }
    }
}

/// How far the making has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, for people.
    pub step: &'static str,
    /// Articles made.
    pub done: u64,
    /// Articles to make.
    pub total: u64,
}

/// An article that shows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it shows, for people.
    pub shows: &'static str,
    /// The code of the article.
    pub code: String,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct DemoReport {
    /// The folder of the shop.
    pub dir: PathBuf,
    /// Articles in the ERP.
    pub articles: u32,
    /// References: plain articles, variants and packs.
    pub references: u64,
    /// True when the folder already held exactly this shop.
    pub reused: bool,
    /// How long it took.
    pub elapsed: Duration,
    /// Articles worth looking at.
    pub examples: Vec<Example>,
}

/// Why there is no demo shop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The folder holds something that the demo did not make.
    #[error("{} is not empty and was not made by the demo: choose another folder, or empty this one", .dir.display())]
    Taken {
        /// The folder asked for.
        dir: PathBuf,
    },
    /// A number of articles that the demo cannot make.
    #[error("cannot make {asked} articles: ask for {FEWEST} to {MOST}")]
    Articles {
        /// The number asked for.
        asked: u32,
    },
    /// A share of articles above all of them.
    #[error("cannot complete {asked} % of the articles: ask for 0 to 100")]
    Overlay {
        /// The share asked for.
        asked: u8,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A database refused a statement.
    #[error("writing the {what} database of the demo failed: {source}")]
    Sql {
        /// Which database.
        what: &'static str,
        /// What it said.
        source: sqlx::Error,
    },
    /// The embedded words are broken: a mistake of ours.
    #[error("the demo's own data is broken, please report it: {0}")]
    Vocabulary(String),
}

impl DemoError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "DEMO_FOLDER_TAKEN",
            Self::Articles { .. } => "DEMO_BAD_ARTICLES",
            Self::Overlay { .. } => "DEMO_BAD_OVERLAY",
            Self::Io { .. } => "DEMO_IO",
            Self::Sql { .. } => "DEMO_SQL",
            Self::Vocabulary(_) => "DEMO_DATA",
        }
    }
}

/// Makes the demo shop in `dir`, or finds it there.
///
/// A folder made by the demo with other options is made again; its cursor key is kept.
/// A folder that holds anything else is refused and left alone.
pub async fn create(
    dir: &Path,
    options: &DemoOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<DemoReport, DemoError> {
    let start = Instant::now();
    options.judge()?;
    let vocabulary = Vocabulary::load()?;
    let report = |references, reused| DemoReport {
        dir: dir.to_owned(),
        articles: options.articles,
        references,
        reused,
        elapsed: start.elapsed(),
        examples: examples(&vocabulary),
    };
    if let folder::Found::Same(marker) = folder::prepare(dir, options)? {
        // Made by a version that had not all of them.
        folder::write_keys(dir)?;
        return Ok(report(marker.references, true));
    }
    let mut marker = folder::Marker {
        generator: generator(),
        articles: options.articles,
        seed: options.seed,
        overlay: options.overlay,
        references: 0,
        complete: false,
    };
    folder::mark(dir, &marker)?;
    folder::clear(dir)?;
    let places = (Place::File(&dir.join(folder::ERP)), Place::File(&dir.join(folder::ISOSHOP)));
    marker.references = fill(places, options, &vocabulary, progress).await?;
    folder::write_files(dir)?;
    marker.complete = true;
    folder::mark(dir, &marker)?;
    Ok(report(marker.references, false))
}

/// Where the two halves of a shop go in PostgreSQL, each by the URL of a database (or of one with
/// a `search_path`) that holds no table of theirs yet. A half without a URL is not written.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgresHalves<'a> {
    /// The ERP.
    pub erp: Option<&'a str>,
    /// IsoShop.
    pub isoshop: Option<&'a str>,
}

/// Writes the rows of the demo shop into PostgreSQL, with their tables and indexes. Returns how
/// many references there are.
pub async fn load_postgres(
    halves: PostgresHalves<'_>,
    options: &DemoOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<u64, DemoError> {
    options.judge()?;
    let [erp, isoshop] = [halves.erp, halves.isoshop].map(|url| url.map_or(Place::Nowhere, Place::Postgres));
    fill((erp, isoshop), options, &Vocabulary::load()?, progress).await
}

impl DemoOptions {
    fn judge(&self) -> Result<(), DemoError> {
        if !(FEWEST..=MOST).contains(&self.articles) {
            return Err(DemoError::Articles { asked: self.articles });
        }
        match self.overlay {
            Some(asked @ 101..) => Err(DemoError::Overlay { asked }),
            _ => Ok(()),
        }
    }
}

async fn fill(
    (erp, isoshop): (Place<'_>, Place<'_>),
    options: &DemoOptions,
    vocabulary: &Vocabulary,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<u64, DemoError> {
    let seed = options.seed;
    let total = u64::from(options.articles);
    let mut erp = Loader::create(erp, "ERP", (SAGE100_SQLITE, SAGE100_POSTGRES), erp::OWN_COLUMNS).await?;
    let mut shop =
        Loader::create(isoshop, "IsoShop", (ISOSHOP_SQLITE, ISOSHOP_POSTGRES), overlay::OWN_COLUMNS).await?;
    let erp_tables = erp_tables::ArticleTables::declare(&mut erp);
    let trade_tables = trade::TradeTables::declare(&mut erp);
    let shop_tables = overlay::OverlayTables::declare(&mut shop);
    erp::company(&mut erp, &erp_tables, vocabulary, seed).await?;
    customers::write(&mut erp, vocabulary, seed).await?;
    overlay::shop(&mut shop, &shop_tables, vocabulary, seed).await?;

    let mut counters = article::Counters::default();
    let mut first = Vec::new();
    let mut references = 0;
    for i in 0..options.articles {
        if i % 256 == 0 {
            progress(Progress { step: "articles", done: u64::from(i), total });
        }
        let made = article::make(vocabulary, seed, i, &mut counters);
        erp_article::write(&mut erp, &erp_tables, vocabulary, seed, &made).await?;
        trade::prices(&mut erp, &trade_tables, seed, &made).await?;
        trade::stock(&mut erp, &trade_tables, seed, &made).await?;
        overlay::article(&mut shop, &shop_tables, vocabulary, options, &made).await?;
        references += made.reference_codes().len() as u64;
        if i < FEWEST {
            first.push(made);
        }
    }
    documents::documents(&mut erp, &first).await?;
    progress(Progress { step: "indexes", done: total, total });
    erp.finish().await?;
    shop.finish().await?;
    Ok(references)
}

/// The articles that show one thing each.
fn examples(vocabulary: &Vocabulary) -> Vec<Example> {
    [
        ("a field the ERP lacks, completed by IsoShop (warrantyMonths)", at::COMPLETED),
        ("a title overridden by IsoShop", at::OVERRIDDEN),
        ("complementary fields of this shop", at::COMPLEMENTARY),
        ("a description that is empty on purpose", at::EMPTY),
        ("IsoShop cells that say nothing (blank, NULL)", at::BLANKS),
        ("IsoShop values 0 and false", at::ZEROS),
        ("hidden by IsoShop", at::HIDDEN),
        ("asleep in the ERP", at::ASLEEP),
        ("not for the web in the ERP, wanted by IsoShop", at::WANTED),
        ("placed in a rayon of the shop's own", at::OWN_RAYON),
        ("taken out of the ERP's rayon and put in another", at::MOVED),
        ("related articles, the ERP's replacement removed", at::RELATED),
        ("images of both sources, one removed", at::MEDIA),
        ("title and description in English", at::TRANSLATED),
        ("the longest delay and the lowest index of both sources (MAX, MIN)", at::EXTREMES),
        ("variants overridden by code", at::REFERENCE_BY_CODE),
        ("variants overridden by their native key", at::REFERENCE_BY_KEY),
        ("one option", at::ONE_OPTION),
        ("two options, one combination missing", at::TWO_OPTIONS),
        ("variants without a code of their own", at::NO_VARIANT_CODES),
        ("a variant code that two articles claim", at::SHARED_VARIANT_CODE),
        ("a barcode that two articles carry", at::SHARED_BARCODE),
        ("packs", at::PACKS),
        ("a code with a slash, a dot and a hash", at::CODE_SLASH),
    ]
    .into_iter()
    .map(|(shows, i)| Example { shows, code: article::code_at(vocabulary, i) })
    .collect()
}
