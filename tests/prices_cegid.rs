//! Cegid's price rules: the accountants' table of `tests/spec/prices/cegid.md`, and laws over generated tariffs.

use std::sync::Arc;

use chrono::NaiveDate;
use comptoir::connectors::{
    cegid::{
        breaks,
        case::{Cascade, Case, Company, Goods, Party, Rates, Row, Terms},
        rules,
    },
    tariff::{Off, Priced, Refusal},
};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// The cells of the tables of a Markdown file, with the line each row stands on; heads are left out.
pub(crate) fn table(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut rows = Vec::new();
    let mut head = true;
    for (n, line) in text.lines().enumerate() {
        let Some(inner) = line.trim().strip_prefix('|').and_then(|l| l.strip_suffix('|')) else {
            head = true;
            continue;
        };
        if inner.chars().all(|c| "|-: ".contains(c)) {
            head = false;
        } else if !head {
            rows.push((n + 1, inner.split('|').map(|cell| cell.trim().to_owned()).collect()));
        }
    }
    rows
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|e| panic!("`{text}`: {e}"))
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|e| panic!("`{text}`: {e}"))
}

/// What a price or a refusal is, as the tables write it.
pub(crate) fn shown(price: &Result<Priced, Refusal>) -> String {
    let n = |d: Decimal| d.normalize().to_string();
    let priced = match price {
        Ok(priced) => priced,
        Err(refusal) => return refusal.code.to_owned(),
    };
    let mut text = format!("{} / {} {:?}", n(priced.net), n(priced.gross), priced.basis);
    if let Some((net, gross)) = priced.list {
        text += &format!(", list {} / {}", n(net), n(gross));
    }
    for discount in &priced.discounts {
        let off = match discount.off {
            Off::Percent(percent) => format!("{} %", n(percent)),
            Off::Amount(amount) => n(amount),
        };
        text += &format!(", {:?} {off}", discount.cause);
    }
    for tax in &priced.taxes {
        text += &format!(", {} {}", tax.code, n(tax.amount));
    }
    if &*priced.currency != "EUR" {
        text += &format!(", {}", priced.currency);
    }
    text
}

const OWN: &str = "STYLO             002            X";
const GENERIC: &str = "STYLO                            X";

/// All that a case of the table says.
#[derive(Debug)]
struct Spelled {
    own: Goods,
    generic: Option<Goods>,
    rows: Vec<Row>,
    rates: Rates,
    party: Party,
    company: Company,
    terms: Terms,
}

impl Spelled {
    fn price(&self, quantity: Decimal) -> Result<Priced, Refusal> {
        let rows: Vec<&Row> = self.rows.iter().collect();
        rules::price(&self.case(&rows), quantity)
    }

    fn case<'a>(&'a self, rows: &'a [&'a Row]) -> Case<'a> {
        Case {
            own: &self.own,
            generic: self.generic.as_ref(),
            rows,
            rates: &self.rates,
            party: &self.party,
            company: &self.company,
            terms: &self.terms,
            day: day("2026-06-15"),
            currency: "EUR",
        }
    }
}

fn text(word: Option<&str>) -> Option<Arc<str>> {
    assert!(word.is_some(), "a word is missing");
    word.map(Arc::from)
}

fn goods(words: &str, key: &str) -> Goods {
    let mut goods = Goods { key: key.into(), per: Decimal::ONE, ..Goods::default() };
    goods.taxes[0] = Some("NOR".into());
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "HT" => goods.net = decimal(words.next().expect("a price")),
            "TTC" => goods.gross = decimal(words.next().expect("a price")),
            "per" => goods.per = decimal(words.next().expect("a quantity")),
            "family" => goods.family = text(words.next()),
            "sub-family" => goods.sub_family = text(words.next()),
            "one-price" => goods.one_price = true,
            "not-discounted" => goods.no_discount = true,
            "made" => {
                goods.made_net = text(words.next());
                goods.made_gross.clone_from(&goods.made_net);
            }
            "vat" => goods.taxes[0] = text(words.next()).filter(|family| &**family != "none"),
            "tax2" => goods.taxes[1] = text(words.next()),
            other => panic!("`{other}` of an article"),
        }
    }
    goods
}

