//! Who sends a request: its viewer by the `Authorization` header, the client's address, the refresh cookie. Told before
//! anything of the body is read; a token with any mistake ends the request here.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderValue, StatusCode, header, request::Parts};

use super::{
    App,
    guard::{ClientAddress, origin_allowed},
    respond::Refusal,
};
use crate::{
    auth::{tokens::Refused, viewer::Viewer},
    config::Secret,
    graphql::error::Code,
};

/// Who sends a request.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) viewer: Arc<Viewer>,
    pub(super) address: Option<IpAddr>,
    /// Of a POST from a page of ours alone.
    pub(super) refresh_cookie: Option<Secret>,
}

impl Caller {
    /// Of the head of a request. `cookies`: whether the method may read them.
    pub(super) async fn of(app: &App, head: &Parts, cookies: bool) -> Result<Self, Refusal> {
        let options = &app.options;
        let headers = head.headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
        let limit = options.limits.request;
        let viewer = match tokio::time::timeout(limit, options.authenticator.viewer(headers)).await {
            Ok(viewer) => viewer.map_err(|refused| refusal(&refused))?,
            Err(_) => return Err(refusal(&Refused::Unavailable { retry_after: limit })),
        };
        let address = head.extensions.get::<ClientAddress>().map(|client| client.0);
        let ours = cookies && origin_allowed(head, &options.http);
        let refresh_cookie = ours.then(|| app.cookies.read(&head.headers)).flatten();
        Ok(Self { viewer, address, refresh_cookie })
    }
}

/// 401 with a code, or 503 when nothing can be said of the token.
fn refusal(refused: &Refused) -> Refusal {
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
