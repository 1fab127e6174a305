//! Reads Sage's tariff rows for a batch of items and one buyer, in two rounds: the customer, the articles and what their
//! references are; then, by family, group and category, everything else at the same time; at the end, where a flag was never
//! filled, the price categories' defaults. One statement for each table; none for tables that cannot matter (variant prices where no variant is asked for, the customer's where there is none).

use std::{cell::RefCell, sync::Arc};

use async_trait::async_trait;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    cells::{Cells, fold, grouped, read_all},
    rows::{
        Article, Book, Customer, FamilyCustomer, ItemRows, OwnPrice, PriceRow, StepRow, TaxCodes, TaxRow,
        TaxSlot, Unit, unreadable,
    },
    rules::{Question, breaks, price},
    settings::{Rules, format_decimals},
    statements::Statements,
    terms::Terms,
};
use crate::{
    connectors::{
        map::ConnectorMap,
        reading::keys,
        tariff::{Item, Priced, Refusal, Sheet, Tariff, TariffAsk, Unapplied},
    },
    sources::{Keys, Moment, Rows, Source, SourceError},
    value::Value,
};

/// Sage 100's tariff.
#[derive(Debug)]
pub struct Sage100Tariff {
    rules: Arc<Rules>,
    statements: Statements,
}

impl Sage100Tariff {
    /// The tariff of a source with this map (`sage100`, or a shop's own laid over it).
    pub fn new(map: &ConnectorMap) -> Self {
        Self { rules: Arc::new(Rules::of(&map.settings)), statements: Statements::new(map) }
    }
}

/// A code that no customer has: it is longer than codes are.
const NOBODY: &str = "(there is no customer)";

/// The kind of reference an item is, by the name of its row source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Article,
    Variant,
    Pack,
}

fn shape(item: &Item) -> Shape {
    match &*item.rows {
        "variants" => Shape::Variant,
        "packagings" => Shape::Pack,
        _ => Shape::Article,
    }
}

fn reference(item: &Item) -> &str {
    item.key.first().and_then(Value::as_str).unwrap_or("")
}

