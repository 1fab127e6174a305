//! IsoShop's price rules, a pivot's lists and web prices: the table of `tests/spec/prices/isoshop.md`, and laws over
//! generated rows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use comptoir::{
    config::Promotions,
    connectors::{
        isoshop::{
            promotions::{self, WebCase, promoted},
            rules::{self, ListBuyer, ListCase, ListRow, Vat},
        },
        tariff::{Basis, Decimals, Discount, DiscountCause, Off, Priced, Refusal, Tax},
    },
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::prices_cegid::{decimal, shown, table};

const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spec/prices/isoshop.md"));

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|e| panic!("`{text}`: {e}"))
}

fn now() -> DateTime<Utc> {
    moment("2026-06-15T10:00:00Z")
}

fn row(words: &str) -> ListRow {
    let (id, words) = words.split_once(':').unwrap_or_else(|| panic!("a row without number: {words}"));
    let mut row = ListRow { id: id.trim().parse().expect("a number"), ..ListRow::default() };
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_else(|| panic!("what `{word}`?"));
        match word {
            "list" | "category" => row.category = Some(next().into()),
            "customer" => row.customer = Some(next().into()),
            "currency" => row.currency = Some(next().into()),
            "minimum" => row.minimum = Some(decimal(next())),
            "from" => row.from = Some(moment(next())),
            "until" => row.until = Some(moment(next())),
            "HT" | "TTC" | "amount" => {
                row.amount = Some(decimal(next()));
                row.tax_included = (word != "amount").then_some(word == "TTC");
            }
            other => panic!("`{other}` of a row"),
        }
    }
    row
}

fn rows(cell: &str) -> Vec<ListRow> {
    cell.split(';').filter(|words| !words.trim().is_empty()).map(row).collect()
}

fn buyer(cell: &str) -> ListBuyer {
    let mut buyer = ListBuyer { currency: "EUR".into(), ..ListBuyer::default() };
    let mut words = cell.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "public" => buyer.customer = None,
            "list" | "category" => buyer.category = words.next().map(Arc::from),
            "currency" => buyer.currency = words.next().expect("a currency").into(),
            code => buyer.customer = Some(code.into()),
        }
    }
    buyer
}

fn vat(class: &str) -> Vat {
    let rate = match class {
        "NORMAL" => Some(decimal("20")),
        "REDUIT" => Some(decimal("5.5")),
        _ => None,
    };
    Vat { category: "FR".into(), class: (class != "none").then(|| class.into()), rate }
}

fn listed(rows: &[ListRow], buyer: &ListBuyer, vat: &Vat, quantity: Decimal) -> Result<Priced, Refusal> {
    let rows: Vec<&ListRow> = rows.iter().collect();
    let case = ListCase {
        rows: &rows,
        buyer,
        vat,
        tax_included: false,
        decimals: Decimals::default(),
        currency: "EUR",
        now: now(),
    };
    rules::price(&case, quantity)
}

/// The ERP's price as the table writes it.
fn erp(cell: &str) -> Result<Priced, Refusal> {
    if Refusal::CODES.contains(&cell) {
        return Err(Refusal::new("NO_PRICE", "the ERP has none"));
    }
    let (price, more) = cell.split_once(',').unwrap_or((cell, ""));
    let words: Vec<&str> = price.split_whitespace().collect();
    let mut priced = Priced {
        net: decimal(words[0]),
        gross: decimal(words[2]),
        vat_rate: decimal("20"),
        tax_included: words.contains(&"TTC"),
        taxes: Vec::new(),
        list: None,
        discounts: Vec::new(),
        basis: match words[3] {
            "Base" => Basis::Base,
            "Category" => Basis::Category,
            "Customer" => Basis::Customer,
            other => panic!("`{other}`"),
        },
        decimals: if words.contains(&"cents") {
            Decimals { net: 6, gross: 2, tax: 2 }
        } else {
            Decimals::default()
        },
        own_terms: words.contains(&"own") || words[3] == "Customer",
        currency: if words.contains(&"CHF") { "CHF" } else { "EUR" }.into(),
        steps: Vec::new(),
    };
    let more: Vec<&str> = more.split_whitespace().collect();
    let mut off = |cause| priced.discounts.push(Discount { cause, off: Off::Percent(decimal(more[1])) });
    match more.first() {
        None => {}
        Some(&"Family") => off(DiscountCause::Family),
        Some(&"Quantity") => off(DiscountCause::Quantity),
        Some(&"Customer") => {
            off(DiscountCause::Customer);
            priced.own_terms = true;
        }
        Some(&"tax") => {
            let rate = decimal(more[1]);
            let amount = priced.net * rate / Decimal::ONE_HUNDRED;
            priced.taxes.push(Tax { code: "TX2".into(), title: None, rate: Some(rate), amount });
        }
        Some(other) => panic!("`{other}`"),
    }
    Ok(priced)
}

