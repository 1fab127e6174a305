//! Filters on merged values: decided by us on the merged value, with a necessary condition sent
//! down to the source that decides existence where one can be told.

use std::sync::Arc;

use super::{
    batch::{Batch, Cause},
    media::Media,
    model::{FieldId, Model},
    related::{Related, Under},
    shape::{SourceShape, Want},
};
use crate::{
    connectors::map::{Format, RowSource},
    sources::{
        Expr, Param,
        expr::{CastType, Function},
        select::Predicate,
    },
    value::{Type, Value, fold},
};

/// Tests of one AND or OR that are sent down to a source.
const LONGEST: usize = 50;

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
            Self::Code(_) => {}
            Self::Under(under) => {
                want.lists.insert(under.list.0);
            }
            Self::Related(related) => Self::want_related(related, want),
            Self::Media(media) => {
                want.lists.insert(media.list);
            }
        }
    }

    /// Whether a record passes; `Err` when a field it needs cannot be known. What related records say
    /// was read before ([`relate`](super::engine::Engine::relate)).
    pub fn passes(&self, model: &Model, batch: &Batch, record: u32) -> Result<bool, Arc<Cause>> {
        Ok(match self {
            Self::And(all) => {
                for f in all {
                    if !f.passes(model, batch, record)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(any) => {
                for f in any {
                    if f.passes(model, batch, record)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(inner) => !inner.passes(model, batch, record)?,
            Self::Field(field, test) => test.passes(batch.served(model, *field, record)?),
            Self::Code(test) => code_passes(model, batch, test, batch.code(record)),
            Self::Under(under) => under.passes(model, batch, record)?,
            Self::Related(related) => batch.has_related(related, record),
            Self::Media(media) => media.passes(model, batch, record)?,
        })
    }

    /// A condition on a row source that every passing record fulfils, with its parameters appended
    /// to `params` (slots from `base`). `None`: nothing can be told.
    pub fn necessary(
        &self,
        model: &Model,
        shape: &SourceShape,
        entity: usize,
        row: (usize, &RowSource),
        base: usize,
        params: &mut Vec<Param>,
    ) -> Option<Predicate> {
        match self {
            Self::And(all) => {
                let mut parts: Vec<Predicate> = all
                    .iter()
                    .take(LONGEST)
                    .filter_map(|f| f.necessary(model, shape, entity, row, base, params))
                    .collect();
                match parts.len() {
                    0 => None,
                    1 => parts.pop(),
                    _ => Some(Predicate::And(parts)),
                }
            }
            // A long OR stays with us: databases limit the depth of an expression.
            Self::Or(any) if !any.is_empty() && any.len() <= LONGEST => {
                let parts: Option<Vec<Predicate>> =
                    any.iter().map(|f| f.necessary(model, shape, entity, row, base, params)).collect();
                parts.map(Predicate::Or)
            }
            Self::Field(field, Test::In(values)) => {
                let e = &model.entities[entity];
                let f = &e.fields[*field];
                // What is not locked the back office may override, a text may be of another language or inherited:
                // then the ERP's column does not tell who passes.
                let alone =
                    f.lock.is_some() && !f.localized && f.inherit.is_none() && f.sources == [shape.source];
                if f.ty != Type::Text || !alone || f.default.is_some() {
                    return None;
                }
                let texts: Option<Vec<Box<[Value]>>> = values
                    .iter()
                    .map(|v| v.as_str().map(|t| Box::from([Value::text(t.trim_end())])))
                    .collect();
                let raw: Vec<Box<[Value]>> = texts?.into_iter().flat_map(|v| raw_texts(f, &v)).collect();
                let Some(map) = row.1.fields.get(f.name.as_str()) else { return Some(never()) };
                if map.complement || map.optional || map.child.is_some() || map.format == Format::Rtf {
                    return None;
                }
                let expr = map.expr.clone()?;
                params.push(Param::Keys(raw.into()));
                Some(Predicate::In {
                    exprs: vec![Expr::Call(Function::RTrim, vec![expr])],
                    types: vec![CastType::Text(0)],
                    slot: base + params.len() - 1,
                })
            }
            Self::Code(Test::In(values)) => {
                let codes: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
                Some(coded(row.1, &codes, base, params))
            }
            _ => {
                let codes: Vec<&str> = self.candidates()?.iter().map(String::as_str).collect();
                Some(coded(row.1, &codes, base, params))
            }
        }
    }
}

/// "The row has one of these codes."
fn coded(row: &RowSource, codes: &[&str], base: usize, params: &mut Vec<Param>) -> Predicate {
    let keys: Vec<Box<[Value]>> =
        codes.iter().filter_map(|c| row.code.decode(c, &row.key)).map(Vec::into_boxed_slice).collect();
    params.push(Param::Keys(keys.into()));
    let by_key = Predicate::In {
        exprs: row.key.iter().map(|k| k.expr.clone()).collect(),
        types: row.key.iter().map(|k| k.ty).collect(),
        slot: base + params.len() - 1,
    };
    let Some(own) = &row.code.own else { return by_key };
    params.push(Param::Keys(codes.iter().map(|c| Box::from([Value::text(*c)])).collect()));
    let by_own = Predicate::In {
        exprs: vec![own.clone()],
        types: vec![CastType::Text(0)],
        slot: base + params.len() - 1,
    };
    Predicate::Or(vec![by_own, by_key])
}

/// The texts under which a source may hold a value of an enum; any other text as it is.
fn raw_texts(f: &super::model::Field, value: &[Value]) -> Vec<Box<[Value]>> {
    if f.enumeration.is_empty() {
        return vec![value.into()];
    }
    let name = value.first().and_then(Value::as_str).unwrap_or("");
    f.enumeration
        .iter()
        .filter(|(_, n)| *n == name)
        .map(|(raw, _)| Box::from([Value::text(raw.as_str())]))
        .collect()
}

/// A condition that no row fulfils: this row source does not hold the field at all.
fn never() -> Predicate {
    Predicate::Expr(Expr::Compare(
        crate::sources::expr::CompareOp::Eq,
        Box::new(Expr::Number("1".into())),
        Box::new(Expr::Number("0".into())),
    ))
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
