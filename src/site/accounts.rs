//! Staff accounts on the site database: the face, and what its parts share.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{
    Site,
    db::{Fail, Tx, whole},
    log,
    login::{self, Revoke},
    members,
    password::Passwords,
    staff_groups, store,
};
use crate::auth::{
    accounts::{
        AccountError, Accounts, AuditEntry, AuditFilter, GroupChange, MemberChange, Origin, Session,
        StaffGroup, StaffMember,
    },
    issue::SharedIssue,
    rights::{Grant, Right},
    viewer::{Viewer, ViewerKind},
};

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// An access token (10 minutes).
    pub access: Duration,
    /// A session that nobody goes on with (30 days).
    pub idle: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { access: Duration::from_mins(10), idle: Duration::from_hours(30 * 24) }
    }
}

/// Staff accounts on the site database. Copies are of one and the same.
#[derive(Clone)]
pub struct SiteAccounts(Arc<Inner>);

struct Inner {
    site: Site,
    issue: SharedIssue,
    issuer: Arc<str>,
    lifetimes: Lifetimes,
    passwords: Passwords,
    /// One attempt at a time for each login (and those that share its place).
    turns: Vec<Mutex<()>>,
}

/// Who changes something.
#[derive(Clone, Copy)]
pub(super) enum Actor<'a> {
    /// The command line: may everything.
    System,
    /// Somebody with a token.
    Viewer(&'a Viewer),
}

impl Actor<'_> {
    /// Who it is in the audit log: the login of an account of ours. Others choose their subject themselves, so they are
    /// told with their kind and issuer, and pass neither for an account nor for the command line.
    pub(super) fn name(self, accounts: &SiteAccounts) -> String {
        let Self::Viewer(viewer) = self else { return log::SYSTEM.to_owned() };
        let subject = viewer.subject.as_deref().unwrap_or_default();
        let Some(token) = &viewer.token else { return log::ANONYMOUS.to_owned() };
        let reserved = ["", log::SYSTEM, log::ANONYMOUS].contains(&store::login_key(subject).as_str());
        if accounts.is_staff_of_ours(viewer) && !reserved {
            return subject.to_owned();
        }
        format!("{}:{subject}@{}", viewer.kind.word(), token.issuer)
    }
}

impl SiteAccounts {
    /// Accounts whose sessions get tokens from `issue`, which names itself `issuer`.
    pub fn new(site: Site, issue: SharedIssue, issuer: Arc<str>, lifetimes: Lifetimes) -> Self {
        let turns = (0..64).map(|_| Mutex::default()).collect();
        Self(Arc::new(Inner { site, issue, issuer, lifetimes, passwords: Passwords::new(), turns }))
    }

    pub(super) fn site(&self) -> &Site {
        &self.0.site
    }

    pub(super) fn issue(&self) -> &SharedIssue {
        &self.0.issue
    }

    pub(super) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(super) fn lifetimes(&self) -> Lifetimes {
        self.0.lifetimes
    }

