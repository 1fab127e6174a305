//! What was done for an operation, as `extensions.plan` carries it.

use serde_json::{Value as Json, json};

use crate::sources::journal::{Journal, LevelNotes, Ran};

/// The plan's text, and what each level did; how many rows were read, and how long it took, only to who sees the `whole`
/// of every record: these tell of all that there are.
pub fn told(text: &str, journal: &Journal, whole: bool) -> Json {
    let levels: Vec<Json> = journal.levels().iter().map(|notes| level(notes, whole)).collect();
    json!({ "text": text, "levels": levels })
}

fn level(notes: &LevelNotes, whole: bool) -> Json {
    let mut told = json!({
        "level": &*notes.level,
        "strategy": notes.strategy,
        "because": notes.because,
        "pushedDown": notes.pushed,
        "rechecked": notes.rechecked,
        "rowsReturned": notes.returned,
        "statements": notes.ran.iter().map(|ran| statement(ran, whole)).collect::<Vec<_>>(),
    });
    if whole {
        told["rowsRead"] = notes.read().into();
    }
    told
}

fn statement(ran: &Ran, whole: bool) -> Json {
    let mut told = json!({ "source": ran.source, "sql": &*ran.sql });
    if whole {
        // In tenths: most take less than one.
        let ms = (ran.took.as_secs_f64() * 10_000.0).round() / 10.0;
        told["rows"] = json!(ran.rows.ok());
        told["ms"] = ms.into();
    }
    if let Err(cause) = ran.rows {
        told["cause"] = cause.into();
    }
    told
}
