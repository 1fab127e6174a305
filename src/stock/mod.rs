//! Stock, as shops tell it: what an ERP says ([`crate::connectors::stock`]), and after it what the shop itself says
//! ([`rule`]). Read for a whole level at once.

pub mod rule;
mod stale;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDate, Utc};

use self::rule::{Policy, Verdict, judge};
use crate::{
    config::StockConfig,
    connectors::{
        isoshop::stock::StockRules,
        stock::{DepotFigure, Depots, Mode, StockRule, Stocked, Stocks},
        tariff::Item,
    },
    federation::{
        batch::Cause,
        engine::{Ask, Engine},
        model::SourceId,
    },
    sources::SourceError,
};

/// A shop's stock.
#[derive(Debug)]
pub struct Stock {
    /// The source that counts, and how; none where nobody wrote rules for its connector.
    pub counts: Option<(SourceId, Arc<dyn Stocks>)>,
    /// The source that has the shop's own rules, if any has.
    pub rules: Option<(SourceId, StockRules)>,
    /// Which depots count.
    pub depots: Depots,
    /// What the shop says of it.
    pub settings: StockConfig,
    /// The shop's zone: when its days begin.
    pub zone: chrono_tz::Tz,
}

/// What was read of some items, in their order.
#[derive(Debug)]
pub struct Counted {
    items: Vec<Known>,
    policy: Policy,
    today: NaiveDate,
    /// Why a source was not read.
    pub failed: Option<Arc<Cause>>,
}

#[derive(Debug)]
struct Known {
    erp: Option<Stocked>,
    rule: Option<StockRule>,
    as_of: DateTime<Utc>,
}

/// What a shop tells of an item or of several.
#[derive(Clone, Debug)]
pub struct Told {
    /// How it stands.
    pub verdict: Verdict,
    /// What the depots hold.
    pub depots: Vec<DepotFigure>,
    /// The moment it is of: earlier than now where an answer of earlier on stands in.
    pub as_of: DateTime<Utc>,
}

impl Stock {
    /// Reads the stock of some items; each of a source's tables is asked once. A source that is down makes it unknown,
    /// or, by setting, what it said earlier on.
    pub async fn read(&self, engine: &Engine, ask: &Ask, items: &[Item]) -> Counted {
        let now = ask.moment.now;
        let failed = OnceLock::new();
        let counted = async {
            let Some((source, counts)) = &self.counts else { return vec![(None, now); items.len()] };
            let Some(asked) = engine.sources.get(*source) else { return vec![(None, now); items.len()] };
            match counts.read(&**asked, items, &self.depots, &ask.moment).await {
                Ok(read) => {
                    self.keep(engine, items, &read, now);
                    read.into_iter().map(|stocked| (Some(stocked), now)).collect()
                }
                Err(error) => {
                    let _ = failed.set(trouble(ask, asked.name(), &error, "stock was not read"));
                    self.recall(engine, ask, asked.name(), items).await
                }
            }
        };
        let rules = async {
            let Some((source, rules)) = &self.rules else { return Vec::new() };
            let Some(asked) = engine.sources.get(*source) else { return Vec::new() };
            let codes: Vec<Arc<str>> = items.iter().map(|item| item.code.clone()).collect();
            rules.read(&**asked, &codes, &ask.moment).await.unwrap_or_else(|error| {
                // What is never to be sold, and what is kept back, is not known: so nothing is.
                let _ = failed.set(trouble(ask, asked.name(), &error, "rules of stock were not read"));
                let unknown = || Some(StockRule { mode: Mode::Unreadable, ..StockRule::default() });
                codes.iter().map(|_| unknown()).collect()
            })
        };
        let (counted, rules) = futures::join!(counted, rules);
        let mut rules = rules.into_iter();
        let known =
            counted.into_iter().map(|(erp, as_of)| Known { erp, rule: rules.next().flatten(), as_of });
        let policy = Policy { low: self.settings.low, backorder: self.settings.backorders };
        let today = now.with_timezone(&self.zone).date_naive();
        Counted { items: known.collect(), policy, today, failed: failed.into_inner() }
    }
}

/// Notes that a source did not answer.
fn trouble(ask: &Ask, source: &str, error: &SourceError, what: &'static str) -> Arc<Cause> {
    let cause = Arc::new(Cause::of(source, error));
    ask.moment.troubles.note(&cause.source, cause.code);
    tracing::warn!(source = %cause.source, cause = cause.code, reason = %cause.message, "{what}");
    cause
}

impl Counted {
    /// What is told of one item, by its place in what was asked.
    pub fn one(&self, item: usize) -> Option<Told> {
        let known = self.items.get(item)?;
        let verdict = judge(known.erp.as_ref(), known.rule.as_ref(), &self.policy, self.today);
        let depots = known.erp.as_ref().map_or_else(Vec::new, |erp| erp.depots.clone());
        Some(Told { verdict, depots, as_of: known.as_of })
    }

    /// What is told of something by what can be ordered of it: it stands as the best of those does; its figures are its
    /// own in the ERP, before the rules of single references.
    pub fn of_several(&self, own: usize, parts: &[usize]) -> Option<Told> {
        let mut told = self.one(own)?;
        let parts: Vec<Told> = parts.iter().filter_map(|part| self.one(*part)).collect();
        let Some(best) = parts.iter().min_by_key(|part| part.verdict.status.rank()) else {
            return Some(told);
        };
        told.verdict.status = best.verdict.status;
        told.verdict.restock = parts.iter().filter_map(|part| part.verdict.restock).min();
        if best.verdict.status.in_stock() == Some(true) {
            told.verdict.restock = None;
        }
        if best.verdict.available.is_none() {
            told.verdict.available = None;
        }
        told.as_of = parts.iter().map(|part| part.as_of).min().unwrap_or(told.as_of).min(told.as_of);
        Some(told)
    }
}
