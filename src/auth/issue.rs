//! Issuing tokens of our own, for staff sessions and for development.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use super::viewer::ViewerKind;

/// What a token is to say.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What kind of viewer.
    pub kind: ViewerKind,
    /// Who (`sub`).
    pub subject: String,
    /// The login session it belongs to.
    pub session: Option<String>,
    /// The ERP's customer code.
    pub customer: Option<String>,
    /// The contact of that customer.
    pub contact: Option<String>,
    /// What it is for.
    pub scopes: Vec<String>,
    /// The staff groups; staff accounts of ours are looked up instead.
    pub groups: Vec<String>,
    /// How long it is good.
    pub lifetime: Duration,
}

/// Signs tokens with the shop's own key.
pub trait Issue: Send + Sync {
    /// A signed token, and when it ends.
    ///
    /// # Errors
    /// The shop has no key of its own; the text says what to do.
    fn issue(&self, token: &NewToken) -> Result<(String, DateTime<Utc>), String>;
}

/// Shared.
pub type SharedIssue = Arc<dyn Issue>;
