//! The settings that a map declares, with the values that the shop gives them: bound parameters of
//! expressions, and switches (`when`) that choose rows, children and fields.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::{
    config::{
        ShopConfig, SourceConfig,
        doc::{Data, Node, known_keys, misspelt},
    },
    diagnostics::{Diagnostics, Place, nearest},
    value::Value,
};

/// What a setting's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SettingType {
    Text,
    Integer,
    Boolean,
    /// One of the shop's languages but its first, or blank.
    Language,
}

impl SettingType {
    const ALL: [(&'static str, Self); 4] = [
        ("text", Self::Text),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("language", Self::Language),
    ];

    fn wanted(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::Language => "a language code",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::Language => matches!(value, Value::Text(_)),
            Self::Integer => matches!(value, Value::Int(_)),
            Self::Boolean => matches!(value, Value::Bool(_)),
        }
    }
}

/// One declared setting.
#[derive(Clone, Debug)]
struct Setting {
    ty: SettingType,
    /// The only values it may have; empty: any.
    allowed: Vec<Value>,
    least: i64,
    most: i64,
}

/// A map's settings with their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    declared: IndexMap<String, Setting>,
    /// Those whose declaration is broken: whoever uses one makes no mistake of his own.
    broken: Vec<String>,
    /// Every declared setting's value.
    pub values: BTreeMap<String, Value>,
}

/// A value of the file as a setting's value; `None` for lists and tables.
fn value(node: &Node) -> Option<Value> {
    match &node.data {
        Data::Text(text) => Some(Value::text(text.as_str())),
        Data::Integer(number) => Some(Value::Int(*number)),
        Data::Boolean(truth) => Some(Value::Bool(*truth)),
        _ => None,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("\"{text}\""),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        _ => "this value".to_owned(),
    }
}

impl Settings {
    /// Reads the `[settings]` of a map and gives each the shop's value or its default.
    pub fn read(
        node: Option<&Node>,
        source: &SourceConfig,
        shop: &ShopConfig,
        diags: &mut Diagnostics,
    ) -> Self {
        let mut settings = Self::default();
        for (name, entry) in node.and_then(|n| n.table("settings", diags)).into_iter().flatten() {
            settings.declare(name, &entry.node, entry.key_place(), &source.name, diags);
        }
        for (name, value) in &source.settings {
            let place = source.setting_places.get(name).unwrap_or(&source.place).clone();
            settings.give(name, value, place, source, shop, diags);
        }
        settings
    }

    fn declare(&mut self, name: &str, node: &Node, place: Place, source: &str, diags: &mut Diagnostics) {
        let within = format!("setting `{name}`");
        let Some(table) = node.table(&within, diags) else {
            self.broken.push(name.to_owned());
            return;
        };
        let known = ["type", "default", "values", "minimum", "maximum", "description", "by_source"];
        known_keys(table, &within, &known, diags);
        if matches!(name, "today" | "now" | "rank") {
            let message = format!("a setting cannot be called `{name}`");
            diags.error("RESERVED_NAME", place.clone(), message, "expressions use that name already");
        }
        if let Some(description) = node.get("description") {
            description.text("description", diags);
        } else {
            let message = format!("{within} has no `description`");
            diags.error("MISSING_KEY", place.clone(), message, "say what it decides");
        }
        let Some(ty) = node.get("type").and_then(|n| n.choice("type", &SettingType::ALL, diags)) else {
            if node.get("type").is_none() && !misspelt(table, "type", diags) {
                let message = format!("{within} has no `type`");
                let help = "add type = \"text\", \"integer\", \"boolean\" or \"language\"";
                diags.error("MISSING_KEY", place, message, help);
            }
            self.broken.push(name.to_owned());
            return;
        };
        let limit = |key: &str, usual: i64, diags: &mut Diagnostics| {
            node.get(key).and_then(|n| n.integer(key, i64::MIN, i64::MAX, diags)).unwrap_or(usual)
        };
        let least = limit("minimum", i64::MIN, diags);
        let most = limit("maximum", i64::MAX, diags);
        let listed = node.get("values").and_then(|n| n.list("values", diags)).unwrap_or(&[]);
        let allowed: Vec<Value> = listed.iter().filter_map(value).collect();
        let setting = Setting { ty, allowed, least, most };
        // Another default for a source of some name.
        let named = node.get("by_source").and_then(|n| n.table("by_source", diags));
        let others = named.into_iter().flatten().map(|(_, entry)| &entry.node);
        for item in listed.iter().chain(node.get("default")).chain(others) {
            if !value(item).is_some_and(|v| ty.fits(&v)) {
                let message = format!("{} in {within} is not {}", item.shown(), ty.wanted());
                diags.error("WRONG_TYPE", item.place(), message, format!("write {}", ty.wanted()));
            }
        }
        if let Some(default) = node.get("default") {
            let named = named.and_then(|named| named.get(source)).map(|entry| &entry.node);
            // The last that fits is the one that counts.
            for default in [Some(default), named].into_iter().flatten() {
                if let Some(value) = value(default).filter(|v| ty.fits(v)) {
                    if let Err((message, help)) = setting.accepts(name, &value) {
                        diags.error("BAD_VALUE", default.place(), message, help);
                    }
                    self.values.insert(name.to_owned(), value);
                }
            }
        } else {
            let message = format!("{within} has no `default`");
            diags.error("MISSING_KEY", place, message, "a shop that says nothing needs one");
        }
        self.declared.insert(name.to_owned(), setting);
    }

