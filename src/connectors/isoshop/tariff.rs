//! Reads what the prices of an IsoShop pivot lean on: `customer`, `reference` or `article`, `price` and `vat`, one
//! statement each for a whole page.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::rules::{self, ListBuyer, ListCase, ListRow, Vat};
use crate::{
    connectors::{
        map::ConnectorMap,
        reading::{Reading, keys},
        tariff::{Decimals, NoSheet, Priced, Refusal, Sheet, Tariff, TariffAsk},
    },
    sources::{Keys, Moment, Rows, Source, SourceError, expr::CastType},
    value::{Type, Value},
};

/// The row source of the map whose rows are of `reference`; those of the others are of `article`.
const REFERENCES: &str = "references";

/// The tariff of an IsoShop base that stands for the ERP.
#[derive(Debug)]
pub struct IsoshopTariff {
    /// The tax category of who has none.
    tax_category: Arc<str>,
    tax_included: bool,
    decimals: Decimals,
    customers: Reading,
    references: Reading,
    articles: Reading,
    prices: Reading,
    rates: Reading,
}

impl IsoshopTariff {
    /// The tariff of a source with this map.
    pub fn new(map: &ConnectorMap) -> Self {
        let code = [("code", CastType::Text(0))];
        Self {
            tax_category: map.settings.get("tax_category").and_then(Value::as_str).unwrap_or_default().into(),
            tax_included: tax_included(map),
            decimals: Decimals::of(&map.settings),
            customers: Reading::new("customer", map)
                .keyed(&code)
                .text("list_code")
                .text("tax_category")
                .text("currency"),
            references: Reading::new("reference", map)
                .join("article", "a", "a.code = t.article_code")
                .keyed(&code)
                .text("code")
                .text("a.vat_class"),
            articles: Reading::new("article", map).keyed(&code).text("code").text("vat_class"),
            prices: list_rows(
                Reading::new("price", map)
                    .scalar("customer")
                    .scalar("list")
                    .filter("list_code IS NULL OR list_code = '' OR list_code = :list"),
                "list_code",
                "currency",
            ),
            rates: Reading::new("vat", map)
                .scalar("category")
                .filter("tax_category = :category")
                .text("vat_class")
                .decimal("rate"),
        }
    }

    /// Who buys, and in which tax category; an error is why nothing can be priced for them.
    async fn buyer(
        &self,
        source: &dyn Source,
        ask: TariffAsk<'_>,
        moment: &Moment,
    ) -> Result<Result<(ListBuyer, Arc<str>), Refusal>, SourceError> {
        let own = |tax: Option<Arc<str>>| {
            tax.or_else(|| ask.buyer.tax_category.clone()).unwrap_or_else(|| self.tax_category.clone())
        };
        let Some(code) = &ask.buyer.customer else {
            let buyer = ListBuyer {
                customer: None,
                category: ask.buyer.price_category.clone(),
                currency: ask.currency.into(),
            };
            return Ok(Ok((buyer, own(None))));
        };
        let found = self.customers.rows(source, keys([Value::text(&**code)]), &[], moment).await?;
        if found.is_empty() {
            return Ok(Err(Refusal::new("NO_CUSTOMER", format!("`customer` has no row {code}"))));
        }
        let said = |column| found.get(0, column).as_str().map(Arc::from);
        let buyer = ListBuyer {
            customer: Some(code.clone()),
            category: said(0),
            currency: said(2).unwrap_or_else(|| ask.currency.into()),
        };
        Ok(Ok((buyer, own(said(1)))))
    }
}

/// What a row without `tax_included` means.
pub(super) fn tax_included(map: &ConnectorMap) -> bool {
    map.settings.get("prices_include_tax") == Some(&Value::Bool(true))
}

/// The columns of price rows, of a batch of references; those of other customers are not read. The reading has a scalar
/// `customer`.
pub(super) fn list_rows(reading: Reading, category: &str, currency: &str) -> Reading {
    reading
        .keyed(&[("reference_code", CastType::Text(0))])
        .filter("customer_code IS NULL OR customer_code = '' OR customer_code = :customer")
        .int("id")
        .text("reference_code")
        .text(category)
        .text("customer_code")
        .text(currency)
        .decimal("minimum_quantity")
        .decimal("amount")
        .column("tax_included", Type::Boolean)
        .datetime("valid_from")
        .datetime("valid_until")
}

/// Price rows by the folded code of their reference.
pub(super) fn by_reference(rows: &Rows) -> HashMap<String, Vec<ListRow>> {
    let mut found: HashMap<String, Vec<ListRow>> = HashMap::new();
    for n in 0..rows.len() {
        let cell = |column| rows.get(n, column);
        let text = |column| cell(column).as_str().map(Arc::from);
        let number = |column| match cell(column) {
            Value::Decimal(number) => Some(*number),
            Value::Int(number) => Some((*number).into()),
            _ => None,
        };
        let moment = |column| match cell(column) {
            Value::DateTime(at) => Some(*at),
            _ => None,
        };
        let row = ListRow {
            id: if let Value::Int(id) = cell(0) { *id } else { 0 },
            category: text(2),
            customer: text(3),
            currency: text(4),
            minimum: number(5),
            amount: number(6),
            tax_included: if let Value::Bool(with) = cell(7) { Some(*with) } else { None },
            from: moment(8),
            until: moment(9),
            bad: rows.row(n).iter().find_map(|value| match value {
                Value::Bad(why) => Some(why.to_string()),
                _ => None,
            }),
        };
        found.entry(folded(cell(1).as_str().unwrap_or_default())).or_default().push(row);
    }
    for rows in found.values_mut() {
        rows.sort_by_key(|row| row.id);
    }
    found
}

