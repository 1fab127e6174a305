//! `[twins]` of a map: text columns that have an indexed binary copy beside them.

use crate::{
    config::doc::{Data, Node, known_keys},
    diagnostics::Diagnostics,
    sources::columns::TwinRule,
};

/// Reads `[twins]`: by the text column's name, the copy's name and the table in which the text is the
/// key. `AR_Ref = false` in a shop's file takes a built-in one away.
pub(super) fn read(node: Option<&Node>, diags: &mut Diagnostics) -> Vec<TwinRule> {
    let Some(table) = node.and_then(|node| node.table("twins", diags)) else { return Vec::new() };
    let mut rules = Vec::with_capacity(table.len());
    for (column, entry) in table {
        if matches!(entry.node.data, Data::Boolean(false)) {
            continue;
        }
        let Some(keys) = entry.node.table(column, diags) else { continue };
        known_keys(keys, &format!("[twins] {column}"), &["twin", "home"], diags);
        let mut text = |key: &str, what: &str| {
            let Some(value) = entry.node.get(key) else {
                let message = format!("the twin of `{column}` has no `{key}`");
                diags.error("MISSING_KEY", entry.key_place(), message, format!("name {what}"));
                return None;
            };
            value.filled(key, diags).map(str::to_owned)
        };
        let twin = text("twin", "the binary column");
        let home = text("home", "the table whose key the column is");
        if let (Some(twin), Some(home)) = (twin, home) {
            rules.push(TwinRule { column: column.clone(), twin, home });
        }
    }
    rules
}
