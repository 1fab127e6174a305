//! Web prices (IsoShop's `web_price`): a step of its own after the ERP's price.
//!
//! A row is for everybody, for a price category of the ERP or for one customer, from a quantity on, for a while, in the
//! shop's currency. Its VAT rate is that of the ERP's price, and what is derived has as many decimals: where the ERP has no
//! price, there is none.
//!
//! `lowest`: the cheapest that holds counts where it is cheaper than the ERP's. `replace_public`: the nearest to the buyer
//! stands instead of the ERP's price, cheaper or dearer; who has terms of its own in the ERP keeps them, unless a row names
//! that very customer.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::rules::{ListBuyer, ListRow, Nearness, both, half_up, plain};
use crate::{
    config::Promotions,
    connectors::tariff::{Basis, Discount, DiscountCause, Off, Priced, Refusal, Step},
};

/// The web prices of one reference, and for whom they are asked.
#[derive(Clone, Copy, Debug)]
pub struct WebCase<'a> {
    /// The reference's rows.
    pub rows: &'a [ListRow],
    /// Who buys; the category is the ERP's (`Sheet::price_category`), the currency the shop's.
    pub buyer: &'a ListBuyer,
    /// What they do.
    pub promotions: Promotions,
    /// What a row without `tax_included` means.
    pub tax_included: bool,
    /// The moment.
    pub now: DateTime<Utc>,
}

/// The price after the web prices. What the ERP refuses stays refused: it lacks a rate of VAT, or cannot be ordered.
///
/// # Errors
/// The ERP has no price, or a web price cannot be read.
pub fn promoted(
    case: &WebCase<'_>,
    erp: Result<Priced, Refusal>,
    quantity: Decimal,
) -> Result<Priced, Refusal> {
    if case.promotions == Promotions::Off || case.rows.is_empty() {
        return erp;
    }
    let mut priced = match erp {
        Ok(priced) => priced,
        Err(mut refusal) => {
            refusal.steps.push(told("not looked at: the ERP has no price"));
            return Err(refusal);
        }
    };
    if !priced.currency.eq_ignore_ascii_case(&case.buyer.currency) {
        let note = format!(
            "not looked at: they are in {}, and the price is in {}",
            case.buyer.currency, priced.currency
        );
        priced.steps.push(told(note));
        return Ok(priced);
    }
    let chosen = match choose(case, &mut priced, quantity) {
        Ok(chosen) => chosen,
        Err(mut refusal) => {
            refusal.steps = std::mem::take(&mut priced.steps);
            return Err(refusal);
        }
    };
    Ok(match chosen {
        Some(web) => replaced(priced, web),
        None => priced,
    })
}

/// What a row makes of a price.
#[derive(Clone, Copy)]
struct Web {
    net: Decimal,
    gross: Decimal,
    tax_included: bool,
}

impl Web {
    /// Cheaper, compared as the first is kept.
    fn below(self, net: Decimal, gross: Decimal) -> bool {
        if self.tax_included { self.gross < gross } else { self.net < net }
    }
}

fn choose(case: &WebCase<'_>, priced: &mut Priced, quantity: Decimal) -> Result<Option<Web>, Refusal> {
    let mut held: Vec<(&ListRow, Web)> = Vec::new();
    for row in case.rows {
        if let Some(bad) = &row.bad {
            return Err(Refusal::new("BAD_VALUE", format!("a row of `web_price`: {bad}")));
        }
        let failed = row.fails(case.buyer, &case.buyer.currency, case.now).or_else(|| {
            let amount = row.amount.unwrap_or_default();
            if row.least() > quantity {
                Some(format!("from {} on: the quantity is less", plain(row.least())))
            } else if amount <= Decimal::ZERO {
                Some(format!("{} is no price", plain(amount)))
            } else if case.promotions == Promotions::ReplacePublic
                && priced.own_terms
                && row.nearness() != Nearness::Customer
            {
                Some("the customer has terms of its own in the ERP".to_owned())
            } else {
                None
            }
        });
        if let Some(note) = failed {
            priced.steps.push(row.told("web_price", "price_category", false, note));
            continue;
        }
        let tax_included = row.tax_included.unwrap_or(case.tax_included);
        let (net, gross) =
            both(row.amount.unwrap_or_default(), tax_included, priced.vat_rate, priced.decimals)?;
        held.push((row, Web { net, gross, tax_included }));
    }
    if case.promotions == Promotions::Lowest {
        // The cheapest; of several, the nearest to the buyer.
        held.sort_by(|(a, x), (b, y)| {
            (x.net, std::cmp::Reverse((a.nearness(), a.id)))
                .cmp(&(y.net, std::cmp::Reverse((b.nearness(), b.id))))
        });
    } else {
        held.sort_by_key(|(row, _)| std::cmp::Reverse((row.nearness(), row.least(), row.from, row.id)));
    }
    let mut chosen = None;
    for (place, (row, web)) in held.iter().enumerate() {
        let (used, note) = match case.promotions {
            _ if place > 0 && case.promotions == Promotions::Lowest => {
                (false, "another web price is cheaper, or nearer to the buyer")
            }
            _ if place > 0 => (false, "another web price is nearer to the buyer, or of a higher step"),
            Promotions::Lowest if !web.below(priced.net, priced.gross) => {
                (false, "not cheaper than the ERP's price")
            }
            Promotions::Lowest => (true, "the cheapest web price, and cheaper than the ERP's: it counts"),
            _ => (true, "it stands instead of the ERP's price"),
        };
        priced.steps.push(row.told("web_price", "price_category", used, note));
        if used {
            chosen = Some(*web);
        }
    }
    Ok(chosen)
}

fn replaced(mut priced: Priced, web: Web) -> Priced {
    let before = (priced.net, priced.gross);
    // The list price is the ERP's, and what was taken off it is the promotion; a dearer one takes nothing off.
    priced.list = None;
    priced.discounts = Vec::new();
    if web.below(before.0, before.1) {
        let off = if web.tax_included { before.1 - web.gross } else { before.0 - web.net };
        priced.discounts.push(Discount { cause: DiscountCause::Promotion, off: Off::Amount(off) });
        priced.list = Some(before);
    }
    for tax in &mut priced.taxes {
        if let Some(rate) = tax.rate
            && let Some(amount) = web.net.checked_mul(rate)
        {
            tax.amount = half_up(amount / Decimal::ONE_HUNDRED, priced.decimals.tax);
        }
    }
    priced.net = web.net;
    priced.gross = web.gross;
    priced.tax_included = web.tax_included;
    priced.basis = Basis::Promotion;
    priced
}

fn told(note: impl Into<String>) -> Step {
    Step {
        what: "web prices".into(),
        table: Some("web_price"),
        row: Vec::new(),
        used: false,
        note: note.into(),
        price: None,
    }
}

/// The quantities from which on another price may hold: the ERP's ([`Sheet::breaks`](crate::connectors::tariff::Sheet::breaks))
/// and the web prices'.
pub fn breaks(case: &WebCase<'_>, erp: Vec<Decimal>) -> Vec<Decimal> {
    let least = erp.first().copied().unwrap_or(Decimal::ONE);
    let mut found = erp;
    if case.promotions != Promotions::Off {
        let rows =
            case.rows.iter().filter(|row| row.fails(case.buyer, &case.buyer.currency, case.now).is_none());
        found.extend(rows.map(ListRow::least).filter(|quantity| *quantity > least));
    }
    found.sort();
    found.dedup();
    found
}
