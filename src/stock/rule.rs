//! What a shop tells of an item's stock: the ERP's figures, then the shop's own rule for the reference, then the shop's
//! policy. A plain function; nothing is asked.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use crate::{
    config::Backorder,
    connectors::stock::{Mode, StockRule, Stocked, Tracking},
};

/// How a shop tells stock, whatever the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// So many or fewer are few ([`Status::Low`]); 0: there is no such status.
    pub low: Decimal,
    /// Whether what is out of stock can be ordered all the same.
    pub backorder: Backorder,
}

impl Default for Policy {
    /// Five are few; what is out of stock cannot be ordered.
    fn default() -> Self {
        Self { low: Decimal::from(5), backorder: Backorder::Never }
    }
}

/// How it stands with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is there.
    InStock,
    /// A few are there.
    Low,
    /// None is there, but it can be ordered: it comes later.
    Backorder,
    /// None is there, and none can be ordered.
    OutOfStock,
    /// Nobody counts it: it is always to be had.
    NotTracked,
    /// Nobody knows: the ERP does not answer, or what it says cannot be read.
    Unknown,
}

impl Status {
    /// As the schema spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InStock => "IN_STOCK",
            Self::Low => "LOW",
            Self::Backorder => "BACKORDER",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::NotTracked => "NOT_TRACKED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// How good it is for who wants some: 0 is best.
    pub fn rank(self) -> u8 {
        match self {
            Self::InStock => 0,
            Self::NotTracked => 1,
            Self::Low => 2,
            // One that nobody knows of may be there.
            Self::Unknown => 3,
            Self::Backorder => 4,
            Self::OutOfStock => 5,
        }
    }

    /// Whether it can be had at once: what a filter on stock asks. Nothing when nobody knows.
    pub fn in_stock(self) -> Option<bool> {
        match self {
            Self::InStock | Self::Low | Self::NotTracked => Some(true),
            Self::Backorder | Self::OutOfStock => Some(false),
            Self::Unknown => None,
        }
    }
}

/// What a shop tells of an item's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it stands.
    pub status: Status,
    /// So many can be sold, after the buffer, never less than nothing; none where the number means nothing: not tracked,
    /// bought to order, always to be had, unknown.
    pub available: Option<Decimal>,
    /// When more is there: told where none is left.
    pub restock: Option<NaiveDate>,
}

/// What a shop tells: `erp` is none when the ERP does not answer; `today` is the day of the question in the shop's zone.
pub fn judge(erp: Option<&Stocked>, rule: Option<&StockRule>, policy: &Policy, today: NaiveDate) -> Verdict {
    let told = |status, available| Verdict { status, available, restock: None };
    let restock = |known: Option<NaiveDate>| {
        let to_come = |day: &NaiveDate| *day >= today;
        let days = rule.and_then(|rule| rule.lead_time_days);
        // A day that is past says nothing any more.
        rule.and_then(|rule| rule.restock_date)
            .filter(to_come)
            .or_else(|| known.filter(to_come))
            .or_else(|| today.checked_add_days(Days::new(days?.into())))
    };
    match rule.map_or(Mode::Erp, |rule| rule.mode) {
        Mode::Always => return told(Status::InStock, None),
        Mode::Never => {
            let restock = restock(None);
            return Verdict { status: Status::OutOfStock, available: Some(Decimal::ZERO), restock };
        }
        Mode::Unreadable => return told(Status::Unknown, None),
        Mode::Erp => {}
    }
    let Some(erp) = erp else { return told(Status::Unknown, None) };
    match erp.tracking {
        Tracking::Unreadable => told(Status::Unknown, None),
        Tracking::NotTracked => told(Status::NotTracked, None),
        Tracking::Gone => told(Status::OutOfStock, Some(Decimal::ZERO)),
        Tracking::ToOrder => {
            Verdict { status: Status::Backorder, available: None, restock: restock(erp.restock) }
        }
        Tracking::Tracked => {
            let buffer = rule.map_or(Decimal::ZERO, |rule| rule.buffer.max(Decimal::ZERO));
            let left = erp.available.saturating_sub(buffer).max(Decimal::ZERO);
            if left > policy.low {
                return told(Status::InStock, Some(left));
            }
            if !left.is_zero() {
                return told(Status::Low, Some(left));
            }
            let restock = restock(erp.restock);
            let status = match policy.backorder {
                Backorder::Always => Status::Backorder,
                Backorder::Announced if restock.is_some() => Status::Backorder,
                Backorder::Announced | Backorder::Never => Status::OutOfStock,
            };
            Verdict { status, available: Some(left), restock }
        }
    }
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
