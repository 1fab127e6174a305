//! From the type system to the federation model: reads the directives in which precedence is
//! declared, binds them to the shop's sources and connector maps, and finds every rule that could
//! not be kept.
//!
//! The model's names: a GraphQL field whose type is a scalar, an enum or a list of them is a field
//! of the same name; `@cells` names the text cells behind a field that is an object (`seo` →
//! `seoTitle`…), which take that field's rule; `@items` makes it a list.

mod defaults;
mod fields;
mod maps;
mod rules;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql_value::ConstValue;
use indexmap::IndexMap;

pub use fields::enumeration;

use super::{
    sdl,
    types::{FieldDef, TypeDef, TypeSystem},
};
use crate::{
    config::{Config, Tree},
    connectors::map::ConnectorMap,
    diagnostics::Diagnostics,
    federation::model::{Entity, EntityId, Field, Model, Rule, SourceId, SourceInfo},
};

/// What a model is built on. Some of it may be broken, which has been reported: whatever does not lean
/// on that is judged all the same.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The schema.
    pub types: &'a TypeSystem,
    /// The words of schema files that could not be parsed.
    pub unread: &'a HashSet<String>,
    /// The shop's file.
    pub config: &'a Config,
    /// Whether the shop's file tells all of its sources.
    pub sources_known: bool,
    /// The resolved connector map of each source, by the source's name; a broken one is missing.
    pub maps: &'a IndexMap<String, ConnectorMap>,
}

/// Builds the model of a shop. `None` when anything found is an error, or something that it stands on
/// is missing; all findings are in `diags`.
pub fn model(ground: Ground<'_>, diags: &mut Diagnostics) -> Option<Model> {
    let Ground { types, config, maps, .. } = ground;
    let mark = diags.mark();
    let mut sources: Vec<&str> = config.sources.keys().map(String::as_str).collect();
    if !ground.sources_known {
        named_sources(types, &mut sources);
    }
    let mut declare = Declare {
        types,
        unread: ground.unread,
        sources_known: ground.sources_known,
        maps: sources.iter().map(|name| maps.get(*name)).collect(),
        sources,
        inherits: HashMap::new(),
        diags,
    };
    let mut model = Model {
        sources: declare.sources.iter().map(|name| SourceInfo { name: (*name).to_owned() }).collect(),
        entities: Vec::new(),
        languages: config.shop.languages.clone(),
    };
    let definitions: Vec<&TypeDef> =
        types.types.values().filter(|t| is_entity(t) && !declare.goes_without(t)).collect();
    for ty in &definitions {
        let mut entity = declare.entity(ty, config);
        if ty.name == "Department" {
            tree(&mut entity, config, &declare.sources);
        }
        model.entities.push(entity);
    }
    declare.inheritance(&definitions, &mut model.entities);
    for (ty, entity) in definitions.iter().zip(&mut model.entities) {
        declare.totals(ty, entity);
        declare.unused_columns(ty, entity);
    }
    let whole = declare.is_whole();
    (whole && !diags.errors_since(mark)).then_some(model)
}

/// The sources that rules and columns name, when nobody knows which there are: each is taken for one.
fn named_sources<'a>(types: &'a TypeSystem, sources: &mut Vec<&'a str>) {
    let fields = |ty: &'a TypeDef| types.fields(&ty.name).into_iter().flat_map(IndexMap::values);
    let entities = types.types.values().filter(|t| is_entity(t));
    let applied = entities.flat_map(|ty| ty.applied.iter().chain(fields(ty).flat_map(|f| &f.applied)));
    for one in applied {
        let named: Vec<&str> = match (one.name.as_str(), one.args.get("sources"), one.args.get("columns")) {
            ("precedence", Some(listed), _) => rules::texts(listed),
            ("complement", _, Some(ConstValue::Object(columns))) => {
                columns.keys().map(async_graphql_value::Name::as_str).collect()
            }
            _ => continue,
        };
        for name in named {
            if name != "site" && !sources.contains(&name) {
                sources.push(name);
            }
        }
    }
}

