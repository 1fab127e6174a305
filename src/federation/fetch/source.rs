//! Everything one source says of a batch's records beside the deciding rows: overlay rows, texts,
//! markers and children, each joined to the records.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use futures::future::join_all;

use super::keys::{chunks, code_of};
use crate::{
    connectors::{
        code::{is_padded, trimmed},
        map::Format,
    },
    federation::{
        batch::{Batch, Cause, ChildRows, DUPLICATE, NONE, Part},
        children::{ChildShape, JoinedText},
        engine::{Ask, Engine},
        markup,
        model::SourceId,
        shape::{Attribute, Attributes, SourceShape},
    },
    sources::{Keys, Param, Rows},
    value::{KeyCompare, Type, Value},
};

impl Engine {
    /// Everything one source says beside the deciding rows.
    pub(super) async fn ask_source(
        &self,
        ask: &Ask,
        shape: &SourceShape,
        view: &View<'_>,
        decides: bool,
        read: Option<Result<Rows, Arc<Cause>>>,
    ) -> (SourceId, Part) {
        let rows = async {
            if decides || !shape.rows {
                return Part::default();
            }
            let rows = if let Some(rows) = read {
                rows
            } else {
                let entity = view.batch.shape.entity;
                self.rows_by_code(ask, entity, shape, view.codes, view.keys, view.natives).await
            };
            match rows {
                Ok(rows) => self.join_rows(shape, view, rows),
                Err(cause) => Part { failed: Some(cause), ..Part::default() },
            }
        };
        let texts =
            self.attributes(ask, shape, shape.texts.as_ref(), view, view.batch.shape.language.as_deref());
        let markers = self.attributes(ask, shape, shape.markers.as_ref(), view, None);
        let compare = self.compare(view.batch.shape.entity);
        let mut keyed: Vec<(usize, Keyed<'_>)> = Vec::new();
        for child in &shape.children {
            if !keyed.iter().any(|(keys, _)| *keys == child.keys) {
                keyed.push((child.keys, Keyed::new(compare, shape, child.keys, view, decides)));
            }
        }
        let children = join_all(shape.children.iter().filter_map(|child| {
            let (_, keyed) = keyed.iter().find(|(keys, _)| *keys == child.keys)?;
            Some(self.ask_children(ask, shape, child, view, keyed))
        }));
        let (mut part, texts, markers, children) = futures::join!(rows, texts, markers, children);
        match texts {
            Ok(found) => {
                for (record, what, value) in found {
                    if let Attribute::Field(field) = what {
                        part.texts.insert((record, field), self.text_value(view, field, value));
                    }
                }
            }
            Err(cause) => part.texts_failed = Some(cause),
        }
        match markers {
            Ok(found) => {
                for (record, what, language) in found {
                    let language = language.as_str().map(Into::into);
                    part.markers.add(record, what, language);
                }
            }
            Err(cause) => part.markers_failed = Some(cause),
        }
        part.children = children;
        (shape.source, part)
    }

    fn text_value(&self, view: &View<'_>, field: usize, mut value: Value) -> Value {
        let f = &self.model.entities[view.batch.shape.entity].fields[field];
        if f.ty == Type::Html {
            markup::to_html(&mut value, Format::Html);
        }
        value
    }

    /// Joins an overlay's rows to the records by code, or by the native key that a row names.
    fn join_rows(&self, shape: &SourceShape, view: &View<'_>, rows: Rows) -> Part {
        let compare = self.compare(view.batch.shape.entity);
        let by_code = view.index(compare);
        let by_native: HashMap<_, u32> =
            (0u32..).zip(view.natives).map(|(i, n)| (compare.fold(n), i)).collect();
        let mut index = vec![NONE; view.codes.len()];
        for r in 0..rows.len() {
            let row = rows.row(r);
            let native = shape.columns.native.and_then(|c| row.get(c)).and_then(Value::as_str);
            let record = if let Some(native) = native {
                by_native.get(&*compare.fold(native))
            } else {
                let code = code_of(shape, row);
                code.as_str().and_then(|code| by_code.get(&*compare.fold(code)))
            };
            if let Some(slot) = record.and_then(|r| index.get_mut(*r as usize)) {
                *slot = if *slot == NONE { u32::try_from(r).unwrap_or(NONE) } else { DUPLICATE };
            }
        }
        let duplicate = index.contains(&DUPLICATE).then(|| {
            let source = self.model.sources[shape.source].name.clone();
            let table = shape.map.rows.first().map_or("", |r| r.table.name.as_str());
            let message = format!("two rows of {table} have one key");
            Arc::new(Cause { source, code: "DUPLICATE_KEY", message })
        });
        Part { rows, index, duplicate, ..Part::default() }
    }

    async fn attributes(
        &self,
        ask: &Ask,
        shape: &SourceShape,
        asked: Option<&Attributes>,
        view: &View<'_>,
        language: Option<&str>,
    ) -> Result<Vec<(u32, Attribute, Value)>, Arc<Cause>> {
        let Some(asked) = asked else { return Ok(Vec::new()) };
        let compare = self.compare(view.batch.shape.entity);
        let mut by_code = None;
        let mut found = Vec::new();
        for chunk in chunks(view.keys, self.batch_of(shape.source)) {
            let params = [
                Param::Keys(chunk),
                Param::Keys(asked.spellings.clone()),
                Param::Value(language.map_or(Value::Null, Value::text)),
            ];
            let mut rows = self.run(shape.source, &asked.statement, &params, &ask.moment).await?;
            for row in rows.cells.chunks_mut(3) {
                let by_code = by_code.get_or_insert_with(|| view.index(compare));
                let record = row[0].as_str().and_then(|c| by_code.get(&compare.fold(c)));
                let what = row[1].as_str().and_then(|n| asked.names.get(n));
                if let (Some(record), Some(what)) = (record, what)
                    && (language.is_none() || !row[2].is_null())
                {
                    found.push((*record, *what, std::mem::take(&mut row[2])));
                }
            }
        }
        Ok(found)
    }

    async fn ask_children(
        &self,
        ask: &Ask,
        shape: &SourceShape,
        child: &ChildShape,
        view: &View<'_>,
        keyed: &Keyed<'_>,
    ) -> ChildRows {
        let compare = self.compare(view.batch.shape.entity);
        let mut all = Rows::default();
        for chunk in chunks(&keyed.keys, self.batch_of(shape.source)) {
            let params = [Param::Keys(chunk)];
            match self.run(shape.source, &child.statement, &params, &ask.moment).await {
                Ok(rows) => {
                    all.width = rows.width;
                    if all.cells.is_empty() { all = rows } else { all.cells.extend(rows.cells) }
                }
                Err(cause) => return ChildRows { failed: Some(cause), ..ChildRows::default() },
            }
        }
        let mut of: Vec<Vec<u32>> = vec![Vec::new(); view.codes.len()];
        let mut ranks: HashMap<(u32, usize), i64> = HashMap::new();
        for r in 0..all.len() {
            let row = all.row(r);
            let Some((first, others)) = keyed.records.get(&joined_key(compare, &row[..child.keys])) else {
                continue;
            };
            let branch = match row.get(child.branch) {
                Some(Value::Int(n)) => usize::try_from(*n).unwrap_or(0),
                _ => 0,
            };
            for record in std::iter::once(first).chain(others) {
                of[*record as usize].push(u32::try_from(r).unwrap_or(NONE));
            }
            if let Some((_, column)) = child.ranks.iter().find(|(b, _)| *b == branch) {
                let rank = ranks.entry((*first, branch)).or_default();
                *rank += 1;
                let at = r * all.width + column;
                all.cells[at] = Value::Int(*rank);
            }
            for column in &child.files {
                let at = r * all.width + column;
                markup::clean_file(&mut all.cells[at]);
            }
        }
        let texts = child.text.as_ref().map_or_else(Vec::new, |text| {
            of.iter()
                .map(|rows| {
                    let join = |column: usize| joined_text(&all, rows, column, text);
                    (join(text.default), text.translated.map_or(Value::Null, join))
                })
                .collect()
        });
        ChildRows { rows: all, of, texts, failed: None }
    }
}

/// The records of a batch whose other sources are being asked.
pub(super) struct View<'a> {
    pub(super) batch: &'a Batch,
    pub(super) codes: &'a [&'a str],
    /// The codes as keys of statements.
    pub(super) keys: &'a Keys,
    /// The generated native code of each record, when an overlay may name it.
    pub(super) natives: &'a [String],
}

