//! TOML with places: every value and key of a file knows where it was written, so that whoever
//! finds something wrong with it can say so. Used for `comptoir.toml` and for connector maps.

use std::{borrow::Cow, ops::Range, sync::Arc};

use chrono::NaiveDate;
use indexmap::IndexMap;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::diagnostics::{Diagnostics, Place, nearest};

/// A file's text under the name that the user knows.
#[derive(Debug, PartialEq, Eq)]
pub struct Doc {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Doc {
    /// The place of a byte of the text.
    pub fn place(&self, offset: usize) -> Place {
        Place::of_offset(self.name.clone(), &self.text, offset)
    }
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    doc: Arc<Doc>,
    span: Range<usize>,
    /// The value.
    pub data: Data,
    /// Whether the text came, wholly or in part, from the environment: then it is never printed.
    pub from_environment: bool,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug)]
pub enum Data {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number, as written.
    Number(String),
    /// true or false.
    Boolean(bool),
    /// A calendar day.
    Date(NaiveDate),
    /// A time, a moment, or a number out of range: nothing here takes one.
    Other(String),
    /// A list, or an array of tables.
    List(Vec<Node>),
    /// A table.
    Table(IndexMap<String, Entry>),
}

/// One key of a table.
#[derive(Clone, Debug)]
pub struct Entry {
    key: Range<usize>,
    key_doc: Arc<Doc>,
    /// Its value.
    pub node: Node,
}

impl Entry {
    /// Where the key stands.
    pub fn key_place(&self) -> Place {
        self.key_doc.place(self.key.start)
    }
}

/// Reads a TOML text. Syntax errors are reported, all of them, and nothing is returned.
pub fn parse(name: &str, text: &str, diags: &mut Diagnostics) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let doc = Arc::new(Doc { name: name.to_owned(), text: text.to_owned() });
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = doc.place(error.span().map_or(0, |span| span.start));
        let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
        diags.error(
            "TOML_SYNTAX",
            place,
            message,
            "correct it: what else this file says is checked after that (https://toml.io tells the format)",
        );
    }
    if !errors.is_empty() {
        return None;
    }
    let span = table.span();
    Some(Node { data: Data::Table(entries(&doc, table.get_ref())), doc, span, from_environment: false })
}

fn entries(doc: &Arc<Doc>, table: &DeTable<'_>) -> IndexMap<String, Entry> {
    table
        .iter()
        .map(|(key, value)| {
            let entry = Entry { key: key.span(), key_doc: Arc::clone(doc), node: node(doc, value) };
            (key.get_ref().to_string(), entry)
        })
        .collect()
}

fn node(doc: &Arc<Doc>, value: &Spanned<DeValue<'_>>) -> Node {
    let data = match value.get_ref() {
        DeValue::String(text) => Data::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Data::Integer(number),
            Err(_) => Data::Other(number.to_string()),
        },
        DeValue::Float(number) => Data::Number(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Data::Boolean(*truth),
        DeValue::Datetime(moment) => match (moment.date, moment.time, moment.offset) {
            (Some(day), None, None) => {
                NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into())
                    .map_or_else(|| Data::Other(moment.to_string()), Data::Date)
            }
            _ => Data::Other(moment.to_string()),
        },
        DeValue::Array(items) => Data::List(items.iter().map(|item| node(doc, item)).collect()),
        DeValue::Table(table) => Data::Table(entries(doc, table)),
    };
    Node { doc: Arc::clone(doc), span: value.span(), data, from_environment: false }
}

impl Node {
    /// The tree of a file that says nothing.
    pub fn nothing(name: &str) -> Self {
        let doc = Arc::new(Doc { name: name.to_owned(), text: String::new() });
        Self { doc, span: 0..0, data: Data::Table(IndexMap::new()), from_environment: false }
    }

    /// Where the value stands.
    pub fn place(&self) -> Place {
        self.doc.place(self.span.start)
    }

