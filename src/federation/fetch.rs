//! Asking the sources for one level: first the source that decides existence, then everything else
//! at once, one statement per source and key chunk.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use futures::future::{BoxFuture, FutureExt, join_all};

use super::{
    batch::{Batch, Cause, ChildRows, DUPLICATE, NONE, Part},
    engine::{Ask, Engine, Fault},
    markup,
    model::SourceId,
    overrides::Override,
    shape::{Attributes, Shape, SourceShape},
};
use crate::{
    connectors::map::RowSource,
    sources::{Keys, Param, Rows},
    value::{KeyCompare, Value},
};

/// Records looked up by code: for each code asked, its record or [`NONE`].
#[derive(Debug)]
pub struct Found {
    /// The records, each once.
    pub batch: Batch,
    /// Per code asked.
    pub of: Vec<u32>,
}

/// The inherited records that a caller already holds: batch, and the record of each parent code.
pub type Parents<'a> = Option<&'a Arc<Batch>>;

impl Engine {
    /// Records by code. Codes that no row has are [`NONE`]; visibility is not applied here.
    pub fn by_code<'a>(
        &'a self,
        ask: &'a Ask,
        shape: &'a Arc<Shape>,
        codes: &'a [&'a str],
    ) -> BoxFuture<'a, Result<Found, Fault>> {
        async move {
            let compare = self.compare(shape.entity);
            let mut order: Vec<&str> = Vec::with_capacity(codes.len());
            let mut known = HashSet::with_capacity(codes.len());
            for code in codes {
                if known.insert(compare.fold(code)) {
                    order.push(code);
                }
            }
            let rows = match shape.decider(&self.model) {
                Some(decider) => {
                    let keys = text_keys(order.iter().copied());
                    self.rows_by_code(ask, shape.entity, decider, &order, &keys, &[])
                        .await
                        .map_err(Fault::Source)?
                }
                None => return Err(Fault::Internal("no source decides existence".into())),
            };
            let mut batch = self.adopt(shape, rows);
            self.arrange(&mut batch, &order);
            self.complete(ask, &mut batch, None).await;
            let at: HashMap<_, u32> = (0u32..)
                .zip(&batch.codes)
                .map(|(i, c)| (compare.fold(c.as_str().unwrap_or("")), i))
                .collect();
            let of = codes.iter().map(|c| at.get(&compare.fold(c)).copied().unwrap_or(NONE)).collect();
            drop(at);
            Ok(Found { batch, of })
        }
        .boxed()
    }

    /// Rows of a source by code, in chunks.
    pub(super) async fn rows_by_code(
        &self,
        ask: &Ask,
        entity: usize,
        shape: &SourceShape,
        codes: &[&str],
        keys: &Keys,
        natives: &[String],
    ) -> Result<Rows, Arc<Cause>> {
        let mut all = Rows::default();
        let size = self.batch_of(shape.source);
        for (n, (chunk, keys)) in codes.chunks(size).zip(chunks(keys, size)).enumerate() {
            let natives = natives.chunks(size).nth(n).unwrap_or(&[]);
            let Some(params) = code_params(shape, chunk, keys, natives) else { continue };
            let rows = self.rows(ask, entity, shape, &shape.by_code, &params).await?;
            all.width = rows.width;
            if all.cells.is_empty() { all = rows } else { all.cells.extend(rows.cells) }
        }
        Ok(all)
    }

    /// How many keys a statement to a source is sent with.
    fn batch_of(&self, source: SourceId) -> usize {
        let most = self.sources.get(source).map_or(usize::MAX, |s| s.batch());
        self.limits.batch_keys.min(most).max(1)
    }

    /// Runs a row statement of a source and converts its HTML columns.
    pub(super) async fn rows(
        &self,
        ask: &Ask,
        entity: usize,
        shape: &SourceShape,
        statement: &crate::sources::Statement,
        params: &[Param],
    ) -> Result<Rows, Arc<Cause>> {
        let mut rows = self.run(shape.source, statement, params, &ask.moment).await?;
        for (column, format) in &shape.columns.html {
            let mut at = *column;
            while at < rows.cells.len() {
                markup::to_html(&mut rows.cells[at], *format);
                at += rows.width;
            }
        }
        for (column, field) in &shape.columns.enums {
            let names = &self.model.entities[entity].fields[*field].enumeration;
            let mut at = *column;
            while at < rows.cells.len() {
                name_of(&mut rows.cells[at], names);
                at += rows.width;
            }
        }
        Ok(rows)
    }

    /// Makes records of the deciding source's rows: one a row, in their order.
    pub(super) fn adopt(&self, shape: &Arc<Shape>, rows: Rows) -> Batch {
        let mut batch = Batch::empty(shape.clone(), self.sources.len());
        let e = &self.model.entities[shape.entity];
        let Some(decider) = shape.decider(&self.model) else { return batch };
        let compare = self.compare(shape.entity);
        let count = rows.len();
        batch.codes = (0..count).map(|r| code_of(decider, rows.row(r))).collect();
        batch.owner = vec![e.decides; count];
        let index = (0..u32::try_from(count).unwrap_or(DUPLICATE - 1)).collect();
        let mut seen: HashMap<_, u32> = HashMap::with_capacity(count);
        for (record, code) in (0u32..).zip(&batch.codes) {
            if let Some(first) = seen.insert(compare.fold(code.as_str().unwrap_or("")), record) {
                batch.doubled.insert(first);
                batch.doubled.insert(record);
            }
        }
        drop(seen);
        batch.parts[e.decides] = Some(Part { rows, index, ..Part::default() });
        batch
    }

    /// Puts records in the order in which their codes were asked; of a doubled code one is kept.
    fn arrange(&self, batch: &mut Batch, order: &[&str]) {
        let compare = self.compare(batch.shape.entity);
        let mut at: HashMap<_, u32> = HashMap::with_capacity(batch.len());
        for (record, code) in (0u32..).zip(&batch.codes) {
            at.entry(compare.fold(code.as_str().unwrap_or("")).into_owned()).or_insert(record);
        }
        let keep: Vec<u32> = order.iter().filter_map(|c| at.get(&*compare.fold(c)).copied()).collect();
        let decides = self.model.entities[batch.shape.entity].decides;
        batch.codes = keep.iter().map(|r| batch.codes[*r as usize].clone()).collect();
        batch.owner = vec![decides; keep.len()];
        let doubled = std::mem::take(&mut batch.doubled);
        batch.doubled = (0u32..).zip(&keep).filter(|(_, r)| doubled.contains(r)).map(|(i, _)| i).collect();
        if let Some(Some(part)) = batch.parts.get_mut(decides) {
            part.index = keep;
        }
    }

    /// Asks everything else about a batch's records, at once: overlays, texts, markers, children,
    /// overrides, and the inherited records unless the caller holds them.
    pub(super) async fn complete(&self, ask: &Ask, batch: &mut Batch, parents: Parents<'_>) {
        self.complete_with(ask, batch, parents, HashMap::new()).await;
    }

    /// Like [`Engine::complete`], with the rows of some sources already read.
    async fn complete_with(
        &self,
        ask: &Ask,
        batch: &mut Batch,
        parents: Parents<'_>,
        mut read: HashMap<SourceId, Result<Rows, Arc<Cause>>>,
    ) {
        if batch.is_empty() {
            return;
        }
        let shape = batch.shape.clone();
        let decides = self.model.entities[shape.entity].decides;
        batch.has_site = self.overrides.is_some();
        let codes: Vec<&str> = batch.codes.iter().map(|c| c.as_str().unwrap_or("")).collect();
        let natives = self.natives(batch);
        let answers = {
            let keys = text_keys(codes.iter().copied());
            let view = View { batch, codes: &codes, keys: &keys, natives: &natives };
            let tasks = shape.sources.iter().flatten().map(|s| {
                let rows = read.remove(&s.source);
                self.ask_source(ask, s, &view, s.source == decides, rows)
            });
            let tasks: Vec<_> = tasks.collect();
            let inherited = async {
                match (&shape.inherited, parents) {
                    (Some(_), Some(held)) => Some(Ok((held.clone(), None))),
                    (Some(theirs), None) => {
                        let codes = parent_codes(batch, decides);
                        let asked: Vec<&str> = codes.iter().flatten().copied().collect();
                        Some(
                            self.by_code(ask, theirs, &asked)
                                .await
                                .map(|found| (Arc::new(found.batch), None::<()>)),
                        )
                    }
                    (None, _) => None,
                }
            };
            futures::join!(join_all(tasks), self.ask_site(&shape, &codes, ask), inherited)
        };
        let (parts, site, inherited) = answers;
        match site {
            Ok(site) => batch.site = site,
            Err(cause) => batch.site_failed = Some(cause),
        }
        match inherited {
            Some(Ok((parent, _))) => {
                let compare = self.compare(parent.shape.entity);
                let at: HashMap<_, u32> = (0u32..)
                    .zip(&parent.codes)
                    .map(|(i, c)| (compare.fold(c.as_str().unwrap_or("")), i))
                    .collect();
                let index = parent_codes(batch, decides)
                    .into_iter()
                    .map(|code| code.and_then(|c| at.get(&compare.fold(c)).copied()).unwrap_or(NONE))
                    .collect();
                drop(at);
                batch.parent = Some((parent, index));
            }
            Some(Err(Fault::Source(cause))) => batch.parent_failed = Some(cause),
            Some(Err(_)) | None => {}
        }
        for (source, mut part) in parts {
            if source == decides
                && let Some(Some(own)) = batch.parts.get_mut(source)
            {
                part.rows = std::mem::take(&mut own.rows);
                part.index = std::mem::take(&mut own.index);
            }
            batch.parts[source] = Some(part);
        }
    }

    /// Which of some codes several rows of the deciding source have, folded: a page may hold one of
    /// them only. Nothing is asked where no row has a code of its own.
    pub(super) async fn doubles(
        &self,
        ask: &Ask,
        shape: &Shape,
        codes: &[Value],
    ) -> Result<HashSet<String>, Arc<Cause>> {
        let mut doubled = HashSet::new();
        let Some((decider, statement)) =
            shape.decider(&self.model).and_then(|d| Some((d, d.doubles.as_ref()?)))
        else {
            return Ok(doubled);
        };
        let compare = self.compare(shape.entity);
        let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
        let mut seen = HashSet::new();
        for chunk in codes.chunks(self.batch_of(decider.source)) {
            let keys = text_keys(chunk.iter().copied());
            let mut params = vec![Param::Keys(keys)];
            params.extend(decider.map.rows.iter().map(|row| {
                // Rows with codes of their own are asked for by those alone.
                let generated = row.code.own.is_none();
                let keys = chunk.iter().filter(|_| generated).filter_map(|c| row.code.decode(c, &row.key));
                Param::Keys(keys.map(Vec::into_boxed_slice).collect())
            }));
            let rows = self.run(decider.source, statement, &params, &ask.moment).await?;
            for r in 0..rows.len() {
                let code = code_of(decider, rows.row(r));
                let code = compare.fold(code.as_str().unwrap_or("")).into_owned();
                if seen.contains(&code) {
                    doubled.insert(code);
                } else {
                    seen.insert(code);
                }
            }
        }
        Ok(doubled)
    }

    /// The generated native code of each record, when an overlay may name it.
    fn natives(&self, batch: &Batch) -> Vec<String> {
        let named = batch.shape.sources.iter().flatten().any(|s| s.columns.native.is_some());
        let Some(decider) = batch.shape.decider(&self.model).filter(|_| named) else { return Vec::new() };
        (0u32..)
            .zip(&batch.codes)
            .map(|(record, _)| {
                batch
                    .row(decider.source, record)
                    .and_then(|row| row_source(decider, row).map(|r| r.code.encode(None, key_of(r, row))))
                    .unwrap_or_default()
            })
            .collect()
    }

    async fn ask_site(
        &self,
        shape: &Shape,
        codes: &[&str],
        ask: &Ask,
    ) -> Result<HashMap<(u32, usize), Vec<Override>>, Arc<Cause>> {
        let Some(overrides) = &self.overrides else { return Ok(HashMap::new()) };
        let e = &self.model.entities[shape.entity];
        let items =
            overrides.read(&e.name, codes).await.map_err(|error| Arc::new(Cause::of("site", &error)))?;
        let default = self.model.languages.first();
        let mut site: HashMap<(u32, usize), Vec<Override>> = HashMap::new();
        for mut item in items {
            let record = codes.iter().position(|c| *c == item.code).and_then(|r| u32::try_from(r).ok());
            let (Some(record), Some(field)) = (record, e.fields.get_index_of(item.field.as_str())) else {
                continue;
            };
            if item.language.is_some() && item.language.as_ref() == default {
                item.language = None;
            }
            if item.holds(ask.moment.now) {
                site.entry((record, field)).or_default().push(item);
            }
        }
        Ok(site)
    }

    /// Everything one source says beside the deciding rows.
    async fn ask_source(
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
                    if let super::shape::Attribute::Field(field) = what {
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
        if f.ty == crate::value::Type::Html {
            markup::to_html(&mut value, crate::connectors::map::Format::Html);
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
    ) -> Result<Vec<(u32, super::shape::Attribute, Value)>, Arc<Cause>> {
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
        child: &super::children::ChildShape,
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

fn joined_text(rows: &Rows, of: &[u32], column: usize, text: &super::children::JoinedText) -> Value {
    let parts: Vec<&str> = of.iter().filter_map(|r| rows.get(*r as usize, column).as_str()).collect();
    if parts.is_empty() {
        return Value::Null;
    }
    let mut value = Value::text(parts.join(&text.join));
    markup::to_html(&mut value, text.format);
    value
}

/// A native key as one text, for joining child rows to their parents.
fn joined_key(compare: KeyCompare, key: &[Value]) -> Cow<'_, str> {
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

/// Codes as keys of statements, shared by all that ask about one batch.
fn text_keys<'a>(codes: impl Iterator<Item = &'a str>) -> Keys {
    codes.map(|c| Box::from([Value::text(c)])).collect()
}

/// The keys, at most `size` at a time.
fn chunks(keys: &Keys, size: usize) -> Vec<Keys> {
    match keys.len() {
        0 => Vec::new(),
        n if n <= size => vec![keys.clone()],
        _ => keys.chunks(size).map(Keys::from).collect(),
    }
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
                put(joined_key(compare, key), record).then(|| key.into())
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

/// The records of a batch whose other sources are being asked.
struct View<'a> {
    batch: &'a Batch,
    codes: &'a [&'a str],
    /// The codes as keys of statements.
    keys: &'a Keys,
    natives: &'a [String],
}

impl<'a> View<'a> {
    fn index(&self, compare: KeyCompare) -> HashMap<Cow<'a, str>, u32> {
        (0u32..).zip(self.codes).map(|(i, c)| (compare.fold(c), i)).collect()
    }
}

