//! The site database through its face, on SQLite and on PostgreSQL: accounts, sessions, rights, migrations, backups.

mod accounts;
mod backup;
mod command;
mod delays;
mod migrations;
mod rights;
mod sessions;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use comptoir::{
    auth::{
        accounts::{AccountError, Accounts, GroupChange, MemberChange, Origin, Session},
        grants::Grants,
        issue::{Issue, NewToken},
        rights::{Grant, Right, Rights},
        viewer::{TokenInfo, Viewer, ViewerKind},
    },
    config::{Secret, SiteConfig},
    site::{Clock, Lifetimes, Site, SiteAccounts, SiteGrants},
};

use crate::support::{block_on, postgres};

const ISSUER: &str = "https://shop.example.com";
const PASSWORD: &str = "correct horse battery";

/// Gives tokens that say what they are for.
struct Words(Clock, AtomicU32);

impl Issue for Words {
    fn issue(&self, token: &NewToken) -> Result<(String, DateTime<Utc>), String> {
        let session = token.session.as_deref().unwrap_or_default();
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        let text = format!("{}|{session}|{number}", token.subject);
        Ok((text, (self.0)() + token.lifetime))
    }
}

/// A database that replicas share, and its clock.
struct Base {
    dir: tempfile::TempDir,
    config: SiteConfig,
    now: Arc<Mutex<DateTime<Utc>>>,
    database: Option<String>,
}

impl Base {
    fn sqlite() -> Self {
        Self::of(SiteConfig::default(), None)
    }

    async fn postgres() -> Self {
        let name = postgres::database(&[], &[]).await;
        let url = Some(Secret(postgres::url_of(&name)));
        Self::of(SiteConfig { url, ..SiteConfig::default() }, Some(name))
    }

    fn of(config: SiteConfig, database: Option<String>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let start = "2026-03-01T08:00:00Z".parse().expect("a time");
        Self { dir, config, now: Arc::new(Mutex::new(start)), database }
    }

    fn clock(&self) -> Clock {
        let now = self.now.clone();
        Arc::new(move || *now.lock().expect("lock"))
    }

    fn wait(&self, seconds: i64) {
        *self.now.lock().expect("lock") += TimeDelta::seconds(seconds);
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("site.db")
    }

    fn site(&self) -> Site {
        Site::with_clock(&self.config, self.dir.path(), self.clock()).expect("an address")
    }

    /// A process that serves the shop.
    fn replica(&self) -> Replica {
        let site = self.site();
        let issue = Arc::new(Words(self.clock(), AtomicU32::new(0)));
        let accounts = SiteAccounts::new(site.clone(), issue, ISSUER.into(), Lifetimes::default());
        let grants = SiteGrants::new(site.clone(), ISSUER.into());
        Replica { site, accounts, grants }
    }
}

struct Replica {
    site: Site,
    accounts: SiteAccounts,
    grants: SiteGrants,
}

impl Replica {
    /// A group with grants, and members in it.
    async fn group(&self, name: &str, grants: &[Grant]) {
        let change =
            GroupChange { name: name.to_owned(), grants: Some(grants.to_vec()), ..GroupChange::default() };
        self.accounts.save_group_as_system(change).await.expect("a group").expect("it is there");
    }

    async fn member(&self, login: &str, groups: &[&str]) {
        let change = MemberChange { password: Some(PASSWORD.to_owned()), ..member(login, groups) };
        self.accounts.save_member_as_system(change).await.expect("a member");
    }

    async fn login(&self, login: &str) -> Session {
        self.accounts.login(login, PASSWORD, &Origin::default()).await.expect("a session")
    }

    /// A group `admin` that may all, and `root` in it.
    async fn admin(&self) {
        self.group("admin", &Right::ALL.map(Grant::whole)).await;
        self.member("root", &["admin"]).await;
    }

    /// What a viewer may, put into it as the server does.
    async fn with_rights(&self, mut viewer: Viewer) -> Viewer {
        viewer.rights = self.grants.of(&viewer).await.expect("rights");
        viewer
    }
}

fn member(login: &str, groups: &[&str]) -> MemberChange {
    MemberChange {
        login: login.to_owned(),
        groups: Some(groups.iter().map(|&g| g.to_owned()).collect()),
        ..MemberChange::default()
    }
}

/// The viewer of a session's access token.
fn viewer(session: &Session) -> Viewer {
    let mut parts = session.access_token.split('|');
    let (subject, id) = (parts.next().expect("a subject"), parts.next().expect("a session"));
    let token = TokenInfo {
        issuer: ISSUER.into(),
        id: Some(session.access_token.as_str().into()),
        session: Some(id.into()),
        issued_at: None,
        expires_at: session.expires_at,
    };
    Viewer { kind: ViewerKind::Staff, subject: Some(subject.into()), token: Some(token), ..Viewer::default() }
}

/// The viewer of a token of another issuer.
fn foreign(subject: &str, groups: &[&str], issued_at: DateTime<Utc>) -> Viewer {
    let token = TokenInfo {
        issuer: "https://id.example.org".into(),
        id: Some(format!("jti-{subject}").into()),
        session: None,
        issued_at: Some(issued_at),
        expires_at: issued_at + TimeDelta::hours(1),
    };
    Viewer {
        kind: ViewerKind::Staff,
        subject: Some(subject.into()),
        groups: groups.iter().map(|&group| group.into()).collect(),
        token: Some(token),
        ..Viewer::default()
    }
}

fn words(rights: &Rights) -> Vec<&'static str> {
    let mut words: Vec<&str> = rights.0.iter().map(|grant| grant.right.word()).collect();
    words.sort_unstable();
    words
}

fn code<T>(result: Result<T, AccountError>) -> String {
    match result {
        Ok(_) => "OK".to_owned(),
        Err(AccountError::Invalid { field, code, .. }) => format!("{field} {code}"),
        Err(AccountError::Delayed(wait)) => format!("DELAYED {}", wait.as_secs()),
        Err(error) => format!("{error:?}"),
    }
}

/// Runs a case on every engine.
fn everywhere<F>(test: &str, case: impl Fn(Arc<Base>) -> F)
where
    F: Future<Output = ()>,
{
    block_on(async {
        case(Arc::new(Base::sqlite())).await;
        if postgres::available(test) {
            let base = Arc::new(Base::postgres().await);
            case(base.clone()).await;
            if let Some(database) = &base.database {
                postgres::drop_database(database).await;
            }
        }
    });
}

/// Until something is so; a failure after 10 s.
async fn eventually(what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not within 10 s");
}
