//! The prices of Cegid Business, as plain functions over rows that were read: no I/O here.
//!
//! A price is searched in TARIF and else taken from ARTICLE. Of the rows that hold (article or its generic article or
//! any, customer or any, class or any, family or any; open, in force, within bounds, of the document's currency, and HT
//! or TTC as the document) the heaviest counts; the weights are reckoned here, for imports leave GF_PRIORITE as they
//! like. HT and TTC prices are both kept, may disagree with the rate, and are never made of each other: the document
//! chooses one. What the rules do not know refuses the price ([`Refusal`]) rather than guessing.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use super::search::{self, Found};
use crate::connectors::tariff::{Basis, Discount, DiscountCause, Off, Priced, Refusal, Step, Tax};

/// What Cegid's set-up decides and its tables do not tell: settings, with the connector's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The warehouse whose price rows count beside those of any (GF_DEPOT).
    pub depot: Option<Arc<str>>,
    /// A variant's own rows shut out its generic article's, whatever they weigh; else both are weighed together.
    pub variant_first: bool,
    /// A row without price takes its discount off the article's price; else off the next row's that has one.
    pub discount_off_article: bool,
    /// What a row marked CAS does beside weighing more.
    pub cascade: Cascade,
    /// T_REMISE is taken off the unit price; else it stays at the foot of documents.
    pub customer_discount: bool,
    /// Articles whose GA_REMISELIGNE is `-` have no discount.
    pub discount_flag: bool,
    /// A discount under a rounding code (GF_ARRONDI) refuses the price; else the code is not looked at.
    pub refuse_rounding: bool,
    /// To how many decimals a discounted price is rounded; none: as the company does ([`Company::price_decimals`]).
    pub price_decimals: Option<u32>,
    /// GF_PRIXUNITAIRE is for GA_PRIXPOURQTE units as the article's own price; else for one.
    pub tariff_per_quantity: bool,
    /// TX2 to TX5 are told as taxes of their own.
    pub other_taxes: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            depot: None,
            variant_first: true,
            discount_off_article: true,
            cascade: Cascade::Alone,
            customer_discount: false,
            discount_flag: true,
            refuse_rounding: true,
            price_decimals: None,
            tariff_per_quantity: true,
            other_taxes: true,
        }
    }
}

/// What a row marked CAS does beside weighing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cascade {
    /// Nothing: the heaviest row's discount stands alone.
    #[default]
    Alone,
    /// The discounts of the next rows follow it, down to the first that is not marked.
    Chained,
    /// Another discount that would follow refuses the price.
    Refused,
}

/// What the company's parameters say (PARAMSOC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// SO_DEVISEPRINC: the currency of the articles' prices.
    pub currency: Option<Arc<str>>,
    /// SO_DECPRIX.
    pub price_decimals: Option<u32>,
    /// SO_DECQTE.
    pub quantity_decimals: Option<u32>,
    /// Prices are kept in YTARIFS too, which these rules do not read.
    pub other_module: bool,
}

/// Who buys: a row of TIERS, or the public's terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// T_TIERS; none: the public.
    pub customer: Option<Arc<str>>,
    /// T_TARIFTIERS.
    pub class: Option<Arc<str>>,
    /// T_REGIMETVA.
    pub regime: Arc<str>,
    /// T_FACTUREHT: documents are net.
    pub net: bool,
    /// T_DEVISE; none: the company's.
    pub currency: Option<Arc<str>>,
    /// T_REMISE, in percent.
    pub discount: Decimal,
}

/// A row of ARTICLE (and its ARTICLECOMPL).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goods {
    /// GA_ARTICLE, 34 characters.
    pub key: Arc<str>,
    /// GA_TARIFARTICLE.
    pub family: Option<Arc<str>>,
    /// GA2_SOUSFAMTARART.
    pub sub_family: Option<Arc<str>>,
    /// GA_PVHT.
    pub net: Decimal,
    /// GA_PVTTC.
    pub gross: Decimal,
    /// GA_PRIXPOURQTE; 0 is 1.
    pub per: Decimal,
    /// GA_PRIXUNIQUE: variants have their generic article's price.
    pub one_price: bool,
    /// GA_FAMILLETAXE1 to 5.
    pub taxes: [Option<Arc<str>>; 5],
    /// GA_REMISELIGNE is `-`.
    pub no_discount: bool,
    /// GA_CALCPRIXHT, where it is not AUC: how the net price is made of others.
    pub made_net: Option<Arc<str>>,
    /// GA_CALCPRIXTTC likewise.
    pub made_gross: Option<Arc<str>>,
    /// What could not be read.
    pub bad: Option<String>,
}

/// A row of TARIF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// GF_TARIF.
    pub id: i64,
    /// GF_LIBELLE.
    pub label: Option<Arc<str>>,
    /// GF_ARTICLE; none: any.
    pub article: Option<Arc<str>>,
    /// GF_TARIFARTICLE; none: any.
    pub family: Option<Arc<str>>,
    /// GF_SOUSFAMTARART; none: any.
    pub sub_family: Option<Arc<str>>,
    /// GF_TIERS; none: any.
    pub customer: Option<Arc<str>>,
    /// GF_TARIFTIERS; none: any.
    pub class: Option<Arc<str>>,
    /// GF_NATUREAUXI is FOU.
    pub purchase: bool,
    /// GF_DEVISE; none: any.
    pub currency: Option<Arc<str>>,
    /// GF_DEPOT; none: any.
    pub depot: Option<Arc<str>>,
    /// GF_REGIMEPRIX.
    pub regime: Option<Arc<str>>,
    /// GF_PRIXUNITAIRE; 0: the row is a discount only.
    pub price: Decimal,
    /// GF_REMISE, in percent.
    pub discount: Decimal,
    /// GF_QUANTITATIF.
    pub stepped: bool,
    /// GF_BORNEINF and GF_BORNESUP, both inclusive; none, and ±999,999: no bound.
    pub bounds: (Option<Decimal>, Option<Decimal>),
    /// GF_DATEDEBUT.
    pub from: Option<NaiveDate>,
    /// GF_DATEFIN, inclusive.
    pub until: Option<NaiveDate>,
    /// GF_FERME.
    pub closed: bool,
    /// GF_CASCADEREMISE.
    pub cascade: Option<Arc<str>>,
    /// GF_CONDAPPLIC: it holds under a condition only.
    pub condition: Option<Arc<str>>,
    /// GF_ARRONDI.
    pub rounding: Option<Arc<str>>,
    /// GF_TARFMODE is not 0: a row of the retail tariffs.
    pub retail: bool,
    /// What could not be read.
    pub bad: Option<String>,
}

