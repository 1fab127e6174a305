//! How many records a list has, and reading all of them.

use std::sync::Arc;

use super::{
    batch::Batch,
    engine::{Ask, Engine, Fault, Open, Strategy},
    filter::{Filter, Test},
    page::{GROUPS_EACH, PageAsk, Position, ROUND},
    pushdown::{Must, Telling},
    shape::{Shape, Want, has_key},
    visible::let_on,
};
use crate::{config::WebDecision, sources::Statement, value::Value};

/// Rows read of each group in the first round.
const EACH: usize = 200;

impl Engine {
    /// How many records there are, exactly: of all of them the deciding source counts its rows, and those
    /// that another source hides are taken away; else all that pass are read, within the budget.
    ///
    /// # Errors
    /// The deciding source does not answer; more rows than the budget.
    pub async fn count(
        &self,
        ask: &Ask,
        shape: &Shape,
        parents: Option<&[&str]>,
        filter: &Filter,
    ) -> Result<Vec<usize>, Fault> {
        let spelled = self.spellings.get(shape.entity);
        let counts = self.count_once(ask, shape, parents, filter).await;
        // As of a list: what a wrong spelling was trusted for is counted anew.
        if self.spellings.get(shape.entity) == spelled {
            return counts;
        }
        self.count_once(ask, shape, parents, filter).await
    }

    async fn count_once(
        &self,
        ask: &Ask,
        shape: &Shape,
        parents: Option<&[&str]>,
        filter: &Filter,
    ) -> Result<Vec<usize>, Fault> {
        if parents.is_none()
            && filter.is_all()
            && let Some(count) = self.count_rows(ask, shape).await?
        {
            return Ok(vec![count]);
        }
        let mut counts = vec![0; parents.map_or(1, <[&str]>::len)];
        let mut want = Want::default();
        filter.want(&mut want);
        let light = Arc::new(Shape::new(self, shape.entity, want, shape.language.as_deref()));
        self.scan(ask, &light, parents, filter, |group, _, records| {
            counts[group] += records.len();
            Ok(())
        })
        .await?;
        Ok(counts)
    }

    /// All records, counted by the deciding source, without those that another source or the back office
    /// hides, and with those that another source may publish and does. `None`: those may be more than may be
    /// gathered, or records hide with those they belong to, or another source has to publish each of them.
    async fn count_rows(&self, ask: &Ask, shape: &Shape) -> Result<Option<usize>, Fault> {
        let e = &self.model.entities[shape.entity];
        if ask.strategy == Strategy::Gather || e.inherits.is_some() || self.fail_on_unknown {
            return Ok(None);
        }
        let decision = if ask.shopper(shape.entity) { self.decision(shape.entity) } else { WebDecision::Erp };
        if matches!(decision, WebDecision::Isoshop | WebDecision::Both) {
            return Ok(None);
        }
        let light = Arc::new(Shape::new(self, shape.entity, Want::default(), None));
        let Some(decider) = light.decider(&self.model) else { return Ok(None) };
        let mut other = Must::Codes(Arc::default());
        if let Some(published) = e.fields.get_index_of("published").filter(|_| ask.shopper(shape.entity)) {
            let no = Test::In(vec![Value::Bool(false)]);
            let hidden = self.others(ask, shape.entity, published, &no, Telling::Windows);
            let shown = async {
                let either = decision == WebDecision::Either;
                if either { self.published_codes(ask, shape.entity).await } else { Some(Arc::default()) }
            };
            let (Ok(hidden), Some(shown)) = futures::join!(hidden, shown) else { return Ok(None) };
            other = hidden.or_codes(published, &shown, decider.map.rows.len());
        }
        let mut select = decider.select(|_, row| {
            let web = if ask.shopper(shape.entity) { let_on(row) } else { Vec::new() };
            Some(std::iter::once(has_key(row)).chain(web).collect())
        });
        select.count = true;
        let counted = async {
            self.run(decider.source, &Statement::new(select), &[], &ask.moment).await.map_err(Fault::Source)
        };
        let told_otherwise = async {
            let staff = Ask { open: Open::ALL, ..ask.clone() };
            let (mut added, mut taken) = (0, 0);
            if matches!(&other, Must::Codes(codes) if codes.is_empty()) {
                return Ok::<_, Fault>((added, taken));
            }
            let all = Filter::And(Vec::new());
            self.scan_those(&staff, &light, None, (&all, &other), |_, batch, records| {
                for record in records {
                    let shown = self.visible(batch, *record).map_err(Fault::Source)?;
                    let counted = self.decider_says(batch, *record) == Some(true);
                    added += usize::from(shown && !counted);
                    taken += usize::from(!shown && counted);
                }
                Ok(())
            })
            .await?;
            Ok((added, taken))
        };
        let (counted, (added, taken)) = futures::try_join!(counted, told_otherwise)?;
        let counted = match counted.get(0, 0) {
            Value::Int(n) => usize::try_from(*n).unwrap_or(0),
            _ => 0,
        };
        Ok(Some((counted + added).saturating_sub(taken)))
    }

    /// Reads everything that passes, group by group in CODE order, within the budget of rows: `visit` is
    /// given the records of each group and round.
    pub(super) async fn scan(
        &self,
        ask: &Ask,
        light: &Arc<Shape>,
        parents: Option<&[&str]>,
        filter: &Filter,
        visit: impl FnMut(usize, &Batch, &[u32]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let under = parents.is_some();
        let telling = if under { Telling::Whole } else { Telling::Windows };
        let language = light.language.as_deref();
        let must = self.must_listed(ask, light.entity, under, filter, language, telling).await;
        self.scan_those(ask, light, parents, (filter, &must), visit).await
    }

    async fn scan_those(
        &self,
        ask: &Ask,
        light: &Arc<Shape>,
        parents: Option<&[&str]>,
        (filter, must): (&Filter, &Must),
        mut visit: impl FnMut(usize, &Batch, &[u32]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut budget = self.limits.scan_rows;
        // Of all records in parts, where other sources' codes are read a window at a time.
        let mut front = self.front(ask, must, (None, false), ROUND);
        front.advance(&mut budget).await?;
        // The first round is one statement for all groups; few groups have more than it brings.
        let groups = parents.map_or(1, <[&str]>::len);
        let mut size = if parents.is_some() { EACH } else { ROUND };
        let mut open: Vec<usize> = (0..groups).collect();
        let mut at: Vec<Option<Position>> = Vec::new();
        while !open.is_empty() {
            let held = open.len().min(if at.is_empty() { usize::MAX } else { GROUPS_EACH });
            let now = &open[..held];
            let afters = &at[..held.min(at.len())];
            let (must, until) = (front.must(), front.until());
            let all = PageAsk { first: 0, after: None, backward: false, filter, must, until };
            let (round, scans) =
                self.go_on(ask, light, (parents, now), afters, &all, size, &mut budget, None).await?;
            let mut left = Vec::new();
            let mut passed = false;
            for (group, scan) in now.iter().zip(scans) {
                visit(*group, &round, &scan.good)?;
                if scan.read >= size {
                    left.push((*group, scan.last));
                } else if let Some(end) = front.end() {
                    passed = true;
                    left.push((*group, Some(end)));
                }
            }
            if passed {
                front.advance(&mut budget).await?;
            }
            let later = open.drain(held..).zip(at.drain(held.min(at.len())..).collect::<Vec<_>>());
            (open, at) = left.into_iter().chain(later).unzip();
            size = ROUND;
        }
        Ok(())
    }
}
