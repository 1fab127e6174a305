//! What groups are granted, and which tokens are no longer good: asked at every request that has a token, so
//! that a change holds at once on every replica.

use std::sync::Arc;

use async_trait::async_trait;

use super::{accounts::AccountError, rights::Rights, viewer::Viewer};

/// Looks up what a viewer may.
#[async_trait]
pub trait Grants: Send + Sync {
    /// The rights of a viewer's groups (of staff accounts of ours: the groups it is in now, whatever its token says).
    ///
    /// # Errors
    /// [`AccountError::Revoked`] when the token, its session or its account is no longer good;
    /// [`AccountError::Unavailable`] when it cannot be known: the request is refused, never let through.
    async fn of(&self, viewer: &Viewer) -> Result<Rights, AccountError>;
}

/// Shared.
pub type SharedGrants = Arc<dyn Grants>;
