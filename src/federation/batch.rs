//! The records of one level: what every source said, row by row, ready to be merged. Values stay
//! where the driver put them; merging only points at them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    computed::Reckoned,
    model::{FieldId, SourceId},
    overrides::Override,
    related::Answers,
    shape::{Attribute, Shape},
    stale::Stale,
};
use crate::{
    sources::{Rows, SourceError},
    value::Value,
};

/// Marks a record for which a source has no row.
pub const NONE: u32 = u32::MAX;
/// Marks a record for which a source has more than one row.
pub const DUPLICATE: u32 = u32::MAX - 1;

/// Why a source could not be read on a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which source.
    pub source: String,
    /// Stable cause (`CONNECT`, `TIMEOUT`, `DUPLICATE_KEY`, `BAD_VALUE`…).
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Cause {
    /// The cause behind a source's error.
    pub fn of(source: &str, error: &SourceError) -> Self {
        Self { source: source.into(), code: error.cause(), message: error.to_string() }
    }
}

/// What one source said on a level.
#[derive(Debug, Default)]
pub struct Part {
    /// Its rows.
    pub rows: Rows,
    /// The row of each record, or [`NONE`], or [`DUPLICATE`].
    pub index: Vec<u32>,
    /// Why its rows could not be read.
    pub failed: Option<Arc<Cause>>,
    /// What a duplicate key is reported as.
    pub duplicate: Option<Arc<Cause>>,
    /// Texts in the operation's language.
    pub texts: HashMap<(u32, FieldId), Value>,
    /// Why the texts could not be read.
    pub texts_failed: Option<Arc<Cause>>,
    /// "Empty on purpose", for which languages (`None`: all).
    pub markers: Markers,
    /// Why the markers could not be read.
    pub markers_failed: Option<Arc<Cause>>,
    /// Child rows per child fetch.
    pub children: Vec<ChildRows>,
}

/// What is empty on purpose, per record: few records have any, and every cell asks.
#[derive(Debug, Default)]
pub struct Markers(Vec<Vec<(Attribute, Option<Box<str>>)>>);

impl Markers {
    /// Adds one; `language` as in [`Part::markers`].
    pub fn add(&mut self, record: u32, what: Attribute, language: Option<Box<str>>) {
        let record = record as usize;
        if self.0.len() <= record {
            self.0.resize_with(record + 1, Vec::new);
        }
        self.0[record].push((what, language));
    }

    /// The languages for which something of a record is empty on purpose.
    pub fn of(&self, record: u32, what: Attribute) -> impl Iterator<Item = Option<&str>> {
        let found = self.0.get(record as usize).map_or(&[][..], Vec::as_slice);
        found.iter().filter(move |(w, _)| *w == what).map(|(_, language)| language.as_deref())
    }
}

/// Child rows of a level.
#[derive(Debug, Default)]
pub struct ChildRows {
    /// All rows.
    pub rows: Rows,
    /// Row numbers per record, in order.
    pub of: Vec<Vec<u32>>,
    /// Texts made of several rows, per record: default language, operation's language.
    pub texts: Vec<(Value, Value)>,
    /// Why they could not be read.
    pub failed: Option<Arc<Cause>>,
}

/// The records of one level.
#[derive(Debug)]
pub struct Batch {
    /// What was asked.
    pub shape: Arc<Shape>,
    /// The code of each record, as text values.
    pub codes: Vec<Value>,
    /// The source that holds each record: the one that decides existence, or an overlay whose own
    /// record it is.
    pub owner: Vec<SourceId>,
    /// Records that two rows claim: look-ups and list items of them are errors.
    pub doubled: HashSet<u32>,
    /// What each source said; `None`: it was not asked.
    pub parts: Vec<Option<Part>>,
    /// Overrides that hold: (record, field name, language).
    pub site: HashMap<(u32, FieldId), Vec<Override>>,
    /// Why overrides could not be read.
    pub site_failed: Option<Arc<Cause>>,
    /// Whether there is a site source at all.
    pub has_site: bool,
    /// The inherited entity's records, and which of them each record belongs to.
    pub parent: Option<(Arc<Batch>, Vec<u32>)>,
    /// Why the inherited entity could not be read.
    pub parent_failed: Option<Arc<Cause>>,
    /// Cells of earlier on that stand in for what could not be read.
    pub stale: Stale,
    /// What filters found out of records that hang on these.
    pub related: Answers,
    /// Values that were reckoned of its records.
    pub reckoned: Reckoned,
    /// Records that nobody has: they were looked into so that nothing tells them from those that somebody has
    /// ([`Ask::blind`](super::engine::Ask::blind)).
    pub phantoms: HashSet<u32>,
}

impl Batch {
    /// No records.
    pub fn empty(shape: Arc<Shape>, sources: usize) -> Self {
        Self {
            shape,
            codes: Vec::new(),
            owner: Vec::new(),
            doubled: HashSet::new(),
            parts: (0..sources).map(|_| None).collect(),
            site: HashMap::new(),
            site_failed: None,
            has_site: false,
            parent: None,
            parent_failed: None,
            stale: Stale::new(),
            related: Answers::default(),
            reckoned: Reckoned::default(),
            phantoms: HashSet::new(),
        }
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// A record's code.
    pub fn code(&self, record: u32) -> &str {
        self.codes.get(record as usize).and_then(Value::as_str).unwrap_or("")
    }

    /// The row of a record in a source's rows.
    pub fn row(&self, source: SourceId, record: u32) -> Option<&[Value]> {
        let part = self.parts.get(source)?.as_ref()?;
        let row = *part.index.get(record as usize)?;
        (row < DUPLICATE).then(|| part.rows.row(row as usize))
    }
}
