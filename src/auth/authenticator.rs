//! From a request's `Authorization` headers to its viewer: the token is verified, then its rights are looked up. What
//! comes with a token is that token's viewer or refused; nothing falls back to anonymous.

use std::sync::Arc;

use super::{
    accounts::AccountError,
    grants::{self, SharedGrants},
    rights::Rights,
    tokens::{Refused, Tokens},
    viewer::Viewer,
};

/// When a look-up of rights that did not answer may be tried again.
const RETRY: std::time::Duration = std::time::Duration::from_secs(5);

/// Tells who asks.
#[derive(Clone)]
pub struct Authenticator {
    tokens: Arc<Tokens>,
    grants: SharedGrants,
    anonymous: Arc<Viewer>,
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// With what verifies tokens, and what knows the grants.
    pub fn new(tokens: Arc<Tokens>, grants: SharedGrants) -> Self {
        Self { tokens, grants, anonymous: Arc::default() }
    }

    /// What verifies tokens.
    pub fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    /// The viewer of a request with these `Authorization` headers; anonymous without any. Its rights are what its groups
    /// and scopes grant it; what everybody of its kind may comes on top where rights are judged.
    ///
    /// # Errors
    /// [`Refused`] for whatever is wrong with the headers or the token.
    pub async fn viewer(&self, headers: impl Iterator<Item = &[u8]>) -> Result<Arc<Viewer>, Refused> {
        let Some(token) = bearer(headers)? else { return Ok(Arc::clone(&self.anonymous)) };
        let mut viewer = self.tokens.verify(token).await?;
        viewer.rights = match self.grants.of(&viewer).await {
            Ok(granted) => Rights(granted.0.iter().cloned().chain(grants::of_scopes(&viewer)).collect()),
            Err(AccountError::Revoked) => return Err(Refused::Revoked),
            // Whatever else it is: what cannot be known is not let through.
            Err(_) => return Err(Refused::Unavailable { retry_after: RETRY }),
        };
        Ok(Arc::new(viewer))
    }
}

/// The token of the one `Authorization` header; none without a header.
fn bearer<'a>(mut headers: impl Iterator<Item = &'a [u8]>) -> Result<Option<&'a str>, Refused> {
    let Some(value) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(Refused::Invalid("there is more than one `Authorization` header"));
    }
    let value = std::str::from_utf8(value).map_err(|_| Refused::Invalid("the header is not ASCII"))?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    // Schemes are compared without case (RFC 9110, 11.1); what stands between it and the token are blanks.
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::Invalid("the `Authorization` header is not `Bearer TOKEN`"));
    }
    let token = token.trim_matches(' ');
    if token.is_empty() {
        return Err(Refused::Invalid("there is no token after `Bearer`"));
    }
    Ok(Some(token))
}