    /// Where a byte of a string's *value* stands in the file: quotes and escapes are counted.
    pub fn place_in(&self, offset: usize) -> Place {
        let raw = self.doc.text.get(self.span.clone()).unwrap_or("");
        self.doc.place(self.span.start + raw_offset(raw, offset))
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Text(_) => "text",
            Data::Integer(_) => "a whole number",
            Data::Number(_) => "a decimal number",
            Data::Boolean(_) => "true or false",
            Data::Date(_) => "a date",
            Data::Other(_) => "a time or a number out of range",
            Data::List(_) => "a list",
            Data::Table(_) => "a table",
        }
    }

    /// The table, when it is one.
    pub fn as_table(&self) -> Option<&IndexMap<String, Entry>> {
        match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The table, when it is one.
    pub fn as_table_mut(&mut self) -> Option<&mut IndexMap<String, Entry>> {
        match &mut self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The text, when it is text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A key of a table; nothing when it is no table or has no such key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        Some(&self.as_table()?.get(key)?.node)
    }

    /// A key of a table, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        Some(&mut self.as_table_mut()?.get_mut(key)?.node)
    }

    /// Sets a key of a table; does nothing when it is no table.
    pub fn put(&mut self, key: String, entry: Entry) {
        if let Some(table) = self.as_table_mut() {
            table.insert(key, entry);
        }
    }

    fn wrong(&self, key: &str, wanted: &str, diags: &mut Diagnostics) {
        let message = format!("`{key}` is {}, not {wanted}", self.kind());
        diags.error("WRONG_TYPE", self.place(), message, format!("write {wanted}"));
    }

    /// The value as text; anything else is reported.
    pub fn text(&self, key: &str, diags: &mut Diagnostics) -> Option<&str> {
        let text = self.as_text();
        if text.is_none() {
            self.wrong(key, "text", diags);
        }
        text
    }

    /// The value as text that is not blank; anything else is reported.
    pub fn filled(&self, key: &str, diags: &mut Diagnostics) -> Option<&str> {
        let text = self.text(key, diags)?;
        if text.trim().is_empty() {
            let message = format!("`{key}` is blank");
            diags.error("BAD_VALUE", self.place(), message, "give it a value, or leave the key out");
            return None;
        }
        Some(text)
    }

    /// The value as true or false; anything else is reported.
    pub fn boolean(&self, key: &str, diags: &mut Diagnostics) -> Option<bool> {
        if let Data::Boolean(truth) = self.data {
            return Some(truth);
        }
        self.wrong(key, "true or false", diags);
        None
    }

    /// The value as a whole number within limits; anything else is reported.
    pub fn integer(&self, key: &str, least: i64, most: i64, diags: &mut Diagnostics) -> Option<i64> {
        let Data::Integer(number) = self.data else {
            self.wrong(key, "a whole number", diags);
            return None;
        };
        if number < least || number > most {
            let message = format!("`{key}` is {number}, outside {least} to {most}");
            let help = format!("write a whole number from {least} to {most}");
            diags.error("OUT_OF_RANGE", self.place(), message, help);
            return None;
        }
        Some(number)
    }

    /// The value as a table; anything else is reported.
    pub fn table(&self, key: &str, diags: &mut Diagnostics) -> Option<&IndexMap<String, Entry>> {
        let table = self.as_table();
        if table.is_none() {
            self.wrong(key, "a table", diags);
        }
        table
    }

    /// The value as a list; anything else is reported.
    pub fn list(&self, key: &str, diags: &mut Diagnostics) -> Option<&[Node]> {
        if let Data::List(items) = &self.data {
            return Some(items);
        }
        self.wrong(key, "a list", diags);
        None
    }

    /// The value as a list of texts; whatever is none is reported and left out.
    pub fn texts(&self, key: &str, diags: &mut Diagnostics) -> Vec<(String, Place)> {
        let Some(items) = self.list(key, diags) else { return Vec::new() };
        items.iter().filter_map(|item| Some((item.text(key, diags)?.to_owned(), item.place()))).collect()
    }

    /// One of a few words; anything else is reported with the nearest of them.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], diags: &mut Diagnostics) -> Option<T> {
        let text = self.text(key, diags)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let message = format!("`{key}` cannot be {}", self.shown());
        diags.error("BAD_VALUE", self.place(), message, one_of(text, &words));
        None
    }

    /// The value for messages: quoted text, unless it came from the environment.
    pub fn shown(&self) -> Cow<'static, str> {
        match &self.data {
            _ if self.from_environment => "the value given by the environment".into(),
            Data::Text(text) => format!("\"{text}\"").into(),
            Data::Integer(number) => number.to_string().into(),
            Data::Number(text) | Data::Other(text) => text.clone().into(),
            Data::Boolean(truth) => truth.to_string().into(),
            Data::Date(day) => day.to_string().into(),
            Data::List(_) => "this list".into(),
            Data::Table(_) => "this table".into(),
        }
    }
}

