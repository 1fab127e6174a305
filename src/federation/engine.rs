//! What every level needs at hand: the model, the sources, the overrides, and the request it runs
//! for.

use std::sync::Arc;

use super::{
    batch::Cause,
    computed::Reckon,
    model::{EntityId, Model},
    overrides::Overrides,
    planner::blame::Blame,
    spelling::{Spelled, Spellings},
    visible::Published,
};
use crate::{
    cache::Cache,
    config::{Limits, WebDecision},
    sources::{Moment, Param, Rows, SharedSource, Statement},
    value::KeyCompare,
};

/// The federation of one shop.
pub struct Engine {
    /// What is merged by which rule.
    pub model: Arc<Model>,
    /// The sources, in the model's order.
    pub sources: Vec<SharedSource>,
    /// The zone of each source's local times.
    pub zones: Vec<chrono_tz::Tz>,
    /// Back-office overrides, if there is a site source.
    pub overrides: Option<Arc<dyn Overrides>>,
    /// Where cells of fields whose rule is STALE are kept; none: nothing is.
    pub cache: Option<Cache>,
    /// What no request may exceed.
    pub limits: Limits,
    /// A record whose overlay cannot be read is an error instead of shown (`web.on_unknown`).
    pub fail_on_unknown: bool,
    /// Who decides what is on the web, by entity (`web.decision`).
    pub decisions: Vec<WebDecision>,
    /// How the codes of each entity are spelled.
    pub spellings: Spellings,
}

/// One request, as the levels see it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its clock and deadline.
    pub moment: Moment,
    /// The entities whose records off the web are left to filters; of all others they are hidden.
    pub open: Open,
    /// Codes that nobody has are looked into like those that somebody has, so that what is sent does not tell
    /// which is which.
    pub blind: bool,
    /// How lists are read.
    pub strategy: Strategy,
    /// Which codes are published, once it was asked.
    pub published: Published,
    /// Who reckons what no source holds.
    pub reckon: Option<Arc<dyn Reckon>>,
}

impl Ask {
    /// A request of which nothing is known yet.
    pub fn new(moment: Moment, open: Open, strategy: Strategy) -> Self {
        Self { moment, open, blind: false, strategy, published: Published::default(), reckon: None }
    }

    /// Whether an entity's records off the web are hidden.
    pub fn shopper(&self, entity: EntityId) -> bool {
        !self.open.has(entity)
    }
}

/// A set of entities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open(u64);

impl Open {
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);
    /// None of them: what a shopper sees.
    pub const NONE: Self = Self(0);

    /// With an entity more.
    #[must_use]
    pub fn with(self, entity: EntityId) -> Self {
        Self(self.0 | 1u64.checked_shl(u32::try_from(entity).unwrap_or(u32::MAX)).unwrap_or(0))
    }

    /// Whether an entity is in it.
    pub fn has(self, entity: EntityId) -> bool {
        u32::try_from(entity).ok().and_then(|e| self.0.checked_shr(e)).is_some_and(|bits| bits & 1 == 1)
    }
}

/// How lists are read. The answer is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// As the planner chooses: pages and sorted streams of the sources, what can be is left to them.
    #[default]
    Planned,
    /// Everything is read, and filtered and sorted here: what the others are measured by.
    Gather,
}

impl Strategy {
    /// By the word that clients write.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "planned" => Some(Self::Planned),
            "gather" => Some(Self::Gather),
            _ => None,
        }
    }
}

/// Why a level has no answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The source that decides existence did not answer.
    Source(Arc<Cause>),
    /// Answering would read more than a limit allows: the setting, its value, what was read for.
    Budget {
        /// The setting (`limits.scan_rows`).
        setting: &'static str,
        /// Its value.
        limit: usize,
    },
    /// A list too long to be sorted in memory by a field that no source can sort by: the field, and
    /// `limits.gather`.
    NeedsIndex {
        /// The field.
        field: String,
        /// The records that may be gathered.
        limit: usize,
    },
    /// A list that a limit refuses, and what is to blame.
    List(Arc<Blame>),
    /// The shop's map does not fit the question.
    Internal(String),
}

impl Engine {
    /// The zone of a source's local times.
    pub fn zone(&self, source: usize) -> chrono_tz::Tz {
        self.zones.get(source).copied().unwrap_or(chrono_tz::UTC)
    }

    /// How the codes of an entity are told apart: as the source that decides existence compares
    /// its keys; where those are of upper-case ASCII letters, nothing else is equal to one.
    pub fn compare(&self, entity: usize) -> KeyCompare {
        if self.spellings.get(entity) == Some(Spelled::Upper) {
            return KeyCompare::Ascii;
        }
        let e = &self.model.entities[entity];
        let key = e.maps.get(e.decides).and_then(Option::as_ref).and_then(|m| m.rows.first()?.key.first());
        key.map_or(KeyCompare::Binary, |k| k.compare)
    }

    /// Runs a statement on a source; its error becomes the cause that clients see.
    pub async fn run(
        &self,
        source: usize,
        statement: &Statement,
        params: &[Param],
        moment: &Moment,
    ) -> Result<Rows, Arc<Cause>> {
        let Some(asked) = self.sources.get(source) else {
            return Err(Arc::new(Cause {
                source: source.to_string(),
                code: "CONNECT",
                message: "no such source".into(),
            }));
        };
        asked.run(statement, params, moment).await.map_err(|error| {
            let cause = Cause::of(asked.name(), &error);
            moment.troubles.note(&cause.source, cause.code);
            tracing::warn!(source = %cause.source, cause = cause.code, reason = %cause.message, "source did not answer");
            Arc::new(cause)
        })
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}
