//! `comptoir explain`: where every field of a record comes from.

use std::fmt::Write as _;

use clap::Args;

use super::{
    Failure, ShopArg,
    backend::{Cell, ExplainedField, Shop},
    out,
};

/// Show where each field of a record comes from: the rule, every source's cell, the winner
///
/// A cell is a VALUE, EMPTY (empty on purpose), ABSENT (the source says nothing) or UNKNOWN (the source could not be
/// read; the cause follows). The winning cell is marked with *.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir explain article COC1001
  comptoir explain department CUISINE --shop my-shop
  comptoir explain article COC1001 --field title --field weight")]
pub(super) struct Explain {
    #[command(flatten)]
    shop: ShopArg,
    /// department, article or reference
    #[arg(value_name = "TYPE")]
    entity: String,
    /// The record's code
    code: String,
    /// Only this field; may be repeated
    #[arg(long = "field", value_name = "NAME")]
    fields: Vec<String>,
}

impl Explain {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = Shop::open(&self.shop.dir).await?;
        let found = shop.explain(&self.entity, &self.code).await.map_err(Failure::wrong)?;
        let Some(mut fields) = found else {
            return Err(Failure::Wrong(format!("no source knows the {} `{}`", self.entity, self.code)));
        };
        if let Some(unknown) = self.fields.iter().find(|name| fields.iter().all(|f| f.field != **name)) {
            return Err(Failure::Wrong(format!("`{}` has no field `{unknown}`", self.entity)));
        }
        fields.retain(|field| self.fields.is_empty() || self.fields.contains(&field.field));
        out(&table(&fields));
        Ok(())
    }
}

/// Longest value in a table; the rest is cut.
const VALUE_WIDTH: usize = 60;

/// One block per field: its rule and value on the first line, its cells below.
fn table(fields: &[ExplainedField]) -> String {
    let width =
        |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let field_width = width(&mut fields.iter().map(|field| field.field.as_str()));
    let cells = || fields.iter().flat_map(|field| &field.cells);
    let source_width = width(&mut cells().map(|cell| cell.source.as_str()));
    let state_width = width(&mut cells().map(|cell| cell.state.as_str()));
    let mut text = String::new();
    for field in fields {
        let winner = field.winner.as_deref().unwrap_or("nobody");
        let _ = writeln!(
            text,
            "{:field_width$}  {} → {winner}{}",
            field.field,
            field.rule,
            shown(": ", &field.value)
        );
        for Cell { source, state, value, cause } in &field.cells {
            let mark = if field.winner.as_deref() == Some(source) { '*' } else { ' ' };
            let value = shown("  ", value);
            let cause = cause.as_deref().map(|cause| format!("  ({cause})")).unwrap_or_default();
            let line = format!(
                "{:field_width$} {mark} {source:source_width$}  {state:state_width$}{value}{cause}",
                ""
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// A value on one line, cut where it is long; nothing for a blank one.
fn shown(before: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= VALUE_WIDTH {
        return format!("{before}{line}");
    }
    let cut: String = line.chars().take(VALUE_WIDTH - 1).collect();
    format!("{before}{cut}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(source: &str, state: &str, value: &str, cause: Option<&str>) -> Cell {
        Cell { source: source.into(), state: state.into(), value: value.into(), cause: cause.map(Into::into) }
    }

    #[test]
    fn a_table_that_people_read() {
        let fields = [
            ExplainedField {
                field: "title".into(),
                rule: "PRIORITY".into(),
                winner: Some("isoshop".into()),
                value: "Cocotte".into(),
                cells: vec![
                    cell("isoshop", "VALUE", "Cocotte", None),
                    cell("erp", "VALUE", "COCOTTE 24", None),
                ],
            },
            ExplainedField {
                field: "season".into(),
                rule: "ONLY".into(),
                winner: None,
                value: String::new(),
                cells: vec![cell("isoshop", "UNKNOWN", "", Some("no answer in 5 s"))],
            },
        ];
        let expected = "\
title   PRIORITY → isoshop: Cocotte
       * isoshop  VALUE    Cocotte
         erp      VALUE    COCOTTE 24
season  ONLY → nobody
         isoshop  UNKNOWN  (no answer in 5 s)
";
        assert_eq!(table(&fields), expected);
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown("", &"é".repeat(100)).chars().count(), VALUE_WIDTH);
        assert_eq!(shown(": ", "a\n  b"), ": a b");
    }
}
