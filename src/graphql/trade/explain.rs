//! `explainPrice`.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{NotOrderable, PriceObject, price::decimal};
use crate::{
    auth::{rights::Rights, viewer::ViewerKind},
    catalog::{Catalog, Run, lookup::Found, sight::Sight, trade::item},
    connectors::tariff::{Priced, Refusal, Step},
    federation::engine::{Ask, Strategy},
    graphql::{
        arguments,
        error::{Code, GraphqlError},
        faults::fault,
        plain::{ArgMap, Plain, PlainObject},
        resolve::{Call, Resolver},
    },
    sources::Moment,
    value::rfc3339,
};

/// What is to be explained.
#[derive(Clone, Debug)]
pub struct Question {
    /// The reference's code.
    pub reference: String,
    /// The customer's; none: on the public's terms.
    pub customer: Option<String>,
    /// How many are bought.
    pub quantity: Decimal,
    /// On which day; none: today, in the shop's zone.
    pub date: Option<NaiveDate>,
}

/// How a price came to be.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What was asked, with the reference's code as it is spelled and the day it was.
    pub question: Question,
    /// The day.
    pub date: NaiveDate,
    /// The price, or why there is none.
    pub price: Result<PriceObject, Refusal>,
    /// Every row and every step.
    pub steps: Vec<Step>,
}

/// Explains a price; `Ok(None)`: there is no such reference.
///
/// # Errors
/// A source does not answer, or two rows have the code.
pub async fn explain(run: &Run<'_>, question: Question) -> Result<Option<Explained>, GraphqlError> {
    let catalog = run.catalog;
    let shape = catalog.traded_shape();
    let hit = run.by_code(&shape, &question.reference).await.map_err(|f| fault(&f))?;
    let (batch, record) = match hit {
        Found::One(batch, record) => (batch, record),
        Found::Nothing | Found::Several(_) => return Ok(None),
        Found::Doubled(code) => {
            return Err(fault(&run.doubled(catalog.reference, &code)).with("key", code));
        }
    };
    let engine = &catalog.engine;
    let Some(item) = item(engine, &batch, record) else { return Ok(None) };
    let pricing = &catalog.trade.pricing;
    let buyer = pricing.buyer(question.customer.as_deref().map(Arc::from));
    let date = question.date.unwrap_or_else(|| pricing.day(run.ask.moment.now));
    let prices = pricing.read(engine, &run.ask, &[item], &buyer, Some(date)).await.map_err(|f| fault(&f))?;
    let (price, steps) = match prices.at(0, question.quantity) {
        Ok(price) => {
            let steps = price.steps.clone();
            (Ok(PriceObject { price, as_of: prices.as_of }), steps)
        }
        Err(refusal) => {
            let steps = refusal.steps.clone();
            (Err(refusal), steps)
        }
    };
    let question = Question { reference: batch.code(record).to_owned(), ..question };
    Ok(Some(Explained { question, date, price, steps }))
}

/// `explainPrice`.
pub struct ExplainPrice {
    /// The catalogue.
    pub catalog: Arc<Catalog>,
}

#[async_trait]
impl Resolver for ExplainPrice {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let quantity = quantity(call.args)?;
        let date = match arguments::text(call.args, "date") {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                GraphqlError::new(Code::BadArgument, "`date` is no day: write it as 2026-01-31.")
            })?),
        };
        let (catalog, viewer) = (&*self.catalog, &*call.context.viewer);
        let mut customer = arguments::text(call.args, "customer");
        // Who is a customer or acts for one is told that one's prices alone: of another it is as if there were none.
        if let Some(own) = viewer.customer.as_deref().filter(|_| viewer.kind != ViewerKind::Staff) {
            let same = |named: &str| match catalog.customer {
                Some(entity) => {
                    let compare = catalog.engine.compare(entity);
                    compare.fold(named.trim()) == compare.fold(own)
                }
                None => named == own,
            };
            if customer.as_deref().is_some_and(|named| !same(named)) {
                return Ok(Plain::Null);
            }
            customer = Some(own.to_owned());
        }
        let question = Question {
            reference: arguments::text(call.args, "reference").unwrap_or_default(),
            customer,
            quantity,
            date,
        };
        let rights = Rights::of(&call.context.viewer, crate::config::Anonymous::None);
        let moment = || Moment::now(Some(catalog.engine.limits.request));
        let assortment = catalog.assortments.of(catalog, viewer, moment()).await.map_err(|f| fault(&f))?;
        let sight = Sight::new(catalog, rights, viewer, Ok(assortment));
        let run = Run::new(
            &self.catalog,
            Ask::new(moment(), sight.open(), Strategy::Planned),
            Vec::new(),
            None,
            sight,
        );
        run.prepare().await.map_err(|f| fault(&f))?;
        Ok(explain(&run, question).await?.map_or(Plain::Null, Plain::object))
    }
}