    pub(super) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// The turn of a login.
    pub(super) fn turn(&self, login_key: &str) -> Option<&Mutex<()>> {
        let place = login_key.bytes().fold(0_usize, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into()));
        self.0.turns.get(place % self.0.turns.len())
    }

    /// Whether a viewer's token is of ours and stands for a staff account.
    pub(super) fn is_staff_of_ours(&self, viewer: &Viewer) -> bool {
        viewer.kind == ViewerKind::Staff
            && viewer.token.as_ref().is_some_and(|token| *token.issuer == *self.0.issuer)
    }

    /// Makes or changes a member as the command line does it.
    ///
    /// # Errors
    /// As [`Accounts::save_member`].
    pub async fn save_member_as_system(&self, change: MemberChange) -> Result<StaffMember, AccountError> {
        let own = self.clone();
        whole(async move { members::save(&own, Actor::System, change, &Origin::default()).await }).await
    }

    /// Makes or changes a group as the command line does it.
    ///
    /// # Errors
    /// As [`Accounts::save_group`].
    pub async fn save_group_as_system(
        &self,
        change: GroupChange,
    ) -> Result<Option<StaffGroup>, AccountError> {
        let own = self.clone();
        whole(async move { staff_groups::save(&own, Actor::System, change, &Origin::default()).await }).await
    }

    /// Ends every session of a member, or of all members. How many there were.
    ///
    /// # Errors
    /// No such member; the database does not answer.
    pub async fn end_sessions(&self, login: Option<&str>) -> Result<u64, AccountError> {
        let (own, login) = (self.clone(), login.map(str::to_owned));
        whole(async move { login::end_all(&own, login.as_deref()).await }).await
    }

    /// Revokes tokens of an issuer, as the command line does it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn revoke(&self, issuer: &str, what: Revoke) -> Result<(), AccountError> {
        let (own, issuer) = (self.clone(), issuer.to_owned());
        whole(async move { login::revoke(&own, &issuer, &what).await }).await
    }

    /// Writes into the audit log that the command line issued a token, to the viewer that it stands for.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn token_issued(&self, viewer: Viewer) -> Result<(), AccountError> {
        let own = self.clone();
        whole(async move { login::issued(&own, &viewer).await }).await
    }

    /// Forgets entries of the audit log that are older than some days. How many there were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget_audit(&self, days: u32) -> Result<u64, AccountError> {
        let site = self.0.site.clone();
        let before = site.now() - chrono::TimeDelta::days(days.into());
        whole(async move { log::forget(&site, before).await }).await
    }

    /// One group.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn group(&self, name: &str) -> Result<Option<StaffGroup>, AccountError> {
        let (site, name) = (self.0.site.clone(), name.to_owned());
        whole(async move {
            let mut tx = site.pool().await?.snapshot().await?;
            Ok(store::group(&mut tx, &name).await?.map(|found| found.group))
        })
        .await
    }

    /// What somebody may hand on: `None` is everything.
    ///
    /// Asked in the transaction of the change, of what the account is granted then.
    pub(super) async fn hands(&self, tx: &mut Tx, by: Actor<'_>) -> Result<Option<Vec<Grant>>, Fail> {
        let Actor::Viewer(viewer) = by else { return Ok(None) };
        let manages = |grants: &[Grant]| grants.iter().any(|grant| grant.right == Right::StaffManage);
        let mut own = viewer.rights.0.to_vec();
        if self.is_staff_of_ours(viewer)
            && let Some(subject) = &viewer.subject
            && let Some(member) = store::member(tx, subject).await?
        {
            if !member.member.active {
                return Err(AccountError::Revoked.into());
            }
            let now = store::grants_of_member(tx, member.id).await?;
            own.retain(|grant| covered(grant, &now));
        }
        if !manages(&own) {
            return Err(not_allowed("manage staff").into());
        }
        Ok(if own.contains(&Grant::whole(Right::StaffManage)) { None } else { Some(own) })
    }
}

/// Whether a grant is within what somebody has.
fn covered(grant: &Grant, own: &[Grant]) -> bool {
    let within = |limit: &Option<Arc<str>>, wanted: &Option<Arc<str>>| limit.is_none() || limit == wanted;
    own.iter().any(|own| {
        own.right == grant.right
            && within(&own.entity, &grant.entity)
            && within(&own.fields, &grant.fields)
            && within(&own.department, &grant.department)
    })
}

/// Refuses to hand on what somebody lacks.
pub(super) fn within_hands(
    hands: Option<&[Grant]>,
    grants: &[Grant],
    field: &str,
) -> Result<(), AccountError> {
    let Some(own) = hands else { return Ok(()) };
    match grants.iter().find(|grant| !covered(grant, own)) {
        None => Ok(()),
        Some(beyond) => {
            let message = format!(
                "You lack `{}` as far as this reaches, and only who has `staff.manage` without limits may hand on more than they have.",
                beyond.right.word()
            );
            Err(store::invalid(field, "NOT_YOURS", message))
        }
    }
}

