//! The levels of the tariff, from the most to the least particular: the customer (or its buying group), its price
//! category, the family for that category, the article. Which of them say anything, and what each would price.

use rust_decimal::Decimal;

use super::{
    rows::{Article, Book, ItemRows, OwnPrice, PriceRow, StepRow, Unit},
    settings::{FamilyTariff, Rules},
    steps::ordered,
    terms::Terms,
    trace::{Trace, rounded, shown, times},
};
use crate::{
    connectors::tariff::{Basis, DiscountCause, Refusal},
    value::KeyCompare,
};

/// Whose level it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Customer,
    Category,
    Family,
    Article,
}

impl Kind {
    pub fn basis(self) -> Basis {
        match self {
            Self::Customer => Basis::Customer,
            Self::Category | Self::Family => Basis::Category,
            Self::Article => Basis::Base,
        }
    }

    pub fn cause(self) -> DiscountCause {
        match self {
            Self::Customer => DiscountCause::Customer,
            Self::Family => DiscountCause::Family,
            Self::Category | Self::Article => DiscountCause::Category,
        }
    }
}

/// One level and the rows that it has of an item.
#[derive(Clone, Debug)]
pub(super) struct Level<'a> {
    pub kind: Kind,
    /// For people: `customer C00007`.
    pub name: String,
    pub row: Option<&'a PriceRow>,
    pub own: Option<&'a OwnPrice>,
    pub steps: Vec<&'a StepRow>,
    /// Its prices are with VAT.
    pub gross: bool,
}

/// A starting price.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub amount: Decimal,
    pub gross: bool,
    /// Which level it came from.
    pub level: usize,
    /// The number of its currency when it is not the company's.
    pub currency: Option<i64>,
    /// The ERP keeps this very amount: it was neither multiplied nor made of a purchase price.
    pub stored: bool,
    /// How it was found.
    pub note: String,
}

/// The same customer (or group) by Sage's collation.
pub(super) fn same(a: &str, b: &str) -> bool {
    KeyCompare::CiAs.fold(a) == KeyCompare::CiAs.fold(b)
}

/// Whether a mixed key is the list's: a category's as it is spelt (a01), so that no customer A01 is taken for it.
fn of_list(key: &str, kind: Kind, list: &str) -> bool {
    let key = key.trim_end();
    if kind == Kind::Customer { same(key, list) && !is_category(key) } else { key == list }
}

fn is_category(key: &str) -> bool {
    key.strip_prefix('a').is_some_and(|n| n.len() >= 2 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// The one row that counts: of several, those that say nothing do not; two that differ are a fault.
fn single<'a, T: PartialEq>(
    rows: impl Iterator<Item = &'a T>,
    says: impl Fn(&T) -> bool,
    what: &str,
) -> Result<Option<&'a T>, Refusal> {
    let rows: Vec<&T> = rows.collect();
    let mut loud = rows.iter().copied().filter(|row| says(row));
    let Some(first) = loud.next() else { return Ok(rows.first().copied()) };
    if loud.any(|other| other != first) {
        let reason = format!("two rows of {what} say different things: keep one of them in the ERP");
        return Err(Refusal::new("BAD_VALUE", reason));
    }
    Ok(Some(first))
}

impl<'a> Level<'a> {
    /// Whether it carries anything: what does not counts as no level.
    fn says(&self, rules: &Rules) -> bool {
        self.row.is_some_and(|row| row.says() || rules.empty_rows)
            || self.own.is_some_and(|own| own.price > Decimal::ZERO)
            || !self.steps.is_empty()
    }

