//! Laws of the reckoning that all ERPs share.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{super::Tracking, *};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn figure(code: &str, available: Decimal) -> DepotFigure {
    DepotFigure {
        code: code.into(),
        title: None,
        physical: available,
        reserved: Decimal::ZERO,
        incoming: Decimal::ZERO,
        available,
    }
}

fn tracked(shelf: &mut Shelf, quantities: &[&str]) -> usize {
    let mut goods = Goods::new(Tracking::Tracked);
    let figures = quantities.iter().enumerate().map(|(n, text)| figure(&format!("D{n}"), d(text)));
    goods.figures.extend(figures);
    shelf.put(goods)
}

fn kit(shelf: &mut Shelf, parts: &[(usize, &str)]) -> usize {
    let mut goods = Goods::new(Tracking::NotTracked);
    goods.is_kit = true;
    goods.parts = parts.iter().map(|(goods, n)| Part { goods: *goods, quantity: d(n) }).collect();
    shelf.put(goods)
}

fn depot(key: &str, code: &str, excluded: bool) -> Depot {
    Depot { key: key.into(), code: code.into(), title: None, excluded }
}

#[test]
fn depots_are_named_by_code_then_by_key() {
    let all = vec![depot("1", "PARIS", false), depot("2", "1", false), depot("3", "LYON", true)];
    let counting = |only: &[&str]| {
        let only: Vec<Arc<str>> = only.iter().map(|name| (*name).into()).collect();
        let counting = Counting::new(&all, &only);
        ["1", "2", "3"].map(|key| counting.get(key).is_some())
    };
    assert_eq!(counting(&[]), [true, true, false]);
    assert_eq!(counting(&["paris"]), [true, false, false]);
    // Depot 2 has the code 1: depot 1 is not meant.
    assert_eq!(counting(&["1"]), [false, true, false]);
    assert_eq!(counting(&["2"]), [false, true, false]);
    assert_eq!(counting(&["LYON", "3"]), [false, false, false]);
    assert_eq!(counting(&["NOWHERE"]), [false, false, false]);
}

#[test]
fn a_pack_of_an_exact_share_is_whole() {
    assert_eq!(times(d("24"), d("6")), d("4"));
    assert_eq!(times(d("23.999999"), d("6")), d("3"));
    assert_eq!(times(d("0.9"), d("0.3")), d("3"));
    // The quotient does not fit into 28 digits, and is rounded up to 3.
    assert_eq!(times(d("2.9999999999999999999999999999"), d("1.0000000000000000000000000000")), d("2"));
    assert_eq!(times(d("0"), d("0.000001")), d("0"));
}

#[test]
fn kits_have_what_the_scarcest_component_allows() {
    let mut shelf = Shelf::new(Reckoning::default());
    let bottle = tracked(&mut shelf, &["10", "-3"]);
    let patch = tracked(&mut shelf, &["5.9"]);
    let service = shelf.put(Goods::new(Tracking::NotTracked));
    let ordered = shelf.put(Goods::new(Tracking::ToOrder));
    let gone = shelf.put(Goods::new(Tracking::Gone));
    let bad = shelf.put(Goods::new(Tracking::Unreadable));
    let none = tracked(&mut shelf, &["0"]);
    let mut told = |parts: &[(usize, &str)]| {
        let place = kit(&mut shelf, parts);
        let stocked = shelf.stocked(place);
        assert!(stocked.depots.is_empty());
        (stocked.tracking, stocked.available)
    };
    let tracked = |n: &str| (Tracking::Tracked, d(n));
    assert_eq!(told(&[(bottle, "1"), (patch, "2")]), tracked("2"));
    // Not rounded before it is shared out: 5.9 / 0.2.
    assert_eq!(told(&[(patch, "0.2")]), tracked("29"));
    assert_eq!(told(&[(bottle, "1"), (service, "1")]), tracked("7"));
    assert_eq!(told(&[(bottle, "1"), (patch, "0")]), tracked("7"));
    assert_eq!(told(&[(bottle, "1"), (gone, "1")]), tracked("0"));
    assert_eq!(told(&[(service, "1")]), (Tracking::NotTracked, d("0")));
    assert_eq!(told(&[(bottle, "1"), (ordered, "1")]), (Tracking::ToOrder, d("0")));
    assert_eq!(told(&[(none, "1"), (ordered, "1")]), tracked("0"));
    assert_eq!(told(&[(none, "1"), (bad, "1")]), (Tracking::Unreadable, d("0")));
}

#[test]
fn kits_within_kits_end_somewhere() {
    let reckoning = Reckoning { kit_depth: 2, ..Reckoning::default() };
    let mut shelf = Shelf::new(reckoning);
    let screw = tracked(&mut shelf, &["100"]);
    let bag = kit(&mut shelf, &[(screw, "4")]);
    let boxed = kit(&mut shelf, &[(bag, "5")]);
    let crate_ = kit(&mut shelf, &[(boxed, "1")]);
    assert_eq!(shelf.stocked(bag).available, d("25"));
    assert_eq!(shelf.stocked(boxed).available, d("5"));
    assert_eq!(shelf.stocked(crate_).available, d("0"));
    // One that is in itself has none, and does not run for ever.
    let first = kit(&mut shelf, &[(screw, "1")]);
    let second = kit(&mut shelf, &[(first, "1")]);
    shelf.at(first).unwrap().parts.push(Part { goods: second, quantity: d("1") });
    assert_eq!(shelf.stocked(first).available, d("0"));
    assert_eq!(shelf.stocked(second).available, d("0"));
}