impl<'a> View<'a> {
    fn index(&self, compare: KeyCompare) -> HashMap<Cow<'a, str>, u32> {
        (0u32..).zip(self.codes).map(|(i, c)| (compare.fold(c), i)).collect()
    }
}

fn joined_text(rows: &Rows, of: &[u32], column: usize, text: &JoinedText) -> Value {
    let parts: Vec<&str> = of.iter().filter_map(|r| rows.get(*r as usize, column).as_str()).collect();
    if parts.is_empty() {
        return Value::Null;
    }
    let mut value = Value::text(parts.join(&text.join));
    markup::to_html(&mut value, text.format);
    value
}

/// A native key as one text, for joining child rows to their parents.
pub(super) fn joined_key(compare: KeyCompare, key: &[Value]) -> Cow<'_, str> {
    if let [Value::Text(text)] = key {
        return compare.fold(text);
    }
    let mut text = String::new();
    for (i, value) in key.iter().enumerate() {
        if i > 0 {
            text.push('\u{0}');
        }
        match value {
            Value::Text(t) => text.push_str(&compare.fold(t)),
            Value::Int(n) => text.push_str(&n.to_string()),
            Value::Null => {}
            other => text.push_str(&format!("{other:?}")),
        }
    }
    text.into()
}

/// The records of a batch by the key under which a source's child rows name them.
struct Keyed<'a> {
    /// The first record of a key, and any others.
    records: HashMap<Cow<'a, str>, (u32, Vec<u32>)>,
    keys: Keys,
}

impl<'a> Keyed<'a> {
    /// By the first `columns` of the native key where the source decides existence, else by code.
    fn new(compare: KeyCompare, shape: &SourceShape, columns: usize, view: &View<'a>, decides: bool) -> Self {
        let mut records: HashMap<Cow<'a, str>, (u32, Vec<u32>)> = HashMap::with_capacity(view.codes.len());
        let mut put = |key: Cow<'a, str>, record: u32| match records.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((record, Vec::new()));
                true
            }
            Entry::Occupied(mut entry) => {
                entry.get_mut().1.push(record);
                false
            }
        };
        let keys = (0u32..).zip(view.codes);
        let keys = if decides {
            keys.filter_map(|(record, _)| {
                let row = view.batch.row(shape.source, record)?;
                let key = row.get(1..=columns).unwrap_or(&[]);
                put(joined_key(compare, key), record).then_some(key)
            })
            .flat_map(|key| {
                // A column that is filled up with blanks by its type may stand beside one that is not.
                let bare = key.iter().any(is_padded).then(|| key.iter().map(trimmed).collect());
                std::iter::once(key.into()).chain(bare)
            })
            .collect()
        } else {
            for (record, code) in keys {
                put(compare.fold(code), record);
            }
            view.keys.clone()
        };
        Self { records, keys }
    }
}
