//! The fields and lists of an entity, as the schema declares them.

use std::collections::HashMap;

use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{
    Declare, is_list_rule,
    rules::{Declared, From, text, texts},
};
use crate::{
    diagnostics::{Diagnostics, Place},
    federation::model::{Entity, Field, Group, ListField, Rule},
    graphql::{
        generate::snake_case,
        sdl,
        types::{Applied, FieldDef, Kind, TypeDef, TypeRef, TypeSystem},
    },
    value::Type,
};

/// An enum's raw texts, as sources hold them, and the values that they mean.
pub fn enumeration(types: &TypeSystem, name: &str) -> HashMap<String, String> {
    let Some(Kind::Enum { values }) = types.types.get(name).map(|t| &t.kind) else { return HashMap::new() };
    values
        .values()
        .map(|value| {
            let raw = value.applied.iter().find(|a| a.name == "value").and_then(|a| text(a.args.get("raw")));
            (raw.unwrap_or(&value.name).to_owned(), value.name.clone())
        })
        .collect()
}

impl Declare<'_, '_> {
    /// Reads the fields of an entity's type.
    pub(super) fn fields(&mut self, ty: &TypeDef, entity: &mut Entity) {
        let Some(fields) = self.types.fields(&ty.name) else { return };
        for applied in ty.applied.iter().filter(|a| a.name == "precedence") {
            if let Some(name) = text(applied.args.get("field"))
                && !fields.get(name).is_some_and(|f| self.is_merged(f))
                && !self.may_exist(ty, name)
            {
                let known = fields.values().filter(|f| self.is_merged(f)).map(|f| f.name.as_str());
                let help = sdl::suggest(name, known, "name a field that sources feed");
                self.diags.error(
                    "UNKNOWN_FIELD",
                    applied.place.clone(),
                    format!("`{}` has no merged field `{name}` whose rule could be changed", ty.name),
                    help,
                );
            }
        }
        for field in fields.values() {
            if !self.is_merged(field) {
                if !self.is_broken(field) {
                    self.nothing_to_merge(ty, field);
                }
                continue;
            }
            let declared = self.rule(ty, field);
            self.inherit(ty, field);
            if let Some(items) = find(field, "items") {
                self.list(ty, field, items, declared, entity);
            } else if let Some(cells) = find(field, "cells") {
                let names = cells.args.get("names").map(texts).unwrap_or_default();
                for name in names {
                    let made = self.field(ty, field, name, Type::Text, &declared);
                    entity.fields.insert(name.to_owned(), made);
                }
            } else {
                let Some(value_type) = self.value_type(&field.ty) else { continue };
                self.fits(ty, field, &value_type, &declared);
                let mut made = self.field(ty, field, &field.name, value_type, &declared);
                made.enumeration = self.raw_values(ty, field);
                if made.complement {
                    self.columns(ty, field, &mut made, declared.chosen, entity);
                }
                entity.fields.insert(field.name.clone(), made);
            }
        }
    }

    /// Whether sources feed the field: it holds scalars and is not made by the product, or says
    /// itself what stands behind it.
    fn is_merged(&self, field: &FieldDef) -> bool {
        if find(field, "items").is_some() || find(field, "cells").is_some() {
            return true;
        }
        let leaf = field.args.is_empty() && self.value_type(&field.ty).is_some();
        leaf && (find(field, "computed").is_none() || find(field, "precedence").is_some())
    }

    fn nothing_to_merge(&mut self, ty: &TypeDef, field: &FieldDef) {
        for applied in &field.applied {
            if matches!(applied.name.as_str(), "precedence" | "default" | "inherit" | "complement") {
                self.diags.error(
                    "BAD_RULE",
                    applied.place.clone(),
                    format!("`@{}` on `{}.{}`, which no source feeds", applied.name, ty.name, field.name),
                    "remove it",
                );
            }
        }
    }

    /// The type of values in a field of scalars, enums or lists of them.
    fn value_type(&self, ty: &TypeRef) -> Option<Type> {
        match ty.nullable() {
            TypeRef::List(item) => self.value_type(item).map(|item| Type::List(Box::new(item))),
            TypeRef::Named(name) => match self.types.types.get(name).map(|t| &t.kind)? {
                Kind::Enum { .. } => Some(Type::Text),
                Kind::Scalar { .. } => match name.as_str() {
                    "String" | "ID" | "URL" => Some(Type::Text),
                    "HTML" => Some(Type::Html),
                    "Int" => Some(Type::Int),
                    "Decimal" => Some(Type::Decimal),
                    "Boolean" => Some(Type::Boolean),
                    "Date" => Some(Type::Date),
                    "DateTime" => Some(Type::DateTime),
                    _ => None,
                },
                _ => None,
            },
            TypeRef::NonNull(_) => None,
        }
    }

