//! Lists in any order: every record that passes is read with only what filter and sort need of it,
//! sorted here by merged values, and the page's records are then read whole. Exact, and bounded by
//! `limits.gather` records of one list; CODE order needs none of it.

use std::{cmp::Ordering, sync::Arc};

use super::{
    batch::{Batch, NONE},
    engine::{Ask, Engine, Fault},
    filter::Filter,
    model::OnUnknown,
    order::{Folded, Order, Spot},
    page::{Page, PageAsk},
    planner::{Scope, Way},
    pushdown::Telling,
    shape::{Shape, Want},
};
use crate::telemetry::metrics;

/// What page of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub struct ListAsk<'a> {
    /// How many records.
    pub size: usize,
    /// After this place, or before it.
    pub from: Option<&'a Spot>,
    /// The last records (before `from`) instead of the first (after it).
    pub backward: bool,
    /// In which order.
    pub order: &'a Order,
    /// Which records.
    pub filter: &'a Filter,
}

/// A record that was gathered: where it stands, and its code.
pub type Gathered = (Spot, String);

impl ListAsk<'_> {
    /// Whether the deciding source can page it by itself.
    pub fn keyset(&self) -> bool {
        self.order.is_code()
    }

    /// Whether it is read from high codes to low, where codes alone order it.
    pub fn falling(&self) -> bool {
        self.backward ^ self.order.falling_codes()
    }

    /// What is read of each record to find the page.
    pub fn want(&self) -> Want {
        let mut want = Want::default();
        self.filter.want(&mut want);
        self.order.want(&mut want);
        want
    }

    /// The fault of a list that is longer than what may be gathered.
    pub fn too_long(&self, engine: &Engine, entity: usize) -> Fault {
        match self.order.needs_index(&engine.model, entity) {
            Some(field) => Fault::NeedsIndex { field, limit: engine.limits.gather },
            None => Fault::Budget { setting: "limits.gather", limit: engine.limits.gather },
        }
    }

    /// Sorts what was gathered and cuts the page out of it.
    pub fn cut(&self, all: Vec<Gathered>) -> Cut {
        let total = all.len();
        let mut all: Vec<(Folded, Gathered)> = all.into_iter().map(|g| (Order::folded(&g.0), g)).collect();
        all.sort_by(|(a, x), (b, y)| self.order.compare_folded((&x.0, a), (&y.0, b)));
        let side = if self.backward { Ordering::Less } else { Ordering::Greater };
        if let Some(from) = self.from {
            let folded = Order::folded(from);
            all.retain(|(f, g)| self.order.compare_folded((&g.0, f), (from, &folded)) == side);
        }
        let mut all: Vec<Gathered> = all.into_iter().map(|(_, gathered)| gathered).collect();
        let more = all.len() > self.size;
        if self.backward {
            all.drain(..all.len().saturating_sub(self.size));
        } else {
            all.truncate(self.size);
        }
        Cut { page: all, more, total: Some(total) }
    }
}

/// A page cut out of a whole list.
#[derive(Debug, Default)]
pub struct Cut {
    /// Its records, in order.
    pub page: Vec<Gathered>,
    /// Whether there are more on its far side.
    pub more: bool,
    /// How many records the list has, when reading it told.
    pub total: Option<usize>,
}

impl Engine {
    /// One page of a list of all records (`parents`: none), or one under each parent.
    ///
    /// # Errors
    /// The deciding source does not answer; more rows than the budget; a list too long to be sorted.
    pub async fn list(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        parents: Option<&[&str]>,
        list: &ListAsk<'_>,
        held: Option<&Arc<Batch>>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let scope = if parents.is_some() { Scope::Parents } else { Scope::All };
        let plan = self.plan(ask, shape.entity, list, scope).await;
        metrics::list(plan.strategy());
        if let Some(journal) = &ask.moment.journal {
            journal.here(|level| plan.note(self, shape.entity, list.order, level));
        }
        let read = || async {
            match &plan.way {
                Way::Page => self.keyset(ask, shape, parents, list, held).await,
                Way::MergeScan(can) => match self.merge_scan(ask, shape, list, can).await {
                    // By cells of earlier on no source can sort.
                    Err(Fault::Source(_)) if self.sorts_stale(shape.entity, can.field) => {
                        self.gather(ask, shape, parents, list).await
                    }
                    found => found,
                },
                Way::Gather => self.gather(ask, shape, parents, list).await,
            }
        };
        let spelled = self.spellings.get(shape.entity);
        let pages = read().await;
        // A code was read that is spelled otherwise than declared: what that was trusted for is read anew.
        if self.spellings.get(shape.entity) == spelled { pages } else { read().await }
    }

