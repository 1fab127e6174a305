//! Reads the web prices of a page of references: one statement.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{
    promotions::{self, WebCase},
    rules::{ListBuyer, ListRow},
    tariff::{by_reference, folded, list_rows, tax_included},
};
use crate::{
    config::Promotions,
    connectors::{
        map::ConnectorMap,
        reading::{Reading, keys},
        tariff::{Priced, Refusal},
    },
    sources::{Moment, Source, SourceError},
    value::Value,
};

/// The web prices of an IsoShop base.
#[derive(Debug)]
pub struct WebPrices {
    promotions: Promotions,
    tax_included: bool,
    rows: Reading,
}

impl WebPrices {
    /// The web prices of a source with this map, and what they do (`[prices]`).
    pub fn new(map: &ConnectorMap, promotions: Promotions) -> Self {
        Self {
            promotions,
            tax_included: tax_included(map),
            rows: list_rows(
                Reading::new("web_price", map).scalar("customer"),
                // A number where the ERP's categories are; a shop on Cegid makes it text.
                "CAST(price_category AS varchar(35))",
                "NULL",
            ),
        }
    }

    /// Whether they do anything: else they need not be read.
    pub fn wanted(&self) -> bool {
        self.promotions != Promotions::Off
    }

    /// The web prices of some references for one buyer; nobody else's are read. Nothing is asked where they do nothing.
    ///
    /// # Errors
    /// The source does not answer.
    pub async fn read(
        &self,
        source: &dyn Source,
        codes: &[Arc<str>],
        buyer: WebBuyer<'_>,
        moment: &Moment,
    ) -> Result<WebSheet, SourceError> {
        let rows = if self.wanted() {
            let codes = keys(codes.iter().map(|code| Value::text(&**code)));
            let customer = [Value::text(buyer.customer.unwrap_or_default())];
            by_reference(&self.rows.rows(source, codes, &customer, moment).await?)
        } else {
            HashMap::new()
        };
        Ok(WebSheet {
            rows,
            buyer: ListBuyer {
                customer: buyer.customer.map(Arc::from),
                category: buyer.price_category.map(Arc::from),
                currency: buyer.currency.into(),
            },
            promotions: self.promotions,
            tax_included: self.tax_included,
            now: buyer.now,
        })
    }
}

/// For whom web prices are asked.
#[derive(Clone, Copy, Debug)]
pub struct WebBuyer<'a> {
    /// The customer's code; none: the public.
    pub customer: Option<&'a str>,
    /// The ERP's price category of the buyer ([`Sheet::price_category`](crate::connectors::tariff::Sheet::price_category)).
    pub price_category: Option<&'a str>,
    /// The shop's currency.
    pub currency: &'a str,
    /// The moment of validity.
    pub now: DateTime<Utc>,
}

/// The web prices of some references for one buyer.
#[derive(Debug)]
pub struct WebSheet {
    rows: HashMap<String, Vec<ListRow>>,
    buyer: ListBuyer,
    promotions: Promotions,
    tax_included: bool,
    now: DateTime<Utc>,
}

impl WebSheet {
    /// The same with another price category, where that is known only after the ERP was read.
    #[must_use]
    pub fn of_category(mut self, category: Option<&str>) -> Self {
        self.buyer.category = category.map(Arc::from);
        self
    }

    fn case(&self, code: &str) -> WebCase<'_> {
        WebCase {
            rows: self.rows.get(&folded(code)).map_or(&[], Vec::as_slice),
            buyer: &self.buyer,
            promotions: self.promotions,
            tax_included: self.tax_included,
            now: self.now,
        }
    }

    /// The ERP's price of a reference after its web prices.
    ///
    /// # Errors
    /// The ERP has no price, or a web price cannot be read.
    pub fn promoted(
        &self,
        code: &str,
        erp: Result<Priced, Refusal>,
        quantity: Decimal,
    ) -> Result<Priced, Refusal> {
        promotions::promoted(&self.case(code), erp, quantity)
    }

    /// The ERP's quantities from which on another price may hold, with those of web prices.
    pub fn breaks(&self, code: &str, erp: Vec<Decimal>) -> Vec<Decimal> {
        promotions::breaks(&self.case(code), erp)
    }
}
