//! Lists as clients ask for them, as simply as possible: every record is merged, then those that
//! pass the filter are sorted. Filter and sort are the JSON of a client's variables.

use std::cmp::Ordering;

use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;

use super::records::{Entity, Twin};

/// What a field's values are, as far as comparing them goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    Text,
    Number,
    Moment,
    Bool,
}

fn kind(field: &str) -> Kind {
    match field {
        "code" => Kind::Code,
        "weight" | "vatRate" | "warrantyMonths" => Kind::Number,
        "createdAt" | "updatedAt" => Kind::Moment,
        "electric" => Kind::Bool,
        // Names of enum values are compared as the text they are.
        _ => Kind::Text,
    }
}

impl Twin {
    /// Those of the records (given in CODE order) that pass a filter, in the order of a sort.
    pub fn list(
        &self,
        entity: Entity,
        codes: &[String],
        filter: &Json,
        sort: &Json,
        language: Option<&str>,
    ) -> Vec<String> {
        let value = |code: &str, field: &str| match field {
            "code" => Json::from(code),
            _ => self.field(entity, code, field, language).value,
        };
        let hangs = |code: &str, name: &str, asked: &Json| self.hangs(entity, code, name, asked, language);
        listed(codes, &value, &hangs, filter, sort)
    }

    /// Whether what hangs on a record is as it is asked: its departments, references, images or documents.
    fn hangs(&self, entity: Entity, code: &str, name: &str, asked: &Json, language: Option<&str>) -> bool {
        let none = |asked: &Json| asked.is_null();
        match name {
            "department" if none(&asked["under"]) => true,
            "department" => {
                let top = text(&asked["under"]);
                self.departments(code).0.iter().any(|d| self.below(d, top))
            }
            "references" if none(&asked["some"]) => true,
            "references" => {
                let codes: Vec<String> =
                    self.references().into_iter().filter(|r| r.article == code).map(|r| r.code).collect();
                !self.list(Entity::Reference, &codes, &asked["some"], &Json::Null, language).is_empty()
            }
            _ if none(&asked["isEmpty"]) => true,
            _ => asked["isEmpty"] == self.files(entity, code, name == "images", language).is_empty(),
        }
    }

    /// Whether a department is another or below it, for who sees all between them.
    fn below(&self, department: &str, top: &str) -> bool {
        let path = self.path(department);
        let from = path.iter().position(|above| above == top);
        from.is_some_and(|from| path[from..].iter().all(|d| self.department_visible(d)))
    }

    /// The articles on the web that hang in a department or anywhere below it, in CODE order.
    pub fn articles_below(&self, department: &str) -> Vec<String> {
        let below = |d: &String| self.below(d, department);
        self.articles().into_iter().filter(|code| self.departments(code).0.iter().any(below)).collect()
    }
}

fn listed(
    codes: &[String],
    value: &dyn Fn(&str, &str) -> Json,
    hangs: &dyn Fn(&str, &str, &Json) -> bool,
    filter: &Json,
    sort: &Json,
) -> Vec<String> {
    let keys: Vec<&Json> = sort.as_array().into_iter().flatten().collect();
    let mut kept: Vec<(usize, &String, Vec<Json>)> = codes
        .iter()
        .enumerate()
        .filter(|(_, code)| {
            passes(&|field| value(code, field), &|name, asked| hangs(code, name, asked), filter)
        })
        .map(|(place, code)| (place, code, keys.iter().map(|key| value(code, &sorted_by(key))).collect()))
        .collect();
    kept.sort_by(|a, b| {
        for (n, key) in keys.iter().enumerate() {
            let found = if sorted_by(key) == "code" {
                let order = a.0.cmp(&b.0);
                if key["direction"] == "DESC" { order.reverse() } else { order }
            } else {
                by_key(key, &a.2[n], &b.2[n])
            };
            if found != Ordering::Equal {
                return found;
            }
        }
        a.0.cmp(&b.0)
    });
    kept.into_iter().map(|(_, code, _)| code.clone()).collect()
}

/// `WARRANTY_MONTHS` → `warrantyMonths`.
fn sorted_by(key: &Json) -> String {
    let mut words = key["field"].as_str().expect("a sort field").split('_').map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

fn by_key(key: &Json, a: &Json, b: &Json) -> Ordering {
    let nulls_first = key["nulls"] == "FIRST";
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if nulls_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if nulls_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            let kind = kind(&sorted_by(key));
            let order = if kind == Kind::Text {
                let (a, b) = (text(a), text(b));
                folded(a).cmp(&folded(b)).then(a.cmp(b))
            } else {
                exactly(kind, a, b)
            };
            if key["direction"] == "DESC" { order.reverse() } else { order }
        }
    }
}

