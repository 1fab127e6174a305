//! Where a value comes from: the rule, the winner, and what every source says.

use serde_json::{Map, Value as Json};

use super::{
    batch::{Batch, Cause, DUPLICATE},
    engine::Engine,
    lists::{ListCell, ListItem},
    merge::{Cell, Winner},
    model::{FieldId, ListField, Rule},
    overrides::Override,
};
use crate::value::Value;

/// One field's provenance.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldProvenance {
    /// The field.
    pub field: String,
    /// Its rule.
    pub rule: Rule,
    /// Source name, `site`, the inherited entity (`article`), `default`; `None`: nobody.
    pub winner: Option<String>,
    /// The value served.
    pub value: Json,
    /// Why the back office cannot override it.
    pub lock: Option<String>,
    /// A hash of the ERP's normalised value, to notice that it changed.
    pub erp_hash: Option<String>,
    /// What every source says, in order of authority.
    pub candidates: Vec<Candidate>,
    /// The override that holds.
    pub override_: Option<Override>,
}

/// What one source says.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Which.
    pub source: String,
    /// `VALUE`, `EMPTY`, `ABSENT`, `UNKNOWN`, `STALE`.
    pub state: &'static str,
    /// The value.
    pub value: Json,
    /// Its change cell, when read; of a stale cell, when that was read.
    pub as_of: Value,
    /// Why it is unknown or stale.
    pub cause: Option<String>,
}

/// A value as JSON, as clients see it: decimals as text without trailing zeros, moments in RFC 3339.
pub fn json(value: &Value) -> Json {
    match value {
        Value::Null | Value::Bad(_) => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::from(*n),
        Value::Decimal(d) => Json::String(d.normalize().to_string()),
        Value::Text(text) => Json::String(text.to_string()),
        Value::Date(date) => Json::String(date.to_string()),
        Value::DateTime(at) => Json::String(crate::value::rfc3339(at)),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
    }
}

