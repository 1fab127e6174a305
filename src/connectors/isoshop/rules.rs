//! The price lists of an IsoShop base that stands for the ERP, as plain functions over rows that were read.
//!
//! A customer's own rows come before those of the customer's price list, and these before those of everybody. Within one
//! of the three, of the rows in force in the buyer's currency, the one with the greatest minimum that the quantity
//! reaches counts; of several with the same, the one that began last, then the one made last. IsoShop's 0 is a value:
//! a row that counts and is 0 means that there is no price.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::connectors::tariff::{Basis, Decimals, Priced, Refusal, Step};

/// A row of `price` or `web_price`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRow {
    /// Its number.
    pub id: i64,
    /// The price list (of `price`) or the ERP's price category (of `web_price`); none: any.
    pub category: Option<Arc<str>>,
    /// The customer; none: any.
    pub customer: Option<Arc<str>>,
    /// ISO 4217; none: the shop's.
    pub currency: Option<Arc<str>>,
    /// From this quantity on; none: from any.
    pub minimum: Option<Decimal>,
    /// The price of one unit; none: the row says nothing.
    pub amount: Option<Decimal>,
    /// Whether it is with VAT; none: as the setting says.
    pub tax_included: Option<bool>,
    /// In force from this moment.
    pub from: Option<DateTime<Utc>>,
    /// In force until this moment, inclusive.
    pub until: Option<DateTime<Utc>>,
    /// What could not be read.
    pub bad: Option<String>,
}

/// Who buys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListBuyer {
    /// The customer's code; none: the public.
    pub customer: Option<Arc<str>>,
    /// The price list (or price category).
    pub category: Option<Arc<str>>,
    /// The currency prices are asked in.
    pub currency: Arc<str>,
}

/// The VAT of what is priced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vat {
    /// The buyer's tax category.
    pub category: Arc<str>,
    /// The article's VAT class.
    pub class: Option<Arc<str>>,
    /// The rate that `vat` has for both, in percent.
    pub rate: Option<Decimal>,
}

/// All that one price leans on.
#[derive(Clone, Copy, Debug)]
pub struct ListCase<'a> {
    /// The reference's rows.
    pub rows: &'a [&'a ListRow],
    /// Who buys.
    pub buyer: &'a ListBuyer,
    /// Its VAT.
    pub vat: &'a Vat,
    /// What a row without `tax_included` means.
    pub tax_included: bool,
    /// To how many decimals the figure that is made of the other is rounded.
    pub decimals: Decimals,
    /// The shop's currency, which a row without one has.
    pub currency: &'a str,
    /// The moment.
    pub now: DateTime<Utc>,
}

/// How near a row is to the buyer: its own, its price list's, everybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    Everybody,
    Category,
    Customer,
}

pub(super) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end(), b.trim_end());
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_uppercase() == b.to_uppercase())
}

fn is(says: Option<&str>, ours: Option<&str>) -> bool {
    says.is_none_or(|says| ours.is_some_and(|ours| same(says, ours)))
}

pub(super) fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

