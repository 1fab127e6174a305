//! `staffGroups` and `saveStaffGroup`.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Site,
    connection::count,
    input::{self, Input},
    origin,
    problems::{self, Found, Language, Problem, settle},
};
use crate::{
    auth::{
        accounts::{GroupChange, MOST_GRANTS, StaffGroup},
        rights::{Grant, Right},
    },
    graphql::{
        error::GraphqlError,
        plain::{ArgMap, Plain, PlainObject},
        resolve::{Call, Resolver},
    },
    value::Value,
};

/// The list's name, to which its cursors are bound.
const LIST: &str = "StaffGroup/NAME";
/// `staffGroups`.
pub struct List(pub(super) Site);
/// `saveStaffGroup`.
pub struct Save(pub(super) Site);

#[async_trait]
impl Resolver for List {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let accounts = &self.0.accounts;
        let read =
            |after: Option<String>, first| async move { accounts.groups(after.as_deref(), first).await };
        let key = |group: &StaffGroup| Value::text(&*group.name);
        self.0.listed(&call, LIST, read, accounts.count_groups(), key).await
    }
}

#[async_trait]
impl Resolver for Save {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let language = Language::of(call.language);
        let mut found = Found::default();
        let change = self.0.change(Input::of(call.args, "input"), language, &mut found);
        if !found.0.is_empty() {
            return Ok(Plain::object(Payload { group: None, problems: found.0 }));
        }
        let saved = self.0.accounts.save_group(&call.context.viewer, change, &origin(&call)).await;
        Ok(Plain::object(match saved {
            Ok(group) => Payload { group, problems: Vec::new() },
            Err(error) => Payload { group: None, problems: vec![settle(&error, problems::GROUP, language)?] },
        }))
    }
}

impl Site {
    fn change(&self, input: Input<'_>, language: Language, found: &mut Found) -> GroupChange {
        let name = input.text("name").unwrap_or_default();
        input::NAME.check("name", name, language, found);
        let description = input.text("description");
        if let Some(description) = description {
            input::DESCRIPTION.check("description", description, language, found);
        }
        let grants = input.objects("grants");
        if grants.as_ref().map_or(0, Vec::len) > MOST_GRANTS {
            found.add("grants", "TOO_MANY", language.no_more_than(MOST_GRANTS));
        }
        let grants = grants.map(|grants| {
            let numbered = grants.into_iter().enumerate().take(MOST_GRANTS);
            numbered.filter_map(|(index, grant)| self.grant(index, grant, language, found)).collect()
        });
        GroupChange {
            name: name.to_owned(),
            description: description.map(str::to_owned),
            grants,
            delete: input.flag("delete").unwrap_or(false),
        }
    }

    fn grant(&self, index: usize, input: Input<'_>, language: Language, found: &mut Found) -> Option<Grant> {
        let at = |field: &str| format!("grants.{index}.{field}");
        let word = input.text("right").unwrap_or_default();
        let right = Right::named(word);
        if right.is_none() {
            let known: Vec<_> = Right::ALL.iter().map(|right| format!("`{}`", right.word())).collect();
            found.add(&at("right"), "UNKNOWN", language.unknown(&shown(word), &known.join(", ")));
        }
        let entity = input.text("entity");
        let entities = &self.catalog.engine.model.entities;
        if let Some(entity) = entity.filter(|name| entities.iter().all(|e| e.name != *name)) {
            let known: Vec<_> = entities.iter().map(|e| format!("`{}`", e.name)).collect();
            found.add(&at("entity"), "UNKNOWN", language.unknown(&shown(entity), &known.join(", ")));
        }
        for field in ["fields", "department"] {
            if let Some(text) = input.text(field) {
                input::WORD.check(&at(field), text, language, found);
            }
        }
        let part = |field: &str| input.text(field).map(Arc::from);
        Some(Grant {
            right: right?,
            entity: part("entity"),
            fields: part("fields"),
            department: part("department"),
        })
    }
}

/// A word as a message repeats it.
fn shown(word: &str) -> String {
    if word.chars().count() <= 40 { word.to_owned() } else { word.chars().take(40).chain(['…']).collect() }
}

struct Payload {
    group: Option<StaffGroup>,
    problems: Vec<Problem>,
}

impl PlainObject for Payload {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "group" => self.group.as_ref().map_or(Plain::Null, Plain::object),
            "userErrors" => problems::plain(&self.problems),
            _ => Plain::Null,
        }
    }
}

impl PlainObject for StaffGroup {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "name" => Plain::text(Some(&self.name)),
            "description" => Plain::text(Some(&self.description)),
            "grants" => Plain::List(self.grants.iter().map(Plain::object).collect()),
            "members" => count(self.members),
            _ => Plain::Null,
        }
    }
}

impl PlainObject for Grant {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "right" => Plain::text(Some(self.right.word())),
            "entity" => Plain::text(self.entity.as_deref()),
            "fields" => Plain::text(self.fields.as_deref()),
            "department" => Plain::text(self.department.as_deref()),
            _ => Plain::Null,
        }
    }
}
