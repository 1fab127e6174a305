//! What a viewer's groups are granted, and whether its token is still good: asked at every request with a token.
//!
//! Each request asks the database for its access version, which is another one after every change; what was looked up
//! under the same version holds. So a change holds on every replica for every request that begins after it. Requests
//! that wait at the same time share one question.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use dataloader::{BatchFn, cached::Loader};

use super::{
    Site,
    db::{Fail, Tx, args, reason, whole},
    store,
};
use crate::auth::{
    accounts::AccountError,
    grants::Grants,
    rights::{Grant, Rights},
    viewer::{TokenInfo, Viewer, ViewerKind},
};

/// How many viewers' rights are kept.
const KEPT: u64 = 20_000;

type Version = Result<Arc<str>, Arc<str>>;
type Versions = Loader<(), Version, Question>;

/// Looks up rights in the site database. Copies are of one and the same.
#[derive(Clone)]
pub struct SiteGrants(Arc<Inner>);

struct Inner {
    site: Site,
    issuer: Arc<str>,
    found: moka::sync::Cache<Key, Result<Rights, ()>>,
    /// Asks for the version once, and is followed by another when it begins to: nobody is told a version that was read
    /// before it came.
    next: Mutex<Option<Versions>>,
    /// That it does not answer has been told.
    told: AtomicBool,
}

/// What rights depend on, beside the database.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    version: Arc<str>,
    kind: ViewerKind,
    subject: Option<Arc<str>>,
    groups: Arc<[Arc<str>]>,
    issuer: Arc<str>,
    id: Option<Arc<str>>,
    session: Option<Arc<str>>,
    issued_at: Option<DateTime<Utc>>,
}

/// The question for the version.
struct Question(Weak<Inner>);

impl BatchFn<(), Version> for Question {
    async fn load(&mut self, _: &[()]) -> HashMap<(), Version> {
        let version = match self.0.upgrade() {
            Some(inner) => {
                inner.next.lock().unwrap_or_else(PoisonError::into_inner).take();
                version(&inner.site).await
            }
            None => Err(Arc::from("the shop is closed")),
        };
        HashMap::from([((), version)])
    }
}

async fn version(site: &Site) -> Version {
    let mut why = Arc::from("there is no version in it");
    // A connection may have been lost since it was last used: another one is tried.
    for _ in 0..2 {
        let Ok(pool) = site.pool().await else { return Err(Arc::from("it cannot be opened")) };
        match pool.row("SELECT access_version FROM site_state WHERE one = 1", Vec::new()).await {
            Ok(Some(row)) => match row.get::<String>(0) {
                Ok(version) => return Ok(Arc::from(version)),
                Err(error) => why = Arc::from(reason(&error)),
            },
            Ok(None) => break,
            Err(error) => {
                why = Arc::from(reason(&error));
                if !matches!(error, sqlx::Error::Io(_) | sqlx::Error::Database(_)) {
                    break;
                }
            }
        }
    }
    Err(why)
}

impl SiteGrants {
    /// Rights of viewers; tokens of `issuer` are ours.
    pub fn new(site: Site, issuer: Arc<str>) -> Self {
        let found = moka::sync::Cache::new(KEPT);
        Self(Arc::new(Inner { site, issuer, found, next: Mutex::default(), told: AtomicBool::new(false) }))
    }

    /// The access version now. To be asked to its end: whoever asks for many takes their answer with them.
    async fn version(&self) -> Result<Arc<str>, Fail> {
        let versions = {
            let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.get_or_insert_with(|| Loader::new(Question(Arc::downgrade(&self.0)))).clone()
        };
        match versions.try_load(()).await {
            Ok(Ok(version)) => {
                if self.0.told.load(Relaxed) && self.0.told.swap(false, Relaxed) {
                    tracing::info!("the site database answers again: who has a token is let in");
                }
                Ok(version)
            }
            Ok(Err(why)) => {
                // Once for an outage, however many ask meanwhile.
                if !self.0.told.swap(true, Relaxed) {
                    tracing::warn!(
                        reason = &*why,
                        "the site database does not answer: who has a token is refused"
                    );
                }
                Err(AccountError::Unavailable.into())
            }
            Err(_) => Err(AccountError::Unavailable.into()),
        }
    }

