//! What groups are granted, and which tokens are no longer good: asked at every request that has a token, so
//! that a change holds at once on every replica.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    accounts::AccountError,
    rights::{Grant, Right, Rights},
    viewer::{Viewer, ViewerKind},
};

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

/// The group that the first staff account is put into; it is made with all rights.
pub const ADMIN: &str = "admin";

/// What a program may by the scopes of its token: words that are rights, each as a whole.
pub fn of_scopes(viewer: &Viewer) -> impl Iterator<Item = Grant> {
    let program = viewer.kind == ViewerKind::Integration;
    viewer.scopes.iter().filter(move |_| program).filter_map(|scope| Right::named(scope)).map(Grant::whole)
}
