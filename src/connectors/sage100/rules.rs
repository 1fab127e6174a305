//! The price of one unit of one item, from the rows that were read: no database, no clock. [`super`] tells the order of
//! everything; `docs/prices.md` tells it to accountants; `tests/spec/prices/sage100.md` has the cases.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    account::{account, terms_told},
    levels::{Base, Kind, Level, base_of, factor, levels, same},
    rows::{Article, Book, FamilyCustomer, ItemRows, StepRow, Unit},
    settings::{CustomerDiscounts, DiscountFrom, Places, Rules},
    steps,
    terms::Terms,
    trace::{Trace, less, minus, rounded, shown, times},
    vat::{Taxes, taxes},
};
use crate::connectors::tariff::{Basis, Decimals, Discount, DiscountCause, Off, Priced, Refusal};

/// What all items of one question share.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The buyer's terms.
    pub terms: &'a Terms,
    /// Taxes, currencies, price categories.
    pub book: &'a Book,
    /// The settings.
    pub rules: &'a Rules,
    /// The day of dated taxes.
    pub day: NaiveDate,
}

/// A price on its way: what is left, as it is kept, and what was taken off.
struct Running {
    amount: Decimal,
    gross: bool,
    currency: Option<i64>,
    /// The ERP keeps this very amount, and nothing was taken off it: it is not rounded.
    stored: bool,
    taken: Vec<Discount>,
    /// Something was taken off, or a net price given.
    reduced: bool,
    /// A discount of the customer (or its group) was taken: on the family, or overall.
    customers: bool,
}

impl Running {
    fn percent(
        &mut self,
        percent: Decimal,
        cause: DiscountCause,
        what: &str,
        trace: &mut Trace,
    ) -> Result<(), Refusal> {
        self.amount = less(self.amount, percent)?;
        self.taken.push(Discount { cause, off: Off::Percent(percent) });
        self.stored = false;
        self.reduced = true;
        let note = format!("{} % off leaves {}", shown(percent), shown(self.amount));
        trace.said(what, true, note, Some(self.amount.normalize()));
        Ok(())
    }

    fn step(
        &mut self,
        step: &StepRow,
        quantities: (Decimal, Decimal),
        rules: &Rules,
        trace: &mut Trace,
    ) -> Result<(), Refusal> {
        let (left, taken) = steps::cascade(self.amount, step, quantities, rules)?;
        if taken.is_empty() {
            return Ok(());
        }
        if self.currency.is_some() && taken.iter().any(|off| matches!(off, Off::Amount(_))) {
            return Err(foreign("a quantity step takes an amount off that is"));
        }
        let texts: Vec<String> = taken
            .iter()
            .map(|off| match off {
                Off::Percent(percent) => format!("{} %", shown(*percent)),
                Off::Amount(amount) => shown(*amount),
            })
            .collect();
        self.amount = left;
        self.stored = false;
        self.reduced = true;
        self.taken.extend(taken.into_iter().map(|off| Discount { cause: DiscountCause::Quantity, off }));
        let note = format!("{} off leaves {}", texts.join(", then "), shown(left));
        trace.said("quantity discount", true, note, Some(left.normalize()));
        Ok(())
    }
}

/// The price of one unit of an item when so many are bought.
///
/// # Errors
/// There is none, and why: see [`Refusal::CODES`].
pub fn price(item: &ItemRows, question: Question<'_>, quantity: Decimal) -> Result<Priced, Refusal> {
    let mut trace = Trace::default();
    let found = reckon(item, question, quantity, &mut trace);
    found.map_err(|refusal| {
        // A refusal that has the account already keeps it.
        if refusal.steps.is_empty() { trace.refusal(refusal) } else { refusal }
    })
}

fn foreign(what: &str) -> Refusal {
    let reason =
        format!("the price is in the buyer's currency, and {what} in the company's: nothing is converted");
    Refusal::new("UNSUPPORTED_TARIFF", reason)
}

fn article(item: &ItemRows) -> Result<&Article, Refusal> {
    if let Some(fault) = &item.fault {
        return Err(fault.clone());
    }
    let code = &item.code;
    let Some(article) = &item.article else {
        return Err(Refusal::new(
            "NO_ARTICLE",
            format!("the article of {code} is not in the ERP (F_ARTICLE)"),
        ));
    };
    match item.unit {
        Unit::Gone => Err(Refusal::new(
            "NO_ARTICLE",
            format!("{code} is no variant or packaging of its article any more"),
        )),
        Unit::Pack { quantity } if quantity <= Decimal::ZERO => {
            let reason = format!("packaging {code} holds {} units: correct EC_Quantite", shown(quantity));
            Err(Refusal::new("BAD_VALUE", reason))
        }
        _ => Ok(article),
    }
}

