//! Keys: those that verify the tokens of others (PEM, JWK, secrets) and our own, which sign as well. A key knows which
//! algorithms it is for, and no other ever gets to it.

use std::sync::Arc;

use aws_lc_rs::{rand::SystemRandom, signature::Ed25519KeyPair};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse, ThumbprintHash},
};
use serde_json::{Map, Value, json};

/// The shortest RSA modulus that is taken, in bits.
pub const RSA_BITS: usize = 2_048;
/// The longest; longer ones only cost time.
const RSA_BITS_MOST: usize = 8_192;
/// Keys of one set that are looked at.
pub(super) const KEYS: usize = 64;

/// The algorithms by their names in headers, keys and configuration.
pub const ALGORITHMS: [(&str, Algorithm); 12] = [
    ("HS256", Algorithm::HS256),
    ("HS384", Algorithm::HS384),
    ("HS512", Algorithm::HS512),
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// An algorithm by its name, to the letter.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
}

/// An algorithm's name.
pub fn algorithm_name(algorithm: Algorithm) -> &'static str {
    ALGORITHMS.iter().find(|(_, known)| *known == algorithm).map_or("", |(name, _)| name)
}

/// The least bytes of a secret for an algorithm: those of its hash (RFC 7518, 3.2). 0 for algorithms without secrets.
pub fn secret_bytes(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS256 => 32,
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 0,
    }
}

/// Why something is no key for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither PEM nor a JWK.
    #[error("it holds no key: neither PEM nor a JWK or JWKS")]
    NotAKey,
    /// A private key where a public one belongs.
    #[error("it holds a private key")]
    Private,
    /// A certificate: what it says beside the key is not looked at, so it is not taken for one.
    #[error("it holds a certificate, where the public key alone belongs")]
    Certificate,
    /// A secret among public keys.
    #[error("it holds a symmetric key")]
    Symmetric,
    /// Another kind of key.
    #[error("a key in it is of no kind that is known: RSA, P-256, P-384 and Ed25519 are")]
    Unsupported,
    /// A key for encryption, or whose own `alg`, `use` or `key_ops` does not let it verify.
    #[error("a key in it says of itself that it is not for verifying with an algorithm that is known")]
    NotForVerifying,
    /// Too short.
    #[error("an RSA key in it has {0} bits, and at least {RSA_BITS} are needed")]
    Weak(usize),
}

/// A key that verifies. Its `Debug` shows no key.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    /// Its name in tokens (`kid`).
    pub kid: Option<Arc<str>>,
    /// The key.
    pub(super) key: DecodingKey,
    /// What it may verify.
    pub(super) algorithms: Vec<Algorithm>,
}

impl VerifyingKey {
    fn new(kid: Option<&str>, key: DecodingKey, algorithms: &[Algorithm]) -> Self {
        Self { kid: kid.map(Arc::from), key, algorithms: algorithms.to_vec() }
    }

    /// A secret for HMAC: the bytes of a text, or what they encode after `base64:`; nothing where that is not base64.
    pub fn secret(text: &str) -> Option<(Self, usize)> {
        let bytes = match text.strip_prefix("base64:") {
            Some(encoded) => {
                let encoded = encoded.trim().trim_end_matches('=');
                let standard =
                    STANDARD.decode(format!("{encoded}{}", "=".repeat((4 - encoded.len() % 4) % 4)));
                standard.ok().or_else(|| URL_SAFE_NO_PAD.decode(encoded).ok())?
            }
            None => text.as_bytes().to_vec(),
        };
        let key = DecodingKey::from_secret(&bytes);
        Some((Self::new(None, key, AlgorithmFamily::Hmac.algorithms()), bytes.len()))
    }

