//! Filters by what hangs on a record: the departments it is placed in, and the records that inherit from
//! it. What they need beyond the record itself is read before a batch is decided: the departments once for
//! a list ([`Under`], by the catalogue), the inheriting records batch by batch ([`Engine::relate`]), one
//! windowed statement for all of a batch's records and round, and only for those whose fate depends on it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use futures::future::{BoxFuture, FutureExt};
use tokio::sync::OnceCell;

use super::{
    batch::{Batch, Cause, NONE},
    computed::Computed,
    engine::{Ask, Engine, Fault},
    filter::{Filter, Test},
    model::{EntityId, Model},
    page::{GROUPS_EACH, PageAsk, Position},
    pushdown::Must,
    pushdown::Telling,
    shape::{Shape, Want},
};
use crate::value::{KeyCompare, Value};

/// Rows first read under each record: one tells where everything passes, most records have few.
const ANY: usize = 2;
const SOME: usize = 20;
/// Rows read under one record in a round at most.
const ROUND: usize = 1000;

/// A filter by where in the tree of departments a record is placed.
#[derive(Debug)]
pub struct Under {
    /// The codes of the departments at the top.
    pub codes: Vec<Arc<str>>,
    /// The list of placements, and its column of departments. `None`: of departments themselves.
    pub list: Option<(usize, usize)>,
    /// What the codes mean; told before anything is read.
    pub subtree: OnceLock<Subtree>,
    /// The codes of all records that may be placed there, when somebody asked. `None`: too many, or nobody knows.
    pub candidates: OnceLock<Option<Arc<[String]>>>,
}

/// Some departments and everything below them.
#[derive(Debug)]
pub struct Subtree {
    /// The codes of its departments, folded.
    pub departments: HashSet<String>,
    /// How they are folded.
    pub compare: KeyCompare,
}

impl Subtree {
    /// Whether a department is one of them.
    pub fn has(&self, department: &str) -> bool {
        self.departments.contains(&*self.compare.fold(department))
    }
}

impl PartialEq for Under {
    fn eq(&self, other: &Self) -> bool {
        self.codes == other.codes && self.list == other.list
    }
}

impl Under {
    /// A filter whose department has yet to be looked for.
    pub fn new(codes: Vec<Arc<str>>, list: Option<(usize, usize)>) -> Self {
        Self { codes, list, subtree: OnceLock::new(), candidates: OnceLock::new() }
    }

    /// Whether a record passes, by its merged placements.
    ///
    /// # Errors
    /// The list cannot be known.
    pub fn passes(&self, model: &Model, batch: &Batch, record: u32) -> Result<bool, Arc<Cause>> {
        let Some(subtree) = self.subtree.get() else {
            return Err(Arc::new(Cause {
                source: "departments".into(),
                code: "UNREAD",
                message: format!("nobody looked for the department `{}`", self.codes.join("`, `")),
            }));
        };
        if subtree.departments.is_empty() {
            return Ok(false);
        }
        let Some((list, column)) = self.list else { return Ok(subtree.has(batch.code(record))) };
        let placements = batch.list(model, list, record)?;
        Ok(placements.items.iter().any(|item| {
            let department = item.fields.get(column).and_then(Value::as_str);
            department.is_some_and(|d| subtree.has(d))
        }))
    }
}

/// A filter by the records that inherit from a record (an article's references): one that the viewer may
/// see must pass.
#[derive(Debug)]
pub struct Related {
    /// Their entity.
    pub entity: EntityId,
    /// What one of them must pass.
    pub filter: Filter,
    /// What deciding that needs of the record itself.
    inherited: Want,
    /// The codes of all records that may have such a one. `None`: nothing is told.
    pub candidates: OnceLock<Option<Arc<[String]>>>,
    /// What is read of them.
    light: OnceLock<Arc<Shape>>,
    /// What the sources can leave out of them.
    must: OnceCell<Must>,
}

impl PartialEq for Related {
    fn eq(&self, other: &Self) -> bool {
        self.entity == other.entity && self.filter == other.filter
    }
}

