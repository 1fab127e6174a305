//! What is known of a database for as long as it is surely the same one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::lock;
use crate::sources::columns::Known;

/// A table's columns; none when there is no such table.
pub(in crate::sources) type Probe = Option<Arc<[Known]>>;

/// A table by its prefix and name.
pub(in crate::sources) type Place = (Option<String>, String);

/// The time between two losses.
pub(in crate::sources) struct Era {
    /// Counts losses; unique among all sources, so that it can name rendered texts.
    number: AtomicU64,
    /// Columns, as known in this era.
    probes: Mutex<HashMap<Place, Probe>>,
}

fn next() -> u64 {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

impl Era {
    pub(in crate::sources) fn new() -> Self {
        Self { number: AtomicU64::new(next()), probes: Mutex::default() }
    }

    /// Its number.
    pub(in crate::sources) fn number(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// The next one begins: nothing is known.
    pub(in crate::sources) fn renew(&self) {
        self.number.store(next(), Ordering::Release);
        lock(&self.probes).clear();
    }

    /// What is known of a table.
    pub(in crate::sources) fn known(&self, place: &Place) -> Option<Probe> {
        lock(&self.probes).get(place).cloned()
    }

    /// Keeps what was learned of a table in the era of that number, unless that is over.
    pub(in crate::sources) fn learn(&self, number: u64, place: Place, probe: Probe) {
        let mut probes = lock(&self.probes);
        if number == self.number() {
            probes.insert(place, probe);
        }
    }
}