    fn made(
        kind: Kind,
        list: &str,
        item: &'a ItemRows,
        (terms, book, rules): (&Terms, &Book, &Rules),
    ) -> Result<Self, Refusal> {
        let of_category = terms.category;
        let (rows, steps) = if kind == Kind::Family {
            (&item.family, &item.family_steps)
        } else {
            (&item.prices, &item.steps)
        };
        let name = match kind {
            Kind::Customer => format!("customer {list}"),
            Kind::Category => format!("price category {of_category}"),
            _ => format!("family tariff of price category {of_category}"),
        };
        let mine = |row: &&PriceRow| match kind {
            Kind::Customer => same(&row.customer, list),
            _ => row.customer.is_empty() && row.category == of_category,
        };
        let row = single(rows.iter().filter(mine), PriceRow::says, &format!("the {name}"))?;
        let own = if kind == Kind::Family { &[][..] } else { &item.own };
        let own = own.iter().filter(|own| of_list(&own.list, kind, list));
        let own = single(own, |own| own.price > Decimal::ZERO, &format!("the {name} for the reference"))?;
        let steps = steps.iter().filter(|step| of_list(&step.list, kind, list));
        let mut steps = ordered(steps, rules);
        // The family's have no flag.
        if rules.steps_flagged && kind != Kind::Family && row.is_none_or(|row| row.stepping == 0) {
            steps.clear();
        }
        let mut level = Self { kind, name, row, own, steps, gross: false };
        level.gross = match row.and_then(|row| row.gross) {
            Some(gross) => gross,
            // The default of a level that says nothing is nobody's matter.
            None if level.says(rules) => book.gross(of_category)?,
            None => false,
        };
        Ok(level)
    }

    /// The table that its row is in.
    pub fn table(&self) -> &'static str {
        match self.kind {
            Kind::Customer | Kind::Category => "F_ARTCLIENT",
            Kind::Family => "F_FAMTARIF",
            Kind::Article => "F_ARTICLE",
        }
    }

    /// The table that its steps are in.
    pub fn step_table(&self) -> &'static str {
        if self.kind == Kind::Family { "F_FAMTARIFQTE" } else { "F_TARIFQTE" }
    }

    /// Whether the bounds of its steps are amounts.
    pub fn by_amount(&self, rules: &Rules) -> bool {
        self.row.is_some_and(|row| {
            row.stepping == rules.amount_steps || (row.gamme != 0 && row.gamme == rules.amount_gamme)
        })
    }

    /// Whether its row is « hors remise ».
    pub fn exclusive(&self, rules: &Rules) -> bool {
        self.row.is_some_and(|row| row.regime == rules.exclusive)
    }
}

/// The levels that count, the article last.
pub(super) fn levels<'a>(
    item: &'a ItemRows,
    terms: &Terms,
    book: &Book,
    rules: &Rules,
    trace: &mut Trace,
) -> Result<Vec<Level<'a>>, Refusal> {
    let with = (terms, book, rules);
    let mut all = Vec::new();
    let customers = terms.group.iter().chain(&terms.customer);
    for (nth, customer) in customers.enumerate() {
        let level = Level::made(Kind::Customer, customer, item, with)?;
        if !all.is_empty() {
            silent(&level, trace, "not used: the buying group has prices of its own for the article");
        } else if nth > 0 && !rules.group_then_own {
            silent(&level, trace, "not used: only the buying group's rows count (`group_then_own`)");
        } else if level.says(rules) {
            all.push(level);
        } else {
            silent(&level, trace, EMPTY);
        }
    }
    let category = Level::made(Kind::Category, &terms.list(), item, with)?;
    if category.says(rules) {
        all.push(category);
    } else {
        silent(&category, trace, EMPTY);
    }
    let family = Level::made(Kind::Family, &terms.list(), item, with)?;
    let why = match rules.family_tariff {
        FamilyTariff::Never => Some("not used: family tariffs are switched off (`family_tariff`)"),
        FamilyTariff::Alone if !all.is_empty() => Some("not used: the article has rows of its own"),
        _ if !family.says(rules) => Some(EMPTY),
        _ => None,
    };
    match why {
        Some(why) => silent(&family, trace, why),
        None => all.push(family),
    }
    if let Some(article) = &item.article {
        let gross = article.gross.unwrap_or(false);
        let name = "article".to_owned();
        all.push(Level { kind: Kind::Article, name, row: None, own: None, steps: Vec::new(), gross });
    }
    Ok(all)
}

const EMPTY: &str = "no price, coefficient, discount or step: counts as no row";

/// Notes a level that does not count, if it has a row.
fn silent(level: &Level<'_>, trace: &mut Trace, why: &str) {
    if let Some(row) = level.row {
        trace.row(&level.name, level.table(), columns(level.kind, row), false, why, None);
    }
}

