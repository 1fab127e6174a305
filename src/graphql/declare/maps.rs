//! Where the model meets the connector maps: columns of complementary fields, change columns, and
//! what a map holds that the schema does not know.

use std::sync::Arc;

use async_graphql_value::ConstValue;

use super::{
    Declare,
    fields::find,
    rules::{Declared, text},
};
use crate::{
    connectors::map::FieldMap,
    federation::model::{Entity, Field, SourceId},
    graphql::{
        generate::snake_case,
        types::{FieldDef, TypeDef},
    },
};

/// What row sources may hold beside fields: how a record is named and where it hangs.
const STRUCTURAL: [&str; 2] = ["code", "articleCode"];

impl Declare<'_, '_> {
    /// Gives a complementary field its columns: one a source, in every row source of the entity.
    pub(super) fn columns(
        &mut self,
        ty: &TypeDef,
        field: &FieldDef,
        made: &mut Field,
        chosen: bool,
        entity: &mut Entity,
    ) {
        let Some(applied) = find(field, "complement") else { return };
        let path = format!("{}.{}", ty.name, field.name);
        let mapped: Vec<SourceId> =
            (0..entity.maps.len()).filter(|id| holds(entity, *id, &field.name)).collect();
        let mut columns: Vec<(SourceId, String)> = Vec::new();
        match applied.args.get("columns") {
            None | Some(ConstValue::Null) => {
                // The shop's own map may say it all; else the overlay holds it by its own name.
                if mapped.is_empty()
                    && let Some(id) = self.source("isoshop")
                {
                    columns.push((id, snake_case(&field.name)));
                }
            }
            Some(ConstValue::Object(given)) => {
                for (source, column) in given {
                    let column = text(Some(column)).map(str::trim).unwrap_or_default();
                    if column.is_empty() {
                        self.diags.error(
                            "BAD_ARGUMENT",
                            applied.place.clone(),
                            format!("the column of `{path}` in `{source}` is not a name"),
                            "write it as a string, as the database spells it",
                        );
                    } else if let Some(id) = self.source(source) {
                        columns.push((id, column.to_owned()));
                    } else {
                        self.unknown_source(source, &format!("`@complement` of `{path}`"), &applied.place);
                    }
                }
            }
            Some(other) => self.diags.error(
                "BAD_ARGUMENT",
                applied.place.clone(),
                format!("the columns of `{path}` are {other}"),
                "write an object: `columns: { erp: \"…\", isoshop: \"…\" }`",
            ),
        }
        let mut fed = mapped;
        for (id, column) in columns {
            let source = self.sources.get(id).copied().unwrap_or("?").to_owned();
            let Some(Some(map)) = entity.maps.get_mut(id) else {
                if self.maps.get(id).is_some_and(Option::is_none) {
                    fed.push(id);
                    continue;
                }
                self.diags.error(
                    "NO_SOURCE",
                    applied.place.clone(),
                    format!("`{path}` has a column in `{source}`, whose map knows no `{}`", ty.name),
                    format!("add `[entity.{}]` to its connector map, or remove the column", ty.name),
                );
                continue;
            };
            for row in &mut Arc::make_mut(map).rows {
                // What means nothing in the source means nothing here.
                let made = row.complement(&column, applied.place.clone());
                row.fields.insert(field.name.clone(), made);
            }
            if !made.sources.contains(&id) {
                self.diags.error(
                    "UNUSED_COLUMN",
                    applied.place.clone(),
                    format!("`{path}` has a column in `{source}`, which its rule does not list"),
                    format!("add `@precedence(sources: [\"{source}\", …])`, or remove the column"),
                );
            }
            fed.push(id);
        }
        if chosen {
            let broken = |id: SourceId| self.maps.get(id).is_some_and(Option::is_none);
            let dry: Vec<SourceId> =
                made.sources.iter().copied().filter(|id| !fed.contains(id) && !broken(*id)).collect();
            for id in &dry {
                let source = self.sources.get(*id).copied().unwrap_or("?");
                self.diags.error(
                    "NO_COLUMN",
                    made.place.clone(),
                    format!("the rule of `{path}` lists `{source}`, which has no column for it"),
                    format!("add `{source}: \"…\"` to `@complement(columns:)`, or take it out of the rule"),
                );
            }
        } else {
            made.sources.retain(|id| fed.contains(id));
        }
        // What its directives say wrong has been reported there.
        let echo = self.diags.told(&applied.place) || self.diags.told(&made.place);
        if made.sources.is_empty() && self.is_whole() && !echo {
            self.diags.error(
                "NO_SOURCE",
                field.place.clone(),
                format!("no source feeds `{path}`"),
                "give it a column in a source that the shop declares: `@complement(columns: { … })`",
            );
        }
    }

