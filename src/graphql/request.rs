//! What comes in and what goes out, between the HTTP room and the executor.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub use crate::federation::engine::Strategy;
use crate::{
    auth::{accounts::Origin, viewer::Viewer},
    config::Secret,
};

/// One GraphQL request, already taken out of its transport.
#[derive(Clone, Debug, Default)]
pub struct GraphqlRequest {
    /// The document; blank when it is asked for by id or hash.
    pub query: String,
    /// The id of a trusted document (`documentId`).
    pub document_id: Option<String>,
    /// The hash of a persisted one (`extensions.persistedQuery.sha256Hash`).
    pub persisted_hash: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Variable values as JSON.
    pub variables: Map<String, Value>,
}

/// What the transport knows beside the request.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// Names the request in logs and in `extensions.traceId` of faults.
    pub request_id: String,
    /// Languages the client accepts, best first (from `Accept-Language`).
    pub languages: Vec<String>,
    /// Only queries may run (GET).
    pub read_only: bool,
    /// The client asks to see plan and statements in `extensions` (honoured with the right `plan`).
    pub explain: bool,
    /// The client asks how lists are to be read (honoured with the right `plan`).
    pub strategy: Option<Strategy>,
    /// Who asks, their rights looked up.
    pub viewer: Arc<Viewer>,
    /// Where the request comes from.
    pub origin: Origin,
    /// The refresh token that came in a cookie; never of a GET.
    pub refresh_cookie: Option<Secret>,
}

/// A finished answer.
#[derive(Clone, Debug)]
pub struct GraphqlResponse {
    /// The response as JSON bytes: `{"data":…}`, `{"errors":[…]}` or both, with `extensions`.
    pub body: Bytes,
    /// What kind of answer it is; decides the HTTP status.
    pub outcome: Outcome,
    /// How many errors it carries (for logs).
    pub errors: usize,
    /// The operation's name, when it has one (for logs).
    pub operation: Option<String>,
    /// What becomes of the refresh cookie.
    pub refresh_cookie: Option<RefreshCookie>,
}

/// What the HTTP room is to do with the cookie that holds a refresh token.
#[derive(Clone, Debug)]
pub enum RefreshCookie {
    /// Set it.
    Set {
        /// The refresh token.
        token: Secret,
        /// When it ends.
        expires_at: DateTime<Utc>,
    },
    /// Take it away.
    Clear,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Executed; `data` is present, perhaps null or partial.
    Executed,
    /// The document or its variables were refused before execution; no `data`.
    Refused,
    /// A mutation by GET.
    MethodNotAllowed,
    /// Longer than the request may take; no `data`.
    TimedOut,
    /// More than the viewer may ask at this time; no `data`.
    RateLimited {
        /// Seconds after which it may be asked again.
        retry_after: u64,
    },
}

/// Runs GraphQL requests. The HTTP room knows nothing else of what is behind it.
#[async_trait::async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Runs one request to its end; never fails otherwise than in the response.
    async fn execute(&self, request: GraphqlRequest, context: RequestContext) -> GraphqlResponse;

    /// Writes down for the metrics how the sources are and what the caches hold. Nothing is asked.
    fn gauge(&self) {}

    /// Which sources answer, by name: `Ok(version)` or the error's text. Used by `/health/ready`.
    async fn health(&self) -> Vec<(String, Result<String, String>)>;
}
