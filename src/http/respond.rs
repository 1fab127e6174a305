//! Writing responses: statuses, headers and the bodies of errors that are older than execution.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde_json::Value;

use super::{cookies::Cookies, negotiate::Media};
use crate::{
    graphql::{
        error::{Code, GraphqlError},
        request::{GraphqlResponse, Outcome, RefreshCookie},
    },
    telemetry::metrics,
};

/// `Allow` of `/graphql`.
pub(super) const GRAPHQL_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");

/// A request that does not reach the executor, or whose answer was lost: a status and one error.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: Box<GraphqlError>,
    /// `Allow`, `Accept-Encoding`, `WWW-Authenticate` or `Retry-After`, where the status asks for it.
    header: Option<(header::HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, error: Box::new(GraphqlError::new(code, message)), header: None }
    }

    /// Adds an extension to the error.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        *self.error = self.error.with(key, value);
        self
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// Puts a place before the message.
    pub(super) fn about(mut self, place: &str) -> Self {
        self.error.message.insert_str(0, place);
        self
    }

    /// As a response, in the media type the client takes.
    pub(super) fn respond(self, media: Media) -> Response {
        let body = error_body(&self.error);
        metrics::error(self.error.code());
        let mut facts = Facts::new(outcome_name(self.status), body.len());
        facts.errors = 1;
        let mut response = json(self.status, media.content_type(), body);
        no_store(&mut response);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(facts);
        response
    }
}

/// What the log line says of a request, left by the handler in the response's extensions.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) operation: Option<String>,
    pub(super) outcome: &'static str,
    pub(super) errors: usize,
    pub(super) bytes: usize,
}

impl Facts {
    pub(super) fn new(outcome: &'static str, bytes: usize) -> Self {
        Self { operation: None, outcome, errors: 0, bytes }
    }
}

/// `{"errors":[…]}`.
pub(super) fn error_body(error: &GraphqlError) -> Bytes {
    let error = serde_json::to_value(error).unwrap_or_default();
    let mut response = serde_json::Map::new();
    response.insert("errors".into(), Value::Array(vec![error]));
    Value::Object(response).to_string().into()
}

/// A response with a body and its type.
pub(super) fn json(status: StatusCode, content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Keeps caches away from a response.
pub(super) fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// The executor's answer to one request.
pub(super) fn one(media: Media, answer: GraphqlResponse, cookies: &Cookies) -> Response {
    let status = status_of(media, answer.outcome);
    let mut facts = Facts::new(outcome_of(answer.outcome), answer.body.len());
    facts.operation = answer.operation;
    facts.errors = answer.errors;
    let mut response = json(status, media.content_type(), answer.body);
    match answer.outcome {
        Outcome::MethodNotAllowed => {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        Outcome::RateLimited { retry_after } => {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        }
        Outcome::Executed | Outcome::Refused | Outcome::TimedOut => {}
    }
    finish(&mut response, facts, answer.refresh_cookie.as_ref(), cookies);
    response
}

/// The executor's answers to a batch, as one JSON array. Each speaks for itself; the status is 200, and 429 where none of
/// them could be paid for. Of several that have something to say of the refresh cookie, the last one counts.
pub(super) fn batch(media: Media, answers: &[GraphqlResponse], cookies: &Cookies) -> Response {
    let size = answers.iter().map(|answer| answer.body.len() + 1).sum::<usize>() + 1;
    let mut body = Vec::with_capacity(size);
    for (index, answer) in answers.iter().enumerate() {
        body.push(if index == 0 { b'[' } else { b',' });
        body.extend_from_slice(&answer.body);
    }
    body.push(b']');
    let mut facts = Facts::new("batch", body.len());
    facts.errors = answers.iter().map(|answer| answer.errors).sum();
    let waits = answers.iter().map(|answer| match answer.outcome {
        Outcome::RateLimited { retry_after } => Some(retry_after),
        _ => None,
    });
    // The shortest wait, when all have one.
    let wait = waits.collect::<Option<Vec<u64>>>().and_then(|waits| waits.into_iter().min());
    let status = if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let mut response = json(status, media.content_type(), body.into());
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    let cookie = answers.iter().rev().find_map(|answer| answer.refresh_cookie.as_ref());
    finish(&mut response, facts, cookie, cookies);
    response
}

fn finish(response: &mut Response, facts: Facts, cookie: Option<&RefreshCookie>, cookies: &Cookies) {
    // What a source says may change at any time: even a good answer is asked for again.
    let again = facts.errors == 0 && facts.outcome == "executed" && cookie.is_none();
    let caching = if again { "no-cache" } else { "no-store" };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language, authorization"));
    if let Some(cookie) = cookie.and_then(|cookie| cookies.header(cookie)) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response.extensions_mut().insert(facts);
}

/// GraphQL over HTTP: with `application/json` a well-formed request gets 200 whatever became of the document; with
/// `application/graphql-response+json` the status says it. Our own time limit is no fault of the client's: 504, always.
fn status_of(media: Media, outcome: Outcome) -> StatusCode {
    match (outcome, media) {
        (Outcome::Executed, _) | (Outcome::Refused, Media::Json) => StatusCode::OK,
        (Outcome::Refused, Media::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (Outcome::MethodNotAllowed, _) => StatusCode::METHOD_NOT_ALLOWED,
        (Outcome::TimedOut, _) => StatusCode::GATEWAY_TIMEOUT,
        (Outcome::RateLimited { .. }, _) => StatusCode::TOO_MANY_REQUESTS,
    }
}

fn outcome_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Executed => "executed",
        Outcome::Refused => "refused",
        Outcome::MethodNotAllowed => "method not allowed",
        Outcome::TimedOut => "timed out",
        Outcome::RateLimited { .. } => "rate limited",
    }
}

fn outcome_name(status: StatusCode) -> &'static str {
    if status.is_server_error() { "fault" } else { "rejected" }
}