impl Related {
    /// A filter by the records of an entity.
    pub fn new(model: &Model, entity: EntityId, filter: Filter) -> Self {
        let mut want = Want::default();
        filter.want(&mut want);
        want.close(model, entity);
        let inherited = want.inherited.map(|w| *w).unwrap_or_default();
        Self {
            entity,
            filter,
            inherited,
            candidates: OnceLock::new(),
            light: OnceLock::new(),
            must: OnceCell::new(),
        }
    }

    /// What is read of the related records, in a language (`None`: the shop's first).
    pub fn shape(&self, engine: &Engine, language: Option<&str>) -> Arc<Shape> {
        let make = || {
            let mut want = Want::default();
            self.filter.want(&mut want);
            Arc::new(Shape::new(engine, self.entity, want, language))
        };
        self.light.get_or_init(make).clone()
    }

    /// The codes of which one must be a related record's.
    pub fn codes(&self) -> Option<Vec<&str>> {
        codes(&self.filter)
    }
}

/// The codes of which one must be a record's that passes a filter.
fn codes(filter: &Filter) -> Option<Vec<&str>> {
    match filter {
        Filter::Code(Test::In(values)) => Some(values.iter().filter_map(Value::as_str).collect()),
        Filter::And(all) => all.iter().find_map(codes),
        _ => None,
    }
}

/// What [`Engine::relate`] found out of a batch's records, by filter.
#[derive(Debug, Default)]
pub struct Answers(HashMap<usize, HashMap<u32, bool>>);

impl Answers {
    /// Whether a record has a related one that passes; `None` where nobody asked.
    fn of(&self, related: &Arc<Related>, record: u32) -> Option<bool> {
        self.0.get(&key(related))?.get(&record).copied()
    }
}

/// A filter is the same as long as it lives, and it outlives the batches that are decided by it.
fn key(related: &Arc<Related>) -> usize {
    Arc::as_ptr(related) as usize
}

impl Filter {
    /// Each filter by what hangs on a record, and whether all records that pass this one pass it or one
    /// beside it (under a `not` nothing can be told).
    pub fn relations<'a>(&'a self, told: bool, visit: &mut dyn FnMut(&'a Self, bool)) {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().for_each(|f| f.relations(told, visit)),
            Self::Not(inner) => inner.relations(false, visit),
            Self::Under(_) | Self::Related(_) | Self::Media(_) => visit(self, told),
            // What a record inherits from is decided on the record's own batch; who is placed is looked up alike.
            Self::Inherited(inner) => inner.relations(told, visit),
            Self::Field(..) | Self::Code(_) | Self::OnTheWeb | Self::Computed(_) => {}
        }
    }

    /// The filters by related records in it.
    fn related(&self) -> Vec<&Arc<Related>> {
        let mut found = Vec::new();
        self.relations(true, &mut |f, _| {
            if let Self::Related(related) = f {
                found.push(related);
            }
        });
        found
    }

    /// Whether deciding it takes values that are reckoned.
    pub fn reckons(&self) -> bool {
        let mut found = Vec::new();
        self.computed(&mut found);
        let mut related = Vec::new();
        self.relations(true, &mut |f, _| related.push(f));
        let inner = |f: &Self| matches!(f, Self::Related(related) if related.filter.reckons());
        !found.is_empty() || related.into_iter().any(inner)
    }

    /// The values in it that are reckoned, each once.
    fn computed(&self, found: &mut Vec<Computed>) {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().for_each(|f| f.computed(found)),
            Self::Not(inner) => inner.computed(found),
            Self::Computed(by) if !found.contains(&by.what) => found.push(by.what),
            _ => {}
        }
    }

    /// The codes of all records that may pass, where what hangs on them tells. For push-down; every record
    /// is decided on its merged value afterwards.
    pub fn candidates(&self) -> Option<&Arc<[String]>> {
        match self {
            Self::Under(under) => under.candidates.get()?.as_ref(),
            Self::Related(related) => related.candidates.get()?.as_ref(),
            _ => None,
        }
    }

    /// What is added to a want for related records: what they inherit, so that it is not read twice.
    pub(super) fn want_related(related: &Related, want: &mut Want) {
        want.merge(&related.inherited);
    }

    /// Whether a record passes whatever related records say (`None`: that depends on them).
    fn decided(&self, engine: &Engine, batch: &Batch, record: u32) -> Result<Option<bool>, Arc<Cause>> {
        let (all, wins) = match self {
            Self::And(all) => (all, false),
            Self::Or(all) => (all, true),
            Self::Not(inner) => return Ok(inner.decided(engine, batch, record)?.map(|passes| !passes)),
            Self::Related(related) => return Ok(batch.related.of(related, record)),
            Self::Computed(by) => {
                return Ok(batch.reckoned.of(by.what, record).map(|value| by.passes(value)));
            }
            other => return other.passes(engine, batch, record).map(Some),
        };
        let mut open = false;
        for part in all {
            match part.decided(engine, batch, record)? {
                Some(passes) if passes == wins => return Ok(Some(wins)),
                Some(_) => {}
                None => open = true,
            }
        }
        Ok((!open).then_some(!wins))
    }
}

