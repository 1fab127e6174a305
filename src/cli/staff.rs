//! `comptoir staff`: the accounts of who works for the shop.

use std::io::BufRead;

use clap::{Args, Subcommand};
use console::Term;
use serde_json::{Value as Json, json};

use super::{Failure, ShopArg, accounts, err, out};
use crate::{
    auth::{
        accounts::{Accounts, GroupChange, MemberChange, StaffMember},
        grants::ADMIN,
        rights::{Grant, Right},
    },
    shop::Shop,
    site,
};

/// How many are read at a time.
const PAGE: usize = 500;

/// Make and change the accounts of who works for the shop
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir staff add marie --name \"Marie Martin\" --shop my-shop
  comptoir staff add paul --group sales --password-stdin < password.txt
  comptoir staff list --json
  comptoir staff disable paul
  comptoir staff logout --all")]
pub(super) struct Staff {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Add(Add),
    Change(Change),
    List(List),
    Show(Show),
    Disable(Disable),
    Enable(Enable),
    Password(Password),
    Logout(Logout),
}

/// Add an account
///
/// Asks for the password on a terminal; elsewhere, and when none is typed, one is made and printed, once. The first
/// account of a shop makes the group `admin`, with all rights, and is put into it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir staff add marie --name \"Marie Martin\"
  comptoir staff add paul --group sales --group stock
  comptoir staff add paul --group sales --password-stdin < password.txt")]
struct Add {
    #[command(flatten)]
    shop: ShopArg,
    /// What they log in with, up to 64 characters; case does not count
    login: String,
    /// The name to show; the login when left out
    #[arg(long)]
    name: Option<String>,
    /// A group to put them into; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Change the name or the groups of an account
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir staff change paul --group sales --group stock
  comptoir staff change paul --no-groups
  comptoir staff change paul --name \"Paul Petit\"")]
struct Change {
    #[command(flatten)]
    shop: ShopArg,
    login: String,
    /// The name to show
    #[arg(long)]
    name: Option<String>,
    /// A group they are in from now on, and in no other; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// They are in no group from now on
    #[arg(long, conflicts_with = "groups")]
    no_groups: bool,
}

