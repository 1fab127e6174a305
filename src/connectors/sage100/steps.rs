//! Steps by quantity or amount (F_TARIFQTE, F_FAMTARIFQTE): which one covers a quantity, what its discounts leave, and
//! from which quantities on another one does.

use rust_decimal::Decimal;

use super::{
    rows::StepRow,
    settings::Rules,
    trace::{Trace, less, minus, over, shown, times},
};
use crate::connectors::tariff::{Off, Refusal};

/// Whether a bound covers everything above the one before it.
fn is_open(bound: Decimal, rules: &Rules) -> bool {
    bound <= Decimal::ZERO || bound >= Decimal::from(rules.open_bound)
}

/// A list's steps in order: ascending bounds, those without one last; of equal bounds the one written first.
pub(super) fn ordered<'a>(rows: impl Iterator<Item = &'a StepRow>, rules: &Rules) -> Vec<&'a StepRow> {
    let mut steps: Vec<&StepRow> = rows.collect();
    steps.sort_by(|a, b| {
        let key = |s: &StepRow| (is_open(s.bound, rules), s.bound.max(Decimal::ZERO));
        match (key(a), key(b)) {
            ((true, _), (true, _)) => std::cmp::Ordering::Equal,
            (a, b) => a.cmp(&b),
        }
    });
    steps
}

/// The step that covers a quantity (or an amount): the bound before it < measure ≤ its own bound.
fn covering(steps: &[&StepRow], measure: Decimal, rules: &Rules) -> Option<usize> {
    steps.iter().position(|s| is_open(s.bound, rules) || measure <= s.bound)
}

/// The columns of F_TARIFQTE and F_FAMTARIFQTE: list, bound, discounts.
const ARTICLE: [&str; 5] =
    ["TQ_RefCF", "TQ_BorneSup", "TQ_Remise01REM_Valeur", "TQ_Remise02REM_Valeur", "TQ_Remise03REM_Valeur"];
const FAMILY: [&str; 5] =
    ["FQ_RefCF", "FQ_BorneSup", "FQ_Remise01REM_Valeur", "FQ_Remise02REM_Valeur", "FQ_Remise03REM_Valeur"];

/// The step that covers a measure; every step goes into the account.
pub(super) fn choose<'a>(
    steps: &[&'a StepRow],
    measure: Decimal,
    table: &'static str,
    rules: &Rules,
    trace: &mut Trace,
) -> Option<&'a StepRow> {
    let chosen = covering(steps, measure, rules);
    let mut from = Decimal::ZERO;
    for (n, step) in steps.iter().enumerate() {
        let range = if is_open(step.bound, rules) {
            format!("above {}", shown(from))
        } else {
            format!("above {} and up to {}", shown(from), shown(step.bound))
        };
        let used = chosen == Some(n);
        let note = if used {
            format!("covers {}: {range}", shown(measure))
        } else {
            format!("not used: it is for {range}")
        };
        let names = if table == "F_TARIFQTE" { &ARTICLE } else { &FAMILY };
        let mut row = vec![(names[0], step.list.clone()), (names[1], shown(step.bound))];
        for ((value, kind), name) in step.discounts.iter().zip(&names[2..]) {
            if !value.is_zero() {
                row.push((name, format!("{} (REM_Type {kind})", shown(*value))));
            }
        }
        if !step.net_price.is_zero() {
            row.push(("TQ_PrixNet", shown(step.net_price)));
        }
        trace.row("quantity step", table, row, used, note, None);
        from = step.bound;
    }
    if chosen.is_none() && !steps.is_empty() {
        trace.said(
            "quantity step",
            false,
            format!("{} is above the last bound: no step", shown(measure)),
            None,
        );
    }
    chosen.map(|n| steps[n])
}

/// What a step's discounts take off, one after the other, and what they leave. An amount off the line is shared by
/// its units; one off each unit counts the units in a pack.
pub(super) fn cascade(
    mut amount: Decimal,
    step: &StepRow,
    (quantity, factor): (Decimal, Decimal),
    rules: &Rules,
) -> Result<(Decimal, Vec<Off>), Refusal> {
    let mut taken = Vec::new();
    for (value, kind) in step.discounts {
        if value.is_zero() {
            continue;
        }
        let off = if kind == rules.percent_discounts {
            amount = less(amount, value)?;
            Off::Percent(value)
        } else {
            let off = if kind == rules.unit_discounts {
                times(value, factor)?
            } else if kind == rules.line_discounts {
                over(value, quantity)?
            } else {
                let reason = format!(
                    "a quantity step has a discount of an unknown kind (REM_Type {kind}): say what it is with the settings \
                     `percent_discounts`, `unit_discounts` and `line_discounts`"
                );
                return Err(Refusal::new("UNSUPPORTED_TARIFF", reason));
            };
            amount = minus(amount, off)?;
            Off::Amount(off)
        };
        taken.push(off);
    }
    Ok((amount, taken))
}

/// The least quantities above the bounds of some steps, in the order they come. `per_unit` is what one unit of the item
/// counts against a bound: 1, the units in a pack, or the price where bounds are amounts.
pub(super) fn above(steps: &[&StepRow], per_unit: Decimal, rules: &Rules) -> Vec<Decimal> {
    let least = least(rules);
    let mut all = Vec::new();
    for step in steps {
        if is_open(step.bound, rules) {
            break;
        }
        let Some(bound) = step.bound.checked_div(per_unit) else { break };
        let whole = bound.checked_div(least).map(|n| n.floor());
        all.extend(whole.and_then(|n| n.checked_add(Decimal::ONE)).and_then(|n| n.checked_mul(least)));
    }
    all
}

/// The least quantity there is.
pub(super) fn least(rules: &Rules) -> Decimal {
    Decimal::new(1, rules.quantity_decimals)
}
