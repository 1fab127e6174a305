//! Staff accounts in memory: what the staff API is tried on without a site database.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use comptoir::auth::{
    accounts::{
        AccountError, Accounts, AuditEntry, AuditFilter, GroupChange, MemberChange, Origin, Session,
        StaffGroup, StaffMember,
    },
    rights::{Grant, Right},
    viewer::Viewer,
};

/// The moment at which everything happens here.
pub fn noon() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-12-01T12:00:00Z").expect("a moment").with_timezone(&Utc)
}

#[derive(Default)]
struct State {
    members: BTreeMap<String, (StaffMember, String)>,
    groups: BTreeMap<String, StaffGroup>,
    /// Refresh tokens that are good, and whose.
    tokens: BTreeMap<String, String>,
    log: Vec<AuditEntry>,
    issued: usize,
    failures: u32,
    asked: Vec<String>,
}

/// Accounts in memory.
#[derive(Default)]
pub struct MemoryAccounts {
    state: Mutex<State>,
    down: AtomicBool,
}

impl MemoryAccounts {
    /// One manager, `Eva` with the password `correct horse`, in the group `managers`.
    pub fn new() -> Self {
        let accounts = Self::default();
        {
            let mut state = accounts.state.lock().expect("lock");
            let grants = vec![Grant::whole(Right::StaffManage), Grant::whole(Right::AuditRead)];
            let group =
                StaffGroup { name: "managers".into(), description: String::new(), grants, members: 1 };
            state.groups.insert("managers".into(), group);
            let member = StaffMember {
                login: "Eva".into(),
                name: "Éva Lund".into(),
                active: true,
                groups: vec!["managers".into()],
                created_at: noon(),
                last_login_at: None,
            };
            state.members.insert("eva".into(), (member, "correct horse".into()));
        }
        accounts
    }

    /// Takes the site database away, or gives it back.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// What was asked since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().expect("lock").asked)
    }

    fn state(&self, what: impl Into<String>) -> Result<std::sync::MutexGuard<'_, State>, AccountError> {
        let mut state = self.state.lock().expect("lock");
        state.asked.push(what.into());
        if self.down.load(Ordering::SeqCst) { Err(AccountError::Unavailable) } else { Ok(state) }
    }
}

impl State {
    fn note(&mut self, actor: &str, action: &str, target: &str, from: &Origin) {
        let id = i64::try_from(self.log.len()).expect("a number") + 1;
        self.log.push(AuditEntry {
            id,
            at: noon() + TimeDelta::minutes(id),
            actor: actor.to_owned(),
            action: action.to_owned(),
            target: target.to_owned(),
            detail: serde_json::json!({ "n": id }),
            request_id: from.request_id.clone(),
        });
    }

    fn session(&mut self, login: &str) -> Session {
        self.issued += 1;
        let refresh_token = format!("refresh-{}", self.issued);
        self.tokens.insert(refresh_token.clone(), login.to_owned());
        Session {
            access_token: format!("access-{}", self.issued),
            expires_at: noon() + TimeDelta::minutes(10),
            refresh_token,
            refresh_expires_at: noon() + TimeDelta::days(14),
            member: self.members[login].0.clone(),
        }
    }

    fn of<'a>(&'a self, filter: &'a AuditFilter) -> impl Iterator<Item = &'a AuditEntry> {
        let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        self.log.iter().rev().filter(move |e| {
            is(&filter.actor, &e.actor)
                && is(&filter.action, &e.action)
                && is(&filter.target, &e.target)
                && filter.since.is_none_or(|since| e.at >= since)
                && filter.until.is_none_or(|until| e.at < until)
        })
    }
}

fn invalid(field: &str, code: &'static str, message: &str) -> AccountError {
    AccountError::Invalid { field: field.to_owned(), code, message: message.to_owned() }
}

fn actor(viewer: &Viewer) -> String {
    viewer.subject.as_deref().unwrap_or("nobody").to_owned()
}

#[async_trait]
impl Accounts for MemoryAccounts {
    async fn login(&self, login: &str, password: &str, from: &Origin) -> Result<Session, AccountError> {
        let mut state = self.state("login")?;
        if state.failures >= 3 {
            return Err(AccountError::Delayed(Duration::from_millis(7_500)));
        }
        let key = login.to_lowercase();
        if state.members.get(&key).is_none_or(|(_, known)| known != password) {
            state.failures += 1;
            state.note(login, "LOGIN_FAILED", login, from);
            return Err(AccountError::BadCredentials);
        }
        state.failures = 0;
        state.note(login, "LOGIN", login, from);
        Ok(state.session(&key))
    }

