//! Sources of a shop folder by themselves, with their maps, as what stands above them gets them.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use comptoir::{
    config,
    connectors::{self, map::ConnectorMap},
    diagnostics::Diagnostics,
    sources::{
        SharedSource, Trace,
        open::{Opening, open},
    },
};

/// A source that tells what was sent to it.
pub struct Opened {
    pub source: SharedSource,
    pub map: ConnectorMap,
    sent: Arc<Sent>,
}

#[derive(Default)]
struct Sent(Mutex<Vec<String>>);

impl Trace for Sent {
    fn sent(&self, _: &str, sql: &str) {
        if !["pragma_table", "pg_attribute", "INFORMATION_SCHEMA"].iter().any(|word| sql.contains(word)) {
            self.0.lock().expect("lock").push(sql.to_owned());
        }
    }
}

impl Opened {
    /// The statements sent since the last call.
    pub fn sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.sent.0.lock().expect("lock"))
    }
}

/// Opens one source of a shop folder.
pub fn opened(dir: &Path, name: &str) -> Opened {
    let mut diags = Diagnostics::default();
    let draft = config::draft(dir, &|_| None, &mut diags);
    let source = &draft.config.sources[name];
    let (shop, references) = (&draft.config.shop, &draft.config.references);
    let map = connectors::load(&source.connector, dir, source, shop, references, &mut diags);
    let map = map.unwrap_or_else(|| panic!("{:?}", diags.items));
    let opening = Opening {
        name,
        kind: source.kind,
        url: &source.url,
        limits: &source.limits,
        dir,
        zone: map.zone,
        twins: &map.twins,
    };
    let sent = Arc::new(Sent::default());
    let source = open(opening, sent.clone()).expect("an address");
    Opened { source, map, sent }
}
