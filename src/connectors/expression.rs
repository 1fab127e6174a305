//! Expressions of a map, read in their surroundings: only known table aliases and settings, bare
//! columns given to the main table, settings bound, findings placed inside the TOML string.

use chrono_tz::Tz;
use indexmap::IndexMap;

use super::{map::AbsentWhen, settings::Settings};
use crate::{
    config::{
        ShopConfig,
        doc::{Data, Node, known_keys, misspelt},
    },
    diagnostics::{Diagnostics, nearest},
    sources::{Expr, expr::parse},
};

/// What every part of a map is read with.
pub(super) struct Reader<'a> {
    /// Where findings go.
    pub diags: &'a mut Diagnostics,
    /// The map's settings.
    pub settings: Settings,
    /// The shop: its languages and its zone.
    pub shop: &'a ShopConfig,
    /// The zone in which the source keeps times.
    pub zone: Tz,
    /// What means nothing unless a field says otherwise.
    pub defaults: AbsentWhen,
    /// Whether a row's own code is never used.
    pub generated_codes: bool,
    /// The map's named expressions: `:name` stands for them.
    pub named: IndexMap<String, Expr>,
}

/// The tables that an expression may name.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Aliases, the main table's first.
    pub aliases: Vec<String>,
    /// Whether `:rank` means something here.
    pub rank: bool,
}

impl Reader<'_> {
    /// Reads one expression; findings are reported.
    pub fn expr(&mut self, node: &Node, key: &str, scope: &Scope) -> Option<Expr> {
        let text = node.text(key, self.diags)?.to_owned();
        let expr = match parse(&text) {
            Ok(expr) => expr,
            Err(error) => {
                let place = node.place_in(error.offset);
                self.diags.error("BAD_EXPRESSION", place, error.message, error.help);
                return None;
            }
        };
        let expr = expr.map(&mut |part| match part {
            Expr::Setting(name) => self.named.get(&name).cloned().unwrap_or(Expr::Setting(name)),
            other => other,
        });
        let mark = self.diags.mark();
        let mut unknown: Vec<&str> =
            expr.aliases().into_iter().filter(|a| !scope.aliases.iter().any(|s| s == a)).collect();
        unknown.dedup();
        for alias in unknown {
            let known = scope.aliases.iter().map(String::as_str);
            let help = match nearest(alias, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("tables here: {}", scope.aliases.join(", ")),
            };
            let place = node.place_in(locate(&text, alias, '.'));
            let message = format!("`{key}` names no table of these rows: `{alias}`");
            self.diags.error("UNKNOWN_TABLE", place, message, help);
        }
        let mut settings: Vec<&str> = Vec::new();
        let mut rank = false;
        expr.walk(&mut |part| match part {
            Expr::Setting(name) if !settings.contains(&name.as_str()) => settings.push(name),
            Expr::Rank => rank = true,
            _ => {}
        });
        for name in settings {
            if !self.settings.values.contains_key(name) && !self.settings.is_declared(name) {
                let place = node.place_in(text.find(&format!(":{name}")).unwrap_or(0));
                let message = format!("`{key}` uses no setting of this map: `:{name}`");
                self.diags.error("UNKNOWN_SETTING", place, message, self.settings.help(name));
            }
        }
        if rank && !scope.rank {
            self.diags.error(
                "MISPLACED_RANK",
                node.place_in(text.find(":rank").unwrap_or(0)),
                format!("`:rank` means nothing in `{key}`"),
                "it is a child row's number among its parent's: use it in a child list's fields",
            );
        }
        if self.diags.errors_since(mark) {
            return None;
        }
        let main = scope.aliases.first()?;
        let qualified = expr.map(&mut |part| match part {
            Expr::Column { table: None, name } => Expr::column(main, &name),
            other => other,
        });
        // What is missing here was reported where it is declared.
        qualified.bind_settings(&self.settings.values).ok().map(Expr::folded)
    }

    /// Reads the named expressions of a map. Each may use those before it; which tables they name is
    /// checked where they are used.
    pub fn named_expressions(&mut self, node: Option<&Node>) {
        for (name, entry) in node.and_then(|n| n.table("expressions", self.diags)).into_iter().flatten() {
            if self.settings.is_declared(name) || matches!(name.as_str(), "today" | "now" | "rank") {
                let message = format!("an expression cannot be called `{name}`");
                self.diags.error("RESERVED_NAME", entry.key_place(), message, "that name is taken");
                continue;
            }
            let Some(text) = entry.node.text(name, self.diags).map(str::to_owned) else { continue };
            match parse(&text) {
                Ok(expr) => {
                    let named = &self.named;
                    let expr = expr.map(&mut |part| match part {
                        Expr::Setting(name) => named.get(&name).cloned().unwrap_or(Expr::Setting(name)),
                        other => other,
                    });
                    self.named.insert(name.clone(), expr);
                }
                Err(error) => {
                    let place = entry.node.place_in(error.offset);
                    self.diags.error("BAD_EXPRESSION", place, error.message, error.help);
                }
            }
        }
    }

    /// Reads an expression that may have alternatives: text, `{ when, expr }`, or a list of both of
    /// which the first that holds counts. All are checked.
    pub fn choice(&mut self, node: &Node, key: &str, scope: &Scope) -> Option<Expr> {
        let mut chosen = None;
        for item in alternatives(node) {
            let (expr, holds) = if let Some(table) = item.as_table() {
                known_keys(table, &format!("`{key}`"), &["when", "expr"], self.diags);
                let holds = self.settings.hold(item.get("when"), self.diags);
                let expr = if let Some(expr) = item.get("expr") {
                    self.expr(expr, key, scope)
                } else {
                    let message = format!("`{key}` has no `expr`");
                    self.diags.error("MISSING_KEY", item.place(), message, "add expr = \"…\"");
                    None
                };
                (expr, holds)
            } else {
                (self.expr(item, key, scope), true)
            };
            if holds && chosen.is_none() {
                chosen = Some(expr);
            }
        }
        chosen.flatten()
    }

    /// Reads a required expression of a table.
    pub fn required(&mut self, node: &Node, key: &str, scope: &Scope) -> Option<Expr> {
        if let Some(value) = node.get(key) {
            return self.expr(value, key, scope);
        }
        self.missing(node, key, "an expression such as \"a.code\"");
        None
    }

    /// Reports a key that is not there.
    pub fn missing(&mut self, node: &Node, key: &str, wanted: &str) {
        if node.as_table().is_some_and(|table| misspelt(table, key, self.diags)) {
            return;
        }
        let message = format!("`{key}` is missing");
        self.diags.error("MISSING_KEY", node.place(), message, format!("add {key} = {wanted}"));
    }
}

/// The alternatives of a value: the items of a list, or the value itself.
pub(super) fn alternatives(node: &Node) -> &[Node] {
    match &node.data {
        Data::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// Where a word followed by a character begins in an expression.
fn locate(text: &str, word: &str, after: char) -> usize {
    let word_like = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .find(|(at, _)| {
            let before = text.get(..*at).and_then(|t| t.chars().next_back());
            let behind = text.get(at + word.len()..).unwrap_or("").trim_start_matches('"');
            !before.is_some_and(word_like) && behind.trim_start().starts_with(after)
        })
        .map_or(0, |(at, _)| at)
}
