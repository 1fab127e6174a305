//! The staff API: sessions, members, groups and the audit log, over [`Accounts`]. What callers can mend is a problem of
//! the payload ([`problems`]); a silent site database is an error at the field. Which right each needs, the schema says
//! (`@requires`); who lacks it does not come here.

mod audit;
mod connection;
mod groups;
pub(super) mod input;
mod members;
pub(super) mod problems;
mod session;

use std::sync::Arc;

use super::{
    error::{Code, GraphqlError},
    faults::site_unavailable,
    resolve::{Call, Resolvers},
};
use crate::{
    auth::{
        accounts::{AccountError, Accounts, Origin},
        rate::Rates,
    },
    catalog::Catalog,
};

/// What the resolvers of this room share.
#[derive(Clone)]
struct Site {
    accounts: Arc<dyn Accounts>,
    rates: Rates,
    catalog: Arc<Catalog>,
}

/// The resolvers of the staff API. Logins and renewals are counted by address before a secret is looked at.
pub fn resolvers(accounts: Arc<dyn Accounts>, rates: Rates, catalog: &Arc<Catalog>) -> Resolvers {
    let site = Site { accounts, rates, catalog: catalog.clone() };
    let mut all = Resolvers::default();
    all.add("Mutation", "login", session::Login(site.clone()));
    all.add("Mutation", "refreshToken", session::Refresh(site.clone()));
    all.add("Mutation", "logout", session::Logout(site.clone()));
    all.add("Mutation", "saveStaffGroup", groups::Save(site.clone()));
    all.add("Mutation", "saveStaffMember", members::Save(site.clone()));
    all.add("Query", "staffGroups", groups::List(site.clone()));
    all.add("Query", "staffMembers", members::List(site.clone()));
    all.add("Query", "auditLog", audit::Log(site));
    all
}

/// Where a call comes from, by its request's id.
pub(super) fn origin(call: &Call<'_>) -> Origin {
    let Origin { address, request_id } = call.context.origin.clone();
    Origin { address, request_id: request_id.or_else(|| Some(call.context.request_id.clone())) }
}

/// A failure of a question, where the caller can mend nothing.
pub(super) fn fault(error: &AccountError) -> GraphqlError {
    match error {
        AccountError::Unavailable => site_unavailable(),
        AccountError::Revoked => GraphqlError::new(Code::Forbidden, "The session has ended: log in again."),
        AccountError::Invalid { code: "FORBIDDEN", .. } => {
            GraphqlError::new(Code::Forbidden, "You may not do this any more.")
        }
        other => {
            tracing::error!(error = %other, "the site database refused a question");
            GraphqlError::new(Code::Internal, "Something is wrong on our side; the log has the reason.")
        }
    }
}
