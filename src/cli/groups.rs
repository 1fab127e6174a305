//! `comptoir grant` and `comptoir groups`: what groups of staff may.

use std::{fmt::Write as _, sync::Arc};

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use serde_json::{Value as Json, json};

use super::{Failure, ShopArg, accounts, err, out};
use crate::{
    auth::{
        accounts::{Accounts, GroupChange, StaffGroup},
        rights::{Grant as OneGrant, Right},
    },
    shop::Shop,
    site::Revoke as What,
};

/// How many are read at a time.
const PAGE: usize = 500;

/// Grant a right to a group of staff, or take it back
///
/// A group that there is not is made. What is granted holds at once, for all who are in the group, on every running
/// server. Rights without limits reach everything; --entity, --fields and --department narrow one down, and --revoke
/// takes back exactly what was granted.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir grant sales provenance
  comptoir grant sales hidden --entity Article --department CUISINE
  comptoir grant prices read --entity Article --fields prices
  comptoir grant sales provenance --revoke")]
pub(super) struct Grant {
    #[command(flatten)]
    shop: ShopArg,
    /// The group
    group: String,
    /// The right
    #[arg(value_parser = PossibleValuesParser::new(Right::ALL.map(Right::word)))]
    right: String,
    /// On records of this type alone, as Article
    #[arg(long, value_name = "TYPE")]
    entity: Option<String>,
    /// On the fields of this group of fields alone
    #[arg(long, value_name = "FIELDS")]
    fields: Option<String>,
    /// On this department and all below it alone, by code
    #[arg(long, value_name = "CODE")]
    department: Option<String>,
    /// Take it back
    #[arg(long)]
    revoke: bool,
}

impl Grant {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = accounts::open(&self.shop.dir).await?;
        let done = self.change(&shop).await;
        shop.close().await;
        done
    }

    /// That what the grant is narrowed to exists. A grant on nothing would look as if it gave something.
    async fn known(&self, shop: &Shop) -> Result<(), Failure> {
        let groups = shop.field_groups();
        if let Some(fields) = self.fields.as_ref().filter(|fields| !groups.contains(fields)) {
            return Err(Failure::Wrong(format!(
                "the schema puts no field into a group `{fields}`; there are {}",
                groups.iter().map(|group| format!("`{group}`")).collect::<Vec<_>>().join(", ")
            )));
        }
        let Some(code) = self.department.as_deref() else { return Ok(()) };
        match shop.has_department(code).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::Wrong(format!("there is no department `{code}`"))),
            Err(reason) => {
                err(&format!(
                    "warning: whether there is a department `{code}` cannot be told now: {reason}\n"
                ));
                Ok(())
            }
        }
    }

    async fn change(self, shop: &Shop) -> Result<(), Failure> {
        let Some(right) = Right::named(&self.right) else {
            return Err(Failure::Wrong(format!("there is no right `{}`", self.right)));
        };
        if let Some(entity) = self.entity.as_deref().filter(|entity| !shop.has_field(entity, "code")) {
            return Err(Failure::Wrong(format!(
                "the shop has no records of type `{entity}`: Article, Department and Reference are some"
            )));
        }
        if !self.revoke {
            self.known(shop).await?;
        }
        let part = |text: Option<String>| text.map(Arc::from);
        let grant = OneGrant {
            right,
            entity: part(self.entity),
            fields: part(self.fields),
            department: part(self.department),
        };
        let found = shop.staff().group(&self.group).await.map_err(accounts::failure)?;
        if found.is_none() && self.revoke {
            return Err(unknown(&self.group));
        }
        let new = found.is_none();
        let mut grants = found.map(|group| group.grants).unwrap_or_default();
        let had = grants.contains(&grant);
        if had != self.revoke && !new {
            let said = told(&grant);
            if self.revoke {
                return Err(Failure::Wrong(format!(
                    "group `{}` is not granted `{said}`: `comptoir groups` lists what it is granted",
                    self.group
                )));
            }
            err(&format!("group `{}` is granted `{said}` already\n", self.group));
            return Ok(());
        }
        if self.revoke {
            grants.retain(|had| *had != grant);
        } else {
            grants.push(grant);
        }
        let change = GroupChange { name: self.group, grants: Some(grants), ..GroupChange::default() };
        let saved = shop.staff().save_group_as_system(change).await.map_err(accounts::failure)?;
        if let Some(saved) = saved {
            if new {
                err(&format!("group `{}` made\n", saved.name));
            }
            out(&text(&saved));
        }
        Ok(())
    }
}

/// List the groups of staff and what they may; add or remove one
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  comptoir groups
  comptoir groups --json
  comptoir groups add sales --description \"The shop in Lyon\"
  comptoir groups remove sales"
)]
pub(super) struct Groups {
    #[command(flatten)]
    shop: ShopArg,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Add(Add),
    Remove(Remove),
}

