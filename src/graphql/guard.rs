//! Which fields need which rights, as `@requires` and `@fieldGroup` declare it; and what a viewer's rights make of
//! that for one request.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql_value::ConstValue;

use super::{
    error::{Code, GraphqlError},
    sdl,
    types::{Applied, FieldDef, Kind, TypeDef, TypeSystem},
};
use crate::{
    auth::rights::{BASE, Reach, Right},
    catalog::{
        Catalog,
        sight::{Place, Sight},
    },
    connectors::tariff::Buyer,
    diagnostics::Diagnostics,
    federation::{filter::Filter, model::EntityId},
};

/// What a field needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Its field group: `read` has to be granted for it.
    pub group: Arc<str>,
    /// The rights that it needs beside `read`.
    pub requires: Vec<Right>,
}

impl Default for Guard {
    fn default() -> Self {
        Self { group: BASE.into(), requires: Vec::new() }
    }
}

impl Guard {
    /// Needs what another one needs too; a group of its own stays.
    fn join(&mut self, theirs: Self) {
        if &*self.group == BASE {
            self.group = theirs.group;
        }
        self.requires.extend(theirs.requires);
        self.requires.sort_unstable();
        self.requires.dedup();
    }
}

/// The guards of a schema's fields.
#[derive(Clone, Debug, Default)]
pub struct Guards(HashMap<String, HashMap<String, Guard>>);

impl Guards {
    /// The guards that a sound schema declares.
    pub fn of(types: &TypeSystem) -> Self {
        Self::read(types, &HashSet::new(), &mut Diagnostics::default())
    }

    /// What a field needs; `None`: it is read by whoever reads its record.
    pub fn get(&self, ty: &str, field: &str) -> Option<&Guard> {
        self.0.get(ty)?.get(field)
    }

