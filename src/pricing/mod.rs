//! Prices: for the viewer's customer, or on the public's terms, of a whole level at once. The ERP's tariff is read by its
//! own rules ([`crate::connectors::tariff`]); what IsoShop says of prices is a step after them.
//!
//! A price is of one unit of a reference, for one buyer, one quantity and one day. An article's is that of the cheapest
//! of its references that can be ordered.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::{
    config::PublicConfig,
    connectors::{
        isoshop::web_prices::{WebBuyer, WebPrices, WebSheet},
        tariff::{Buyer, Item, Priced, Refusal, Sheet, Tariff, TariffAsk},
    },
    federation::{
        batch::Cause,
        engine::{Ask, Engine, Fault},
        model::SourceId,
    },
    sources::{SharedSource, SourceError},
};

/// A shop's prices.
#[derive(Debug)]
pub struct Pricing {
    /// The source whose tariff it is, and its rules; none where nobody wrote rules for its connector.
    pub tariff: Option<(SourceId, Arc<dyn Tariff>)>,
    /// What IsoShop says of prices, and the source it is read from.
    pub web: Option<(SourceId, WebPrices)>,
    /// The terms of who has no customer.
    pub public: PublicConfig,
    /// The shop's currency (ISO 4217).
    pub currency: Arc<str>,
    /// The shop's zone: when its days begin.
    pub zone: chrono_tz::Tz,
}

/// The prices of some items for one buyer.
#[derive(Debug)]
pub struct Prices {
    sheet: Option<Box<dyn Sheet>>,
    web: Option<WebSheet>,
    codes: Vec<Arc<str>>,
    /// The moment they are of.
    pub as_of: DateTime<Utc>,
}

impl Pricing {
    /// Who buys, on whose terms.
    pub fn buyer(&self, customer: Option<Arc<str>>) -> Buyer {
        Buyer {
            customer,
            price_category: self.public.price_category.clone(),
            tax_category: self.public.tax_category.clone(),
            gross: self.public.display == crate::config::Display::Gross,
        }
    }

    /// The shop's day at a moment.
    pub fn day(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.zone).date_naive()
    }

    /// Reads what the prices of some items lean on, in one batch.
    ///
    /// # Errors
    /// A source of prices does not answer: a price is never guessed.
    pub async fn read(
        &self,
        engine: &Engine,
        ask: &Ask,
        items: &[Item],
        buyer: &Buyer,
        day: Option<NaiveDate>,
    ) -> Result<Prices, Fault> {
        let as_of = ask.moment.now;
        let day = day.unwrap_or_else(|| self.day(as_of));
        let erp = async {
            let Some((source, tariff)) = &self.tariff else { return Ok(None) };
            let question = TariffAsk { items, buyer, day, now: as_of, currency: &self.currency };
            let asked = source_of(engine, *source)?;
            match tariff.read(&**asked, question, &ask.moment).await {
                Ok(sheet) => Ok(Some(sheet)),
                Err(error) => Err(fault(ask, asked.name(), &error)),
            }
        };
        let codes: Vec<Arc<str>> = items.iter().map(|item| item.code.clone()).collect();
        let web = async {
            let Some((source, web)) = self.web.as_ref().filter(|(_, web)| web.wanted()) else {
                return Ok(None);
            };
            let asked = source_of(engine, *source)?;
            let buyer = WebBuyer {
                customer: buyer.customer.as_deref(),
                // Which category a customer has, the ERP knows.
                price_category: buyer.price_category.as_deref().filter(|_| buyer.customer.is_none()),
                currency: &self.currency,
                now: as_of,
            };
            match web.read(&**asked, &codes, buyer, &ask.moment).await {
                Ok(sheet) => Ok(Some(sheet)),
                Err(error) => Err(fault(ask, asked.name(), &error)),
            }
        };
        let (sheet, web) = futures::try_join!(erp, web)?;
        let category = sheet.as_ref().and_then(|sheet| sheet.price_category().map(str::to_owned));
        let web = web.map(|web| match category {
            Some(category) => web.of_category(Some(&category)),
            None => web,
        });
        Ok(Prices { sheet, web, codes, as_of })
    }
}

