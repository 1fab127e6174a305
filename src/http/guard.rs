//! Before anything of a request is read: from which address it comes, and whether that address asks too often. After it:
//! the headers that depend on the shop.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

use super::{
    App, address,
    negotiate::{self, Media},
    respond::{Facts, Refusal},
};
use crate::{
    auth::rate::{exempt, place},
    cache::bucket::{Bucket, Buckets},
    config::{HttpConfig, RateConfig},
    graphql::error::Code,
};

/// Where a request comes from, proxies of ours left out.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// Counts requests by address.
pub(super) struct Flood {
    buckets: Buckets,
    per_second: u64,
    exempt: Vec<IpNet>,
}

impl Flood {
    pub(super) fn new(config: &RateConfig) -> Self {
        Self {
            buckets: Buckets::default(),
            per_second: config.requests_per_second.into(),
            exempt: config.exempt.clone(),
        }
    }

    /// How long to wait, when there were too many.
    fn too_many(&self, address: IpAddr) -> Option<Duration> {
        if self.per_second == 0 || exempt(&self.exempt, address) {
            return None;
        }
        let bucket =
            Bucket { key: place(address), capacity: self.per_second, refill: Duration::from_secs(1) };
        self.buckets.take(&[bucket], 1).wait
    }
}

/// Around every request.
pub(super) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let http = &app.options.http;
    let probe = request.uri().path().starts_with("/health/");
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    if let Some(address) = peer.map(|peer| address::client(peer, request.headers(), http)) {
        request.extensions_mut().insert(ClientAddress(address));
        if let Some(wait) = (!probe).then(|| app.flood.too_many(address)).flatten() {
            return flooded(request.headers(), wait);
        }
    }
    let personal = [header::AUTHORIZATION, header::COOKIE].iter().any(|h| request.headers().contains_key(h));
    let personal = personal && request.uri().path() == "/graphql";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if http.public_url.starts_with("https://") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if personal {
        // What one viewer may see is in no cache that another could be answered from.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

fn flooded(headers: &HeaderMap, wait: Duration) -> Response {
    let media = negotiate::media(headers).unwrap_or(Media::Json);
    let seconds = wait.as_secs() + 1;
    let mut response = Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        Code::RateLimited,
        "Too many requests a second come from this address (rate.requests_per_second): slow down.",
    )
    .with("limit", "rate.requests_per_second")
    .with("retryAfter", seconds)
    .header(header::RETRY_AFTER, HeaderValue::from(seconds))
    .respond(media);
    // A flood of requests is to be none of log lines.
    response.extensions_mut().remove::<Facts>();
    response
}

/// Answers browsers that ask for pages of other origins; `None` where no other origin may.
pub(super) fn cors(config: &HttpConfig) -> Option<CorsLayer> {
    let cors = &config.cors;
    let origins: Vec<HeaderValue> =
        cors.origins.iter().filter_map(|o| HeaderValue::from_str(o).ok()).collect();
    (!origins.is_empty()).then(|| {
        let (credentials, listed) = (cors.credentials, origins.clone());
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                header::CONTENT_TYPE,
                header::AUTHORIZATION,
                header::ACCEPT,
                header::ACCEPT_LANGUAGE,
                super::observe::REQUEST_ID,
            ])
            .expose_headers([header::RETRY_AFTER, super::observe::REQUEST_ID])
            .allow_credentials(AllowCredentials::predicate(move |origin, _| {
                credentials && listed.contains(origin)
            }))
            .max_age(Duration::from_secs(cors.max_age.into()))
    })
}

/// Whether pages of an origin that is not ours may send cookies.
pub fn origin_allowed(config: &HttpConfig, origin: &str) -> bool {
    config.cors.credentials && config.cors.origins.iter().any(|listed| listed == origin)
}