fn number(item: &Item, at: usize) -> i64 {
    match item.key.get(at) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

/// The articles of the items that are of some shape.
fn articles(items: &[Item], wanted: impl Fn(Shape) -> bool) -> Keys {
    let found = items.iter().filter(|item| wanted(shape(item)));
    keys(found.map(|item| Value::text(reference(item).trim_end())))
}

#[async_trait]
impl Tariff for Sage100Tariff {
    async fn read(
        &self,
        source: &dyn Source,
        ask: TariffAsk<'_>,
        moment: &Moment,
    ) -> Result<Box<dyn Sheet>, SourceError> {
        let s = &self.statements;
        let none = || Keys::from([]);
        let customer = ask.buyer.customer.as_deref();
        let asked = customer.map_or_else(none, |code| keys([Value::text(code)]));
        let (customers, article_rows, variant_rows, pack_rows, currencies, taxes) = futures::try_join!(
            s.customers.rows(source, asked, &[], moment),
            s.articles.rows(source, articles(ask.items, |_| true), &[], moment),
            s.variants.rows(source, articles(ask.items, |shape| shape == Shape::Variant), &[], moment),
            s.packs.rows(source, articles(ask.items, |shape| shape == Shape::Pack), &[], moment),
            s.currencies.rows(source, none(), &[], moment),
            s.taxes.rows(source, none(), &[], moment),
        )?;
        let mut book = book(&currencies, &taxes, ask.currency);
        let terms = terms(&customers, ask, &book, &self.rules);
        let mut items = first(ask.items, &article_rows, &variant_rows, &pack_rows);
        let Ok(known) = &terms else {
            return Ok(Box::new(Sage100Sheet::new(self.rules.clone(), book, terms, items, ask.day)));
        };

        let families = || {
            let families = items.iter().filter_map(|item| item.article.as_ref());
            keys(families.map(|article| Value::text(article.family.as_str())))
        };
        let who = |code: &Option<String>| Value::text(code.as_deref().unwrap_or(NOBODY));
        let (own, group, list) =
            (who(&known.customer), who(&known.group), Value::text(known.list().as_str()));
        let (category, tax_category) = (Value::Int(known.category), Value::Int(known.tax_category));
        let buyer = [own.clone(), group.clone(), category.clone()];
        let lists = [own.clone(), group.clone(), list];
        let customers = [own, group];
        let all = || articles(ask.items, |_| true);
        let discounted = if known.customer.is_some() { families() } else { none() };
        let (prices, steps, variants, packs, family, family_steps, discounts, codes, family_codes) = futures::try_join!(
            s.prices.rows(source, all(), &buyer, moment),
            s.steps.rows(source, all(), &lists, moment),
            s.variant_prices.rows(
                source,
                articles(ask.items, |shape| shape == Shape::Variant),
                &lists,
                moment
            ),
            s.pack_prices.rows(source, articles(ask.items, |shape| shape == Shape::Pack), &lists, moment),
            s.family.rows(source, families(), std::slice::from_ref(&category), moment),
            s.family_steps.rows(source, families(), &lists, moment),
            s.family_customers.rows(source, discounted, &customers, moment),
            s.article_taxes.rows(source, all(), std::slice::from_ref(&tax_category), moment),
            s.family_taxes.rows(source, families(), std::slice::from_ref(&tax_category), moment),
        )?;
        let prices = grouped(&prices, price_row);
        let steps = grouped(&steps, step_row);
        let variants = grouped(&variants, variant_price);
        let packs = grouped(&packs, pack_price);
        let family = grouped(&family, family_row);
        let family_steps = grouped(&family_steps, step_row);
        let discounts = grouped(&discounts, family_customer);
        let codes = grouped(&codes, tax_codes);
        let family_codes = grouped(&family_codes, tax_codes);
        for (item, asked) in items.iter_mut().zip(ask.items) {
            let Some(article) = &item.article else { continue };
            let (reference, of) = (fold(&article.reference), fold(&article.family));
            let mut fault = item.fault.take();
            let note = &mut fault;
            item.prices = prices.of(&reference, note);
            item.steps = steps.of(&reference, note);
            item.own = match shape(asked) {
                Shape::Variant => mine(variants.of(&reference, note), (number(asked, 1), number(asked, 2))),
                Shape::Pack => mine(packs.of(&reference, note), (number(asked, 1), 0)),
                Shape::Article => Vec::new(),
            };
            item.family = family.of(&of, note);
            item.family_steps = family_steps.of(&of, note);
            item.family_customers = discounts.of(&of, note);
            item.taxes = only(codes.of(&reference, note), "F_ARTCOMPTA", note);
            item.family_taxes = only(family_codes.of(&of, note), "F_FAMCOMPTA", note);
            item.fault = fault;
        }
        // The category's own default counts only where a row does not say.
        let unsaid = |item: &ItemRows| {
            item.prices.iter().chain(&item.family).any(|row| row.gross.is_none())
                || !(item.own.is_empty() && item.steps.is_empty() && item.family_steps.is_empty())
        };
        if items.iter().any(unsaid) {
            let rows = s.categories.rows(source, none(), &[], moment).await?;
            categories(&rows, &mut book);
        }
        Ok(Box::new(Sage100Sheet::new(self.rules.clone(), book, terms, items, ask.day)))
    }

    async fn unapplied(
        &self,
        source: &dyn Source,
        moment: &Moment,
    ) -> Result<Option<Unapplied>, SourceError> {
        let rows = self.statements.promotions.rows(source, Keys::from([]), &[], moment).await?;
        let (mut each, _) = read_all(&rows, |cells| {
            let (number, title) = (cells.int(), cells.text());
            let title = if title.is_empty() { format!("TF_No {number}") } else { title };
            match (cells.date(), cells.date()) {
                (Some(first), Some(last)) => format!("{title} ({first} to {last})"),
                (None, Some(last)) => format!("{title} (until {last})"),
                (Some(first), None) => format!("{title} (from {first})"),
                (None, None) => title,
            }
        });
        each.sort_unstable();
        let what = "dated promotions and rebates of sales";
        Ok((!each.is_empty()).then_some(Unapplied { table: "F_TARIF", what, each }))
    }
}

fn mine(rows: Vec<((i64, i64), OwnPrice)>, key: (i64, i64)) -> Vec<OwnPrice> {
    rows.into_iter().filter(|(of, _)| *of == key).map(|(_, row)| row).collect()
}

/// The accounting row of an article or family: its key is the category, so there is one.
fn only(mut rows: Vec<TaxCodes>, table: &str, fault: &mut Option<Refusal>) -> Option<TaxCodes> {
    rows.dedup();
    if rows.len() > 1 {
        let reason =
            format!("two rows of {table} for one accounting category say different things: keep one");
        fault.get_or_insert(Refusal::new("BAD_VALUE", reason));
    }
    rows.pop()
}

/// A row of a small table by its number, with what of it cannot be read; a number that cannot be read is a fault.
fn numbered<'a, T>(
    cells: &mut Cells<'a>,
    table: &str,
    read: impl Fn(&mut Cells<'a>) -> T,
    fault: &RefCell<Option<Refusal>>,
) -> (i64, Result<T, String>) {
    let number = cells.int();
    if let Some(bad) = cells.take_bad() {
        fault.borrow_mut().get_or_insert_with(|| unreadable(table, "a row's number (cbIndice)", &bad));
    }
    let found = read(cells);
    (number, cells.take_bad().map_or(Ok(found), Err))
}

/// Currencies, taxes, the format of prices.
fn book(currencies: &Rows, taxes: &Rows, shop_currency: &str) -> Book {
    let fault = RefCell::new(None);
    let (currencies, _) = read_all(currencies, |cells| {
        let currency = numbered(cells, "P_DEVISE", Cells::text, &fault);
        let company = cells.int() > 0;
        if let Some(bad) = cells.take_bad() {
            let refusal = unreadable("P_DOSSIERCIAL", "the company (N_DeviseCompte)", &bad);
            fault.borrow_mut().get_or_insert(refusal);
        }
        (currency, company, cells.text())
    });
    let company = currencies.iter().find(|(_, company, _)| *company).map_or(0, |((number, _), ..)| *number);
    let format = currencies.iter().find(|(.., format)| !format.is_empty());
    let price_decimals = format.and_then(|(.., format)| format_decimals(format));
    let (taxes, _) = read_all(taxes, |cells| {
        let mut tax = TaxRow {
            code: cells.text(),
            title: Some(cells.text()).filter(|title| !title.is_empty()),
            rate: cells.decimal(),
            kind: cells.int(),
            bad: None,
        };
        tax.bad = cells.take_bad();
        tax
    });
    Book {
        taxes,
        currencies: currencies.into_iter().map(|(currency, ..)| currency).collect(),
        company_currency: company,
        price_decimals,
        shop_currency: shop_currency.into(),
        categories: Vec::new(),
        fault: fault.into_inner(),
    }
}

/// The defaults of the price categories.
fn categories(rows: &Rows, book: &mut Book) {
    let fault = RefCell::new(book.fault.take());
    book.categories = read_all(rows, |cells| numbered(cells, "P_CATTARIF", Cells::flag, &fault)).0;
    book.fault = fault.into_inner();
}

fn terms(rows: &Rows, ask: TariffAsk<'_>, book: &Book, rules: &Rules) -> Result<Terms, Refusal> {
    let (customers, bad) = read_all(rows, |cells| Customer {
        code: cells.text(),
        kind: cells.int(),
        asleep: cells.flag(),
        group: cells.text(),
        category: cells.int(),
        tax_category: cells.int(),
        currency: cells.int(),
        discount: cells.decimal(),
    });
    match bad {
        Some(bad) => {
            Err(Refusal::new("BAD_VALUE", format!("a cell of the customer's row is unreadable: {bad}")))
        }
        None => Terms::of(ask.buyer, customers.first(), book, rules),
    }
}

/// The items with what the first round says of them.
fn first(items: &[Item], articles: &Rows, variants: &Rows, packs: &Rows) -> Vec<ItemRows> {
    let articles = grouped(articles, |cells| Article {
        reference: cells.text(),
        family: cells.text(),
        purchase: cells.decimal(),
        coefficient: cells.decimal(),
        price: cells.decimal(),
        gross: cells.maybe_flag(),
    });
    let variants = grouped(variants, |cells| ((cells.int(), cells.int()), cells.decimal()));
    let packs = grouped(packs, |cells| ((cells.int(), 0), cells.decimal()));
    let one = |rows: Vec<((i64, i64), Decimal)>, key| rows.into_iter().find(|(of, _)| *of == key);
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        let reference = fold(reference(item));
        let mut fault = None;
        let article = articles.of(&reference, &mut fault).into_iter().next();
        let unit = match shape(item) {
            Shape::Article => Unit::Article,
            Shape::Variant => {
                let row = one(variants.of(&reference, &mut fault), (number(item, 1), number(item, 2)));
                row.map_or(Unit::Gone, |(_, purchase)| Unit::Variant { purchase })
            }
            Shape::Pack => {
                let row = one(packs.of(&reference, &mut fault), (number(item, 1), 0));
                row.map_or(Unit::Gone, |(_, quantity)| Unit::Pack { quantity })
            }
        };
        found.push(ItemRows { code: item.code.clone(), article, unit, fault, ..ItemRows::default() });
    }
    found
}