    fn field(
        &mut self,
        ty: &TypeDef,
        field: &FieldDef,
        name: &str,
        value_type: Type,
        declared: &Declared,
    ) -> Field {
        let complement = find(field, "complement").is_some();
        let textual = matches!(value_type, Type::Text | Type::Html)
            && !matches!(self.types.types.get(field.ty.name()).map(|t| &t.kind), Some(Kind::Enum { .. }))
            && field.ty.name() != "ID";
        let computed = find(field, "computed").is_some();
        let silent = declared.sources.is_empty() && !declared.chosen && self.sources_known;
        if silent && !computed && !complement && !self.is_broken(field) {
            self.diags.warn(
                "FIELD_WITHOUT_SOURCE",
                declared.place.clone(),
                format!("`{}.{name}` has no source in this shop: it is its default, or null", ty.name),
                format!(
                    "nothing to do, or: `extend type {} @precedence(field: \"{}\", sources: […])`",
                    ty.name, field.name
                ),
            );
        }
        Field {
            name: name.to_owned(),
            snake: snake_case(name),
            ty: value_type,
            enumeration: HashMap::new(),
            rule: declared.rule,
            sources: declared.sources.clone(),
            // The leader is found when all fields are known.
            group: declared.group.clone().map(|name| Group { name, leader: 0 }),
            lock: declared.lock.clone(),
            on_unknown: declared.on_unknown,
            max_age: declared.max_age,
            default: None,
            inherit: None,
            localized: find(field, "localized").is_some() || (complement && textual),
            blank_is_value: declared.blank_is_value,
            zero_is_absent: declared.zero_is_absent,
            complement,
            non_null: field.ty.is_non_null(),
            place: declared.place.clone(),
        }
    }

    /// Whether a rule can be kept for a value type.
    fn fits(&mut self, ty: &TypeDef, field: &FieldDef, value_type: &Type, declared: &Declared) {
        let path = format!("{}.{}", ty.name, field.name);
        let is_enum =
            matches!(self.types.types.get(field.ty.name()).map(|t| &t.kind), Some(Kind::Enum { .. }));
        let place = declared.place.clone();
        if is_list_rule(declared.rule) {
            self.diags.error(
                "BAD_RULE",
                place,
                format!("`{path}` is UNION, but holds plain values"),
                "UNION is for lists of records; a list of plain values is won whole by PRIORITY",
            );
        } else if matches!(declared.rule, Rule::Min | Rule::Max)
            && (is_enum || matches!(value_type, Type::List(_) | Type::Html))
        {
            self.diags.error(
                "BAD_RULE",
                place,
                format!("`{path}` is {}, but `{}` has no order", word(declared.rule), field.ty),
                "MIN and MAX are for numbers, dates, booleans and plain text",
            );
        } else if declared.rule == Rule::Recent {
            self.trusted_changes(ty, &path, declared);
        }
    }

    fn raw_values(&mut self, ty: &TypeDef, field: &FieldDef) -> HashMap<String, String> {
        let name = field.ty.name();
        let found = enumeration(self.types, name);
        if let Some(Kind::Enum { values }) = self.types.types.get(name).map(|t| &t.kind)
            && found.len() < values.len()
        {
            self.diags.error(
                "DUPLICATE_RAW_VALUE",
                self.types.types.get(name).map(|t| t.place.clone()).unwrap_or_default(),
                format!(
                    "two values of `{name}` are the same text in the sources of `{}.{}`",
                    ty.name, field.name
                ),
                "give each value its own `@value(raw:)`",
            );
        }
        found
    }

    fn list(
        &mut self,
        ty: &TypeDef,
        field: &FieldDef,
        items: &Applied,
        declared: Declared,
        entity: &mut Entity,
    ) {
        let path = format!("{}.{}", ty.name, field.name);
        let name = text(items.args.get("name")).unwrap_or(&field.name).to_owned();
        let mut columns = IndexMap::new();
        if let Some(ConstValue::Object(declared)) = items.args.get("columns") {
            for (column, of) in declared {
                let of = TypeRef::Named(text(Some(of)).unwrap_or_default().to_owned());
                if let Some(value_type) = self.value_type(&of) {
                    columns.insert(column.to_string(), value_type);
                }
            }
        }
        match declared.rule {
            Rule::Union if declared.key.is_empty() => self.diags.error(
                "NO_KEY",
                declared.place.clone(),
                format!("`{path}` is UNION, but does not say when two items are the same"),
                "add `key: \"…\"` with the item's fields",
            ),
            Rule::Union => {
                for part in declared.key.iter().filter(|part| !columns.contains_key(*part)) {
                    let known: Vec<String> = columns.keys().map(|c| format!("`{c}`")).collect();
                    self.diags.error(
                        "UNKNOWN_FIELD",
                        declared.place.clone(),
                        format!("the key of `{path}` names `{part}`, which its items do not have"),
                        format!("they have: {}", known.join(", ")),
                    );
                }
            }
            Rule::Priority | Rule::Only => {}
            Rule::Recent | Rule::Min | Rule::Max => self.diags.error(
                "BAD_RULE",
                declared.place.clone(),
                format!("`{path}` is a list of records, which has no {}", word(declared.rule)),
                "use UNION, PRIORITY or ONLY",
            ),
        }
        if declared.group.is_some() {
            self.diags.error(
                "BAD_RULE",
                declared.place.clone(),
                format!("`{path}` is a list of records and cannot be in a group"),
                "remove `group`",
            );
        }
        if declared.on_unknown == crate::federation::model::OnUnknown::Stale {
            self.diags.error(
                "BAD_RULE",
                declared.place.clone(),
                format!("`{path}` is a list of records, of which none is kept"),
                "use FALLBACK or FAIL: STALE is for single values",
            );
        }
        entity.lists.insert(
            name.clone(),
            ListField {
                name,
                rule: declared.rule,
                sources: declared.sources,
                key: if is_list_rule(declared.rule) { declared.key } else { Vec::new() },
                columns,
                on_unknown: declared.on_unknown,
                inherit: false,
            },
        );
    }