/// Codes are compared without case.
pub(super) fn folded(code: &str) -> String {
    code.trim_end().to_uppercase()
}

#[async_trait]
impl Tariff for IsoshopTariff {
    async fn read(
        &self,
        source: &dyn Source,
        ask: TariffAsk<'_>,
        moment: &Moment,
    ) -> Result<Box<dyn Sheet>, SourceError> {
        let of = |references: bool| -> Keys {
            let items = ask.items.iter().filter(|item| (&*item.rows == REFERENCES) == references);
            keys(items.filter_map(|item| item.key.first().cloned()))
        };
        let (buyer, references, articles) = futures::try_join!(
            self.buyer(source, ask, moment),
            self.references.rows(source, of(true), &[], moment),
            self.articles.rows(source, of(false), &[], moment),
        )?;
        let (buyer, category) = match buyer {
            Ok(found) => found,
            Err(refusal) => return Ok(Box::new(NoSheet(refusal))),
        };
        let codes = keys(ask.items.iter().filter_map(|item| item.key.first().cloned()));
        let said = |text: &Option<Arc<str>>| Value::text(text.as_deref().unwrap_or_default());
        let of_buyer = [said(&buyer.customer), said(&buyer.category)];
        let of_category = [Value::text(&*category)];
        let (prices, rates) = futures::try_join!(
            self.prices.rows(source, codes, &of_buyer, moment),
            self.rates.rows(source, keys([]), &of_category, moment),
        )?;
        let rate = |class: &str| {
            let found = (0..rates.len())
                .find(|n| rates.get(*n, 0).as_str().is_some_and(|known| folded(known) == folded(class)))?;
            match rates.get(found, 1) {
                Value::Decimal(rate) => Some(*rate),
                Value::Int(rate) => Some((*rate).into()),
                _ => None,
            }
        };
        let mut known: HashMap<(bool, String), Vat> = HashMap::new();
        for (is_reference, rows) in [(true, &references), (false, &articles)] {
            for n in 0..rows.len() {
                let class = rows.get(n, 1).as_str();
                let vat = Vat {
                    category: category.clone(),
                    class: class.map(Arc::from),
                    rate: class.and_then(rate),
                };
                known.insert((is_reference, folded(rows.get(n, 0).as_str().unwrap_or_default())), vat);
            }
        }
        let items = ask.items.iter().map(|item| {
            let code = item.key.first().and_then(Value::as_str).map(folded).unwrap_or_default();
            let vat = known.get(&(&*item.rows == REFERENCES, code.clone())).cloned();
            (code, vat)
        });
        Ok(Box::new(IsoshopSheet {
            items: items.collect(),
            rows: by_reference(&prices),
            buyer,
            tax_included: self.tax_included,
            decimals: self.decimals,
            currency: ask.currency.to_owned(),
            now: ask.now,
        }))
    }
}

#[derive(Debug)]
struct IsoshopSheet {
    /// Folded code and VAT of each item; no VAT: there is no such row.
    items: Vec<(String, Option<Vat>)>,
    rows: HashMap<String, Vec<ListRow>>,
    buyer: ListBuyer,
    tax_included: bool,
    decimals: Decimals,
    currency: String,
    now: DateTime<Utc>,
}

impl IsoshopSheet {
    fn with_case<T>(&self, item: usize, of: impl FnOnce(&ListCase<'_>) -> T) -> Option<T> {
        let (code, vat) = self.items.get(item)?;
        let rows: Vec<&ListRow> = self.rows.get(code).into_iter().flatten().collect();
        Some(of(&ListCase {
            rows: &rows,
            buyer: &self.buyer,
            vat: vat.as_ref()?,
            tax_included: self.tax_included,
            decimals: self.decimals,
            currency: &self.currency,
            now: self.now,
        }))
    }
}

impl Sheet for IsoshopSheet {
    fn price(&self, item: usize, quantity: Decimal) -> Result<Priced, Refusal> {
        self.with_case(item, |case| rules::price(case, quantity))
            .unwrap_or_else(|| Err(Refusal::new("NO_ARTICLE", "the base has no row of it")))
    }

    fn breaks(&self, item: usize) -> Vec<Decimal> {
        self.with_case(item, rules::breaks).unwrap_or_else(|| vec![Decimal::ONE])
    }

    fn price_category(&self) -> Option<&str> {
        self.buyer.category.as_deref()
    }
}
