//! A report for people, and as one JSON object.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value as Json, json};

use super::{Finding, Level, Report, Sample, SourceReport};
use crate::{
    diagnostics::{Diagnostics, Severity},
    graphql::objects::rule_name,
    report,
};

/// The findings of the configuration as those of the databases are.
pub fn of_configuration(diagnostics: &Diagnostics) -> Vec<Finding> {
    diagnostics
        .items
        .iter()
        .map(|item| {
            let level = match item.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
            };
            let mut finding = Finding::new(level, item.code, item.message.clone(), item.help.clone());
            finding.place = Some(item.place.clone());
            finding
        })
        .collect()
}

/// The whole report as text: sources, entities, what is not of one of them, samples.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for source in &report.sources {
        of_source(source, &mut text);
        let of = report.findings.iter().filter(|f| f.source.as_deref() == Some(&*source.name));
        of.for_each(|f| finding(f, &mut text));
    }
    if !report.entities.is_empty() {
        text.push_str("the shop\n");
    }
    for entity in &report.entities {
        let records = entity.records.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
        let cut = if entity.cut { ", not read to the end" } else { "" };
        let _ = write!(text, "  {:<12}{records} in {}{cut}", entity.name, entity.decided_by);
        for (source, rows) in &entity.completed_by {
            let _ = write!(text, "; {rows} in {source}");
        }
        text.push('\n');
    }
    if !report.entities.is_empty() {
        text.push('\n');
    }
    let listed =
        |f: &&Finding| f.source.as_ref().is_some_and(|name| report.sources.iter().any(|s| s.name == *name));
    report.findings.iter().filter(|f| !listed(f)).for_each(|f| finding(f, &mut text));
    if !report.samples.is_empty() {
        text.push_str("sample\n\n");
    }
    for sample in &report.samples {
        match &sample.fields {
            Ok(fields) => text.push_str(&report::provenance(&sample.entity, &sample.code, fields)),
            Err(why) => {
                let _ = writeln!(text, "{} {}: {why}", sample.entity, sample.code);
            }
        }
        text.push('\n');
    }
    text
}

fn of_source(source: &SourceReport, text: &mut String) {
    let _ = writeln!(text, "{}  {}, connector {}", source.name, source.kind, source.connector);
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<12}{value}");
    };
    if !source.reachable {
        line("reachable", "no".into());
    }
    if let (Some(version), Some(first)) = (&source.version, source.connected_in) {
        line("reachable", format!("yes, {version}"));
        let then = source.latency.map_or_else(String::new, |l| format!("; an answer takes {}", shown(l)));
        line("latency", format!("connected in {}{then}", shown(first)));
    }
    if let Some(collation) = &source.collation {
        line("collation", format!("{collation} where a column names none"));
    }
    for key in &source.keys {
        let case = match key.case_sensitive {
            Some(true) => "case counts",
            Some(false) => "case does not count",
            None => "no key shows whether case counts",
        };
        let collation = key.collation.as_deref().map_or_else(String::new, |c| format!(" ({c})"));
        let column = format!("{}.{}{collation}", key.table, key.column);
        line("key", format!("{:<12}{column}: {case}; the map says {}", key.entity, key.map));
    }
    for rows in &source.rows {
        let of = if rows.rows == rows.table {
            rows.table.clone()
        } else {
            format!("{} of {}", rows.rows, rows.table)
        };
        line("rows", format!("{:<12}{:>8}  {of}", rows.entity, rows.count));
    }
    text.push('\n');
}

fn finding(f: &Finding, text: &mut String) {
    let _ = writeln!(text, "{}[{}]: {}", f.level.word(), f.code, f.message);
    if let Some(place) = f.place.as_ref().filter(|p| !p.file.is_empty()) {
        let _ = writeln!(text, "  --> {place}");
    }
    if !f.examples.is_empty() {
        let _ = writeln!(text, "  such as: {}", f.examples.join(", "));
    }
    if !f.help.is_empty() {
        let _ = writeln!(text, "  help: {}", f.help);
    }
    if let Some(paste) = &f.paste {
        let _ = writeln!(text, "    {paste}");
    }
    text.push('\n');
}

/// A time as people read it.
fn shown(time: Duration) -> String {
    let ms = tenths(time);
    if ms < 0.1 { "less than 0.1 ms".to_owned() } else { format!("{ms} ms") }
}

/// Milliseconds to a tenth.
fn tenths(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The last line: how many of each level.
pub fn summary(report: &Report) -> String {
    let counted = |level: Level| {
        let n = report.count(level);
        format!("{n} {}{}", level.word(), super::data::s(n))
    };
    format!("{}, {}, {}\n", counted(Level::Error), counted(Level::Warning), counted(Level::Note))
}

/// The whole report as JSON; see `docs/check.md` for its shape.
pub fn json(report: &Report, live: bool) -> Json {
    json!({
        "errors": report.count(Level::Error),
        "warnings": report.count(Level::Warning),
        "notes": report.count(Level::Note),
        "live": live,
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "sources": report.sources.iter().map(source_json).collect::<Vec<_>>(),
        "entities": report.entities.iter().map(|e| json!({
            "name": e.name,
            "decidedBy": e.decided_by,
            "records": e.records,
            "completedBy": e.completed_by.iter()
                .map(|(source, rows)| json!({ "source": source, "rows": rows })).collect::<Vec<_>>(),
            "cut": e.cut,
        })).collect::<Vec<_>>(),
        "samples": report.samples.iter().map(sample_json).collect::<Vec<_>>(),
    })
}

fn finding_json(f: &Finding) -> Json {
    let place = f.place.as_ref().filter(|p| !p.file.is_empty());
    json!({
        "severity": f.level.word(),
        "code": f.code,
        "file": place.map(|p| &p.file),
        "line": place.map(|p| p.line),
        "column": place.map(|p| p.column),
        "message": f.message,
        "help": f.help,
        "source": f.source,
        "entity": f.entity,
        "dbTable": f.table,
        "dbColumn": f.column,
        "examples": f.examples,
        "paste": f.paste,
    })
}

fn source_json(s: &SourceReport) -> Json {
    json!({
        "name": s.name,
        "kind": s.kind,
        "connector": s.connector,
        "reachable": s.reachable,
        "connectMs": s.connected_in.map(tenths),
        "latencyMs": s.latency.map(tenths),
        "version": s.version,
        "collation": s.collation,
        "keys": s.keys.iter().map(|k| json!({
            "entity": k.entity,
            "dbTable": k.table,
            "dbColumn": k.column,
            "map": k.map,
            "collation": k.collation,
            "caseSensitive": k.case_sensitive,
        })).collect::<Vec<_>>(),
        "rows": s.rows.iter().map(|r| json!({
            "entity": r.entity,
            "rows": r.rows,
            "dbTable": r.table,
            "count": r.count,
        })).collect::<Vec<_>>(),
    })
}

fn sample_json(sample: &Sample) -> Json {
    let fields = sample.fields.as_ref().map_or_else(
        |_| Vec::new(),
        |fields| {
            fields
                .iter()
                .map(|f| {
                    json!({
                        "field": f.field,
                        "rule": rule_name(f.rule),
                        "winner": f.winner,
                        "value": f.value,
                        "locked": f.lock,
                        "candidates": f.candidates.iter().map(|c| json!({
                            "source": c.source, "state": c.state, "value": c.value, "cause": c.cause,
                        })).collect::<Vec<_>>(),
                    })
                })
                .collect()
        },
    );
    json!({
        "entity": sample.entity,
        "code": sample.code,
        "error": sample.fields.as_ref().err(),
        "fields": fields,
    })
}
