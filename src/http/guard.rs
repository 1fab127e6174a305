//! Before anything of a request is read: from which address it comes, and whether that address asks too often. After it:
//! the headers that depend on the shop.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

use super::{
    App,
    negotiate::{self, Media},
    respond::{Facts, Refusal},
};
use crate::{
    auth::rate::{exempt, place},
    cache::bucket::{Bucket, Buckets},
    config::{HttpConfig, Network, RateConfig},
    graphql::error::Code,
};

/// Most addresses of `X-Forwarded-For` that are looked at: more proxies stand in no row.
const HOPS: usize = 16;

/// Where a request comes from, proxies of ours left out.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// Counts requests by address.
pub(super) struct Flood {
    buckets: Buckets,
    per_second: u64,
    exempt: Vec<Network>,
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
    if let Some(address) = client(&request, &http.proxies) {
        request.extensions_mut().insert(ClientAddress(address));
        if let Some(wait) = app.flood.too_many(address).filter(|_| !probe) {
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

/// The address a request comes from: the connection's, or what a proxy of ours says of it. Each proxy writes the address
/// that it saw behind the others, so that from the end on they are believed as far as the proxies reach.
fn client(request: &Request<Body>, proxies: &[Network]) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let mut address = peer.ip().to_canonical();
    let values = request.headers().get_all("x-forwarded-for");
    let hops: Vec<&str> = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
    for hop in hops.iter().rev().take(HOPS) {
        if !exempt(proxies, address) {
            break;
        }
        let Some(before) = hop_address(hop.trim()) else { break };
        address = before;
    }
    Some(address)
}

/// An address of the header: some proxies write the port too.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.split(']').next()).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| {
        let (host, port) = bare.split_once(':')?;
        port.parse::<u16>().ok()?;
        host.parse().ok()
    });
    address.map(|a| a.to_canonical())
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

/// Whether a cookie that came with a request may be used: the page that sent it is one of ours, or of an origin that the
/// shop lets send credentials. Who is no browser sends no `Origin`, and no cookie by accident.
pub fn origin_allowed(head: &Parts, config: &HttpConfig) -> bool {
    let headers = &head.headers;
    let cross_site =
        headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return !cross_site };
    let Ok(origin) = origin.to_str() else { return false };
    if origins.next().is_some() {
        return false;
    }
    if config.cors.credentials && config.cors.origins.iter().any(|o| o == origin) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| head.uri.authority().map(axum::http::uri::Authority::as_str));
    let same_host = origin.split_once("://").is_some_and(|(_, own)| host.is_some_and(|host| host == own));
    own_origin(&config.public_url) == Some(origin) || same_host
}

/// Scheme, host and port of an address of ours.
fn own_origin(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    url.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Cors;

    fn from(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::builder().uri("/graphql");
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        request.extensions_mut().insert(ConnectInfo(peer));
        let proxies: Vec<Network> = ["127.0.0.0/8", "10.0.0.0/8"].map(|n| Network::parse(n).unwrap()).into();
        client(&request, &proxies).unwrap().to_string()
    }

    #[test]
    fn proxies_of_ours_are_believed_and_nobody_else() {
        assert_eq!(from("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(from("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.3"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(from("::ffff:127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &[]), "127.0.0.1");
    }

    fn allowed(headers: &[(&str, &str)], config: &HttpConfig) -> bool {
        let mut request = Request::builder().method(Method::POST).uri("/graphql");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        origin_allowed(&request.body(()).unwrap().into_parts().0, config)
    }

    #[test]
    fn cookies_are_for_pages_of_ours_and_listed_ones() {
        let plain = HttpConfig { public_url: "https://shop.example/api".into(), ..HttpConfig::default() };
        let origins = vec!["https://app.example".to_owned()];
        let listed = Cors { origins, credentials: false, max_age: 0 };
        let listed = HttpConfig { cors: listed, ..plain.clone() };
        let with = HttpConfig { cors: Cors { credentials: true, ..listed.cors.clone() }, ..plain.clone() };
        let host = ("host", "127.0.0.1:8080");
        assert!(allowed(&[host], &plain), "a program");
        assert!(allowed(&[host, ("origin", "https://shop.example")], &plain));
        assert!(allowed(&[host, ("origin", "http://127.0.0.1:8080")], &plain));
        for origin in [
            "https://evil.example",
            "null",
            "https://shop.example.evil",
            "http://shop.example",
            "https://app.example",
        ] {
            assert!(!allowed(&[host, ("origin", origin)], &plain), "{origin}");
        }
        assert!(!allowed(&[host, ("origin", "https://app.example")], &listed), "without credentials");
        assert!(allowed(&[host, ("origin", "https://app.example")], &with));
        assert!(!allowed(&[host, ("sec-fetch-site", "cross-site")], &with));
        assert!(!allowed(
            &[host, ("origin", "https://shop.example"), ("origin", "https://evil.example")],
            &plain
        ));
    }
}
