//! Key batches as SQL Server takes them: a parameter a key, or all in one text.

use std::{borrow::Cow, collections::HashMap, collections::hash_map::Entry, sync::Arc};

use chrono_tz::Tz;

use crate::{
    sources::{
        Param, SourceError,
        bind::{Scalar, local_text, scalar},
        columns::SqlType,
        render::{Bind, KeyList},
    },
    value::Value,
};

/// Keys beyond what [`Bind::Packed`] can number.
const MOST_PACKED: usize = 100_000;

/// The keys of one run that every column's type can hold, by slot and types.
pub(super) struct Lists<'a> {
    params: &'a [Param],
    zone: Tz,
    fitting: HashMap<(usize, Arc<[SqlType]>), Vec<&'a [Value]>>,
}

impl<'a> Lists<'a> {
    pub(super) fn new(params: &'a [Param], zone: Tz) -> Self {
        Self { params, zone, fitting: HashMap::new() }
    }

    /// What a part of a key list is filled with.
    pub(super) fn fill(&mut self, bind: &Bind) -> Result<Scalar<'a>, SourceError> {
        let zone = self.zone;
        match bind {
            Bind::Key { index, column, list, repeat } => {
                let keys = self.keys(list)?;
                let key = keys.get(*index).or_else(|| keys.last().filter(|_| *repeat));
                match (key.and_then(|k| k.get(*column)), list.types.get(*column)) {
                    (Some(value), Some(ty)) => scalar(value, Some(ty.cast_type()), zone),
                    _ => Ok(Scalar::Null),
                }
            }
            Bind::PackedCount(list) => Ok(Scalar::Int(i64::try_from(self.keys(list)?.len()).unwrap_or(0))),
            Bind::PackedWidth(list, column) => {
                let texts = self.texts(list, *column)?;
                Ok(Scalar::Int(i64::try_from(width(&texts)).unwrap_or(0)))
            }
            Bind::Packed(list, column) => {
                let texts = self.texts(list, *column)?;
                let width = width(&texts);
                let mut packed = String::with_capacity(texts.len() * width);
                for text in &texts {
                    packed.push_str(text);
                    packed.extend(std::iter::repeat_n(' ', width - units(text)));
                }
                Ok(Scalar::Text(packed.into()))
            }
            _ => Err(SourceError::Refused("this is no part of a key list".into())),
        }
    }

    fn keys(&mut self, list: &KeyList) -> Result<&[&'a [Value]], SourceError> {
        let found = match self.fitting.entry((list.slot, Arc::clone(&list.types))) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                let Some(Param::Keys(keys)) = self.params.get(list.slot) else {
                    return Err(SourceError::Refused(format!("no keys for slot {}", list.slot)));
                };
                let fits = |key: &[Value]| {
                    key.len() == list.types.len()
                        && key.iter().zip(&*list.types).all(|(value, ty)| {
                            !value.is_null()
                                && scalar(value, Some(ty.cast_type()), self.zone).is_ok_and(|s| ty.holds(&s))
                        })
                };
                vacant.insert(keys.iter().map(|k| &**k).filter(|k| fits(k)).collect())
            }
        };
        if found.len() > MOST_PACKED {
            return Err(SourceError::Refused(format!("more than {MOST_PACKED} keys in one statement")));
        }
        Ok(found)
    }

    fn texts(&mut self, list: &KeyList, column: usize) -> Result<Vec<Cow<'a, str>>, SourceError> {
        let zone = self.zone;
        let ty = list.types.get(column).copied().unwrap_or(SqlType::NVarChar(0));
        let keys = self.keys(list)?;
        let text = |key: &&'a [Value]| {
            Ok(match scalar(key.get(column).unwrap_or(&Value::Null), Some(ty.cast_type()), zone)? {
                Scalar::Null => Cow::Borrowed(""),
                Scalar::Bool(b) => Cow::Borrowed(if b { "1" } else { "0" }),
                Scalar::Int(n) => n.to_string().into(),
                Scalar::Decimal(n) => n.normalize().to_string().into(),
                Scalar::Text(text) => text,
                Scalar::Date(day) => day.to_string().into(),
                Scalar::Local(moment) => local_text(moment).replace(' ', "T").into(),
            })
        };
        keys.iter().map(text).collect()
    }
}

/// Characters as SQL Server counts them.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn width(texts: &[Cow<'_, str>]) -> usize {
    texts.iter().map(|t| units(t)).max().unwrap_or(0).max(1)
}
