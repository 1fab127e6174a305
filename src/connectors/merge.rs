//! A shop's own map laid over the built-in one: entity by entity, row source by row source (by
//! name), field by field; child lists and keys are replaced whole.

use indexmap::IndexMap;

use crate::{
    config::doc::{Data, Entry, Node},
    diagnostics::Diagnostics,
};

/// Lays one map's tree over another's. What both have is the upper one's.
pub(super) fn lay_over(base: &mut Node, over: Node, diags: &mut Diagnostics) {
    let Some(over) = into_table(over) else { return };
    for (key, entry) in over {
        match base.get_mut(&key) {
            Some(below) if key == "entity" => entities(below, entry.node, diags),
            Some(below) if matches!(key.as_str(), "settings" | "defaults" | "twins" | "expressions") => {
                tables(below, entry.node);
            }
            _ => base.put(key, entry),
        }
    }
}

fn entities(base: &mut Node, over: Node, diags: &mut Diagnostics) {
    for (name, entry) in into_table(over).into_iter().flatten() {
        let afresh = matches!(entry.node.get("replace").map(|n| &n.data), Some(Data::Boolean(true)));
        match base.get_mut(&name) {
            Some(below) if !afresh => entity(below, entry.node, diags),
            _ => base.put(name, entry),
        }
    }
}

fn entity(base: &mut Node, over: Node, diags: &mut Diagnostics) {
    for (key, entry) in into_table(over).into_iter().flatten() {
        match base.get_mut(&key) {
            Some(below) if key == "rows" => rows(below, entry.node, diags),
            Some(below) if matches!(key.as_str(), "texts" | "markers" | "children") => {
                tables(below, entry.node);
            }
            _ => base.put(key, entry),
        }
    }
}

/// Row sources: one of the same name (or, without a name, the only one of the same table, or the
/// only one at all) is changed, any other is added.
fn rows(base: &mut Node, over: Node, diags: &mut Diagnostics) {
    let Data::List(below) = &mut base.data else { return };
    let added = match over.data {
        Data::List(items) => items,
        // Not a list: left to the reader, which says so.
        _ => vec![over],
    };
    for row in added {
        let wanted = row.get("name").or_else(|| row.get("table")).and_then(Node::as_text);
        let by_name = row.get("name").is_some();
        let matching: Vec<usize> = below
            .iter()
            .enumerate()
            .filter(|(_, existing)| {
                let text = |key: &str| existing.get(key).and_then(Node::as_text);
                match wanted {
                    None => true,
                    Some(wanted) if by_name => text("name").or(text("table")) == Some(wanted),
                    Some(wanted) => text("table") == Some(wanted),
                }
            })
            .map(|(index, _)| index)
            .collect();
        match matching.as_slice() {
            [] => below.push(row),
            [only] => {
                if let Some(existing) = below.get_mut(*only) {
                    self::row(existing, row);
                }
            }
            several => {
                let names: Vec<&str> =
                    several.iter().filter_map(|index| below.get(*index)?.get("name")?.as_text()).collect();
                diags.error(
                    "AMBIGUOUS_ROWS",
                    row.place(),
                    "these rows could be any of several row sources of the built-in map",
                    format!("add name = one of {}", names.join(", ")),
                );
            }
        }
    }
}

fn row(base: &mut Node, over: Node) {
    for (key, entry) in into_table(over).into_iter().flatten() {
        match base.get_mut(&key) {
            Some(below) if key == "fields" => tables(below, entry.node),
            Some(below) if key == "joins" => joins(below, entry.node),
            _ => base.put(key, entry),
        }
    }
}

/// Joins: one of the same alias is replaced where it stands, any other is added at the end.
fn joins(base: &mut Node, over: Node) {
    fn alias(join: &Node) -> Option<&str> {
        join.get("as").or_else(|| join.get("table")).and_then(Node::as_text)
    }
    let (Data::List(below), Data::List(added)) = (&mut base.data, over.data) else { return };
    for join in added {
        match below.iter_mut().find(|existing| alias(existing) == alias(&join)) {
            Some(existing) => *existing = join,
            None => below.push(join),
        }
    }
}

/// Plain tables: key by key; a table's value is replaced whole.
fn tables(base: &mut Node, over: Node) {
    if base.as_table().is_none() || over.as_table().is_none() {
        *base = over;
        return;
    }
    for (key, entry) in into_table(over).into_iter().flatten() {
        base.put(key, entry);
    }
}

fn into_table(node: Node) -> Option<IndexMap<String, Entry>> {
    match node.data {
        Data::Table(table) => Some(table),
        _ => None,
    }
}