fn web(
    rows: &[ListRow],
    buyer: &ListBuyer,
    promotions: Promotions,
    erp: Result<Priced, Refusal>,
    quantity: Decimal,
) -> Result<Priced, Refusal> {
    promoted(&WebCase { rows, buyer, promotions, tax_included: false, now: now() }, erp, quantity)
}

/// The table's lines below a heading.
fn part(heading: &str) -> Vec<(usize, Vec<String>)> {
    let from = CASES.find(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let text = &CASES[from + 3..];
    let lines = CASES[..from + 3].lines().count() - 1;
    let rows = table(&text[..text.find("\n## ").unwrap_or(text.len())]);
    rows.into_iter().map(|(line, cells)| (line + lines, cells)).collect()
}

fn check(line: usize, cells: &[String], price: &Result<Priced, Refusal>, rows: usize) {
    let wanted = cells.last().expect("a price");
    assert_eq!(shown(price), *wanted, "line {line}, {}: {price:#?}", cells[0]);
    let steps = match price {
        Ok(priced) => &priced.steps,
        Err(refusal) => &refusal.steps,
    };
    assert!(steps.iter().all(|step| !step.note.is_empty()), "line {line}");
    let told = steps.iter().filter(|step| matches!(step.table, Some("price" | "web_price")));
    assert!(price.is_err() || told.clone().count() <= rows, "line {line}: {steps:#?}");
    assert!(told.filter(|step| step.used).count() <= 1, "line {line}");
}

#[test]
fn the_table_of_price_lists_holds() {
    let cases = part("Price lists of a pivot");
    assert!(cases.len() >= 15, "only {} cases", cases.len());
    for (line, cells) in cases {
        let rows = rows(&cells[1]);
        let price = listed(&rows, &buyer(&cells[2]), &vat(&cells[4]), decimal(&cells[3]));
        check(line, &cells, &price, rows.len());
    }
}

#[test]
fn the_tables_of_web_prices_hold() {
    let mut seen = 0;
    for (heading, promotions) in [
        ("lowest", Promotions::Lowest),
        ("replace_public", Promotions::ReplacePublic),
        ("off", Promotions::Off),
    ] {
        for (line, cells) in part(&format!("Web prices: {heading}")) {
            let rows = rows(&cells[2]);
            let price = web(&rows, &buyer(&cells[3]), promotions, erp(&cells[1]), decimal(&cells[4]));
            check(line, &cells, &price, rows.len());
            seen += 1;
        }
    }
    assert!(seen >= 20, "only {seen} cases");
}

/// What a pivot's settings say of the figure that is made of the other.
#[test]
fn decimals_of_a_pivot() {
    let of = |net, gross, words: &str| {
        let (rows, buyer, vat) = (rows(words), buyer("public"), vat("NORMAL"));
        let rows: Vec<&ListRow> = rows.iter().collect();
        let decimals = Decimals { net, gross, tax: 6 };
        let case = ListCase {
            rows: &rows,
            buyer: &buyer,
            vat: &vat,
            tax_included: false,
            decimals,
            currency: "EUR",
            now: now(),
        };
        shown(&rules::price(&case, Decimal::ONE))
    };
    assert_eq!(of(6, 2, "1: HT 9.99"), "9.99 / 11.99 Base");
    assert_eq!(of(6, 6, "1: HT 9.99"), "9.99 / 11.988 Base");
    assert_eq!(of(2, 6, "1: TTC 9.99"), "8.33 / 9.99 Base");
}

#[test]
fn breaks_of_lists_and_web_prices() {
    let all = rows(
        "1: HT 9; 2: minimum 10 HT 8; 3: list PRO minimum 5 HT 7; 4: customer C2 minimum 3 HT 1; 5: minimum 20",
    );
    let places: Vec<&ListRow> = all.iter().collect();
    let vat = vat("NORMAL");
    let pro = buyer("C1 list PRO");
    let case = ListCase {
        rows: &places,
        buyer: &pro,
        vat: &vat,
        tax_included: false,
        decimals: Decimals::default(),
        currency: "EUR",
        now: now(),
    };
    assert_eq!(rules::breaks(&case), [1, 5, 10].map(Decimal::from));
    let least: Vec<ListRow> = rows("1: minimum 6 HT 9; 2: minimum 12 HT 8");
    let places: Vec<&ListRow> = least.iter().collect();
    let case = ListCase { rows: &places, ..case };
    assert_eq!(rules::breaks(&case), [6, 12].map(Decimal::from), "less than six is not sold");
    let case =
        WebCase { rows: &all, buyer: &pro, promotions: Promotions::Lowest, tax_included: false, now: now() };
    let erp = || [1, 4].map(Decimal::from).to_vec();
    assert_eq!(promotions::breaks(&case, erp()), [1, 4, 5, 10].map(Decimal::from));
    assert_eq!(promotions::breaks(&WebCase { promotions: Promotions::Off, ..case }, erp()), erp());
}

fn code(codes: &'static [&'static str]) -> impl Strategy<Value = Option<Arc<str>>> {
    prop::sample::select(codes).prop_map(|code| Some(code).filter(|c| !c.is_empty()).map(Arc::from))
}