struct Declare<'a, 'd> {
    types: &'a TypeSystem,
    unread: &'a HashSet<String>,
    sources_known: bool,
    /// Source names; the index is the [`SourceId`].
    sources: Vec<&'a str>,
    /// `None`: broken, and not to be judged by.
    maps: Vec<Option<&'a ConnectorMap>>,
    /// `@inherit(from:)` by entity and field or list.
    inherits: HashMap<(String, String), rules::From>,
    diags: &'d mut Diagnostics,
}

impl Declare<'_, '_> {
    /// Whether every source and its map is known: only then something can be missing from them.
    fn is_whole(&self) -> bool {
        self.sources_known && self.maps.iter().all(Option::is_some)
    }

    /// Whether a field may exist, though it is not there to be used: what is wrong with it, or with its
    /// file, has been reported.
    fn may_exist(&self, ty: &TypeDef, name: &str) -> bool {
        let field = self.types.fields(&ty.name).and_then(|fields| fields.get(name));
        self.unread.contains(name) || field.is_some_and(|field| self.is_broken(field))
    }

    /// Whether a field's type is not known, or something else about it has been reported.
    fn is_broken(&self, field: &FieldDef) -> bool {
        !self.types.types.contains_key(field.ty.name()) || self.diags.told(&field.place)
    }
}

impl Declare<'_, '_> {
    fn entity(&mut self, ty: &TypeDef, config: &Config) -> Entity {
        let applied = ty.applied.iter().find(|a| a.name == "entity");
        let any = applied
            .and_then(|a| sdl::argument(self.types, a, "exists"))
            .is_some_and(|v| matches!(v, ConstValue::Enum(name) if name == "ANY"));
        let mut entity = Entity {
            name: ty.name.clone(),
            fields: IndexMap::new(),
            lists: IndexMap::new(),
            inherits: None,
            maps: self
                .maps
                .iter()
                .map(|m| m.and_then(|m| m.entities.get(&ty.name)).cloned().map(Arc::new))
                .collect(),
            decides: 0,
            any,
        };
        self.decides(ty, &mut entity, config);
        self.fields(ty, &mut entity);
        self.spellings(ty, &entity);
        self.groups(ty, &mut entity);
        self.declared_defaults(ty, &mut entity);
        self.change_columns(&mut entity);
        entity
    }

    /// Whether the shop goes without an entity: it may, and none of its sources decides which records there are.
    fn goes_without(&self, ty: &TypeDef) -> bool {
        let applied = ty.applied.iter().find(|a| a.name == "entity");
        let optional = applied.and_then(|a| sdl::argument(self.types, a, "optional"));
        let decided = || {
            let mut maps = self.maps.iter().flatten().filter_map(|m| m.entities.get(&ty.name));
            maps.any(|m| m.exists)
        };
        optional.is_some_and(|v| *v == ConstValue::Boolean(true)) && self.is_whole() && !decided()
    }