#[test]
fn a_kit_without_components_has_its_own() {
    let mut shelf = Shelf::new(Reckoning { kit_depth: 1, ..Reckoning::default() });
    let empty = tracked(&mut shelf, &["7"]);
    shelf.at(empty).unwrap().is_kit = true;
    let around = kit(&mut shelf, &[(empty, "1")]);
    assert_eq!((shelf.stocked(empty).available, shelf.stocked(empty).depots.len()), (d("7"), 1));
    // Nobody looked whether it has any, that deep.
    assert_eq!(shelf.stocked(around).available, d("0"));
}

#[test]
fn packs_are_shares_of_what_is_exactly_there() {
    let mut shelf = Shelf::new(Reckoning::default());
    let place = tracked(&mut shelf, &["13", "-1.5"]);
    let stocked = shelf.packs(place, d("6"));
    assert_eq!(stocked.available, d("1"));
    let depots: Vec<Decimal> = stocked.depots.iter().map(|figure| figure.available).collect();
    assert_eq!(depots, [d("2.166666"), d("-0.25")]);
    assert_eq!(shelf.packs(place, d("0")).available, d("0"));
    let service = shelf.put(Goods::new(Tracking::NotTracked));
    assert_eq!(shelf.packs(service, d("6")).tracking, Tracking::NotTracked);
}

#[test]
fn an_article_is_the_sum_of_its_references() {
    let mut shelf = Shelf::new(Reckoning::default());
    let red = tracked(&mut shelf, &["3.5", "2"]);
    let blue = tracked(&mut shelf, &["-4"]);
    let service = shelf.put(Goods::new(Tracking::NotTracked));
    let ordered = shelf.put(Goods::new(Tracking::ToOrder));
    let own = Tracking::Tracked;
    let stocked = shelf.together(&[red, blue], own);
    // What blue lacks is not taken from red.
    assert_eq!((stocked.tracking, stocked.available), (own, d("5")));
    assert_eq!(stocked.depots.len(), 2);
    assert_eq!(stocked.depots[0].physical, d("-0.5"));
    let told = |places: &[usize], own| shelf.together(places, own).tracking;
    assert_eq!(told(&[red, ordered], own), own);
    assert_eq!(told(&[blue, ordered], own), Tracking::ToOrder);
    assert_eq!(told(&[red, service], own), Tracking::NotTracked);
    assert_eq!(told(&[red], Tracking::ToOrder), Tracking::ToOrder);
    assert_eq!(told(&[], own), own);
}

prop_compose! {
    fn quantity()(micros in -50_000_000_i64..50_000_000) -> Decimal {
        Decimal::new(micros, 6)
    }
}

proptest! {
    #[test]
    fn clamping_each_depot_never_gives_less(depots in prop::collection::vec(quantity(), 0..8)) {
        let sum = |clamp| Reckoning { clamp, ..Reckoning::default() }.sum(depots.iter().copied());
        prop_assert!(sum(Clamp::Depot) >= sum(Clamp::Sum));
        prop_assert!(sum(Clamp::Sum) >= Decimal::ZERO);
        if depots.iter().all(|quantity| *quantity >= Decimal::ZERO) {
            prop_assert_eq!(sum(Clamp::Depot), sum(Clamp::Sum));
        }
    }

    #[test]
    fn what_is_sold_is_there(quantity in quantity(), decimals in 0_u32..7) {
        let sold = Reckoning { decimals, ..Reckoning::default() }.sold(quantity);
        prop_assert!(sold <= quantity);
        prop_assert!(quantity - sold < Decimal::new(1, decimals));
    }

    #[test]
    fn as_many_times_as_it_fits(quantity in 0_i64..10_000_000_000, part in 1_i64..10_000_000) {
        let (quantity, part) = (Decimal::new(quantity, 6), Decimal::new(part, 6));
        let times = times(quantity, part);
        prop_assert!(times * part <= quantity);
        prop_assert!((times + Decimal::ONE) * part > quantity);
    }

    #[test]
    fn more_of_a_component_never_makes_fewer_kits(
        have in prop::collection::vec((quantity(), 1_i64..4), 1..5),
        more in quantity(),
    ) {
        let kits = |extra: Decimal| {
            let mut shelf = Shelf::new(Reckoning::default());
            let mut parts = Vec::new();
            for (n, (quantity, each)) in have.iter().enumerate() {
                let mut goods = Goods::new(Tracking::Tracked);
                let extra = if n == 0 { extra } else { Decimal::ZERO };
                goods.figures.push(figure("D", *quantity + extra));
                parts.push(Part { goods: shelf.put(goods), quantity: Decimal::from(*each) });
            }
            let mut goods = Goods::new(Tracking::Tracked);
            goods.is_kit = true;
            goods.parts = parts;
            let place = shelf.put(goods);
            shelf.stocked(place).available
        };
        prop_assert!(kits(more.abs()) >= kits(Decimal::ZERO));
    }
}
