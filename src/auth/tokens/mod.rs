//! Tokens: JSON Web Tokens of ours and of the issuers that the shop names. A token is good as a whole or refused; what is
//! wrong with it is told without any of its text.
//!
//! `strict` reads its parts, [`keys`] are what verifies it, `jwks` fetches those that an issuer publishes, `claims` makes
//! a viewer of it, [`own`] signs ours. Signatures, `exp`, `nbf`, `aud` and `iss` are judged by the `jsonwebtoken` crate;
//! which key and algorithm may be used is decided here, before it is asked.

mod claims;
mod jwks;
#[cfg(test)]
mod jwks_tests;
pub mod keys;
pub mod own;
pub mod settings;
mod strict;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use self::{
    claims::Mapping,
    jwks::{Found, Jwks},
    keys::VerifyingKey,
    settings::{AuthConfig, KeySource},
};
use super::viewer::Viewer;

/// Why a token opens nothing. None of it says anything of the token's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Something is wrong with it.
    #[error("The token is not valid: {0}.")]
    Invalid(&'static str),
    /// It was good once.
    #[error("The token has expired: get a new one.")]
    Expired,
    /// It will be good, or its issuer's clock is ahead.
    #[error("The token is not valid yet.")]
    NotYetValid,
    /// It, its session or its account was ended.
    #[error("The token has been revoked: log in again.")]
    Revoked,
    /// Whether it is good cannot be known now.
    #[error("Whether the token is valid cannot be told at the moment: try again.")]
    Unavailable {
        /// When to ask again.
        retry_after: Duration,
    },
}

/// Verifies tokens.
#[derive(Debug)]
pub struct Tokens {
    issuers: HashMap<String, Issuer>,
    leeway: Duration,
    max_bytes: usize,
    /// The public halves of our own keys, as a JWKS.
    public_set: Value,
}

/// One whose tokens are taken.
#[derive(Debug)]
struct Issuer {
    name: String,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    keys: Keys,
    mapping: Mapping,
}

#[derive(Debug)]
enum Keys {
    Fixed(Vec<VerifyingKey>),
    Url(Arc<Jwks>),
}

/// A token taken apart. Nothing of it is to be believed yet.
struct Unverified {
    algorithm: Algorithm,
    kid: Option<String>,
    claims: Map<String, Value>,
}

impl Tokens {
    /// Of a shop's configuration. Nothing is fetched yet.
    pub fn new(config: &AuthConfig) -> Self {
        Self::with_times(config, jwks::Times::default())
    }

    fn with_times(config: &AuthConfig, times: jwks::Times) -> Self {
        let mut issuers: HashMap<String, Issuer> = config
            .issuers
            .iter()
            .map(|issuer| {
                let keys = match &issuer.keys {
                    KeySource::Fixed(keys) => Keys::Fixed(keys.clone()),
                    KeySource::Url(url) => {
                        Keys::Url(Arc::new(Jwks::new(&issuer.issuer, url, &issuer.algorithms, times)))
                    }
                };
                let known = Issuer {
                    name: issuer.issuer.clone(),
                    audiences: issuer.audiences.clone(),
                    algorithms: issuer.algorithms.clone(),
                    keys,
                    mapping: Mapping::of(issuer),
                };
                (issuer.issuer.clone(), known)
            })
            .collect();
        if !config.keys.is_empty() {
            let ours = Issuer {
                name: config.issuer.clone(),
                audiences: vec![config.audience.clone()],
                algorithms: vec![Algorithm::EdDSA],
                keys: Keys::Fixed(config.keys.iter().map(|key| key.verifying.clone()).collect()),
                mapping: Mapping::own(&config.issuer),
            };
            issuers.insert(config.issuer.clone(), ours);
        }
        Self {
            issuers,
            leeway: config.leeway,
            max_bytes: config.max_token_bytes,
            public_set: keys::OwnKey::public_set(&config.keys),
        }
    }

    /// The public halves of our own keys, as a JWKS.
    pub fn public_set(&self) -> &Value {
        &self.public_set
    }

    /// Fetches the keys that issuers publish, in the background, so that the first request need not wait for them.
    pub fn warm(&self) {
        for issuer in self.issuers.values() {
            if let Keys::Url(jwks) = &issuer.keys {
                jwks.warm();
            }
        }
    }

    /// Whose a token is. Its rights have not been looked up.
    ///
    /// # Errors
    /// [`Refused`], for any mistake at all.
    pub async fn verify(&self, token: &str) -> Result<Viewer, Refused> {
        if token.len() > self.max_bytes {
            return Err(Refused::Invalid("it is longer than tokens may be (auth.max_token_bytes)"));
        }
        let unverified = Unverified::read(token)?;
        let issuer = unverified
            .claims
            .get("iss")
            .and_then(Value::as_str)
            .and_then(|name| self.issuers.get(name))
            .ok_or(Refused::Invalid("its issuer (`iss`) is none of this shop's"))?;
        if !issuer.algorithms.contains(&unverified.algorithm) {
            return Err(Refused::Invalid("its algorithm is not one that its issuer may use"));
        }
        self.judge(token, issuer, &unverified).await?;
        self.judge_times(&unverified.claims)?;
        issuer.mapping.viewer(&unverified.claims)
    }

