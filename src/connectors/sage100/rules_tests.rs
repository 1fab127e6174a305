//! Laws of the price rules, on generated rows: what must hold of any company's tariff. The cases worked out by hand are in
//! `tests/spec/prices/sage100.md`.

use proptest::{collection::vec, option, prelude::*, sample::select};
use rust_decimal::Decimal;

use super::{
    rows::{
        Article, Book, Customer, FamilyCustomer, ItemRows, OwnPrice, PriceRow, StepRow, TaxCodes, TaxRow,
        TaxSlot, Unit,
    },
    rules::{Question, breaks, price},
    settings::{CustomerDiscounts, DiscountFrom, FamilyTariff, Rules, format_decimals},
    terms::Terms,
};
use crate::connectors::tariff::{Buyer, Off, Priced, Refusal};

fn cents(range: std::ops::Range<i64>) -> impl Strategy<Value = Decimal> {
    range.prop_map(|n| Decimal::new(n, 2))
}

/// A price that is 0 as often as not.
fn amount() -> impl Strategy<Value = Decimal> {
    prop_oneof![Just(Decimal::ZERO), cents(1..20_000)]
}

fn percent() -> impl Strategy<Value = Decimal> {
    prop_oneof![2 => Just(Decimal::ZERO), 2 => cents(1..9_900), 1 => select(vec![Decimal::ONE_HUNDRED, Decimal::from(120)])]
}

fn who() -> impl Strategy<Value = String> {
    select(vec!["C1", "G1", "C2"]).prop_map(str::to_owned)
}

fn list() -> impl Strategy<Value = String> {
    select(vec!["a01", "a02", "C1", "G1", "C2"]).prop_map(str::to_owned)
}

fn price_row() -> impl Strategy<Value = PriceRow> {
    let whose = prop_oneof![(Just(0), who()), (1..3_i64, Just(String::new()))];
    let numbers = (amount(), prop_oneof![Just(Decimal::ZERO), cents(50..400)], amount(), percent());
    let kinds = (option::of(any::<bool>()), 0..4_i64, 0..4_i64, 0..3_i64, 0..2_i64);
    (whose, numbers, kinds).prop_map(|(whose, numbers, kinds)| PriceRow {
        category: whose.0,
        customer: whose.1,
        price: numbers.0,
        coefficient: numbers.1,
        foreign_price: numbers.2,
        discount: numbers.3,
        gross: kinds.0,
        stepping: kinds.1,
        gamme: kinds.2,
        foreign_currency: kinds.3,
        regime: kinds.4,
    })
}

fn step_row() -> impl Strategy<Value = StepRow> {
    let bound = prop_oneof![
        Just(Decimal::ZERO),
        (1..60_i64).prop_map(Decimal::from),
        cents(1..5_000),
        Just(99_999.into())
    ];
    let discount = || (percent(), select(vec![1_i64, 1, 1, 0, 2]));
    (list(), bound, discount(), discount(), discount(), amount())
        .prop_map(|(list, bound, a, b, c, net)| StepRow { list, bound, discounts: [a, b, c], net_price: net })
}

fn unit() -> impl Strategy<Value = Unit> {
    prop_oneof![
        3 => Just(Unit::Article),
        1 => amount().prop_map(|purchase| Unit::Variant { purchase }),
        1 => cents(1..3_000).prop_map(|quantity| Unit::Pack { quantity }),
    ]
}

fn codes() -> impl Strategy<Value = TaxCodes> {
    let code = || select(vec!["", "T20", "T05", "ECO"]).prop_map(str::to_owned);
    let day = option::of((1..27_u32).prop_map(|day| chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap()));
    let slot = (code(), code(), day).prop_map(|(code, former, change)| TaxSlot { code, former, change });
    (slot.clone(), slot.clone(), slot).prop_map(|(a, b, c)| TaxCodes { slots: [a, b, c] })
}

