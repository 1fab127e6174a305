//! What an ERP's stock is asked and how it answers. The formulas of each ERP are in its own folder; this file has the
//! words they share. Quantities are in sales units of the item (of a packaging: packs), exact decimals.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::tariff::Item;
use crate::sources::{Moment, Source, SourceError};

/// Which depots count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depots {
    /// By the ERP's codes (or numbers); empty: all that the ERP does not exclude.
    pub only: Vec<Arc<str>>,
}

/// One ERP's stock.
#[async_trait]
pub trait Stocks: Send + Sync + std::fmt::Debug {
    /// The stock of some articles or references, in their order: at most one statement for each of the ERP's tables,
    /// whatever the number of items.
    ///
    /// # Errors
    /// The source does not answer.
    async fn read(
        &self,
        source: &dyn Source,
        items: &[Item],
        depots: &Depots,
        moment: &Moment,
    ) -> Result<Vec<Stocked>, SourceError>;
}

/// What an ERP says of an item's stock.
#[derive(Clone, Debug, PartialEq)]
pub struct Stocked {
    /// Whether it is kept at all.
    pub tracking: Tracking,
    /// What can be sold, by the formula and its clamping, before the shop's own rule; 0 when not tracked.
    pub available: Decimal,
    /// Per depot that counts, in the order of their codes.
    pub depots: Vec<DepotFigure>,
    /// When some more is expected, when the ERP says.
    pub restock: Option<NaiveDate>,
}

/// Whether stock is kept of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// Quantities mean something.
    Tracked,
    /// None is kept: always to be had.
    NotTracked,
    /// It is bought to order: quantities mean nothing.
    ToOrder,
    /// The ERP does not have the item.
    Gone,
}

/// What one depot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepotFigure {
    /// The depot's code.
    pub code: Arc<str>,
    /// What it is called.
    pub title: Option<Arc<str>>,
    /// Physically there.
    pub physical: Decimal,
    /// Reserved, in preparation, under control.
    pub reserved: Decimal,
    /// On order from suppliers.
    pub incoming: Decimal,
    /// What can be sold of it, by the formula.
    pub available: Decimal,
}