/// So many are ordered of nothing.
const MOST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// The argument `quantity`; 1 when it is left out.
///
/// # Errors
/// It is not above 0.
pub fn quantity(args: &ArgMap) -> Result<Decimal, GraphqlError> {
    let Some(text) = arguments::text(args, "quantity") else { return Ok(Decimal::ONE) };
    match text.parse::<Decimal>() {
        Ok(quantity) if quantity > Decimal::ZERO && quantity < MOST => Ok(quantity),
        _ => Err(GraphqlError::new(
            Code::BadArgument,
            format!("`quantity` is {text}; give more than 0, and less than {MOST}."),
        )),
    }
}

impl PlainObject for Explained {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "referenceCode" => Plain::text(Some(&self.question.reference)),
            "customerCode" => Plain::text(self.question.customer.as_deref()),
            "quantity" => decimal(self.question.quantity),
            "date" => Plain::owned(Some(self.date.to_string())),
            "price" => self.price.as_ref().map_or(Plain::Null, |price| Plain::object(price.clone())),
            "notOrderable" => match &self.price {
                Ok(_) => Plain::Null,
                Err(refusal) => Plain::object(NotOrderable { refusal: refusal.clone(), staff: true }),
            },
            "steps" => Plain::List(self.steps.iter().map(Plain::object).collect()),
            _ => Plain::Null,
        }
    }
}

impl PlainObject for &Step {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "title" => Plain::text(Some(&self.what)),
            "table" => Plain::text(self.table),
            "cells" => Plain::List(self.row.iter().map(Plain::object).collect()),
            "used" => Plain::Bool(self.used),
            "note" => Plain::text(Some(&self.note)),
            "price" => self.price.map_or(Plain::Null, decimal),
            _ => Plain::Null,
        }
    }
}

impl PlainObject for &(&'static str, String) {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "column" => Plain::text(Some(self.0)),
            "value" => Plain::text(Some(&self.1)),
            _ => Plain::Null,
        }
    }
}

/// An explanation as text, for people.
pub fn text(explained: &Explained) -> String {
    use std::fmt::Write as _;
    let Question { reference, customer, quantity, .. } = &explained.question;
    let buyer = customer.as_deref().map_or("on the public's terms".into(), |c| format!("for customer {c}"));
    let mut text = format!("{reference}, {quantity} bought {buyer} on {}\n", explained.date);
    for (n, step) in explained.steps.iter().enumerate() {
        let mark = if step.used { "=>" } else { "  " };
        let table = step.table.map_or_else(String::new, |table| format!(" [{table}]"));
        let _ = write!(text, "\n{:>3}. {mark} {}{table}", n + 1, step.what);
        if let Some(price) = step.price {
            let _ = write!(text, ": {}", price.normalize());
        }
        text.push('\n');
        if !step.row.is_empty() {
            let cells: Vec<String> = step.row.iter().map(|(c, v)| format!("{c} = {v}")).collect();
            let _ = writeln!(text, "        {}", cells.join(", "));
        }
        if !step.note.is_empty() {
            let _ = writeln!(text, "        {}", step.note);
        }
    }
    text.push('\n');
    match &explained.price {
        Ok(PriceObject { price, as_of }) => {
            let _ = writeln!(
                text,
                "net {} {cur}, gross {} {cur}, VAT {} % (as of {})",
                price.net.normalize(),
                price.gross.normalize(),
                price.vat_rate.normalize(),
                rfc3339(as_of),
                cur = price.currency
            );
            for tax in &price.taxes {
                let _ = writeln!(text, "and {} {} {}", tax.code, tax.amount.normalize(), price.currency);
            }
        }
        Err(refusal) => {
            let _ = writeln!(text, "no price: {} ({})", refusal.reason, refusal.code);
        }
    }
    text
}

/// Keeps a price with its moment.
impl From<(Priced, chrono::DateTime<chrono::Utc>)> for PriceObject {
    fn from((price, as_of): (Priced, chrono::DateTime<chrono::Utc>)) -> Self {
        Self { price, as_of }
    }
}
