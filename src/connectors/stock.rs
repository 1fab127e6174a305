//! What an ERP's stock is asked and how it answers. The formulas of each ERP are in its own folder; this file has the
//! words they share, [`reckon`] what they reckon alike. Quantities are in sales units of the item (of a packaging: packs),
//! exact decimals.

pub mod reckon;

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
    /// whatever the number of items, and where there are kits one more for each level of kits within kits.
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
    /// Per depot that counts and has a row, in the order of their codes; none of a kit, whose components stand in depots.
    pub depots: Vec<DepotFigure>,
    /// When some more is expected, when the ERP says.
    pub restock: Option<NaiveDate>,
}

impl Stocked {
    /// An answer without quantities.
    pub fn without(tracking: Tracking) -> Self {
        Self { tracking, available: Decimal::ZERO, depots: Vec::new(), restock: None }
    }
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
    /// A figure that it is reckoned by cannot be read as a number: nobody knows.
    Unreadable,
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
    /// What can be sold of it, by the formula; less than nothing where more is promised than there is, unless each depot
    /// is clamped by itself.
    pub available: Decimal,
}

/// What a shop itself says of a reference's stock: a row of its IsoShop base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockRule {
    /// So many are kept back: never sold on the web.
    pub buffer: Decimal,
    /// Whether the ERP's figures count.
    pub mode: Mode,
    /// Days until more is there, from the day of the question.
    pub lead_time_days: Option<u32>,
    /// The day on which more is there.
    pub restock_date: Option<NaiveDate>,
}

/// Whether the ERP's figures count for a reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They do.
    #[default]
    Erp,
    /// It is always to be had, whatever they say.
    Always,
    /// It is never to be had, whatever they say.
    Never,
    /// What the row says is none of these: nobody knows.
    Unreadable,
}
