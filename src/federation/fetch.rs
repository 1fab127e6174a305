//! Asking the sources for one level: first the source that decides existence, then everything else
//! at once ([`source`]), one statement per source and key chunk ([`keys`]).

mod keys;
mod source;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::future::{BoxFuture, FutureExt, join_all};

pub use self::keys::code_of;
pub(super) use self::keys::{key_of, row_source};
use self::{
    keys::{add_phantoms, chunks, code_params, parent_codes, place_params, text_keys},
    source::{View, joined_key},
};
use super::{
    batch::{Batch, Cause, DUPLICATE, NONE, Part},
    engine::{Ask, Engine, Fault},
    markup,
    model::SourceId,
    overrides::Override,
    page::Position,
    shape::{Shape, SourceShape},
};
use crate::{
    sources::{Keys, Param, Rows},
    value::Value,
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
    /// Records by code. Codes that no row has are [`NONE`], or phantoms of the batch where the request is blind to
    /// who has a row ([`Ask::blind`]); visibility is not applied here.
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
                // A blank code is none, though many rows may have a blank in the column of their own.
                if !code.trim().is_empty() && known.insert(compare.fold(code)) {
                    order.push(code);
                }
            }
            let Some(decider) = shape.decider(&self.model) else {
                return Err(Fault::Internal("no source decides existence".into()));
            };
            let keys = text_keys(order.iter().copied());
            let rows = self.rows_by_code(ask, shape.entity, decider, &order, &keys, &[]).await;
            let mut rows = rows.map_err(Fault::Source)?;
            let nobody =
                if ask.blind { add_phantoms(decider, &mut rows, &order, compare) } else { Vec::new() };
            let mut batch = self.adopt(shape, rows);
            let keep = self.first_of(&batch, &order);
            self.arrange(&mut batch, keep);
            if !nobody.is_empty() {
                let codes = (0u32..).zip(&batch.codes);
                let nobodys = codes.filter(|(_, code)| {
                    let code = compare.fold(code.as_str().unwrap_or(""));
                    nobody.iter().any(|n| compare.fold(n) == code)
                });
                batch.phantoms = nobodys.map(|(record, _)| record).collect();
            }
            self.complete(ask, &mut batch, None).await;
            let at: HashMap<_, u32> = (0u32..)
                .zip(&batch.codes)
                .filter_map(|(i, c)| Some((compare.fold(c.as_str()?), i)))
                .collect();
            let of = codes.iter().map(|c| at.get(&compare.fold(c)).copied().unwrap_or(NONE)).collect();
            drop(at);
            Ok(Found { batch, of })
        }
        .boxed()
    }

    /// Records by their places, as another read found them beside their codes: of a code that several rows have,
    /// each by its own. What has gone since is [`NONE`].
    ///
    /// # Errors
    /// The deciding source does not answer.
    pub async fn by_place(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        wanted: &[(&str, &Position)],
    ) -> Result<Found, Fault> {
        let Some(decider) = shape.decider(&self.model) else {
            return Err(Fault::Internal("no source decides existence".into()));
        };
        let compare = self.compare(shape.entity);
        let place = |row: usize, key: &[Value]| (row, joined_key(compare, key).into_owned());
        let mut order: Vec<(&str, &Position)> = Vec::with_capacity(wanted.len());
        let mut known: HashMap<(usize, String), Vec<&Position>> = HashMap::with_capacity(wanted.len());
        for (code, at) in wanted {
            let alike = known.entry(place(at.row, &at.key)).or_default();
            if !alike.contains(at) {
                alike.push(*at);
                order.push((*code, *at));
            }
        }
        drop(known);
        let mut rows = Rows::default();
        for chunk in order.chunks(self.batch_of(decider.source)) {
            let params = place_params(decider, chunk);
            let read = self.rows(ask, shape.entity, decider, &decider.by_code, &params).await;
            let read = read.map_err(Fault::Source)?;
            rows.width = read.width;
            rows.cells.extend(read.cells);
        }
        let mut batch = self.adopt(shape, rows);
        let mut at: HashMap<(usize, String), Vec<u32>> = HashMap::with_capacity(batch.len());
        for record in 0..u32::try_from(batch.len()).unwrap_or(DUPLICATE) {
            if let Some((row, key)) = self.place(&batch, record) {
                at.entry(place(row, key)).or_default().push(record);
            }
        }
        // Keys that differ in what keys are not told apart by: the one that is spelled so, if any.
        let found = |position: &Position| {
            let alike = at.get(&place(position.row, &position.key))?;
            let same = alike.iter().find(|r| self.place(&batch, **r).is_some_and(|(_, k)| k == position.key));
            same.or(alike.first()).copied()
        };
        let mut keep = Vec::with_capacity(order.len());
        let mut kept: HashMap<u32, u32> = HashMap::with_capacity(order.len());
        let of = wanted.iter().map(|(_, position)| {
            let Some(record) = found(position) else { return NONE };
            *kept.entry(record).or_insert_with(|| {
                keep.push(record);
                u32::try_from(keep.len() - 1).unwrap_or(NONE)
            })
        });
        let of = of.collect();
        self.arrange(&mut batch, keep);
        self.complete(ask, &mut batch, None).await;
        Ok(Found { batch, of })
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
    pub(super) fn batch_of(&self, source: SourceId) -> usize {
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
        (0..count).for_each(|r| self.look_at_spelling(decider, rows.row(r)));
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

    /// The records of some codes, in their order; of a doubled code one.
    fn first_of(&self, batch: &Batch, order: &[&str]) -> Vec<u32> {
        let compare = self.compare(batch.shape.entity);
        let mut at: HashMap<_, u32> = HashMap::with_capacity(batch.len());
        for (record, code) in (0u32..).zip(&batch.codes) {
            at.entry(compare.fold(code.as_str().unwrap_or("")).into_owned()).or_insert(record);
        }
        order.iter().filter_map(|c| at.get(&*compare.fold(c)).copied()).collect()
    }

    /// Keeps some records only, in this order.
    fn arrange(&self, batch: &mut Batch, keep: Vec<u32>) {
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
                    (Some(theirs), Some(held)) if theirs.within(&held.shape) => {
                        Some(Ok((held.clone(), None)))
                    }
                    (Some(theirs), _) => {
                        let parents = parent_codes(batch, decides);
                        let mut asked: Vec<&str> = parents.iter().flatten().copied().collect();
                        if ask.blind && asked.is_empty() {
                            asked.clone_from(&codes);
                        }
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
        self.remember(ask, batch).await;
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

    /// The native key of each record as overlays name it, when one may: a column of its own, else the
    /// generated code.
    fn natives(&self, batch: &Batch) -> Vec<String> {
        let overlay = |s: &&SourceShape| !s.map.exists;
        let mut overlays = batch.shape.sources.iter().flatten().filter(overlay);
        let named = overlays.any(|s| s.columns.native.is_some());
        let Some(decider) = batch.shape.decider(&self.model).filter(|_| named) else { return Vec::new() };
        (0u32..)
            .zip(&batch.codes)
            .map(|(record, _)| {
                let Some(row) = batch.row(decider.source, record) else { return String::new() };
                let own = decider.columns.native.and_then(|c| row.get(c)).and_then(Value::as_str);
                match own {
                    Some(own) => own.to_owned(),
                    None => row_source(decider, row)
                        .map_or_else(String::new, |r| r.code.encode(None, key_of(r, row))),
                }
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