    /// The groups of fields there are, `base` first.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self
            .0
            .values()
            .flat_map(HashMap::values)
            .map(|guard| &*guard.group)
            .filter(|g| *g != BASE)
            .collect();
        groups.sort_unstable();
        groups.dedup();
        groups.insert(0, BASE);
        groups
    }

    /// Reads what is declared; what cannot be kept is reported.
    fn read(types: &TypeSystem, unread: &HashSet<String>, diags: &mut Diagnostics) -> Self {
        let mut guards = Self::default();
        for ty in types.types.values() {
            let Some(fields) = types.fields(&ty.name) else { continue };
            for one in ty.applied.iter().filter(|a| is_guard(a)) {
                let Some(name) = text(one, "field") else {
                    diags.error(
                        "GUARD_WITHOUT_FIELD",
                        one.place.clone(),
                        format!("`@{}` on the type `{}` names no field", one.name, ty.name),
                        "add `field: \"…\"`, or write it at the field",
                    );
                    continue;
                };
                match fields.get(name) {
                    Some(field) => guards.add(types, ty, field, one, diags),
                    None if unread.contains(name) => {}
                    None => diags.error(
                        "UNKNOWN_FIELD",
                        one.place.clone(),
                        format!("`{}` has no field `{name}`", ty.name),
                        sdl::suggest(name, fields.keys().map(String::as_str), "name one of its fields"),
                    ),
                }
            }
            for field in fields.values() {
                for one in field.applied.iter().filter(|a| is_guard(a)) {
                    if text(one, "field").is_some() {
                        diags.error(
                            "GUARD_WITH_FIELD",
                            one.place.clone(),
                            format!(
                                "`@{}` on the field `{}.{}` names a field",
                                one.name, ty.name, field.name
                            ),
                            "leave out `field`; it is for types",
                        );
                    }
                    guards.add(types, ty, field, one, diags);
                }
            }
        }
        guards.inherit(types, diags);
        guards.derive(types);
        guards
    }

    fn add(
        &mut self,
        types: &TypeSystem,
        ty: &TypeDef,
        field: &FieldDef,
        one: &Applied,
        diags: &mut Diagnostics,
    ) {
        let path = format!("{}.{}", ty.name, field.name);
        let entity = sdl::is_entity(ty);
        let root = ty.name == types.query || types.mutation.as_ref() == Some(&ty.name);
        if !(entity || root && one.name == "requires") {
            diags.error(
                "NOT_GUARDABLE",
                one.place.clone(),
                format!("`@{}` cannot guard `{path}`", one.name),
                "guard the field that leads to it: fields of Department, Article and Reference can be",
            );
            return;
        }
        if field.ty.is_non_null() {
            diags.error(
                "GUARDED_NON_NULL",
                one.place.clone(),
                format!("`{path}` is non-null: withheld, it would take its record with it"),
                "make it nullable, or leave it to everybody who sees the record",
            );
        }
        let guard = self.0.entry(ty.name.clone()).or_default().entry(field.name.clone()).or_default();
        if one.name == "fieldGroup" {
            let Some(name) = text(one, "name") else { return };
            if &*guard.group != BASE && &*guard.group != name {
                diags.error(
                    "SEVERAL_GROUPS",
                    one.place.clone(),
                    format!("`{path}` is in two field groups: `{}` and `{name}`", guard.group),
                    "leave it in one",
                );
            }
            if name.trim().is_empty() {
                diags.error(
                    "BAD_ARGUMENT",
                    one.place.clone(),
                    format!("`{path}` is in a field group without a name"),
                    "name it, as `purchase`",
                );
            }
            guard.group = name.into();
            return;
        }
        let Some(word) = text(one, "right") else { return };
        match Right::named(word) {
            Some(right) if !guard.requires.contains(&right) => guard.requires.push(right),
            Some(_) => {}
            None => {
                let known: Vec<String> = Right::ALL.iter().map(|r| format!("`{}`", r.word())).collect();
                diags.error(
                    "UNKNOWN_RIGHT",
                    one.place.clone(),
                    format!("`{path}` needs the right `{word}`, which does not exist"),
                    sdl::suggest(
                        word,
                        Right::ALL.iter().map(|r| r.word()),
                        &format!("the rights are: {}", known.join(", ")),
                    ),
                );
            }
        }
    }

    /// A field that inherits shows what it inherits: it needs what that needs.
    fn inherit(&mut self, types: &TypeSystem, diags: &mut Diagnostics) {
        let mut found: Vec<(&TypeDef, &FieldDef, Guard, bool)> = Vec::new();
        for ty in types.types.values().filter(|t| sdl::is_entity(t)) {
            let fields = types.fields(&ty.name);
            for field in fields.into_iter().flat_map(|f| f.values()) {
                let from = field.applied.iter().find(|a| a.name == "inherit").and_then(|a| text(a, "from"));
                let parent = from.and_then(|from| fields?.get(from)).map(|f| f.ty.name());
                let Some(parent) = parent else { continue };
                let above = types.fields(parent).and_then(|f| f.get(&field.name));
                if let Some(guard) = self.get(parent, &field.name) {
                    found.push((ty, field, guard.clone(), above.is_some_and(|f| f.ty.is_non_null())));
                }
            }
        }
        for (ty, field, theirs, above_non_null) in found {
            // One that is non-null above has been reported there.
            if field.ty.is_non_null() && !above_non_null {
                diags.error(
                    "GUARDED_NON_NULL",
                    field.place.clone(),
                    format!(
                        "`{}.{}` is non-null and inherits a field that may be withheld",
                        ty.name, field.name
                    ),
                    "make it nullable, or leave the inherited field to everybody who sees the record",
                );
            }
            let own = self.0.entry(ty.name.clone()).or_default().entry(field.name.clone()).or_default();
            own.join(theirs);
        }
    }

    /// A field that shows one of a list's items, or which, needs what the list needs.
    fn derive(&mut self, types: &TypeSystem) {
        for ty in types.types.values().filter(|t| sdl::is_entity(t)) {
            for (one, list) in ITEMS_OF {
                let there = types.fields(&ty.name).is_some_and(|f| f.contains_key(one));
                let Some(theirs) = self.get(&ty.name, list).filter(|_| there).cloned() else { continue };
                let own = self.0.entry(ty.name.clone()).or_default().entry(one.to_owned()).or_default();
                own.join(theirs);
            }
        }
    }
}

/// Fields that show an item of a list, and the list.
const ITEMS_OF: [(&str, &str); 3] =
    [("image", "images"), ("department", "departments"), ("billingAddress", "addresses")];

fn is_guard(applied: &Applied) -> bool {
    matches!(applied.name.as_str(), "requires" | "fieldGroup")
}

fn text<'a>(applied: &'a Applied, name: &str) -> Option<&'a str> {
    match applied.args.get(name) {
        Some(ConstValue::String(text)) => Some(text),
        _ => None,
    }
}

/// Judges what is declared, and says at each field what it needs.
#[allow(clippy::implicit_hasher)]
pub fn check(types: &mut TypeSystem, unread: &HashSet<String>, diags: &mut Diagnostics) {
    let guards = Guards::read(types, unread, diags);
    for ty in types.types.values_mut() {
        let (Some(guarded), Kind::Object { fields, .. }) = (guards.0.get(&ty.name), &mut ty.kind) else {
            continue;
        };
        for (name, guard) in guarded {
            let Some(field) = fields.get_mut(name) else { continue };
            let mut needs: Vec<String> =
                guard.requires.iter().map(|r| format!("Needs the right `{}`.", r.word())).collect();
            if &*guard.group != BASE {
                needs.push(format!("In the field group `{}`.", guard.group));
            }
            let needs = needs.join(" ");
            field.description = Some(match field.description.take() {
                Some(said) if said.contains('\n') => format!("{}\n\n{needs}", said.trim_end()),
                Some(said) => format!("{said} {needs}"),
                None => needs,
            });
        }
    }
}

/// One right that a field of a plan needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The right.
    pub right: Right,
    /// On this entity; `None`: of a root field.
    pub entity: Option<EntityId>,
    /// For the fields of this group; `None`: for some field.
    pub group: Option<Arc<str>>,
    /// It is asked of each record; else it is enough that it holds for some.
    pub each: bool,
}

