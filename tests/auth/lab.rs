//! Keys, tokens of any shape, and a door to try them on.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use comptoir::{
    auth::{
        accounts::GroupChange,
        rights::{Grant, Right},
    },
    config::RateConfig,
    graphql::request::{Executor, GraphqlRequest, GraphqlResponse, Outcome, RefreshCookie, RequestContext},
    http::{self, HttpOptions},
    shop::Shop,
};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value as Json, json};

/// A key of somebody who signs.
pub struct Key {
    pub signing: EncodingKey,
    pub algorithm: Algorithm,
    /// Its public half in PEM; nothing for secrets.
    pub pem: String,
    /// Its public half as a JWK without a name.
    pub jwk: Json,
}

fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(tag, der))
}

impl Key {
    fn new(signing: EncodingKey, algorithm: Algorithm, public_der: &[u8]) -> Self {
        let jwk = Jwk::from_encoding_key(&signing, algorithm).expect("a JWK");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk.as_object_mut().expect("an object").remove("alg");
        Self { signing, algorithm, pem: pem("PUBLIC KEY", public_der), jwk }
    }

    pub fn rsa() -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let private: Pkcs8V1Der = pair.as_der().expect("DER");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("DER");
        let signing = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes());
        Self::new(signing.expect("a key"), Algorithm::RS256, public.as_ref())
    }

    fn ec(curve: &'static EcdsaSigningAlgorithm, algorithm: Algorithm) -> Self {
        let private = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(curve, private.as_ref()).expect("a key");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("DER");
        Self::new(EncodingKey::from_ec_der(private.as_ref()), algorithm, public.as_ref())
    }

    pub fn p256() -> Self {
        Self::ec(&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::ES256)
    }

    pub fn p384() -> Self {
        Self::ec(&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::ES384)
    }

    pub fn ed25519() -> Self {
        let private = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).expect("a key");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("DER");
        Self::new(EncodingKey::from_ed_der(private.as_ref()), Algorithm::EdDSA, public.as_ref())
    }

    pub fn secret(text: &str) -> Self {
        let signing = EncodingKey::from_secret(text.as_bytes());
        Self { signing, algorithm: Algorithm::HS256, pem: String::new(), jwk: Json::Null }
    }

    /// Its JWK under a name.
    pub fn named(&self, kid: &str) -> Json {
        let mut jwk = self.jwk.clone();
        jwk["kid"] = json!(kid);
        jwk
    }

    /// A token with its own algorithm.
    pub fn token(&self, claims: &Json) -> String {
        self.sign(&json!({ "alg": format!("{:?}", self.algorithm), "typ": "JWT" }), claims)
    }

    /// A token with any header, signed as its `alg` says where this key can do that, else as this key does.
    pub fn sign(&self, header: &Json, claims: &Json) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let said = serde_json::from_str::<Json>(header).ok();
        let said = said.and_then(|header| header["alg"].as_str()?.parse::<Algorithm>().ok());
        let algorithm =
            said.filter(|said| said.family() == self.algorithm.family()).unwrap_or(self.algorithm);
        let message = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.signing, algorithm);
        format!("{message}.{}", signature.expect("a signature"))
    }
}

/// A part of a token.
pub fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Seconds since 1970, so many from now.
pub fn from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    i64::try_from(now).expect("a time") + seconds
}

/// Claims of a member of staff that an issuer may make, changed.
#[allow(clippy::needless_pass_by_value, reason = "called with json!")]
pub fn claims(issuer: &str, changes: Json) -> Json {
    let mut claims = json!({
        "iss": issuer, "aud": "shop", "sub": "ada", "iat": from_now(-10), "exp": from_now(300),
    });
    let map = claims.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
    claims
}

/// Answers with what it was told of who asks.
#[derive(Default)]
pub struct Echo {
    pub asked: AtomicUsize,
}

#[async_trait::async_trait]
impl Executor for Echo {
    async fn execute(&self, request: GraphqlRequest, context: RequestContext) -> GraphqlResponse {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let viewer = &context.viewer;
        let words = |words: &[Arc<str>]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let rights: Vec<_> = viewer.rights.0.iter().map(|grant| grant.right.word()).collect();
        let token = viewer.token.as_ref();
        let body = json!({ "data": {
            "kind": viewer.kind.word(),
            "subject": viewer.subject.as_deref(),
            "customer": viewer.customer.as_deref(),
            "contact": viewer.contact.as_deref(),
            "scopes": words(&viewer.scopes),
            "groups": words(&viewer.groups),
            "rights": rights,
            "issuer": token.map(|token| token.issuer.to_string()),
            "session": token.and_then(|token| token.session.as_deref()),
            "address": context.origin.address.map(|address| address.to_string()),
            "request": context.origin.request_id,
            "cookie": context.refresh_cookie.map(|cookie| cookie.0),
            "readOnly": context.read_only,
        }});
        let refresh_cookie = match request.query.as_str() {
            "set" => Some(RefreshCookie::Set {
                token: comptoir::config::Secret("fresh".to_owned()),
                expires_at: chrono::Utc::now() + chrono::TimeDelta::hours(1),
            }),
            "clear" => Some(RefreshCookie::Clear),
            _ => None,
        };
        GraphqlResponse {
            body: body.to_string().into(),
            outcome: Outcome::Executed,
            errors: 0,
            operation: None,
            refresh_cookie,
        }
    }