/// What matters of a row, for the account: its columns that say anything.
pub(super) fn columns(kind: Kind, row: &PriceRow) -> Vec<(&'static str, String)> {
    let number = |name: &'static str, n: Decimal| (!n.is_zero()).then(|| (name, shown(n)));
    let whole = |name: &'static str, n: i64| (n != 0).then(|| (name, n.to_string()));
    let flag = |name: &'static str| row.gross.map(|gross| (name, i64::from(gross).to_string()));
    if kind == Kind::Family {
        let all = [
            number("FT_Coef", row.coefficient),
            flag("FT_PrixTTC"),
            number("FT_Remise", row.discount),
            whole("FT_TypeRem", row.regime),
        ];
        return all.into_iter().flatten().collect();
    }
    let all = [
        Some(("AC_PrixVen", shown(row.price))),
        number("AC_Coef", row.coefficient),
        flag("AC_PrixTTC"),
        number("AC_PrixDev", row.foreign_price),
        whole("AC_Devise", row.foreign_currency),
        number("AC_Remise", row.discount),
        whole("AC_QteMont", row.stepping),
        whole("EG_Champ", row.gamme),
        whole("AC_TypeRem", row.regime),
    ];
    all.into_iter().flatten().collect()
}

/// How many of the article's units one unit of an item is.
pub(super) fn factor(unit: &Unit) -> Decimal {
    if let Unit::Pack { quantity } = unit { *quantity } else { Decimal::ONE }
}

/// The purchase price that coefficients are on.
fn purchase(item: &ItemRows, article: &Article) -> Decimal {
    match item.unit {
        Unit::Variant { purchase } if purchase > Decimal::ZERO => purchase,
        _ => article.purchase,
    }
}

/// What a level would price: own price of the variant or pack, price, coefficient, price in the buyer's currency.
pub(super) fn base_of(
    at: usize,
    level: &Level<'_>,
    item: &ItemRows,
    article: &Article,
    terms: &Terms,
    rules: &Rules,
) -> Result<Option<Base>, Refusal> {
    let factor = factor(&item.unit);
    let single = factor == Decimal::ONE;
    let kept = if level.gross { "gross" } else { "net" };
    let made = |amount: Decimal, currency: Option<i64>, stored: bool, note: String| {
        Some(Base { amount, gross: level.gross, level: at, currency, stored, note })
    };
    let pack = if single { String::new() } else { format!(", times the {} of the pack", shown(factor)) };
    let (price, coefficient) = match level.row {
        Some(row) => (row.price, row.coefficient),
        None if level.kind == Kind::Article => (article.price, article.coefficient),
        None => (Decimal::ZERO, Decimal::ZERO),
    };
    if let Some(own) = level.own.filter(|own| own.price > Decimal::ZERO) {
        let whose = if matches!(item.unit, Unit::Pack { .. }) { "packaging" } else { "variant" };
        return Ok(made(
            own.price,
            None,
            true,
            format!("the {whose}'s own price {} ({kept})", shown(own.price)),
        ));
    }
    if price > Decimal::ZERO {
        return Ok(made(
            times(price, factor)?,
            None,
            single,
            format!("price {} ({kept}){pack}", shown(price)),
        ));
    }
    let purchase = purchase(item, article);
    if coefficient > Decimal::ZERO && purchase > Decimal::ZERO {
        let unit = rounded(times(purchase, coefficient)?, rules.coefficient_decimals);
        let note = format!(
            "price 0: purchase price {} × coefficient {} = {} ({kept}){pack}",
            shown(purchase),
            shown(coefficient),
            shown(unit)
        );
        return Ok(made(times(unit, factor)?, None, false, note));
    }
    let foreign = level.row.filter(|row| {
        row.foreign_price > Decimal::ZERO && terms.currency.is_some_and(|own| own == row.foreign_currency)
    });
    Ok(match foreign {
        Some(row) => made(
            times(row.foreign_price, factor)?,
            terms.currency,
            single,
            format!("price 0: price {} ({kept}) in the buyer's currency{pack}", shown(row.foreign_price)),
        ),
        None => None,
    })
}
