//! `comptoir explain-price`: how a price comes to be.

use chrono::NaiveDate;
use clap::Args;
use rust_decimal::Decimal;

use super::{Failure, ShopArg, backend, out};
use crate::graphql::trade::explain::Question;

/// Show how a price comes to be: every row of the tariff that was read, which made it, and each step
///
/// A line marked with => made the price; under it stand the columns that matter, as the ERP has them, and what became of
/// them. Without a customer the price is on the public's terms ([public] in comptoir.toml).
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir explain-price AMP1005-L20 --shop demo-shop
  comptoir explain-price AMP1005-L20 --customer C00007 --quantity 12 --shop demo-shop
  comptoir explain-price AMP1005-L20 --date 2026-01-31 --shop demo-shop")]
pub(super) struct ExplainPrice {
    #[command(flatten)]
    shop: ShopArg,
    /// The reference's code
    reference: String,
    /// The customer's code in the ERP
    #[arg(long, value_name = "CODE")]
    customer: Option<String>,
    /// How many are bought
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = quantity)]
    quantity: Decimal,
    /// On which day (2026-01-31); today, in the shop's zone, when left out
    #[arg(long, value_name = "DAY")]
    date: Option<NaiveDate>,
}

fn quantity(text: &str) -> Result<Decimal, String> {
    match text.replace(',', ".").parse::<Decimal>() {
        Ok(quantity) if quantity > Decimal::ZERO => Ok(quantity),
        _ => Err("write a number above 0, as 12 or 2.5".into()),
    }
}

impl ExplainPrice {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = backend::open_with_data(&self.shop.dir)?;
        let question = Question {
            reference: self.reference.clone(),
            customer: self.customer,
            quantity: self.quantity,
            date: self.date,
        };
        let found = shop.explain_price(question).await;
        shop.close().await;
        match found.map_err(Failure::wrong)? {
            Some(text) => {
                out(&text);
                Ok(())
            }
            None => Err(Failure::Wrong(format!("no source knows the reference `{}`", self.reference))),
        }
    }
}
