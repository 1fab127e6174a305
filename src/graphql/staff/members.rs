//! `staffMembers` and `saveStaffMember`.

use async_trait::async_trait;

use super::{
    Site,
    input::{self, Input},
    origin,
    problems::{self, Found, Language, Problem, settle},
};
use crate::{
    auth::accounts::{MemberChange, StaffMember},
    graphql::{
        error::GraphqlError,
        plain::{ArgMap, Plain, PlainObject},
        resolve::{Call, Resolver},
    },
    value::{Value, rfc3339},
};

/// The list's name, to which its cursors are bound.
const LIST: &str = "StaffMember/LOGIN";
/// Groups of one member.
const GROUPS: usize = 100;

/// `staffMembers`.
pub struct List(pub(super) Site);
/// `saveStaffMember`.
pub struct Save(pub(super) Site);

#[async_trait]
impl Resolver for List {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let accounts = &self.0.accounts;
        let read =
            |after: Option<String>, first| async move { accounts.members(after.as_deref(), first).await };
        let key = |member: &StaffMember| Value::text(&*member.login);
        self.0.listed(&call, LIST, read, accounts.count_members(), key).await
    }
}

#[async_trait]
impl Resolver for Save {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let language = Language::of(call.language);
        let mut found = Found::default();
        let change = change(Input::of(call.args, "input"), language, &mut found);
        if !found.0.is_empty() {
            return Ok(Plain::object(Payload { member: None, problems: found.0 }));
        }
        let saved = self.0.accounts.save_member(&call.context.viewer, change, &origin(&call)).await;
        Ok(Plain::object(match saved {
            Ok(member) => Payload { member: Some(member), problems: Vec::new() },
            Err(error) => {
                Payload { member: None, problems: vec![settle(&error, problems::MEMBER, language)?] }
            }
        }))
    }
}

fn change(input: Input<'_>, language: Language, found: &mut Found) -> MemberChange {
    let login = input.text("login").unwrap_or_default();
    input::NAME.check("login", login, language, found);
    let name = input.text("name");
    if let Some(name) = name {
        input::NAME.check("name", name, language, found);
    }
    let password = input.text("password");
    if let Some(password) = password {
        input::NEW_PASSWORD.check("password", password, language, found);
    }
    let groups = input.texts("groups");
    let count = groups.as_ref().map_or(0, Vec::len);
    if count > GROUPS {
        found.add("groups", "TOO_MANY", language.no_more_than(GROUPS));
    }
    for (index, group) in groups.iter().flatten().enumerate().take(GROUPS) {
        input::NAME.check(&format!("groups.{index}"), group, language, found);
    }
    MemberChange {
        login: login.to_owned(),
        name: name.map(str::to_owned),
        password: password.map(str::to_owned),
        active: input.flag("active"),
        groups: groups.map(|groups| groups.into_iter().map(str::to_owned).collect()),
    }
}

struct Payload {
    member: Option<StaffMember>,
    problems: Vec<Problem>,
}

impl PlainObject for Payload {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "member" => self.member.as_ref().map_or(Plain::Null, Plain::object),
            "userErrors" => problems::plain(&self.problems),
            _ => Plain::Null,
        }
    }
}

impl PlainObject for StaffMember {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "login" => Plain::text(Some(&self.login)),
            "name" => Plain::text(Some(&self.name)),
            "active" => Plain::Bool(self.active),
            "groups" => Plain::List(self.groups.iter().map(|group| Plain::text(Some(group))).collect()),
            "createdAt" => Plain::owned(Some(rfc3339(&self.created_at))),
            "lastLoginAt" => Plain::owned(self.last_login_at.as_ref().map(rfc3339)),
            _ => Plain::Null,
        }
    }
}
