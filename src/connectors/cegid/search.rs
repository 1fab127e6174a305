//! The search of TARIF: which rows hold, what each weighs, and which counts.

use std::cmp::Ordering;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::case::{Cascade, Case, Goods, Row, plain, same};
use crate::connectors::tariff::{Refusal, Step};

/// Bounds from here on mean none.
const NO_BOUND: Decimal = Decimal::from_parts(999_999, 0, 0, false, 0);

/// The rows that hold, the one that counts first.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    rows: Vec<&'a Row>,
}

/// What a row names of what is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Names {
    Nothing,
    Generic,
    Itself,
}

struct Candidate<'a> {
    row: &'a Row,
    names: Names,
    weight: u32,
}

impl<'a> Found<'a> {
    pub(super) fn winner(&self) -> Option<&'a Row> {
        self.rows.first().copied()
    }

    /// The heaviest row with a price.
    pub(super) fn next_price(&self) -> Option<&'a Row> {
        self.rows.iter().copied().find(|row| row.price > Decimal::ZERO)
    }

    /// The rows whose discounts count, in the order they are taken off.
    pub(super) fn discounts(&self, case: &Case<'_>) -> Result<Vec<&'a Row>, Refusal> {
        let mut taken: Vec<&'a Row> = Vec::new();
        for (place, row) in self.rows.iter().copied().enumerate() {
            if !row.discount.is_zero() {
                if place > 0 && case.terms.cascade == Cascade::Refused {
                    return Err(Refusal::new(
                        "UNSUPPORTED_TARIFF",
                        format!(
                            "a row in cascade (GF_CASCADEREMISE CAS) is followed by the discount of row {} of TARIF, and how they add up is Cegid's set-up: set `cascade` of the source to \"alone\" or \"chained\"",
                            row.id
                        ),
                    ));
                }
                if place > 0 {
                    known(case, row)?;
                }
                taken.push(row);
            }
            if case.terms.cascade == Cascade::Alone || !is(row, "CAS") {
                break;
            }
        }
        Ok(taken)
    }
}

fn is(row: &Row, cascade: &str) -> bool {
    row.cascade.as_deref().is_some_and(|code| same(code, cascade))
}

/// What a row weighs: the vendor's own weights, reckoned anew.
fn weight(row: &Row) -> u32 {
    let mut sum = 0;
    for (says, weight) in [
        (row.article.is_some(), 40),
        (row.family.is_some(), 10),
        (row.sub_family.is_some(), 10),
        (row.customer.is_some(), 40),
        (row.class.is_some(), 5),
        (row.currency.is_some(), 2),
        (row.depot.is_some(), 1),
        (is(row, "FOR"), 200),
        (is(row, "CAS"), 100),
    ] {
        sum += if says { weight } else { 0 };
    }
    sum
}

fn names(case: &Case<'_>, row: &Row) -> Option<Names> {
    match &row.article {
        None => Some(Names::Nothing),
        Some(key) if same(key, &case.own.key) => Some(Names::Itself),
        Some(key) if case.generic.is_some_and(|goods| same(key, &goods.key)) => Some(Names::Generic),
        Some(_) => None,
    }
}

fn bounds(row: &Row) -> (Option<Decimal>, Option<Decimal>) {
    // 0 to 0 is a row that was never given any.
    if row.bounds.0.unwrap_or_default().is_zero() && row.bounds.1.unwrap_or_default().is_zero() {
        return (None, None);
    }
    (row.bounds.0.filter(|b| *b > -NO_BOUND), row.bounds.1.filter(|b| *b < NO_BOUND))
}

