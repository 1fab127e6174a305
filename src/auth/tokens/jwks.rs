//! The keys that an issuer publishes at a web address (a JWKS): fetched, kept, renewed in the background, and kept on
//! while the address is down.
//!
//! Requests never wait for more than one fetch, of at most [`Times::fetch`]; each issuer has its own, so that one whose
//! address hangs holds up nobody else's tokens. A `kid` that is not among the keys makes us fetch again, at most once in
//! [`Times::unknown`], however many such tokens come. A fetch runs in a task of its own: clients that go away start no
//! second one.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use jsonwebtoken::Algorithm;
use reqwest::{
    Client, StatusCode,
    header::{ACCEPT, CACHE_CONTROL},
    redirect,
};
use tokio::time::Instant;

use super::keys::{self, VerifyingKey};

/// The most bytes of a JWKS.
const BYTES: usize = 512 << 10;
/// Redirections that are followed, on the same host.
const REDIRECTS: usize = 3;

/// How long things take and last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// A fetch, from the name look-up to the last byte.
    pub(super) fetch: Duration,
    /// Keys are fresh for that long when the answer does not say.
    pub(super) fresh: Duration,
    /// What `max-age` can make of it, at least and at most.
    pub(super) bounds: (Duration, Duration),
    /// Between fetches for a `kid` that is not there, and between attempts to renew.
    pub(super) unknown: Duration,
    /// Between attempts while there are no keys at all.
    pub(super) first: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            fetch: Duration::from_secs(5),
            fresh: Duration::from_hours(1),
            bounds: (Duration::from_mins(5), Duration::from_hours(24)),
            unknown: Duration::from_secs(30),
            first: Duration::from_secs(5),
        }
    }
}

/// The keys at one address.
#[derive(Debug)]
pub(super) struct Jwks {
    issuer: String,
    url: String,
    algorithms: Vec<Algorithm>,
    times: Times,
    kept: RwLock<Option<Kept>>,
    gate: Mutex<Gate>,
}

/// Keys that were fetched.
#[derive(Clone, Debug)]
struct Kept {
    keys: Arc<[VerifyingKey]>,
    stale_at: Instant,
}

/// Lets one fetch through at a time, and not too many.
#[derive(Default)]
struct Gate {
    running: Option<Shared<BoxFuture<'static, ()>>>,
    /// Not before, for a `kid` that is not among the keys.
    unknown_from: Option<Instant>,
    /// Not before, after an attempt that failed.
    retry_from: Option<Instant>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("running", &self.running.is_some()).finish_non_exhaustive()
    }
}

/// Why keys are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// There are none, or they are stale.
    Missing,
    /// A `kid` is not among them.
    Unknown,
}

/// What is known of the keys.
pub(super) enum Found {
    /// All there are.
    Keys(Arc<[VerifyingKey]>),
    /// None were ever fetched: ask again after that time.
    NotNow(Duration),
}

impl Jwks {
    pub(super) fn new(issuer: &str, url: &str, algorithms: &[Algorithm], times: Times) -> Self {
        Self {
            issuer: issuer.to_owned(),
            url: url.to_owned(),
            algorithms: algorithms.to_vec(),
            times,
            kept: RwLock::default(),
            gate: Mutex::default(),
        }
    }

    /// Begins to fetch.
    pub(super) fn warm(self: &Arc<Self>) {
        let _ = self.fetch(Why::Missing);
    }

    /// The keys, fetched when there are none or when `kid` is not among them.
    pub(super) async fn keys(self: &Arc<Self>, kid: Option<&str>) -> Found {
        let why = match self.kept() {
            Some(kept) if knows(&kept.keys, kid) => {
                if Instant::now() >= kept.stale_at {
                    // Served from what there is; whoever comes later finds new ones.
                    let _ = self.fetch(Why::Missing);
                }
                return Found::Keys(kept.keys);
            }
            Some(_) => Why::Unknown,
            None => Why::Missing,
        };
        if let Some(running) = self.fetch(why) {
            running.await;
        }
        match self.kept() {
            Some(kept) => Found::Keys(kept.keys),
            None => Found::NotNow(self.wait()),
        }
    }

    fn kept(&self) -> Option<Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long until the next attempt may be made, in whole seconds and at least one.
    fn wait(&self) -> Duration {
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let left =
            gate.retry_from.map_or(Duration::ZERO, |from| from.saturating_duration_since(Instant::now()));
        Duration::from_secs(left.as_secs() + 1)
    }

