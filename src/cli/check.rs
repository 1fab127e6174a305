//! `comptoir check`: every error of the configuration at once.

use clap::Args;
use serde_json::{Value, json};

use super::{Failure, ShopArg, backend, out, report};
use crate::diagnostics::{Diagnostics, Severity};

/// Check a shop's files: every error at once, with its place and what to do
///
/// Reads comptoir.toml, schema/*.graphql and schema/connectors/*.toml. No database is contacted.
/// Exits with 1 when there are errors, with 0 when there are only warnings.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir check
  comptoir check --shop my-shop
  comptoir check --json | jq '.findings[].message'")]
pub(super) struct Check {
    #[command(flatten)]
    shop: ShopArg,
    /// Print the findings as one JSON object, for editors and CI
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let diagnostics = match backend::check(&self.shop.dir) {
            Ok(diagnostics) | Err(backend::OpenError::Invalid(diagnostics)) => diagnostics,
            Err(other) => return Err(other.into()),
        };
        if self.json {
            out(&format!("{}\n", to_json(&diagnostics)));
        } else {
            out(&report(&diagnostics));
        }
        if diagnostics.has_errors() { Err(Failure::Found) } else { Ok(()) }
    }
}

fn to_json(diagnostics: &Diagnostics) -> Value {
    let count = |severity| diagnostics.items.iter().filter(|item| item.severity == severity).count();
    let findings: Vec<Value> = diagnostics
        .items
        .iter()
        .map(|item| {
            let severity = match item.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            json!({
                "severity": severity, "code": item.code, "file": item.place.file, "line": item.place.line,
                "column": item.place.column, "message": item.message, "help": item.help,
            })
        })
        .collect();
    json!({ "errors": count(Severity::Error), "warnings": count(Severity::Warning), "findings": findings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Place;

    #[test]
    fn findings_as_json() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.warn("UNUSED", Place::new("comptoir.toml", 4, 1), "Odd.", "Remove it.");
        let json = to_json(&diagnostics);
        assert_eq!((&json["errors"], &json["warnings"]), (&json!(0), &json!(1)));
        assert_eq!(json["findings"][0]["line"], 4);
    }
}
