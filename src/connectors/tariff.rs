//! What an ERP's tariff is asked and how it answers. The rules of each ERP are in its own folder, as plain
//! functions over the rows that were read; this file has the words they share.
//!
//! A unit is the reference's own: of a packaging, the pack. Quantities may be fractional. All amounts are exact
//! decimals of the buyer's currency.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::{
    sources::{Moment, Source, SourceError},
    value::Value,
};

/// Something that can be ordered, as the ERP knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The reference's (or article's) code, as clients see it.
    pub code: Arc<str>,
    /// The row source of the connector's map that has it (`plain`, `variants`, `packagings`).
    pub rows: Arc<str>,
    /// Its native key, in the map's order of columns (Sage's variants: AR_Ref, AG_No1, AG_No2).
    pub key: Box<[Value]>,
}

/// Who buys, and on which terms somebody without a customer does (`[public]`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buyer {
    /// The ERP's code of the customer; none: on the public terms.
    pub customer: Option<Arc<str>>,
    /// The price category of the public (Sage: N_CatTarif; Cegid: the price class; a pivot: the price list).
    pub price_category: Option<Arc<str>>,
    /// The tax category of the public (Sage: N_CatCompta; Cegid: the tax regime; a pivot: the tax category).
    pub tax_category: Option<Arc<str>>,
    /// Whether the public sees prices with taxes: where an ERP keeps both, which of them counts.
    pub gross: bool,
}

/// A question to a tariff: prices of many items for one buyer on one day.
#[derive(Clone, Copy, Debug)]
pub struct TariffAsk<'a> {
    /// What is priced, each once.
    pub items: &'a [Item],
    /// For whom.
    pub buyer: &'a Buyer,
    /// The day that dated rates, tariffs and promotions are looked up for, in the shop's zone.
    pub day: NaiveDate,
    /// The moment, for validities that have hours.
    pub now: DateTime<Utc>,
    /// The shop's currency (ISO 4217), which an ERP's own is when it does not say.
    pub currency: &'a str,
}

/// One ERP's tariff.
#[async_trait]
pub trait Tariff: Send + Sync + std::fmt::Debug {
    /// Reads all that the prices of some items lean on: at most one statement for each of the ERP's tables,
    /// whatever the number of items, and none for tables that cannot matter.
    ///
    /// # Errors
    /// The source does not answer.
    async fn read(
        &self,
        source: &dyn Source,
        ask: TariffAsk<'_>,
        moment: &Moment,
    ) -> Result<Box<dyn Sheet>, SourceError>;

    /// What is in force in the ERP today and would change prices, but is not applied: `comptoir check` tells of it.
    ///
    /// # Errors
    /// The source does not answer.
    async fn unapplied(
        &self,
        _source: &dyn Source,
        _moment: &Moment,
    ) -> Result<Option<Unapplied>, SourceError> {
        Ok(None)
    }
}

/// Something of an ERP's tariff that the rules leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unapplied {
    /// The ERP's table.
    pub table: &'static str,
    /// What they are, several of them (`dated promotions (F_TARIF)`).
    pub what: &'static str,
    /// Each, as the ERP calls it, with its days.
    pub each: Vec<String>,
}

/// The tariff rows of some items for one buyer: prices are computed of them without asking again.
pub trait Sheet: Send + Sync + std::fmt::Debug {
    /// The price of one unit of an item (by its place in [`TariffAsk::items`]) when this many are bought.
    ///
    /// # Errors
    /// There is none, and why.
    fn price(&self, item: usize, quantity: Decimal) -> Result<Priced, Refusal>;

    /// The least quantities from which on another price may hold, ascending; the first is the least one can buy.
    /// One only: the price is the same for any quantity.
    fn breaks(&self, item: usize) -> Vec<Decimal>;

    /// The price category that the buyer turned out to have (Sage: N_CatTarif; Cegid: the price class; a pivot: the price
    /// list): that of the customer's record, or the public's.
    fn price_category(&self) -> Option<&str> {
        None
    }
}

/// Nothing can be priced for a buyer: all prices are refused, for one reason.
#[derive(Debug)]
pub struct NoSheet(pub Refusal);

impl Sheet for NoSheet {
    fn price(&self, _: usize, _: Decimal) -> Result<Priced, Refusal> {
        Err(self.0.clone())
    }

    fn breaks(&self, _: usize) -> Vec<Decimal> {
        vec![Decimal::ONE]
    }
}

