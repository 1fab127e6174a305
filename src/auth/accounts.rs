//! Staff accounts, sessions, groups and the audit log, as the API and the command line use them. The site database
//! keeps them.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{rights::Grant, viewer::Viewer};

/// The shortest password of a person, in characters.
pub const SHORTEST_PASSWORD: usize = 12;
/// The longest.
pub const LONGEST_PASSWORD: usize = 256;
/// The longest login or name, in characters.
pub const LONGEST_NAME: usize = 64;
/// The longest description of a group, in characters.
pub const LONGEST_DESCRIPTION: usize = 500;
/// The most that one group is granted.
pub const MOST_GRANTS: usize = 500;

/// Why an account question has no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// Wrong login or password: which of the two is not told.
    #[error("login or password is wrong")]
    BadCredentials,
    /// Too many failures: not before this time has passed, right password or not.
    #[error("too many failed attempts: try again in {} s", .0.as_secs())]
    Delayed(Duration),
    /// The token, session or account is no longer good.
    #[error("the session has ended: log in again")]
    Revoked,
    /// An input is wrong: the input's field, and why.
    #[error("{field}: {message}")]
    Invalid {
        /// The input's field, as clients write it.
        field: String,
        /// A stable code (`TAKEN`, `UNKNOWN`, `TOO_SHORT`, `LAST_MANAGER`…).
        code: &'static str,
        /// For people.
        message: String,
    },
    /// No token can be issued: the shop has no key of its own. The text says what to do.
    #[error("{0}")]
    NoKey(String),
    /// The site database does not answer.
    #[error("the site database does not answer")]
    Unavailable,
}

/// A session that begins or goes on.
#[derive(Clone)]
pub struct Session {
    /// The access token: short-lived, sent as `Authorization: Bearer`.
    pub access_token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// The refresh token: good once.
    pub refresh_token: String,
    /// When that ends.
    pub refresh_expires_at: DateTime<Utc>,
    /// Whose session.
    pub member: StaffMember,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffMember {
    /// The login, as written when it was made; compared without case.
    pub login: String,
    /// The name to show.
    pub name: String,
    /// May log in.
    pub active: bool,
    /// The groups' names, in order.
    pub groups: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last logged in.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// A group of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffGroup {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What its members may.
    pub grants: Vec<Grant>,
    /// How many members it has.
    pub members: u64,
}

/// A change of a group: made when there is none of the name. `None`: left as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// Which.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// All that it is granted from now on.
    pub grants: Option<Vec<Grant>>,
    /// Take it away (members lose it).
    pub delete: bool,
}

/// A change of a member: made when there is none of the login. `None`: left as it is.
#[derive(Clone, Default)]
pub struct MemberChange {
    /// Which.
    pub login: String,
    /// The name to show.
    pub name: Option<String>,
    /// A new password; needed for a new member.
    pub password: Option<String>,
    /// May log in; `false` ends every session.
    pub active: Option<bool>,
    /// All groups it is in from now on.
    pub groups: Option<Vec<String>>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its number: grows with time.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it (`system` for the command line).
    pub actor: String,
    /// What was done (`STAFF_GROUP_SAVED`, `STAFF_MEMBER_SAVED`, `LOGIN`, `LOGIN_FAILED`, `LOGOUT`, `REFRESH_REUSED`…).
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// What changed, without secrets.
    pub detail: serde_json::Value,
    /// The request's id.
    pub request_id: Option<String>,
}

/// Which entries of the audit log.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By whom.
    pub actor: Option<String>,
    /// Which action.
    pub action: Option<String>,
    /// Done to what.
    pub target: Option<String>,
    /// From this moment.
    pub since: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// Who does something, for the audit log and the delays.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The client's address.
    pub address: Option<std::net::IpAddr>,
    /// The request's id.
    pub request_id: Option<String>,
}

/// Staff accounts and what belongs to them.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Begins a session.
    async fn login(&self, login: &str, password: &str, from: &Origin) -> Result<Session, AccountError>;
    /// Goes on with a session: the refresh token is used up, a new one comes. One that comes a second time ends
    /// the whole session.
    async fn refresh(&self, refresh_token: &str, from: &Origin) -> Result<Session, AccountError>;
    /// Ends the session of a viewer, or of a refresh token; `everywhere`: all sessions of the account.
    async fn logout(
        &self,
        viewer: &Viewer,
        refresh_token: Option<&str>,
        everywhere: bool,
        from: &Origin,
    ) -> Result<(), AccountError>;
    /// Members by login after one, at most `first`.
    async fn members(&self, after: Option<&str>, first: usize) -> Result<Vec<StaffMember>, AccountError>;
    /// One member.
    async fn member(&self, login: &str) -> Result<Option<StaffMember>, AccountError>;
    /// Groups by name after one, at most `first`.
    async fn groups(&self, after: Option<&str>, first: usize) -> Result<Vec<StaffGroup>, AccountError>;
    /// Makes or changes a group; `None` when it was taken away.
    async fn save_group(
        &self,
        by: &Viewer,
        change: GroupChange,
        from: &Origin,
    ) -> Result<Option<StaffGroup>, AccountError>;
    /// Makes or changes a member.
    async fn save_member(
        &self,
        by: &Viewer,
        change: MemberChange,
        from: &Origin,
    ) -> Result<StaffMember, AccountError>;
    /// The audit log from new to old, before an entry, at most `first`.
    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        first: usize,
    ) -> Result<Vec<AuditEntry>, AccountError>;
    /// Counts: members, groups, audit entries of a filter.
    async fn count_members(&self) -> Result<u64, AccountError>;
    /// How many groups there are.
    async fn count_groups(&self) -> Result<u64, AccountError>;
    /// How many audit entries a filter has.
    async fn count_audit(&self, filter: &AuditFilter) -> Result<u64, AccountError>;
}