/// The help for a word that is none of the known ones.
pub fn one_of(word: &str, words: &[&str]) -> String {
    match (nearest(word, words.iter().copied()), words) {
        (Some(near), _) => format!("did you mean \"{near}\"?"),
        (None, [only]) => format!("write \"{only}\""),
        (None, _) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            format!("write one of {}", quoted.join(", "))
        }
    }
}

/// Reports every key of a table that is not among the known ones.
pub fn known_keys(table: &IndexMap<String, Entry>, within: &str, known: &[&str], diags: &mut Diagnostics) {
    for (key, entry) in table {
        if known.contains(&key.as_str()) {
            continue;
        }
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "remove it".to_owned(),
            None => format!("known keys here: {}", known.join(", ")),
        };
        let message = format!("unknown key `{key}` in {within}");
        diags.error("UNKNOWN_KEY", entry.key_place(), message, help);
    }
}

/// Whether a key that a table lacks is there under a mistyped name, which has been reported
/// ([`known_keys`]): then that it is missing is no second mistake.
pub fn misspelt(table: &IndexMap<String, Entry>, key: &str, diags: &Diagnostics) -> bool {
    table.iter().any(|(other, entry)| {
        other != key && nearest(other, [key]).is_some() && diags.told(&entry.key_place())
    })
}

/// How many bytes of a TOML string token stand before a byte of its value.
fn raw_offset(raw: &str, offset: usize) -> usize {
    let multi = raw.starts_with("'''") || raw.starts_with("\"\"\"");
    let literal = raw.starts_with('\'');
    let mut at = if multi { 3 } else { 1 };
    if multi {
        let rest = raw.get(at..).unwrap_or("");
        at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    if literal {
        return at + offset;
    }
    let mut value = 0;
    while value < offset {
        let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) else { break };
        let (raw_length, value_length) = unit(rest);
        at += raw_length;
        value += value_length;
    }
    at
}

/// The lengths of the first unit of a basic string's text: as written, and as a value.
fn unit(rest: &str) -> (usize, usize) {
    let mut characters = rest.chars();
    let first = characters.next().map_or(1, char::len_utf8);
    if !rest.starts_with('\\') {
        return (first, first);
    }
    let digits = match characters.next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(c) if c.is_whitespace() => {
            return (1 + rest[1..].len() - rest[1..].trim_start().len(), 0);
        }
        _ => return (2, 1),
    };
    let decoded = rest
        .get(2..2 + digits)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .and_then(char::from_u32)
        .map_or(1, char::len_utf8);
    (2 + digits, decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> usize {
        let mut diags = Diagnostics::default();
        let root = parse("t.toml", text, &mut diags).unwrap();
        root.get("a").unwrap().place_in(offset).column
    }

    #[test]
    fn a_byte_of_a_string_is_found_behind_quotes_and_escapes() {
        assert_eq!(at("a = 'xyz'", 1), 7);
        assert_eq!(at(r#"a = "xyz""#, 0), 6);
        assert_eq!(at(r#"a = "\n\u00e9z""#, 3), 14);
        assert_eq!(at("a = \"\"\"\nxy\"\"\"", 1), 2);
    }

    #[test]
    fn every_syntax_error_is_reported() {
        let mut diags = Diagnostics::default();
        assert!(parse("t.toml", "a = \nb = 1\nc = tru\n", &mut diags).is_none());
        assert!(diags.items.len() >= 2, "{diags:?}");
        assert!(diags.items.iter().all(|d| d.code == "TOML_SYNTAX"));
    }

    #[test]
    fn keys_and_values_know_their_place() {
        let mut diags = Diagnostics::default();
        let root = parse("t.toml", "[a.b]\nc = 1 # x\n[[d]]\ne = 'f'\n", &mut diags).unwrap();
        let b = &root.get("a").unwrap().as_table().unwrap()["b"];
        assert_eq!(b.key_place().to_string(), "t.toml:1:4");
        assert_eq!(b.node.get("c").unwrap().place().to_string(), "t.toml:2:5");
        let Data::List(d) = &root.get("d").unwrap().data else { panic!() };
        assert_eq!(d[0].place().line, 3);
        known_keys(b.node.as_table().unwrap(), "[a.b]", &["cc"], &mut diags);
        assert_eq!(diags.items[0].help, "did you mean `cc`?");
    }
}