/// Why a row does not hold, whatever the quantity; blank: it does.
fn fails(case: &Case<'_>, row: &Row) -> Option<String> {
    let other = |says: &Option<std::sync::Arc<str>>, ours: Option<&str>| {
        says.as_deref().is_some_and(|says| !ours.is_some_and(|ours| same(says, ours)))
    };
    let family = |of: &dyn Fn(&Goods) -> Option<std::sync::Arc<str>>| {
        of(case.own).or_else(|| case.generic.and_then(of))
    };
    let on = |day: NaiveDate| day.format("%Y-%m-%d").to_string();
    if row.price.is_zero() && row.discount.is_zero() {
        return Some("neither price nor discount: it says nothing".into());
    }
    if row.purchase {
        return Some("for purchases (GF_NATUREAUXI FOU)".into());
    }
    if row.closed {
        return Some("closed (GF_FERME X)".into());
    }
    if other(&row.customer, case.party.customer.as_deref()) {
        return Some("of another customer".into());
    }
    if other(&row.class, case.party.class.as_deref()) {
        return Some(match &case.party.class {
            Some(class) => format!("of another class: the buyer's is {class}"),
            None => "of a class: the buyer has none".into(),
        });
    }
    if other(&row.family, family(&|g| g.family.clone()).as_deref()) {
        return Some("of another price family".into());
    }
    if other(&row.sub_family, family(&|g| g.sub_family.clone()).as_deref()) {
        return Some("of another price sub-family".into());
    }
    if other(&row.currency, Some(case.money())) {
        return Some(format!("in another currency: the document is in {}", case.money()));
    }
    if other(&row.depot, case.terms.depot.as_deref()) {
        return Some("of another warehouse".into());
    }
    if let Some(from) = row.from.filter(|from| *from > case.day) {
        return Some(format!("not yet in force: from {}", on(from)));
    }
    if let Some(until) = row.until.filter(|until| *until < case.day) {
        return Some(format!("no longer in force: until {}", on(until)));
    }
    match (row.regime.as_deref(), case.party.net) {
        (Some(regime), true) if same(regime, "TTC") => Some("TTC, and the document is HT".into()),
        (Some(regime), false) if same(regime, "HT") => Some("HT, and the document is TTC".into()),
        _ => None,
    }
}

/// Refuses what would be guessed: a row that counts must be one that these rules know.
fn known(case: &Case<'_>, row: &Row) -> Result<(), Refusal> {
    let refuse = |what: String| {
        Err(Refusal::new(
            "UNSUPPORTED_TARIFF",
            format!("row {} of TARIF would make the price, and {what}", row.id),
        ))
    };
    if let Some(condition) = &row.condition {
        return refuse(format!(
            "holds under a condition (GF_CONDAPPLIC {condition}): conditions are not supported"
        ));
    }
    if row.retail {
        return refuse("is one of the retail tariffs (GF_TARFMODE), which are not supported".into());
    }
    let regime = row.regime.as_deref().unwrap_or_default();
    let ours = if case.party.net { "HT" } else { "TTC" };
    // Without a price, and nothing said, there is nothing that could be HT or TTC.
    let told = same(regime, ours) || row.price.is_zero() && regime.trim().is_empty();
    if !told {
        let shown = if regime.trim().is_empty() { "blank" } else { regime };
        return refuse(format!(
            "its GF_REGIMEPRIX is {shown}: only HT and TTC are supported; say which in Cegid"
        ));
    }
    if row.price < Decimal::ZERO {
        return Err(Refusal::new(
            "BAD_VALUE",
            format!("row {} of TARIF has a price of {}", row.id, plain(row.price)),
        ));
    }
    Ok(())
}

/// The same of a row that gives the starting price.
pub(super) fn known_price(case: &Case<'_>, row: &Row) -> Result<(), Refusal> {
    known(case, row)?;
    if row.currency.is_none() && !same(case.money(), case.home()) {
        return Err(Refusal::new(
            "UNSUPPORTED_TARIFF",
            format!(
                "row {} of TARIF gives a price for any currency, and the document is in {} where the company's is {}: rates of exchange are not supported; give the row its currency",
                row.id,
                case.money(),
                case.home()
            ),
        ));
    }
    Ok(())
}

