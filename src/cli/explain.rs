//! `comptoir explain`: where every field of a record comes from.

use clap::{Args, ValueEnum};

use super::{Failure, ShopArg, backend, out};
use crate::shop::EntityKind;

/// Show where each field of a record comes from: the rule, every source's cell, the winner
///
/// A cell is a VALUE, EMPTY (empty on purpose), ABSENT (the source says nothing) or UNKNOWN (the source could not be
/// read; the cause follows). The winning cell is marked with *.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir explain article COC1001 --shop demo-shop
  comptoir explain department 73 --shop demo-shop
  comptoir explain reference PAN1001-L --shop demo-shop | less")]
pub(super) struct Explain {
    #[command(flatten)]
    shop: ShopArg,
    /// What kind of record it is
    #[arg(value_name = "TYPE", value_enum, ignore_case = true)]
    entity: Entity,
    /// The record's code
    code: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Entity {
    Department,
    Article,
    Reference,
    Customer,
}

impl Explain {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = backend::open_with_data(&self.shop.dir)?;
        let (kind, word) = match self.entity {
            Entity::Department => (EntityKind::Department, "department"),
            Entity::Article => (EntityKind::Article, "article"),
            Entity::Reference => (EntityKind::Reference, "reference"),
            Entity::Customer => (EntityKind::Customer, "customer"),
        };
        let found = shop.explain(kind, &self.code).await;
        shop.close().await;
        match found.map_err(Failure::wrong)? {
            Some(mut text) => {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                out(&text);
                Ok(())
            }
            None => Err(Failure::Wrong(format!("no source knows the {word} `{}`", self.code))),
        }
    }
}
