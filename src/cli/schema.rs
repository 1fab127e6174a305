//! `comptoir schema`: the SDL.

use clap::Args;

use super::{Failure, ShopArg, backend, out};

/// Print the GraphQL schema that clients of a shop see
///
/// It holds what is generated for the shop too: complementary fields, filters and sorts.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir schema --shop my-shop > schema.graphql
  comptoir schema --internal | grep -A3 @precedence")]
pub(super) struct Schema {
    #[command(flatten)]
    shop: ShopArg,
    /// With the directives that say where values come from; clients never see them
    #[arg(long)]
    internal: bool,
}

impl Schema {
    pub(super) fn run(self) -> Result<(), Failure> {
        let shop = backend::open(&self.shop.dir)?;
        let mut sdl = shop.sdl(self.internal);
        if !sdl.ends_with('\n') {
            sdl.push('\n');
        }
        out(&sdl);
        Ok(())
    }
}