    async fn health(&self) -> Vec<(String, Result<String, String>)> {
        Vec::new()
    }
}

/// A shop's door on a free port.
pub struct Door {
    pub base: String,
    pub client: reqwest::Client,
    pub echo: Arc<Echo>,
    pub shop: Shop,
    dir: tempfile::TempDir,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What was answered: status, and the error's code (nothing when there is none), and the whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub code: Option<String>,
    pub challenge: Option<String>,
    pub retry_after: Option<String>,
    pub body: Json,
}

impl Answer {
    pub fn data(&self) -> &Json {
        &self.body["data"]
    }
}

impl Door {
    /// Serves a shop with these settings and files beside the fixture's.
    pub async fn open(settings: &str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let fixture = crate::support::shops::read("tests/fixtures/config/comptoir.toml");
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("a file");
        write("comptoir.toml", &format!("{fixture}\n{settings}\n"));
        write("cursor.key", &"5a".repeat(32));
        for (name, text) in files {
            write(name, text);
        }
        let shop = match Shop::open(dir.path()) {
            Ok(shop) => shop,
            Err(found) => panic!("{}", found.items.iter().map(|d| format!("{d}\n")).collect::<String>()),
        };
        shop.site().prepare().await.expect("a site database");
        for (name, grants) in [("admin", Right::ALL.as_slice()), ("editors", &[Right::Hidden])] {
            let grants = Some(grants.iter().map(|right| Grant::whole(*right)).collect());
            let change = GroupChange { name: name.to_owned(), grants, ..GroupChange::default() };
            shop.staff().save_group_as_system(change).await.expect("a group");
        }
        let echo = Arc::new(Echo::default());
        let options = HttpOptions {
            http: shop.config().http.clone(),
            limits: shop.config().limits,
            rate: RateConfig { requests_per_second: 0, ..shop.config().rate.clone() },
            telemetry: shop.config().telemetry.clone(),
            examples: Vec::new(),
            essential_sources: Vec::new(),
            authenticator: shop.authenticator().clone(),
            site: None,
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let config = options.http.clone();
        let router = http::router(echo.clone(), options);
        let task = tokio::spawn(async move {
            http::serve(listener, router, &config, std::future::pending()).await.expect("it serves");
        });
        Self { base, client: reqwest::Client::new(), echo, shop, dir, task }
    }

    /// Its folder.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// A POST with headers as they are.
    pub async fn post(&self, headers: &[(&str, &str)]) -> Answer {
        let mut request =
            self.client.post(format!("{}/graphql", self.base)).json(&json!({ "query": "{ a }" }));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request).await
    }

    /// A POST with a token.
    pub async fn ask(&self, token: &str) -> Answer {
        self.post(&[("authorization", &format!("Bearer {token}"))]).await
    }
}

/// Sends a request.
pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let header = |name: &str| response.headers().get(name).map(|v| v.to_str().expect("text").to_owned());
    let (challenge, retry_after) = (header("www-authenticate"), header("retry-after"));
    let status = response.status().as_u16();
    let body: Json = response.json().await.unwrap_or(Json::Null);
    let code = body["errors"][0]["extensions"]["code"].as_str().map(str::to_owned);
    Answer { status, code, challenge, retry_after, body }
}

/// What an issuer's address answers.
#[derive(Clone)]
pub enum Says {
    Keys(Vec<Json>),
    Text(u16, String),
    /// Nothing, ever.
    Hangs,
    /// Looks elsewhere.
    Moved(String),
}

/// An issuer that publishes its keys.
pub struct Publisher {
    pub url: String,
    pub asked: Arc<AtomicUsize>,
    says: Arc<Mutex<Says>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Publisher {
    pub async fn start(says: Says) -> Self {
        use axum::{Router, response::IntoResponse, routing::get};
        let asked = Arc::new(AtomicUsize::new(0));
        let says = Arc::new(Mutex::new(says));
        let (counter, shared) = (asked.clone(), says.clone());
        let answer = move || {
            let (counter, shared) = (counter.clone(), shared.clone());
            async move {
                counter.fetch_add(1, Ordering::SeqCst);
                let says = shared.lock().expect("lock").clone();
                match says {
                    Says::Keys(keys) => json!({ "keys": keys }).to_string().into_response(),
                    Says::Text(status, text) => {
                        let status = axum::http::StatusCode::from_u16(status).expect("a status");
                        (status, text).into_response()
                    }
                    Says::Moved(to) => (axum::http::StatusCode::FOUND, [("location", to)]).into_response(),
                    Says::Hangs => std::future::pending().await,
                }
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let router = Router::new().route("/keys", get(answer.clone())).route("/elsewhere", get(answer));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, asked, says, task }
    }

    pub fn says(&self, says: Says) {
        *self.says.lock().expect("lock") = says;
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