/// TV_TAUXVTE by number of the tax (1 is VAT) and family, of one regime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates(HashMap<(u8, String), Decimal>);

impl Rates {
    /// Adds a rate of TXCPTTVA; `tax` is TX1 to TX5.
    pub fn add(&mut self, tax: &str, family: &str, rate: Decimal) {
        if let Some(slot) = tax.trim().strip_prefix("TX").and_then(|n| n.parse().ok()) {
            self.0.insert((slot, family.trim().to_uppercase()), rate);
        }
    }

    fn get(&self, slot: u8, family: &str) -> Option<Decimal> {
        self.0.get(&(slot, family.trim().to_uppercase())).copied()
    }
}

/// All that one price leans on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The reference's own row.
    pub own: &'a Goods,
    /// Its generic article's, of a variant.
    pub generic: Option<&'a Goods>,
    /// Rows of TARIF; those of other articles are passed over.
    pub rows: &'a [&'a Row],
    /// The rates of the buyer's regime.
    pub rates: &'a Rates,
    /// Who buys.
    pub party: &'a Party,
    /// The company.
    pub company: &'a Company,
    /// What its set-up decides.
    pub terms: &'a Terms,
    /// The day.
    pub day: NaiveDate,
    /// The shop's currency, where neither customer nor company says.
    pub currency: &'a str,
}

impl Case<'_> {
    /// The company's currency.
    pub(super) fn home(&self) -> &str {
        self.company.currency.as_deref().unwrap_or(self.currency)
    }

    /// The document's currency.
    pub(super) fn money(&self) -> &str {
        self.party.currency.as_deref().unwrap_or_else(|| self.home())
    }

    fn taxed(&self) -> &'static str {
        if self.party.net { "HT" } else { "TTC" }
    }
}

/// Whether two codes are one: case and trailing blanks do not count.
pub(super) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end(), b.trim_end());
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_uppercase() == b.to_uppercase())
}

fn half_up(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// As people write it.
pub(super) fn plain(value: Decimal) -> String {
    value.normalize().to_string()
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
    let unit = divided(last, start.per)?;
    if unit <= Decimal::ZERO {
        return Err(Refusal::new(
            "NO_PRICE",
            format!("the discounts leave no price: {} {}", plain(unit), case.taxed()),
        ));
    }
    let list = if discounts.is_empty() { None } else { Some(divided(start.price, start.per)?) };
    let vat = vat(case, steps)?;
    let (net, gross) = both(case, unit, vat)?;
    let list = list.map(|unit| both(case, unit, vat)).transpose()?;
    let taxes = taxes(case, net, steps)?;
    Ok(Priced {
        net,
        gross,
        vat_rate: vat,
        tax_included: !case.party.net,
        taxes,
        list,
        discounts,
        basis: start.basis,
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
    let unit = divided(row.price, per)?;
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
            price: if used { Some(divided(price, per(goods)?)?) } else { None },
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
        let kept = Decimal::ONE_HUNDRED - percent;
        left = kept.checked_mul(left).map(|x| x / Decimal::ONE_HUNDRED).ok_or_else(too_large)?;
        let note = format!("{} % off: {whose}", plain(percent));
        steps.push(reckoned("discount", note, Some(divided(left, start.per)?)));
        discounts.push(discount);
    }
    if discounts.is_empty() {
        return Ok((discounts, left));
    }
    let decimals = case.terms.price_decimals.or(case.company.price_decimals);
    let Some(decimals) = decimals.filter(|n| left.normalize().scale() > *n) else {
        return Ok((discounts, left));
    };
    left = half_up(left, decimals);
    let note = format!("rounded to {decimals} decimal(s), half up");
    steps.push(reckoned("rounding", note, Some(divided(left, start.per)?)));
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
        let amount =
            net.checked_mul(rate).map(|x| half_up(x / Decimal::ONE_HUNDRED, 6)).ok_or_else(too_large)?;
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
    let factor = Decimal::ONE_HUNDRED + vat;
    if case.party.net {
        let gross = unit.checked_mul(factor).ok_or_else(too_large)? / Decimal::ONE_HUNDRED;
        Ok((unit, half_up(gross, 6)))
    } else {
        let net = unit.checked_mul(Decimal::ONE_HUNDRED).and_then(|x| x.checked_div(factor));
        Ok((half_up(net.ok_or_else(too_large)?, 6), unit))
    }
}

/// A price for several units as that of one: six decimals.
fn divided(price: Decimal, per: Decimal) -> Result<Decimal, Refusal> {
    if per == Decimal::ONE {
        return Ok(price);
    }
    price.checked_div(per).map(|unit| half_up(unit, 6)).ok_or_else(too_large)
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