    /// RECENT compares change columns: every listed source must have one that can be trusted.
    pub(super) fn trusted_changes(&mut self, ty: &TypeDef, path: &str, declared: &Declared) {
        for id in &declared.sources {
            let source = self.sources.get(*id).copied().unwrap_or("?").to_owned();
            let Some(map) = self.maps.get(*id).copied().flatten() else { continue };
            let Some(entity) = map.entities.get(&ty.name) else { continue };
            for row in &entity.rows {
                let reason = match &row.change {
                    None => format!("`{}` has none", row.name),
                    Some(change) if !change.trusted => format!(
                        "that of `{}` (to the {}) is not trusted: not every program that writes there keeps it",
                        row.name, change.precision
                    ),
                    Some(_) => continue,
                };
                self.diags.error(
                    "UNTRUSTED_CHANGE",
                    declared.place.clone(),
                    format!("`{path}` is RECENT, but needs a trusted change column in `{source}`: {reason}"),
                    "use PRIORITY, or declare `change = { …, trusted = true }` in the connector map if you are sure",
                );
                break;
            }
        }
    }

    /// `updatedAt` is the change column itself where the map does not hold the field.
    pub(super) fn change_columns(&mut self, entity: &mut Entity) {
        if !entity.fields.contains_key("updatedAt") {
            return;
        }
        for map in entity.maps.iter_mut().flatten() {
            if map.rows.iter().all(|r| r.change.is_none() || r.fields.contains_key("updatedAt")) {
                continue;
            }
            for row in &mut Arc::make_mut(map).rows {
                if let Some(change) = &row.change
                    && !row.fields.contains_key("updatedAt")
                {
                    let field = FieldMap {
                        expr: Some(change.expr.clone()),
                        zone: Some(change.zone),
                        place: row.place.clone(),
                        ..FieldMap::default()
                    };
                    row.fields.insert("updatedAt".to_owned(), field);
                }
            }
        }
    }

    /// A map may hold more than the schema asks for, but it is more often a slip of the pen.
    pub(super) fn unused_columns(&mut self, ty: &TypeDef, entity: &Entity) {
        for map in entity.maps.iter().flatten() {
            for row in &map.rows {
                for (name, field) in &row.fields {
                    let known = entity.fields.contains_key(name) || self.may_exist(ty, name);
                    if known || STRUCTURAL.contains(&name.as_str()) {
                        continue;
                    }
                    let help = crate::graphql::sdl::suggest(
                        name,
                        entity.fields.keys().map(String::as_str),
                        "remove it, or declare the field in the shop's schema",
                    );
                    self.diags.warn(
                        "UNUSED_FIELD",
                        field.place.clone(),
                        format!("the map holds `{name}` of `{}`, which the schema does not know", ty.name),
                        help,
                    );
                }
            }
        }
    }
}

fn holds(entity: &Entity, source: SourceId, field: &str) -> bool {
    entity
        .maps
        .get(source)
        .and_then(Option::as_ref)
        .is_some_and(|m| m.rows.iter().any(|r| r.fields.contains_key(field)))
}