fn reckon(
    item: &ItemRows,
    question: Question<'_>,
    quantity: Decimal,
    trace: &mut Trace,
) -> Result<Priced, Refusal> {
    let Question { terms, book, rules, day } = question;
    let article = article(item)?;
    if let Some(fault) = &book.fault {
        return Err(fault.clone());
    }
    if quantity <= Decimal::ZERO {
        return Err(Refusal::new(
            "BAD_VALUE",
            format!("nobody buys {}: a quantity is above 0", shown(quantity)),
        ));
    }
    terms_told(terms, trace);
    let levels = levels(item, terms, book, rules, trace)?;
    let (base, giving) = found(&levels, item, article, question)?;
    account(&levels, base.as_ref(), giving, item, article, trace);
    let tax = taxes(item, terms.tax_category, book, rules, day, trace)?;

    let factor = factor(&item.unit);
    let giver = giving.map(|at| &levels[at]);
    let exclusive = giver.is_some_and(|level| level.exclusive(rules));
    let counted = giver.filter(|_| !(exclusive && rules.exclusive_stops_all));
    if exclusive {
        let what =
            if rules.exclusive_stops_all { "no discount at all" } else { "no discount of the customer" };
        trace.said("hors remise", true, format!("its row takes {what}"), None);
    }
    let step = match counted {
        Some(level) => covering(level, base.as_ref(), quantity, factor, rules, trace)?,
        None => None,
    };
    let places = rules.places(book.price_decimals);
    let start = base.as_ref();
    let mut basis = base.as_ref().map(|base| levels[base.level].kind.basis());
    let mut run =
        if let (Some(step), Some(level)) = (step.filter(|step| step.net_price > Decimal::ZERO), counted) {
            let amount = if rules.pack_units { times(step.net_price, factor)? } else { step.net_price };
            let kept = if level.gross { "gross" } else { "net" };
            let note =
                format!("the step's net price {} ({kept}) stands, without further discounts", shown(amount));
            trace.said("net price of the step", true, note, Some(amount.normalize()));
            let run = Running {
                amount,
                gross: level.gross,
                currency: None,
                stored: factor == Decimal::ONE || !rules.pack_units,
                taken: Vec::new(),
                reduced: true,
                customers: false,
            };
            lowered(run, start, &tax, &mut basis, level)?
        } else {
            let Some(base) = start else { return Err(no_price(item, trace)) };
            let mut run = Running {
                amount: base.amount,
                gross: base.gross,
                currency: base.currency,
                stored: base.stored,
                taken: Vec::new(),
                reduced: false,
                customers: false,
            };
            if let Some(level) = counted {
                row_discounts(&mut run, level, step, (quantity, factor), rules, trace)?;
            }
            if !exclusive {
                let before = run.taken.len();
                customer_discounts(&mut run, item, question, (quantity, factor), trace)?;
                run.customers = run.taken.len() > before;
            }
            run
        };
    let of_customer = |at: usize| levels[at].kind == Kind::Customer;
    let own_terms = run.customers
        || giving.is_some_and(of_customer)
        || base.as_ref().is_some_and(|base| of_customer(base.level));
    if !run.stored {
        run.amount = rounded(run.amount, places.price);
    }
    if run.amount <= Decimal::ZERO {
        let reason = format!("discounts leave nothing of the price of {}: not orderable", item.code);
        return Err(trace.refuse("NO_PRICE", reason));
    }
    if run.currency.is_some() && tax.has_amounts(rules) {
        let reason = "the price is in the buyer's currency, and another tax is an amount in the company's";
        return Err(trace.refuse("UNSUPPORTED_TARIFF", reason));
    }
    let mut priced = finished(run, start, basis, &tax, question, (factor, places), trace)?;
    priced.own_terms = own_terms;
    Ok(priced)
}

