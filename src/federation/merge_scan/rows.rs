//! Rows of a stream: read on, completed, and kept as far as they stand in it.

use std::{
    cmp::Ordering,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use super::{Good, MOST, SPARSE, Scan, Stream, What, column::Column, streams::before_last_run};
use crate::{
    federation::{
        batch::{Batch, Cause, NONE},
        engine::Fault,
        gather::Gathered,
        merge::{Cell, Winner},
        model::SourceId,
        shape::{Shape, SourceShape},
    },
    value::Value,
};

impl Scan<'_> {
    /// Reads on in a stream: how many rows were read, and the batch when it was read whole.
    pub(super) async fn fetch(
        &self,
        stream: &mut Stream,
        have: usize,
    ) -> Result<(usize, Option<Batch>), Fault> {
        match stream.what.clone() {
            What::Own => {
                // Later rows are read with only what deciding needs: they may not come to stand on the page.
                let first = have == 0 && !stream.begun;
                let shape = if first { &self.full } else { &self.light };
                let Some(decider) = shape.decider(&self.engine.model) else {
                    return Err(Fault::Internal("no source decides existence".into()));
                };
                let statement = self.own_statement(decider, stream);
                self.rows_of(stream, shape, decider, statement, first).await
            }
            // None of these can pass.
            What::Rest(value) if self.must.serving(&value).is_never() => {
                stream.done = true;
                Ok((0, None))
            }
            What::Rest(_) => {
                let Some(decider) = self.light.decider(&self.engine.model) else {
                    return Err(Fault::Internal("no source decides existence".into()));
                };
                let statement = self.rest_statement(decider, stream).await;
                self.rows_of(stream, &self.light, decider, statement, false).await
            }
            What::Overlay(source) => self.overlay_rows(stream, source).await.map(|rows| (rows, None)),
            What::Site => Ok((0, None)),
        }
    }

    /// Rows of the deciding source, completed, as far as they stand in the stream.
    async fn rows_of(
        &self,
        stream: &mut Stream,
        shape: &Arc<Shape>,
        decider: &SourceShape,
        (statement, params): (crate::sources::Statement, Vec<crate::sources::Param>),
        whole: bool,
    ) -> Result<(usize, Option<Batch>), Fault> {
        let entity = shape.entity;
        let rows = self.engine.rows(self.ask, entity, decider, &statement, &params).await;
        let rows = rows.map_err(Fault::Source)?;
        let read = rows.len();
        let full = read >= stream.size;
        let own = self.can.own.as_ref().filter(|_| matches!(stream.what, What::Own));
        let value = decider.columns.fields.get(self.can.field).copied().flatten();
        let (mut kept, mut again) = (read, None);
        if let (Some(column), Some(value), Some(last)) = (own, value, read.checked_sub(1)) {
            // Cells of different order that are one value are read whole, and sorted here.
            if full && !column.holds(rows.get(last, value)) {
                kept = before_last_run(&rows, value);
            }
            if kept == 0 {
                self.longer(stream)?;
                return Ok((read, None));
            }
            again = self.again(stream, column);
        }
        let ends = match (own.and(value), kept.checked_sub(1)) {
            (Some(value), Some(last)) => self.goes_on(rows.get(last, value))?,
            _ => Value::Null,
        };
        let mut batch = self.engine.adopt(shape, rows);
        self.engine.complete(self.ask, &mut batch, None).await;
        let batch = self.relate(batch).await?;
        if let Some(last) = u32::try_from(kept).ok().and_then(|n| n.checked_sub(1)) {
            let key = self.engine.position(&batch, last).map(|p| p.key).unwrap_or_default();
            stream.at = Some((ends, key));
            stream.begun = true;
        }
        for record in 0..u32::try_from(kept).unwrap_or(0) {
            let Some(found) = self.stands(&batch, record, &stream.what)? else { continue };
            let value = found.0.values.first();
            if again.as_ref().zip(value).is_none_or(|(at, value)| self.beyond(value, at)) {
                stream.ready.push_back(Good { found, whole: whole.then_some(record) });
            }
        }
        if own.is_some() {
            stream.ready.make_contiguous().sort_by(|a, b| self.compare(&a.found.0, &b.found.0));
        }
        stream.done = !full;
        stream.size = (stream.size * 2).clamp(SPARSE, MOST);
        Ok((read, whole.then_some(batch)))
    }

    /// Up to which value a stream was read, where it goes on from a little before it: what comes again is
    /// passed over.
    pub(super) fn again(&self, stream: &Stream, column: &Column) -> Option<Value> {
        let at = stream.at.as_ref().filter(|_| stream.begun).map(|(at, _)| at)?;
        (!column.holds(at)).then(|| at.clone())
    }

    /// Whether a value comes after another, as the list is read.
    pub(super) fn beyond(&self, value: &Value, at: &Value) -> bool {
        let order = value.compare(at);
        order == if self.falling { Ordering::Less } else { Ordering::Greater }
    }

    /// A cell at which a stream goes on: after nothing there is nothing, and the rest would be lost silently.
    pub(super) fn goes_on(&self, cell: &Value) -> Result<Value, Fault> {
        if matches!(cell, Value::Null | Value::Bad(_)) {
            let field = &self.engine.model.entities[self.light.entity].fields[self.can.field];
            let why = format!("the stream of {} has a cell that does not order", field.name);
            return Err(Fault::Internal(why));
        }
        Ok(cell.clone())
    }

    /// One long run of equal values is read whole: more rows the next time.
    pub(super) fn longer(&self, stream: &mut Stream) -> Result<(), Fault> {
        if stream.size > self.engine.limits.gather {
            return Err(self.list.too_long(self.engine, self.light.entity));
        }
        stream.size = (stream.size * 4).min(self.engine.limits.gather + 1);
        Ok(())
    }

    /// Reads what the filter needs to know of the records that hang on a batch's.
    async fn relate(&self, batch: Batch) -> Result<Batch, Fault> {
        let left = self.engine.limits.scan_rows.saturating_sub(self.related.load(Relaxed));
        let mut budget = left;
        let batch = self.engine.relate(self.ask, batch, self.list.filter, &mut budget).await?;
        self.related.fetch_add(left - budget, Relaxed);
        Ok(batch)
    }

    /// Records by code, as far as they stand in a stream.
    pub(super) async fn by_codes(&self, codes: &[String], what: &What) -> Result<Vec<Good>, Fault> {
        let asked: Vec<&str> = codes.iter().map(String::as_str).collect();
        let found = self.engine.by_code(self.ask, &self.light, &asked).await?;
        let mut records: Vec<u32> = found.of.into_iter().filter(|r| *r != NONE).collect();
        records.sort_unstable();
        records.dedup();
        let batch = self.relate(found.batch).await?;
        let mut good = Vec::with_capacity(records.len());
        for record in records {
            let stands = self.stands(&batch, record, what)?;
            good.extend(stands.map(|found| Good { found, whole: None }));
        }
        Ok(good)
    }

    /// Where a record stands in the list, when it stands in this stream and passes.
    fn stands(&self, batch: &Batch, record: u32, what: &What) -> Result<Option<Gathered>, Fault> {
        let engine = self.engine;
        if !self.at_home(batch, record, what).map_err(Fault::Source)? {
            return Ok(None);
        }
        if self.ask.shopper(batch.shape.entity) && !engine.visible(batch, record).map_err(Fault::Source)? {
            return Ok(None);
        }
        if !self.list.filter.passes(engine, batch, record).map_err(Fault::Source)? {
            return Ok(None);
        }
        engine.gathered(self.list, batch, record)
    }

    /// Whether a stream is the one in which a record stands.
    fn at_home(&self, batch: &Batch, record: u32, what: &What) -> Result<bool, Arc<Cause>> {
        let model = &self.engine.model;
        let served = batch.served(model, self.can.field, record)?;
        if served.is_null() {
            return Ok(matches!(what, What::Rest(Value::Null)));
        }
        let home = self.home(batch, record, served);
        let winner = || batch.merged(model, self.can.field, record).ok().and_then(|m| m.winner);
        Ok(match (what, home) {
            (What::Own, Some(source)) => source == model.entities[batch.shape.entity].decides,
            (What::Overlay(of), Some(source)) => source == *of,
            (What::Rest(value), None) => {
                value.compare(served) == Ordering::Equal && winner() == Some(Winner::Default)
            }
            (What::Site, None) => winner() == Some(Winner::Site),
            _ => false,
        })
    }

    /// The first source whose cell is the value that is served: the deciding one, then the others.
    fn home(&self, batch: &Batch, record: u32, served: &Value) -> Option<SourceId> {
        let model = &self.engine.model;
        let decides = model.entities[batch.shape.entity].decides;
        let own = self.can.own.as_ref().map(|_| decides);
        own.into_iter().chain(self.can.overlays.iter().map(|(source, _)| *source)).find(|source| match batch
            .cell(model, *source, self.can.field, record, false)
        {
            Cell::Value(Value::Bad(_)) => false,
            Cell::Value(value) => value.compare(served) == Ordering::Equal,
            _ => false,
        })
    }
}
