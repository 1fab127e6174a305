//! Filters on merged values, decided by us. What of them the sources can leave out beforehand, [`super::pushdown`] tells.

use std::sync::Arc;

use super::{
    batch::{Batch, Cause, DUPLICATE},
    computed::ByComputed,
    engine::Engine,
    media::Media,
    model::{FieldId, Model},
    related::{Related, Under},
    shape::Want,
};
use crate::value::{Value, fold};

/// A filter on records.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them; none: every record.
    And(Vec<Filter>),
    /// Any of them; none: no record.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// A test of a field's merged value. A value that is null passes no test but `IsNull(true)`.
    Field(FieldId, Test),
    /// A test of the code, compared as the ERP's keys are.
    Code(Test),
    /// Placed in a department or anywhere below it.
    Under(Arc<Under>),
    /// A related record passes.
    Related(Arc<Related>),
    /// Has images or documents, or has none.
    Media(Media),
    /// The record that it inherits from passes; one that belongs to none does not.
    Inherited(Box<Filter>),
    /// Is on the web.
    OnTheWeb,
    /// A value that is reckoned for the request passes.
    Computed(ByComputed),
}

/// A test of one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equal to one of these.
    In(Vec<Value>),
    /// Equal to none of these.
    NotIn(Vec<Value>),
    /// Greater.
    Gt(Value),
    /// Greater or equal.
    Gte(Value),
    /// Less.
    Lt(Value),
    /// Less or equal.
    Lte(Value),
    /// Null (true) or not (false).
    IsNull(bool),
    /// The whole text, folded.
    Matches(String),
    /// A part of the text, folded.
    Contains(String),
    /// The beginning, folded (for codes: as keys compare).
    StartsWith(String),
    /// The end, folded.
    EndsWith(String),
}

impl Test {
    /// Whether a value passes.
    pub fn passes(&self, value: &Value) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        if let Self::IsNull(null) = self {
            return value.is_null() == *null;
        }
        if value.is_null() {
            return false;
        }
        let order = |other: &Value| value.compare(other);
        let text = || value.as_str().map(fold).unwrap_or_default();
        match self {
            Self::In(values) => values.iter().any(|v| order(v) == Equal),
            Self::NotIn(values) => values.iter().all(|v| order(v) != Equal),
            Self::Gt(v) => order(v) == Greater,
            Self::Gte(v) => order(v) != Less,
            Self::Lt(v) => order(v) == Less,
            Self::Lte(v) => order(v) != Greater,
            Self::IsNull(_) => false,
            Self::Matches(t) => text() == fold(t),
            Self::Contains(t) => text().contains(&fold(t)),
            Self::StartsWith(t) => text().starts_with(&fold(t)),
            Self::EndsWith(t) => text().ends_with(&fold(t)),
        }
    }
}

impl Filter {
    /// Whether every record passes.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::And(all) if all.iter().all(Self::is_all))
    }

    /// What deciding it needs of the records.
    pub fn want(&self, want: &mut Want) {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().for_each(|f| f.want(want)),
            Self::Not(inner) => inner.want(want),
            Self::Field(field, _) => {
                want.fields.insert(*field);
            }
            // What being on the web needs is read of every record.
            Self::Code(_) | Self::OnTheWeb => {}
            Self::Under(under) => want.lists.extend(under.list.map(|(list, _)| list)),
            Self::Inherited(inner) => inner.want(want.inherited.get_or_insert_default()),
            Self::Related(related) => Self::want_related(related, want),
            Self::Media(media) => {
                want.lists.insert(media.list);
            }
            Self::Computed(by) => want.fields.extend(&by.fields),
        }
    }

    /// Whether a record passes; `Err` when a field it needs cannot be known. What related records say
    /// was read before ([`relate`](super::engine::Engine::relate)).
    pub fn passes(&self, engine: &Engine, batch: &Batch, record: u32) -> Result<bool, Arc<Cause>> {
        let model = &engine.model;
        Ok(match self {
            Self::And(all) => {
                for f in all {
                    if !f.passes(engine, batch, record)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(any) => {
                for f in any {
                    if f.passes(engine, batch, record)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(inner) => !inner.passes(engine, batch, record)?,
            Self::Field(field, test) => test.passes(batch.served(model, *field, record)?),
            Self::Code(test) => code_passes(model, batch, test, batch.code(record)),
            Self::Under(under) => under.passes(model, batch, record)?,
            Self::Related(related) => batch.has_related(related, record),
            Self::Media(media) => media.passes(model, batch, record)?,
            Self::Inherited(inner) => match (&batch.parent_failed, &batch.parent) {
                (Some(cause), _) => return Err(cause.clone()),
                (None, Some((parent, index))) => match index.get(record as usize) {
                    Some(r) if *r < DUPLICATE => inner.passes(engine, parent, *r)?,
                    _ => false,
                },
                (None, None) => false,
            },
            Self::OnTheWeb => engine.visible(batch, record)?,
            Self::Computed(by) => batch.reckoned.of(by.what, record).is_some_and(|value| by.passes(value)),
        })
    }
}

fn code_passes(model: &Model, batch: &Batch, test: &Test, code: &str) -> bool {
    let e = &model.entities[batch.shape.entity];
    let compare = e
        .maps
        .get(e.decides)
        .and_then(Option::as_ref)
        .and_then(|m| m.rows.first()?.key.first())
        .map_or(crate::value::KeyCompare::Binary, |k| k.compare);
    let code = compare.fold(code);
    match test {
        Test::In(values) => values.iter().filter_map(Value::as_str).any(|v| compare.fold(v) == code),
        Test::NotIn(values) => values.iter().filter_map(Value::as_str).all(|v| compare.fold(v) != code),
        Test::StartsWith(text) => code.starts_with(&*compare.fold(text)),
        other => other.passes(&Value::text(&*code)),
    }
}
