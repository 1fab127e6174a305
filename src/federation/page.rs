//! Pages of merged records in CODE order: keyset reads of the source that decides existence, what
//! overlays hide or filters reject re-checked, and the page refilled until it is full, within a
//! budget of rows.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use super::{
    batch::{Batch, NONE},
    engine::{Ask, Engine, Fault},
    fetch::{key_of, row_source},
    filter::Filter,
    model::EntityId,
    order::Spot,
    pushdown::Must,
    shape::{PageKey, PageSlots, Shape, SourceShape, Want, after_key, has_key},
};
use crate::{
    connectors::map::RowSource,
    sources::{Param, Rows, Select, Statement, expr::CastType, select::Predicate},
    value::{KeyCompare, Value},
};

/// A position in CODE order: row source and native key.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The row source's index.
    pub row: usize,
    /// Its native key.
    pub key: Vec<Value>,
}

impl Position {
    /// Which comes first in CODE order.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.row.cmp(&other.row).then_with(|| {
            let pairs = self.key.iter().zip(&other.key);
            pairs.fold(Ordering::Equal, |order, (x, y)| order.then_with(|| x.compare(y)))
        })
    }
}

/// What page is wanted, in CODE order.
#[derive(Clone, Debug)]
pub struct PageAsk<'a> {
    /// How many records.
    pub first: usize,
    /// After this position (`backward`: before it).
    pub after: Option<Position>,
    /// From the end: the page's records come in the opposite order.
    pub backward: bool,
    /// Which records.
    pub filter: &'a Filter,
    /// What the deciding source's rows of them fulfil.
    pub must: &'a Must,
    /// Only up to this code, of a source with one table and one key column.
    pub until: Option<&'a str>,
}

/// A page: which records of the batch, in order, and whether there are more.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Records of the batch.
    pub records: Vec<u32>,
    /// Whether more records follow (or, of a page read backward, come before).
    pub more: bool,
    /// Where each record stands, in an order that is not CODE's.
    pub spots: Vec<Spot>,
    /// How many records the whole list has, when reading the page told.
    pub total: Option<usize>,
}

/// The parents whose pages are read.
#[derive(Clone, Copy, Debug)]
pub struct Under<'a> {
    /// The parents, by code.
    pub parents: &'a [&'a str],
    /// How far each has come, when they differ; empty: all go on from the page's own position.
    pub afters: &'a [Option<Position>],
}

impl<'a> Under<'a> {
    /// All parents from the page's own position.
    pub fn first(parents: &'a [&'a str]) -> Self {
        Self { parents, afters: &[] }
    }

    /// Rows of a row source that come after their own parent's position: `None` when none can.
    fn after(
        &self,
        (i, row): (usize, &RowSource),
        backward: bool,
        base: usize,
        params: &mut Vec<Param>,
    ) -> Option<Predicate> {
        let parent = row.parent.clone()?;
        let mut any = Vec::new();
        for (code, after) in self.parents.iter().zip(self.afters) {
            if after.as_ref().is_some_and(|a| if backward { a.row < i } else { a.row > i }) {
                continue;
            }
            params.push(Param::Keys(std::iter::once(Box::from([Value::text(*code)])).collect()));
            let of_parent = Predicate::In {
                exprs: vec![parent.clone()],
                types: vec![CastType::Text(0)],
                slot: base + params.len() - 1,
            };
            any.push(match after.as_ref().filter(|a| a.row == i) {
                None => of_parent,
                Some(after) => {
                    let first = base + params.len();
                    params.extend(after.key.iter().cloned().map(Param::Value));
                    Predicate::And(vec![of_parent, after_key(row, first, backward)])
                }
            });
        }
        (!any.is_empty()).then_some(Predicate::Or(any))
    }
}

/// How far the page of one group has come.
struct Progress {
    good: Vec<(Value, Position)>,
    after: Option<Position>,
    more: bool,
}

/// Groups that go on in one statement: databases limit the depth of an expression.
pub const GROUPS_EACH: usize = 50;