fn price_row(cells: &mut Cells<'_>) -> PriceRow {
    PriceRow {
        category: cells.int(),
        customer: cells.text(),
        price: cells.decimal(),
        coefficient: cells.decimal(),
        gross: cells.maybe_flag(),
        stepping: cells.int(),
        gamme: cells.int(),
        foreign_price: cells.decimal(),
        foreign_currency: cells.int(),
        discount: cells.decimal(),
        regime: cells.int(),
    }
}

fn family_row(cells: &mut Cells<'_>) -> PriceRow {
    PriceRow {
        category: cells.int(),
        coefficient: cells.decimal(),
        gross: cells.maybe_flag(),
        discount: cells.decimal(),
        regime: cells.int(),
        ..PriceRow::default()
    }
}

fn step_row(cells: &mut Cells<'_>) -> StepRow {
    let (list, bound) = (cells.text(), cells.decimal());
    let discounts = std::array::from_fn(|_| (cells.decimal(), cells.int()));
    StepRow { list, bound, discounts, net_price: cells.decimal() }
}

fn variant_price(cells: &mut Cells<'_>) -> ((i64, i64), OwnPrice) {
    let list = cells.text();
    ((cells.int(), cells.int()), OwnPrice { list, price: cells.decimal() })
}

fn pack_price(cells: &mut Cells<'_>) -> ((i64, i64), OwnPrice) {
    let list = cells.text();
    ((cells.int(), 0), OwnPrice { list, price: cells.decimal() })
}

