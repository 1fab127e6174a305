//! What is not GraphQL: the way in (`/`), GraphiQL with its files and examples, and everything that does not exist.

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde_json::json;

use super::{
    App, health,
    negotiate::Media,
    playground::{self, Asset, CONTENT_SECURITY_POLICY},
    respond::{self, Refusal},
};
use crate::graphql::error::Code;

/// To GraphiQL where it is on, else who is here and where to ask.
pub(super) async fn landing(State(app): State<App>, request: Request) -> Response {
    if let Some(refusal) = only_get(&request) {
        return refusal;
    }
    if app.options.http.graphiql {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/graphiql"));
        return response;
    }
    let body = json!({
        "name": "comptoir",
        "version": env!("CARGO_PKG_VERSION"),
        "graphql": "/graphql",
        "health": ["/health/live", "/health/ready"],
    });
    respond::json(StatusCode::OK, "application/json", body.to_string().into())
}

/// The GraphiQL page.
pub(super) async fn graphiql(request: Request) -> Response {
    only_get(&request).unwrap_or_else(|| file(request.headers(), playground::index()))
}

/// A file of the page.
pub(super) async fn asset(Path(path): Path<String>, request: Request) -> Response {
    if let Some(refusal) = only_get(&request) {
        return refusal;
    }
    match playground::asset(&path) {
        Some(asset) => file(request.headers(), asset),
        None => not_found(request).await,
    }
}

/// The tabs that GraphiQL opens with.
pub(super) async fn examples(State(app): State<App>, request: Request) -> Response {
    if let Some(refusal) = only_get(&request) {
        return refusal;
    }
    // They may hold a demo's tokens: a page of elsewhere whose name was made to lead here gets none of them.
    let private = app.examples_private && !is_local(request.headers());
    let examples = if private { bytes::Bytes::from_static(b"[]") } else { app.examples.clone() };
    let mut response = respond::json(StatusCode::OK, "application/json", examples);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Whether a request asks this machine by a name that no other machine can have.
pub(super) fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return true };
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The public halves of the shop's own keys, by which others verify its tokens.
pub(super) async fn public_keys(State(app): State<App>, request: Request) -> Response {
    if let Some(refusal) = only_get(&request) {
        return refusal;
    }
    let mut response = respond::json(StatusCode::OK, "application/jwk-set+json", app.public_keys.clone());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

fn file(request: &HeaderMap, asset: Asset) -> Response {
    let current = request
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tag| asset.is_current(tag));
    let (content_type, caching) = (asset.content_type, asset.cache_control());
    let etag = HeaderValue::from_str(&asset.etag);
    let mut response = if current {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let bytes = match asset.bytes {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        };
        respond::json(StatusCode::OK, content_type, bytes)
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    if let Ok(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// 404, in JSON like everything else.
pub(super) async fn not_found(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(200).collect();
    Refusal::new(
        StatusCode::NOT_FOUND,
        Code::BadRequest,
        format!("There is nothing at {path}: GraphQL is at /graphql."),
    )
    .respond(Media::Json)
}

/// 405 for whatever is not GET or HEAD.
pub(super) fn only_get(request: &Request) -> Option<Response> {
    (!health::reads(request.method())).then(|| {
        Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::MethodNotAllowed,
            format!("{} is not answered here: use GET.", request.method()),
        )
        .header(header::ALLOW, HeaderValue::from_static("GET, HEAD"))
        .respond(Media::Json)
    })
}
