//! What commands print of records: tables for people.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::{federation::provenance::FieldProvenance, graphql::objects::rule_name};

/// Longest value shown on a line, in characters.
const SHOWN: usize = 60;

/// A record's provenance: per field the rule, the value and its winner, and what every source says.
pub fn provenance(entity: &str, code: &str, fields: &[FieldProvenance]) -> String {
    let mut text = format!("{entity} {code}\n");
    for f in fields {
        let winner = f.winner.as_deref().unwrap_or("nobody");
        let lock = f.lock.as_ref().map_or(String::new(), |l| format!("  locked: {l}"));
        let _ = writeln!(text, "\n{}  {}  won by {winner}{lock}", f.field, rule_name(f.rule));
        let _ = writeln!(text, "    = {}", shown(&f.value));
        for c in &f.candidates {
            let mark = if Some(c.source.as_str()) == f.winner.as_deref() { '*' } else { ' ' };
            let value = if c.state == "VALUE" { shown(&c.value) } else { String::new() };
            let cause = c.cause.as_deref().unwrap_or("");
            let line = format!("  {mark} {:<10} {:<8} {value}{cause}", c.source, c.state);
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

fn shown(value: &Json) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    let cut: String = text.chars().take(SHOWN).collect();
    format!("{cut}…")
}
