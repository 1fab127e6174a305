//! What may be forgotten, and what replicas share: cells, persisted queries, buckets of rate limits, and whatever else
//! is kept for a while by a key. Memory with a bound; where the shop has Redis, Redis first and memory beside it, so
//! that an outage of Redis costs the sharing and nothing else. Knows no room above it.

pub mod bucket;
mod redis;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use moka::{Expiry, sync::Cache as Moka};

use self::bucket::{Bucket, Buckets, Taken};
pub use self::redis::{Refused, Shared};

/// About what an entry costs beside its key and value.
const ENTRY: usize = 128;

/// What a key belongs to; keys of one are never those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Cells of fields whose rule is STALE.
    Cells,
    /// Texts of automatic persisted queries.
    Documents,
    /// Buckets of rate limits.
    Rates,
    /// Stock of earlier on.
    Stock,
}

impl Space {
    fn word(self) -> &'static str {
        match self {
            Self::Cells => "cell",
            Self::Documents => "document",
            Self::Rates => "rate",
            Self::Stock => "stock",
        }
    }
}

/// Values by key for a while. Cloning shares it.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    memory: Moka<Key, Kept>,
    buckets: Buckets,
    shared: Option<Shared>,
}

type Key = (Space, Box<str>);

#[derive(Clone)]
struct Kept {
    value: Bytes,
    ttl: Duration,
    since: Instant,
}

/// Each entry has a time of its own.
struct OwnTime;

impl Expiry<Key, Kept> for OwnTime {
    fn expire_after_create(&self, _: &Key, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.ttl)
    }

    fn expire_after_update(&self, _: &Key, kept: &Kept, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(kept.ttl)
    }
}

impl Cache {
    /// A cache of at most about `bytes` bytes of memory, over Redis if there is one.
    pub fn new(bytes: u64, shared: Option<Shared>) -> Self {
        let memory = Moka::builder()
            .max_capacity(bytes)
            .weigher(|key: &Key, kept: &Kept| {
                u32::try_from(ENTRY + key.1.len() + kept.value.len()).unwrap_or(u32::MAX)
            })
            .expire_after(OwnTime)
            .build();
        Self(Arc::new(Inner { memory, buckets: Buckets::default(), shared }))
    }

    /// Connects to Redis, if there is one, for as long as a connection may take. What it comes to is in the log; the
    /// cache works either way.
    pub async fn connect(&self) {
        if let Some(shared) = &self.0.shared {
            shared.connect().await;
        }
    }

    /// Whether Redis answers; `None` where the shop has none.
    pub fn shared(&self) -> Option<bool> {
        self.0.shared.as_ref().map(Shared::is_up)
    }

    /// A value that was put within its time, if it is still there.
    pub async fn get(&self, space: Space, key: &str) -> Option<Bytes> {
        self.get_many(space, std::slice::from_ref(&key.to_owned())).await.pop().flatten()
    }

    /// Values in the order of their keys. Redis is asked once for all of them.
    pub async fn get_many(&self, space: Space, keys: &[String]) -> Vec<Option<Bytes>> {
        let shared = match &self.0.shared {
            Some(shared) => shared.get(space.word(), keys).await,
            None => None,
        };
        let own = |key: &String| self.recall(space, key).map(|kept| kept.value);
        match shared {
            // What Redis lost, or never got during an outage, may be here.
            Some(found) => keys.iter().zip(found).map(|(key, found)| found.or_else(|| own(key))).collect(),
            None => keys.iter().map(own).collect(),
        }
    }

    /// Keeps a value for a time.
    pub async fn put(&self, space: Space, key: String, value: Bytes, ttl: Duration) {
        self.put_many(space, vec![(key, value)], ttl).await;
    }

    /// Keeps several values for a time.
    pub async fn put_many(&self, space: Space, items: Vec<(String, Bytes)>, ttl: Duration) {
        self.keep(space, &items, ttl);
        if let Some(shared) = &self.0.shared {
            shared.put(space.word(), &items, ttl).await;
        }
    }

    /// Keeps several values for a time: here at once, and in Redis without waiting for it.
    pub fn put_later(&self, space: Space, items: Vec<(String, Bytes)>, ttl: Duration) {
        self.keep(space, &items, ttl);
        if let Some(shared) = self.0.shared.clone()
            && !items.is_empty()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { shared.put(space.word(), &items, ttl).await });
        }
    }

    fn keep(&self, space: Space, items: &[(String, Bytes)], ttl: Duration) {
        for (key, value) in items {
            let kept = Kept { value: value.clone(), ttl, since: Instant::now() };
            self.0.memory.insert((space, key.as_str().into()), kept);
        }
    }

    /// What this process keeps under a key, and since when: asks nobody.
    pub fn own(&self, space: Space, key: &str) -> Option<(Bytes, Duration)> {
        self.recall(space, key).map(|kept| (kept.value, kept.since.elapsed()))
    }

    fn recall(&self, space: Space, key: &str) -> Option<Kept> {
        self.0.memory.get(&(space, key.into()))
    }

    /// Takes points out of all of some buckets, or out of none of them.
    pub async fn take(&self, buckets: &[Bucket], points: u64) -> Taken {
        if let Some(shared) = &self.0.shared
            && let Some(taken) = shared.take(buckets, points).await
        {
            return taken;
        }
        self.0.buckets.take(buckets, points)
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries = self.0.memory.entry_count();
        f.debug_struct("Cache").field("entries", &entries).field("shared", &self.shared()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn values_are_kept_for_their_time_and_by_their_space() {
        let cache = Cache::new(1 << 20, None);
        let long = Duration::from_hours(1);
        cache.put(Space::Cells, "a".into(), Bytes::from_static(b"1"), long).await;
        cache.put(Space::Cells, "b".into(), Bytes::from_static(b"2"), Duration::ZERO).await;
        assert_eq!(cache.get(Space::Cells, "a").await.as_deref(), Some(&b"1"[..]));
        assert_eq!(cache.get(Space::Cells, "b").await, None);
        assert_eq!(cache.get(Space::Documents, "a").await, None);
        let found = cache.get_many(Space::Cells, &["b".into(), "a".into()]).await;
        assert_eq!(found, [None, Some(Bytes::from_static(b"1"))]);
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let cache = Cache::new(1 << 16, None);
        for n in 0..2_000 {
            cache
                .put(Space::Cells, n.to_string(), Bytes::from(vec![0; 1_000]), Duration::from_hours(1))
                .await;
        }
        cache.0.memory.run_pending_tasks();
        assert!(cache.0.memory.weighted_size() <= 1 << 16);
        assert!(cache.0.memory.entry_count() > 0);
    }
}