    /// A public key of a JWK.
    pub fn jwk(value: &Value) -> Result<Self, KeyError> {
        match value.get("kty").and_then(Value::as_str) {
            Some("RSA" | "EC" | "OKP") => {}
            Some("oct") => return Err(KeyError::Symmetric),
            Some(_) => return Err(KeyError::Unsupported),
            None => return Err(KeyError::NotAKey),
        }
        if value.get("d").is_some() {
            return Err(KeyError::Private);
        }
        let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|_| KeyError::Unsupported)?;
        let use_fits =
            jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        let operation_fits = jwk
            .common
            .key_operations
            .as_ref()
            .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        if !use_fits || !operation_fits {
            return Err(KeyError::NotForVerifying);
        }
        let curve = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => None,
            AlgorithmParameters::EllipticCurve(parameters) => Some(&parameters.curve),
            AlgorithmParameters::OctetKeyPair(parameters) => Some(&parameters.curve),
            _ => return Err(KeyError::Unsupported),
        };
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| KeyError::Unsupported)?;
        let able = able(&key)?;
        let curve_fits = match curve {
            None => key.family() == AlgorithmFamily::Rsa,
            Some(EllipticCurve::P256) => able == [Algorithm::ES256],
            Some(EllipticCurve::P384) => able == [Algorithm::ES384],
            Some(EllipticCurve::Ed25519) => able == [Algorithm::EdDSA],
            Some(_) => false,
        };
        if !curve_fits {
            return Err(KeyError::Unsupported);
        }
        let own = match jwk.common.key_algorithm {
            None => able.to_vec(),
            Some(own) => Algorithm::try_from(own).ok().filter(|own| able.contains(own)).into_iter().collect(),
        };
        if own.is_empty() {
            return Err(KeyError::NotForVerifying);
        }
        Ok(Self::new(jwk.common.key_id.as_deref(), key, &own))
    }

    /// The public keys of a file: PEM blocks, a JWK, or a JWKS.
    pub fn public_keys(text: &str) -> Result<Vec<Self>, KeyError> {
        let text = text.trim();
        if text.starts_with('{') {
            let value: Value = serde_json::from_str(text).map_err(|_| KeyError::NotAKey)?;
            return match value.get("keys").and_then(Value::as_array) {
                Some(keys) => keys.iter().map(Self::jwk).collect(),
                None => Ok(vec![Self::jwk(&value)?]),
            };
        }
        let blocks = pem::parse_many(text).map_err(|_| KeyError::NotAKey)?;
        if blocks.is_empty() {
            return Err(KeyError::NotAKey);
        }
        blocks.iter().map(Self::pem).collect()
    }

    fn pem(block: &pem::Pem) -> Result<Self, KeyError> {
        match block.tag() {
            "PUBLIC KEY" | "RSA PUBLIC KEY" => {}
            "CERTIFICATE" => return Err(KeyError::Certificate),
            tag if tag.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
            _ => return Err(KeyError::Unsupported),
        }
        let text = pem::encode(block);
        let read = [DecodingKey::from_rsa_pem, DecodingKey::from_ec_pem, DecodingKey::from_ed_pem]
            .into_iter()
            .find_map(|read| read(text.as_bytes()).ok())
            .ok_or(KeyError::Unsupported)?;
        // The RSA reader takes the inside of any key for its own: that it is one shows when it is taken apart.
        let able = able(&read)?;
        Ok(Self::new(None, read, able))
    }

    /// The key for some algorithms alone; nothing when it can do none of them.
    pub fn limited(mut self, to: &[Algorithm]) -> Option<Self> {
        self.algorithms.retain(|algorithm| to.contains(algorithm));
        (!self.algorithms.is_empty()).then_some(self)
    }

    /// Whether it may verify with an algorithm.
    pub fn does(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }
}