/// Rows in which no two of one level differ.
fn item() -> impl Strategy<Value = ItemRows> {
    let article = (amount(), amount(), cents(0..300), option::of(any::<bool>()));
    let lists = (
        vec(price_row(), 0..6),
        vec(step_row(), 0..8),
        vec((list(), amount()).prop_map(|(list, price)| OwnPrice { list, price }), 0..3),
        vec(price_row(), 0..2),
        vec(step_row(), 0..4),
        vec((who(), percent()).prop_map(|(customer, discount)| FamilyCustomer { customer, discount }), 0..3),
    );
    (article, unit(), lists, option::of(codes()), codes()).prop_map(
        |(a, unit, lists, taxes, family_taxes)| {
            let mut family_taxes = family_taxes;
            family_taxes.slots[0] = TaxSlot { code: "T20".into(), ..TaxSlot::default() };
            let mut item = ItemRows {
                code: "X".into(),
                article: Some(Article {
                    reference: "X".into(),
                    family: "F".into(),
                    purchase: a.1,
                    coefficient: a.2,
                    price: a.0,
                    gross: a.3,
                }),
                unit,
                prices: lists.0,
                steps: lists.1,
                own: lists.2,
                family: lists.3,
                family_steps: lists.4,
                family_customers: lists.5,
                taxes,
                family_taxes: Some(family_taxes),
                fault: None,
            };
            if matches!(item.unit, Unit::Article) {
                item.own.clear();
            }
            for row in &mut item.family {
                row.customer.clear();
                row.category = row.category.max(1);
                row.price = Decimal::ZERO;
                row.foreign_price = Decimal::ZERO;
            }
            let mut known = std::collections::HashSet::new();
            item.prices.retain(|row| known.insert((row.category, row.customer.clone())));
            known.clear();
            item.family.retain(|row| known.insert((row.category, String::new())));
            known.clear();
            item.own.retain(|own| known.insert((0, own.list.clone())));
            item
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    let words = (
        select(vec![DiscountFrom::FirstRow, DiscountFrom::PriceRow]),
        select(vec![FamilyTariff::Alone, FamilyTariff::Below, FamilyTariff::Never]),
        select(vec![CustomerDiscounts::Alone, CustomerDiscounts::Cascade, CustomerDiscounts::Never]),
    );
    let flags = (any::<[bool; 5]>(), 0..4_u32, 0..3_u32);
    (words, flags).prop_map(|(words, (flags, decimals, quantity_decimals))| Rules {
        discount_from: words.0,
        family_tariff: words.1,
        customer_discounts: words.2,
        group_then_own: flags[0],
        steps_replace: flags[1],
        pack_units: flags[2],
        exclusive_stops_all: flags[3],
        steps_flagged: flags[4],
        price_decimals: Some(decimals),
        gross_decimals: Some(2),
        quantity_decimals,
        ..Rules::default()
    })
}

fn book() -> Book {
    let tax = |code: &str, rate: i64, kind: i64| TaxRow {
        code: code.into(),
        title: None,
        rate: Decimal::new(rate, 1),
        kind,
        bad: None,
    };
    Book {
        taxes: vec![tax("T20", 200, 0), tax("T05", 55, 0), tax("ECO", 5, 1)],
        currencies: vec![(1, Ok("EUR".into())), (2, Ok("CHF".into()))],
        company_currency: 1,
        price_decimals: None,
        shop_currency: "EUR".into(),
        categories: vec![(1, Ok(false)), (2, Ok(true))],
        fault: None,
    }
}

fn terms() -> impl Strategy<Value = Terms> {
    let customer = (any::<bool>(), 1..3_i64, 0..3_i64, percent());
    (option::of(customer), 1..3_i64).prop_map(|(customer, category)| match customer {
        None => Terms { category, tax_category: 1, ..Terms::default() },
        Some((grouped, category, currency, discount)) => Terms {
            customer: Some("C1".into()),
            group: grouped.then(|| "G1".into()),
            category,
            tax_category: 1,
            currency: Some(currency).filter(|n| *n == 2),
            discount,
        },
    })
}

fn day() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2026, 3, 14).unwrap()
}

