//! Back-office overrides: one more source, `site`, above every other (unless a field is locked).
//! Kept in memory here; the back office stores them.

use std::{collections::BTreeMap, sync::RwLock};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{sources::SourceError, value::Value};

/// What an override says.
#[derive(Clone, Debug, PartialEq)]
pub enum OverrideState {
    /// This value.
    Value(Value),
    /// Deliberately empty.
    Empty,
}

/// One override of one field of one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The record's code, as it was when written.
    pub code: String,
    /// The GraphQL field's name.
    pub field: String,
    /// The language it is meant for; `None`: the default language (and fields without language).
    pub language: Option<String>,
    /// What it says.
    pub state: OverrideState,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// With `expires: WHEN_ERP_CHANGES`, the hash of the normalised ERP value it was written over.
    pub erp_hash: Option<String>,
    /// Not before.
    pub valid_from: Option<DateTime<Utc>>,
    /// Not from this moment on.
    pub valid_until: Option<DateTime<Utc>>,
}

impl Override {
    /// Whether it holds at a moment.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.valid_from.is_none_or(|from| now >= from) && self.valid_until.is_none_or(|until| now < until)
    }
}

/// Where overrides are read from.
#[async_trait]
pub trait Overrides: Send + Sync {
    /// All overrides of these records, whether they hold now or not.
    async fn read(&self, entity: &str, codes: &[&str]) -> Result<Vec<Override>, SourceError>;

    /// The codes of records of which a field is overridden.
    async fn codes(&self, entity: &str, field: &str) -> Result<Vec<String>, SourceError>;
}

type Key = (String, String, String, Option<String>);

/// Overrides kept in memory.
#[derive(Debug, Default)]
pub struct MemoryOverrides {
    items: RwLock<BTreeMap<Key, Override>>,
}

impl MemoryOverrides {
    /// Writes an override that holds from now on and never expires.
    pub fn set(&self, entity: &str, code: &str, field: &str, language: Option<&str>, state: OverrideState) {
        self.put(
            entity,
            Override {
                code: code.into(),
                field: field.into(),
                language: language.map(Into::into),
                state,
                author: "memory".into(),
                at: Utc::now(),
                erp_hash: None,
                valid_from: None,
                valid_until: None,
            },
        );
    }

    /// Writes a whole override.
    pub fn put(&self, entity: &str, item: Override) {
        let key = (entity.to_owned(), item.code.clone(), item.field.clone(), item.language.clone());
        if let Ok(mut items) = self.items.write() {
            items.insert(key, item);
        }
    }

    /// Gives a field back to its sources.
    pub fn reset(&self, entity: &str, code: &str, field: &str, language: Option<&str>) {
        let key = (entity.to_owned(), code.to_owned(), field.to_owned(), language.map(Into::into));
        if let Ok(mut items) = self.items.write() {
            items.remove(&key);
        }
    }
}

#[async_trait]
impl Overrides for MemoryOverrides {
    async fn read(&self, entity: &str, codes: &[&str]) -> Result<Vec<Override>, SourceError> {
        let items = self.items.read().map_err(|_| SourceError::Lost("overrides".into()))?;
        Ok(items
            .iter()
            .filter(|((e, c, _, _), _)| e == entity && codes.contains(&c.as_str()))
            .map(|(_, item)| item.clone())
            .collect())
    }

    async fn codes(&self, entity: &str, field: &str) -> Result<Vec<String>, SourceError> {
        let items = self.items.read().map_err(|_| SourceError::Lost("overrides".into()))?;
        Ok(items
            .iter()
            .filter(|((e, _, f, _), _)| e == entity && f == field)
            .map(|((_, c, _, _), _)| c.clone())
            .collect())
    }
}