fn not_allowed(what: &str) -> AccountError {
    store::invalid("viewer", "FORBIDDEN", format!("You may not {what}."))
}

#[async_trait]
impl Accounts for SiteAccounts {
    async fn login(&self, login: &str, password: &str, from: &Origin) -> Result<Session, AccountError> {
        let (own, from) = (self.clone(), from.clone());
        let (login, password) = (login.to_owned(), password.to_owned());
        whole(async move { login::login(&own, &login, &password, &from).await }).await
    }

    async fn refresh(&self, refresh_token: &str, from: &Origin) -> Result<Session, AccountError> {
        let (own, token, from) = (self.clone(), refresh_token.to_owned(), from.clone());
        whole(async move { login::refresh(&own, &token, &from).await }).await
    }

    async fn logout(
        &self,
        viewer: &Viewer,
        refresh_token: Option<&str>,
        everywhere: bool,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let (own, viewer, from) = (self.clone(), viewer.clone(), from.clone());
        let token = refresh_token.map(str::to_owned);
        whole(async move { login::logout(&own, &viewer, token.as_deref(), everywhere, &from).await }).await
    }

    async fn members(&self, after: Option<&str>, first: usize) -> Result<Vec<StaffMember>, AccountError> {
        let (site, after) = (self.0.site.clone(), after.map(str::to_owned));
        whole(async move {
            let mut tx = site.pool().await?.snapshot().await?;
            Ok(store::members(&mut tx, after.as_deref(), store::limit(first)).await?)
        })
        .await
    }

    async fn member(&self, login: &str) -> Result<Option<StaffMember>, AccountError> {
        let (site, login) = (self.0.site.clone(), login.to_owned());
        whole(async move {
            let mut tx = site.pool().await?.snapshot().await?;
            Ok(store::member(&mut tx, &login).await?.map(|found| found.member))
        })
        .await
    }

    async fn groups(&self, after: Option<&str>, first: usize) -> Result<Vec<StaffGroup>, AccountError> {
        let (site, after) = (self.0.site.clone(), after.map(str::to_owned));
        whole(async move {
            let mut tx = site.pool().await?.snapshot().await?;
            Ok(store::groups(&mut tx, after.as_deref(), store::limit(first)).await?)
        })
        .await
    }

    async fn save_group(
        &self,
        by: &Viewer,
        change: GroupChange,
        from: &Origin,
    ) -> Result<Option<StaffGroup>, AccountError> {
        let (own, by, from) = (self.clone(), by.clone(), from.clone());
        whole(async move { staff_groups::save(&own, Actor::Viewer(&by), change, &from).await }).await
    }

    async fn save_member(
        &self,
        by: &Viewer,
        change: MemberChange,
        from: &Origin,
    ) -> Result<StaffMember, AccountError> {
        let (own, by, from) = (self.clone(), by.clone(), from.clone());
        whole(async move { members::save(&own, Actor::Viewer(&by), change, &from).await }).await
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        first: usize,
    ) -> Result<Vec<AuditEntry>, AccountError> {
        Ok(log::read(&self.0.site, filter, before, first).await?)
    }

    async fn count_members(&self) -> Result<u64, AccountError> {
        let pool = self.0.site.pool().await?;
        Ok(pool.count("SELECT count(*) FROM staff_member", Vec::new()).await.map_err(Fail::from)?)
    }

    async fn count_groups(&self) -> Result<u64, AccountError> {
        let pool = self.0.site.pool().await?;
        Ok(pool.count("SELECT count(*) FROM staff_group", Vec::new()).await.map_err(Fail::from)?)
    }

    async fn count_audit(&self, filter: &AuditFilter) -> Result<u64, AccountError> {
        Ok(log::count(&self.0.site, filter).await?)
    }
}