    /// Signature, `iss`, `aud`, `exp` and `nbf`.
    async fn judge(&self, token: &str, issuer: &Issuer, unverified: &Unverified) -> Result<(), Refused> {
        let Unverified { algorithm, kid, claims } = unverified;
        let sound = match claims.get("aud") {
            Some(Value::String(_)) => true,
            Some(Value::Array(items)) => items.iter().all(Value::is_string),
            _ => false,
        };
        if !sound {
            return Err(Refused::Invalid("it does not say whom it is for (`aud`)"));
        }
        let candidates = issuer.keys.candidates(kid.as_deref()).await?;
        let mut validation = Validation::new(*algorithm);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        validation.set_audience(&issuer.audiences);
        validation.set_issuer(&[&issuer.name]);
        validation.validate_nbf = true;
        validation.leeway = self.leeway.as_secs();
        let mut refused = Refused::Invalid("no key of its issuer is for its algorithm and `kid`");
        for key in candidates.iter().filter(|key| key.does(*algorithm)) {
            refused = match jsonwebtoken::decode::<IgnoredAny>(token, &key.key, &validation) {
                Ok(_) => return Ok(()),
                Err(error) => match error.kind() {
                    // Of two keys without a name, the other may fit.
                    ErrorKind::InvalidSignature => Refused::Invalid("its signature does not fit"),
                    ErrorKind::ExpiredSignature => return Err(Refused::Expired),
                    ErrorKind::ImmatureSignature => return Err(Refused::NotYetValid),
                    ErrorKind::InvalidAudience => {
                        return Err(Refused::Invalid("it is for somebody else (`aud`)"));
                    }
                    ErrorKind::MissingRequiredClaim(_) => {
                        return Err(Refused::Invalid("`exp`, `aud` or `iss` is missing"));
                    }
                    _ => return Err(Refused::Invalid("it is malformed")),
                },
            };
        }
        Err(refused)
    }

    /// That times are times, and `iat` is not to come.
    fn judge_times(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        claims::moment(claims, "nbf")?;
        let leeway = TimeDelta::from_std(self.leeway).unwrap_or_default();
        match claims::moment(claims, "iat")? {
            Some(issued) if issued > Utc::now() + leeway => Err(Refused::NotYetValid),
            _ => Ok(()),
        }
    }
}

impl Keys {
    /// The keys that a token may have been signed with.
    async fn candidates(&self, kid: Option<&str>) -> Result<Arc<[VerifyingKey]>, Refused> {
        let keys: Arc<[VerifyingKey]> = match self {
            // Copied, for there are one or two of them.
            Self::Fixed(keys) => named(keys, kid).collect(),
            Self::Url(jwks) => match jwks.keys(kid).await {
                Found::Keys(keys) => named(&keys, kid).collect(),
                Found::NotNow(retry_after) => return Err(Refused::Unavailable { retry_after }),
            },
        };
        Ok(keys)
    }
}

/// The keys of a name, or all of them where none is given. Keys without a name may be meant by any.
fn named<'a>(keys: &'a [VerifyingKey], kid: Option<&'a str>) -> impl Iterator<Item = VerifyingKey> + 'a {
    keys.iter()
        .filter(move |key| match (key.kid.as_deref(), kid) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        })
        .cloned()
}

impl Unverified {
    fn read(token: &str) -> Result<Self, Refused> {
        const MALFORMED: Refused = Refused::Invalid("it is malformed");
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused::Invalid("it has not the three parts of a signed token"));
        };
        if signature.is_empty() {
            return Err(Refused::Invalid("it is not signed"));
        }
        let header = strict::object(header).ok_or(MALFORMED)?;
        let claims = strict::object(payload).ok_or(MALFORMED)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Refused::Invalid("its header asks for something that is not understood (`crit`)"));
        }
        match header.get("typ") {
            None => {}
            Some(Value::String(typ)) if is_token(typ) => {}
            Some(_) => return Err(Refused::Invalid("its `typ` is neither JWT nor at+jwt")),
        }
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .and_then(keys::algorithm)
            .ok_or(Refused::Invalid("its algorithm (`alg`) is none that is taken"))?;
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(MALFORMED),
        };
        Ok(Self { algorithm, kid, claims })
    }
}

/// Media types are compared without case, and `application/` may be left out (RFC 7515, 4.1.9).
fn is_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}
