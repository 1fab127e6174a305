//! On the web, or not: alive in the source that decides existence, let on it by whom the shop lets
//! decide, and hidden by nobody. What of it a source can be asked beforehand, [`Engine::on_the_web`] and
//! [`Engine::must_listed`] tell.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::Mutex;

use super::{
    batch::{Batch, Cause, DUPLICATE},
    engine::{Ask, Engine, Strategy},
    filter::{Filter, Test},
    merge::Cell,
    model::{EntityId, SourceId},
    pushdown::{Must, Telling},
    shape::{Shape, Want},
};
use crate::{
    config::WebDecision,
    connectors::map::RowSource,
    sources::{Expr, select::Predicate},
    value::Value,
};

/// Whether a record is on the web, and who made it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It is on the web.
    pub shown: bool,
    /// Who made it so.
    pub by: By,
}

/// Who puts a record on the web, or takes it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The source that holds it, by its flag, or by closing it.
    Owner,
    /// Another source, by its `published`.
    Source(SourceId),
    /// The back office.
    Site,
    /// This source was to say yes, and says nothing.
    Silence(SourceId),
    /// This source was to decide, and could not be read.
    Unknown(SourceId),
    /// The record that it belongs to.
    Inherited,
}

/// What the sources beside the one that decides existence say of the web.
#[derive(Debug, Default)]
struct Says {
    yes: Option<SourceId>,
    no: Option<SourceId>,
    unknown: Option<(SourceId, Arc<Cause>)>,
}

/// The codes that are published, as one request read them: by entity; `None` where it cannot be told.
pub type Published = Arc<Mutex<HashMap<EntityId, Option<Arc<[String]>>>>>;

impl Engine {
    /// Who decides for an entity.
    pub fn decision(&self, entity: EntityId) -> WebDecision {
        self.decisions.get(entity).copied().unwrap_or_default()
    }

    /// Whether a record is on the web.
    ///
    /// # Errors
    /// A source that may hide or publish it cannot be read, and the shop wants that to be an error
    /// (`web.on_unknown = "fail"`).
    pub fn visible(&self, batch: &Batch, record: u32) -> Result<bool, Arc<Cause>> {
        self.verdict(batch, record).map(|verdict| verdict.shown)
    }

    /// Whether a record is on the web, and who made it so.
    ///
    /// # Errors
    /// As [`Engine::visible`].
    pub fn verdict(&self, batch: &Batch, record: u32) -> Result<Verdict, Arc<Cause>> {
        let e = &self.model.entities[batch.shape.entity];
        let decision = self.decision(batch.shape.entity);
        let hidden = |by| Ok(Verdict { shown: false, by });
        let Some((flag, open)) = self.flags(batch, record) else { return hidden(By::Owner) };
        if !open || (!flag && matches!(decision, WebDecision::Erp | WebDecision::Both)) {
            return hidden(By::Owner);
        }
        let says = self.says(batch, record);
        if let Some(source) = says.no {
            return hidden(By::Source(source));
        }
        if let Some(published) = batch.shape.published
            && batch.has_site
            && batch.site_cell(published, record, None) == Cell::Value(&Value::Bool(false))
        {
            return hidden(By::Site);
        }
        if let Some((_, cause)) = &says.unknown
            && self.fail_on_unknown
        {
            return Err(cause.clone());
        }
        let by = match decision {
            WebDecision::Erp => By::Owner,
            WebDecision::Either if flag => By::Owner,
            _ => match self.published_by(batch, record, &says) {
                None if decision == WebDecision::Either => return hidden(By::Owner),
                // It follows the record that it belongs to, and nobody publishes that.
                None if batch.parent.is_some() => return hidden(By::Inherited),
                None => {
                    let decider = batch.shape.published.and_then(|p| e.fields[p].sources.first());
                    return hidden(decider.map_or(By::Owner, |source| By::Silence(*source)));
                }
                Some(_) if decision == WebDecision::Both => By::Owner,
                Some(by) => by,
            },
        };
        if e.inherits.is_some() {
            if let Some(cause) = &batch.parent_failed {
                return Err(cause.clone());
            }
            let shown = match &batch.parent {
                Some((parent, index)) => match index.get(record as usize) {
                    Some(r) if *r < DUPLICATE => self.visible(parent, *r)?,
                    _ => false,
                },
                None => true,
            };
            if !shown {
                return hidden(By::Inherited);
            }
        }
        Ok(Verdict { shown: true, by })
    }