    fn give(
        &mut self,
        name: &str,
        value: &Value,
        place: Place,
        source: &SourceConfig,
        shop: &ShopConfig,
        diags: &mut Diagnostics,
    ) {
        let Some(setting) = self.declared.get(name) else {
            if self.is_declared(name) {
                return;
            }
            let message = format!("connector \"{}\" has no setting `{name}`", source.connector);
            diags.error("UNKNOWN_SETTING", place, message, self.help(name));
            return;
        };
        if !setting.ty.fits(value) {
            let message = format!("setting `{name}` is {}, not {}", shown(value), setting.ty.wanted());
            let help = format!("write {}", setting.ty.wanted());
            diags.error("WRONG_TYPE", place, message, help);
            return;
        }
        if let Err((message, help)) = setting.accepts(name, value) {
            diags.error("BAD_VALUE", place, message, help);
            return;
        }
        if let (SettingType::Language, Some(language)) = (setting.ty, value.as_str())
            && !language.is_empty()
            // Nobody knows the languages of a shop that does not say them as it should.
            && !shop.languages.is_empty()
        {
            let known = shop.languages.iter().position(|known| known == language);
            if known.is_none_or(|position| position == 0) {
                let message = match known {
                    None => format!("setting `{name}`: the shop has no language \"{language}\""),
                    Some(_) => format!("setting `{name}`: \"{language}\" is the shop's first language"),
                };
                let help = "write another of shop.languages, or leave it blank";
                diags.error("BAD_VALUE", place, message, help);
                return;
            }
        }
        self.values.insert(name.to_owned(), value.clone());
    }

    /// Whether the map declares a setting, be it badly: that is reported where it does.
    pub fn is_declared(&self, name: &str) -> bool {
        self.declared.contains_key(name) || self.is_broken(name)
    }

    /// Whether the map declares a setting so badly that nothing is known of it.
    pub fn is_broken(&self, name: &str) -> bool {
        self.broken.iter().any(|broken| broken == name)
    }

    /// The language that a setting names, if it is one and not blank.
    pub fn language(&self, name: &str) -> Option<&str> {
        self.declared.get(name).filter(|setting| setting.ty == SettingType::Language)?;
        self.values.get(name).and_then(Value::as_str).filter(|language| !language.is_empty())
    }

    /// Whether a setting names a language.
    pub fn is_language(&self, name: &str) -> bool {
        self.declared.get(name).is_some_and(|setting| setting.ty == SettingType::Language)
    }

    /// What to do about a setting that is not declared.
    pub fn help(&self, name: &str) -> String {
        let names = || self.declared.keys().map(String::as_str);
        match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.declared.is_empty() => "this connector has no settings".to_owned(),
            None => format!("its settings: {}", names().collect::<Vec<_>>().join(", ")),
        }
    }

    /// Whether a `when` holds: every setting named has the value, or one of the values, given.
    pub fn hold(&self, when: Option<&Node>, diags: &mut Diagnostics) -> bool {
        let Some(when) = when else { return true };
        let Some(table) = when.table("when", diags) else { return false };
        let mut all = true;
        for (name, entry) in table {
            let Some(setting) = self.declared.get(name) else {
                if self.is_declared(name) {
                    continue;
                }
                let message = format!("`when` names no setting: `{name}`");
                diags.error("UNKNOWN_SETTING", entry.key_place(), message, self.help(name));
                continue;
            };
            // `{ not = … }` turns it round.
            let turned = entry.node.get("not");
            if let Some(table) = entry.node.as_table() {
                known_keys(table, "`when`", &["not"], diags);
            }
            let node = turned.unwrap_or(&entry.node);
            let one = std::slice::from_ref(node);
            let wanted = if let Data::List(items) = &node.data { items.as_slice() } else { one };
            let mut any = false;
            for item in wanted {
                let value = value(item).filter(|v| setting.ty.fits(v));
                match value.map(|v| (setting.accepts(name, &v), v)) {
                    None => {
                        let message = format!("setting `{name}` is never {}", item.shown());
                        let help = format!("write {}", setting.ty.wanted());
                        diags.error("WRONG_TYPE", item.place(), message, help);
                    }
                    Some((Err((message, help)), _)) => {
                        diags.error("BAD_VALUE", item.place(), message, help);
                    }
                    Some((Ok(()), value)) => any |= self.values.get(name) == Some(&value),
                }
            }
            all &= any != turned.is_some();
        }
        all
    }
}

impl Setting {
    fn accepts(&self, name: &str, value: &Value) -> Result<(), (String, String)> {
        if let Value::Int(number) = value
            && (*number < self.least || *number > self.most)
        {
            let help = match (self.least, self.most) {
                (least, most) if least == most => format!("only {least} is possible in this version"),
                (least, i64::MAX) => format!("write {least} or more"),
                (i64::MIN, most) => format!("write {most} or less"),
                (least, most) => format!("write a whole number from {least} to {most}"),
            };
            return Err((format!("setting `{name}` cannot be {number}"), help));
        }
        if !self.allowed.is_empty() && !self.allowed.contains(value) {
            let allowed: Vec<String> = self.allowed.iter().map(shown).collect();
            let help = format!("write one of {}", allowed.join(", "));
            return Err((format!("setting `{name}` cannot be {}", shown(value)), help));
        }
        Ok(())
    }
}