fn row(words: &str, own: &str) -> Row {
    let (id, words) = words.split_once(':').unwrap_or_else(|| panic!("a row without number: {words}"));
    let mut row = Row { id: id.trim().parse().expect("a number"), ..Row::default() };
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "article" => row.article = Some(own.into()),
            "generic" => row.article = Some(GENERIC.into()),
            "other-article" => row.article = Some("GOM                              X".into()),
            "family" => row.family = text(words.next()),
            "sub-family" => row.sub_family = text(words.next()),
            "customer" => row.customer = text(words.next()),
            "class" => row.class = text(words.next()),
            "currency" => row.currency = text(words.next()),
            "warehouse" => row.depot = text(words.next()),
            "HT" | "TTC" | "GLO" => {
                row.regime = Some(word.into());
                row.price = decimal(words.next().expect("a price"));
            }
            "price" => row.price = decimal(words.next().expect("a price")),
            "off" => row.discount = decimal(words.next().expect("percent").trim_end_matches('%')),
            "from" => row.from = Some(day(words.next().expect("a day"))),
            "until" => row.until = Some(day(words.next().expect("a day"))),
            "quantity" => {
                row.stepped = true;
                let (least, most) = words.next().expect("bounds").split_once("..").expect("bounds");
                row.bounds = (Some(decimal(least)), Some(decimal(most)));
            }
            "closed" => row.closed = true,
            "purchase" => row.purchase = true,
            "FOR" | "CAS" => row.cascade = Some(word.into()),
            "condition" => row.condition = text(words.next()),
            "rounding" => row.rounding = text(words.next()),
            "retail" => row.retail = true,
            other => panic!("`{other}` of a row"),
        }
    }
    row
}

/// The cells: case, article, tariff, buyer, quantity, settings, price.
fn spelled(cells: &[String]) -> Spelled {
    let [_, article, tariff, buyer, _, settings, _] = cells else { panic!("{} cells", cells.len()) };
    let variant = article.split_once(" of ");
    let (own, generic) = match variant {
        Some((own, generic)) => {
            (goods(own.trim_start_matches("variant"), OWN), Some(goods(generic, GENERIC)))
        }
        None => (goods(article, GENERIC), None),
    };
    let key = own.key.to_string();
    let rows = tariff.split(';').filter(|r| !r.trim().is_empty()).map(|words| row(words, &key)).collect();
    let mut rates = Rates::default();
    let mut party = Party { regime: "FRA".into(), ..Party::default() };
    let mut words = buyer.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "public" => party.customer = None,
            "HT" => party.net = true,
            "TTC" => party.net = false,
            "class" => party.class = text(words.next()),
            "regime" => party.regime = words.next().expect("a regime").into(),
            "currency" => party.currency = text(words.next()),
            "foot" => party.discount = decimal(words.next().expect("percent").trim_end_matches('%')),
            code => party.customer = Some(code.into()),
        }
    }
    if &*party.regime == "FRA" {
        for (tax, family, rate) in [("TX1", "NOR", "20"), ("TX1", "RED", "5.5"), ("TX2", "DEC", "1")] {
            rates.add(tax, family, decimal(rate));
        }
    } else if &*party.regime == "EXP" {
        rates.add("TX1", "NOR", Decimal::ZERO);
    }
    let mut terms = Terms::default();
    let mut company = Company { currency: Some("EUR".into()), price_decimals: Some(2), ..Company::default() };
    for setting in settings.split_whitespace() {
        match setting.split_once('=').unwrap_or((setting, "")) {
            ("variant_rows", "together") => terms.variant_first = false,
            ("discount_only", "next") => terms.discount_off_article = false,
            ("cascade", "chained") => terms.cascade = Cascade::Chained,
            ("cascade", "refused") => terms.cascade = Cascade::Refused,
            ("customer_discount", "unit") => terms.customer_discount = true,
            ("line_discount_flag", "false") => terms.discount_flag = false,
            ("rounding_codes", "ignored") => terms.refuse_rounding = false,
            ("price_decimals", n) => terms.price_decimals = Some(n.parse().expect("decimals")),
            ("tariff_price_per", "unit") => terms.tariff_per_quantity = false,
            ("other_taxes", "false") => terms.other_taxes = false,
            ("price_depot", depot) => terms.depot = Some(depot.into()),
            ("SO_DECPRIX", "none") => company.price_decimals = None,
            ("SO_DECPRIX", n) => company.price_decimals = Some(n.parse().expect("decimals")),
            ("unit_decimals", n) => terms.unit_decimals = n.parse().expect("decimals"),
            ("net_decimals", n) => terms.decimals.net = n.parse().expect("decimals"),
            ("gross_decimals", n) => terms.decimals.gross = n.parse().expect("decimals"),
            ("tax_decimals", n) => terms.decimals.tax = n.parse().expect("decimals"),
            ("YTARIFS", "") => company.other_module = true,
            (other, _) => panic!("no setting `{other}`"),
        }
    }
    Spelled { own, generic, rows, rates, party, company, terms }
}

const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spec/prices/cegid.md"));

