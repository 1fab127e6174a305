//! `/metrics`: what was counted, in the Prometheus text format, for who may scrape it (`telemetry.metrics`).

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{App, negotiate::Media, pages, pages::is_local, respond};
use crate::{
    config::{HttpConfig, MetricsAccess, TelemetryConfig},
    graphql::error::Code,
    telemetry::metrics,
};

/// The text format's media type.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// What a proxy leaves: a request with one of these comes from elsewhere, whoever connects.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// Everything counted so far.
pub(super) async fn scrape(State(app): State<App>, request: Request) -> Response {
    let options = &app.options.telemetry;
    if options.metrics == MetricsAccess::Off {
        return pages::not_found(request).await;
    }
    if let Some(refusal) = pages::only_get(&request) {
        return refusal;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    if let Some(refusal) = refused((options, &app.options.http), peer, request.headers()) {
        return refusal.respond(Media::Json);
    }
    app.executor.gauge();
    let Some(text) = metrics::render() else { return pages::not_found(request).await };
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, TEXT);
    respond::no_store(&mut response);
    response
}

/// Why these metrics are not for this client: a token goes before the address.
fn refused(
    (options, http): (&TelemetryConfig, &HttpConfig),
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
) -> Option<respond::Refusal> {
    if let Some(token) = &options.metrics_token {
        let sent = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let sent = sent.and_then(|value| value.strip_prefix(b"Bearer "));
        if sent.is_some_and(|sent| verify_slices_are_equal(sent, token.0.as_bytes()).is_ok()) {
            return None;
        }
        let message =
            "The metrics need the token of telemetry.metrics_token_file, as `Authorization: Bearer`.";
        let refusal = respond::Refusal::new(StatusCode::UNAUTHORIZED, Code::Forbidden, message);
        return Some(refusal.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
    }
    let peer = peer.map(|peer| peer.ip().to_canonical());
    let proxy = |peer: IpAddr| http.trusted_proxies.iter().any(|network| network.contains(&peer));
    let near = peer.is_some_and(|peer| peer.is_loopback() && !proxy(peer))
        && is_local(headers)
        && !FORWARDED.iter().any(|name| headers.contains_key(*name));
    if options.metrics == MetricsAccess::Open || near {
        return None;
    }
    let message =
        "The metrics are for programs on this machine; telemetry.metrics says who else may have them.";
    Some(respond::Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message))
}
