//! Cells of a row in their order, with what could not be read remembered; and rows by the article or family they are of.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    connectors::tariff::Refusal,
    sources::Rows,
    value::{KeyCompare, Value},
};

/// A key as Sage's collation tells keys apart.
pub(super) fn fold(key: &str) -> String {
    KeyCompare::CiAs.fold(key).into_owned()
}

/// The cells of one row, taken one after the other. NULL is 0, blank or false, as the ERP itself has it.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    cells: std::slice::Iter<'a, Value>,
    bad: Option<String>,
}

impl<'a> Cells<'a> {
    fn of(row: &'a [Value]) -> Self {
        Self { cells: row.iter(), bad: None }
    }

    fn next(&mut self) -> &'a Value {
        let cell = self.cells.next().unwrap_or(&Value::Null);
        if let Value::Bad(why) = cell {
            self.bad.get_or_insert_with(|| why.to_string());
        }
        cell
    }

    /// What could not be read since this was last asked, or the row began: it is then the caller's matter.
    pub fn take_bad(&mut self) -> Option<String> {
        self.bad.take()
    }

    pub fn text(&mut self) -> String {
        self.next().as_str().unwrap_or("").trim_end().to_owned()
    }

    pub fn maybe_int(&mut self) -> Option<i64> {
        match self.next() {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub fn int(&mut self) -> i64 {
        self.maybe_int().unwrap_or(0)
    }

    pub fn maybe_flag(&mut self) -> Option<bool> {
        self.maybe_int().map(|number| number == 1)
    }

    pub fn flag(&mut self) -> bool {
        self.maybe_flag().unwrap_or(false)
    }

    pub fn decimal(&mut self) -> Decimal {
        match self.next() {
            Value::Decimal(number) => *number,
            Value::Int(number) => Decimal::from(*number),
            _ => Decimal::ZERO,
        }
    }

    pub fn date(&mut self) -> Option<NaiveDate> {
        match self.next() {
            Value::Date(day) => Some(*day),
            _ => None,
        }
    }
}

/// All rows, and what of them could not be read.
pub(super) fn read_all<T>(rows: &Rows, read: impl Fn(&mut Cells<'_>) -> T) -> (Vec<T>, Option<String>) {
    let mut bad = None;
    let read = |row: usize| {
        let mut cells = Cells::of(rows.row(row));
        let found = read(&mut cells);
        bad = bad.take().or(cells.bad);
        found
    };
    ((0..rows.len()).map(read).collect(), bad)
}

/// Rows by their first cell, an article or a family; the second is the order in which they were written.
#[derive(Debug)]
pub(super) struct Grouped<T>(HashMap<String, Group<T>>);

#[derive(Debug)]
struct Group<T> {
    rows: Vec<(i64, T)>,
    bad: Option<String>,
}

pub(super) fn grouped<T>(rows: &Rows, read: impl Fn(&mut Cells<'_>) -> T) -> Grouped<T> {
    let mut all = HashMap::new();
    for row in 0..rows.len() {
        let mut cells = Cells::of(rows.row(row));
        let (key, written) = (fold(&cells.text()), cells.int());
        let found = read(&mut cells);
        let group: &mut Group<T> = all.entry(key).or_insert_with(|| Group { rows: Vec::new(), bad: None });
        group.rows.push((written, found));
        group.bad = group.bad.take().or(cells.bad);
    }
    for group in all.values_mut() {
        group.rows.sort_by_key(|(written, _)| *written);
    }
    Grouped(all)
}

impl<T: Clone> Grouped<T> {
    /// The rows of a folded key; what could not be read of them is a fault.
    pub fn of(&self, key: &str, fault: &mut Option<Refusal>) -> Vec<T> {
        let Some(group) = self.0.get(key) else { return Vec::new() };
        if let Some(bad) = &group.bad {
            let reason = format!("a cell of its tariff rows is unreadable: {bad}");
            fault.get_or_insert(Refusal::new("BAD_VALUE", reason));
        }
        group.rows.iter().map(|(_, row)| row.clone()).collect()
    }
}
