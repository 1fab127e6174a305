//! The prices of Cegid Business, as plain functions over rows that were read: no I/O here.
//!
//! A price is searched in TARIF and else taken from ARTICLE. Of the rows that hold (article or its generic article or
//! any, customer or any, class or any, family or any; open, in force, within bounds, of the document's currency, and HT
//! or TTC as the document) the heaviest counts; the weights are reckoned here, for imports leave GF_PRIORITE as they
//! like. HT and TTC prices are both kept, may disagree with the rate, and are never made of each other: the document
//! chooses one. What the rules do not know refuses the price ([`Refusal`]) rather than guessing.

use std::sync::Arc;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    case::{Case, Goods, Row, plain, same},
    search::{self, Found},
};
use crate::connectors::tariff::{Basis, Discount, DiscountCause, Off, Priced, Refusal, Step, Tax};

fn half_up(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// A starting price: for how many units, and where it is from.
struct Start {
    price: Decimal,
    per: Decimal,
    basis: Basis,
}

/// The price of one unit when this many are bought.
///
/// # Errors
/// There is none, and why.
pub fn price(case: &Case<'_>, quantity: Decimal) -> Result<Priced, Refusal> {
    let mut steps = vec![buyer_step(case)];
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

fn reckon(case: &Case<'_>, quantity: Decimal, steps: &mut Vec<Step>) -> Result<Priced, Refusal> {
    if case.company.other_module {
        return Err(Refusal::new(
            "UNSUPPORTED_TARIFF",
            "the company keeps prices in YTARIFS, which has rows and is not supported: if its sales do not use them, set `ytarifs` of the source to \"unused\"",
        ));
    }
    for goods in std::iter::once(case.own).chain(case.generic) {
        if let Some(bad) = &goods.bad {
            return Err(Refusal::new("BAD_VALUE", format!("ARTICLE row {}: {bad}", goods.key.trim_end())));
        }
    }
    let found = search::search(case, quantity, steps)?;
    let start = start(case, &found, steps)?;
    let (discounts, last) = discounted(case, &found, &start, steps)?;
    let unit = divided(case, last, start.per)?;
    if unit <= Decimal::ZERO {
        return Err(Refusal::new(
            "NO_PRICE",
            format!("the discounts leave no price: {} {}", plain(unit), case.taxed()),
        ));
    }
    let list = if discounts.is_empty() { None } else { Some(divided(case, start.price, start.per)?) };
    let vat = vat(case, steps)?;
    let (net, gross) = both(case, unit, vat)?;
    let list = list.map(|unit| both(case, unit, vat)).transpose()?;
    let taxes = taxes(case, net, steps)?;
    // A row that names the customer gave the price or a discount, or T_REMISE was taken off.
    let own_terms = start.basis == Basis::Customer
        || discounts.iter().any(|discount| discount.cause == DiscountCause::Customer);
    Ok(Priced {
        net,
        gross,
        vat_rate: vat,
        tax_included: !case.party.net,
        taxes,
        list,
        discounts,
        basis: start.basis,
        own_terms,
        decimals: case.terms.decimals,
        currency: case.money().into(),
        steps: Vec::new(),
    })
}

fn buyer_step(case: &Case<'_>) -> Step {
    let party = case.party;
    let who = match &party.customer {
        Some(code) => format!("customer {code}"),
        None => "the public, whose terms the shop sets".to_owned(),
    };
    let kind = if party.net { "net (HT)" } else { "gross (TTC)" };
    Step {
        what: "buyer".into(),
        table: party.customer.as_ref().map(|_| "TIERS"),
        row: vec![
            ("T_TIERS", party.customer.as_deref().unwrap_or_default().to_owned()),
            ("T_TARIFTIERS", party.class.as_deref().unwrap_or_default().to_owned()),
            ("T_REGIMETVA", party.regime.to_string()),
            ("T_FACTUREHT", if party.net { "X" } else { "-" }.to_owned()),
            ("T_DEVISE", case.money().to_owned()),
            ("T_REMISE", plain(party.discount)),
        ],
        used: true,
        note: format!("{who}: priced {kind} in {}", case.money()),
        price: None,
    }
}

/// The price before discounts.
fn start(case: &Case<'_>, found: &Found<'_>, steps: &mut Vec<Step>) -> Result<Start, Refusal> {
    let row = match found.winner() {
        Some(winner) if winner.price > Decimal::ZERO => Some(winner),
        Some(_) if !case.terms.discount_off_article => found.next_price(),
        _ => None,
    };
    let Some(row) = row else { return base(case, steps) };
    search::known_price(case, row)?;
    let per = if case.terms.tariff_per_quantity { per(case.own)? } else { Decimal::ONE };
    let unit = divided(case, row.price, per)?;
    steps.push(Step {
        what: "starting price".into(),
        table: None,
        row: vec![],
        used: true,
        note: format!(
            "row {} of TARIF gives {} {} for {} unit(s)",
            row.id,
            plain(row.price),
            case.taxed(),
            plain(per)
        ),
        price: Some(unit),
    });
    Ok(Start { price: row.price, per, basis: basis(row) })
}

fn basis(row: &Row) -> Basis {
    match (&row.customer, &row.class) {
        (Some(_), _) => Basis::Customer,
        (None, Some(_)) => Basis::Category,
        (None, None) => Basis::Base,
    }
}

/// The article's own price: the variant's row, then its generic article's.
fn base(case: &Case<'_>, steps: &mut Vec<Step>) -> Result<Start, Refusal> {
    let figure = |goods: &Goods| if case.party.net { goods.net } else { goods.gross };
    let shared = case.own.one_price || case.generic.is_some_and(|g| g.one_price);
    let mut chosen = None;
    for goods in [Some(case.own), case.generic].into_iter().flatten() {
        let is_own = std::ptr::eq(goods, case.own);
        let price = figure(goods);
        let (used, note) = if chosen.is_some() {
            (false, "not asked: the variant has a price of its own".to_owned())
        } else if is_own && shared && case.generic.is_some() {
            (false, "one price for all variants (GA_PRIXUNIQUE X): the generic article's counts".to_owned())
        } else if price.is_zero() {
            (false, format!("no {} price here", case.taxed()))
        } else {
            chosen = Some(goods);
            (true, format!("its {} price, for {} unit(s)", case.taxed(), plain(per(goods)?)))
        };
        steps.push(Step {
            what: if is_own { "article".into() } else { "generic article".into() },
            table: Some("ARTICLE"),
            row: vec![
                ("GA_ARTICLE", goods.key.to_string()),
                ("GA_PVHT", plain(goods.net)),
                ("GA_PVTTC", plain(goods.gross)),
                ("GA_PRIXPOURQTE", plain(goods.per)),
                ("GA_PRIXUNIQUE", if goods.one_price { "X" } else { "-" }.to_owned()),
            ],
            used,
            note,
            price: if used { Some(divided(case, price, per(goods)?)?) } else { None },
        });
    }
    let Some(goods) = chosen else { return Err(none(case)) };
    let price = figure(goods);
    if price < Decimal::ZERO {
        return Err(Refusal::new("BAD_VALUE", format!("the article's price is {}", plain(price))));
    }
    if !same(case.money(), case.home()) {
        return Err(Refusal::new(
            "UNSUPPORTED_TARIFF",
            format!(
                "no row of TARIF gives a price in {}, and articles' own prices are in {}: rates of exchange are not supported",
                case.money(),
                case.home()
            ),
        ));
    }
    Ok(Start { price, per: per(goods)?, basis: Basis::Base })
}

fn none(case: &Case<'_>) -> Refusal {
    let net = case.party.net;
    let all = || std::iter::once(case.own).chain(case.generic);
    let made = all().find_map(|g| if net { g.made_net.as_deref() } else { g.made_gross.as_deref() });
    let (column, other, calc) = if net {
        ("GA_PVHT", "GA_PVTTC", "GA_CALCPRIXHT")
    } else {
        ("GA_PVTTC", "GA_PVHT", "GA_CALCPRIXTTC")
    };
    if let Some(made) = made {
        return Refusal::new(
            "UNSUPPORTED_TARIFF",
            format!(
                "{column} is 0 and {calc} is {made}: prices that Cegid makes of others at entry are not supported; have them written to the article"
            ),
        );
    }
    let kept_otherwise = all().any(|g| !(if net { g.gross } else { g.net }).is_zero());
    let more = if kept_otherwise {
        format!("; {other} is kept, but no price is made of it: fill in {column}")
    } else {
        String::new()
    };
    Refusal::new(
        "NO_PRICE",
        format!("no row of TARIF gives a price, and {column} is 0: it cannot be ordered{more}"),
    )
}

/// GA_PRIXPOURQTE; 0 is 1.
fn per(goods: &Goods) -> Result<Decimal, Refusal> {
    match goods.per {
        per if per.is_zero() => Ok(Decimal::ONE),
        per if per > Decimal::ZERO => Ok(per),
        per => Err(Refusal::new("BAD_VALUE", format!("GA_PRIXPOURQTE is {}", plain(per)))),
    }
}

/// What is taken off, and the price (for `start.per` units) that is left, rounded as the company does.
fn discounted(
    case: &Case<'_>,
    found: &Found<'_>,
    start: &Start,
    steps: &mut Vec<Step>,
) -> Result<(Vec<Discount>, Decimal), Refusal> {
    let mut off: Vec<(Discount, String)> = Vec::new();
    for row in found.discounts(case)? {
        if case.terms.refuse_rounding
            && let Some(code) = &row.rounding
        {
            return Err(Refusal::new(
                "UNSUPPORTED_TARIFF",
                format!(
                    "row {} of TARIF rounds by rule {code} (GF_ARRONDI), which is not supported: set `rounding_codes` of the source to \"ignored\" if it does not count",
                    row.id
                ),
            ));
        }
        let discount = Discount { cause: cause(row), off: Off::Percent(row.discount) };
        off.push((discount, format!("row {} of TARIF", row.id)));
    }
    if case.terms.customer_discount && !case.party.discount.is_zero() {
        let discount = Discount { cause: DiscountCause::Customer, off: Off::Percent(case.party.discount) };
        off.push((discount, "the customer's T_REMISE".to_owned()));
    }
    let barred = case.terms.discount_flag
        && (case.own.no_discount || case.generic.is_some_and(|goods| goods.no_discount));
    if barred && !off.is_empty() {
        steps.push(reckoned("discount", "none: the article may not be discounted (GA_REMISELIGNE -)", None));
        off.clear();
    }
    let mut left = start.price;
    let mut discounts = Vec::with_capacity(off.len());
    for (discount, whose) in off {
        let Off::Percent(percent) = discount.off else { continue };
        if percent > Decimal::ONE_HUNDRED {
            return Err(Refusal::new("BAD_VALUE", format!("{whose} takes {} % off", plain(percent))));
        }
        let kept = Decimal::ONE_HUNDRED.checked_sub(percent).and_then(|kept| kept.checked_mul(left));
        left = kept.ok_or_else(too_large)? / Decimal::ONE_HUNDRED;
        let note = format!("{} % off: {whose}", plain(percent));
        steps.push(reckoned("discount", note, Some(divided(case, left, start.per)?)));
        discounts.push(discount);
    }
    if discounts.is_empty() {
        return Ok((discounts, left));
    }
    let decimals = case.terms.price_decimals.or(case.company.price_decimals);
    let decimals = decimals.unwrap_or(case.terms.unit_decimals);
    if left.normalize().scale() <= decimals {
        return Ok((discounts, left));
    }
    left = half_up(left, decimals);
    let note = format!("rounded to {decimals} decimal(s), half up");
    steps.push(reckoned("rounding", note, Some(divided(case, left, start.per)?)));
    Ok((discounts, left))
}

fn cause(row: &Row) -> DiscountCause {
    if row.customer.is_some() {
        DiscountCause::Customer
    } else if row.class.is_some() {
        DiscountCause::Category
    } else if row.stepped {
        DiscountCause::Quantity
    } else if row.family.is_some() || row.sub_family.is_some() {
        DiscountCause::Family
    } else {
        DiscountCause::Promotion
    }
}

fn family(case: &Case<'_>, slot: usize) -> Option<Arc<str>> {
    case.own.taxes[slot].clone().or_else(|| case.generic.and_then(|goods| goods.taxes[slot].clone()))
}

fn vat(case: &Case<'_>, steps: &mut Vec<Step>) -> Result<Decimal, Refusal> {
    let regime = &case.party.regime;
    let Some(family) = family(case, 0) else {
        return Err(Refusal::new("NO_VAT_RATE", "the article has no tax family (GA_FAMILLETAXE1)"));
    };
    let rate = case.rates.get(1, &family);
    steps.push(Step {
        what: "VAT rate".into(),
        table: Some("TXCPTTVA"),
        row: vec![
            ("TV_TVAOUTPF", "TX1".to_owned()),
            ("TV_REGIME", regime.to_string()),
            ("TV_CODETAUX", family.to_string()),
            ("TV_TAUXVTE", rate.map(plain).unwrap_or_default()),
        ],
        used: rate.is_some(),
        note: match rate {
            Some(rate) => format!("{} % for sales", plain(rate)),
            None => "there is no such row".to_owned(),
        },
        price: None,
    });
    match rate {
        Some(rate) if rate < Decimal::ZERO => Err(Refusal::new(
            "BAD_VALUE",
            format!("the VAT rate of {family} in regime {regime} is {}", plain(rate)),
        )),
        Some(rate) => Ok(rate),
        None => Err(Refusal::new(
            "NO_VAT_RATE",
            format!(
                "TXCPTTVA has no rate TX1 for tax family {family} in regime {regime}: add it in Cegid, or correct the article's family"
            ),
        )),
    }
}

/// Other taxes than VAT, which are told apart from the price.
fn taxes(case: &Case<'_>, net: Decimal, steps: &mut Vec<Step>) -> Result<Vec<Tax>, Refusal> {
    let mut taxes = Vec::new();
    if !case.terms.other_taxes {
        return Ok(taxes);
    }
    for slot in 2_u8..=5 {
        let Some(family) = family(case, usize::from(slot) - 1) else { continue };
        let Some(rate) = case.rates.get(slot, &family).filter(|rate| !rate.is_zero()) else { continue };
        let amount = net
            .checked_mul(rate)
            .map(|x| half_up(x / Decimal::ONE_HUNDRED, case.terms.decimals.tax))
            .ok_or_else(too_large)?;
        steps.push(Step {
            what: "other tax".into(),
            table: Some("TXCPTTVA"),
            row: vec![
                ("TV_TVAOUTPF", format!("TX{slot}")),
                ("TV_REGIME", case.party.regime.to_string()),
                ("TV_CODETAUX", family.to_string()),
                ("TV_TAUXVTE", plain(rate)),
            ],
            used: true,
            note: format!("{} % of the net price, not in it: {}", plain(rate), plain(amount)),
            price: None,
        });
        taxes.push(Tax { code: format!("TX{slot}").into(), title: None, rate: Some(rate), amount });
    }
    Ok(taxes)
}

/// Net and gross: the figure that the document keeps stands, the other is made of it by the rate.
fn both(case: &Case<'_>, unit: Decimal, vat: Decimal) -> Result<(Decimal, Decimal), Refusal> {
    let factor = Decimal::ONE_HUNDRED.checked_add(vat).ok_or_else(too_large)?;
    if case.party.net {
        let gross = unit.checked_mul(factor).ok_or_else(too_large)? / Decimal::ONE_HUNDRED;
        Ok((unit, half_up(gross, case.terms.decimals.gross)))
    } else {
        let net = unit.checked_mul(Decimal::ONE_HUNDRED).and_then(|x| x.checked_div(factor));
        Ok((half_up(net.ok_or_else(too_large)?, case.terms.decimals.net), unit))
    }
}

/// A price for several units as that of one.
fn divided(case: &Case<'_>, price: Decimal, per: Decimal) -> Result<Decimal, Refusal> {
    if per == Decimal::ONE {
        return Ok(price);
    }
    price.checked_div(per).map(|unit| half_up(unit, case.terms.unit_decimals)).ok_or_else(too_large)
}

fn too_large() -> Refusal {
    Refusal::new("BAD_VALUE", "a price or rate is larger than can be reckoned with")
}

fn reckoned(what: &str, note: impl Into<String>, price: Option<Decimal>) -> Step {
    Step {
        what: what.to_owned(),
        table: None,
        row: Vec::new(),
        used: price.is_some(),
        note: note.into(),
        price,
    }
}