fn family_customer(cells: &mut Cells<'_>) -> FamilyCustomer {
    FamilyCustomer { customer: cells.text(), discount: cells.decimal() }
}

fn tax_codes(cells: &mut Cells<'_>) -> TaxCodes {
    let slots =
        std::array::from_fn(|_| TaxSlot { code: cells.text(), former: cells.text(), change: cells.date() });
    TaxCodes { slots }
}

/// The tariff rows of some items for one buyer.
#[derive(Debug)]
struct Sage100Sheet {
    rules: Arc<Rules>,
    book: Book,
    terms: Result<Terms, Refusal>,
    items: Vec<ItemRows>,
    day: NaiveDate,
    /// The price category of the terms, as IsoShop's web prices name it.
    category: Option<String>,
}

impl Sage100Sheet {
    fn new(
        rules: Arc<Rules>,
        book: Book,
        terms: Result<Terms, Refusal>,
        items: Vec<ItemRows>,
        day: NaiveDate,
    ) -> Self {
        let category = terms.as_ref().ok().map(|terms| terms.category.to_string());
        Self { rules, book, terms, items, day, category }
    }

    fn question<'a>(&'a self, terms: &'a Terms) -> Question<'a> {
        Question { terms, book: &self.book, rules: &self.rules, day: self.day }
    }
}

impl Sheet for Sage100Sheet {
    fn price(&self, item: usize, quantity: Decimal) -> Result<Priced, Refusal> {
        let terms = self.terms.as_ref().map_err(Clone::clone)?;
        let Some(rows) = self.items.get(item) else {
            return Err(Refusal::new("NO_ARTICLE", "it was not asked for"));
        };
        price(rows, self.question(terms), quantity)
    }

    fn breaks(&self, item: usize) -> Vec<Decimal> {
        match (&self.terms, self.items.get(item)) {
            (Ok(terms), Some(rows)) => breaks(rows, self.question(terms)),
            _ => vec![Decimal::ONE],
        }
    }

    fn price_category(&self) -> Option<&str> {
        self.category.as_deref()
    }
}