fn asked(item: &ItemRows, terms: &Terms, rules: &Rules, quantity: Decimal) -> Result<Priced, Refusal> {
    let book = book();
    price(item, Question { terms, book: &book, rules, day: day() }, quantity)
}

/// What a price says, without its account.
fn said(found: Result<Priced, Refusal>) -> Result<Priced, (&'static str, String)> {
    match found {
        Ok(priced) => Ok(Priced { steps: Vec::new(), ..priced }),
        Err(refusal) => Err((refusal.code, refusal.reason)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A price is above 0, its parts agree, and its account ends with it.
    #[test]
    fn a_price_is_one(item in item(), terms in terms(), rules in rules(), quantity in cents(1..20_000)) {
        match asked(&item, &terms, &rules, quantity) {
            Err(refusal) => {
                prop_assert!(Refusal::CODES.contains(&refusal.code), "{refusal:?}");
                prop_assert!(!refusal.reason.is_empty());
            }
            Ok(priced) => {
                prop_assert!(priced.net > Decimal::ZERO || priced.tax_included, "{priced:?}");
                prop_assert!(priced.gross > Decimal::ZERO || !priced.tax_included);
                // With a rate that is not below 0, and both rounded alike.
                prop_assert!(priced.gross + Decimal::new(1, 2) >= priced.net);
                let kept = if priced.tax_included { priced.gross } else { priced.net };
                let mut stored = vec![item.article.as_ref().map_or(Decimal::ZERO, |article| article.price)];
                stored.extend(item.prices.iter().flat_map(|row| [row.price, row.foreign_price]));
                stored.extend(item.own.iter().map(|own| own.price));
                stored.extend(item.steps.iter().chain(&item.family_steps).map(|step| step.net_price));
                let round = kept == kept.round_dp(rules.price_decimals.unwrap());
                prop_assert!(round || stored.contains(&kept), "{kept} is neither rounded nor stored");
                let cut = priced.discounts.iter().any(|d| matches!(d.off, Off::Percent(_)));
                prop_assert!(round || !cut, "{kept} was discounted and not rounded");
                let last = priced.steps.last().unwrap();
                prop_assert_eq!(last.price, Some(kept));
                prop_assert!(priced.taxes.iter().all(|tax| tax.amount >= Decimal::ZERO));
                prop_assert!(priced.list.is_none() || !priced.discounts.is_empty());
                let noted = |off: &Off| matches!(off, Off::Percent(n) | Off::Amount(n) if !n.is_zero());
                prop_assert!(priced.discounts.iter().all(|d| noted(&d.off)));
            }
        }
    }

    /// A row that says nothing changes nothing, wherever it stands.
    #[test]
    fn an_empty_row_changes_nothing(
        item in item(), terms in terms(), rules in rules(), quantity in cents(1..5_000), at in 0..9_usize, category in any::<bool>(),
    ) {
        let before = said(asked(&item, &terms, &rules, quantity));
        let mut more = item.clone();
        let silent = if category {
            PriceRow { category: terms.category, ..PriceRow::default() }
        } else {
            PriceRow { customer: "C1".into(), ..PriceRow::default() }
        };
        // A row there is none of yet: its flags would count for steps and own prices that stand without a row.
        let lists = [terms.list(), "C1".to_owned()];
        let bare = !item.steps.iter().any(|s| lists.contains(&s.list)) && !item.own.iter().any(|o| lists.contains(&o.list));
        let mut same = item.prices.iter().filter(|r| r.category == silent.category && r.customer == silent.customer);
        let known = same.any(PriceRow::says);
        if bare || known {
            let at = at.min(more.prices.len());
            more.prices.insert(at, silent);
            prop_assert_eq!(before, said(asked(&more, &terms, &rules, quantity)));
        }
    }

    /// Rows of others change nothing.
    #[test]
    fn others_rows_change_nothing(
        item in item(), terms in terms(), rules in rules(), quantity in cents(1..5_000), row in price_row(), step in step_row(), own in amount(),
    ) {
        let before = said(asked(&item, &terms, &rules, quantity));
        let mut more = item.clone();
        more.prices.push(PriceRow { customer: "C9".into(), category: 0, ..row.clone() });
        more.prices.push(PriceRow { customer: String::new(), category: 9, ..row.clone() });
        more.family.push(PriceRow { customer: String::new(), category: 9, ..row });
        for list in ["C9", "a09", "A01"] {
            more.steps.insert(0, StepRow { list: list.into(), ..step.clone() });
            more.family_steps.push(StepRow { list: list.into(), ..step.clone() });
            more.own.push(OwnPrice { list: list.into(), price: own });
        }
        more.family_customers.insert(0, FamilyCustomer { customer: "C9".into(), discount: 50.into() });
        prop_assert_eq!(before, said(asked(&more, &terms, &rules, quantity)));
    }

    /// The order in which rows of different levels and bounds were written does not matter.
    #[test]
    fn the_order_of_rows_does_not_matter(
        item in item(), terms in terms(), rules in rules(), quantity in cents(1..5_000),
    ) {
        let mut turned = item.clone();
        let mut bounds = std::collections::HashSet::new();
        // Of two steps with one bound the first written counts: leave those out.
        let open = |step: &StepRow| step.bound.is_zero() || step.bound >= Decimal::from(99_999);
        let mut single = |steps: &mut Vec<StepRow>| {
            bounds.clear();
            steps.retain(|s| bounds.insert((s.list.clone(), if open(s) { Decimal::ZERO } else { s.bound })));
        };
        let mut item = item;
        single(&mut item.steps);
        single(&mut item.family_steps);
        turned.steps.clone_from(&item.steps);
        turned.family_steps.clone_from(&item.family_steps);
        bounds.clear();
        item.family_customers.retain(|row| bounds.insert((row.customer.clone(), Decimal::ZERO)));
        turned.family_customers.clone_from(&item.family_customers);
        turned.prices.reverse();
        turned.steps.reverse();
        turned.own.reverse();
        turned.family_steps.reverse();
        turned.family_customers.reverse();
        prop_assert_eq!(
            said(asked(&item, &terms, &rules, quantity)),
            said(asked(&turned, &terms, &rules, quantity))
        );
    }

    /// Between two breaks the price does not change, as long as no discount is one of the whole line.
    #[test]
    fn a_price_holds_from_break_to_break(
        item in item(), terms in terms(), rules in rules(), whole in 1..200_i64, on in option::of(0..8_usize),
    ) {
        let mut item = item;
        for step in item.steps.iter_mut().chain(&mut item.family_steps) {
            for discount in &mut step.discounts {
                if discount.1 == 0 {
                    discount.1 = 1;
                }
            }
        }
        let book = book();
        let from = breaks(&item, Question { terms: &terms, book: &book, rules: &rules, day: day() });
        let least = Decimal::new(1, rules.quantity_decimals);
        prop_assert_eq!(from[0], least);
        prop_assert!(from.windows(2).all(|two| two[0] < two[1]), "{from:?}");
        // On a bound, as often as anywhere.
        let bound = on.and_then(|n| item.steps.get(n)).map(|step| (step.bound / least).floor() * least);
        let quantity = bound.filter(|n| *n > Decimal::ZERO).unwrap_or(least * Decimal::from(whole));
        let at = from.iter().rev().find(|n| **n <= quantity).unwrap();
        prop_assert_eq!(
            said(asked(&item, &terms, &rules, quantity)),
            said(asked(&item, &terms, &rules, *at)),
            "{} is priced as {} of {:?}", quantity, at, from
        );
    }

    /// Steps whose discounts grow with the quantity never make a larger quantity dearer.
    #[test]
    fn growing_discounts_never_make_more_dearer(
        price_of in cents(1..20_000), bounds in vec((1..50_i64, 0..2_000_i64), 1..6), few in 1..300_i64, more in 0..300_i64,
    ) {
        let (mut bound, mut off) = (Decimal::ZERO, Decimal::ZERO);
        let mut steps = Vec::new();
        for (further, deeper) in bounds {
            bound += Decimal::from(further);
            steps.push(StepRow {
                list: "a01".into(),
                bound,
                discounts: [(off, 1), (Decimal::ZERO, 0), (Decimal::ZERO, 0)],
                ..StepRow::default()
            });
            off = (off + Decimal::new(deeper, 2)).min(Decimal::from(90));
        }
        if let Some(last) = steps.last_mut() {
            last.bound = Decimal::ZERO;
        }
        let item = ItemRows {
            article: Some(Article { price: price_of + Decimal::ONE, ..Article::default() }),
            prices: vec![PriceRow { category: 1, stepping: 1, ..PriceRow::default() }],
            steps,
            taxes: Some(TaxCodes { slots: [TaxSlot { code: "T20".into(), ..TaxSlot::default() }, TaxSlot::default(), TaxSlot::default()] }),
            ..ItemRows::default()
        };
        let terms = Terms { category: 1, tax_category: 1, ..Terms::default() };
        let at = |quantity: i64| asked(&item, &terms, &Rules::default(), Decimal::from(quantity)).unwrap().net;
        prop_assert!(at(few + more) <= at(few));
    }
}

#[test]
fn numbers_too_large_are_refused() {
    let item = ItemRows {
        article: Some(Article { price: Decimal::MAX, ..Article::default() }),
        unit: Unit::Pack { quantity: Decimal::from(1_000_000) },
        ..ItemRows::default()
    };
    let terms = Terms { category: 1, tax_category: 1, ..Terms::default() };
    let refusal = asked(&item, &terms, &Rules::default(), Decimal::ONE).unwrap_err();
    assert_eq!(refusal.code, "BAD_VALUE", "{refusal:?}");
}

/// Under a collation that takes A01 for a01, a customer of that code still has its own list only.
#[test]
fn a_customer_called_like_a_category() {
    let step = |list: &str, percent: i64| StepRow {
        list: list.into(),
        discounts: [(Decimal::from(percent), 1), (Decimal::ZERO, 0), (Decimal::ZERO, 0)],
        ..StepRow::default()
    };
    let item = ItemRows {
        article: Some(Article { price: Decimal::ONE_HUNDRED, ..Article::default() }),
        steps: vec![step("a01", 10), step("A01", 40)],
        taxes: Some(TaxCodes {
            slots: std::array::from_fn(|_| TaxSlot { code: "T20".into(), ..TaxSlot::default() }),
        }),
        ..ItemRows::default()
    };
    let book = book();
    let row = Customer { code: "A01".into(), category: 1, tax_category: 1, ..Customer::default() };
    let buyer = Buyer { customer: Some("A01".into()), ..Buyer::default() };
    let rules = Rules::default();
    let own = Terms::of(&buyer, Some(&row), &book, &rules).unwrap();
    let public = Terms::of(&Buyer::default(), None, &book, &rules).unwrap();
    assert_eq!(asked(&item, &own, &rules, Decimal::ONE).unwrap().net, Decimal::from(60));
    assert_eq!(asked(&item, &public, &rules, Decimal::ONE).unwrap().net, Decimal::from(90));
}

#[test]
fn decimals_of_a_format() {
    for (format, decimals) in [
        ("# ##0,00", Some(2)),
        ("# ##0,0000", Some(4)),
        ("#,##0.000", Some(3)),
        ("# ##0,##", Some(2)),
        ("# ##0,00 €", Some(2)),
        ("# ##0,00;-# ##0,00", Some(2)),
        ("0", Some(0)),
        ("# ##0", Some(0)),
        // Thousands, and no decimals.
        ("#,##0", Some(0)),
        ("0,00000000", None),
        ("", None),
        ("Standard", None),
    ] {
        assert_eq!(format_decimals(format), decimals, "{format}");
    }
    let rules = Rules::default();
    let of = |company| (rules.places(company).price, rules.places(company).gross);
    assert_eq!((of(Some(4)), of(None)), ((4, 4), (2, 2)));
    let own = Rules { price_decimals: Some(3), ..Rules::default() };
    assert_eq!(own.places(Some(4)).price, 3, "the setting goes before the format");
}
