//! Fields of rows and of child rows: an expression or child rows' text, other languages, what means
//! nothing, and what the text is.

use chrono::NaiveDate;
use indexmap::IndexMap;

use super::{
    expression::{Reader, Scope, alternatives},
    map::{AbsentWhen, ChildText, FieldMap, Format},
};
use crate::{
    config::doc::{Data, Node, known_keys, one_of},
    diagnostics::Place,
    sources::Expr,
};

const FORMATS: [(&str, Format); 4] =
    [("text", Format::Text), ("html", Format::Html), ("rtf", Format::Rtf), ("file", Format::File)];

const NOTHINGS: [&str; 6] = ["blank", "zero", "false", "blank_is_value", "zero_is_value", "false_is_value"];

/// A field's `child`, to be checked when all child lists are known.
#[derive(Clone, Debug)]
pub(super) struct ChildUse {
    pub text: ChildText,
    pub child_place: Place,
    pub column_place: Place,
}

impl Reader<'_> {
    /// Reads a table of fields; `false` takes one away.
    pub fn fields(
        &mut self,
        node: Option<&Node>,
        scope: &Scope,
        uses: &mut Vec<ChildUse>,
    ) -> IndexMap<String, FieldMap> {
        let mut fields = IndexMap::new();
        let Some(table) = node.and_then(|node| node.table("fields", self.diags)) else {
            return fields;
        };
        for (name, entry) in table {
            if matches!(entry.node.data, Data::Boolean(false)) {
                continue;
            }
            let mut chosen = None;
            for item in alternatives(&entry.node) {
                let (field, holds) = self.field(item, name, scope, uses);
                if holds && chosen.is_none() {
                    chosen = Some(field);
                }
            }
            if let Some(mut field) = chosen.flatten() {
                field.place = entry.key_place();
                fields.insert(name.clone(), field);
            }
        }
        fields
    }

    /// One alternative of a field, and whether its `when` holds.
    fn field(
        &mut self,
        node: &Node,
        name: &str,
        scope: &Scope,
        uses: &mut Vec<ChildUse>,
    ) -> (Option<FieldMap>, bool) {
        let Some(table) = node.as_table() else {
            let field = self.expr(node, name, scope).map(|expr| FieldMap {
                expr: Some(expr),
                absent_when: self.defaults.clone(),
                ..FieldMap::default()
            });
            return (field, true);
        };
        let within = format!("field `{name}`");
        let known =
            ["when", "expr", "child", "column", "join", "languages", "absent_when", "format", "optional"];
        known_keys(table, &within, &known, self.diags);
        let holds = self.settings.hold(node.get("when"), self.diags);
        let mark = self.diags.mark();
        let child = node.get("child").and_then(|child| self.child_text(node, child, uses));
        let expr = match node.get("expr") {
            Some(expr) if node.get("child").is_some() => {
                let message = format!("{within} has both `expr` and `child`");
                self.diags.error("CONFLICT", expr.place(), message, "keep one of the two");
                None
            }
            Some(expr) => self.expr(expr, name, scope),
            None => None,
        };
        if node.get("expr").is_none() && node.get("child").is_none() {
            let message = format!("{within} has neither `expr` nor `child`");
            self.diags.error("MISSING_KEY", node.place(), message, "add expr = \"…\"");
        }
        for key in ["column", "join"] {
            if let Some(value) = node.get(key).filter(|_| node.get("child").is_none()) {
                let message = format!("`{key}` means nothing without `child`");
                self.diags.error("CONFLICT", value.place(), message, "add child, or remove it");
            }
        }
        let languages = self.languages(node.get("languages"), name, scope);
        let absent_when = self.absent_when(node.get("absent_when"));
        let format = node
            .get("format")
            .and_then(|format| format.choice("format", &FORMATS, self.diags))
            .unwrap_or_default();
        let optional = node
            .get("optional")
            .and_then(|optional| optional.boolean("optional", self.diags))
            .unwrap_or(false);
        let field = FieldMap {
            expr,
            child,
            languages,
            absent_when,
            format,
            optional,
            complement: false,
            zone: None,
            place: node.place(),
        };
        ((!self.diags.errors_since(mark)).then_some(field), holds)
    }

    fn child_text(&mut self, node: &Node, child: &Node, uses: &mut Vec<ChildUse>) -> Option<ChildText> {
        let name = child.filled("child", self.diags)?.to_owned();
        let Some(column) = node.get("column") else {
            self.missing(node, "column", "the child's field that holds the text");
            return None;
        };
        let text = ChildText {
            child: name,
            column: column.filled("column", self.diags)?.to_owned(),
            join: match node.get("join") {
                Some(join) => join.text("join", self.diags)?.to_owned(),
                None => "\n".to_owned(),
            },
        };
        uses.push(ChildUse { text: text.clone(), child_place: child.place(), column_place: column.place() });
        Some(text)
    }

    /// The same field in other languages: by code, or by `:setting` that names the language. What
    /// the shop does not speak is left out.
    fn languages(&mut self, node: Option<&Node>, name: &str, scope: &Scope) -> IndexMap<String, Expr> {
        let mut languages = IndexMap::new();
        let Some(table) = node.and_then(|node| node.table("languages", self.diags)) else {
            return languages;
        };
        for (key, entry) in table {
            let expr = self.expr(&entry.node, name, scope);
            let language = match key.strip_prefix(':') {
                Some(setting) if self.settings.is_language(setting) => {
                    self.settings.language(setting).map(str::to_owned)
                }
                Some(setting) if self.settings.is_broken(setting) => None,
                Some(setting) => {
                    let message = format!("`:{setting}` is no setting of type \"language\"");
                    let help = self.settings.help(setting);
                    self.diags.error("UNKNOWN_SETTING", entry.key_place(), message, help);
                    None
                }
                None => Some(key.clone()),
            };
            let spoken = language.filter(|l| self.shop.languages.iter().skip(1).any(|s| s == l));
            if let (Some(language), Some(expr)) = (spoken, expr)
                && languages.insert(language.clone(), expr).is_some()
            {
                let message = format!("field `{name}` has language \"{language}\" twice");
                let help = "give the two settings different languages";
                self.diags.error("DUPLICATE", entry.key_place(), message, help);
            }
        }
        languages
    }

    /// What means nothing: a field's own list, on top of the map's defaults.
    pub fn absent_when(&mut self, node: Option<&Node>) -> AbsentWhen {
        let mut absent = self.defaults.clone();
        let items = node.and_then(|node| node.list("absent_when", self.diags)).unwrap_or(&[]);
        for item in items {
            match &item.data {
                Data::Text(word) => match word.as_str() {
                    "blank" => absent.blank = Some(true),
                    "zero" => absent.zero = Some(true),
                    "false" => absent.false_ = Some(true),
                    "blank_is_value" => absent.blank = Some(false),
                    "zero_is_value" => absent.zero = Some(false),
                    "false_is_value" => absent.false_ = Some(false),
                    day => {
                        if let Ok(day) = NaiveDate::parse_from_str(day, "%Y-%m-%d") {
                            absent.dates.push(day);
                        } else {
                            let message = format!("`absent_when` does not know {}", item.shown());
                            let help = format!(
                                "{}; for a text that means nothing write {{ text = \"…\" }}",
                                one_of(word, &NOTHINGS)
                            );
                            self.diags.error("BAD_VALUE", item.place(), message, help);
                        }
                    }
                },
                Data::Date(day) => absent.dates.push(*day),
                Data::Table(table) => {
                    known_keys(table, "`absent_when`", &["text"], self.diags);
                    match item.get("text") {
                        Some(text) => absent.texts.extend(text.text("text", self.diags).map(str::to_owned)),
                        None => self.missing(item, "text", "the raw text that means nothing"),
                    }
                }
                _ => {
                    let message = format!("`absent_when` holds {}", item.kind());
                    let help = "list words such as \"zero\", dates, or { text = \"…\" }";
                    self.diags.error("WRONG_TYPE", item.place(), message, help);
                }
            }
        }
        absent
    }
}