/// A price of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Priced {
    /// Without VAT and without other taxes.
    pub net: Decimal,
    /// With VAT, without other taxes.
    pub gross: Decimal,
    /// In percent.
    pub vat_rate: Decimal,
    /// The ERP keeps this price with taxes: `net` was made of `gross`, and not the other way round.
    pub tax_included: bool,
    /// Eco-participation and the like, not in `net` nor `gross`.
    pub taxes: Vec<Tax>,
    /// Before discounts, when there are any: net and gross.
    pub list: Option<(Decimal, Decimal)>,
    /// What was taken off, in the order it was.
    pub discounts: Vec<Discount>,
    /// Where the starting price came from.
    pub basis: Basis,
    /// The ERP has terms of the customer's own in it (or of its buying group): its price list, its discount. No promotion
    /// for everybody stands instead of it.
    pub own_terms: bool,
    /// To how many decimals its derived amounts were rounded.
    pub decimals: Decimals,
    /// ISO 4217.
    pub currency: Arc<str>,
    /// How it came to be, for `explainPrice`.
    pub steps: Vec<Step>,
}

/// To how many decimals the ERP's rules round the amounts that they derive, half up: a web price is rounded alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimals {
    /// Of a net made of a gross.
    pub net: u32,
    /// Of a gross made of a net.
    pub gross: u32,
    /// Of an amount of another tax.
    pub tax: u32,
}

impl Default for Decimals {
    fn default() -> Self {
        Self { net: 6, gross: 6, tax: 6 }
    }
}

impl Decimals {
    /// Those of a source's settings `net_decimals`, `gross_decimals`, `tax_decimals`; 6 where there is none.
    pub fn of(settings: &BTreeMap<String, Value>) -> Self {
        let number = |name: &str| match settings.get(name) {
            Some(Value::Int(decimals)) => u32::try_from(*decimals).unwrap_or(6),
            _ => 6,
        };
        Self { net: number("net_decimals"), gross: number("gross_decimals"), tax: number("tax_decimals") }
    }
}

/// A tax kept apart from net and gross.
#[derive(Clone, Debug, PartialEq)]
pub struct Tax {
    /// The ERP's code of it.
    pub code: Arc<str>,
    /// What the ERP calls it.
    pub title: Option<Arc<str>>,
    /// In percent of the net price, when it is a rate.
    pub rate: Option<Decimal>,
    /// On one unit.
    pub amount: Decimal,
}

/// Something taken off a price.
#[derive(Clone, Debug, PartialEq)]
pub struct Discount {
    /// Why.
    pub cause: DiscountCause,
    /// How much.
    pub off: Off,
}

/// How much is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// In percent of what was left.
    Percent(Decimal),
    /// So much of one unit, as the price is kept (net, or gross when [`Priced::tax_included`]).
    Amount(Decimal),
}

/// Why something is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiscountCause {
    /// The price category's.
    Category,
    /// The customer's.
    Customer,
    /// The article family's.
    Family,
    /// For the quantity.
    Quantity,
    /// A promotion.
    Promotion,
}

/// Where a starting price came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The article itself.
    Base,
    /// The price category's list.
    Category,
    /// The customer's list.
    Customer,
    /// A promotion.
    Promotion,
}

/// Why there is no price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Stable: see [`Refusal::CODES`].
    pub code: &'static str,
    /// For people: what, where, what to do.
    pub reason: String,
    /// What was looked at, for `explainPrice`.
    pub steps: Vec<Step>,
}

impl Refusal {
    /// All codes: the ERP has no price (0 everywhere): not orderable; no row of the article; the tax category has no rate;
    /// the customer is not there; its tariff uses what we do not support; a value cannot be read.
    pub const CODES: [&str; 6] =
        ["NO_PRICE", "NO_ARTICLE", "NO_VAT_RATE", "NO_CUSTOMER", "UNSUPPORTED_TARIFF", "BAD_VALUE"];

    /// A refusal of which nothing is told yet.
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), steps: Vec::new() }
    }
}

/// One step of a price: a row that was read, or something reckoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What, in a few words of the field (`customer row`, `VAT rate`).
    pub what: String,
    /// The table that was read, none when something was reckoned.
    pub table: Option<&'static str>,
    /// The columns that matter, as read: name and value.
    pub row: Vec<(&'static str, String)>,
    /// Whether it made the price.
    pub used: bool,
    /// What became of it, and why: a sentence for an accountant.
    pub note: String,
    /// The unit price after it, as it is kept, when it changed.
    pub price: Option<Decimal>,
}
