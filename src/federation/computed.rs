//! Values that no source holds as such: prices for a viewer, stock after a shop's rules, slugs. A list filters and
//! sorts by them as by merged values: they are reckoned for the records whose fate or place depends on them, batch by
//! batch, before a batch is decided. Which rules make them is a capability's: the federation only asks ([`Reckon`]).

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;

use super::{
    batch::Batch,
    engine::{Ask, Engine, Fault},
    filter::Test,
    model::{Entity, FieldId},
};
use crate::value::{Type, Value};

/// A value that is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Computed {
    /// The global id.
    Id,
    /// The slug.
    Slug,
    /// Whether it is on the web.
    Published,
    /// The unit net price for the viewer when one is bought.
    Price,
    /// Whether it can be had now.
    InStock,
}

impl Computed {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Id, Self::Slug, Self::Published, Self::Price, Self::InStock];

    /// The name in filters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Slug => "slug",
            Self::Published => "published",
            Self::Price => "price",
            Self::InStock => "inStock",
        }
    }

    /// The word in sorts.
    pub fn sort(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::Slug => "SLUG",
            Self::Published => "PUBLISHED",
            Self::Price => "PRICE",
            Self::InStock => "IN_STOCK",
        }
    }

    /// By its name in filters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|computed| computed.name() == name)
    }

    /// By its word in sorts.
    pub fn sorted(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|computed| computed.sort() == word)
    }

    /// The field of the schema that shows it.
    pub fn field(self) -> &'static str {
        match self {
            Self::InStock => "stock",
            other => other.name(),
        }
    }

    /// What it is compared as.
    pub fn ty(self) -> Type {
        match self {
            Self::Id | Self::Slug => Type::Text,
            Self::Published | Self::InStock => Type::Boolean,
            Self::Price => Type::Decimal,
        }
    }

    /// Whether it depends on who asks.
    pub fn personal(self) -> bool {
        matches!(self, Self::Price | Self::InStock)
    }
}

/// A filter by a value that is reckoned.
#[derive(Clone, Debug, PartialEq)]
pub struct ByComputed {
    /// Which value.
    pub what: Computed,
    /// What it must pass; `None`: anything: a list is sorted by it.
    pub test: Option<Test>,
    /// The fields that reckoning it leans on.
    pub fields: Vec<FieldId>,
}

impl ByComputed {
    /// A filter of an entity's records.
    pub fn new(entity: &Entity, what: Computed, test: Option<Test>) -> Self {
        let leans: &[&str] = if what == Computed::Slug { &["slug", "title"] } else { &[] };
        let fields = leans.iter().filter_map(|name| entity.fields.get_index_of(*name)).collect();
        Self { what, test, fields }
    }

    /// Whether a value passes.
    pub fn passes(&self, value: &Value) -> bool {
        self.test.as_ref().is_none_or(|test| test.passes(value))
    }
}

/// Reckons values for one request.
#[async_trait]
pub trait Reckon: Send + Sync + std::fmt::Debug {
    /// The values of some records of a batch, in their order; null: there is none.
    ///
    /// # Errors
    /// A source that they lean on does not answer.
    async fn reckon(
        &self,
        engine: &Engine,
        ask: &Ask,
        computed: Computed,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<Vec<Value>, Fault>;
}

/// What was reckoned of a batch's records.
#[derive(Debug, Default)]
pub struct Reckoned(HashMap<(Computed, u32), Value>);

impl Reckoned {
    /// The value of a record; `None` where nobody asked.
    pub fn of(&self, computed: Computed, record: u32) -> Option<&Value> {
        self.0.get(&(computed, record))
    }

    /// Keeps what was reckoned.
    pub fn keep(&mut self, computed: Computed, records: &[u32], values: Vec<Value>) {
        self.0.extend(records.iter().map(|record| (computed, *record)).zip(values));
    }
}