    async fn find(&self, viewer: &Viewer, token: &TokenInfo) -> Result<Rights, Fail> {
        let key = Key {
            version: self.version().await?,
            kind: viewer.kind,
            subject: viewer.subject.clone(),
            groups: viewer.groups.clone(),
            issuer: token.issuer.clone(),
            id: token.id.clone(),
            session: token.session.clone(),
            issued_at: token.issued_at,
        };
        if let Some(found) = self.0.found.get(&key) {
            return found.map_err(|()| AccountError::Revoked.into());
        }
        let found = match self.look_up(viewer, token).await {
            Ok(rights) => Ok(rights),
            Err(Fail::Account(AccountError::Revoked)) => Err(()),
            Err(fail) => return Err(fail),
        };
        self.0.found.insert(key, found.clone());
        found.map_err(|()| AccountError::Revoked.into())
    }

    /// The rights, or whether the token is good no more.
    async fn look_up(&self, viewer: &Viewer, token: &TokenInfo) -> Result<Rights, Fail> {
        let mut tx = self.0.site.pool().await?.snapshot().await?;
        let ours = *token.issuer == *self.0.issuer;
        if let Some(id) = token.id.as_deref() {
            let sql = "SELECT 1 FROM revocation WHERE kind = 'token' AND issuer = $1 AND value = $2";
            if tx.row(sql, args![&*token.issuer, id]).await?.is_some() {
                return Err(AccountError::Revoked.into());
            }
        }
        if let Some(session) = token.session.as_deref().filter(|_| ours) {
            return self.of_session(&mut tx, viewer, session).await;
        }
        if let Some(subject) = viewer.subject.as_deref() {
            let sql =
                "SELECT revoked_at FROM revocation WHERE kind = 'subject' AND issuer = $1 AND value = $2";
            if let Some(row) = tx.row(sql, args![&*token.issuer, &*store::subject_key(subject, ours)]).await?
            {
                let cut: DateTime<Utc> = row.get(0)?;
                // Tokens tell the second: those of the same second were issued before.
                if token.issued_at.is_none_or(|at| at <= cut) {
                    return Err(AccountError::Revoked.into());
                }
            }
            if ours
                && viewer.kind == ViewerKind::Staff
                && let Some(found) = store::member(&mut tx, subject).await?
            {
                if !found.member.active {
                    return Err(AccountError::Revoked.into());
                }
                return Ok(rights(store::grants_of_member(&mut tx, found.id).await?));
            }
        }
        let mut grants: Vec<Grant> = Vec::new();
        for group in viewer.groups.iter() {
            for grant in store::grants_of_name(&mut tx, group).await? {
                if !grants.contains(&grant) {
                    grants.push(grant);
                }
            }
        }
        Ok(rights(grants))
    }

    /// Of a login session: it goes on, its account is active, and it is the token's.
    async fn of_session(&self, tx: &mut Tx, viewer: &Viewer, session: &str) -> Result<Rights, Fail> {
        let sql = "SELECT m.id, m.login FROM login_session s JOIN staff_member m ON m.id = s.member_id \
                   WHERE s.id = $1 AND s.ended_at IS NULL AND m.active";
        let Some(row) = tx.row(sql, args![session]).await? else { return Err(AccountError::Revoked.into()) };
        let (id, login): (i64, String) = (row.get(0)?, row.get(1)?);
        if viewer.kind != ViewerKind::Staff || viewer.subject.as_deref() != Some(login.as_str()) {
            return Err(AccountError::Revoked.into());
        }
        Ok(rights(store::grants_of_member(tx, id).await?))
    }
}

fn rights(grants: Vec<Grant>) -> Rights {
    Rights(grants.into())
}

#[async_trait]
impl Grants for SiteGrants {
    async fn of(&self, viewer: &Viewer) -> Result<Rights, AccountError> {
        let Some(token) = viewer.token.clone() else { return Ok(Rights::default()) };
        let (grants, viewer) = (self.clone(), viewer.clone());
        whole(async move { grants.find(&viewer, &token).await }).await
    }
}