/// Add a group, or change its description
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir groups add sales --description \"The shop in Lyon\"")]
struct Add {
    #[command(flatten)]
    shop: ShopArg,
    name: String,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
}

/// Remove a group; its members lose it at once
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir groups remove sales")]
struct Remove {
    #[command(flatten)]
    shop: ShopArg,
    name: String,
}

impl Groups {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let dir = match &self.command {
            None => &self.shop.dir,
            Some(Command::Add(add)) => &add.shop.dir,
            Some(Command::Remove(remove)) => &remove.shop.dir,
        };
        let shop = accounts::open(dir).await?;
        let done = match self.command {
            None => list(&shop, self.json).await,
            Some(Command::Add(add)) => {
                let change =
                    GroupChange { name: add.name, description: add.description, ..GroupChange::default() };
                let saved = shop.staff().save_group_as_system(change).await;
                saved
                    .map(|saved| out(&saved.map_or_else(String::new, |g| text(&g))))
                    .map_err(accounts::failure)
            }
            Some(Command::Remove(remove)) => match shop.staff().group(&remove.name).await {
                Ok(Some(group)) => {
                    let change = GroupChange { name: remove.name, delete: true, ..GroupChange::default() };
                    let removed = shop.staff().save_group_as_system(change).await;
                    let members = group.members;
                    removed
                        .map(|_| out(&format!("group `{}` removed; it had {members} members\n", group.name)))
                        .map_err(accounts::failure)
                }
                Ok(None) => Err(unknown(&remove.name)),
                Err(error) => Err(accounts::failure(error)),
            },
        };
        shop.close().await;
        done
    }
}

fn unknown(group: &str) -> Failure {
    Failure::Wrong(format!("there is no group `{group}`: `comptoir groups` lists them"))
}

async fn list(shop: &Shop, json: bool) -> Result<(), Failure> {
    let mut groups: Vec<StaffGroup> = Vec::new();
    loop {
        let after = groups.last().map(|group| group.name.clone());
        let page = shop.staff().groups(after.as_deref(), PAGE).await.map_err(accounts::failure)?;
        let last = page.len() < PAGE;
        groups.extend(page);
        if last {
            break;
        }
    }
    if json {
        out(&accounts::json(&Json::Array(groups.iter().map(json_of).collect())));
        return Ok(());
    }
    if groups.is_empty() {
        err("there is no group yet: the first `comptoir staff add` makes `admin`\n");
    }
    for group in &groups {
        out(&text(group));
    }
    Ok(())
}

fn text(group: &StaffGroup) -> String {
    let plural = if group.members == 1 { "" } else { "s" };
    let mut text = format!("{} ({} member{plural})", group.name, group.members);
    if !group.description.is_empty() {
        let _ = write!(text, ": {}", group.description);
    }
    text.push('\n');
    for grant in &group.grants {
        let _ = writeln!(text, "  {}", told(grant));
    }
    text
}

fn told(grant: &OneGrant) -> String {
    let mut text = grant.right.word().to_owned();
    let parts = [("entity", &grant.entity), ("fields", &grant.fields), ("department", &grant.department)];
    for (name, value) in parts {
        if let Some(value) = value {
            let _ = write!(text, " --{name} {value}");
        }
    }
    text
}

fn json_of(group: &StaffGroup) -> Json {
    let grants: Vec<Json> = group
        .grants
        .iter()
        .map(|grant| {
            json!({
                "right": grant.right.word(),
                "entity": grant.entity,
                "fields": grant.fields,
                "department": grant.department,
            })
        })
        .collect();
    json!({
        "name": group.name,
        "description": group.description,
        "members": group.members,
        "grants": grants,
    })
}

/// Revoke tokens of any issuer before they end
///
/// Holds at once on every running server. Staff sessions are ended by `comptoir staff logout` instead.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir revoke --issuer https://id.example.com --token 0f8c1d…
  comptoir revoke --issuer https://id.example.com --subject integration-7")]
pub(super) struct Revoke {
    #[command(flatten)]
    shop: ShopArg,
    /// Who issued it (the token's `iss`)
    #[arg(long, value_name = "ISSUER")]
    issuer: String,
    /// One token, by its id (`jti`)
    #[arg(long, value_name = "ID", required_unless_present = "subject", conflicts_with = "subject")]
    token: Option<String>,
    /// All tokens of somebody (`sub`) that were issued up to now
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
}

impl Revoke {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = accounts::open(&self.shop.dir).await?;
        let what = match (self.token, self.subject) {
            (Some(id), _) => What::Token(id),
            (None, subject) => What::Subject(subject.unwrap_or_default()),
        };
        let done = shop.staff().revoke(&self.issuer, what).await;
        shop.close().await;
        done.map_err(accounts::failure)?;
        out("revoked\n");
        Ok(())
    }
}
