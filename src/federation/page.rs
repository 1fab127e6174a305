//! Pages of merged records in CODE order: keyset reads of the source that decides existence, what
//! overlays hide or filters reject re-checked, and the page refilled until it is full, within a
//! budget of rows.

use std::{collections::HashMap, sync::Arc};

use super::{
    batch::{Batch, NONE},
    engine::{Ask, Engine, Fault},
    fetch::{key_of, row_source},
    filter::Filter,
    shape::{PageKey, PageSlots, Shape, SourceShape, Want},
};
use crate::{
    connectors::map::RowSource,
    sources::{Expr, Param, Rows, Select, Statement, select::Predicate},
    value::Value,
};

/// A position in CODE order: row source and native key.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The row source's index.
    pub row: usize,
    /// Its native key.
    pub key: Vec<Value>,
}

/// What page is wanted.
#[derive(Clone, Debug)]
pub struct PageAsk<'a> {
    /// How many records.
    pub first: usize,
    /// After this position.
    pub after: Option<Position>,
    /// Which records.
    pub filter: &'a Filter,
}

/// A page: which records of the batch, in order, and whether there are more.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Records of the batch.
    pub records: Vec<u32>,
    /// Whether more records follow.
    pub more: bool,
}

/// Rows read of each group in the first round of counting, and of one list in a round.
const COUNT_EACH: usize = 200;
const COUNT_ROUND: usize = 1000;

const SLOTS: PageSlots = PageSlots { limit: 1, after: 2 };

impl Engine {
    /// One page of all records.
    pub async fn page(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        page: &PageAsk<'_>,
    ) -> Result<(Batch, Page), Fault> {
        let (batch, pages) = self.pages(ask, shape, None, page, None).await?;
        Ok((batch, pages.into_iter().next().unwrap_or_default()))
    }

    /// One page under each parent (by the parent's code): one windowed statement and round.
    /// `held` are the inherited records of those parents, when the caller has them.
    pub async fn pages_under(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        parents: &[&str],
        page: &PageAsk<'_>,
        held: Option<&Arc<Batch>>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        self.pages(ask, shape, Some(parents), page, held).await
    }

    async fn pages(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        parents: Option<&[&str]>,
        page: &PageAsk<'_>,
        held: Option<&Arc<Batch>>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let groups = parents.map_or(1, <[&str]>::len);
        let shape = &shape.with_filter(self, page.filter);
        let rows = self.read(ask, shape, parents, page, page.first + 1).await?;
        let mut budget = self.limits.scan_rows.saturating_sub(rows.len());
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
        let mut scans = self.sort_out(ask, &batch, parents, page)?;
        let full = page.first + 1;
        if scans.iter().all(|s| s.good.len() >= full || s.read < full) {
            let pages = scans.into_iter().map(|s| s.page(page.first)).collect();
            return Ok((batch, pages));
        }
        // Some page is short although its source has more: scan on with only what deciding needs.
        let mut light = Want::default();
        page.filter.want(&mut light);
        let light = Arc::new(Shape::new(self, shape.entity, light, None));
        let mut codes: Vec<Vec<Value>> = Vec::with_capacity(groups);
        for (group, scan) in scans.iter_mut().enumerate() {
            let mut good: Vec<Value> = scan.good.iter().map(|r| batch.codes[*r as usize].clone()).collect();
            let mut last = scan.last.clone();
            let mut more = scan.read >= full;
            while good.len() < full && more {
                let size = (full * 4).clamp(100, 1000).min(budget);
                if size == 0 {
                    return Err(Fault::Budget { setting: "limits.scan_rows", limit: self.limits.scan_rows });
                }
                let next = PageAsk { first: size, after: last.clone(), filter: page.filter };
                let parent = parents.map(|p| &p[group..=group]);
                let rows = self.read(ask, &light, parent, &next, size).await?;
                budget = budget.saturating_sub(rows.len().max(1));
                let mut round = self.adopt(&light, rows);
                more = round.len() >= size;
                self.complete(ask, &mut round, held).await;
                let sorted = self.sort_out(ask, &round, parent, &next)?;
                let Some(sorted) = sorted.into_iter().next() else { break };
                good.extend(sorted.good.iter().map(|r| round.codes[*r as usize].clone()));
                last = sorted.last.or(last);
            }
            good.truncate(full);
            codes.push(good);
        }
        let wanted: Vec<&str> = codes.iter().flatten().filter_map(Value::as_str).collect();
        let found = self.by_code(ask, shape, &wanted).await?;
        let mut of = found.of.into_iter();
        let pages = codes
            .iter()
            .map(|codes| {
                let records: Vec<u32> = of.by_ref().take(codes.len()).filter(|r| *r != NONE).collect();
                Page {
                    more: records.len() > page.first,
                    records: records.into_iter().take(page.first).collect(),
                }
            })
            .collect();
        Ok((found.batch, pages))
    }