/// Rows read of one list in a round.
pub(super) const ROUND: usize = 1000;

const SLOTS: PageSlots = PageSlots { limit: 1, after: 2 };

impl Engine {
    /// One page of all records (`parents`: none), or one under each parent (by the parent's code) in
    /// one windowed statement and round. `held` are the inherited records of those parents, when the
    /// caller has them.
    pub(super) async fn pages(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        parents: Option<&[&str]>,
        page: &PageAsk<'_>,
        held: Option<&Arc<Batch>>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let groups = parents.map_or(1, <[&str]>::len);
        let (own, shape) = (shape, &shape.with_filter(self, page.filter));
        let full = page.first + 1;
        let mut budget = self.limits.scan_rows;
        // Somewhat more codes than records: not all of them pass.
        let from = (page.after.as_ref(), page.backward);
        let mut front = self.front(ask, page.must, from, full + page.first / 2);
        front.advance(&mut budget).await?;
        let part = PageAsk { must: front.must(), until: front.until(), ..page.clone() };
        let rows = self.read(ask, shape, parents.map(Under::first), &part, full).await?;
        budget = budget.saturating_sub(rows.len());
        let mut batch = self.adopt(shape, rows);
        let checked = shape.decider(&self.model).is_some_and(|d| d.doubles.is_some());
        let codes = if checked { batch.codes.clone() } else { Vec::new() };
        let (doubled, ()) =
            futures::join!(self.doubles(ask, shape, &codes), self.complete(ask, &mut batch, held));
        let doubled = doubled.map_err(Fault::Source)?;
        if !doubled.is_empty() {
            let compare = self.compare(shape.entity);
            let records = (0u32..).zip(&codes);
            let hit = records.filter(|(_, c)| doubled.contains(&*compare.fold(c.as_str().unwrap_or(""))));
            batch.doubled.extend(hit.map(|(record, _)| record));
        }
        let batch = self.relate(ask, batch, page.filter, &mut budget).await?;
        let scans = self.sort_out(ask, &batch, parents, page)?;
        let ended = front.until().is_none();
        if scans.iter().all(|s| s.good.len() >= full || (ended && s.read < full)) {
            let pages = scans.into_iter().map(|s| s.page(page.first)).collect();
            return Ok((batch, pages));
        }
        // Some page is short although its source has more: scan on with only what deciding needs.
        let mut light = Want::default();
        page.filter.want(&mut light);
        let light = Arc::new(Shape::new(self, shape.entity, light, shape.language.as_deref()));
        let mut progress: Vec<Progress> = scans
            .iter()
            .map(|scan| Progress {
                good: self.placed(&batch, &scan.good).collect(),
                after: if scan.read < full { front.end() } else { scan.last.clone() },
                more: scan.read >= full || !ended,
            })
            .collect();
        // There are parts in a list of all records only: one group.
        let mut passed = scans.iter().all(|scan| scan.read < full);
        loop {
            let open: Vec<usize> = (0..groups)
                .filter(|g| progress[*g].more && progress[*g].good.len() < full)
                .take(GROUPS_EACH)
                .collect();
            if open.is_empty() {
                break;
            }
            if std::mem::take(&mut passed) && front.until().is_some() {
                front.advance(&mut budget).await?;
            }
            let size = (full * 4).clamp(100, ROUND).min((budget / open.len()).max(1));
            let at: Vec<_> = open.iter().map(|g| progress[*g].after.clone()).collect();
            let part = PageAsk { must: front.must(), until: front.until(), ..page.clone() };
            let (round, scans) =
                self.go_on(ask, &light, (parents, &open), &at, &part, size, &mut budget, held).await?;
            for (g, scan) in open.into_iter().zip(scans) {
                let state = &mut progress[g];
                state.good.extend(self.placed(&round, &scan.good));
                let end = front.end().filter(|_| scan.read < size);
                passed = end.is_some();
                state.more = scan.read >= size || passed;
                state.after = end.or(scan.last).or(state.after.take());
            }
        }
        let good: Vec<Vec<(Value, Position)>> =
            progress.into_iter().map(|p| p.good.into_iter().take(full).collect()).collect();
        let wanted: Vec<_> =
            good.iter().flatten().map(|(code, at)| (code.as_str().unwrap_or(""), at)).collect();
        let found = self.by_place(ask, own, &wanted).await?;
        let mut of = found.of.into_iter();
        let pages = good
            .iter()
            .map(|good| {
                let records: Vec<u32> = of.by_ref().take(good.len()).filter(|r| *r != NONE).collect();
                Page {
                    more: records.len() > page.first,
                    records: records.into_iter().take(page.first).collect(),
                    ..Page::default()
                }
            })
            .collect();
        Ok((found.batch, pages))
    }

