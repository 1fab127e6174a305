//! Signing tokens with the shop's own key.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Map, Value, json};

use super::{keys::OwnKey, settings::AuthConfig};
use crate::auth::{
    issue::{Issue, NewToken},
    viewer::ViewerKind,
};

/// Signs with the first of the shop's keys.
#[derive(Clone, Debug)]
pub struct Signer {
    issuer: String,
    audience: String,
    key: Option<OwnKey>,
}

impl Signer {
    /// Of a shop's configuration.
    pub fn new(config: &AuthConfig) -> Self {
        Self {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            key: config.keys.first().cloned(),
        }
    }
}

impl Issue for Signer {
    fn issue(&self, token: &NewToken) -> Result<(String, DateTime<Utc>), String> {
        let key = self.key.as_ref().ok_or(
            "the shop has no key of its own to sign with: `comptoir init` on its folder makes auth.key",
        )?;
        if token.kind == ViewerKind::Anonymous {
            return Err("who is anonymous has no token".to_owned());
        }
        if token.kind == ViewerKind::Customer && token.customer.is_none() {
            return Err("a customer's token needs the customer's code".to_owned());
        }
        let now = Utc::now();
        let lifetime = TimeDelta::from_std(token.lifetime).map_err(|_| "the lifetime is too long")?;
        let expires_at = now
            .checked_add_signed(lifetime)
            .and_then(|end| DateTime::from_timestamp(end.timestamp(), 0))
            .ok_or("the lifetime is too long")?;
        let mut claims = Map::new();
        claims.insert("iss".into(), json!(self.issuer));
        claims.insert("aud".into(), json!(self.audience));
        claims.insert("sub".into(), json!(token.subject));
        claims.insert("iat".into(), json!(now.timestamp()));
        claims.insert("exp".into(), json!(expires_at.timestamp()));
        claims.insert("jti".into(), json!(uuid::Uuid::new_v4().simple().to_string()));
        claims.insert("kind".into(), json!(token.kind.word()));
        for (name, value) in
            [("sid", &token.session), ("customer", &token.customer), ("contact", &token.contact)]
        {
            if let Some(value) = value {
                claims.insert(name.into(), json!(value));
            }
        }
        if !token.scopes.is_empty() {
            claims.insert("scope".into(), json!(token.scopes.join(" ")));
        }
        if !token.groups.is_empty() {
            claims.insert("groups".into(), json!(token.groups));
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.kid.to_string());
        let signed = jsonwebtoken::encode(&header, &Value::Object(claims), &key.signing)
            .map_err(|_| "the shop's own key does not sign: make a new one".to_owned())?;
        Ok((signed, expires_at))
    }
}
