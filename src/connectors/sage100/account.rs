//! What the account of a price tells of the terms and of every level of the tariff.

use super::{
    levels::{Base, Kind, Level, columns},
    rows::{Article, ItemRows, Unit},
    terms::Terms,
    trace::{Trace, shown},
};

/// Every level that counts, with what became of it.
pub(super) fn account(
    levels: &[Level<'_>],
    base: Option<&Base>,
    giving: Option<usize>,
    item: &ItemRows,
    article: &Article,
    trace: &mut Trace,
) {
    for (at, level) in levels.iter().enumerate() {
        let priced = base.filter(|base| base.level == at);
        let mut notes = Vec::new();
        match (priced, base) {
            (Some(base), _) => notes.push(base.note.clone()),
            (None, Some(base)) if base.level < at => {
                notes.push(format!("not used for the price: {} has one", levels[base.level].name));
            }
            _ => notes.push("no price: looked for further below".to_owned()),
        }
        let has = level.row.is_some_and(|row| !row.discount.is_zero()) || !level.steps.is_empty();
        match (giving == Some(at), has) {
            (true, true) => notes.push("its discount or steps count".to_owned()),
            (true, false) => notes.push("it has no discount, and keeps lower rows' away".to_owned()),
            (false, true) => notes.push("its discount or steps do not count".to_owned()),
            (false, false) => {}
        }
        let mut row = match (level.kind, level.row) {
            (Kind::Article, _) => article_columns(item, article),
            (_, Some(row)) => columns(level.kind, row),
            (_, None) => Vec::new(),
        };
        if let Some(own) = level.own {
            let pack = matches!(item.unit, Unit::Pack { .. });
            row.push((if pack { "TC_Prix" } else { "TG_Prix" }, shown(own.price)));
        }
        let used = priced.is_some() || giving == Some(at);
        let table = match (level.row, level.own, &item.unit) {
            (None, Some(_), Unit::Pack { .. }) => "F_TARIFCOND",
            (None, Some(_), _) => "F_TARIFGAM",
            (None, None, _) if level.kind != Kind::Article => level.step_table(),
            _ => level.table(),
        };
        let after = priced.map(|base| base.amount.normalize());
        trace.row(&level.name, table, row, used, notes.join("; "), after);
    }
}

fn article_columns(item: &ItemRows, article: &Article) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("AR_PrixVen", shown(article.price)),
        ("AR_PrixAch", shown(article.purchase)),
        ("AR_Coef", shown(article.coefficient)),
    ];
    all.extend(article.gross.map(|gross| ("AR_PrixTTC", i64::from(gross).to_string())));
    match item.unit {
        Unit::Variant { purchase } => all.push(("AE_PrixAch", shown(purchase))),
        Unit::Pack { quantity } => all.push(("EC_Quantite", shown(quantity))),
        Unit::Article | Unit::Gone => {}
    }
    all
}

/// On which terms: the first line of every account.
pub(super) fn terms_told(terms: &Terms, trace: &mut Trace) {
    let categories = (terms.category, terms.tax_category);
    let Some(customer) = &terms.customer else {
        let note = format!(
            "nobody's customer: public price category {}, accounting category {}",
            categories.0, categories.1
        );
        return trace.said("terms", true, note, None);
    };
    let mut row = vec![
        ("CT_Num", customer.clone()),
        ("N_CatTarif", categories.0.to_string()),
        ("N_CatCompta", categories.1.to_string()),
    ];
    row.extend(terms.group.iter().map(|group| ("CT_NumCentrale", group.clone())));
    row.extend(terms.currency.iter().map(|currency| ("N_Devise", currency.to_string())));
    trace.row("terms", "F_COMPTET", row, true, format!("customer {customer}'s own"), None);
}