/// Whether a record passes a filter.
fn passes(value: &dyn Fn(&str) -> Json, hangs: &dyn Fn(&str, &Json) -> bool, filter: &Json) -> bool {
    filter.as_object().into_iter().flatten().all(|(name, asked)| {
        let mut all = asked.as_array().into_iter().flatten();
        match name.as_str() {
            "and" => all.all(|f| passes(value, hangs, f)),
            "or" => all.any(|f| passes(value, hangs, f)),
            "not" => !passes(value, hangs, asked),
            "department" | "references" | "images" | "documents" => hangs(name, asked),
            field => {
                let value = value(field);
                asked.as_object().into_iter().flatten().all(|(op, arg)| test(kind(field), &value, op, arg))
            }
        }
    })
}

fn test(kind: Kind, value: &Json, op: &str, arg: &Json) -> bool {
    match (op, arg) {
        ("eq", Json::Null) => return value.is_null(),
        ("ne", Json::Null) => return !value.is_null(),
        ("isNull", null) => return *null == value.is_null(),
        _ if value.is_null() => return false,
        _ => {}
    }
    let order = |other: &Json| exactly(kind, value, other);
    let among = || arg.as_array().expect("a list").iter().any(|other| order(other).is_eq());
    let words = |text: &str| if kind == Kind::Code { key(text) } else { folded(text) };
    match op {
        "eq" => order(arg).is_eq(),
        "ne" => order(arg).is_ne(),
        "in" => among(),
        "notIn" => !among(),
        "gt" => order(arg).is_gt(),
        "gte" => order(arg).is_ge(),
        "lt" => order(arg).is_lt(),
        "lte" => order(arg).is_le(),
        "matches" => words(text(value)) == words(text(arg)),
        "contains" => words(text(value)).contains(&words(text(arg))),
        "startsWith" => words(text(value)).starts_with(&words(text(arg))),
        "endsWith" => words(text(value)).ends_with(&words(text(arg))),
        other => panic!("no such test: {other}"),
    }
}

/// How two values compare as they are: text by code points, codes as the ERP's keys.
fn exactly(kind: Kind, a: &Json, b: &Json) -> Ordering {
    match kind {
        Kind::Code => key(text(a)).cmp(&key(text(b))),
        Kind::Text => text(a).cmp(text(b)),
        Kind::Number => number(a).cmp(&number(b)),
        Kind::Moment => moment(a).cmp(&moment(b)),
        Kind::Bool => a.as_bool().expect("a boolean").cmp(&b.as_bool().expect("a boolean")),
    }
}

fn text(value: &Json) -> &str {
    value.as_str().expect("text")
}

fn number(value: &Json) -> rust_decimal::Decimal {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().expect("a number")
}

fn moment(value: &Json) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::parse_from_rfc3339(text(value)).expect("a moment").to_utc()
}

/// A code as the ERP compares it: neither case nor trailing blanks count.
fn key(text: &str) -> String {
    text.trim_end().to_uppercase()
}

