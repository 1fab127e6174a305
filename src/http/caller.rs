//! Who sends a request: its viewer by the `Authorization` header, the client's address, the refresh cookie. Told before
//! anything of the body is read; a token with any mistake ends the request here.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header, request::Parts};

use super::{
    App,
    guard::{self, ClientAddress},
    respond::Refusal,
};
use crate::{
    auth::{accounts::Origin, tokens::Refused, viewer::Viewer},
    config::Secret,
    graphql::error::Code,
};

/// Who sends a request.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) viewer: Arc<Viewer>,
    pub(super) origin: Origin,
    /// Of a POST alone.
    pub(super) refresh_cookie: Option<Secret>,
}

impl Caller {
    /// Of the head of a request. `cookies`: whether the method may read them.
    pub(super) async fn of(
        app: &App,
        head: &Parts,
        request_id: &str,
        cookies: bool,
    ) -> Result<Self, Refusal> {
        let headers = head.headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
        let asked = app.options.authenticator.viewer(headers);
        let viewer = match tokio::time::timeout(app.options.limits.request, asked).await {
            Ok(viewer) => viewer.map_err(refusal)?,
            Err(_) => return Err(refusal(Refused::Unavailable { retry_after: app.options.limits.request })),
        };
        let address = head.extensions.get::<ClientAddress>().map(|client| client.0);
        let allowed = |origin: &str| guard::origin_allowed(&app.options.http, origin);
        let refresh_cookie = cookies.then(|| app.cookies.read(&head.headers, allowed)).flatten();
        Ok(Self {
            viewer,
            origin: Origin { address, request_id: Some(request_id.to_owned()) },
            refresh_cookie,
        })
    }
}

/// 401 with a code, or 503 when nothing can be said of the token.
fn refusal(refused: Refused) -> Refusal {
    const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    let message = refused.to_string();
    let code = match refused {
        Refused::Invalid(_) => Code::TokenInvalid,
        Refused::Expired => Code::TokenExpired,
        Refused::NotYetValid => Code::TokenNotYetValid,
        Refused::Revoked => Code::TokenRevoked,
        Refused::Unavailable { retry_after } => {
            return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Code::AuthUnavailable, message)
                .header(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
        }
    };
    Refusal::new(StatusCode::UNAUTHORIZED, code, message).header(header::WWW_AUTHENTICATE, CHALLENGE)
}
