//! A list sorted by a merged number, date or truth value, read as sorted streams: one of each source,
//! ordered by its own cells, and one of the records for which no source has the value. A record stands in
//! the first stream whose cell is the value that is served; the others drop it. The streams are merged like
//! sorted runs until the page is full. How a source's cells can be ordered, [`streams`] tells; what a filter on
//! them tells, [`filtered`].

mod column;
mod filtered;
mod rest;
mod rows;
mod streams;

use std::{
    cmp::Ordering,
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use futures::future::{join_all, try_join_all};
use tokio::sync::OnceCell;

use self::column::Column;
use self::filtered::Cells;
pub use self::streams::Scannable;
use super::{
    batch::{Batch, Cause},
    engine::{Ask, Engine, Fault},
    gather::{Cut, Gathered, ListAsk},
    model::{OnUnknown, SourceId},
    order::Spot,
    page::Page,
    pushdown::{Must, Telling},
    shape::{Shape, has_key},
    spelling::Spelled,
};
use crate::{connectors::map::RowSource, sources::select::Predicate, value::Value};

/// Rows first read of an overlay's stream: few of them stand on one page when it is sparse.
const SPARSE: usize = 8;
/// Rows read of a stream in one statement at most.
const MOST: usize = 1_000;

/// What every stream of a scan needs.
struct Scan<'a> {
    engine: &'a Engine,
    ask: &'a Ask,
    list: &'a ListAsk<'a>,
    can: &'a Scannable,
    must: Must,
    /// What the overlays' cells must pass, in their order.
    passing: Vec<Option<Predicate>>,
    /// How codes are spelled, where it is known.
    spelled: Option<Spelled>,
    /// What deciding needs.
    light: Arc<Shape>,
    /// What the page needs: the first rows of the deciding source are read with all of it.
    full: Arc<Shape>,
    /// Values from high to low, as read.
    falling: bool,
    /// Codes from high to low, as read.
    falling_codes: bool,
    /// Whole runs of equal values are sorted here: there are further sort keys.
    runs: bool,
    /// Rows read of related records.
    related: AtomicUsize,
    /// Records of which the deciding source's cell may not be what is served, once they were asked for.
    troubled: OnceCell<Option<Vec<String>>>,
}

/// A record that stands in a stream.
struct Good {
    found: Gathered,
    /// Its record in the first batch, when it was read whole.
    whole: Option<u32>,
}

/// What a stream reads.
#[derive(Clone, Debug)]
enum What {
    /// The deciding source's rows by their own cells.
    Own,
    /// An overlay's rows by their cells.
    Overlay(SourceId),
    /// Records served this value though no source has it: nothing, or the default.
    Rest(Value),
    /// Records that the back office gave the value.
    Site,
}

/// A stream as far as it was read.
struct Stream {
    what: What,
    ready: VecDeque<Good>,
    /// Where the next rows start: after a value, and among its rows after key columns, where they are told.
    at: Option<(Value, Vec<Value>)>,
    /// Rows to ask for next.
    size: usize,
    /// What lies up to `at` was read, of an overlay `at` included.
    begun: bool,
    done: bool,
}

impl Engine {
    /// One page of a list of all records by merged streams.
    ///
    /// # Errors
    /// The deciding source does not answer; more rows than the budget; a run of equal values too long to
    /// be sorted.
    pub(super) async fn merge_scan(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        list: &ListAsk<'_>,
        can: &Scannable,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let language = shape.language.as_deref();
        let must = self
            .must_listed(ask, shape.entity, false, list.filter, language, Telling::Streams(can.field))
            .await;
        let scan = self.scan_of(ask, shape, list, can, must).await;
        let (mut good, whole) = scan.read().await?;
        let more = good.len() > list.size;
        good.truncate(list.size);
        if list.backward {
            good.reverse();
        }
        if let Some(batch) = whole
            && good.iter().all(|g| g.whole.is_some())
        {
            let records = good.iter().filter_map(|g| g.whole).collect();
            let spots = good.into_iter().map(|g| g.found.0).collect();
            return Ok((batch, vec![Page { records, spots, more, total: None }]));
        }
        let page = good.into_iter().map(|g| g.found).collect();
        self.whole(ask, shape, vec![Cut { page, more, total: None }]).await
    }