/// Text as a French shopper types it: without case, accents, ligatures, typographic apostrophes and
/// trailing blanks.
fn folded(text: &str) -> String {
    let plain: String = text.trim_end().nfkd().filter(|c| !('\u{300}'..='\u{36F}').contains(c)).collect();
    // The capital ẞ has ß as its small letter, and Ø is no O with an accent to Unicode.
    let mut plain = plain.to_lowercase();
    for (from, to) in [("œ", "oe"), ("æ", "ae"), ("ß", "ss"), ("ø", "o"), ("‘", "'"), ("’", "'"), ("ʼ", "'")]
    {
        plain = plain.replace(from, to);
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_folded_as_it_is_typed() {
        for (text, plain) in [
            ("Cœur d’Été  ", "coeur d'ete"),
            ("STRAẞE", "strasse"),
            ("Straße", "strasse"),
            ("ÆTHER", "aether"),
            ("Øre", "ore"),
            ("İzmir", "izmir"),
            // A letter of its own, not an i without its dot.
            ("ıznik", "ıznik"),
            ("e\u{301}te\u{301}", "ete"),
            ("🚲 50%_[x] ", "🚲 50%_[x]"),
            ("\u{301}", ""),
        ] {
            assert_eq!(folded(text), plain, "{text}");
        }
    }

    /// Six records with a title, a weight that may be missing and a flag.
    fn answer(filter: &Json, sort: &Json) -> Vec<String> {
        let rows = [
            ("A", json!("été"), json!("1.5"), json!(true)),
            ("B", json!("ETE"), json!(null), json!(null)),
            ("C", json!("Zèbre"), json!("10"), json!(false)),
            ("D", json!("ete"), json!("9"), json!(true)),
            ("E", json!("œuf"), json!("1.50"), json!(null)),
            ("F", json!(null), json!(null), json!(false)),
        ];
        let codes: Vec<String> = rows.iter().map(|r| r.0.to_owned()).collect();
        let value = |code: &str, field: &str| {
            let row = rows.iter().find(|r| r.0 == code).expect("a row");
            match field {
                "code" => json!(code),
                "title" => row.1.clone(),
                "weight" => row.2.clone(),
                _ => row.3.clone(),
            }
        };
        let hangs = |_: &str, name: &str, _: &Json| panic!("{name} of six letters");
        listed(&codes, &value, &hangs, filter, sort)
    }

    #[test]
    fn a_filter_is_what_it_says() {
        for (filter, expected) in [
            (json!(null), "ABCDEF"),
            (json!({}), "ABCDEF"),
            (json!({ "title": {} }), "ABCDEF"),
            (json!({ "title": { "eq": "ete" } }), "D"),
            (json!({ "title": { "ne": "ete" } }), "ABCE"),
            (json!({ "not": { "title": { "eq": "ete" } } }), "ABCEF"),
            (json!({ "title": { "matches": "Eté " } }), "ABD"),
            (json!({ "title": { "contains": "OE" } }), "E"),
            (json!({ "title": { "endsWith": "E" } }), "ABCD"),
            (json!({ "title": { "in": [] } }), ""),
            (json!({ "title": { "notIn": [] } }), "ABCDE"),
            (json!({ "title": { "eq": null } }), "F"),
            (json!({ "weight": { "ne": null } }), "ACDE"),
            (json!({ "weight": { "isNull": true }, "title": { "isNull": false } }), "B"),
            (json!({ "weight": { "eq": "1.50" } }), "AE"),
            (json!({ "weight": { "gt": "1.5", "lte": "9.0" } }), "D"),
            (json!({ "electric": { "eq": false } }), "CF"),
            (json!({ "or": [] }), ""),
            (json!({ "not": { "or": [] } }), "ABCDEF"),
            (json!({ "and": [] }), "ABCDEF"),
            (json!({ "or": [{ "title": { "startsWith": "z" } }, { "code": { "eq": "b " } }] }), "BC"),
            (
                json!({ "and": [{ "weight": { "isNull": false } }, { "not": { "electric": { "eq": true } } }] }),
                "CE",
            ),
        ] {
            assert_eq!(answer(&filter, &json!([])).concat(), expected, "{filter}");
        }
    }

    #[test]
    fn a_sort_is_what_it_says() {
        for (sort, expected) in [
            (json!(null), "ABCDEF"),
            (json!([{ "field": "CODE", "direction": "DESC" }]), "FEDCBA"),
            // Equal when folded: by code points, capitals first.
            (json!([{ "field": "TITLE" }]), "BDAECF"),
            (json!([{ "field": "TITLE", "direction": "DESC" }]), "CEADBF"),
            (json!([{ "field": "TITLE", "direction": "DESC", "nulls": "FIRST" }]), "FCEADB"),
            (json!([{ "field": "WEIGHT" }]), "AEDCBF"),
            (json!([{ "field": "WEIGHT", "direction": "DESC" }]), "CDAEBF"),
            (json!([{ "field": "WEIGHT", "nulls": "FIRST" }]), "BFAEDC"),
            (json!([{ "field": "ELECTRIC" }, { "field": "WEIGHT", "direction": "DESC" }]), "CFDAEB"),
            (json!([{ "field": "WEIGHT" }, { "field": "CODE", "direction": "DESC" }]), "EADCFB"),
        ] {
            assert_eq!(answer(&json!(null), &sort).concat(), expected, "{sort}");
        }
        assert_eq!(sorted_by(&json!({ "field": "WARRANTY_MONTHS" })), "warrantyMonths");
    }
}