    async fn refresh(&self, refresh_token: &str, _: &Origin) -> Result<Session, AccountError> {
        let mut state = self.state("refresh")?;
        let login = state.tokens.remove(refresh_token).ok_or(AccountError::Revoked)?;
        Ok(state.session(&login))
    }

    async fn logout(
        &self,
        viewer: &Viewer,
        refresh_token: Option<&str>,
        everywhere: bool,
        _: &Origin,
    ) -> Result<(), AccountError> {
        let mut state = self.state(format!("logout {refresh_token:?} {everywhere}"))?;
        let login = match refresh_token {
            Some(token) => state.tokens.remove(token).ok_or(AccountError::Revoked)?,
            None => viewer.subject.as_deref().ok_or(AccountError::Revoked)?.to_lowercase(),
        };
        if everywhere {
            state.tokens.retain(|_, of| *of != login);
        }
        Ok(())
    }

    async fn members(&self, after: Option<&str>, first: usize) -> Result<Vec<StaffMember>, AccountError> {
        let state = self.state("members")?;
        let after = after.map(str::to_lowercase);
        let later = state.members.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
        Ok(later.take(first).map(|(_, (member, _))| member.clone()).collect())
    }

    async fn member(&self, login: &str) -> Result<Option<StaffMember>, AccountError> {
        Ok(self.state("member")?.members.get(&login.to_lowercase()).map(|(member, _)| member.clone()))
    }

    async fn groups(&self, after: Option<&str>, first: usize) -> Result<Vec<StaffGroup>, AccountError> {
        let state = self.state("groups")?;
        let later = state.groups.values().filter(|group| after.is_none_or(|after| &*group.name > after));
        Ok(later.take(first).cloned().collect())
    }

    async fn save_group(
        &self,
        by: &Viewer,
        change: GroupChange,
        from: &Origin,
    ) -> Result<Option<StaffGroup>, AccountError> {
        let mut state = self.state("save_group")?;
        if change.name == "managers" {
            return Err(invalid("grants", "LAST_MANAGER", "Nobody could manage staff any more."));
        }
        state.note(&actor(by), "STAFF_GROUP_SAVED", &change.name, from);
        if change.delete {
            state.groups.remove(&change.name);
            return Ok(None);
        }
        let group = state.groups.entry(change.name.clone()).or_insert_with(|| StaffGroup {
            name: change.name.clone(),
            description: String::new(),
            grants: Vec::new(),
            members: 0,
        });
        if let Some(description) = change.description {
            group.description = description;
        }
        if let Some(grants) = change.grants {
            group.grants = grants;
        }
        Ok(Some(group.clone()))
    }

    async fn save_member(
        &self,
        by: &Viewer,
        change: MemberChange,
        from: &Origin,
    ) -> Result<StaffMember, AccountError> {
        let mut state = self.state("save_member")?;
        let key = change.login.to_lowercase();
        if let Some(at) = change.groups.iter().flatten().position(|group| !state.groups.contains_key(group)) {
            return Err(invalid(&format!("groups.{at}"), "UNKNOWN", "There is no such group."));
        }
        if !state.members.contains_key(&key) {
            let Some(password) = change.password.clone() else {
                return Err(invalid("password", "MISSING", "is needed for a new member"));
            };
            let member = StaffMember {
                login: change.login.clone(),
                name: change.login.clone(),
                active: true,
                groups: Vec::new(),
                created_at: noon(),
                last_login_at: None,
            };
            state.members.insert(key.clone(), (member, password));
        }
        state.note(&actor(by), "STAFF_MEMBER_SAVED", &change.login, from);
        let (member, password) = state.members.get_mut(&key).expect("it is there");
        if let Some(name) = change.name {
            member.name = name;
        }
        if let Some(new) = change.password {
            *password = new;
        }
        if let Some(active) = change.active {
            member.active = active;
        }
        if let Some(groups) = change.groups {
            member.groups = groups;
        }
        Ok(member.clone())
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        first: usize,
    ) -> Result<Vec<AuditEntry>, AccountError> {
        let state = self.state("audit")?;
        let earlier = state.of(filter).filter(|entry| before.is_none_or(|before| entry.id < before));
        Ok(earlier.take(first).cloned().collect())
    }

    async fn count_members(&self) -> Result<u64, AccountError> {
        Ok(self.state("count_members")?.members.len() as u64)
    }

    async fn count_groups(&self) -> Result<u64, AccountError> {
        Ok(self.state("count_groups")?.groups.len() as u64)
    }

    async fn count_audit(&self, filter: &AuditFilter) -> Result<u64, AccountError> {
        Ok(self.state("count_audit")?.of(filter).count() as u64)
    }
}