/// List the accounts
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir staff list\n  comptoir staff list --json | jq '.[].login'")]
struct List {
    #[command(flatten)]
    shop: ShopArg,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Show an account
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir staff show marie")]
struct Show {
    #[command(flatten)]
    shop: ShopArg,
    login: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Keep an account from logging in, and end its sessions at once
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir staff disable paul")]
struct Disable {
    #[command(flatten)]
    shop: ShopArg,
    login: String,
}

/// Let an account log in again
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir staff enable paul")]
struct Enable {
    #[command(flatten)]
    shop: ShopArg,
    login: String,
}

/// Set a new password, and end the account's sessions at once
///
/// Asks for it on a terminal; elsewhere, and when none is typed, one is made and printed, once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir staff password paul
  comptoir staff password paul --password-stdin < password.txt")]
struct Password {
    #[command(flatten)]
    shop: ShopArg,
    login: String,
    /// Read the password from the first line of standard input
    #[arg(long = "password-stdin")]
    from_input: bool,
}

/// End every session of an account, or of all, at once
#[derive(Args)]
#[command(after_help = "Examples:\n  comptoir staff logout paul\n  comptoir staff logout --all")]
struct Logout {
    #[command(flatten)]
    shop: ShopArg,
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    login: Option<String>,
    /// Of all accounts
    #[arg(long)]
    all: bool,
}

impl Staff {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let dir = match &self.command {
            Command::Add(c) => &c.shop.dir,
            Command::Change(c) => &c.shop.dir,
            Command::List(c) => &c.shop.dir,
            Command::Show(c) => &c.shop.dir,
            Command::Disable(c) => &c.shop.dir,
            Command::Enable(c) => &c.shop.dir,
            Command::Password(c) => &c.shop.dir,
            Command::Logout(c) => &c.shop.dir,
        };
        let shop = accounts::open(dir).await?;
        let done = match self.command {
            Command::Add(command) => command.run(&shop).await,
            Command::Change(command) => command.run(&shop).await,
            Command::List(command) => command.run(&shop).await,
            Command::Show(command) => command.run(&shop).await,
            Command::Disable(command) => active(&shop, command.login, false).await,
            Command::Enable(command) => active(&shop, command.login, true).await,
            Command::Password(command) => command.run(&shop).await,
            Command::Logout(command) => command.run(&shop).await,
        };
        shop.close().await;
        done
    }
}

/// The group whose members may everything.
pub(super) fn admins() -> GroupChange {
    GroupChange {
        name: ADMIN.to_owned(),
        description: Some("May do everything".to_owned()),
        grants: Some(Right::ALL.map(Grant::whole).to_vec()),
        delete: false,
    }
}

impl Add {
    async fn run(self, shop: &Shop) -> Result<(), Failure> {
        let staff = shop.staff();
        if let Some(there) = staff.member(&self.login).await.map_err(accounts::failure)? {
            return Err(Failure::Wrong(format!(
                "there is an account `{}` already: `comptoir staff change` changes it",
                there.login
            )));
        }
        let first = staff.count_members().await.map_err(accounts::failure)? == 0;
        let (password, made) = password(self.password_stdin)?;
        let mut groups = self.groups;
        if first {
            staff.save_group_as_system(admins()).await.map_err(accounts::failure)?;
            err(&format!("group `{ADMIN}` made, with all rights\n"));
            if groups.is_empty() {
                groups.push(ADMIN.to_owned());
            }
        }
        let change = MemberChange {
            login: self.login,
            name: self.name,
            password: Some(password.clone()),
            active: None,
            groups: Some(groups),
        };
        let saved = staff.save_member_as_system(change).await.map_err(accounts::failure)?;
        let groups = if saved.groups.is_empty() { "no group".to_owned() } else { saved.groups.join(", ") };
        out(&format!("account `{}` made, in {groups}\n", saved.login));
        tell(made.then_some(&password));
        Ok(())
    }
}

impl Change {
    async fn run(self, shop: &Shop) -> Result<(), Failure> {
        known(shop, &self.login).await?;
        let groups = if self.no_groups || !self.groups.is_empty() { Some(self.groups) } else { None };
        if groups.is_none() && self.name.is_none() {
            return Err(Failure::Wrong("nothing to change: give --name, --group or --no-groups".to_owned()));
        }
        let change = MemberChange { login: self.login, name: self.name, groups, ..MemberChange::default() };
        let saved = shop.staff().save_member_as_system(change).await.map_err(accounts::failure)?;
        out(&format!("account `{}` changed: {}\n", saved.login, line(&saved)));
        Ok(())
    }
}

impl List {
    async fn run(self, shop: &Shop) -> Result<(), Failure> {
        let mut members: Vec<StaffMember> = Vec::new();
        loop {
            let after = members.last().map(|member| member.login.clone());
            let page = shop.staff().members(after.as_deref(), PAGE).await.map_err(accounts::failure)?;
            let last = page.len() < PAGE;
            members.extend(page);
            if last {
                break;
            }
        }
        if self.json {
            out(&accounts::json(&Json::Array(members.iter().map(json_of).collect())));
            return Ok(());
        }
        if members.is_empty() {
            err("there is no account yet: `comptoir staff add LOGIN` adds one\n");
        }
        let width = members.iter().map(|member| member.login.chars().count()).max().unwrap_or(0);
        for member in &members {
            out(&format!("{:width$}  {}\n", member.login, line(member)));
        }
        Ok(())
    }
}

impl Show {
    async fn run(self, shop: &Shop) -> Result<(), Failure> {
        let member = known(shop, &self.login).await?;
        if self.json {
            out(&accounts::json(&json_of(&member)));
        } else {
            let last = member.last_login_at.map_or_else(|| "never".to_owned(), accounts::time);
            out(&format!(
                "login       {}\nname        {}\nactive      {}\ngroups      {}\nmade        {}\nlast login  {last}\n",
                member.login,
                member.name,
                if member.active { "yes" } else { "no" },
                member.groups.join(", "),
                accounts::time(member.created_at),
            ));
        }
        Ok(())
    }
}

async fn active(shop: &Shop, login: String, active: bool) -> Result<(), Failure> {
    known(shop, &login).await?;
    let change = MemberChange { login, active: Some(active), ..MemberChange::default() };
    let saved = shop.staff().save_member_as_system(change).await.map_err(accounts::failure)?;
    out(&format!(
        "account `{}` {}\n",
        saved.login,
        if active { "may log in" } else { "may not log in any more; its sessions are ended" }
    ));
    Ok(())
}

impl Password {
    async fn run(self, shop: &Shop) -> Result<(), Failure> {
        known(shop, &self.login).await?;
        let (password, made) = password(self.from_input)?;
        let change =
            MemberChange { login: self.login, password: Some(password.clone()), ..MemberChange::default() };
        let saved = shop.staff().save_member_as_system(change).await.map_err(accounts::failure)?;
        out(&format!("account `{}` has a new password; its sessions are ended\n", saved.login));
        tell(made.then_some(&password));
        Ok(())
    }
}

impl Logout {
    async fn run(self, shop: &Shop) -> Result<(), Failure> {
        let ended = shop.staff().end_sessions(self.login.as_deref()).await.map_err(accounts::failure)?;
        out(&format!("{ended} session{} ended\n", if ended == 1 { "" } else { "s" }));
        Ok(())
    }
}

async fn known(shop: &Shop, login: &str) -> Result<StaffMember, Failure> {
    let found = shop.staff().member(login).await.map_err(accounts::failure)?;
    found.ok_or_else(|| {
        Failure::Wrong(format!("there is no account `{login}`: `comptoir staff list` lists them"))
    })
}

/// A password, and whether it was made here.
fn password(from_input: bool) -> Result<(String, bool), Failure> {
    if from_input {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| Failure::Wrong(format!("standard input cannot be read: {error}")))?;
        let line = line.strip_suffix('\n').unwrap_or(&line);
        return Ok((line.strip_suffix('\r').unwrap_or(line).to_owned(), false));
    }
    let terminal = Term::stderr();
    if terminal.is_term() && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        let ask = |question: &str| {
            err(question);
            terminal
                .read_secure_line()
                .map_err(|error| Failure::Wrong(format!("the terminal cannot be read: {error}")))
        };
        let typed = ask("Password (leave it empty to have one made): ")?;
        if !typed.is_empty() {
            if ask("Again: ")? != typed {
                return Err(Failure::Wrong("the two are not the same: nothing was changed".to_owned()));
            }
            return Ok((typed, false));
        }
    }
    Ok((site::generate_password().map_err(Failure::cannot_start)?, true))
}

/// Prints a password that was made, the only time.
fn tell(made: Option<&String>) {
    if let Some(password) = made {
        out(&format!("password: {password}\n"));
        err("it is shown this once: only its hash is kept\n");
    }
}

fn line(member: &StaffMember) -> String {
    let mut parts = vec![member.name.clone()];
    parts.push(if member.groups.is_empty() {
        "in no group".to_owned()
    } else {
        format!("in {}", member.groups.join(", "))
    });
    if !member.active {
        parts.push("may not log in".to_owned());
    }
    parts.join("; ")
}

fn json_of(member: &StaffMember) -> Json {
    json!({
        "login": member.login,
        "name": member.name,
        "active": member.active,
        "groups": member.groups,
        "createdAt": accounts::time(member.created_at),
        "lastLoginAt": member.last_login_at.map(accounts::time),
    })
}
