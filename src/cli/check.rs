//! `comptoir check`: every error of the configuration at once, then what the databases say.

use std::time::Duration;

use clap::Args;

use super::{Failure, ShopArg, backend, out};
use crate::check::{self, Level, Options, Report, print};

/// Check a shop: its files, then its databases
///
/// Reads comptoir.toml, schema/*.graphql and schema/connectors/*.toml and prints every error at once. When there is
/// none, it asks each database: does it answer, has it the tables and columns that are read, how do its keys compare,
/// are there keys or codes twice, rows that belong to nothing, columns of the company that are not served; then it
/// merges a few records. Only reads; a source that is down ends its own section alone.
///
/// Exits with 0 when all is well (notes do not count), with 4 when there are warnings, with 1 when there are errors.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir check
  comptoir check --no-live
  comptoir check --shop my-shop --source erp --sample 0
  comptoir check --json | jq '.findings[] | select(.severity != \"note\").message'")]
pub(super) struct Check {
    #[command(flatten)]
    shop: ShopArg,
    /// Print everything as one JSON object, for editors and CI
    #[arg(long)]
    json: bool,
    /// Look at the files only; no database is contacted
    #[arg(long)]
    no_live: bool,
    /// Look at this source's database only
    #[arg(long, value_name = "NAME", conflicts_with = "no_live")]
    source: Option<String>,
    /// How many records to merge and show as `explain` does
    #[arg(long, value_name = "N", default_value_t = 3)]
    sample: usize,
    /// How many rows to read of one entity in one source
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    rows: usize,
    /// How many seconds to read one entity in one source
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    time: u64,
}

impl Check {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (mut report, shop) = match backend::open(&self.shop.dir) {
            Ok(shop) => {
                let found = print::of_configuration(shop.diagnostics());
                (Report { findings: found, ..Report::default() }, Some(shop))
            }
            Err(backend::OpenError::Invalid(found)) => {
                (Report { findings: print::of_configuration(&found), ..Report::default() }, None)
            }
            Err(other) => return Err(other.into()),
        };
        let live = shop.is_some() && !self.no_live;
        if let Some(shop) = &shop {
            if let Some(name) = self.source.as_deref()
                && !shop.config().sources.contains_key(name)
            {
                let known: Vec<&str> = shop.config().sources.keys().map(String::as_str).collect();
                return Err(Failure::Wrong(format!(
                    "the shop has no source `{name}`; it has {}",
                    known.join(", ")
                )));
            }
            if live {
                let options = Options {
                    sample: self.sample,
                    source: self.source.clone(),
                    rows: self.rows,
                    time: Duration::from_secs(self.time),
                };
                let found = check::live(shop, &options).await;
                let configuration = std::mem::take(&mut report.findings);
                report = found;
                report.findings.splice(0..0, configuration);
            }
            shop.close().await;
        }
        if self.json {
            out(&format!("{}\n", print::json(&report, live)));
        } else {
            out(&print::text(&report));
            if shop.is_none() && !self.no_live {
                out("No database was asked: the files come first.\n");
            }
            out(&print::summary(&report));
        }
        if report.count(Level::Error) > 0 {
            Err(Failure::Found)
        } else if report.count(Level::Warning) > 0 {
            Err(Failure::Warned)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Diagnostics, Place};

    #[test]
    fn findings_of_the_files_as_json_and_text() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.warn("UNUSED", Place::new("comptoir.toml", 4, 1), "Odd.", "Remove it.");
        let report = Report { findings: print::of_configuration(&diagnostics), ..Report::default() };
        let json = print::json(&report, false);
        assert_eq!((&json["errors"], &json["warnings"]), (&serde_json::json!(0), &serde_json::json!(1)));
        assert_eq!(json["findings"][0]["line"], 4);
        let text = format!("{}{}", print::text(&report), print::summary(&report));
        assert_eq!(
            text,
            "warning[UNUSED]: Odd.\n  --> comptoir.toml:4:1\n  help: Remove it.\n\n0 errors, 1 warning, 0 notes\n"
        );
    }
}