    /// The source that decides existence: the one whose map says so.
    fn decides(&mut self, ty: &TypeDef, entity: &mut Entity, config: &Config) {
        let overlay_tree = ty.name == "Department" && config.departments.tree == Tree::Isoshop;
        if overlay_tree {
            match self.sources.iter().position(|s| *s == "isoshop") {
                Some(id) if entity.maps.get(id).is_some_and(Option::is_some) => entity.decides = id,
                Some(id) if self.maps.get(id).is_some_and(Option::is_none) => {}
                None if !self.sources_known => {}
                _ => self.diags.error(
                    "NO_DECIDER",
                    crate::diagnostics::Place::new("comptoir.toml", 0, 0),
                    "`departments.tree` is `isoshop`, but no source `isoshop` holds departments",
                    "declare `[sources.isoshop]`, or choose another tree",
                ),
            }
            return;
        }
        let deciders: Vec<SourceId> = entity
            .maps
            .iter()
            .enumerate()
            .filter(|(_, map)| map.as_ref().is_some_and(|m| m.exists))
            .map(|(id, _)| id)
            .collect();
        match deciders.as_slice() {
            [one] => entity.decides = *one,
            [] if !self.is_whole() => {}
            [] => self.diags.error(
                "NO_DECIDER",
                ty.place.clone(),
                format!("no source decides which records of `{}` exist", ty.name),
                format!("set `exists = true` under `[entity.{}]` in the ERP's connector map", ty.name),
            ),
            [first, second, ..] => {
                let names = [*first, *second].map(|id| format!("`{}`", self.sources.get(id).unwrap_or(&"?")));
                let place = entity.maps.get(*second).and_then(Option::as_ref).map(|m| m.place.clone());
                self.diags.error(
                    "SEVERAL_DECIDERS",
                    place.unwrap_or_default(),
                    format!("{} both decide which records of `{}` exist", names.join(" and "), ty.name),
                    "leave `exists = true` in one connector map only",
                );
            }
        }
    }
}

fn is_entity(ty: &TypeDef) -> bool {
    ty.applied.iter().any(|a| a.name == "entity")
}

/// `departments.tree` decides whose parent and position count, and who knows departments at all.
fn tree(entity: &mut Entity, config: &Config, sources: &[&str]) {
    let only: Option<SourceId> = match config.departments.tree {
        Tree::Merged => None,
        Tree::Erp => sources.iter().position(|s| *s == "erp"),
        Tree::Isoshop => sources.iter().position(|s| *s == "isoshop"),
    };
    let Some(only) = only else { return };
    let place = |field: &Field| field.group.as_ref().is_some_and(|g| g.name == "place");
    for field in entity.fields.values_mut() {
        let is_key = field.name == "code" && config.departments.tree == Tree::Isoshop;
        if place(field) || is_key {
            field.sources = vec![only];
        }
    }
}

/// Whether a rule can only be kept for lists of records.
const fn is_list_rule(rule: Rule) -> bool {
    matches!(rule, Rule::Union)
}

impl Declare<'_, '_> {
    /// Resolves `@inherit` between entities, once all of them are known.
    fn inheritance(&mut self, definitions: &[&TypeDef], entities: &mut [Entity]) {
        let ids: HashMap<String, EntityId> =
            entities.iter().enumerate().map(|(id, e)| (e.name.clone(), id)).collect();
        let mut parents: Vec<Option<EntityId>> = vec![None; entities.len()];
        for (id, ty) in definitions.iter().enumerate() {
            let mut names: Vec<String> = Vec::new();
            if let Some(entity) = entities.get(id) {
                names.extend(entity.fields.keys().chain(entity.lists.keys()).cloned());
            }
            for name in names {
                let Some(from) = self.inherits.get(&(ty.name.clone(), name.clone())).cloned() else {
                    continue;
                };
                let Some(&parent) = ids.get(&from.entity) else { continue };
                let known = parents.get(id).copied().flatten();
                if known.is_some_and(|known| known != parent) {
                    self.diags.error(
                        "BAD_INHERIT",
                        from.place,
                        format!("`{}` inherits from two entities", ty.name),
                        "let all its fields inherit from the same one",
                    );
                    continue;
                }
                if let Some(slot) = parents.get_mut(id) {
                    *slot = Some(parent);
                }
                self.inherit_one(id, parent, &name, &from, entities);
            }
        }
        for (id, ty) in definitions.iter().enumerate() {
            let mut at = parents.get(id).copied().flatten();
            let mut steps = 0;
            while let Some(next) = at {
                steps += 1;
                if next == id || steps > entities.len() {
                    // Told where the first of its fields inherits.
                    let from = |name: &String| self.inherits.get(&(ty.name.clone(), name.clone()));
                    let place = entities
                        .get(id)
                        .and_then(|e| e.fields.keys().chain(e.lists.keys()).find_map(from))
                        .map_or_else(|| ty.place.clone(), |from| from.place.clone());
                    self.diags.error(
                        "CYCLIC_INHERIT",
                        place,
                        format!("`{}` inherits from itself", ty.name),
                        "remove `@inherit` from one of the entities on the way",
                    );
                    at = None;
                } else {
                    at = parents.get(next).copied().flatten();
                }
            }
            if let Some(entity) = entities.get_mut(id) {
                entity.inherits = parents.get(id).copied().flatten();
            }
        }
    }