#[test]
fn the_accountants_table_holds() {
    let table = table(CASES);
    assert!(table.len() >= 25, "only {} cases", table.len());
    let mut failures = Vec::new();
    for (line, cells) in &table {
        let case = spelled(cells);
        let price = case.price(decimal(&cells[4]));
        let (actual, wanted) = (shown(&price), &cells[6]);
        if actual != *wanted {
            failures.push(format!(
                "line {line}, {}:\n  wanted {wanted}\n  is     {actual}\n  {price:#?}",
                cells[0]
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_row_of_the_article_is_told_of_and_one_counts() {
    for (line, cells) in table(CASES) {
        let case = spelled(&cells);
        let price = case.price(decimal(&cells[4]));
        let (steps, refused) = match &price {
            Ok(priced) => (&priced.steps, false),
            Err(refusal) => (&refusal.steps, true),
        };
        let told: Vec<_> = steps.iter().filter(|step| step.table == Some("TARIF")).collect();
        let named = |row: &&Row| {
            row.article.as_deref().is_none_or(|key| {
                key == &*case.own.key || case.generic.as_ref().is_some_and(|g| key == &*g.key)
            })
        };
        let concerned = case.rows.iter().filter(named).count();
        let unsaid = case.company.other_module;
        assert_eq!(told.len(), if unsaid { 0 } else { concerned }, "line {line}");
        assert!(told.iter().filter(|step| step.used).count() <= 1, "line {line}");
        assert!(steps.iter().all(|step| !step.note.is_empty()), "line {line}");
        if !refused {
            assert!(steps.iter().any(|step| step.what == "VAT rate" && step.used), "line {line}");
        }
    }
}

/// Numbers at the end of what can be reckoned with are refused.
#[test]
fn numbers_too_large_are_refused() {
    let cells = ["large", "HT 10", "1: article HT 9 off 5%", "public HT", "1", "", ""].map(str::to_owned);
    let mut case = spelled(&cells);
    case.rows[0].discount = Decimal::MIN;
    assert_eq!(case.price(Decimal::ONE).map_err(|refusal| refusal.code), Err("BAD_VALUE"));
    let mut case = spelled(&cells);
    case.rates.add("TX1", "NOR", Decimal::MAX);
    assert_eq!(case.price(Decimal::ONE).map_err(|refusal| refusal.code), Err("BAD_VALUE"));
}

/// What of a price is the customer's own, which no web price for everybody replaces.
#[test]
fn terms_of_the_customers_own() {
    for (tariff, buyer, settings, own) in [
        ("1: class GRO HT 9 off 5%", "C1 HT class GRO", "", false),
        ("1: customer C1 HT 9", "C1 HT", "", true),
        ("1: customer C1 HT 0 off 5%", "C1 HT", "", true),
        ("1: article HT 9 off 5%", "C1 HT", "", false),
        ("", "C1 HT foot 5%", "", false),
        ("", "C1 HT foot 5%", "customer_discount=unit", true),
    ] {
        let cells = ["own", "HT 10", tariff, buyer, "1", settings, ""].map(str::to_owned);
        let priced = spelled(&cells).price(Decimal::ONE).expect("a price");
        assert_eq!(priced.own_terms, own, "{tariff} for {buyer} {settings}: {priced:#?}");
    }
}

#[test]
fn quantities_from_which_another_price_may_hold() {
    let cells: Vec<String> = [
        "steps",
        "HT 10",
        "1: article HT 9 quantity 10..49; 2: article HT 8 quantity 50..999999; 3: article HT 1 quantity 5..6 closed; 4: other-article HT 1 quantity 3..4",
        "public HT",
        "1",
        "",
        "",
    ]
    .map(str::to_owned)
    .into();
    let case = spelled(&cells);
    let rows: Vec<&Row> = case.rows.iter().collect();
    let all = breaks(&case.case(&rows));
    assert_eq!(all, [1, 10, 50].map(Decimal::from));
    let mut one_price = spelled(&cells);
    one_price.rows.clear();
    assert_eq!(breaks(&one_price.case(&[])), [Decimal::ONE]);
}

fn code(codes: &'static [&'static str]) -> impl Strategy<Value = Option<Arc<str>>> {
    prop::sample::select(codes).prop_map(|code| Some(code).filter(|c| !c.is_empty()).map(Arc::from))
}

prop_compose! {
    fn any_row()(
        article in code(&["", "", OWN, GENERIC, "GOM                              X"]),
        family in code(&["", "", "F1", "F2"]),
        customer in code(&["", "", "C1", "C2"]),
        class in code(&["", "", "GRO", "DET"]),
        regime in code(&["HT", "HT", "TTC", "GLO", ""]),
        cascade in code(&["", "", "", "CAS", "FOR"]),
        price in 0_i64..2000,
        priced in any::<bool>(),
        discount in 0_i64..60,
        low in 0_i64..20,
        stepped in any::<bool>(),
        closed in prop::bool::weighted(0.1),
        start in 0_u32..400,
    ) -> Row {
        Row {
            article, family, customer, class, regime, cascade, stepped, closed,
            price: if priced { Decimal::new(price, 2) } else { Decimal::ZERO },
            discount: Decimal::from(discount / 10 * 5),
            bounds: if stepped { (Some(low.into()), Some(999_999.into())) } else { (None, None) },
            from: day("2025-12-01").checked_add_days(chrono::Days::new(start.into())),
            ..Row::default()
        }
    }
}

prop_compose! {
    fn any_case()(
        rows in prop::collection::vec(any_row(), 0..8),
        net in any::<bool>(),
        customer in code(&["", "C1"]),
        class in code(&["", "GRO"]),
        variant in any::<bool>(),
        chained in any::<bool>(),
        first in any::<bool>(),
        prices in (0_i64..3000, 0_i64..3000),
    ) -> Spelled {
        let mut own = goods("family F1", if variant { OWN } else { GENERIC });
        (own.net, own.gross) = (Decimal::new(prices.0, 2), Decimal::new(prices.1, 2));
        let generic = variant.then(|| goods("HT 12 TTC 14.4 family F1", GENERIC));
        let mut rates = Rates::default();
        rates.add("TX1", "NOR", Decimal::from(20));
        let rows = rows.into_iter().enumerate().map(|(n, row)| Row { id: i64::try_from(n).unwrap_or(0), ..row });
        Spelled {
            own,
            generic,
            rows: rows.collect(),
            rates,
            party: Party { customer, class, regime: "FRA".into(), net, ..Party::default() },
            company: Company { price_decimals: Some(2), ..Company::default() },
            terms: Terms {
                variant_first: first,
                cascade: if chained { Cascade::Chained } else { Cascade::Alone },
                ..Terms::default()
            },
        }
    }
}

/// All of a price but how it is told.
fn figures(price: &Result<Priced, Refusal>) -> Result<Priced, (&'static str, String)> {
    match price {
        Ok(priced) => Ok(Priced { steps: Vec::new(), ..priced.clone() }),
        Err(refusal) => Err((refusal.code, refusal.reason.clone())),
    }
}

proptest! {
    #[test]
    fn a_row_that_says_nothing_changes_nothing(case in any_case(), mut empty in any_row(), at in 0_usize..9, quantity in 1_i64..30) {
        let quantity = Decimal::from(quantity);
        let before = figures(&case.price(quantity));
        (empty.price, empty.discount, empty.id) = (Decimal::ZERO, Decimal::ZERO, 99);
        let mut case = case;
        case.rows.insert(at.min(case.rows.len()), empty);
        prop_assert_eq!(figures(&case.price(quantity)), before);
    }

    #[test]
    fn the_order_of_rows_does_not_matter(case in any_case(), quantity in 1_i64..30) {
        let quantity = Decimal::from(quantity);
        let before = figures(&case.price(quantity));
        let mut case = case;
        case.rows.reverse();
        prop_assert_eq!(figures(&case.price(quantity)), before);
    }

    #[test]
    fn rows_of_other_articles_customers_and_classes_do_not_matter(case in any_case(), quantity in 1_i64..30) {
        let quantity = Decimal::from(quantity);
        let before = figures(&case.price(quantity));
        let mut case = case;
        let (customer, class) = (case.party.customer.clone(), case.party.class.clone());
        case.rows.retain(|row| {
            row.article.as_deref().is_none_or(|key| !key.starts_with("GOM"))
                && (row.customer.is_none() || row.customer == customer)
                && (row.class.is_none() || row.class == class)
        });
        prop_assert_eq!(figures(&case.price(quantity)), before);
    }

    #[test]
    fn what_the_document_keeps_is_a_stored_figure(case in any_case(), quantity in 1_i64..30) {
        if let Ok(priced) = case.price(Decimal::from(quantity)) && priced.discounts.is_empty() {
            let kept = if case.party.net { priced.net } else { priced.gross };
            let goods = std::iter::once(&case.own).chain(&case.generic);
            let stored = goods.map(|g| if case.party.net { g.net } else { g.gross });
            prop_assert!(stored.chain(case.rows.iter().map(|r| r.price)).any(|price| price == kept));
            prop_assert_eq!(priced.tax_included, !case.party.net);
        }
    }

    #[test]
    fn between_two_breaks_the_price_is_one(case in any_case(), quantity in 1_i64..30) {
        let rows: Vec<&Row> = case.rows.iter().collect();
        let all = breaks(&case.case(&rows));
        let quantity = Decimal::from(quantity);
        let below = all.iter().rev().find(|least| **least <= quantity).copied();
        prop_assert_eq!(figures(&case.price(below.unwrap_or(Decimal::ONE))), figures(&case.price(quantity)));
    }
}