prop_compose! {
    fn any_rows()(
        rows in prop::collection::vec((
            code(&["", "", "PRO", "DET"]), code(&["", "", "C1", "C2"]), code(&["", "", "EUR", "CHF"]),
            prop::option::of(0_i64..20), prop::option::weighted(0.9, 1_i64..2000), prop::option::of(any::<bool>()), 0_i64..9,
        ), 0..8),
    ) -> Vec<ListRow> {
        rows.into_iter().enumerate().map(|(n, (category, customer, currency, minimum, amount, tax_included, starts))| ListRow {
            id: i64::try_from(n).unwrap_or(0),
            category, customer, currency, tax_included,
            minimum: minimum.map(Decimal::from),
            amount: amount.map(|cents| Decimal::new(cents, 2)),
            from: (starts > 4).then(|| now() - chrono::Duration::days(starts - 6)),
            ..ListRow::default()
        }).collect()
    }
}

prop_compose! {
    fn any_buyer()(customer in code(&["", "C1"]), category in code(&["", "PRO"])) -> ListBuyer {
        ListBuyer { customer, category, currency: "EUR".into() }
    }
}

fn figures(price: Result<Priced, Refusal>) -> Result<Priced, &'static str> {
    price.map(|priced| Priced { steps: Vec::new(), ..priced }).map_err(|refusal| refusal.code)
}

proptest! {
    #[test]
    fn empty_rows_and_the_order_of_rows_change_nothing(rows in any_rows(), buyer in any_buyer(), quantity in 1_i64..30, at in 0_usize..8) {
        let (vat, quantity) = (vat("NORMAL"), Decimal::from(quantity));
        let before = figures(listed(&rows, &buyer, &vat, quantity));
        let erp = || erp("10 / 12 Base");
        let ways = [Promotions::Lowest, Promotions::ReplacePublic];
        let web_before = ways.map(|way| figures(web(&rows, &buyer, way, erp(), quantity)));
        let mut more = rows;
        more.insert(at.min(more.len()), ListRow { id: 99, customer: buyer.customer.clone(), ..ListRow::default() });
        more.reverse();
        prop_assert_eq!(figures(listed(&more, &buyer, &vat, quantity)), before);
        prop_assert_eq!(ways.map(|way| figures(web(&more, &buyer, way, erp(), quantity))), web_before);
    }

    #[test]
    fn rows_of_others_change_nothing(rows in any_rows(), buyer in any_buyer(), quantity in 1_i64..30) {
        let (vat, quantity) = (vat("NORMAL"), Decimal::from(quantity));
        let before = figures(listed(&rows, &buyer, &vat, quantity));
        let erp = || erp("10 / 12 Base");
        let web_before = figures(web(&rows, &buyer, Promotions::Lowest, erp(), quantity));
        let ours: Vec<ListRow> = rows.into_iter().filter(|row| {
            (row.customer.is_none() || row.customer == buyer.customer) && (row.category.is_none() || row.category == buyer.category)
        }).collect();
        prop_assert_eq!(figures(listed(&ours, &buyer, &vat, quantity)), before);
        prop_assert_eq!(figures(web(&ours, &buyer, Promotions::Lowest, erp(), quantity)), web_before);
    }

    #[test]
    fn the_lowest_is_never_dearer_and_its_list_is_the_erps(rows in any_rows(), buyer in any_buyer(), quantity in 1_i64..30) {
        let erp = erp("10 / 12 Base");
        let after = web(&rows, &buyer, Promotions::Lowest, erp.clone(), Decimal::from(quantity)).expect("a price");
        let erp = erp.expect("a price");
        prop_assert!(after.net <= erp.net && after.gross <= erp.gross);
        if after.basis == Basis::Promotion {
            prop_assert_eq!(after.list, Some((erp.net, erp.gross)));
            let kept = if after.tax_included { (erp.gross, after.gross) } else { (erp.net, after.net) };
            prop_assert_eq!(&after.discounts[..], [Discount { cause: DiscountCause::Promotion, off: Off::Amount(kept.0 - kept.1) }]);
        } else {
            prop_assert_eq!(figures(Ok(after)), figures(Ok(erp)));
        }
    }

    #[test]
    fn between_two_breaks_a_list_price_is_one(rows in any_rows(), buyer in any_buyer(), quantity in 1_i64..30) {
        let vat = vat("NORMAL");
        let places: Vec<&ListRow> = rows.iter().collect();
        let case = ListCase { rows: &places, buyer: &buyer, vat: &vat, tax_included: false, decimals: Decimals::default(), currency: "EUR", now: now() };
        let quantity = Decimal::from(quantity);
        let below = rules::breaks(&case).into_iter().rev().find(|least| *least <= quantity);
        let at = figures(listed(&rows, &buyer, &vat, quantity));
        let there = below.map_or(Err("NO_PRICE"), |least| figures(listed(&rows, &buyer, &vat, least)));
        prop_assert_eq!(there, at);
    }
}