    fn inherit_one(
        &mut self,
        id: EntityId,
        parent: EntityId,
        name: &str,
        from: &rules::From,
        entities: &mut [Entity],
    ) {
        let Some(above) = entities.get(parent) else { return };
        let field =
            above.fields.get_full(name).map(|(index, _, f)| (index, f.ty.clone(), f.enumeration.clone()));
        let list = above.lists.get(name).map(|l| l.columns.clone());
        let above = above.name.clone();
        let Some(entity) = entities.get_mut(id) else { return };
        let owner = entity.name.clone();
        let problem = if let Some(own) = entity.fields.get_mut(name) {
            match field {
                Some((index, ty, enumeration)) if ty == own.ty && enumeration == own.enumeration => {
                    own.inherit = Some(index);
                    None
                }
                Some(_) => Some(format!("`{owner}.{name}` and `{above}.{name}` are of different types")),
                None => Some(format!("`{above}` has no field `{name}` to inherit")),
            }
        } else if let Some(own) = entity.lists.get_mut(name) {
            match list {
                Some(columns) if columns == own.columns => {
                    own.inherit = true;
                    None
                }
                Some(_) => Some(format!("`{owner}.{name}` and `{above}.{name}` have different columns")),
                None => Some(format!("`{above}` has no list `{name}` to inherit")),
            }
        } else {
            None
        };
        if let Some(problem) = problem {
            self.diags.error(
                "BAD_INHERIT",
                from.place.clone(),
                problem,
                format!("declare the same field on `{above}`, or remove `@inherit`"),
            );
        }
    }

    /// Non-null needs a value for every record, whatever fails.
    fn totals(&mut self, ty: &TypeDef, entity: &Entity) {
        let key = ty
            .applied
            .iter()
            .find(|a| a.name == "entity")
            .and_then(|a| a.args.get("key"))
            .and_then(|k| if let ConstValue::String(k) = k { Some(k.as_str()) } else { None });
        for field in entity.fields.values() {
            let computed = self
                .types
                .fields(&entity.name)
                .and_then(|f| f.get(&field.name))
                .is_some_and(|f| f.applied.iter().any(|a| a.name == "computed"));
            if !field.non_null || Some(field.name.as_str()) == key || computed {
                continue;
            }
            if field.on_unknown == crate::federation::model::OnUnknown::Fail {
                self.diags.error(
                    "FAILING_NON_NULL",
                    field.place.clone(),
                    format!(
                        "`{}.{}` is non-null, but its rule fails when a source is down",
                        entity.name, field.name
                    ),
                    "make it nullable, or set `onUnknown: FALLBACK` with a default",
                );
            }
            // A default that does not fit has been reported: mended, it makes the field total.
            let owed = self
                .types
                .fields(&entity.name)
                .and_then(|f| f.get(&field.name))
                .is_some_and(|f| field.default.is_none() && fields::find(f, "default").is_some());
            if !owed && !defaults::is_total(entity, field, key, 0) {
                self.diags.error(
                    "NO_TOTAL_DEFAULT",
                    field.place.clone(),
                    format!(
                        "`{}.{}` is non-null, but nothing gives it a value in every record",
                        entity.name, field.name
                    ),
                    "make it nullable, or add `@default(value: …)`",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