/// What a field of a plan needs: all of it.
pub type Need = Vec<Condition>;

/// What a viewer's rights make of a need.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is fulfilled.
    Open,
    /// It is not.
    Closed(GraphqlError),
    /// It is for the records that pass; else this is the error.
    Within(Vec<(Filter, GraphqlError)>),
}

impl Verdict {
    /// What a viewer's rights make of a need.
    pub fn of(need: &Need, catalog: &Catalog, sight: &mut Sight) -> Self {
        let mut within = Vec::new();
        for condition in need {
            let Some(entity) = condition.entity else {
                if !somewhere(sight, condition.right) {
                    return Self::Closed(forbidden(condition.right, None));
                }
                continue;
            };
            let error = || forbidden(condition.right, condition.group.as_deref());
            match sight.place(catalog, condition.right, entity, condition.group.as_deref()) {
                Place::Everywhere => {}
                Place::Nowhere => return Self::Closed(error()),
                Place::In(filter) if condition.each => within.push((filter, error())),
                Place::In(_) => {}
            }
        }
        if within.is_empty() { Self::Open } else { Self::Within(within) }
    }
}

/// Whether a root field may be asked that needs a right: of rights on records some of it is enough, for what the field
/// shows is narrowed by it; other rights are had or not.
fn somewhere(sight: &Sight, right: Right) -> bool {
    match right {
        Right::Read | Right::Hidden | Right::Provenance => sight.rights().0.iter().any(|g| g.right == right),
        other => sight.rights().allows(other),
    }
}

/// What guards an entity's field, by a name of the schema or of the cells and lists behind it.
pub fn guard_of<'a>(guards: &'a Guards, ty: &str, name: &str) -> Vec<&'a Guard> {
    const MADE_OF: [&str; 5] = ["seo", "parent", "article", "optionValues", "billingAddress"];
    let made = MADE_OF.into_iter().filter(|made| crate::catalog::explain::parts_of(made).contains(&name));
    let list = match name {
        "placements" => Some("departments"),
        "image" => Some("images"),
        _ => None,
    };
    std::iter::once(name).chain(made).chain(list).filter_map(|name| guards.get(ty, name)).collect()
}

/// What filters and sorts of a request may lean on: only what the viewer sees of every record it sees.
pub struct Gate<'a> {
    /// The guards.
    pub guards: &'a Guards,
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// What the viewer may see.
    pub sight: &'a Sight,
    /// Who buys: what a list sorted by price is sorted for.
    pub buyer: &'a Buyer,
}

impl Gate<'_> {
    /// Whether a field of an entity may be leant on; `at` is the argument's path.
    ///
    /// # Errors
    /// `FORBIDDEN`, naming the argument.
    pub fn field(&self, entity: EntityId, name: &str, at: &str) -> Result<(), GraphqlError> {
        let ty = &self.catalog.engine.model.entities[entity].name;
        let Some(guard) = self.guards.get(ty, name) else { return Ok(()) };
        let rights = self.sight.rights();
        let seen = rights.reach(Right::Read, ty, Some(BASE));
        let needed = std::iter::once(Right::reading(ty)).chain(guard.requires.iter().copied());
        for right in needed {
            let reach = rights.reach(right, ty, Some(&guard.group));
            if reach == Reach::Nowhere || !reach.covers(&seen) {
                return Err(forbidden(right, Some(&guard.group))
                    .with("argument", at)
                    .because(format!("`{at}` leans on a field that you may not see of every {ty}.")));
            }
        }
        Ok(())
    }

    /// Whether the records of an entity may be leant on.
    ///
    /// # Errors
    /// As [`Gate::field`].
    pub fn entity(&self, entity: EntityId, at: &str) -> Result<(), GraphqlError> {
        if readable(self.catalog, self.sight, entity) {
            return Ok(());
        }
        let ty = &self.catalog.engine.model.entities[entity].name;
        Err(forbidden(Right::reading(ty), None)
            .with("argument", at)
            .because(format!("`{at}` leans on records that you may not see: {ty}.")))
    }
}

/// Whether a viewer may read any record of an entity.
pub fn readable(catalog: &Catalog, sight: &Sight, entity: EntityId) -> bool {
    let ty = &catalog.engine.model.entities[entity].name;
    sight.rights().reach(Right::Read, ty, Some(BASE)) != Reach::Nowhere
}

/// What one may not see.
pub fn forbidden(right: Right, group: Option<&str>) -> GraphqlError {
    let group = group.filter(|group| *group != BASE);
    let of = group.map_or_else(String::new, |group| format!(" for the field group `{group}`"));
    let message = format!("This needs the right `{}`{of}, which you do not have here.", right.word());
    let error = GraphqlError::new(Code::Forbidden, message).with("right", right.word());
    match group {
        Some(group) => error.with("fieldGroup", group),
        None => error,
    }
}
