//! VAT and the other taxes of an item: from its own row for the accounting category, failing that from its family's, the
//! code of each slot on the day asked for, and what F_TAXE says of it.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    rows::{Book, ItemRows, TaxRow, TaxSlot, unreadable},
    settings::{Places, Rules},
    trace::{Trace, over, plus, rounded, shown, times},
};
use crate::{
    connectors::tariff::{Refusal, Tax},
    value::KeyCompare,
};

/// The taxes of one item on one day.
#[derive(Clone, Debug)]
pub(super) struct Taxes<'a> {
    /// VAT in percent.
    pub rate: Decimal,
    /// What the other slots name.
    others: Vec<&'a TaxRow>,
}

/// The code of a slot on a day.
fn code_of<'a>(slot: &'a TaxSlot, rules: &Rules, day: NaiveDate) -> (&'a str, String) {
    match slot.change {
        Some(change) if rules.tax_changes && change > day && !slot.former.is_empty() => {
            let new = &slot.code;
            (&slot.former, format!("{} until {change}, then {new}", slot.former))
        }
        _ => (&slot.code, slot.code.clone()),
    }
}

/// The columns of F_ARTCOMPTA and F_FAMCOMPTA: accounting category, three codes.
const ARTICLE: [&str; 4] = ["ACP_Champ", "ACP_ComptaCPT_Taxe1", "ACP_ComptaCPT_Taxe2", "ACP_ComptaCPT_Taxe3"];
const FAMILY: [&str; 4] = ["FCP_Champ", "FCP_ComptaCPT_Taxe1", "FCP_ComptaCPT_Taxe2", "FCP_ComptaCPT_Taxe3"];

/// The taxes of an item; every row that was looked at goes into the account.
pub(super) fn taxes<'a>(
    item: &'a ItemRows,
    tax_category: i64,
    book: &'a Book,
    rules: &Rules,
    day: NaiveDate,
    trace: &mut Trace,
) -> Result<Taxes<'a>, Refusal> {
    let mut rate = None;
    let mut others = Vec::new();
    for slot in 0..3 {
        let is_vat = slot == rules.vat_slot;
        let what = if is_vat { "VAT code" } else { "other tax" };
        let own = item.taxes.as_ref().map(|row| code_of(&row.slots[slot], rules, day));
        let family = item.family_taxes.as_ref().map(|row| code_of(&row.slots[slot], rules, day));
        let mut chosen = None;
        for (table, found) in [("F_ARTCOMPTA", own), ("F_FAMCOMPTA", family)] {
            let Some((code, text)) = found.filter(|(code, _)| is_vat || !code.is_empty()) else { continue };
            let names = if table == "F_ARTCOMPTA" { ARTICLE } else { FAMILY };
            let row = vec![(names[0], tax_category.to_string()), (names[slot + 1], text.clone())];
            let note = match (code.is_empty(), chosen) {
                (true, _) => "no code: looked for further".to_owned(),
                (false, Some(_)) => "not used: the article's own row has a code".to_owned(),
                (false, None) => format!("slot {} is {text}", slot + 1),
            };
            let used = !code.is_empty() && chosen.is_none();
            trace.row(what, table, row, used, note, None);
            if used {
                chosen = Some(code);
            }
        }
        match chosen.map(|code| (code, find(code, book))) {
            None if !is_vat => {}
            None if rules.without_vat_is_zero => {
                trace.said(what, true, "no code for this accounting category: 0 %", None);
                rate = Some(Decimal::ZERO);
            }
            None => {
                let reason = format!(
                    "neither the article nor its family has a VAT code in slot {} for accounting category {tax_category}: \
                     fill F_ARTCOMPTA or F_FAMCOMPTA, or set `without_vat = \"zero\"`",
                    slot + 1
                );
                return Err(trace.refuse("NO_VAT_RATE", reason));
            }
            Some((code, None)) => {
                // One whose code cannot be read may be the very one.
                let mut nameless = book.taxes.iter().filter(|tax| tax.code.is_empty());
                if let Some(bad) = nameless.find_map(|tax| tax.bad.as_ref()) {
                    return Err(trace.refusal(unreadable("F_TAXE", &format!("tax {code} or another"), bad)));
                }
                let reason = format!("tax {code} is named by the accounting rows and missing in F_TAXE");
                return Err(trace.refuse("NO_VAT_RATE", reason));
            }
            Some((code, Some(tax))) => {
                if let Some(bad) = &tax.bad {
                    return Err(trace.refusal(unreadable("F_TAXE", &format!("tax {code}"), bad)));
                }
                let percent = tax.kind == rules.percent_taxes;
                let unit = if percent { " %" } else { " on each unit" };
                let row = vec![
                    ("TA_Code", tax.code.clone()),
                    ("TA_Taux", shown(tax.rate)),
                    ("TA_TTaux", tax.kind.to_string()),
                ];
                if is_vat && !percent {
                    let note = "an amount, and no VAT rate";
                    trace.row("VAT rate", "F_TAXE", row, false, note, None);
                    let reason = format!(
                        "tax {code} in the VAT slot is an amount (TA_TTaux {}): correct it, or the settings `vat_slot` and \
                         `percent_taxes`",
                        tax.kind
                    );
                    return Err(trace.refuse("NO_VAT_RATE", reason));
                }
                let what = if is_vat { "VAT rate" } else { "other tax" };
                trace.row(what, "F_TAXE", row, true, format!("{}{unit}", shown(tax.rate)), None);
                if is_vat {
                    rate = Some(tax.rate);
                } else if !tax.rate.is_zero() {
                    others.push(tax);
                }
            }
        }
    }
    match rate {
        // A rate of −100 % or less leaves no net of a gross.
        Some(rate) if rate > -Decimal::ONE_HUNDRED => Ok(Taxes { rate, others }),
        _ => Err(trace.refuse("NO_VAT_RATE", "the VAT rate is not one: correct TA_Taux in F_TAXE")),
    }
}

