//! The viewer: who a request is from, as its token says.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::rights::Rights;

/// What kind of viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ViewerKind {
    /// Without a token.
    #[default]
    Anonymous,
    /// A customer of the ERP, or a contact of one.
    Customer,
    /// Staff of the shop.
    Staff,
    /// Another program.
    Integration,
}

impl ViewerKind {
    /// The word in tokens and configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Integration => "integration",
        }
    }

    /// By the word in tokens; `anonymous` is none, for a token is somebody's.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Customer, Self::Staff, Self::Integration].into_iter().find(|kind| kind.word() == word)
    }
}

/// The token a viewer came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Who issued it (`iss`).
    pub issuer: Arc<str>,
    /// Its own id (`jti`), by which it can be revoked.
    pub id: Option<Arc<str>>,
    /// The login session it belongs to, of tokens of ours.
    pub session: Option<Arc<str>>,
    /// When it was issued (`iat`).
    pub issued_at: Option<DateTime<Utc>>,
    /// When it ends (`exp`).
    pub expires_at: DateTime<Utc>,
}

/// Who a request is from.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    /// What kind.
    pub kind: ViewerKind,
    /// Who, as the issuer names them (`sub`); staff of ours: their login.
    pub subject: Option<Arc<str>>,
    /// The ERP's code of the customer it is or acts for.
    pub customer: Option<Arc<str>>,
    /// The contact of that customer.
    pub contact: Option<Arc<str>>,
    /// What the token was issued for (`scope`).
    pub scopes: Arc<[Arc<str>]>,
    /// The staff groups it belongs to.
    pub groups: Arc<[Arc<str>]>,
    /// Its token; none of who is anonymous.
    pub token: Option<TokenInfo>,
    /// What it may, when that has been looked up.
    pub rights: Rights,
}
