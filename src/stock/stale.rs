//! Stock of earlier on, for while the source that counts is down (`stock.stale_minutes`).

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Stock;
use crate::{
    cache::Space,
    connectors::{
        stock::{Stocked, Tracking},
        tariff::Item,
    },
    federation::engine::{Ask, Engine},
};

/// What is kept of an item. What its depots hold is not: that is for staff, who see that it is not known.
#[derive(Deserialize, Serialize)]
struct Kept {
    tracking: Word,
    #[serde(with = "rust_decimal::serde::str")]
    available: rust_decimal::Decimal,
    restock: Option<chrono::NaiveDate>,
    at: DateTime<Utc>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
enum Word {
    Tracked,
    NotTracked,
    ToOrder,
    Gone,
    Unreadable,
}

impl From<Tracking> for Word {
    fn from(tracking: Tracking) -> Self {
        match tracking {
            Tracking::Tracked => Self::Tracked,
            Tracking::NotTracked => Self::NotTracked,
            Tracking::ToOrder => Self::ToOrder,
            Tracking::Gone => Self::Gone,
            Tracking::Unreadable => Self::Unreadable,
        }
    }
}

impl From<Word> for Tracking {
    fn from(word: Word) -> Self {
        match word {
            Word::Tracked => Self::Tracked,
            Word::NotTracked => Self::NotTracked,
            Word::ToOrder => Self::ToOrder,
            Word::Gone => Self::Gone,
            Word::Unreadable => Self::Unreadable,
        }
    }
}

impl Stock {
    fn stale_for(&self) -> Option<Duration> {
        let minutes = u64::from(self.settings.stale_minutes);
        (minutes > 0).then(|| Duration::from_secs(minutes * 60))
    }

    fn key(&self, item: &Item) -> String {
        // Articles and references may share a code; the depots that count are part of the answer.
        format!("{}/{}/{:?}", item.rows, item.code, self.depots.only)
    }

    /// Keeps what was read for as long as it may stand in.
    pub(super) fn keep(&self, engine: &Engine, items: &[Item], read: &[Stocked], at: DateTime<Utc>) {
        let (Some(ttl), Some(cache)) = (self.stale_for(), &engine.cache) else { return };
        let kept = items.iter().zip(read).filter_map(|(item, stocked)| {
            let kept = Kept {
                tracking: stocked.tracking.into(),
                available: stocked.available,
                restock: stocked.restock,
                at,
            };
            Some((self.key(item), Bytes::from(serde_json::to_vec(&kept).ok()?)))
        });
        cache.put_later(Space::Stock, kept.collect(), ttl);
    }

    /// What was read earlier on, as far as it may stand in.
    pub(super) async fn recall(
        &self,
        engine: &Engine,
        ask: &Ask,
        source: &str,
        items: &[Item],
    ) -> Vec<(Option<Stocked>, DateTime<Utc>)> {
        let now = ask.moment.now;
        let (Some(_), Some(cache)) = (self.stale_for(), &engine.cache) else {
            return vec![(None, now); items.len()];
        };
        let keys: Vec<String> = items.iter().map(|item| self.key(item)).collect();
        let found = cache.get_many(Space::Stock, &keys).await;
        let read = |bytes: Option<Bytes>| {
            let kept: Option<Kept> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let Some(kept) = kept else { return (None, now) };
            ask.moment.troubles.note_stale(source, kept.at);
            let stocked = Stocked {
                tracking: kept.tracking.into(),
                available: kept.available,
                depots: Vec::new(),
                restock: kept.restock,
            };
            (Some(stocked), kept.at)
        };
        found.into_iter().map(read).collect()
    }
}
