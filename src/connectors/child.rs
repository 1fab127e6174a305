//! Child lists of an entity: their rows, what ties them to their parents, and the fields made of them.

use indexmap::IndexMap;

use super::{
    expression::{Reader, Scope, alternatives},
    field::ChildUse,
    map::{ChildSource, EntityMap, KeyColumn},
};
use crate::{
    config::doc::{Data, Node, known_keys},
    diagnostics::nearest,
};

impl Reader<'_> {
    /// Reads the child lists. Returns every list's name with its fields' names, whatever the
    /// switches say.
    pub(super) fn children(
        &mut self,
        node: Option<&Node>,
        row_names: &[String],
        entity: &mut EntityMap,
    ) -> IndexMap<String, Vec<String>> {
        let mut known: IndexMap<String, Vec<String>> = IndexMap::new();
        let Some(table) = node.and_then(|node| node.table("children", self.diags)) else {
            return known;
        };
        let mut copies = Vec::new();
        for (list, entry) in table {
            match &entry.node.data {
                Data::Text(other) => copies.push((list.clone(), other.clone(), entry.node.place())),
                Data::Boolean(false) => {}
                Data::List(_) | Data::Table(_) => {
                    let fields = known.entry(list.clone()).or_default();
                    for item in alternatives(&entry.node) {
                        let Some((child, holds)) = self.child(item, list, row_names, entity) else {
                            let written = item.get("fields").and_then(Node::as_table);
                            fields.extend(written.into_iter().flat_map(|table| table.keys().cloned()));
                            continue;
                        };
                        fields.extend(child.fields.keys().cloned());
                        if holds {
                            entity.children.entry(list.clone()).or_default().push(child);
                        }
                    }
                }
                _ => {
                    let message = format!("child list `{list}` is {}", entry.node.kind());
                    let help = "write tables, or the name of another list with the same rows";
                    self.diags.error("WRONG_TYPE", entry.node.place(), message, help);
                }
            }
        }
        for (list, other, place) in copies {
            if let Some(fields) = known.get(&other).cloned() {
                known.insert(list.clone(), fields);
                if let Some(rows) = entity.children.get(&other).cloned() {
                    entity.children.insert(list, rows);
                }
            } else {
                let message = format!("`{list}` names no child list: \"{other}\"");
                self.diags.error("UNKNOWN_CHILD", place, message, lists(&other, &known));
            }
        }
        known
    }

    fn child(
        &mut self,
        node: &Node,
        list: &str,
        row_names: &[String],
        entity: &EntityMap,
    ) -> Option<(ChildSource, bool)> {
        let mark = self.diags.mark();
        let table = node.table(list, self.diags)?;
        let known = [
            "when", "table", "as", "prefix", "joins", "filter", "distinct", "parent", "rows", "order",
            "fields", "removed",
        ];
        known_keys(table, &format!("child list `{list}`"), &known, self.diags);
        let holds = self.settings.hold(node.get("when"), self.diags);
        let (main, joins, scope) = self.tables(node);
        let main = main?;
        let of_rows = self.of_rows(node, row_names, entity);
        // A list of rows that are all switched off is off with them.
        let holds = holds && (node.get("rows").is_none() || !of_rows.is_empty());
        let parent = self.parent(node, &scope, entity, &of_rows);
        let filter = node.get("filter").and_then(|filter| self.choice(filter, "filter", &scope));
        let removed = node.get("removed").and_then(|removed| self.choice(removed, "removed", &scope));
        let order = node.get("order").map_or([].as_slice(), alternatives);
        let order = order.iter().filter_map(|item| self.expr(item, "order", &scope)).collect();
        let mut uses = Vec::new();
        let ranked = Scope { rank: true, ..scope };
        if node.get("fields").is_none() {
            self.missing(node, "fields", "a table of the list's fields");
        }
        let fields = self.fields(node.get("fields"), &ranked, &mut uses);
        for used in uses {
            let help = "only an entity's own fields are made of child rows";
            self.diags.error("UNKNOWN_CHILD", used.child_place, "a child list has no children", help);
        }
        let place = node.place();
        let distinct = self.distinct(node);
        let child = ChildSource {
            table: main,
            joins,
            filter,
            distinct,
            parent,
            of_rows,
            order,
            fields,
            removed,
            place,
        };
        (!self.diags.errors_since(mark)).then_some((child, holds))
    }

    /// The row sources that a child list belongs to; those switched off are left out.
    fn of_rows(&mut self, node: &Node, row_names: &[String], entity: &EntityMap) -> Vec<String> {
        let named = node.get("rows").map(|rows| rows.texts("rows", self.diags)).unwrap_or_default();
        let mut of_rows = Vec::new();
        for (name, place) in named {
            if !row_names.contains(&name) {
                let message = format!("`rows` names no row source: \"{name}\"");
                let help = match nearest(&name, row_names.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("row sources: {}", row_names.join(", ")),
                };
                self.diags.error("UNKNOWN_ROWS", place, message, help);
            } else if entity.rows.iter().any(|row| row.name == name) {
                of_rows.push(name);
            }
        }
        of_rows
    }

    /// The columns that hold the parent's key: one expression, a list, or a table of key columns.
    /// What they do not say of type and comparison is as in the parent's key.
    fn parent(
        &mut self,
        node: &Node,
        scope: &Scope,
        entity: &EntityMap,
        of_rows: &[String],
    ) -> Vec<KeyColumn> {
        let Some(parent) = node.get("parent") else {
            self.missing(node, "parent", "the column that holds the parent's key");
            return Vec::new();
        };
        // Rows that are named, but switched off or broken, have no key to compare with.
        let any = node.get("rows").is_none();
        let row = entity.rows.iter().find(|row| any || of_rows.contains(&row.name));
        let key: &[KeyColumn] = row.map_or(&[], |row| row.key.as_slice());
        let nodes: Vec<(Option<&str>, &Node)> = match &parent.data {
            Data::Table(table) if !table.contains_key("expr") => {
                table.iter().map(|(name, entry)| (Some(name.as_str()), &entry.node)).collect()
            }
            _ => alternatives(parent).iter().map(|node| (None, node)).collect(),
        };
        if row.is_some() && nodes.len() > key.len() {
            let message = format!("`parent` has {} columns, the key {}", nodes.len(), key.len());
            let help = "write the parent's key columns, or the first of them, in their order";
            self.diags.error("BAD_VALUE", parent.place(), message, help);
        }
        let mut columns = Vec::new();
        for (index, (name, node)) in nodes.into_iter().enumerate() {
            let like = key.get(index);
            let name = name.or(like.map(|like| like.name.as_str())).unwrap_or("parent").to_owned();
            columns.extend(self.key_column(&name, node, scope, like));
        }
        columns
    }

    pub(super) fn check_use(&mut self, used: &ChildUse, known: &IndexMap<String, Vec<String>>) {
        let Some(fields) = known.get(&used.text.child) else {
            let message = format!("`child` names no child list: \"{}\"", used.text.child);
            let help = lists(&used.text.child, known);
            self.diags.error("UNKNOWN_CHILD", used.child_place.clone(), message, help);
            return;
        };
        if !fields.contains(&used.text.column) {
            let column = &used.text.column;
            let message = format!("child list `{}` has no field `{column}`", used.text.child);
            let help = match nearest(column, fields.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("its fields: {}", fields.join(", ")),
            };
            self.diags.error("UNKNOWN_CHILD", used.column_place.clone(), message, help);
        }
    }
}

/// The help for a child list that is not there.
fn lists(name: &str, known: &IndexMap<String, Vec<String>>) -> String {
    match nearest(name, known.keys().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => "this entity has no child list".to_owned(),
        None => {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            format!("its child lists: {}", names.join(", "))
        }
    }
}