    /// The fetch that runs, or a new one where one may begin.
    fn fetch(self: &Arc<Self>, why: Why) -> Option<Shared<BoxFuture<'static, ()>>> {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &gate.running {
            return Some(running.clone());
        }
        let now = Instant::now();
        let before = |from: Option<Instant>| from.is_some_and(|from| now < from);
        if before(gate.retry_from) || (why == Why::Unknown && before(gate.unknown_from)) {
            return None;
        }
        if why == Why::Unknown {
            gate.unknown_from = Some(now + self.times.unknown);
        }
        let this = Arc::clone(self);
        let task = tokio::spawn(async move {
            // A fetch that never ended would be the last one.
            let failed = AssertUnwindSafe(this.renew()).catch_unwind().await.unwrap_or(true);
            let mut gate = this.gate.lock().unwrap_or_else(PoisonError::into_inner);
            gate.running = None;
            let pause = if this.kept().is_some() { this.times.unknown } else { this.times.first };
            gate.retry_from = failed.then(|| Instant::now() + pause);
        });
        let running = async move {
            let _ = task.await;
        }
        .boxed()
        .shared();
        gate.running = Some(running.clone());
        Some(running)
    }

    /// One attempt; whether it failed. What there is stays when it does.
    async fn renew(&self) -> bool {
        let answer = tokio::time::timeout(self.times.fetch, self.get()).await;
        let answer = answer.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        match answer {
            Ok((keys, fresh)) => {
                tracing::debug!(issuer = self.issuer, keys = keys.len(), "keys fetched");
                let kept = Kept { keys: keys.into(), stale_at: Instant::now() + fresh };
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
                false
            }
            Err(reason) => {
                let kept = self.kept().is_some();
                tracing::warn!(issuer = self.issuer, url = self.url, reason, kept, "keys cannot be fetched");
                true
            }
        }
    }

    async fn get(&self) -> Result<(Vec<VerifyingKey>, Duration), String> {
        let client = client(self.times.fetch).map_err(|error| brief(&error))?;
        let mut response = client
            .get(&self.url)
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .send()
            .await
            .map_err(|error| brief(&error))?;
        if response.status() != StatusCode::OK {
            return Err(format!("the answer was {}", response.status()));
        }
        let said = response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
        let fresh = freshness(said, &self.times);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| brief(&error))? {
            if body.len() + chunk.len() > BYTES {
                return Err(format!("the answer is longer than {BYTES} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        let keys = keys::key_set(&body, &self.algorithms).ok_or("the answer is no JWKS")?;
        if keys.is_empty() {
            return Err("the answer holds no key for the algorithms of this issuer".to_owned());
        }
        Ok((keys, fresh))
    }
}

/// Whether keys hold one that a `kid` may mean.
fn knows(keys: &[VerifyingKey], kid: Option<&str>) -> bool {
    super::named(keys, kid).next().is_some()
}

/// Follows no proxy of the environment, and no redirection to another host or scheme.
fn client(limit: Duration) -> reqwest::Result<Client> {
    let same_host = redirect::Policy::custom(|attempt| {
        let first = attempt.previous().first().map(reqwest::Url::origin);
        if attempt.previous().len() > REDIRECTS || first != Some(attempt.url().origin()) {
            attempt.stop()
        } else {
            attempt.follow()
        }
    });
    Client::builder()
        .no_proxy()
        .redirect(same_host)
        .referer(false)
        .timeout(limit)
        .user_agent(concat!("comptoir/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// For how long an answer is fresh: its `max-age` within bounds.
pub(super) fn freshness(cache_control: Option<&str>, times: &Times) -> Duration {
    let (least, most) = times.bounds;
    let mut fresh = times.fresh;
    for directive in cache_control.unwrap_or("").split(',').map(|word| word.trim().to_ascii_lowercase()) {
        match directive.split_once('=') {
            Some(("max-age", seconds)) => {
                if let Ok(seconds) = seconds.trim_matches('"').parse() {
                    fresh = Duration::from_secs(seconds);
                }
            }
            None if directive == "no-store" || directive == "no-cache" => return least,
            _ => {}
        }
    }
    fresh.clamp(least, most)
}

/// An error and its causes on one line.
fn brief(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}