pub(super) fn half_up(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

impl ListRow {
    pub(super) fn nearness(&self) -> Nearness {
        match (&self.customer, &self.category) {
            (Some(_), _) => Nearness::Customer,
            (None, Some(_)) => Nearness::Category,
            (None, None) => Nearness::Everybody,
        }
    }

    pub(super) fn least(&self) -> Decimal {
        self.minimum.unwrap_or_default()
    }

    /// Why it does not hold for a buyer, whatever the quantity.
    pub(super) fn fails(&self, buyer: &ListBuyer, shop: &str, now: DateTime<Utc>) -> Option<String> {
        let at = |moment: &DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
        if self.amount.is_none() {
            return Some("no amount: it says nothing".into());
        }
        if !is(self.customer.as_deref(), buyer.customer.as_deref()) {
            return Some("of another customer".into());
        }
        if !is(self.category.as_deref(), buyer.category.as_deref()) {
            return Some(match &buyer.category {
                Some(category) => format!("of another price list: the buyer's is {category}"),
                None => "of a price list: the buyer has none".into(),
            });
        }
        if !same(self.currency.as_deref().unwrap_or(shop), &buyer.currency) {
            return Some(format!("in another currency: prices are asked in {}", buyer.currency));
        }
        if let Some(from) = self.from.filter(|from| *from > now) {
            return Some(format!("not yet in force: from {}", at(&from)));
        }
        if let Some(until) = self.until.filter(|until| *until < now) {
            return Some(format!("no longer in force: until {}", at(&until)));
        }
        None
    }

    pub(super) fn told(
        &self,
        table: &'static str,
        category: &'static str,
        used: bool,
        note: impl Into<String>,
    ) -> Step {
        let mut row = Vec::new();
        for (name, value) in
            [(category, &self.category), ("customer_code", &self.customer), ("currency", &self.currency)]
        {
            row.extend(value.as_ref().map(|value| (name, value.to_string())));
        }
        for (name, value) in [("minimum_quantity", self.minimum), ("amount", self.amount)] {
            row.extend(value.map(|value| (name, plain(value))));
        }
        row.extend(self.tax_included.map(|with| ("tax_included", i32::from(with).to_string())));
        for (name, value) in [("valid_from", self.from), ("valid_until", self.until)] {
            row.extend(value.map(|at| (name, at.to_rfc3339_opts(SecondsFormat::Secs, true))));
        }
        Step {
            what: if table == "web_price" { "web price" } else { "price row" }.into(),
            table: Some(table),
            row,
            used,
            note: note.into(),
            price: if used { self.amount } else { None },
        }
    }
}

/// Net and gross of an amount: it stands as it is kept, the other is made by the rate, rounded half up.
pub(super) fn both(
    amount: Decimal,
    tax_included: bool,
    rate: Decimal,
    decimals: Decimals,
) -> Result<(Decimal, Decimal), Refusal> {
    let too_large = || Refusal::new("BAD_VALUE", "a price or rate is larger than can be reckoned with");
    let factor = Decimal::ONE_HUNDRED.checked_add(rate).ok_or_else(too_large)?;
    if tax_included {
        let net = amount.checked_mul(Decimal::ONE_HUNDRED).and_then(|x| x.checked_div(factor));
        Ok((half_up(net.ok_or_else(too_large)?, decimals.net), amount))
    } else {
        let gross = amount.checked_mul(factor).ok_or_else(too_large)? / Decimal::ONE_HUNDRED;
        Ok((amount, half_up(gross, decimals.gross)))
    }
}

/// The price of one unit when this many are bought.
///
/// # Errors
/// There is none, and why.
pub fn price(case: &ListCase<'_>, quantity: Decimal) -> Result<Priced, Refusal> {
    let mut steps = Vec::new();
    match reckon(case, quantity, &mut steps) {
        Ok(mut priced) => {
            priced.steps = steps;
            Ok(priced)
        }
        Err(mut refusal) => {
            refusal.steps = steps;
            Err(refusal)
        }
    }
}

fn reckon(case: &ListCase<'_>, quantity: Decimal, steps: &mut Vec<Step>) -> Result<Priced, Refusal> {
    let mut held: Vec<&ListRow> = Vec::new();
    for row in case.rows.iter().copied() {
        if let Some(bad) = &row.bad {
            return Err(Refusal::new("BAD_VALUE", format!("a row of `price`: {bad}")));
        }
        let failed = row.fails(case.buyer, case.currency, case.now).or_else(|| {
            (row.least() > quantity).then(|| format!("from {} on: the quantity is less", plain(row.least())))
        });
        match failed {
            Some(note) => steps.push(row.told("price", "list_code", false, note)),
            None => held.push(row),
        }
    }
    held.sort_by_key(|row| std::cmp::Reverse((row.nearness(), row.least(), row.from, row.id)));
    for (place, row) in held.iter().enumerate() {
        let first = held[0];
        let note = if place == 0 {
            match row.nearness() {
                Nearness::Customer => "the customer's own: it counts".to_owned(),
                Nearness::Category => "of the buyer's price list: it counts".to_owned(),
                Nearness::Everybody => "for everybody: it counts".to_owned(),
            }
        } else if first.nearness() > row.nearness() {
            match first.nearness() {
                Nearness::Customer => "the customer has a price of its own".to_owned(),
                _ => "the buyer's price list has a price".to_owned(),
            }
        } else if first.least() > row.least() {
            format!("the step from {} on counts", plain(first.least()))
        } else {
            "another row of the same kind began later, or was made later".to_owned()
        };
        steps.push(row.told("price", "list_code", place == 0, note));
    }
    let Some(row) = held.first() else {
        return Err(Refusal::new("NO_PRICE", "no row of `price` holds for this buyer, quantity and day"));
    };
    let amount = row.amount.unwrap_or_default();
    if amount.is_zero() {
        return Err(Refusal::new("NO_PRICE", "the row of `price` that counts is 0: it cannot be ordered"));
    }
    if amount < Decimal::ZERO {
        return Err(Refusal::new("BAD_VALUE", format!("a row of `price` is {}", plain(amount))));
    }
    let rate = vat(case.vat, steps)?;
    let tax_included = row.tax_included.unwrap_or(case.tax_included);
    let (net, gross) = both(amount, tax_included, rate, case.decimals)?;
    Ok(Priced {
        net,
        gross,
        vat_rate: rate,
        tax_included,
        taxes: Vec::new(),
        list: None,
        discounts: Vec::new(),
        basis: match row.nearness() {
            Nearness::Customer => Basis::Customer,
            Nearness::Category => Basis::Category,
            Nearness::Everybody => Basis::Base,
        },
        own_terms: row.nearness() == Nearness::Customer,
        decimals: case.decimals,
        currency: case.buyer.currency.clone(),
        steps: Vec::new(),
    })
}

fn vat(vat: &Vat, steps: &mut Vec<Step>) -> Result<Decimal, Refusal> {
    let Some(class) = &vat.class else {
        return Err(Refusal::new("NO_VAT_RATE", "the article has no VAT class: fill in `article.vat_class`"));
    };
    steps.push(Step {
        what: "VAT rate".into(),
        table: Some("vat"),
        row: vec![
            ("tax_category", vat.category.to_string()),
            ("vat_class", class.to_string()),
            ("rate", vat.rate.map(plain).unwrap_or_default()),
        ],
        used: vat.rate.is_some(),
        note: match vat.rate {
            Some(rate) => format!("{} %", plain(rate)),
            None => "there is no such row".into(),
        },
        price: None,
    });
    match vat.rate {
        Some(rate) if rate < Decimal::ZERO => {
            Err(Refusal::new("BAD_VALUE", format!("the VAT rate is {}", plain(rate))))
        }
        Some(rate) => Ok(rate),
        None => Err(Refusal::new(
            "NO_VAT_RATE",
            format!("`vat` has no rate for tax category {} and VAT class {class}: add the row", vat.category),
        )),
    }
}

/// The quantities from which on another price may hold; the first is 1, or the least that is sold at all.
pub fn breaks(case: &ListCase<'_>) -> Vec<Decimal> {
    let holding = case.rows.iter().filter(|row| row.fails(case.buyer, case.currency, case.now).is_none());
    let mut found: Vec<Decimal> = holding.map(|row| row.least().max(Decimal::ONE)).collect();
    found.sort();
    found.dedup();
    if found.is_empty() {
        found.push(Decimal::ONE);
    }
    found
}