/// The row source that a row came from.
pub(super) fn row_source<'a>(shape: &'a SourceShape, row: &[Value]) -> Option<&'a RowSource> {
    match row.first() {
        Some(Value::Int(n)) => shape.map.rows.get(usize::try_from(*n).ok()?),
        _ => None,
    }
}

/// The native key in a row.
pub(super) fn key_of<'a>(source: &RowSource, row: &'a [Value]) -> &'a [Value] {
    row.get(1..1 + source.key.len()).unwrap_or(&[])
}

/// The code that clients use for a row.
pub fn code_of(shape: &SourceShape, row: &[Value]) -> Value {
    let Some(source) = row_source(shape, row) else { return Value::Null };
    let own = row.get(shape.columns.own).and_then(Value::as_str);
    Value::text(source.code.encode(own, key_of(source, row)))
}

/// The parent code of each record, from the deciding source's rows.
fn parent_codes(batch: &Batch, decides: SourceId) -> Vec<Option<&str>> {
    let column = batch.shape.sources.get(decides).and_then(Option::as_ref).and_then(|s| s.columns.parent);
    (0u32..).zip(&batch.codes).map(|(record, _)| batch.row(decides, record)?.get(column?)?.as_str()).collect()
}

/// The parameters of `by_code`: codes, decoded keys per row source, generated codes. `None` when no
/// code can be one of this source's: then no statement is sent.
fn code_params(
    shape: &SourceShape,
    codes: &[&str],
    codes_as_keys: Keys,
    natives: &[String],
) -> Option<Vec<Param>> {
    let mut params = vec![Param::Keys(codes_as_keys)];
    let mut possible = natives.iter().any(|n| !n.is_empty()) && shape.columns.native.is_some();
    for row in &shape.map.rows {
        let keys: Keys =
            codes.iter().filter_map(|c| row.code.decode(c, &row.key)).map(Vec::into_boxed_slice).collect();
        possible |= !keys.is_empty() || row.code.own.is_some();
        params.push(Param::Keys(keys));
    }
    params.push(Param::Keys(text_keys(natives.iter().map(String::as_str))));
    possible.then_some(params)
}