    async fn scan_of<'a>(
        &'a self,
        ask: &'a Ask,
        shape: &Arc<Shape>,
        list: &'a ListAsk<'a>,
        can: &'a Scannable,
        must: Must,
    ) -> Scan<'a> {
        let e = &self.model.entities[shape.entity];
        let field = &e.fields[can.field];
        let passing = can.overlays.iter().map(|(source, _)| async {
            let row = e.maps.get(*source).and_then(Option::as_ref)?.rows.first()?;
            let map = row.fields.get(field.name.as_str())?;
            let cells = Cells { source: *source, row, id: can.field, field, map };
            self.passing_cells(cells, list.filter, shape.language.as_deref()).await
        });
        Scan {
            passing: join_all(passing).await,
            spelled: self.spellings.get(shape.entity),
            engine: self,
            ask,
            list,
            can,
            must,
            light: Arc::new(Shape::new(self, shape.entity, list.want(), shape.language.as_deref())),
            full: shape.with_want(self, list.want()),
            falling: can.key.descending ^ list.backward,
            falling_codes: list.order.falling_codes() ^ list.backward,
            runs: list.order.width() > 1,
            related: AtomicUsize::new(0),
            troubled: OnceCell::new(),
        }
    }
}

impl Scan<'_> {
    /// The first records that pass from where the list goes on, one more than the page holds, in the order
    /// of reading; and the batch of those that were read whole.
    async fn read(&self) -> Result<(Vec<Good>, Option<Batch>), Fault> {
        let need = self.list.size + 1;
        let mut budget = self.engine.limits.scan_rows;
        let mut good: Vec<Good> = Vec::with_capacity(need);
        let mut whole = None;
        let from = self.list.from;
        let from_null = from.map(|spot| spot.values.first().is_none_or(Value::is_null));
        let nulls_first = self.can.key.nulls_first ^ self.list.backward;
        for nulls in [nulls_first, !nulls_first] {
            // The run before the one in which the list goes on is behind us.
            if from_null.is_some_and(|there| there != nulls && nulls == nulls_first) {
                continue;
            }
            let start = from.filter(|_| from_null == Some(nulls));
            let mut streams = self.streams(nulls, start).await?;
            let mut run: Vec<Good> = Vec::new();
            while good.len() < need {
                let empty = streams.iter_mut().filter(|s| s.ready.is_empty() && !s.done);
                let fetched = try_join_all(empty.map(|stream| self.fetch(stream, good.len()))).await?;
                for (rows, batch) in fetched {
                    // What was read of related records counts with them.
                    budget = budget
                        .checked_sub(rows)
                        .filter(|left| self.related.load(Relaxed) <= *left)
                        .ok_or(Fault::Budget {
                            setting: "limits.scan_rows",
                            limit: self.engine.limits.scan_rows,
                        })?;
                    if whole.is_none() {
                        whole = batch;
                    }
                }
                if streams.iter().any(|s| s.ready.is_empty() && !s.done) {
                    continue;
                }
                let heads = streams.iter_mut().filter(|s| !s.ready.is_empty());
                let next = heads.min_by(|a, b| self.compare(&a.ready[0].found.0, &b.ready[0].found.0));
                let Some(next) = next.and_then(|s| s.ready.pop_front()) else { break };
                if !self.runs {
                    if start.is_none_or(|from| self.compare(&next.found.0, from) == Ordering::Greater) {
                        good.push(next);
                    }
                    continue;
                }
                let same = run.first().is_none_or(|first: &Good| {
                    first.found.0.values[0].compare(&next.found.0.values[0]) == Ordering::Equal
                });
                if !same {
                    self.close(&mut run, start, &mut good);
                }
                run.push(next);
                if run.len() > self.engine.limits.gather {
                    return Err(self.list.too_long(self.engine, self.light.entity));
                }
            }
            self.close(&mut run, start, &mut good);
            if good.len() >= need {
                break;
            }
        }
        good.truncate(need);
        Ok((good, whole))
    }

    /// Sorts a run of equal values by the further keys.
    fn close(&self, run: &mut Vec<Good>, start: Option<&Spot>, good: &mut Vec<Good>) {
        let mut run = std::mem::take(run);
        run.sort_by(|a, b| self.whole_compare(&a.found.0, &b.found.0));
        good.extend(
            run.into_iter().filter(|g| {
                start.is_none_or(|from| self.whole_compare(&g.found.0, from) == Ordering::Greater)
            }),
        );
    }

    /// The list's order, as it is read.
    fn whole_compare(&self, a: &Spot, b: &Spot) -> Ordering {
        let order = self.list.order.compare(a, b);
        if self.list.backward { order.reverse() } else { order }
    }

    /// The streams' order, as they are read: first value, then code.
    fn compare(&self, a: &Spot, b: &Spot) -> Ordering {
        if !self.runs {
            return self.whole_compare(a, b);
        }
        let turn = |order: Ordering, falling| if falling { order.reverse() } else { order };
        let values = a.values.first().zip(b.values.first());
        let order = values.map_or(Ordering::Equal, |(a, b)| turn(a.compare(b), self.falling));
        order.then_with(|| turn(a.position.compare(&b.position), self.falling_codes))
    }

    /// The streams of the run without a value, or of the run with one, from where the list goes on.
    async fn streams(&self, nulls: bool, start: Option<&Spot>) -> Result<Vec<Stream>, Fault> {
        let stream = |what: What, size: usize| {
            let at = start.map(|spot| {
                let value = spot.values.first().cloned().unwrap_or_default();
                (value, if self.runs { Vec::new() } else { spot.position.key.clone() })
            });
            Stream { what, ready: VecDeque::new(), at, size, begun: false, done: false }
        };
        let need = self.list.size + 1;
        if nulls {
            return Ok(vec![stream(What::Rest(Value::Null), need)]);
        }
        let mut streams = Vec::new();
        if self.can.own.is_some() {
            streams.push(stream(What::Own, need));
        }
        for (source, _) in &self.can.overlays {
            let size = if self.can.own.is_some() { SPARSE } else { need };
            streams.push(stream(What::Overlay(*source), size));
        }
        if let Some(default) = &self.can.default {
            let ahead = match start.and_then(|spot| spot.values.first()) {
                None => true,
                Some(from) => {
                    let order = default.compare(from);
                    (if self.falling { order.reverse() } else { order }) != Ordering::Less
                }
            };
            if ahead {
                let mut rest = stream(What::Rest(default.clone()), need);
                // Behind the cursor only where it stands at the default itself.
                if rest.at.as_ref().is_some_and(|(value, _)| value.compare(default) != Ordering::Equal) {
                    rest.at = None;
                }
                streams.push(rest);
            }
        }
        if self.can.site {
            streams.push(self.site(stream(What::Site, 0)).await?);
        }
        let strays = |column: &Column| column.strays;
        if let Some(column) = self.can.own.as_ref().filter(|c| strays(c)) {
            let decides = self.engine.model.entities[self.light.entity].decides;
            streams.push(self.strays(stream(What::Own, 0), decides, column).await?);
        }
        for (source, column) in self.can.overlays.iter().filter(|(_, c)| strays(c)) {
            streams.push(self.strays(stream(What::Overlay(*source), 0), *source, column).await?);
        }
        Ok(streams)
    }

    /// Everything that the back office gave a value: it is gathered.
    async fn site(&self, mut stream: Stream) -> Result<Stream, Fault> {
        stream.done = true;
        let e = &self.engine.model.entities[self.light.entity];
        let Some(overrides) = &self.engine.overrides else { return Ok(stream) };
        let Ok(codes) = overrides.codes(&e.name, &e.fields[self.can.field].name).await else {
            return Ok(stream);
        };
        if codes.len() > self.engine.limits.gather {
            return Err(self.list.too_long(self.engine, self.light.entity));
        }
        self.gathered(stream, &codes).await
    }

    /// A stream of records by code: they are gathered.
    async fn gathered(&self, mut stream: Stream, codes: &[String]) -> Result<Stream, Fault> {
        stream.done = true;
        let mut found = self.by_codes(codes, &stream.what).await?;
        found.sort_by(|a, b| self.compare(&a.found.0, &b.found.0));
        stream.ready = found.into();
        Ok(stream)
    }

    /// The records whose cells in a source it does not order, and which may be values all the same.
    async fn strays(&self, mut stream: Stream, source: SourceId, column: &Column) -> Result<Stream, Fault> {
        stream.done = true;
        let cells = self.cells();
        let Some(shape) = cells.sources.get(source).and_then(Option::as_ref) else { return Ok(stream) };
        let odd = |_: usize, row: &RowSource| Some(vec![has_key(row), column.odd()?]);
        match self.engine.codes_of(self.ask, shape, odd).await {
            Ok(Some(codes)) => self.gathered(stream, &codes).await,
            Ok(None) => Err(self.list.too_long(self.engine, self.light.entity)),
            Err(cause) => self.passed_over(source, cause).map(|()| stream),
        }
    }

    /// An overlay that does not answer is passed over where the field allows it.
    fn passed_over(&self, source: SourceId, cause: Arc<Cause>) -> Result<(), Fault> {
        let e = &self.engine.model.entities[self.light.entity];
        // STALE: the list is gathered instead, and sorted by what is served.
        let fails = e.fields[self.can.field].on_unknown != OnUnknown::Fallback;
        if fails || source == e.decides { Err(Fault::Source(cause)) } else { Ok(()) }
    }
}
