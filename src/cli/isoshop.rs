//! `comptoir isoshop`: the tables of an IsoShop base.

use clap::{Args, Subcommand, ValueEnum};

use super::{Failure, ShopArg, backend, out};
use crate::{config::SourceKind, isoshop};

/// Make the tables of an IsoShop base
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir isoshop create --shop my-shop
  comptoir isoshop create --print postgres > isoshop.sql")]
pub(super) struct IsoShop {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Create(Create),
}

/// Make the tables of the IsoShop model that a source's base lacks
///
/// The source is the one whose connector is `isoshop`, unless --source names another. What is there is kept: a table
/// that exists is neither changed nor emptied. The login needs the right to create tables; the gateway itself only
/// reads, and may use another one. Run it again after an upgrade.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir isoshop create --shop my-shop
  comptoir isoshop create --source pivot
  comptoir isoshop create --print postgres > isoshop.sql")]
struct Create {
    #[command(flatten)]
    shop: ShopArg,
    /// The source whose base it is
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Print the statements for an engine instead, for whoever runs them by hand; no shop is needed
    #[arg(long, value_enum, value_name = "KIND")]
    print: Option<Kind>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
    Sqlserver,
}

impl IsoShop {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let Command::Create(create) = self.command;
        create.run().await
    }
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        if let Some(kind) = self.print {
            out(isoshop::script(match kind {
                Kind::Sqlite => SourceKind::Sqlite,
                Kind::Postgres => SourceKind::Postgres,
                Kind::Sqlserver => SourceKind::SqlServer,
            }));
            return Ok(());
        }
        let shop = backend::open(&self.shop.dir)?;
        let config = shop.config();
        let source = match &self.source {
            Some(name) => config.sources.get(name).ok_or_else(|| {
                let known: Vec<&str> = config.sources.keys().map(String::as_str).collect();
                Failure::wrong(format!("the shop has no source `{name}`; it has {}", known.join(", ")))
            })?,
            None => config.sources.values().find(|s| s.connector == "isoshop").ok_or_else(|| {
                Failure::wrong(
                    "no source of this shop has connector = \"isoshop\"; add one to comptoir.toml, or name one with --source",
                )
            })?,
        };
        let created = isoshop::create(source, &config.dir).await.map_err(Failure::cannot_start)?;
        let line = |what: &str, tables: &[String]| match tables {
            [] => String::new(),
            tables => format!("{what} {}: {}\n", tables.len(), tables.join(", ")),
        };
        out(&format!("{}{}", line("made", &created.made), line("kept", &created.kept)));
        Ok(())
    }
}
