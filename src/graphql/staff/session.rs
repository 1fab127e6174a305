//! `login`, `refreshToken`, `logout`. A refresh token that came in the cookie goes back into it, never into the body:
//! a script in the page is not to get hold of it.

use async_trait::async_trait;

use super::{
    Site,
    input::{self, Input},
    origin,
    problems::{self, Codes, Found, Language, Problem, settle},
};
use crate::{
    auth::accounts::{AccountError, Origin, Session},
    config::Secret,
    graphql::{
        error::GraphqlError,
        plain::{ArgMap, Plain, PlainObject},
        request::RefreshCookie,
        resolve::{Call, Resolver},
    },
    value::rfc3339,
};

/// Where a refresh token goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Cookie,
    Body,
}

/// `login`.
pub struct Login(pub(super) Site);
/// `refreshToken`.
pub struct Refresh(pub(super) Site);
/// `logout`.
pub struct Logout(pub(super) Site);

#[async_trait]
impl Resolver for Login {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let (input, language) = (Input::of(call.args, "input"), Language::of(call.language));
        let login = input.text("login").unwrap_or_default();
        let password = input.text("password").unwrap_or_default();
        let mut found = Found::default();
        input::NAME.check("login", login, language, &mut found);
        input::PASSWORD.check("password", password, language, &mut found);
        if !found.0.is_empty() {
            return Ok(refused(found.0));
        }
        let transport =
            if input.text("transport") == Some("BODY") { Transport::Body } else { Transport::Cookie };
        let begun = self.0.begin(login, password, &origin(&call)).await;
        answered(&call, begun, transport)
    }
}

#[async_trait]
impl Resolver for Refresh {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let language = Language::of(call.language);
        let Some((token, transport)) = token(&call) else {
            return Ok(refused(vec![Problem::session_ended(language)]));
        };
        let mut found = Found::default();
        input::TOKEN.check("refreshToken", token, language, &mut found);
        if !found.0.is_empty() {
            return Ok(refused(found.0));
        }
        let renewed = self.0.renew(token, &origin(&call)).await;
        if transport == Transport::Cookie && matches!(renewed, Err(AccountError::Revoked)) {
            call.effects.refresh_cookie(RefreshCookie::Clear);
        }
        answered(&call, renewed, transport)
    }
}

#[async_trait]
impl Resolver for Logout {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let accounts = &self.0.accounts;
        let (input, language) = (Input::of(call.args, "input"), Language::of(call.language));
        let everywhere = input.flag("everywhere").unwrap_or(false);
        let token = token(&call).map(|(token, _)| token);
        let mut found = Found::default();
        if let Some(token) = token {
            let most = input::Length { least: 0, ..input::TOKEN };
            most.check("refreshToken", token, language, &mut found);
        }
        if !found.0.is_empty() {
            return Ok(Plain::object(LogoutPayload(found.0)));
        }
        let ended = accounts.logout(&call.context.viewer, token, everywhere, &origin(&call)).await;
        let problems = match ended {
            Ok(()) => Vec::new(),
            // It is over, as was asked; of the others nothing is known.
            Err(AccountError::Revoked) if !everywhere => Vec::new(),
            Err(error) => vec![settle(&error, problems::LOGOUT, language)?],
        };
        call.effects.refresh_cookie(RefreshCookie::Clear);
        Ok(Plain::object(LogoutPayload(problems)))
    }
}

impl Site {
    async fn begin(&self, login: &str, password: &str, from: &Origin) -> Result<Session, AccountError> {
        self.rates.login(from).await.map_err(AccountError::Delayed)?;
        self.accounts.login(login, password, from).await
    }

    async fn renew(&self, refresh_token: &str, from: &Origin) -> Result<Session, AccountError> {
        self.rates.login(from).await.map_err(AccountError::Delayed)?;
        self.accounts.refresh(refresh_token, from).await
    }
}

/// The refresh token of a call, and the way it came.
fn token<'a>(call: &Call<'a>) -> Option<(&'a str, Transport)> {
    let given = Input::of(call.args, "input").text("refreshToken").map(|token| (token, Transport::Body));
    given.or_else(|| call.context.refresh_cookie.as_ref().map(|cookie| (&*cookie.0, Transport::Cookie)))
}

fn refused(problems: Vec<Problem>) -> Plain<'static> {
    Plain::object(TokenPayload { session: None, problems })
}

/// The payload of a session that began or went on, or not.
fn answered(
    call: &Call<'_>,
    session: Result<Session, AccountError>,
    transport: Transport,
) -> Result<Plain<'static>, GraphqlError> {
    const CODES: Codes = problems::TOKEN;
    let session = match session {
        Ok(session) => session,
        Err(error) => return Ok(refused(vec![settle(&error, CODES, Language::of(call.language))?])),
    };
    if transport == Transport::Cookie {
        let token = Secret(session.refresh_token.clone());
        call.effects.refresh_cookie(RefreshCookie::Set { token, expires_at: session.refresh_expires_at });
    }
    Ok(Plain::object(TokenPayload { session: Some((session, transport)), problems: Vec::new() }))
}

struct TokenPayload {
    session: Option<(Session, Transport)>,
    problems: Vec<Problem>,
}

impl PlainObject for TokenPayload {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match (name, &self.session) {
            ("userErrors", _) => problems::plain(&self.problems),
            ("accessToken", Some((session, _))) => Plain::text(Some(&session.access_token)),
            ("expiresAt", Some((session, _))) => Plain::owned(Some(rfc3339(&session.expires_at))),
            ("refreshToken", Some((session, Transport::Body))) => Plain::text(Some(&session.refresh_token)),
            ("member", Some((session, _))) => Plain::object(&session.member),
            _ => Plain::Null,
        }
    }
}

struct LogoutPayload(Vec<Problem>);

impl PlainObject for LogoutPayload {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "loggedOut" => Plain::Bool(self.0.is_empty()),
            "userErrors" => problems::plain(&self.0),
            _ => Plain::Null,
        }
    }
}
