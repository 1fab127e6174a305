//! `rule.md`, line by line, and laws of the rule.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, 1).unwrap()
}

fn said<T>(cell: &str, read: impl Fn(&str) -> T) -> Option<T> {
    (cell != "-").then(|| read(cell))
}

fn day(cell: &str) -> Option<NaiveDate> {
    said(cell, |text| text.parse().unwrap())
}

fn erp(cell: &str, restock: Option<NaiveDate>) -> Option<Stocked> {
    let tracking = match cell {
        "no answer" => return None,
        "not tracked" => Tracking::NotTracked,
        "to order" => Tracking::ToOrder,
        "gone" => Tracking::Gone,
        "unreadable" => Tracking::Unreadable,
        _ => Tracking::Tracked,
    };
    let available = cell.parse().unwrap_or_default();
    Some(Stocked { available, restock, ..Stocked::without(tracking) })
}

#[test]
fn every_line_of_the_table() {
    let table = include_str!("rule.md");
    let lines: Vec<&str> =
        table.lines().filter(|line| line.starts_with('|') && !line.starts_with("|--")).skip(1).collect();
    assert!(lines.len() >= 35, "only {} lines", lines.len());
    for line in lines {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [figure, known, mode, buffer, days, date, backorder, status, available, restock] = cells[..]
        else {
            panic!("ten cells: {line}");
        };
        let rule = (mode != "no rule").then(|| StockRule {
            buffer: said(buffer, |text| text.parse().unwrap()).unwrap_or_default(),
            mode: match mode {
                "erp" => Mode::Erp,
                "always" => Mode::Always,
                "never" => Mode::Never,
                _ => Mode::Unreadable,
            },
            lead_time_days: said(days, |text| text.parse().unwrap()),
            restock_date: day(date),
        });
        let policy = Policy { backorder: Backorder::named(backorder).unwrap(), ..Policy::default() };
        let verdict = judge(erp(figure, day(known)).as_ref(), rule.as_ref(), &policy, today());
        assert_eq!(verdict.status.name(), status, "{line}");
        assert_eq!(verdict.available, said(available, |text| text.parse().unwrap()), "{line}");
        assert_eq!(verdict.restock, day(restock), "{line}");
    }
}

#[test]
fn without_a_threshold_there_is_no_few() {
    let policy = Policy { low: Decimal::ZERO, ..Policy::default() };
    let told = |n: &str| judge(erp(n, None).as_ref(), None, &policy, today()).status;
    assert_eq!(told("0.1"), Status::InStock);
    assert_eq!(told("0"), Status::OutOfStock);
}

#[test]
fn a_lead_time_beyond_all_days_is_no_day() {
    let rule = StockRule { lead_time_days: Some(u32::MAX), ..StockRule::default() };
    let verdict = judge(erp("0", None).as_ref(), Some(&rule), &Policy::default(), today());
    assert_eq!((verdict.status, verdict.restock), (Status::OutOfStock, None));
}

proptest! {
    #[test]
    fn a_larger_buffer_never_promises_more(have in 0_i64..500, less in 0_i64..500, more in 0_i64..500) {
        let told = |buffer: i64| {
            let rule = StockRule { buffer: Decimal::from(buffer), ..StockRule::default() };
            let stocked = Stocked { available: Decimal::from(have), ..Stocked::without(Tracking::Tracked) };
            judge(Some(&stocked), Some(&rule), &Policy::default(), today())
        };
        let (small, large) = (told(less.min(more)), told(less.max(more)));
        prop_assert!(large.available <= small.available);
        prop_assert!(large.available >= Some(Decimal::ZERO));
        prop_assert!(small.status.in_stock() >= large.status.in_stock());
    }
}