    /// Rows of the deciding source, at most `limit` per group. Groups that have come to different
    /// positions go on from their own, still in one statement.
    async fn read(
        &self,
        ask: &Ask,
        shape: &Shape,
        under: Option<Under<'_>>,
        page: &PageAsk<'_>,
        limit: usize,
    ) -> Result<Rows, Fault> {
        let Some(decider) = shape.decider(&self.model) else {
            return Err(Fault::Internal("no source decides existence".into()));
        };
        let select = || self.page_select(ask.shopper(shape.entity), decider, under, page);
        let apart = under.is_some_and(|u| !u.afters.is_empty());
        let (statement, extra) =
            if page.filter.is_all() && page.must.is_any() && page.until.is_none() && !apart {
                let after = page.after.as_ref().map(|a| a.row);
                let key = PageKey {
                    shopper: ask.shopper(shape.entity),
                    windowed: under.is_some(),
                    after,
                    backward: page.backward,
                };
                (decider.page_statement(key, || select().0), Vec::new())
            } else {
                let (select, extra) = select();
                (Arc::new(Statement::new(select)), extra)
            };
        if statement.select.branches.is_empty() {
            return Ok(Rows::default());
        }
        let mut params = vec![
            Param::Keys(
                under.map_or(&[][..], |u| u.parents).iter().map(|p| Box::from([Value::text(*p)])).collect(),
            ),
            Param::Value(Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))),
        ];
        let keys =
            page.after.iter().flat_map(|a| a.key.iter().cloned()).chain(std::iter::repeat(Value::Null));
        params.extend(keys.take(decider.columns.keys).map(Param::Value));
        params.extend(extra);
        let mut rows =
            self.rows(ask, shape.entity, decider, &statement, &params).await.map_err(Fault::Source)?;
        if decider.map.rows.len() > 1 {
            // Each row source gave up to the limit; the page is the first of them all, in order.
            let group = decider.columns.parent.filter(|_| under.is_some());
            keep_first(&mut rows, limit, group);
        }
        Ok(rows)
    }

    /// The select of a page or window, and the parameters of its filter.
    pub fn page_select(
        &self,
        shopper: bool,
        decider: &SourceShape,
        under: Option<Under<'_>>,
        page: &PageAsk<'_>,
    ) -> (Select, Vec<Param>) {
        let params = std::cell::RefCell::new(Vec::new());
        let base = SLOTS.after + decider.columns.keys;
        let apart = under.filter(|u| !u.afters.is_empty());
        let extra = |i: usize, row: &RowSource| {
            let mut predicates = vec![has_key(row)];
            if shopper {
                predicates.extend(self.on_the_web(decider.entity, row));
            }
            let mut params = params.borrow_mut();
            predicates.extend(page.must.predicate((i, row), base, &mut params));
            if let (Some(until), Some(column)) = (page.until, SourceShape::order(row, page.backward).pop()) {
                params.push(Param::Value(Value::text(until)));
                predicates.push(Predicate::UpTo { column, slot: base + params.len() - 1 });
            }
            if let Some(under) = apart {
                predicates.push(under.after((i, row), page.backward, base, &mut params)?);
            }
            Some(predicates)
        };
        // Where positions differ, each group's predicate says where it goes on.
        let held = page.after.as_ref().filter(|_| apart.is_none());
        let from = held.map(|a| a.row);
        let select = if under.is_some() {
            decider.window(from, page.backward, SLOTS, extra)
        } else {
            decider.page(from, page.backward, SLOTS, extra)
        };
        (select, params.into_inner())
    }

    /// Which records of a batch belong to which group's page, in order.
    fn sort_out(
        &self,
        ask: &Ask,
        batch: &Batch,
        parents: Option<&[&str]>,
        page: &PageAsk<'_>,
    ) -> Result<Vec<Scan>, Fault> {
        let decides = self.model.entities[batch.shape.entity].decides;
        let decider = batch.shape.sources.get(decides).and_then(Option::as_ref);
        let compare = self.compare(batch.shape.entity);
        let groups: Option<HashMap<_, usize>> =
            parents.map(|p| p.iter().enumerate().map(|(i, c)| (compare.fold(c), i)).collect());
        let mut scans: Vec<Scan> = (0..parents.map_or(1, <[&str]>::len)).map(|_| Scan::default()).collect();
        let mut last = vec![NONE; scans.len()];
        for record in 0..u32::try_from(batch.len()).unwrap_or(0) {
            let row = batch.row(decides, record);
            let group = match &groups {
                None => Some(0),
                Some(groups) => {
                    let parent = decider.and_then(|d| d.columns.parent).and_then(|c| row?.get(c)?.as_str());
                    parent.and_then(|p| groups.get(&compare.fold(p)).copied())
                }
            };
            let Some((scan, last)) = group.and_then(|g| scans.get_mut(g).zip(last.get_mut(g))) else {
                continue;
            };
            scan.read += 1;
            if row.is_some() {
                *last = record;
            }
            let visible = self.visible(batch, record).map_err(Fault::Source)?;
            if ask.shopper(batch.shape.entity) && !visible {
                continue;
            }
            if page.filter.passes(self, batch, record).map_err(Fault::Source)? {
                scan.good.push(record);
            }
        }
        for (scan, last) in scans.iter_mut().zip(last) {
            scan.last = self.position(batch, last);
        }
        Ok(scans)
    }

    /// A further round over some groups, each from its own position (`at`, empty: from the start), within the budget
    /// of rows.
    #[allow(clippy::too_many_arguments)]
    pub(super) async fn go_on(
        &self,
        ask: &Ask,
        light: &Arc<Shape>,
        (parents, open): (Option<&[&str]>, &[usize]),
        at: &[Option<Position>],
        list: &PageAsk<'_>,
        size: usize,
        budget: &mut usize,
        held: Option<&Arc<Batch>>,
    ) -> Result<(Batch, Vec<Scan>), Fault> {
        let spent = Fault::Budget { setting: "limits.scan_rows", limit: self.limits.scan_rows };
        let page = PageAsk { first: size, after: at.first().cloned().flatten(), ..*list };
        let asked: Option<Vec<&str>> = parents.map(|p| open.iter().map(|g| p[*g]).collect());
        let under = asked.as_deref().map(|parents| Under { parents, afters: at });
        if *budget == 0 {
            return Err(spent);
        }
        let rows = self.read(ask, light, under, &page, size).await?;
        *budget = budget.checked_sub(rows.len()).ok_or(spent)?;
        let mut round = self.adopt(light, rows);
        self.complete(ask, &mut round, held).await;
        let round = self.relate(ask, round, page.filter, budget).await?;
        let scans = self.sort_out(ask, &round, asked.as_deref(), &page)?;
        Ok((round, scans))
    }

    /// Where records stand in CODE order, and their codes as the deciding source spells them, by the codes that
    /// another source has of them, as keys compare. It is asked only where its spelling does not follow from
    /// theirs; then there are none of codes that it does not have.
    ///
    /// # Errors
    /// The deciding source does not answer.
    pub async fn standing(
        &self,
        ask: &Ask,
        entity: EntityId,
        codes: &[&str],
    ) -> Result<HashMap<String, (Position, String)>, Fault> {
        let compare = self.compare(entity);
        let shape = Arc::new(Shape::new(self, entity, Want::default(), None));
        let Some(decider) = shape.decider(&self.model) else { return Ok(HashMap::new()) };
        let at = |code: &str| {
            let rows = (0..).zip(&decider.map.rows);
            rows.into_iter().find_map(|(row, r)| Some(Position { row, key: r.code.decode(code, &r.key)? }))
        };
        // A row with a code of its own stands by another key than the code tells.
        let told = decider.map.rows.len() == 1 && decider.map.rows.iter().all(|row| row.code.own.is_none());
        if self.spellings.get(entity).is_some() || (told && compare == KeyCompare::Binary) {
            // What is folded is spelled so.
            let known = codes.iter().map(|code| compare.fold(code).into_owned());
            return Ok(known.filter_map(|code| Some((code.clone(), (at(&code)?, code)))).collect());
        }
        let mut asked: Vec<&str> = codes.iter().copied().filter(|code| !code.trim().is_empty()).collect();
        asked.sort_unstable();
        let keys = asked.iter().map(|c| Box::from([Value::text(*c)])).collect();
        let rows =
            self.rows_by_code(ask, entity, decider, &asked, &keys, &[]).await.map_err(Fault::Source)?;
        let batch = self.adopt(&shape, rows);
        let records = 0..u32::try_from(batch.len()).unwrap_or(0);
        Ok(records
            .filter_map(|record| {
                let code = batch.code(record).to_owned();
                Some((compare.fold(&code).into_owned(), (self.position(&batch, record)?, code)))
            })
            .collect())
    }

    /// The codes of some records, and where they stand.
    fn placed<'a>(
        &'a self,
        batch: &'a Batch,
        records: &'a [u32],
    ) -> impl Iterator<Item = (Value, Position)> + 'a {
        records
            .iter()
            .filter_map(|r| Some((batch.codes.get(*r as usize)?.clone(), self.position(batch, *r)?)))
    }

    /// The position of a record in CODE order, for cursors.
    pub fn position(&self, batch: &Batch, record: u32) -> Option<Position> {
        let (row, key) = self.place(batch, record)?;
        Some(Position { row, key: key.to_vec() })
    }

    /// Where a record stands in CODE order: its row source and native key.
    pub fn place<'a>(&self, batch: &'a Batch, record: u32) -> Option<(usize, &'a [Value])> {
        let decides = self.model.entities[batch.shape.entity].decides;
        let decider = batch.shape.sources.get(decides)?.as_ref()?;
        let row = batch.row(decides, record)?;
        let Some(Value::Int(n)) = row.first() else { return None };
        Some((usize::try_from(*n).ok()?, key_of(row_source(decider, row)?, row)))
    }
}

/// Keeps the first rows of each group (by a column; `None`: of all).
fn keep_first(rows: &mut Rows, limit: usize, group: Option<usize>) {
    let Some(group) = group else {
        rows.cells.truncate(limit.saturating_mul(rows.width));
        return;
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    let width = rows.width;
    let cells = std::mem::take(&mut rows.cells);
    let mut cells = cells.into_iter();
    while cells.len() > 0 {
        let row: Vec<Value> = cells.by_ref().take(width).collect();
        let key = row.get(group).and_then(Value::as_str).unwrap_or("").to_owned();
        let count = seen.entry(key).or_default();
        *count += 1;
        if *count <= limit {
            rows.cells.extend(row);
        }
    }
}

/// What one round read of a group.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The records that pass.
    pub(super) good: Vec<u32>,
    /// Rows read.
    pub(super) read: usize,
    /// Where the next round goes on.
    pub(super) last: Option<Position>,
}

impl Scan {
    fn page(self, first: usize) -> Page {
        let more = self.good.len() > first;
        Page { more, records: self.good.into_iter().take(first).collect(), ..Page::default() }
    }
}