impl Batch {
    /// Whether a record has a related one that passes. Where nobody asked, it does not matter.
    pub(super) fn has_related(&self, related: &Arc<Related>, record: u32) -> bool {
        self.related.of(related, record).unwrap_or(false)
    }
}

impl Engine {
    /// Reads what a filter needs to know of the records that hang on a batch's, within a budget of rows. A
    /// batch is decided by [`Filter::passes`] only afterwards.
    ///
    /// # Errors
    /// The deciding source does not answer; more rows than the budget.
    pub fn relate<'a>(
        &'a self,
        ask: &'a Ask,
        batch: Batch,
        filter: &'a Filter,
        budget: &'a mut usize,
    ) -> BoxFuture<'a, Result<Batch, Fault>> {
        let relations = filter.related();
        let mut computed = Vec::new();
        filter.computed(&mut computed);
        if relations.is_empty() && computed.is_empty() || batch.is_empty() {
            return std::future::ready(Ok(batch)).boxed();
        }
        async move {
            let mut batch = batch;
            for related in relations {
                let records = self.undecided(ask, &batch, filter);
                let held = Arc::new(batch);
                let found = self.have_related(ask, &held, related, &records, budget).await?;
                batch = Arc::into_inner(held)
                    .ok_or_else(|| Fault::Internal("a batch is still held by related records".into()))?;
                batch.related.0.entry(key(related)).or_default().extend(found);
            }
            self.reckoned(ask, batch, filter, computed).await
        }
        .boxed()
    }

    /// Reckons what a filter (or a sort, which stands in the filter) leans on, of a batch that was read again after it
    /// was decided.
    ///
    /// # Errors
    /// A source that it leans on does not answer.
    pub async fn reckon_again(&self, ask: &Ask, batch: Batch, filter: &Filter) -> Result<Batch, Fault> {
        let mut computed = Vec::new();
        filter.computed(&mut computed);
        self.reckoned(ask, batch, filter, computed).await
    }

    async fn reckoned(
        &self,
        ask: &Ask,
        mut batch: Batch,
        filter: &Filter,
        computed: Vec<Computed>,
    ) -> Result<Batch, Fault> {
        for what in computed {
            let records = self.undecided(ask, &batch, filter);
            let Some(reckon) = ask.reckon.as_ref() else {
                return Err(Fault::Internal(format!("nobody reckons `{}` here", what.name())));
            };
            let held = Arc::new(batch);
            let values = reckon.reckon(self, ask, what, &held, &records).await?;
            batch = Arc::into_inner(held)
                .ok_or_else(|| Fault::Internal("a batch is still held by what was reckoned".into()))?;
            batch.reckoned.keep(what, &records, values);
        }
        Ok(batch)
    }

    /// The records whose fate depends on related ones.
    fn undecided(&self, ask: &Ask, batch: &Batch, filter: &Filter) -> Vec<u32> {
        let open = |record: &u32| {
            // What cannot be known is told where the record is decided.
            let seen = !ask.shopper(batch.shape.entity) || self.visible(batch, *record).unwrap_or(true);
            seen && matches!(filter.decided(self, batch, *record), Ok(None) | Err(_))
        };
        (0..u32::try_from(batch.len()).unwrap_or(0)).filter(open).collect()
    }

    /// Which of some records have a related one that passes.
    async fn have_related(
        &self,
        ask: &Ask,
        batch: &Arc<Batch>,
        related: &Related,
        records: &[u32],
        budget: &mut usize,
    ) -> Result<HashMap<u32, bool>, Fault> {
        let mut found: HashMap<u32, bool> = records.iter().map(|r| (*r, false)).collect();
        if records.is_empty() {
            return Ok(found);
        }
        let compare = self.compare(related.entity);
        let mut of: HashMap<_, Vec<u32>> = HashMap::with_capacity(records.len());
        let mut parents: Vec<&str> = Vec::with_capacity(records.len());
        for record in records {
            let code = batch.code(*record);
            let same = of.entry(compare.fold(code)).or_default();
            if same.is_empty() {
                parents.push(code);
            }
            same.push(*record);
        }
        let light = related.shape(self, batch.shape.language.as_deref());
        let decides = self.model.entities[related.entity].decides;
        let must = related
            .must
            .get_or_init(|| {
                let language = light.language.as_deref();
                self.must_of(ask, related.entity, &related.filter, language, Telling::Whole)
            })
            .await;
        let filter = &related.filter;
        let all = PageAsk { first: 0, after: None, backward: false, filter, must, until: None };
        for parents in parents.chunks(self.batch_of(decides)) {
            for hit in self.parents_with(ask, &light, batch, parents, &all, budget).await? {
                let same = of.get(&compare.fold(parents[hit])).into_iter().flatten();
                found.extend(same.map(|record| (*record, true)));
            }
        }
        Ok(found)
    }

    /// Those of some parents under which a record passes: round by round, each until one is found or its
    /// records have come to their end.
    async fn parents_with(
        &self,
        ask: &Ask,
        light: &Arc<Shape>,
        held: &Arc<Batch>,
        parents: &[&str],
        all: &PageAsk<'_>,
        budget: &mut usize,
    ) -> Result<Vec<usize>, Fault> {
        let mut hits = Vec::new();
        let mut size = if all.filter.is_all() { ANY } else { SOME };
        let mut open: Vec<usize> = (0..parents.len()).collect();
        // Where each has come; empty in the first round.
        let mut at: Vec<Option<Position>> = Vec::new();
        while !open.is_empty() {
            let count = open.len().min(if at.is_empty() { usize::MAX } else { GROUPS_EACH });
            let (now, afters) = (&open[..count], &at[..count.min(at.len())]);
            let (_, scans) =
                self.go_on(ask, light, (Some(parents), now), afters, all, size, budget, Some(held)).await?;
            let mut left = Vec::new();
            for (parent, scan) in now.iter().zip(scans) {
                if !scan.good.is_empty() {
                    hits.push(*parent);
                } else if scan.read >= size {
                    left.push((*parent, scan.last));
                }
            }
            let later = open.drain(count..).zip(at.drain(count.min(at.len())..).collect::<Vec<_>>());
            (open, at) = left.into_iter().chain(later).unzip();
            size = (size * 10).min(ROUND);
        }
        Ok(hits)
    }

    /// The codes of the records from which some records inherit, looked up by their codes. `None` when
    /// there are more than may be gathered, or when a code is several records'.
    ///
    /// # Errors
    /// The deciding source does not answer.
    pub async fn inherited_codes(
        &self,
        ask: &Ask,
        entity: EntityId,
        codes: &[&str],
    ) -> Result<Option<Arc<[String]>>, Fault> {
        if codes.len() > self.limits.gather {
            return Ok(None);
        }
        let shape = Arc::new(Shape::new(self, entity, Want::default(), None));
        let decides = self.model.entities[entity].decides;
        let column = shape.sources.get(decides).and_then(Option::as_ref).and_then(|s| s.columns.parent);
        let Some(column) = column else { return Ok(None) };
        let found = self.by_code(ask, &shape, codes).await?;
        let batch = &found.batch;
        if !batch.doubled.is_empty() {
            return Ok(None);
        }
        let records = found.of.iter().filter(|r| **r != NONE);
        let parent = |r: &u32| batch.row(decides, *r)?.get(column)?.as_str().map(str::to_owned);
        let mut parents: Vec<String> = records.filter_map(parent).collect();
        parents.sort_unstable();
        parents.dedup();
        Ok(Some(parents.into()))
    }
}