/// A hash of a value, the same in every process.
pub fn hash(value: &Value) -> String {
    let text = json(value).to_string();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

impl Engine {
    /// The provenance of a field of a record. `Err` when the field itself is an error: candidates
    /// are still told.
    pub fn provenance(&self, batch: &Batch, field: FieldId, record: u32) -> FieldProvenance {
        let model = &self.model;
        let e = &model.entities[batch.shape.entity];
        let f = &e.fields[field];
        let merged = batch.merged(model, field, record);
        let (winner, value) = match &merged {
            Ok(m) => (m.winner.map(|w| self.winner(batch, w)), json(m.value)),
            Err(_) => (None, Json::Null),
        };
        let translates = f.localized && batch.shape.language.is_some();
        let mut candidates = Vec::new();
        let candidate = |source: String, cell: Cell<'_>, as_of: Value| match cell {
            Cell::Value(Value::Bad(reason)) => Candidate {
                source,
                state: "UNKNOWN",
                value: Json::Null,
                as_of,
                cause: Some(format!("BAD_VALUE: {reason}")),
            },
            Cell::Value(v) => Candidate { source, state: "VALUE", value: json(v), as_of, cause: None },
            Cell::Empty => Candidate { source, state: "EMPTY", value: Json::Null, as_of, cause: None },
            Cell::Absent => Candidate { source, state: "ABSENT", value: Json::Null, as_of, cause: None },
            Cell::Unknown(cause) => {
                Candidate { source, state: "UNKNOWN", value: Json::Null, as_of, cause: Some(said(&cause)) }
            }
        };
        if batch.has_site && f.lock.is_none() {
            let own = batch.site_cell(field, record, batch.shape.language.as_deref().filter(|_| translates));
            let cell = if own == Cell::Absent { batch.site_cell(field, record, None) } else { own };
            candidates.push(candidate("site".into(), cell, Value::Null));
        }
        for source in &f.sources {
            let name = model.sources[*source].name.clone();
            let as_of = batch.changed(*source, record).cloned().unwrap_or_default();
            let cell = if f.name == "code" {
                batch.codes.get(record as usize).map_or(Cell::Absent, Cell::Value)
            } else {
                let own =
                    if translates { batch.cell(model, *source, field, record, true) } else { Cell::Absent };
                if own == Cell::Absent { batch.cell(model, *source, field, record, false) } else { own }
            };
            let mut told = candidate(name, cell, as_of);
            let stale = |own| batch.stale_cell(*source, field, record, own);
            if let Some(stale) = stale(true).filter(|_| translates).or_else(|| stale(false)) {
                told.state = "STALE";
                told.as_of = Value::DateTime(stale.at);
                told.cause = Some(said(&stale.cause));
            }
            candidates.push(told);
        }
        if let (Some(theirs), Some((parent, index))) = (f.inherit, &batch.parent)
            && let Some(r) = index.get(record as usize).filter(|r| **r < DUPLICATE)
        {
            let name = self.inherited_name(batch);
            candidates.push(match parent.merged(model, theirs, *r) {
                Ok(m) if m.winner.is_some() && !m.value.is_null() => {
                    candidate(name, Cell::Value(m.value), Value::Null)
                }
                Ok(m) if m.winner.is_some() => candidate(name, Cell::Empty, Value::Null),
                Ok(_) => candidate(name, Cell::Absent, Value::Null),
                Err(cause) => candidate(name, Cell::Unknown(cause), Value::Null),
            });
        }
        let erp = model.sources.iter().position(|s| s.name == "erp");
        let erp_hash = erp.filter(|s| f.sources.contains(s)).and_then(|s| {
            match batch.cell(model, s, field, record, false) {
                Cell::Value(v) => Some(hash(v)),
                _ => None,
            }
        });
        let override_ = batch.site.get(&(record, field)).and_then(|items| items.first()).cloned();
        FieldProvenance {
            field: f.name.clone(),
            rule: f.rule,
            winner,
            value,
            lock: f.lock.clone(),
            erp_hash,
            candidates,
            override_,
        }
    }

    /// The provenance of a list.
    pub fn list_provenance(&self, batch: &Batch, list: usize, record: u32) -> FieldProvenance {
        let model = &self.model;
        let l = &model.entities[batch.shape.entity].lists[list];
        let merged = batch.list(model, list, record);
        let (winner, value) = match &merged {
            Ok(m) => {
                let winner = if m.inherited {
                    (!m.items.is_empty()).then(|| self.inherited_name(batch))
                } else {
                    m.winners.first().map(|s| model.sources[*s].name.clone())
                };
                (winner, items_json(l, &m.items))
            }
            Err(_) => (None, Json::Null),
        };
        let candidates = l
            .sources
            .iter()
            .map(|source| {
                let (state, value, cause) = match batch.list_cell(model, *source, list, record) {
                    ListCell::Rows(rows) => {
                        let items: Vec<ListItem<'_>> = rows
                            .iter()
                            .filter(|(removed, _)| !removed)
                            .map(|(_, fields)| ListItem { source: *source, fields })
                            .collect();
                        ("VALUE", items_json(l, &items), None)
                    }
                    ListCell::Empty => ("EMPTY", Json::Null, None),
                    ListCell::Absent => ("ABSENT", Json::Null, None),
                    ListCell::Unknown(cause) => ("UNKNOWN", Json::Null, Some(said(&cause))),
                };
                Candidate {
                    source: model.sources[*source].name.clone(),
                    state,
                    value,
                    as_of: Value::Null,
                    cause,
                }
            })
            .collect();
        FieldProvenance {
            field: l.name.clone(),
            rule: l.rule,
            winner,
            value,
            lock: None,
            erp_hash: None,
            candidates,
            override_: None,
        }
    }

    fn winner(&self, batch: &Batch, winner: Winner) -> String {
        match winner {
            Winner::Site => "site".into(),
            Winner::Source(source) => self.model.sources[source].name.clone(),
            Winner::Inherited => self.inherited_name(batch),
            Winner::Default => "default".into(),
        }
    }

    fn inherited_name(&self, batch: &Batch) -> String {
        let parent = self.model.entities[batch.shape.entity].inherits;
        parent.map_or_else(String::new, |p| self.model.entities[p].name.to_lowercase())
    }
}

fn said(cause: &Cause) -> String {
    format!("{}: {}", cause.code, cause.message)
}

fn items_json(l: &ListField, items: &[ListItem<'_>]) -> Json {
    let item = |i: &ListItem<'_>| {
        let pairs = l.columns.keys().zip(i.fields).filter(|(_, v)| !v.is_null());
        Json::Object(pairs.map(|(k, v)| (k.clone(), json(v))).collect::<Map<_, _>>())
    };
    Json::Array(items.iter().map(item).collect())
}