/// The starting price, and the level that gives the discounts.
fn found(
    levels: &[Level<'_>],
    item: &ItemRows,
    article: &Article,
    question: Question<'_>,
) -> Result<(Option<Base>, Option<usize>), Refusal> {
    let mut base = None;
    for (at, level) in levels.iter().enumerate() {
        base = base_of(at, level, item, article, question.terms, question.rules)?;
        if base.is_some() {
            break;
        }
    }
    // The article itself has no discounts.
    let gives = |at: &usize| levels[*at].kind != Kind::Article;
    let giving = match question.rules.discount_from {
        DiscountFrom::FirstRow => Some(0).filter(|at| *at < levels.len()),
        DiscountFrom::PriceRow => base.as_ref().map(|base| base.level),
    };
    Ok((base, giving.filter(gives)))
}

/// What one unit of an item counts against the bounds of a level's steps.
fn per_unit(level: &Level<'_>, base: Option<&Base>, factor: Decimal, rules: &Rules) -> Option<Decimal> {
    if level.by_amount(rules) {
        base.map(|base| base.amount)
    } else if rules.pack_units {
        Some(factor)
    } else {
        Some(Decimal::ONE)
    }
}

fn covering<'a>(
    level: &Level<'a>,
    base: Option<&Base>,
    quantity: Decimal,
    factor: Decimal,
    rules: &Rules,
    trace: &mut Trace,
) -> Result<Option<&'a StepRow>, Refusal> {
    match per_unit(level, base, factor, rules) {
        Some(_)
            if !level.steps.is_empty()
                && level.by_amount(rules)
                && base.is_some_and(|b| b.currency.is_some()) =>
        {
            Err(foreign("the bounds of its steps are amounts"))
        }
        Some(per_unit) if !level.steps.is_empty() => {
            let measure = times(quantity, per_unit)?;
            Ok(steps::choose(&level.steps, measure, level.step_table(), rules, trace))
        }
        _ => Ok(None),
    }
}

/// A net price beside the price that it replaces: what it takes off, if it does.
fn lowered(
    mut run: Running,
    start: Option<&Base>,
    tax: &Taxes<'_>,
    basis: &mut Option<Basis>,
    level: &Level<'_>,
) -> Result<Running, Refusal> {
    *basis = Some(level.kind.basis());
    if let Some(Base { amount, gross, currency: None, .. }) = start {
        let before = rounded(tax.turned(*amount, *gross, run.gross)?, 6);
        if before > run.amount {
            let off = Off::Amount(minus(before, run.amount)?);
            run.taken.push(Discount { cause: DiscountCause::Quantity, off });
        }
    }
    Ok(run)
}

/// The row's own discount, or its steps.
fn row_discounts(
    run: &mut Running,
    level: &Level<'_>,
    step: Option<&StepRow>,
    quantities: (Decimal, Decimal),
    rules: &Rules,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    let discount = level.row.map_or(Decimal::ZERO, |row| row.discount);
    let stepped = !level.steps.is_empty();
    if !discount.is_zero() {
        if stepped && rules.steps_replace {
            trace.said(
                "row discount",
                false,
                format!("not used: steps replace the {} %", shown(discount)),
                None,
            );
        } else {
            run.percent(discount, level.kind.cause(), "row discount", trace)?;
        }
    }
    if let Some(step) = step {
        run.step(step, quantities, rules, trace)?;
    }
    Ok(())
}

/// The customer's discount on the family, then its overall one.
fn customer_discounts(
    run: &mut Running,
    item: &ItemRows,
    question: Question<'_>,
    quantities: (Decimal, Decimal),
    trace: &mut Trace,
) -> Result<(), Refusal> {
    let Question { terms, rules, .. } = question;
    let skipped = |run: &Running| match rules.customer_discounts {
        CustomerDiscounts::Alone if run.reduced => Some("not used: another discount applies"),
        CustomerDiscounts::Never => Some("not used: switched off (`customer_discounts`)"),
        _ => None,
    };
    if let Some((row, list)) = family_discount(item, terms, rules) {
        let columns = vec![("CT_Num", row.customer.clone()), ("FC_Remise", shown(row.discount))];
        let why = skipped(run);
        let note = why.unwrap_or("the customer's discount on the family");
        trace.row("family discount", "F_FAMCLIENT", columns, why.is_none(), note, None);
        if why.is_none() {
            match list.is_empty() {
                true if row.discount.is_zero() => {}
                true => run.percent(row.discount, DiscountCause::Family, "family discount", trace)?,
                false => {
                    let per = if rules.pack_units { quantities.1 } else { Decimal::ONE };
                    let measure = times(quantities.0, per)?;
                    if let Some(step) = steps::choose(&list, measure, "F_FAMTARIFQTE", rules, trace) {
                        run.step(step, quantities, rules, trace)?;
                    }
                }
            }
        }
    }
    if !terms.discount.is_zero() {
        let why = skipped(run);
        let columns = vec![("CT_Taux01", shown(terms.discount))];
        let note = why.unwrap_or("the customer's overall discount");
        trace.row("overall discount", "F_COMPTET", columns, why.is_none(), note, None);
        if why.is_none() {
            run.percent(terms.discount, DiscountCause::Customer, "overall discount", trace)?;
        }
    }
    Ok(())
}