    /// Flag and liveness of a record in the source that decides existence; `None` where that has no row of
    /// it. A record of another source's own, or of a map without flags, has both.
    fn flags(&self, batch: &Batch, record: u32) -> Option<(bool, bool)> {
        let decides = self.model.entities[batch.shape.entity].decides;
        let owner = batch.owner.get(record as usize).copied().unwrap_or(decides);
        let columns = batch.shape.sources.get(decides).and_then(Option::as_ref).map(|s| &s.columns);
        let Some((visible, closed)) = columns.and_then(|c| c.flags).filter(|_| owner == decides) else {
            return Some((true, true));
        };
        let row = batch.row(decides, record)?;
        Some((row.get(visible) == Some(&Value::Bool(true)), row.get(closed) != Some(&Value::Bool(true))))
    }

    /// What the other sources say of a record of its own.
    fn says(&self, batch: &Batch, record: u32) -> Says {
        let mut says = Says::default();
        let Some(published) = batch.shape.published else { return says };
        for source in &self.model.entities[batch.shape.entity].fields[published].sources {
            match batch.cell(&self.model, *source, published, record, false) {
                Cell::Value(Value::Bool(true)) => says.yes = says.yes.or(Some(*source)),
                Cell::Value(Value::Bool(false)) => says.no = says.no.or(Some(*source)),
                Cell::Unknown(cause) => says.unknown = says.unknown.or(Some((*source, cause))),
                _ => {}
            }
        }
        says
    }

    /// Who beside the source that holds it publishes a record: one that says so, one that cannot be read
    /// (what is not known is shown), or where nobody says anything of it, one that publishes the record
    /// that it belongs to.
    fn published_by(&self, batch: &Batch, record: u32, says: &Says) -> Option<By> {
        if let Some(source) = says.yes {
            return Some(By::Source(source));
        }
        if let Some((source, _)) = &says.unknown {
            return Some(By::Unknown(*source));
        }
        let (parent, index) = batch.parent.as_ref()?;
        let above = index.get(record as usize).copied().filter(|r| *r < DUPLICATE)?;
        let theirs = self.says(parent, above);
        (theirs.no.is_none() && self.published_by(parent, above, &theirs).is_some()).then_some(By::Inherited)
    }

    /// What the source that decides existence says of the web: alive and let on it. `None` for a record that
    /// it does not have. A source whose map has no flag says yes by having the record.
    pub fn decider_says(&self, batch: &Batch, record: u32) -> Option<bool> {
        let decides = self.model.entities[batch.shape.entity].decides;
        let row = batch.row(decides, record)?;
        let shape = batch.shape.sources.get(decides).and_then(Option::as_ref)?;
        Some(shape.columns.flags.is_none_or(|(visible, closed)| {
            row.get(visible) == Some(&Value::Bool(true)) && row.get(closed) != Some(&Value::Bool(true))
        }))
    }

    /// Who keeps a record off the web, in words, where it is not the source that holds it.
    pub fn hidden_by(&self, batch: &Batch, record: u32) -> Option<String> {
        let e = &self.model.entities[batch.shape.entity];
        let verdict = self.verdict(batch, record).ok().filter(|verdict| !verdict.shown)?;
        let name = |source: SourceId| &self.model.sources[source].name;
        match verdict.by {
            By::Owner | By::Unknown(_) => None,
            By::Source(source) => Some(format!("hidden by {}", name(source))),
            By::Site => Some("hidden by site".into()),
            By::Silence(source) => Some(format!("not published by {}", name(source))),
            By::Inherited => {
                let parent = e.inherits.map(|p| self.model.entities[p].name.to_lowercase())?;
                Some(format!("its {parent} is off the web"))
            }
        }
    }

