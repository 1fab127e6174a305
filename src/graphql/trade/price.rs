//! `Price` and what it is made of.

use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::{
    connectors::tariff::{Basis, Discount, DiscountCause, Off, Priced, Refusal, Tax},
    graphql::{
        plain::{ArgMap, Plain, PlainObject},
        trade::reason,
    },
    value::rfc3339,
};

/// A decimal as clients read it.
pub(super) fn decimal<'a>(number: Decimal) -> Plain<'a> {
    Plain::owned(Some(number.normalize().to_string()))
}

fn word<'a>(word: &'static str) -> Plain<'a> {
    Plain::Text(Cow::Borrowed(word))
}

/// `Money`.
struct Money {
    amount: Decimal,
    currency: Arc<str>,
}

impl PlainObject for Money {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "amount" => decimal(self.amount),
            "currency" => Plain::text(Some(&self.currency)),
            _ => Plain::Null,
        }
    }
}

/// `Price`.
#[derive(Clone, Debug)]
pub struct PriceObject {
    /// The price.
    pub price: Priced,
    /// The moment it is of.
    pub as_of: DateTime<Utc>,
}

impl PriceObject {
    fn money(&self, amount: Decimal) -> Plain<'_> {
        Plain::object(Money { amount, currency: self.price.currency.clone() })
    }
}

impl PlainObject for PriceObject {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        let p = &self.price;
        match name {
            "net" => self.money(p.net),
            "gross" => self.money(p.gross),
            "vatRate" => decimal(p.vat_rate),
            "vatAmount" => self.money(p.gross - p.net),
            "taxes" => {
                let tax =
                    |tax: &Tax| Plain::object(TaxObject { tax: tax.clone(), currency: p.currency.clone() });
                Plain::List(p.taxes.iter().map(tax).collect())
            }
            "listNet" => p.list.map_or(Plain::Null, |(net, _)| self.money(net)),
            "listGross" => p.list.map_or(Plain::Null, |(_, gross)| self.money(gross)),
            "discounts" => {
                let one = |discount: &Discount| {
                    let discount = discount.clone();
                    Plain::object(DiscountObject { discount, currency: p.currency.clone() })
                };
                Plain::List(p.discounts.iter().map(one).collect())
            }
            "basis" => word(match p.basis {
                Basis::Base => "BASE",
                Basis::Category => "CATEGORY",
                Basis::Customer => "CUSTOMER",
                Basis::Promotion => "PROMOTION",
            }),
            "asOf" => Plain::owned(Some(rfc3339(&self.as_of))),
            _ => Plain::Null,
        }
    }
}

/// `OtherTax`.
struct TaxObject {
    tax: Tax,
    currency: Arc<str>,
}

impl PlainObject for TaxObject {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "code" => Plain::text(Some(&self.tax.code)),
            "title" => Plain::text(self.tax.title.as_deref()),
            "rate" => self.tax.rate.map_or(Plain::Null, decimal),
            "amount" => Plain::object(Money { amount: self.tax.amount, currency: self.currency.clone() }),
            _ => Plain::Null,
        }
    }
}

/// `PriceDiscount`.
struct DiscountObject {
    discount: Discount,
    currency: Arc<str>,
}

impl PlainObject for DiscountObject {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match (name, self.discount.off) {
            ("cause", _) => word(match self.discount.cause {
                DiscountCause::Category => "CATEGORY",
                DiscountCause::Customer => "CUSTOMER",
                DiscountCause::Family => "FAMILY",
                DiscountCause::Quantity => "QUANTITY",
                DiscountCause::Promotion => "PROMOTION",
            }),
            ("percent", Off::Percent(percent)) => decimal(percent),
            ("amount", Off::Amount(amount)) => {
                Plain::object(Money { amount, currency: self.currency.clone() })
            }
            _ => Plain::Null,
        }
    }
}

/// `PriceTier`.
pub struct PriceTier {
    /// From so many on.
    pub from: Decimal,
    /// The price.
    pub price: PriceObject,
}

impl PlainObject for PriceTier {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "minimumQuantity" => decimal(self.from),
            "price" => Plain::object(self.price.clone()),
            _ => Plain::Null,
        }
    }
}

/// `PriceRange`.
pub struct PriceRange {
    /// The lowest.
    pub minimum: PriceObject,
    /// The highest.
    pub maximum: PriceObject,
}

impl PlainObject for PriceRange {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "minimum" => Plain::object(self.minimum.clone()),
            "maximum" => Plain::object(self.maximum.clone()),
            _ => Plain::Null,
        }
    }
}

/// `NotOrderable`.
pub struct NotOrderable {
    /// Why.
    pub refusal: Refusal,
    /// The viewer sees how prices come to be.
    pub staff: bool,
}

impl PlainObject for NotOrderable {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "code" => word(self.refusal.code),
            "reason" => Plain::owned(Some(reason(&self.refusal, self.staff))),
            _ => Plain::Null,
        }
    }
}