    /// Whether cells of earlier on may stand in for the field that a list is sorted by.
    fn sorts_stale(&self, entity: usize, field: usize) -> bool {
        self.model.entities[entity].fields[field].on_unknown == OnUnknown::Stale
    }

    /// Pages in CODE order.
    async fn keyset(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        parents: Option<&[&str]>,
        list: &ListAsk<'_>,
        held: Option<&Arc<Batch>>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let after = list.from.map(|spot| spot.position.clone());
        let under = parents.is_some();
        let telling = if under { Telling::Whole } else { Telling::Windows };
        let language = shape.language.as_deref();
        let must = self.must_listed(ask, shape.entity, under, list.filter, language, telling).await;
        let page = PageAsk {
            first: list.size,
            after,
            backward: list.falling(),
            filter: list.filter,
            must: &must,
            until: None,
        };
        let (batch, mut pages) = self.pages(ask, shape, parents, &page, held).await?;
        if list.backward {
            pages.iter_mut().for_each(|page| page.records.reverse());
        }
        Ok((batch, pages))
    }

    /// Pages of lists that are read whole and sorted here.
    async fn gather(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        parents: Option<&[&str]>,
        list: &ListAsk<'_>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let light = Arc::new(Shape::new(self, shape.entity, list.want(), shape.language.as_deref()));
        let mut groups: Vec<Vec<Gathered>> = vec![Vec::new(); parents.map_or(1, <[&str]>::len)];
        self.scan(ask, &light, parents, list.filter, |group, batch, records| {
            let group = &mut groups[group];
            for record in records {
                group.extend(self.gathered(list, batch, *record)?);
            }
            if group.len() > self.limits.gather { Err(list.too_long(self, shape.entity)) } else { Ok(()) }
        })
        .await
        .map_err(|fault| match fault {
            Fault::Budget { setting: "limits.scan_rows", .. }
                if list.order.needs_index(&self.model, shape.entity).is_some() =>
            {
                list.too_long(self, shape.entity)
            }
            other => other,
        })?;
        let cuts: Vec<Cut> = groups.into_iter().map(|all| list.cut(all)).collect();
        self.whole(ask, shape, cuts).await
    }

    /// Where a record that passes stands, and its code.
    pub fn gathered(
        &self,
        list: &ListAsk<'_>,
        batch: &Batch,
        record: u32,
    ) -> Result<Option<Gathered>, Fault> {
        let spot = self.spot(list.order, batch, record).map_err(Fault::Source)?;
        Ok(spot.map(|spot| (spot, batch.code(record).to_owned())))
    }

    /// Reads the records of some pages whole.
    pub async fn whole(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        cuts: Vec<Cut>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let places: Vec<_> = cuts
            .iter()
            .flat_map(|c| c.page.iter().map(|(spot, code)| (code.as_str(), &spot.position)))
            .collect();
        let found = self.by_place(ask, shape, &places).await?;
        let mut of = found.of.into_iter();
        let pages = cuts
            .into_iter()
            .map(|cut| {
                let here = of.by_ref().take(cut.page.len());
                // One that has gone since it was gathered is left out.
                let (records, spots) =
                    here.zip(cut.page).filter(|(r, _)| *r != NONE).map(|(r, (spot, _))| (r, spot)).unzip();
                Page { records, spots, more: cut.more, total: cut.total }
            })
            .collect();
        Ok((found.batch, pages))
    }
}
