//! `comptoir site`: the site database, copied, restored and brought up to date.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, ShopArg, accounts, backend, out};

/// Back up, restore or update the site database: accounts, groups, sessions, audit log
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir site backup site-$(date +%F).db --shop my-shop
  comptoir site restore site-2026-01-31.db --shop my-shop
  comptoir site migrate")]
pub(super) struct SiteCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Backup(Backup),
    Restore(Restore),
    Migrate(Migrate),
}

/// Copy the site database into a new file, while it is in use
///
/// The file is whole and of one moment; only you can read it: it holds password hashes. For PostgreSQL the command to
/// use instead is told.
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir site backup site-$(date +%F).db")]
struct Backup {
    #[command(flatten)]
    shop: ShopArg,
    /// The new file
    file: PathBuf,
}

/// Put a backup in the place of the site database
///
/// `comptoir serve` must not be running. What is there is kept beside, under a new name. Every login session ends: staff
/// log in again.
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir site restore site-2026-01-31.db")]
struct Restore {
    #[command(flatten)]
    shop: ShopArg,
    /// The backup
    file: PathBuf,
    /// Even over a database that has changed since the backup, or of another shop
    #[arg(long)]
    force: bool,
}

/// Make the tables, or bring them up to date
///
/// `comptoir serve` does it by itself when it starts. Where several run at once, one does it and the others wait.
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir site migrate --shop my-shop")]
struct Migrate {
    #[command(flatten)]
    shop: ShopArg,
}

impl SiteCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Backup(backup) => {
                let shop = backend::open(&backup.shop.dir)?;
                shop.site().backup(&backup.file).await.map_err(accounts::site_failure)?;
                out(&format!("{} written\n", backup.file.display()));
                shop.close().await;
            }
            Command::Restore(restore) => {
                let shop = backend::open(&restore.shop.dir)?;
                let restored = shop.site().restore(&restore.file, restore.force).await;
                let restored = restored.map_err(accounts::site_failure)?;
                let until = restored
                    .last
                    .map_or_else(String::new, |last| format!(", as it was at {}", accounts::time(last)));
                out(&format!("{} restored{until}; every session is ended\n", shop.site().place()));
                if let Some(before) = restored.before {
                    out(&format!("what was there is in {}\n", before.display()));
                }
                shop.close().await;
            }
            Command::Migrate(migrate) => {
                let shop = accounts::open(&migrate.shop.dir).await?;
                out(&format!("{} is up to date\n", shop.site().place()));
                shop.close().await;
            }
        }
        Ok(())
    }
}
