//! The federation model: entities, fields, rules, as declared in `schema/*.graphql` (with the
//! shop's own extensions) and the connector maps. Built once at start; immutable.

use std::{collections::HashMap, sync::Arc, time::Duration};

use indexmap::IndexMap;

use crate::{
    connectors::map::EntityMap,
    diagnostics::Place,
    value::{Type, Value},
};

/// Index of a source in [`Model::sources`], in the shop's order (`erp` first by convention).
pub type SourceId = usize;
/// Index of an entity in [`Model::entities`].
pub type EntityId = usize;
/// Index of a field in [`Entity::fields`].
pub type FieldId = usize;

/// Everything the merge needs to know.
#[derive(Debug, Default)]
pub struct Model {
    /// The shop's sources by name, in order of declaration.
    pub sources: Vec<SourceInfo>,
    /// The entities, in schema order.
    pub entities: Vec<Entity>,
    /// The default language first.
    pub languages: Vec<String>,
}

/// What the merge knows of a source.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// Its name in rules.
    pub name: String,
}

/// One entity: what is merged under one key.
#[derive(Debug)]
pub struct Entity {
    /// The GraphQL type's name.
    pub name: String,
    /// Fields that carry values, by name, in schema order.
    pub fields: IndexMap<String, Field>,
    /// Lists of child records, by name (`images`, `documents`, `related`, `placements`…).
    pub lists: IndexMap<String, ListField>,
    /// The entity whose merged values this one inherits (`Reference` from `Article`).
    pub inherits: Option<EntityId>,
    /// Where each source keeps it; `None` where a source does not know the entity.
    pub maps: Vec<Option<Arc<EntityMap>>>,
    /// The source that decides existence.
    pub decides: SourceId,
    /// A record exists if any source has it (`exists: ANY`).
    pub any: bool,
}

/// One field of an entity.
#[derive(Clone, Debug)]
pub struct Field {
    /// The GraphQL name.
    pub name: String,
    /// snake_case of the name: how `text` and `marker` rows spell it.
    pub snake: String,
    /// What it holds.
    pub ty: Type,
    /// Enum values: raw text (case- and accent-exact) → GraphQL name; empty when not an enum. A
    /// declared default of an enum is the GraphQL name.
    pub enumeration: HashMap<String, String>,
    /// How its cells become one value.
    pub rule: Rule,
    /// Listed sources in order of authority (without `site`), undeclared ones dropped.
    pub sources: Vec<SourceId>,
    /// Fields won together: the name of the group and the field that decides it.
    pub group: Option<Group>,
    /// The back office cannot override it, and why.
    pub lock: Option<String>,
    /// What happens when a source that could have won is unreachable.
    pub on_unknown: OnUnknown,
    /// How old a cell served by STALE may be.
    pub max_age: Option<Duration>,
    /// The declared default, used when nothing has a value.
    pub default: Option<Default_>,
    /// The field of the inherited entity that stands in, when `@inherit` is declared.
    pub inherit: Option<FieldId>,
    /// Whether sources may hold it in several languages.
    pub localized: bool,
    /// Blank text is a value (`blank: VALUE`).
    pub blank_is_value: bool,
    /// 0 and false mean nothing unless a source's map says otherwise (`zero: ABSENT`).
    pub zero_is_absent: bool,
    /// Declared by the shop through `@complement`.
    pub complement: bool,
    /// The GraphQL type is non-null.
    pub non_null: bool,
    /// Where it was declared.
    pub place: Place,
}

impl Field {
    /// Whether lists can be sorted by it: one value, and no markup.
    pub fn sortable(&self) -> bool {
        !matches!(self.ty, Type::Html | Type::List(_))
    }
}

/// A group of fields won together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// The group's first field: the source that wins it wins all.
    pub leader: FieldId,
}

/// A declared default.
#[derive(Clone, Debug, PartialEq)]
pub enum Default_ {
    /// A constant.
    Value(Value),
    /// Another field's merged value.
    Field(FieldId),
}

/// How cells become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The first cell in listed order that says something wins.
    Priority,
    /// One source is read; others never.
    Only,
    /// Lists: concatenated in source order, de-duplicated by key.
    Union,
    /// The newest cell by trusted change columns.
    Recent,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
}

/// What an unreachable source that could have won does to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnUnknown {
    /// A field error.
    Fail,
    /// The last cell read, until `maxAge`; then the next source.
    Stale,
    /// The next source, marked in provenance.
    Fallback,
}

/// A list of child records merged by a rule.
#[derive(Clone, Debug)]
pub struct ListField {
    /// The list's name.
    pub name: String,
    /// UNION (by key) or PRIORITY (the first source with rows) or ONLY.
    pub rule: Rule,
    /// Listed sources in order of authority.
    pub sources: Vec<SourceId>,
    /// UNION's de-duplication key: names of child fields.
    pub key: Vec<String>,
    /// The child fields and their types, in output order.
    pub columns: IndexMap<String, Type>,
    /// What happens when a listed source is unreachable.
    pub on_unknown: OnUnknown,
    /// The same list of the inherited entity stands in when this one has no rows.
    pub inherit: bool,
}