/// The family discount of the buying group, or failing it of the customer, with the steps that replace it.
fn family_discount<'a>(
    item: &'a ItemRows,
    terms: &Terms,
    rules: &Rules,
) -> Option<(&'a FamilyCustomer, Vec<&'a StepRow>)> {
    let own = terms.customer.iter().filter(|_| terms.group.is_none() || rules.group_then_own);
    terms.group.iter().chain(own).find_map(|who| {
        let list = item.family_steps.iter().filter(|step| same(&step.list, who));
        let list = steps::ordered(list, rules);
        let row = item.family_customers.iter().find(|row| same(&row.customer, who))?;
        (!row.discount.is_zero() || !list.is_empty()).then_some((row, list))
    })
}

fn no_price(item: &ItemRows, trace: &Trace) -> Refusal {
    let reason = format!(
        "the price of {} is 0 in the ERP, at every level: not orderable until it has a price or a coefficient on a purchase \
         price",
        item.code
    );
    trace.refuse("NO_PRICE", reason)
}

fn finished(
    run: Running,
    start: Option<&Base>,
    basis: Option<Basis>,
    tax: &Taxes<'_>,
    question: Question<'_>,
    (factor, places): (Decimal, Places),
    trace: &mut Trace,
) -> Result<Priced, Refusal> {
    let Question { book, rules, .. } = question;
    let (net, gross) = tax.both(run.amount, run.gross, places)?;
    let list = match start {
        Some(base) if !run.taken.is_empty() => {
            let amount = if base.stored { base.amount } else { rounded(base.amount, places.price) };
            Some(tax.both(amount, base.gross, places)?)
        }
        _ => None,
    };
    let currency = match run.currency {
        None => book.company()?,
        Some(number) => book.iso(number)?.ok_or_else(|| {
            trace.refuse("BAD_VALUE", format!("currency {number} has no ISO code in P_DEVISE"))
        })?,
    };
    if question.terms.currency.is_some() && run.currency.is_none() {
        let note = format!("the buyer's currency has no price of its own here: the price is in {currency}");
        trace.said("currency", true, note, None);
    }
    let kept = if run.gross { "gross, net derived from it" } else { "net, gross derived from it" };
    let how = if run.stored { "as it is stored" } else { "rounded" };
    trace.said("unit price", true, format!("{how}; kept {kept}"), Some(run.amount.normalize()));
    let taxes = tax.others(net, factor, rules, places)?;
    Ok(Priced {
        net: net.normalize(),
        gross: gross.normalize(),
        vat_rate: tax.rate.normalize(),
        tax_included: run.gross,
        taxes,
        list: list.map(|(net, gross)| (net.normalize(), gross.normalize())),
        discounts: run.taken,
        basis: basis.unwrap_or(Basis::Base),
        own_terms: false,
        decimals: Decimals { net: places.net, gross: places.gross, tax: places.tax },
        currency,
        steps: std::mem::take(&mut trace.steps),
    })
}

/// The least quantities from which on another price may hold, ascending; the first is the least one can buy.
pub fn breaks(item: &ItemRows, question: Question<'_>) -> Vec<Decimal> {
    let rules = question.rules;
    let mut all = vec![steps::least(rules)];
    let bounds = || -> Result<Vec<Decimal>, Refusal> {
        let article = article(item)?;
        let levels = levels(item, question.terms, question.book, rules, &mut Trace::default())?;
        let (base, giving) = found(&levels, item, article, question)?;
        let factor = factor(&item.unit);
        let giver = giving.map(|at| &levels[at]);
        let exclusive = giver.is_some_and(|level| level.exclusive(rules));
        let mut more = Vec::new();
        if let Some(level) = giver.filter(|_| !(exclusive && rules.exclusive_stops_all))
            && let Some(per_unit) = per_unit(level, base.as_ref(), factor, rules)
        {
            more = steps::above(&level.steps, per_unit, rules);
        }
        if !exclusive
            && rules.customer_discounts != CustomerDiscounts::Never
            && let Some((_, list)) = family_discount(item, question.terms, rules)
        {
            let per_unit = if rules.pack_units { factor } else { Decimal::ONE };
            more.extend(steps::above(&list, per_unit, rules));
        }
        Ok(more)
    };
    all.extend(bounds().unwrap_or_default());
    all.retain(|quantity| *quantity > Decimal::ZERO);
    all.sort_unstable();
    all.dedup();
    all.iter().map(Decimal::normalize).collect()
}