    /// Rows of the deciding source, at most `limit` per group.
    async fn read(
        &self,
        ask: &Ask,
        shape: &Shape,
        parents: Option<&[&str]>,
        page: &PageAsk<'_>,
        limit: usize,
    ) -> Result<Rows, Fault> {
        let Some(decider) = shape.decider(&self.model) else {
            return Err(Fault::Internal("no source decides existence".into()));
        };
        let select = || self.page_select(ask.shopper, shape, decider, parents.is_some(), page);
        let (statement, extra) = if page.filter.is_all() {
            let after = page.after.as_ref().map(|a| a.row);
            let key = PageKey { shopper: ask.shopper, windowed: parents.is_some(), after };
            (decider.page_statement(key, || select().0), Vec::new())
        } else {
            let (select, extra) = select();
            (Arc::new(Statement::new(select)), extra)
        };
        if statement.select.branches.is_empty() {
            return Ok(Rows::default());
        }
        let mut params = vec![
            Param::Keys(parents.unwrap_or(&[]).iter().map(|p| Box::from([Value::text(*p)])).collect()),
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
            let group = decider.columns.parent.filter(|_| parents.is_some());
            keep_first(&mut rows, limit, group);
        }
        Ok(rows)
    }

    /// The select of a page or window, and the parameters of its filter.
    pub fn page_select(
        &self,
        shopper: bool,
        shape: &Shape,
        decider: &SourceShape,
        windowed: bool,
        page: &PageAsk<'_>,
    ) -> (Select, Vec<Param>) {
        let start = page.after.as_ref().map_or(0, |a| a.row);
        let params = std::cell::RefCell::new(Vec::new());
        let base = SLOTS.after + decider.columns.keys;
        let extra = |i: usize, row: &RowSource| {
            let mut predicates = Vec::new();
            if shopper {
                predicates.extend(on_the_web(row));
            }
            let more = page.filter.necessary(
                &self.model,
                decider,
                shape.entity,
                (i, row),
                base,
                &mut params.borrow_mut(),
            );
            predicates.extend(more);
            Some(predicates)
        };
        let after = page.after.is_some();
        let select = if windowed {
            decider.window(start, after, SLOTS, extra)
        } else {
            decider.page(start, after, SLOTS, extra)
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
            if ask.shopper && !visible {
                continue;
            }
            if page.filter.passes(&self.model, batch, record, visible).map_err(Fault::Source)? {
                scan.good.push(record);
            }
        }
        for (scan, last) in scans.iter_mut().zip(last) {
            scan.last = self.position(batch, last);
        }
        Ok(scans)
    }

    /// How many records there are, exactly.
    pub async fn count(
        &self,
        ask: &Ask,
        entity: usize,
        parents: Option<&[&str]>,
        filter: &Filter,
    ) -> Result<Vec<usize>, Fault> {
        let mut want = Want::default();
        filter.want(&mut want);
        let light = Arc::new(Shape::new(self, entity, want, None));
        let mut budget = self.limits.scan_rows;
        // The first round is one statement for all groups; few groups have more than it brings.
        let size = if parents.is_some() { COUNT_EACH } else { COUNT_ROUND };
        let first = PageAsk { first: size, after: None, filter };
        let scans = self.count_round(ask, &light, parents, &first, &mut budget).await?;
        let mut counts = Vec::with_capacity(scans.len());
        for (group, scan) in scans.into_iter().enumerate() {
            let mut count = scan.good.len();
            let (mut after, mut more) = (scan.last, scan.read >= size);
            while more {
                let page = PageAsk { first: COUNT_ROUND, after: after.clone(), filter };
                let parent = parents.map(|p| &p[group..=group]);
                let round = self.count_round(ask, &light, parent, &page, &mut budget).await?;
                let Some(scan) = round.into_iter().next() else { break };
                count += scan.good.len();
                more = scan.read >= COUNT_ROUND;
                after = scan.last;
            }
            counts.push(count);
        }
        Ok(counts)
    }

    /// One round of counting, within the budget of rows.
    async fn count_round(
        &self,
        ask: &Ask,
        light: &Arc<Shape>,
        parents: Option<&[&str]>,
        page: &PageAsk<'_>,
        budget: &mut usize,
    ) -> Result<Vec<Scan>, Fault> {
        let rows = self.read(ask, light, parents, page, page.first).await?;
        let Some(left) = budget.checked_sub(rows.len()) else {
            return Err(Fault::Budget { setting: "limits.scan_rows", limit: self.limits.scan_rows });
        };
        *budget = left;
        let mut batch = self.adopt(light, rows);
        self.complete(ask, &mut batch, None).await;
        self.sort_out(ask, &batch, parents, page)
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

#[derive(Debug, Default)]
struct Scan {
    good: Vec<u32>,
    read: usize,
    last: Option<Position>,
}

impl Scan {
    fn page(self, first: usize) -> Page {
        let more = self.good.len() > first;
        Page { more, records: self.good.into_iter().take(first).collect() }
    }
}

/// What the deciding source says of the web, as conditions.
pub fn on_the_web(row: &RowSource) -> Vec<Predicate> {
    let visible = row.visible.clone().map(Predicate::Expr);
    let closed = row.closed.clone().map(|c| Predicate::Expr(Expr::Not(Box::new(c))));
    visible.into_iter().chain(closed).collect()
}
