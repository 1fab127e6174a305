//! The HTTP room: GraphQL over HTTP, health, GraphiQL. It knows an [`Executor`] and nothing of what is behind it.
//!
//! Way of a request: [`server`] (connection, time limits) → [`observe`] (request id, log line, panics, security
//! headers) → [`guard`] (address, floods, headers of the shop) → [`graphql`] ([`negotiate`] the media type, [`caller`] by
//! its token, [`request`] out of its transport, the executor, [`respond`]).
//!
//! No CSRF token is needed: a POST must be `application/json`, which no browser sends across origins without asking
//! first (and the answer to that question is no, but for the origins that the shop lists), and a GET runs queries only
//! and reads no cookie.

mod address;
mod caller;
mod cookies;
mod graphql;
mod guard;
mod health;
mod metrics;
mod negotiate;
mod observe;
mod pages;
mod patient;
pub mod playground;
mod request;
mod respond;
mod server;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::any};
use serde::Serialize;
use serde_json::{Map, Value};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};

pub use self::server::serve;
use crate::{
    auth::authenticator::Authenticator,
    config::{HttpConfig, Limits, RateConfig, TelemetryConfig},
    graphql::request::Executor,
    site::Site,
};

/// Bodies below this size are cheaper to send than to compress.
const COMPRESS_ABOVE: u64 = 1_024;
/// Quality 4 of gzip (1–9) and of Brotli (0–11): most of the gain at a small part of the cost.
const COMPRESS_LEVEL: i32 = 4;
/// What the HTTP room adds to `limits.request_seconds` before it gives up on an executor that did not keep the limit.
const GUARD: Duration = Duration::from_secs(2);

/// An example query, shown by GraphiQL as a tab.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Example {
    /// The tab's name.
    pub title: String,
    /// The document.
    pub query: String,
    /// Its variables.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// Headers sent with it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub headers: Map<String, Value>,
}

/// What the routes need to know beside the executor.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// `[http]` of the shop.
    pub http: HttpConfig,
    /// `[limits]` of the shop.
    pub limits: Limits,
    /// `[rate]` of the shop.
    pub rate: RateConfig,
    /// `[telemetry]` of the shop.
    pub telemetry: TelemetryConfig,
    /// Tabs of GraphiQL.
    pub examples: Vec<Example>,
    /// Sources without which the gateway is not ready (those that decide existence); none named: all of them.
    pub essential_sources: Vec<String>,
    /// Tells who asks.
    pub authenticator: Authenticator,
    /// The shop's own database, of which `/health/ready` tells.
    pub site: Option<Site>,
}

/// What the handlers share.
#[derive(Clone)]
struct App(Arc<AppInner>);

struct AppInner {
    executor: Arc<dyn Executor>,
    options: HttpOptions,
    /// `/graphiql/examples.json`, written once.
    examples: bytes::Bytes,
    /// They hold headers, which may be secrets.
    examples_private: bool,
    /// `/.well-known/jwks.json`, written once.
    public_keys: bytes::Bytes,
    cookies: cookies::Cookies,
    health: health::Cache,
    flood: guard::Flood,
}

impl std::ops::Deref for App {
    type Target = AppInner;

    fn deref(&self) -> &AppInner {
        &self.0
    }
}

/// All routes: `/graphql`, `/.well-known/jwks.json`, `/health/live`, `/health/ready`, `/metrics`, `/`, and GraphiQL's when
/// it is switched on.
pub fn router(executor: Arc<dyn Executor>, options: HttpOptions) -> Router {
    let examples_private = options.examples.iter().any(|example| !example.headers.is_empty());
    let examples = serde_json::to_vec(&options.examples).unwrap_or_else(|_| b"[]".to_vec());
    let graphiql = options.http.graphiql;
    let flood = guard::Flood::new(&options.rate);
    let mut graphql = any(graphql::handle);
    if let Some(cors) = guard::cors(&options.http) {
        graphql = graphql.layer(cors);
    }
    let public_keys = options.authenticator.tokens().public_set().to_string().into();
    let app = App(Arc::new(AppInner {
        executor,
        public_keys,
        cookies: cookies::Cookies::new(&options.http.public_url),
        options,
        examples: examples.into(),
        examples_private,
        health: health::Cache::default(),
        flood,
    }));
    let mut router = Router::new()
        .route("/", any(pages::landing))
        .route("/graphql", graphql)
        .route("/.well-known/jwks.json", any(pages::public_keys))
        .route("/health/live", any(health::live))
        .route("/health/ready", any(health::ready))
        .route("/metrics", any(metrics::scrape));
    if graphiql {
        router = router
            .route("/graphiql", any(pages::graphiql))
            .route("/graphiql/", any(pages::graphiql))
            .route("/graphiql/examples.json", any(pages::examples))
            .route("/graphiql/{*path}", any(pages::asset));
    }
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Precise(COMPRESS_LEVEL))
        .compress_when(SizeAbove::new(COMPRESS_ABOVE).and(NotForContentType::IMAGES));
    router
        .fallback(pages::not_found)
        .with_state(app.clone())
        .layer(axum::middleware::from_fn_with_state(app, guard::guard))
        .layer(axum::middleware::from_fn(observe::observe))
        .layer(compression)
}
