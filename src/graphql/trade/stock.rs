//! `Stock`.

use super::price::decimal;
use crate::{
    connectors::stock::DepotFigure,
    graphql::plain::{ArgMap, Plain, PlainObject},
    stock::Told,
    value::rfc3339,
};

/// `Stock`.
pub struct StockObject<'a> {
    /// What is told.
    pub told: &'a Told,
    /// The viewer sees the number that is left.
    pub numbers: bool,
    /// The viewer sees what each depot holds.
    pub depots: bool,
}

impl PlainObject for StockObject<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        let verdict = &self.told.verdict;
        match name {
            "status" => Plain::text(Some(verdict.status.name())),
            "available" if self.numbers => verdict.available.map_or(Plain::Null, decimal),
            "depots" if self.depots => Plain::List(self.told.depots.iter().map(Plain::object).collect()),
            "restockDate" => Plain::owned(verdict.restock.map(|day| day.to_string())),
            "asOf" => Plain::owned(Some(rfc3339(&self.told.as_of))),
            _ => Plain::Null,
        }
    }
}

impl PlainObject for &DepotFigure {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "depot" => Plain::text(Some(&self.code)),
            "title" => Plain::text(self.title.as_deref()),
            "physical" => decimal(self.physical),
            "reserved" => decimal(self.reserved),
            "incoming" => decimal(self.incoming),
            "available" => decimal(self.available),
            _ => Plain::Null,
        }
    }
}