/// Searches the rows, and tells of each that concerns the article what became of it.
pub(super) fn search<'a>(
    case: &Case<'a>,
    quantity: Decimal,
    steps: &mut Vec<Step>,
) -> Result<Found<'a>, Refusal> {
    let mut candidates: Vec<Candidate<'a>> = Vec::new();
    for row in case.rows.iter().copied() {
        let Some(names) = names(case, row) else { continue };
        if let Some(bad) = &row.bad {
            return Err(Refusal::new("BAD_VALUE", format!("row {} of TARIF: {bad}", row.id)));
        }
        let (least, most) = bounds(row);
        let outside = least.is_some_and(|least| quantity < least) || most.is_some_and(|most| quantity > most);
        let failed = fails(case, row)
            .or_else(|| outside.then(|| format!("outside its bounds: the quantity is {}", plain(quantity))));
        match failed {
            Some(note) => steps.push(step(row, false, note)),
            None => candidates.push(Candidate { row, names, weight: weight(row) }),
        }
    }
    let own = candidates.iter().any(|c| c.names == Names::Itself);
    if case.terms.variant_first && own {
        for shut in candidates.extract_if(.., |c| c.names == Names::Generic) {
            let note = "of the generic article, and the variant has a row of its own".to_owned();
            steps.push(step(shut.row, false, note));
        }
    }
    candidates.sort_by(heavier);
    for (place, candidate) in candidates.iter().enumerate() {
        let weighs = format!("weighs {}", candidate.weight);
        let note = match candidates.first().filter(|_| place > 0) {
            None if candidate.row.price.is_zero() => {
                format!("{weighs}, the most of all that hold: its discount counts; it has no price")
            }
            None => format!("{weighs}, the most of all that hold: its price counts"),
            Some(first) if first.weight > candidate.weight => {
                format!("{weighs}: row {} weighs more", first.row.id)
            }
            Some(first) if first.row.from > candidate.row.from => {
                format!("{weighs} like row {}, which began later", first.row.id)
            }
            Some(first) if first.names > candidate.names => {
                format!("{weighs} like row {}, which names more of what is bought", first.row.id)
            }
            Some(first) => format!("{weighs} like row {}, which has the higher number", first.row.id),
        };
        steps.push(step(candidate.row, place == 0, note));
    }
    let found = Found { rows: candidates.iter().map(|c| c.row).collect() };
    if let Some(winner) = found.winner() {
        known(case, winner)?;
    } else {
        steps.push(Step {
            what: "tariff".into(),
            table: None,
            row: Vec::new(),
            used: false,
            note: "no row of TARIF holds: the article's own price counts".into(),
            price: None,
        });
    }
    Ok(found)
}

/// Heavier first; then what began later, then the variant's own, then what was made later.
fn heavier(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let key = |c: &Candidate<'_>| (c.weight, c.row.from, c.names, c.row.id);
    key(b).cmp(&key(a))
}

fn step(row: &Row, used: bool, note: String) -> Step {
    let mut columns = vec![("GF_TARIF", row.id.to_string())];
    for (name, value) in [
        ("GF_LIBELLE", &row.label),
        ("GF_ARTICLE", &row.article),
        ("GF_TARIFARTICLE", &row.family),
        ("GF_SOUSFAMTARART", &row.sub_family),
        ("GF_TIERS", &row.customer),
        ("GF_TARIFTIERS", &row.class),
        ("GF_DEVISE", &row.currency),
        ("GF_DEPOT", &row.depot),
        ("GF_REGIMEPRIX", &row.regime),
        ("GF_CASCADEREMISE", &row.cascade),
    ] {
        if let Some(value) = value {
            columns.push((name, value.to_string()));
        }
    }
    columns.push(("GF_PRIXUNITAIRE", plain(row.price)));
    columns.push(("GF_REMISE", plain(row.discount)));
    let (least, most) = bounds(row);
    for (name, value) in [("GF_BORNEINF", least), ("GF_BORNESUP", most)] {
        columns.extend(value.map(|value| (name, plain(value))));
    }
    for (name, value) in [("GF_DATEDEBUT", row.from), ("GF_DATEFIN", row.until)] {
        columns.extend(value.map(|day| (name, day.format("%Y-%m-%d").to_string())));
    }
    Step { what: "tariff row".into(), table: Some("TARIF"), row: columns, used, note, price: None }
}

/// The quantities from which on another price may hold; the first is 1.
pub fn breaks(case: &Case<'_>) -> Vec<Decimal> {
    // The next quantity after an upper bound, as finely as the company counts.
    let finest = Decimal::new(1, case.company.quantity_decimals.unwrap_or(0).min(6));
    let mut found = vec![Decimal::ONE];
    for row in case.rows {
        if names(case, row).is_none() || fails(case, row).is_some() {
            continue;
        }
        let (least, most) = bounds(row);
        found.extend(least);
        found.extend(most.map(|most| most + finest));
    }
    found.retain(|quantity| *quantity >= Decimal::ONE);
    found.sort();
    found.dedup();
    found
}
