//! When keys are renewed, on a clock of our own making.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use jsonwebtoken::Algorithm;

use super::{
    jwks::{Found, Jwks, Times, freshness},
    keys::OwnKey,
};

struct Address {
    url: String,
    asked: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
}

async fn publish(cache: &'static str) -> Address {
    let body = OwnKey::public_set(&OwnKey::read(&OwnKey::generate().unwrap()).unwrap()).to_string();
    let (asked, down) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (counter, switch) = (asked.clone(), down.clone());
    let answer = move || async move {
        counter.fetch_add(1, Ordering::SeqCst);
        if switch.load(Ordering::SeqCst) {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        ([("cache-control", cache)], body).into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Address { url, asked, down }
}

fn keys(found: &Found) -> usize {
    match found {
        Found::Keys(keys) => keys.len(),
        Found::NotNow(_) => 0,
    }
}

/// Until so many fetches have come in, for those that nobody waits for.
async fn until(address: &Address, asked: usize) {
    while address.asked.load(Ordering::SeqCst) < asked {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn stale_keys_are_renewed_in_the_background_and_kept_when_that_fails() {
    let times = Times {
        fresh: Duration::ZERO,
        bounds: (Duration::ZERO, Duration::ZERO),
        unknown: Duration::ZERO,
        ..Times::default()
    };
    let address = publish("max-age=0").await;
    let jwks = Arc::new(Jwks::new("i", &address.url, &[Algorithm::EdDSA], times));
    assert_eq!(keys(&jwks.keys(None).await), 1);
    // Stale from the first moment on: every request has keys at once, and one renewal goes on behind it.
    assert_eq!(keys(&jwks.keys(None).await), 1);
    until(&address, 2).await;
    address.down.store(true, Ordering::SeqCst);
    for asked in 3..6 {
        while address.asked.load(Ordering::SeqCst) < asked {
            assert_eq!(keys(&jwks.keys(None).await), 1);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    assert_eq!(keys(&jwks.keys(None).await), 1);
}

#[tokio::test]
async fn fresh_keys_are_not_fetched_again() {
    let address = publish("max-age=3600").await;
    let jwks = Arc::new(Jwks::new("i", &address.url, &[Algorithm::EdDSA], Times::default()));
    jwks.warm();
    for _ in 0..50 {
        assert_eq!(keys(&jwks.keys(None).await), 1);
    }
    assert_eq!(address.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn after_a_failure_there_is_a_pause_and_then_another_attempt() {
    let times = Times { first: Duration::from_millis(200), ..Times::default() };
    let address = publish("").await;
    address.down.store(true, Ordering::SeqCst);
    let jwks = Arc::new(Jwks::new("i", &address.url, &[Algorithm::EdDSA], times));
    assert_eq!(keys(&jwks.keys(None).await), 0);
    address.down.store(false, Ordering::SeqCst);
    while keys(&jwks.keys(None).await) == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(address.asked.load(Ordering::SeqCst), 2, "the attempts in between were not made");
}

#[test]
fn freshness_is_what_the_answer_says_within_bounds() {
    let times = Times::default();
    let minutes = |said: Option<&str>| freshness(said, &times).as_secs() / 60;
    assert_eq!(minutes(None), 60);
    assert_eq!(minutes(Some("public, max-age=7200")), 120);
    assert_eq!(minutes(Some("Max-Age=\"7200\"")), 120);
    assert_eq!(minutes(Some("max-age=1")), 5);
    assert_eq!(minutes(Some("max-age=99999999")), 24 * 60);
    assert_eq!(minutes(Some("max-age=99999999999999999999999999")), 60);
    assert_eq!(minutes(Some("no-store, max-age=7200")), 5);
    assert_eq!(minutes(Some("immutable")), 60);
}