fn find<'a>(code: &str, book: &'a Book) -> Option<&'a TaxRow> {
    let folded = KeyCompare::CiAs.fold(code);
    book.taxes.iter().find(|tax| KeyCompare::CiAs.fold(&tax.code) == folded)
}

impl Taxes<'_> {
    /// 1 + the rate.
    fn factor(&self) -> Result<Decimal, Refusal> {
        plus(Decimal::ONE, over(self.rate, Decimal::ONE_HUNDRED)?)
    }

    /// Net and gross of an amount that is kept as one of them.
    pub fn both(
        &self,
        amount: Decimal,
        is_gross: bool,
        places: Places,
    ) -> Result<(Decimal, Decimal), Refusal> {
        if is_gross {
            Ok((rounded(over(amount, self.factor()?)?, places.net), amount))
        } else {
            Ok((amount, rounded(times(amount, self.factor()?)?, places.gross)))
        }
    }

    /// An amount kept as net or gross as the other, unrounded.
    pub fn turned(&self, amount: Decimal, is_gross: bool, to_gross: bool) -> Result<Decimal, Refusal> {
        match (is_gross, to_gross) {
            (true, false) => over(amount, self.factor()?),
            (false, true) => times(amount, self.factor()?),
            _ => Ok(amount),
        }
    }

    /// Whether one of the other taxes is an amount, which is of the company's currency.
    pub fn has_amounts(&self, rules: &Rules) -> bool {
        self.others.iter().any(|tax| tax.kind != rules.percent_taxes)
    }

    /// The other taxes on one unit.
    pub fn others(
        &self,
        net: Decimal,
        factor: Decimal,
        rules: &Rules,
        places: Places,
    ) -> Result<Vec<Tax>, Refusal> {
        let mut all = Vec::new();
        for tax in &self.others {
            let rate = (tax.kind == rules.percent_taxes).then_some(tax.rate);
            let amount = match rate {
                Some(rate) => over(times(net, rate)?, Decimal::ONE_HUNDRED)?,
                None => times(tax.rate, factor)?,
            };
            all.push(Tax {
                code: tax.code.as_str().into(),
                title: tax.title.as_deref().map(Arc::from),
                rate,
                amount: rounded(amount, places.tax),
            });
        }
        Ok(all)
    }
}