fn source_of(engine: &Engine, source: SourceId) -> Result<&SharedSource, Fault> {
    engine.sources.get(source).ok_or_else(|| Fault::Internal("a source of prices is not there".into()))
}

/// A source of prices that does not answer.
fn fault(ask: &Ask, source: &str, error: &SourceError) -> Fault {
    let cause = Cause::of(source, error);
    ask.moment.troubles.note(&cause.source, cause.code);
    tracing::warn!(source = %cause.source, cause = cause.code, reason = %cause.message, "prices were not read");
    Fault::Source(Arc::new(cause))
}

impl Prices {
    /// The price of one unit of an item, by its place in what was asked, when this many are bought.
    ///
    /// # Errors
    /// There is none, and why.
    pub fn at(&self, item: usize, quantity: Decimal) -> Result<Priced, Refusal> {
        let erp = match &self.sheet {
            Some(sheet) => sheet.price(item, quantity),
            None => Err(Refusal::new(
                "UNSUPPORTED_TARIFF",
                "There are no rules for the tariff of this connector.",
            )),
        };
        match (&self.web, self.codes.get(item)) {
            (Some(web), Some(code)) => web.promoted(code, erp, quantity),
            _ => erp,
        }
    }

    /// The least quantities from which on another price may hold, ascending.
    pub fn breaks(&self, item: usize) -> Vec<Decimal> {
        let erp = self.sheet.as_ref().map_or_else(|| vec![Decimal::ONE], |sheet| sheet.breaks(item));
        match (&self.web, self.codes.get(item)) {
            (Some(web), Some(code)) => web.breaks(code, erp),
            _ => erp,
        }
    }
}

/// The prices at one level: of each record's own item, or of all its references'.
#[derive(Debug)]
pub struct LevelPrices {
    /// The prices of all items.
    pub prices: Prices,
    /// The items of each record.
    pub of: HashMap<u32, Vec<usize>>,
}

impl LevelPrices {
    /// The lowest price of a record's items; `Ok(None)`: it has none that can be ordered.
    ///
    /// # Errors
    /// A price that should be there is not: the tariff is not supported, a rate is missing.
    pub fn lowest(&self, record: u32, quantity: Decimal) -> Result<Option<Priced>, Refusal> {
        Ok(self.range(record, quantity)?.map(|(lowest, _)| lowest))
    }

    /// The lowest and the highest price of a record's items.
    ///
    /// # Errors
    /// As [`LevelPrices::lowest`]; `UNSUPPORTED_TARIFF` also where they are in several currencies, which have no order.
    pub fn range(&self, record: u32, quantity: Decimal) -> Result<Option<(Priced, Priced)>, Refusal> {
        let mut found: Option<(Priced, Priced)> = None;
        for item in self.of.get(&record).into_iter().flatten() {
            let price = match self.prices.at(*item, quantity) {
                Ok(price) => price,
                // The ERP's price 0, or no row of it any more, means that it cannot be ordered.
                Err(refusal) if ["NO_PRICE", "NO_ARTICLE"].contains(&refusal.code) => continue,
                Err(refusal) => return Err(refusal),
            };
            found = Some(match found {
                None => (price.clone(), price),
                Some((low, _)) if low.currency != price.currency => {
                    let message =
                        format!("its references are priced in {} and in {}", low.currency, price.currency);
                    return Err(Refusal::new("UNSUPPORTED_TARIFF", message));
                }
                Some((low, high)) if price.net < low.net => (price, high),
                Some((low, high)) if price.net > high.net => (low, price),
                Some(both) => both,
            });
        }
        Ok(found)
    }
}
