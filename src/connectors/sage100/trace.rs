//! The account of a price: what was read and reckoned, line by line, and exact arithmetic that says when a number is
//! too large instead of ending the program.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::connectors::tariff::{Refusal, Step};

/// The lines of the account so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub steps: Vec<Step>,
}

impl Trace {
    /// A row that was read.
    pub fn row(
        &mut self,
        what: &str,
        table: &'static str,
        row: Vec<(&'static str, String)>,
        used: bool,
        note: impl Into<String>,
        price: Option<Decimal>,
    ) {
        let (what, note) = (what.to_owned(), note.into());
        self.steps.push(Step { what, table: Some(table), row, used, note, price });
    }

    /// Something that was reckoned, or not found.
    pub fn said(&mut self, what: &str, used: bool, note: impl Into<String>, price: Option<Decimal>) {
        let (what, note) = (what.to_owned(), note.into());
        self.steps.push(Step { what, table: None, row: Vec::new(), used, note, price });
    }

    /// A refusal with all that was looked at.
    pub fn refuse(&self, code: &'static str, reason: impl Into<String>) -> Refusal {
        let mut refusal = Refusal::new(code, reason);
        refusal.steps.clone_from(&self.steps);
        refusal
    }

    /// A refusal made elsewhere, with all that was looked at before.
    pub fn refusal(&self, mut refusal: Refusal) -> Refusal {
        let mut steps = self.steps.clone();
        steps.append(&mut refusal.steps);
        refusal.steps = steps;
        refusal
    }
}

/// A number as people write it: no zeros at its end.
pub(super) fn shown(number: Decimal) -> String {
    number.normalize().to_string()
}

fn too_large() -> Refusal {
    Refusal::new("BAD_VALUE", "a number of the tariff is too large to reckon with")
}

pub(super) fn times(a: Decimal, b: Decimal) -> Result<Decimal, Refusal> {
    a.checked_mul(b).ok_or_else(too_large)
}

pub(super) fn over(a: Decimal, b: Decimal) -> Result<Decimal, Refusal> {
    a.checked_div(b).ok_or_else(too_large)
}

pub(super) fn plus(a: Decimal, b: Decimal) -> Result<Decimal, Refusal> {
    a.checked_add(b).ok_or_else(too_large)
}

pub(super) fn minus(a: Decimal, b: Decimal) -> Result<Decimal, Refusal> {
    a.checked_sub(b).ok_or_else(too_large)
}

/// What is left of something when so many percent are taken off.
pub(super) fn less(amount: Decimal, percent: Decimal) -> Result<Decimal, Refusal> {
    times(amount, over(minus(Decimal::ONE_HUNDRED, percent)?, Decimal::ONE_HUNDRED)?)
}

/// Half up.
pub(super) fn rounded(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}