/// An enum's raw text becomes its name; a text that is not listed says nothing.
fn name_of(value: &mut Value, names: &HashMap<String, String>) {
    let name = |v: &Value| v.as_str().and_then(|raw| names.get(raw)).map(|n| Value::text(n.as_str()));
    let named = match &*value {
        Value::List(items) => Value::List(items.iter().filter_map(name).collect()),
        Value::Bad(_) => return,
        other => name(other).unwrap_or_default(),
    };
    *value = named;
}

impl Engine {
    /// All records: those of the deciding source, and an overlay's own (`own` tells by code) after
    /// them. For small entities that are read whole, as departments are.
    pub async fn all(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        own: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Batch, Fault> {
        let Some(decider) = shape.decider(&self.model) else {
            return Err(Fault::Internal("no source decides existence".into()));
        };
        let overlays = join_all(
            shape
                .sources
                .iter()
                .flatten()
                .filter(|s| s.source != decider.source && s.rows)
                .map(|s| async move { (s, self.rows(ask, shape.entity, s, s.all(), &[]).await) }),
        );
        let (rows, overlays) =
            futures::join!(self.rows(ask, shape.entity, decider, decider.all(), &[]), overlays);
        let mut batch = self.adopt(shape, rows.map_err(Fault::Source)?);
        let compare = self.compare(shape.entity);
        let mut known: HashSet<String> =
            batch.codes.iter().map(|c| compare.fold(c.as_str().unwrap_or("")).into_owned()).collect();
        let mut read: HashMap<SourceId, Result<Rows, Arc<Cause>>> = HashMap::new();
        for (overlay, rows) in overlays {
            if let Ok(rows) = &rows {
                for r in 0..rows.len() {
                    let code = code_of(overlay, rows.row(r));
                    let text = code.as_str().unwrap_or("");
                    if own(text) && known.insert(compare.fold(text).into_owned()) {
                        batch.codes.push(code);
                        batch.owner.push(overlay.source);
                    }
                }
            }
            read.insert(overlay.source, rows);
        }
        self.complete_with(ask, &mut batch, None, read).await;
        Ok(batch)
    }
}
