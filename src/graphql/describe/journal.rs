//! What was done for an operation, as `extensions.plan` carries it.

use serde_json::{Value as Json, json};

use crate::sources::journal::{Journal, LevelNotes, Ran};

/// The plan's text, and what each level did.
pub fn told(text: &str, journal: &Journal) -> Json {
    let levels: Vec<Json> = journal.levels().iter().map(level).collect();
    json!({ "text": text, "levels": levels })
}

fn level(notes: &LevelNotes) -> Json {
    json!({
        "level": &*notes.level,
        "strategy": notes.strategy,
        "because": notes.because,
        "pushedDown": notes.pushed,
        "rechecked": notes.rechecked,
        "rowsRead": notes.read(),
        "rowsReturned": notes.returned,
        "statements": notes.ran.iter().map(statement).collect::<Vec<_>>(),
    })
}

fn statement(ran: &Ran) -> Json {
    // In tenths: most take less than one.
    let ms = (ran.took.as_secs_f64() * 10_000.0).round() / 10.0;
    let mut told = json!({ "source": ran.source, "sql": &*ran.sql, "rows": ran.rows.ok(), "ms": ms });
    if let Err(cause) = ran.rows {
        told["cause"] = cause.into();
    }
    told
}