    fn inherit(&mut self, ty: &TypeDef, field: &FieldDef) {
        let Some(applied) = find(field, "inherit") else { return };
        if self.diags.told(&applied.place) {
            return;
        }
        let from = text(applied.args.get("from")).unwrap_or_default();
        let target = self.types.fields(&ty.name).and_then(|f| f.get(from)).map(|f| f.ty.clone());
        let entity = target.as_ref().filter(|t| {
            matches!(t.nullable(), TypeRef::Named(name) if self.types.types.get(name).is_some_and(super::is_entity))
        });
        match entity {
            Some(entity) => {
                let from = From { entity: entity.name().to_owned(), place: applied.place.clone() };
                let list = find(field, "items").and_then(|i| text(i.args.get("name")));
                let name = list.unwrap_or(&field.name).to_owned();
                self.inherits.insert((ty.name.clone(), name), from);
            }
            None => self.diags.error(
                "BAD_INHERIT",
                applied.place.clone(),
                format!("`{}.{}` inherits from `{from}`, which leads to no entity", ty.name, field.name),
                "name the field that leads to the parent, as `article` of a reference",
            ),
        }
    }

    /// Columns, markers and translations spell a field in snake case: no two may be spelt alike.
    pub(super) fn spellings(&mut self, ty: &TypeDef, entity: &Entity) {
        let mut known: HashMap<&str, &Field> = HashMap::new();
        for field in entity.fields.values() {
            let Some(first) = known.insert(&field.snake, field) else { continue };
            let at = |field: &Field| {
                let of = self.types.fields(&ty.name).and_then(|fields| fields.get(&field.name));
                of.map_or_else(|| field.place.clone(), |of| of.place.clone())
            };
            let (place, other) = (at(field), at(first));
            if !self.diags.told(&place) {
                self.diags.error(
                    "DUPLICATE_SPELLING",
                    place,
                    format!(
                        "`{0}.{1}` and `{0}.{2}` are both spelt `{3}` in sources",
                        ty.name, field.name, first.name, field.snake
                    ),
                    format!("rename one of them; the other stands at {other}"),
                );
            }
        }
    }

    /// Finds the leader of each group and checks that its fields are won alike.
    pub(super) fn groups(&mut self, ty: &TypeDef, entity: &mut Entity) {
        let mut leaders: HashMap<String, usize> = HashMap::new();
        for index in 0..entity.fields.len() {
            let Some((_, field)) = entity.fields.get_index(index) else { continue };
            let Some(group) = field.group.as_ref().map(|g| g.name.clone()) else { continue };
            let leader = *leaders.entry(group.clone()).or_insert(index);
            let place = field.place.clone();
            let name = field.name.clone();
            let rule = field.rule;
            if !matches!(rule, Rule::Priority | Rule::Only) {
                self.diags.error(
                    "BAD_RULE",
                    place.clone(),
                    format!("`{}.{name}` is in the group `{group}` and {}", ty.name, word(rule)),
                    "a group is won by one source: use PRIORITY or ONLY",
                );
            }
            let first = entity
                .fields
                .get_index(leader)
                .map(|(_, f)| (f.name.clone(), f.rule, f.sources.clone(), f.place.clone()));
            // A rule that could not be read whole is no other rule.
            let echo = |diags: &Diagnostics, place: &Place| !sdl::is_built_in(place) && diags.told(place);
            if let Some((first, first_rule, sources, first_place)) = first
                && !echo(self.diags, &place)
                && !echo(self.diags, &first_place)
                && entity
                    .fields
                    .get_index(index)
                    .is_some_and(|(_, f)| f.rule != first_rule || f.sources != sources)
            {
                // Whichever of the two the shop wrote.
                let place = if sdl::is_built_in(&place) { first_place } else { place };
                self.diags.error(
                    "GROUP_CLASH",
                    place,
                    format!(
                        "`{}.{name}` and `{first}` are in the group `{group}`, but their rules differ",
                        ty.name
                    ),
                    "give both the same rule and sources: one source wins them together",
                );
            }
            if let Some((_, field)) = entity.fields.get_index_mut(index) {
                field.group = Some(Group { name: group, leader });
            }
        }
    }
}

/// A rule as the schema spells it.
fn word(rule: Rule) -> String {
    format!("{rule:?}").to_uppercase()
}

/// A directive on a field, by name.
pub(super) fn find<'a>(field: &'a FieldDef, name: &str) -> Option<&'a Applied> {
    field.applied.iter().find(|a| a.name == name)
}