    /// What of being on the web a row of the source that decides existence tells by itself.
    pub fn on_the_web(&self, entity: EntityId, row: &RowSource) -> Vec<Predicate> {
        match self.decision(entity) {
            WebDecision::Erp | WebDecision::Both => let_on(row),
            WebDecision::Isoshop | WebDecision::Either => open(row).into_iter().collect(),
        }
    }

    /// What rows of a list fulfil: what its filter tells ([`Engine::must`]), and, where another source has
    /// to publish its records, that it does. `under`: they are read under records that are on the web, of
    /// which that was told already.
    pub async fn must_listed(
        &self,
        ask: &Ask,
        entity: EntityId,
        under: bool,
        filter: &Filter,
        language: Option<&str>,
        telling: Telling,
    ) -> Must {
        let published = async { if under { Must::Any } else { self.must_be_published(ask, entity).await } };
        let (published, filter) =
            futures::join!(published, self.must(ask, entity, filter, language, telling));
        match (published, filter) {
            (Must::Any, must) | (must, Must::Any) => must,
            (published, filter) => Must::And(vec![published, filter]),
        }
    }

    /// A record whose own row says nothing follows the one that it belongs to, which is on the web whenever
    /// it is itself: the codes of those tell.
    async fn must_be_published(&self, ask: &Ask, entity: EntityId) -> Must {
        if !ask.shopper(entity) || ask.strategy == Strategy::Gather {
            return Must::Any;
        }
        let parent = self.model.entities[entity].inherits;
        let of = parent.unwrap_or(entity);
        if !matches!(self.decision(of), WebDecision::Isoshop | WebDecision::Both) {
            return Must::Any;
        }
        let mut known = ask.published.lock().await;
        let codes = if let Some(codes) = known.get(&of) {
            codes.clone()
        } else {
            let codes = self.published_codes(ask, of).await;
            known.insert(of, codes.clone());
            codes
        };
        match codes {
            None => Must::Any,
            Some(codes) if parent.is_some() => Must::Parents(codes),
            Some(codes) => Must::Codes(codes),
        }
    }

    /// The codes of which another source says that they are published, or two things at once. `None` when
    /// there are more than may be gathered, or when it cannot be told.
    pub(super) async fn published_codes(&self, ask: &Ask, entity: EntityId) -> Option<Arc<[String]>> {
        let e = &self.model.entities[entity];
        let published = e.fields.get_index_of("published")?;
        let yes = Test::In(vec![Value::Bool(true)]);
        let shape = Shape::new(self, entity, Want::default(), None);
        let overlays = shape.sources.iter().flatten().filter(|s| {
            s.source != e.decides && s.columns.fields.get(published).copied().flatten().is_some()
        });
        let doubled = futures::future::join_all(overlays.map(|overlay| self.doubled(ask, overlay)));
        let (codes, doubled) = futures::join!(self.passing_codes(ask, entity, published, &yes), doubled);
        let mut codes = codes.ok()?.to_vec();
        for found in doubled {
            codes.extend(found?);
        }
        (codes.len() <= self.limits.gather).then(|| codes.into())
    }
}

/// "The source that holds it lets it on the web and does not close it."
pub(super) fn let_on(row: &RowSource) -> Vec<Predicate> {
    row.visible.clone().map(Predicate::Expr).into_iter().chain(open(row)).collect()
}

fn open(row: &RowSource) -> Option<Predicate> {
    row.closed.clone().map(|closed| Predicate::Expr(Expr::Not(Box::new(closed))))
}
