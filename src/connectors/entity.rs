//! Entities of a map: row sources with their keys and codes, translations, markers.

use indexmap::IndexMap;

use super::{
    code,
    expression::{Reader, Scope},
    field::ChildUse,
    map::{ChangeColumn, CodeRule, EntityMap, KeyColumn, MarkerRows, RowSource, Spelling, TextRows},
};
use crate::{
    config::doc::{Data, Entry, Node, known_keys},
    sources::{
        Expr,
        expr::CastType,
        select::{Join, Table},
    },
    value::KeyCompare,
};

const COMPARES: [(&str, KeyCompare); 3] =
    [("binary", KeyCompare::Binary), ("ci_as", KeyCompare::CiAs), ("ci_ai", KeyCompare::CiAi)];

const SPELLINGS: [(&str, Spelling); 2] = [("upper", Spelling::Upper), ("any", Spelling::Any)];

const PRECISIONS: [(&str, &str); 5] = [
    ("microsecond", "microsecond"),
    ("millisecond", "millisecond"),
    ("second", "second"),
    ("minute", "minute"),
    ("day", "day"),
];

impl Reader<'_> {
    /// Reads one entity.
    pub fn entity(&mut self, name: &str, entry: &Entry) -> EntityMap {
        let node = &entry.node;
        let mut entity = EntityMap { place: entry.key_place(), ..EntityMap::default() };
        let within = format!("[entity.{name}]");
        let Some(table) = node.table(&within, self.diags) else { return entity };
        let known = ["exists", "rows", "children", "texts", "markers", "replace"];
        known_keys(table, &within, &known, self.diags);
        if let Some(replace) = node.get("replace") {
            replace.boolean("replace", self.diags);
        }
        if let Some(exists) = table.get("exists") {
            entity.exists = match exists.node.get("when") {
                // A base that may stand beside an ERP, or be one.
                Some(when) => self.settings.hold(Some(when), self.diags),
                None => exists.node.boolean("exists", self.diags).unwrap_or(false),
            };
            entity.place = exists.key_place();
        }
        let mut uses = Vec::new();
        let mut row_names = Vec::new();
        let mark = self.diags.mark();
        let rows = node.get("rows").and_then(|rows| rows.list("rows", self.diags)).unwrap_or(&[]);
        for row in rows {
            let Some((row, holds)) = self.row(row, &mut uses) else {
                // A broken row source is there all the same.
                row_names.extend(word(row, ["name", "table"]));
                continue;
            };
            row_names.push(row.name.clone());
            if !holds {
                continue;
            }
            if entity.rows.iter().any(|other| other.name == row.name) {
                let message = format!("{name} has two row sources called `{}`", row.name);
                let help = "give one of them another name, or a `when` that excludes the other";
                self.diags.error("DUPLICATE", row.place.clone(), message, help);
            }
            entity.rows.push(row);
        }
        if entity.rows.is_empty() && !self.diags.errors_since(mark) {
            let message = format!("{name} has no row source");
            let help = format!("add [[entity.{name}.rows]] with table and key, or check its `when`");
            self.diags.error("MISSING_KEY", entry.key_place(), message, help);
        }
        let known = self.children(node.get("children"), &row_names, &mut entity);
        for used in &uses {
            self.check_use(used, &known);
        }
        entity.texts = node.get("texts").and_then(|texts| self.text_rows(texts));
        entity.markers = node.get("markers").and_then(|markers| self.marker_rows(markers));
        entity
    }

    /// Reads a row source, and whether its `when` holds.
    fn row(&mut self, node: &Node, uses: &mut Vec<ChildUse>) -> Option<(RowSource, bool)> {
        let mark = self.diags.mark();
        let table = node.table("rows", self.diags)?;
        let known = [
            "name", "when", "table", "as", "prefix", "joins", "filter", "distinct", "key", "code", "parent",
            "native", "repeats", "order", "visible", "closed", "change", "fields",
        ];
        known_keys(table, "rows", &known, self.diags);
        let holds = self.settings.hold(node.get("when"), self.diags);
        let (main, joins, scope) = self.tables(node);
        let main = main?;
        let name = match node.get("name") {
            Some(name) => name.filled("name", self.diags)?.to_owned(),
            None => main.name.clone(),
        };
        let key = self.key(node, &scope);
        let code = self.code(node, &scope, &key);
        let repeats = self.repeats(node, &scope);
        let mut optional = |key: &str| {
            let value = node.get(key)?;
            // `visible = false` in a shop's file takes the built-in one away.
            if matches!(value.data, Data::Boolean(false)) {
                return None;
            }
            self.choice(value, key, &scope)
        };
        let row = RowSource {
            filter: optional("filter"),
            parent: optional("parent"),
            native: optional("native"),
            order: optional("order"),
            repeats,
            visible: optional("visible"),
            closed: optional("closed"),
            distinct: self.distinct(node),
            change: self.change(node, &scope),
            fields: self.fields(node.get("fields"), &scope, uses),
            defaults: self.defaults.clone(),
            place: node.place(),
            name,
            table: main,
            joins,
            key,
            code: code.unwrap_or_default(),
        };
        (!self.diags.errors_since(mark)).then_some((row, holds))
    }

    /// The joined row that a row repeats, by its alias.
    fn repeats(&mut self, node: &Node, scope: &Scope) -> Option<String> {
        let alias = node.get("repeats")?;
        let text = alias.filled("repeats", self.diags)?;
        // The first is the row's own table.
        let joined = scope.aliases.get(1..).unwrap_or(&[]);
        if !joined.iter().any(|a| a == text) {
            let message = format!("`repeats` names no joined table: `{text}`");
            let help = match joined {
                [] => "this row joins nothing".to_owned(),
                joined => format!("joined here: {}", joined.join(", ")),
            };
            self.diags.error("UNKNOWN_TABLE", alias.place(), message, help);
            return None;
        }
        Some(text.to_owned())
    }

    /// Whether rows that say the same are one.
    pub(super) fn distinct(&mut self, node: &Node) -> bool {
        let distinct = node.get("distinct").and_then(|n| n.boolean("distinct", self.diags)).unwrap_or(false);
        if let Some(change) = node.get("change").filter(|_| distinct) {
            let message = "rows that are taken once have no change column: it would tell them apart";
            self.diags.error("CONFLICT", change.place(), message, "take `change` or `distinct` away");
        }
        distinct
    }

    /// The main table, the joins, and the scope of expressions over them.
    pub(super) fn tables(&mut self, node: &Node) -> (Option<Table>, Vec<Join>, Scope) {
        let mut scope = Scope::default();
        let main = self.one_table(node);
        scope.aliases.extend(main.iter().map(|main| main.alias.clone()));
        let mut joins = Vec::new();
        let listed = node.get("joins").and_then(|j| j.list("joins", self.diags)).unwrap_or(&[]);
        for join in listed {
            let Some(keys) = join.table("joins", self.diags) else { continue };
            known_keys(keys, "a join", &["table", "as", "prefix", "on"], self.diags);
            let Some(table) = self.one_table(join) else {
                scope.aliases.extend(word(join, ["as", "table"]));
                continue;
            };
            if scope.aliases.contains(&table.alias) {
                let message = format!("two tables are called `{}`", table.alias);
                let help = "give one of them another name with `as`";
                self.diags.error("DUPLICATE", join.place(), message, help);
            }
            // A join may name the tables before it and itself.
            scope.aliases.push(table.alias.clone());
            if let Some(on) = self.required(join, "on", &scope) {
                joins.push(Join { table, on });
            }
        }
        (main, joins, scope)
    }

    fn one_table(&mut self, node: &Node) -> Option<Table> {
        let Some(name) = node.get("table") else {
            self.missing(node, "table", "the table's name");
            return None;
        };
        let name = name.filled("table", self.diags)?.to_owned();
        let alias = match node.get("as") {
            Some(alias) => alias.filled("as", self.diags)?.to_owned(),
            None => name.clone(),
        };
        let prefix = match node.get("prefix") {
            Some(node) => self.prefix(node),
            None => None,
        };
        Some(Table { prefix, name, alias })
    }

    /// A table's database or schema: the value of a text setting, nothing when it is blank.
    fn prefix(&mut self, node: &Node) -> Option<String> {
        let setting = node.filled("prefix", self.diags)?;
        if !self.settings.is_declared(setting) {
            let message = format!("`prefix` names no setting: `{setting}`");
            self.diags.error("UNKNOWN_SETTING", node.place(), message, self.settings.help(setting));
            return None;
        }
        let value = self.settings.values.get(setting).and_then(|value| value.as_str());
        value.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    fn key(&mut self, node: &Node, scope: &Scope) -> Vec<KeyColumn> {
        let Some(key) = node.get("key") else {
            self.missing(node, "key", "{ code = { expr = \"…\", type = \"varchar(20)\" } }");
            return Vec::new();
        };
        let Some(table) = key.table("key", self.diags) else { return Vec::new() };
        if table.is_empty() {
            let help = "name at least one key column";
            self.diags.error("BAD_VALUE", key.place(), "`key` is empty", help);
        }
        table.iter().filter_map(|(name, entry)| self.key_column(name, &entry.node, scope, None)).collect()
    }

    /// A key column: an expression, or a table that says its type too; what it does not say is as in
    /// the key column it corresponds to, if any.
    pub(super) fn key_column(
        &mut self,
        name: &str,
        node: &Node,
        scope: &Scope,
        like: Option<&KeyColumn>,
    ) -> Option<KeyColumn> {
        let usual = (
            like.map_or(CastType::Text(0), |like| like.ty),
            like.map_or(KeyCompare::Binary, |like| like.compare),
            like.is_none_or(|like| like.trim),
        );
        let name = name.to_owned();
        let Some(table) = node.as_table() else {
            let expr = self.expr(node, &name, scope)?;
            let spelling = Spelling::Any;
            return Some(KeyColumn { name, expr, ty: usual.0, compare: usual.1, trim: usual.2, spelling });
        };
        let within = format!("key column `{name}`");
        known_keys(table, &within, &["expr", "type", "compare", "trim", "spelling"], self.diags);
        let expr = self.required(node, "expr", scope);
        let ty = match node.get("type") {
            None => Some(usual.0),
            Some(ty) => self.key_type(ty),
        };
        let compare = node.get("compare").and_then(|n| n.choice("compare", &COMPARES, self.diags));
        let trim = node.get("trim").and_then(|n| n.boolean("trim", self.diags));
        let compare = compare.unwrap_or(usual.1);
        let spelling = node.get("spelling").map_or(Spelling::Any, |n| self.spelling(n, compare));
        Some(KeyColumn { name, expr: expr?, ty: ty?, compare, trim: trim.unwrap_or(usual.2), spelling })
    }

    /// How keys are spelled: a word, or the text setting that says it.
    fn spelling(&mut self, node: &Node, compare: KeyCompare) -> Spelling {
        let spelling = match node.get("setting") {
            None => node.choice("spelling", &SPELLINGS, self.diags).unwrap_or_default(),
            Some(setting) => {
                if let Some(table) = node.as_table() {
                    known_keys(table, "`spelling`", &["setting"], self.diags);
                }
                let Some(name) = setting.filled("setting", self.diags) else { return Spelling::Any };
                if !self.settings.is_declared(name) {
                    let message = format!("`spelling` names no setting: `{name}`");
                    self.diags.error("UNKNOWN_SETTING", setting.place(), message, self.settings.help(name));
                    return Spelling::Any;
                }
                let said = self.settings.values.get(name).and_then(|value| value.as_str());
                let Some(known) = SPELLINGS.iter().find(|(word, _)| said == Some(word)) else {
                    if !self.settings.is_broken(name) {
                        let message = format!("setting `{name}` says of no key how it is spelled");
                        let help = "give it values = [\"upper\", \"any\"]";
                        self.diags.error("BAD_VALUE", setting.place(), message, help);
                    }
                    return Spelling::Any;
                };
                known.1
            }
        };
        if spelling == Spelling::Upper && compare == KeyCompare::CiAi {
            let message = "keys of upper-case ASCII letters have no accents that could be ignored";
            let help = "say compare = \"ci_as\", or spelling = \"any\"";
            self.diags.error("CONFLICT", node.place(), message, help);
        }
        spelling
    }

    fn key_type(&mut self, node: &Node) -> Option<CastType> {
        let text = node.text("type", self.diags)?;
        match CastType::parse(text) {
            Ok(ty @ (CastType::Text(_) | CastType::Integer)) => Some(ty),
            Ok(_) => {
                let message = format!("a key column cannot be of type {}", node.shown());
                let help = "write \"varchar(n)\", \"text\" or \"int\"";
                self.diags.error("BAD_TYPE", node.place(), message, help);
                None
            }
            Err(error) => {
                let place = node.place_in(error.offset);
                self.diags.error("BAD_TYPE", place, error.message, error.help);
                None
            }
        }
    }

    fn code(&mut self, node: &Node, scope: &Scope, key: &[KeyColumn]) -> Option<CodeRule> {
        let Some(code) = node.get("code") else {
            if key.len() > 1 {
                let names: Vec<String> = key.iter().map(|column| format!("{{{}}}", column.name)).collect();
                let wanted = format!("{{ generated = \"{}\" }}", names.join("~"));
                self.missing(node, "code", &wanted);
            }
            return Some(code::plain_rule());
        };
        let table = code.table("code", self.diags)?;
        known_keys(table, "`code`", &["own", "generated"], self.diags);
        let own = code.get("own").and_then(|own| self.expr(own, "own", scope));
        let template = match code.get("generated") {
            Some(generated) => {
                let text = generated.filled("generated", self.diags)?;
                match CodeRule::template(text, key) {
                    Ok(template) => template,
                    // Without all of its key columns, a template cannot be judged.
                    Err(_)
                        if node.get("key").and_then(Node::as_table).map_or(0, IndexMap::len) != key.len() =>
                    {
                        return None;
                    }
                    Err(_) if key.is_empty() => return None,
                    Err(error) => {
                        let place = generated.place_in(error.offset);
                        self.diags.error("BAD_CODE_TEMPLATE", place, error.message, error.help);
                        return None;
                    }
                }
            }
            None if key.len() == 1 => code::plain_rule().template,
            None => {
                self.missing(code, "generated", "\"{article}~{first}\"");
                return None;
            }
        };
        Some(CodeRule { own: own.filter(|_| !self.generated_codes), template })
    }

    fn change(&mut self, node: &Node, scope: &Scope) -> Option<ChangeColumn> {
        let change = node.get("change")?;
        if matches!(change.data, Data::Boolean(false)) {
            return None;
        }
        let table = change.table("change", self.diags)?;
        known_keys(table, "`change`", &["expr", "zone", "precision", "trusted"], self.diags);
        let expr = self.required(change, "expr", scope);
        let zone = match change.get("zone") {
            Some(zone) => super::read::zone(zone, self.shop, self.diags)?,
            None => self.zone,
        };
        let precision = change.get("precision").and_then(|n| n.choice("precision", &PRECISIONS, self.diags));
        let trusted = change.get("trusted").and_then(|n| n.boolean("trusted", self.diags));
        Some(ChangeColumn {
            expr: expr?,
            zone,
            trusted: trusted.unwrap_or(false),
            precision: precision.unwrap_or("second").to_owned(),
        })
    }

    fn side(&mut self, node: &Node, name: &str, known: &[&str]) -> Option<(Table, Option<Expr>, Scope)> {
        let table = node.table(name, self.diags)?;
        known_keys(table, &format!("`{name}`"), known, self.diags);
        let main = self.one_table(node)?;
        let scope = Scope { aliases: vec![main.alias.clone()], rank: false };
        let filter = node.get("filter").and_then(|filter| self.choice(filter, "filter", &scope));
        Some((main, filter, scope))
    }

    fn text_rows(&mut self, node: &Node) -> Option<TextRows> {
        let known = ["table", "as", "prefix", "filter", "code", "language", "field", "value"];
        let (table, filter, scope) = self.side(node, "texts", &known)?;
        let code = self.required(node, "code", &scope);
        let language = self.required(node, "language", &scope);
        let field = self.required(node, "field", &scope);
        let value = self.required(node, "value", &scope);
        Some(TextRows { table, filter, code: code?, language: language?, field: field?, value: value? })
    }

    fn marker_rows(&mut self, node: &Node) -> Option<MarkerRows> {
        let known = ["table", "as", "prefix", "filter", "code", "field", "language"];
        let (table, filter, scope) = self.side(node, "markers", &known)?;
        let code = self.required(node, "code", &scope);
        let field = self.required(node, "field", &scope);
        let language = self.required(node, "language", &scope);
        Some(MarkerRows { table, filter, code: code?, field: field?, language: language? })
    }
}

/// The first of two keys that holds a text.
fn word(node: &Node, keys: [&str; 2]) -> Option<String> {
    keys.iter().find_map(|key| node.get(key)?.as_text()).map(str::to_owned)
}
