//! Around every request: its id, one log line, security headers, and a 500 where a handler panicked.
//!
//! The line never holds variables, headers, query strings or anything else a client might keep secret.

use std::{panic::AssertUnwindSafe, time::Instant};

use axum::{
    body::HttpBody,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;

use super::{
    negotiate::{self, Media},
    respond::{Facts, Refusal},
};
use crate::{
    graphql::error::Code,
    telemetry::{metrics, traces::RequestSpan},
};

/// Names the request in logs, faults and answers.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a client or proxy.
const REQUEST_ID_LENGTH: usize = 64;
const GRAPHQL: &str = "/graphql";
/// The status of a request whose client went away, as proxies log it.
const GONE: u16 = 499;
/// Longest path and operation name in a log line.
const LOGGED: usize = 200;

pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let media = negotiate::media(request.headers()).unwrap_or(Media::Json);
    let mut line = Line {
        method: request.method().clone(),
        path: clip(request.uri().path()),
        id: id.clone(),
        route: route(request.uri().path()),
        span: None,
        start: Instant::now(),
        done: false,
    };
    // What is asked every few seconds would bury the rest.
    if line.route == GRAPHQL {
        line.span = RequestSpan::begin(request.headers(), request.method(), line.route, &id);
    }
    // The handlers hold nothing that a panic could leave half-done: what they share is behind locks of its own.
    let run = AssertUnwindSafe(next.run(request)).catch_unwind();
    let answer = match &line.span {
        Some(span) => span.around(run).await,
        None => run.await,
    };
    let mut response = answer.unwrap_or_else(|_| {
        // The panic hook has logged where and why; the client gets the id to ask with.
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::Internal,
            "Something went wrong on our side. The log has the details under the trace id.",
        )
        .with("traceId", id.clone())
        .respond(media)
    });
    headers(&mut response, &id);
    line.finish(&response);
    response
}

/// The client's or proxy's id when it is a sane one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let sane = |text: &&str| {
        (1..=REQUEST_ID_LENGTH).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(sane)
        .map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), ToOwned::to_owned)
}

/// Headers of every response. A handler's own value stays.
fn headers(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The route of a path: a closed set, for a label.
fn route(path: &str) -> &'static str {
    match path {
        GRAPHQL => GRAPHQL,
        "/metrics" => "/metrics",
        path if path.starts_with("/health/") => "/health",
        path if path.starts_with("/graphiql") => "/graphiql",
        _ => "other",
    }
}

fn clip(text: &str) -> String {
    text.chars().take(LOGGED).collect()
}

/// The log line of a request; written on drop too, when the client went away and its work was cancelled.
struct Line {
    method: Method,
    path: String,
    id: String,
    route: &'static str,
    span: Option<RequestSpan>,
    start: Instant,
    done: bool,
}

impl Line {
    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn finish(&mut self, response: &Response) {
        self.done = true;
        let status = response.status().as_u16();
        let micros = self.micros();
        let (method, path, id) = (self.method.as_str(), self.path.as_str(), self.id.as_str());
        metrics::request(self.route, status, self.start.elapsed());
        let facts = response.extensions().get::<Facts>();
        if let Some(span) = &self.span {
            span.end(status, facts.and_then(|f| f.operation.as_deref()), facts.map_or(0, |f| f.errors));
        }
        let trace = self.span.as_ref().and_then(RequestSpan::trace_id);
        if let Some(facts) = facts {
            let operation = facts.operation.as_deref().map(clip);
            let (outcome, errors, bytes) = (facts.outcome, facts.errors, facts.bytes);
            tracing::info!(
                target: "comptoir::request",
                method, path, status, operation, outcome, errors, micros, bytes, id, trace, "request"
            );
        } else {
            let bytes = response.body().size_hint().exact();
            // Probes and assets come often and say little.
            tracing::debug!(target: "comptoir::request", method, path, status, micros, bytes, id, "request");
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.done {
            metrics::request(self.route, GONE, self.start.elapsed());
            if let Some(span) = &self.span {
                span.end(GONE, None, 0);
            }
            tracing::info!(
                target: "comptoir::request",
                method = self.method.as_str(),
                path = self.path.as_str(),
                outcome = "client gone",
                micros = self.micros(),
                id = self.id.as_str(),
                "request"
            );
        }
    }
}
