//! How the sources are: for the `sources` query and for `/health/ready`.

use crate::{
    federation::engine::Engine,
    sources::{Dialect, Pulse},
    value::rfc3339,
};

use super::plain::{ArgMap, Plain, PlainObject};

/// One source, asked just now.
#[derive(Clone, Debug)]
pub struct SourceStatus {
    /// Its name in rules.
    pub name: String,
    dialect: Dialect,
    /// What the server says of itself, or what is wrong.
    pub state: Result<String, String>,
    pulse: Pulse,
}

/// Asks every source at once. A source that rests is not asked: it tells why it rests.
pub async fn ask(engine: &Engine) -> Vec<SourceStatus> {
    let asked = (0..).zip(&engine.sources).map(|(id, source): (usize, _)| async move {
        let state = match source.ping().await {
            Ok(version) => missing_table(engine, id).await.map_or(Ok(version), Err),
            Err(error) => Err(error.to_string()),
        };
        SourceStatus {
            name: source.name().to_owned(),
            dialect: source.dialect(),
            state,
            pulse: source.pulse(),
        }
    });
    futures::future::join_all(asked).await
}

/// What a source that answers lacks: it may be another database, or one without our tables.
async fn missing_table(engine: &Engine, source: usize) -> Option<String> {
    let maps = engine.model.entities.iter().filter_map(|e| e.maps.get(source)?.as_ref());
    for table in maps.flat_map(|map| &map.rows).map(|row| &row.table).filter(|t| t.prefix.is_none()) {
        match engine.sources.get(source)?.columns(&table.name).await {
            Ok(Some(_)) => {}
            Ok(None) => return Some(format!("it answers, but there is no table {}", table.name)),
            Err(error) => return Some(error.to_string()),
        }
    }
    None
}

impl PlainObject for SourceStatus {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "name" => Plain::text(Some(&self.name)),
            "kind" => Plain::text(Some(self.dialect.word())),
            "reachable" => Plain::Bool(self.state.is_ok()),
            "version" => Plain::text(self.state.as_deref().ok()),
            "problem" => Plain::text(self.state.as_ref().err().map(String::as_str)),
            "circuit" => Plain::text(Some(self.pulse.circuit.word())),
            "latency" => self
                .pulse
                .latency
                .map_or(Plain::Null, |took| Plain::Int(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))),
            "lastAnswerAt" => Plain::owned(self.pulse.last_answer.as_ref().map(rfc3339)),
            "lastError" => self.pulse.last_error.as_ref().map_or(Plain::Null, |(at, error)| {
                Plain::object(Failure { at: rfc3339(at), cause: error.cause(), message: error.to_string() })
            }),
            _ => Plain::Null,
        }
    }
}

struct Failure {
    at: String,
    cause: &'static str,
    message: String,
}

impl PlainObject for Failure {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "at" => Plain::text(Some(&self.at)),
            "cause" => Plain::text(Some(self.cause)),
            "message" => Plain::text(Some(&self.message)),
            _ => Plain::Null,
        }
    }
}