/// What a public key can do by its kind, size and curve.
fn able(key: &DecodingKey) -> Result<&'static [Algorithm], KeyError> {
    match key.family() {
        AlgorithmFamily::Rsa => {
            let jwk = Jwk::from_decoding_key(key, None).map_err(|_| KeyError::Unsupported)?;
            let AlgorithmParameters::RSA(parameters) = &jwk.algorithm else {
                return Err(KeyError::Unsupported);
            };
            let modulus = URL_SAFE_NO_PAD.decode(&parameters.n).map_err(|_| KeyError::Unsupported)?;
            let bits = bits(&modulus);
            if bits < RSA_BITS {
                return Err(KeyError::Weak(bits));
            }
            if bits > RSA_BITS_MOST {
                return Err(KeyError::Unsupported);
            }
            Ok(&[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ])
        }
        AlgorithmFamily::Ec => match key.try_get_as_bytes() {
            Ok([4, point @ ..]) if point.len() == 64 => Ok(&[Algorithm::ES256]),
            Ok([4, point @ ..]) if point.len() == 96 => Ok(&[Algorithm::ES384]),
            _ => Err(KeyError::Unsupported),
        },
        AlgorithmFamily::Ed => match key.try_get_as_bytes() {
            Ok(bytes) if bytes.len() == 32 => Ok(&[Algorithm::EdDSA]),
            _ => Err(KeyError::Unsupported),
        },
        AlgorithmFamily::Hmac => Err(KeyError::Symmetric),
    }
}

/// The length of a number in bits.
fn bits(number: &[u8]) -> usize {
    let rest: &[u8] = match number.iter().position(|byte| *byte != 0) {
        Some(first) => &number[first..],
        None => return 0,
    };
    rest.len() * 8 - rest.first().map_or(0, |byte| byte.leading_zeros() as usize)
}

/// The keys of a fetched set: those that are for us; the others are passed over. Nothing where it is no set.
pub(super) fn key_set(body: &[u8], algorithms: &[Algorithm]) -> Option<Vec<VerifyingKey>> {
    let value: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let keys = value.get("keys")?.as_array()?;
    let usable = keys.iter().take(KEYS).filter_map(|key| VerifyingKey::jwk(key).ok()?.limited(algorithms));
    Some(usable.collect())
}

/// A key of our own: Ed25519. It signs; its public half is anybody's.
#[derive(Clone)]
pub struct OwnKey {
    pub(super) signing: EncodingKey,
    pub(super) verifying: VerifyingKey,
    pub(super) kid: Arc<str>,
    /// The public half as a JWK.
    jwk: Value,
}

impl std::fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl PartialEq for OwnKey {
    fn eq(&self, other: &Self) -> bool {
        self.kid == other.kid
    }
}

impl OwnKey {
    /// A new key, as the text of its file.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<String, String> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new())
            .map_err(|_| "the system gives no random bytes for a signing key".to_owned())?;
        Ok(pem::encode_config(
            &pem::Pem::new("PRIVATE KEY", pkcs8.as_ref()),
            pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
        ))
    }

    /// The keys of a file: PEM blocks of Ed25519 keys (PKCS #8), in their order. Nothing where it holds anything else.
    pub fn read(text: &str) -> Option<Vec<Self>> {
        let blocks = pem::parse_many(text).ok()?;
        let keys: Option<Vec<Self>> = blocks.iter().map(Self::pem).collect();
        keys.filter(|keys| !keys.is_empty())
    }

    fn pem(block: &pem::Pem) -> Option<Self> {
        if block.tag() != "PRIVATE KEY" {
            return None;
        }
        let pair = Ed25519KeyPair::from_pkcs8(block.contents()).ok()?;
        let x = URL_SAFE_NO_PAD.encode(aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref());
        let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        let kid: Arc<str> =
            serde_json::from_value::<Jwk>(jwk.clone()).ok()?.thumbprint(ThumbprintHash::SHA256).ok()?.into();
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        jwk["alg"] = json!("EdDSA");
        let verifying = VerifyingKey::jwk(&jwk).ok()?;
        Some(Self { signing: EncodingKey::from_ed_der(block.contents()), verifying, kid, jwk })
    }

    /// The public halves of keys, as a JWKS.
    pub fn public_set(keys: &[Self]) -> Value {
        json!({ "keys": keys.iter().map(|key| key.jwk.clone()).collect::<Vec<_>>() })
    }
}
