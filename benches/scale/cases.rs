//! What is measured: each case as GraphQL for the gateway and as a question to the one engine.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::single::{By, Question};

pub const LIST: &str = include_str!("list.graphql");
const RAYON: &str = include_str!("rayon.graphql");
const COUNT: &str = include_str!("count.graphql");

/// What is aimed at, beside at most twice the time of the one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// As fast at a million as at ten thousand, within twice.
    Flat,
    /// The growth is told, no more.
    Growth,
}

/// Where a page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    First,
    /// After 499 pages, or half way through a list that is shorter.
    Page500,
}

/// One case.
pub struct Case {
    pub title: &'static str,
    pub share: u8,
    pub aim: Aim,
    pub start: Start,
    pub query: &'static str,
    by: By,
    heavier: Option<u32>,
    under: Option<&'static str>,
}

/// The heaviest eighth, in kilograms.
const HEAVY: u32 = 5;
/// The root with most articles.
const DEPARTMENT: &str = "1";

impl Case {
    const fn new(title: &'static str, share: u8) -> Self {
        Self {
            title,
            share,
            aim: Aim::Growth,
            start: Start::First,
            query: LIST,
            by: By::Code,
            heavier: None,
            under: None,
        }
    }

    /// The variables of its operation.
    pub fn variables(&self, first: usize, after: Option<&str>) -> Map<String, Value> {
        let mut all = Map::new();
        if !self.counts() {
            all.insert("first".into(), first.into());
            all.insert("after".into(), after.into());
        }
        if let Some(weight) = self.heavier {
            all.insert("filter".into(), json!({ "weight": { "gte": weight.to_string() } }));
        }
        match self.by {
            By::Code => {}
            By::Weight => {
                all.insert("sort".into(), json!([{ "field": "WEIGHT", "direction": "DESC" }]));
            }
            By::Updated => {
                all.insert("sort".into(), json!([{ "field": "UPDATED_AT", "direction": "DESC" }]));
            }
        }
        if let Some(code) = self.under {
            all.insert("code".into(), code.into());
        }
        all
    }

    /// The same, asked of the one engine.
    pub fn question(&self, after: Option<String>) -> Question {
        Question {
            share: self.share,
            by: self.by,
            after,
            heavier: self.heavier.map(Decimal::from),
            under: self.under,
            count: self.counts(),
        }
    }

    /// Whether only the number is asked for.
    pub fn counts(&self) -> bool {
        self.query == COUNT
    }

    /// Whether at most three rows may be read for one returned.
    pub fn spares_rows(&self) -> bool {
        self.share == 1 && !self.counts()
    }

    /// Its title with the share.
    pub fn name(&self) -> String {
        format!("{}, {} %", self.title, self.share)
    }
}

/// All cases, in the order in which they are told.
pub fn all() -> Vec<Case> {
    let mut cases = vec![
        Case { aim: Aim::Flat, ..Case::new("first page", 1) },
        Case { aim: Aim::Flat, ..Case::new("first page", 20) },
        Case { aim: Aim::Flat, ..Case::new("first page", 100) },
        Case { aim: Aim::Flat, start: Start::Page500, ..Case::new("page 500", 20) },
    ];
    cases.extend([1, 20, 100].map(|share| Case {
        aim: Aim::Flat,
        heavier: Some(HEAVY),
        ..Case::new("weight >= 5", share)
    }));
    cases.extend([1, 20, 100].map(|share| Case {
        heavier: Some(HEAVY),
        by: By::Weight,
        ..Case::new("weight >= 5 by weight", share)
    }));
    cases.extend([1, 20, 100].map(|share| Case {
        aim: Aim::Flat,
        by: By::Updated,
        ..Case::new("by updatedAt", share)
    }));
    cases.push(Case { query: RAYON, under: Some(DEPARTMENT), ..Case::new("deep rayon", 20) });
    cases.push(Case { query: COUNT, ..Case::new("totalCount", 20) });
    cases.push(Case { query: COUNT, heavier: Some(HEAVY), ..Case::new("totalCount of weight >= 5", 20) });
    cases
}
