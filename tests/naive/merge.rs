//! The rules, one after the other, over a list of cells.

use serde_json::Value as Json;

/// What one source says.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Value(Json),
    Empty,
    Absent,
    /// Two rows for one key.
    Unknown,
}

impl Cell {
    pub fn of(value: Option<impl Into<Json>>) -> Self {
        value.map_or(Self::Absent, |v| Self::Value(v.into()))
    }

    pub fn state(&self) -> &'static str {
        match self {
            Self::Value(_) => "VALUE",
            Self::Empty => "EMPTY",
            Self::Absent => "ABSENT",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A rule's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Priority,
    Only,
    Min,
    Max,
}

impl Rule {
    pub fn name(self) -> &'static str {
        match self {
            Self::Priority => "PRIORITY",
            Self::Only => "ONLY",
            Self::Min => "MIN",
            Self::Max => "MAX",
        }
    }
}

/// How one field is merged.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRule {
    pub rule: Rule,
    pub sources: Vec<&'static str>,
    pub locked: bool,
    /// Zero means nothing where the source's map does not say.
    pub zero_absent: bool,
}

/// The rules that a shop changed, by entity and field.
#[derive(Clone, Debug, Default)]
pub struct Rules(pub Vec<(String, String, FieldRule)>);

impl Rules {
    /// The rule of a field: the shop's, or the built-in schema's.
    pub fn of(&self, entity: &str, field: &str) -> FieldRule {
        if let Some((.., rule)) = self.0.iter().rev().find(|(e, f, _)| e == entity && f == field) {
            return rule.clone();
        }
        let priority = |sources: &[&'static str], zero_absent| FieldRule {
            rule: Rule::Priority,
            sources: sources.to_vec(),
            locked: false,
            zero_absent,
        };
        let only_erp = FieldRule { rule: Rule::Only, sources: vec!["erp"], locked: true, zero_absent: false };
        match field {
            "code" | "vatRate" | "family" | "createdAt" => only_erp,
            "updatedAt" => FieldRule {
                rule: Rule::Max,
                sources: vec!["erp", "isoshop"],
                locked: true,
                zero_absent: false,
            },
            "barcode" => priority(&["erp", "isoshop"], false),
            "weight" => priority(&["isoshop", "erp"], true),
            "origin" => priority(&["erp"], false),
            "terrain" | "tags" | "electric" => priority(&["isoshop"], false),
            "warrantyMonths" => priority(&["isoshop", "erp"], false),
            _ => priority(&["isoshop", "erp"], false),
        }
    }

    /// As a shop writes them.
    pub fn sdl(&self) -> String {
        let mut sdl = String::new();
        for (entity, field, rule) in &self.0 {
            let sources: Vec<String> = rule.sources.iter().map(|s| format!("\"{s}\"")).collect();
            sdl.push_str(&format!(
                "extend type {entity} @precedence(field: \"{field}\", rule: {}, sources: [{}]{}{})\n",
                rule.rule.name(),
                sources.join(", "),
                if rule.locked { ", lock: \"tried\"" } else { "" },
                if rule.zero_absent { ", zero: ABSENT" } else { "" },
            ));
        }
        sdl
    }
}

/// A merged value.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Merged {
    pub value: Json,
    pub winner: Option<String>,
    pub candidates: Vec<(String, Cell)>,
}

/// Applies a rule to the cells of the listed sources, in order. `None`: nobody says anything.
pub fn apply(rule: Rule, cells: &[(String, Cell)]) -> Option<(String, Json)> {
    match rule {
        Rule::Priority | Rule::Only => cells.iter().find_map(|(source, cell)| match cell {
            Cell::Value(value) => Some((source.clone(), value.clone())),
            Cell::Empty => Some((source.clone(), Json::Null)),
            Cell::Absent | Cell::Unknown => None,
        }),
        Rule::Min | Rule::Max => {
            let mut best: Option<(&String, &Json)> = None;
            for (source, cell) in cells {
                if let Cell::Value(value) = cell {
                    let better = best.is_none_or(|(_, old)| {
                        let (new, old) = (size(value), size(old));
                        if rule == Rule::Min { new < old } else { new > old }
                    });
                    if better {
                        best = Some((source, value));
                    }
                }
            }
            match best {
                Some((source, value)) => Some((source.clone(), value.clone())),
                None => cells
                    .iter()
                    .find(|(_, cell)| *cell == Cell::Empty)
                    .map(|(source, _)| (source.clone(), Json::Null)),
            }
        }
    }
}

/// What MIN and MAX compare: numbers, moments, and false before true.
fn size(value: &Json) -> rust_decimal::Decimal {
    match value {
        Json::Bool(b) => i64::from(*b).into(),
        Json::Number(n) => n.to_string().parse().expect("a number"),
        Json::String(s) => match chrono::DateTime::parse_from_rfc3339(s) {
            Ok(at) => at.timestamp_micros().into(),
            Err(_) => s.parse().expect("a decimal"),
        },
        other => panic!("not comparable: {other}"),
    }
}

#[test]
fn the_rules_are_the_rules() {
    let cells = |list: &[(&str, Cell)]| -> Vec<(String, Cell)> {
        list.iter().map(|(s, c)| ((*s).to_owned(), c.clone())).collect()
    };
    let one = || Cell::Value(1.into());
    let two = || Cell::Value("2.5".into());
    let a = cells(&[("x", Cell::Absent), ("y", Cell::Empty), ("z", one())]);
    assert_eq!(apply(Rule::Priority, &a), Some(("y".into(), Json::Null)));
    assert_eq!(apply(Rule::Max, &a), Some(("z".into(), 1.into())));
    let b = cells(&[("x", two()), ("y", one())]);
    assert_eq!(apply(Rule::Min, &b), Some(("y".into(), 1.into())));
    assert_eq!(apply(Rule::Max, &b), Some(("x".into(), "2.5".into())));
    assert_eq!(
        apply(Rule::Priority, &cells(&[("x", Cell::Unknown), ("y", one())])),
        Some(("y".into(), 1.into()))
    );
    assert_eq!(apply(Rule::Min, &cells(&[("x", Cell::Absent)])), None);
}
