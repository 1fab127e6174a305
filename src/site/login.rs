//! Login sessions: begun with a password, gone on with by refresh tokens that are good once, ended at once everywhere.
//!
//! A refresh token that comes a second time ends its session, whoever sent it: one of the two is a thief, and nobody can
//! tell which. There is no period of grace, so a client asks for one new token at a time.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    accounts::{Actor, SiteAccounts},
    db::{Fail, Pool, Tx, args, reason},
    delay::{Attempt, counted},
    log::{self, ANONYMOUS, Done, SYSTEM},
    password,
    store::{self, MemberRow, hash, login_key},
};
use crate::auth::{
    accounts::{AccountError, Origin, Session},
    issue::NewToken,
    viewer::{Viewer, ViewerKind},
};

/// No login is longer (in bytes; 64 characters are allowed).
const LONGEST_LOGIN: usize = 256;
/// What ended so long ago is forgotten.
const KEPT: TimeDelta = TimeDelta::days(30);
/// An address from which a member logged in is known for so long.
const KNOWN: TimeDelta = TimeDelta::days(90);

/// Begins a session.
pub(super) async fn login(
    accounts: &SiteAccounts,
    login: &str,
    given: &str,
    from: &Origin,
) -> Result<Session, Fail> {
    let site = accounts.site();
    let pool = site.pool().await?;
    let key = if login.len() > LONGEST_LOGIN { hash(login) } else { login_key(login) };
    let address = from.address.map(counted);
    let attempt = Attempt::new(&key, address.as_deref());
    // Attempts at one login come one after the other, so that many at once do not get in before the first failure
    // counts.
    let _turn = match accounts.turn(&key) {
        Some(turn) => Some(turn.lock().await),
        None => None,
    };
    let now = site.now();
    let sql = "SELECT id, login, password, active FROM staff_member WHERE login_key = $1";
    let found = match pool.row(sql, args![&key]).await? {
        Some(row) => {
            Some((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<String>(2)?, row.get::<bool>(3)?))
        }
        None => None,
    };
    let known = match (&found, &address) {
        (Some((id, ..)), Some(address)) => {
            let sql = "SELECT id FROM login_session WHERE member_id = $1 AND address = $2 AND started_at > $3 \
                       LIMIT 1";
            pool.row(sql, args![*id, address, now - KNOWN]).await?.is_some()
        }
        _ => false,
    };
    if let Some(wait) = attempt.wait(&pool, known, now).await? {
        return Err(AccountError::Delayed(wait).into());
    }
    let stored = found.as_ref().map(|(_, _, stored, _)| stored.clone());
    let right = accounts.passwords().verify(given, stored.clone()).await?;
    let now = site.now();
    let (id, login, stored) = match (found, stored) {
        (Some((id, login, _, true)), Some(stored)) if right => (id, login, stored),
        (found, _) => {
            let mut tx = pool.begin().await?;
            attempt.failed(&mut tx, now).await?;
            // What was typed for a login that there is not may be a password.
            let target = found.map_or(String::new(), |(_, login, ..)| login);
            let done = Done { actor: ANONYMOUS, action: "LOGIN_FAILED", target: &target, detail: json!({}) };
            log::write(site, &mut tx, done, from).await?;
            tx.commit().await?;
            forget(&pool, now).await;
            return Err(AccountError::BadCredentials.into());
        }
    };
    let session = Uuid::new_v4().simple().to_string();
    let mut tx = pool.begin().await?;
    // The account may have been changed meanwhile.
    let sql = "UPDATE staff_member SET last_login_at = $1 WHERE id = $2 AND active AND password = $3";
    if tx.execute(sql, args![now, id, &stored]).await? == 0 {
        return Err(AccountError::BadCredentials.into());
    }
    attempt.succeeded(&mut tx).await?;
    let expires = now + accounts.lifetimes().idle;
    let sql = "INSERT INTO login_session (id, member_id, address, started_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, args![&session, id, address.as_deref(), now, expires]).await?;
    let member = store::member_by_id(&mut tx, id).await?.ok_or(AccountError::BadCredentials)?;
    let answer = tokens(accounts, &mut tx, &session, member, now).await?;
    let done = Done { actor: &login, action: "LOGIN", target: &login, detail: json!({ "session": session }) };
    log::write(site, &mut tx, done, from).await?;
    tx.commit().await?;
    forget(&pool, now).await;
    Ok(answer)
}

/// Goes on with a session.
pub(super) async fn refresh(accounts: &SiteAccounts, token: &str, from: &Origin) -> Result<Session, Fail> {
    let site = accounts.site();
    let pool = site.pool().await?;
    let (hash, now) = (hash(token), site.now());
    let mut tx = pool.begin().await?;
    let sql = "SELECT t.session_id, s.member_id, t.expires_at FROM refresh_token t \
               JOIN login_session s ON s.id = t.session_id WHERE t.hash = $1";
    let Some(row) = tx.row(sql, args![&hash]).await? else { return Err(AccountError::Revoked.into()) };
    let (session, member): (String, i64) = (row.get(0)?, row.get(1)?);
    let expires: DateTime<Utc> = row.get(2)?;
    let sql = "UPDATE refresh_token SET used_at = $1 WHERE hash = $2 AND used_at IS NULL";
    if tx.execute(sql, args![now, &hash]).await? == 0 {
        // First, as everywhere: who ends sessions waits for who changes accounts, and never the other way round.
        store::touch(&mut tx).await?;
        if reused(accounts, &mut tx, &session, member, from).await? {
            tx.commit().await?;
        }
        return Err(AccountError::Revoked.into());
    }
    if expires <= now {
        return Err(AccountError::Revoked.into());
    }
    // One that is being ended meanwhile is not gone on with.
    let sql =
        "UPDATE login_session SET expires_at = $1 WHERE id = $2 AND ended_at IS NULL AND expires_at > $3";
    if tx.execute(sql, args![now + accounts.lifetimes().idle, &session, now]).await? == 0 {
        return Err(AccountError::Revoked.into());
    }
    let member = store::member_by_id(&mut tx, member).await?.filter(|found| found.member.active);
    let member = member.ok_or(AccountError::Revoked)?;
    let answer = tokens(accounts, &mut tx, &session, member, now).await?;
    tx.commit().await?;
    Ok(answer)
}

/// An access token and a new refresh token.
async fn tokens(
    accounts: &SiteAccounts,
    tx: &mut Tx,
    session: &str,
    member: MemberRow,
    now: DateTime<Utc>,
) -> Result<Session, Fail> {
    let member = member.member;
    let lifetimes = accounts.lifetimes();
    let wanted = NewToken {
        kind: ViewerKind::Staff,
        subject: member.login.clone(),
        session: Some(session.to_owned()),
        customer: None,
        contact: None,
        scopes: Vec::new(),
        groups: Vec::new(),
        lifetime: lifetimes.access,
    };
    let (access_token, expires_at) = accounts.issue().issue(&wanted).map_err(AccountError::NoKey)?;
    let mut bytes = [0_u8; 32];
    password::random(&mut bytes).map_err(|reason| {
        tracing::error!(reason, "no refresh token can be made");
        AccountError::Unavailable
    })?;
    let refresh_token = URL_SAFE_NO_PAD.encode(bytes);
    let refresh_expires_at = now + lifetimes.idle;
    let sql = "INSERT INTO refresh_token (hash, session_id, issued_at, expires_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, args![hash(&refresh_token), session, now, refresh_expires_at]).await?;
    Ok(Session { access_token, expires_at, refresh_token, refresh_expires_at, member })
}

/// Forgets what has ended long ago, each thing for itself. A used token is kept while its session could be ended by it.
async fn forget(pool: &Pool, now: DateTime<Utc>) {
    let old = [
        ("DELETE FROM refresh_token WHERE expires_at < $1", now - KEPT),
        ("DELETE FROM login_session WHERE expires_at < $1", now - KNOWN),
        ("DELETE FROM revocation WHERE expires_at < $1", now - TimeDelta::days(1)),
        ("DELETE FROM login_failure WHERE last_at < $1", now - TimeDelta::days(1)),
    ];
    for (sql, before) in old {
        if let Err(error) = pool.execute(sql, args![before]).await {
            tracing::debug!(reason = reason(&error), "what is old could not be forgotten");
        }
    }
}

/// Ends the session of a refresh token that came a second time, unless it has ended.
async fn reused(
    accounts: &SiteAccounts,
    tx: &mut Tx,
    session: &str,
    member: i64,
    from: &Origin,
) -> Result<bool, Fail> {
    let site = accounts.site();
    let sql = "UPDATE login_session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL";
    if tx.execute(sql, args![site.now(), session]).await? == 0 {
        return Ok(false);
    }
    let whose = store::member_by_id(tx, member).await?;
    let login = whose.map_or(String::new(), |found| found.member.login);
    tracing::warn!(session, "a refresh token came a second time: its session has been ended");
    let detail = json!({ "session": session });
    let done = Done { actor: ANONYMOUS, action: "REFRESH_REUSED", target: &login, detail };
    log::write(site, tx, done, from).await?;
    Ok(true)
}

/// The session of a refresh token, its member, and whether the token is good yet; none where the session is over.
const PRESENTED: &str = "SELECT s.id, s.member_id, t.used_at FROM refresh_token t \
     JOIN login_session s ON s.id = t.session_id WHERE t.hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 \
     AND (t.used_at IS NOT NULL OR t.expires_at > $2)";

/// Ends sessions and tokens. A refresh token that was used before ends its own session and no more, as anywhere else.
pub(super) async fn logout(
    accounts: &SiteAccounts,
    viewer: &Viewer,
    refresh_token: Option<&str>,
    everywhere: bool,
    from: &Origin,
) -> Result<(), Fail> {
    let site = accounts.site();
    let now = site.now();
    let pool = site.pool().await?;
    let ours = accounts.is_staff_of_ours(viewer);
    let token = viewer.token.as_ref();
    let refresh_token = refresh_token.map(hash);
    // Anybody may send anything here: nothing is written, and nobody waits, for what ends nothing.
    if token.is_none() {
        let Some(hash) = &refresh_token else { return Ok(()) };
        if pool.row(PRESENTED, args![hash, now]).await?.is_none() {
            return Ok(());
        }
    }
    let mut tx = pool.begin().await?;
    store::touch(&mut tx).await?;
    let mut sessions: Vec<(String, i64)> = Vec::new();
    let mut stolen = false;
    if let Some(hash) = &refresh_token
        && let Some(row) = tx.row(PRESENTED, args![hash, now]).await?
    {
        let (session, member): (String, i64) = (row.get(0)?, row.get(1)?);
        if row.get::<Option<DateTime<Utc>>>(2)?.is_some() {
            stolen = reused(accounts, &mut tx, &session, member, from).await?;
        } else {
            sessions.push((session, member));
        }
    }
    if let Some(session) = token.filter(|_| ours).and_then(|token| token.session.as_deref()) {
        let row = tx.row("SELECT id, member_id FROM login_session WHERE id = $1", args![session]).await?;
        sessions.extend(row.map(|row| Ok::<_, sqlx::Error>((row.get(0)?, row.get(1)?))).transpose()?);
    }
    let mut ended = 0;
    for (session, member) in &sessions {
        ended += if everywhere {
            store::end_sessions(&mut tx, *member, now).await?
        } else {
            let sql = "UPDATE login_session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL";
            tx.execute(sql, args![now, session]).await?
        };
    }
    let mut name = Actor::Viewer(viewer).name(accounts);
    if let Some((_, member)) = sessions.first()
        && let Some(found) = store::member_by_id(&mut tx, *member).await?
    {
        name = found.member.login;
    }
    if let Some(token) = token {
        // A token without a session has only itself; those of sessions end with them.
        if let Some(id) = token.id.as_deref().filter(|_| token.session.is_none() || !ours) {
            revoke_token(&mut tx, &token.issuer, id, now, Some(token.expires_at)).await?;
            ended += 1;
        }
        if let Some(subject) = viewer.subject.as_deref().filter(|_| everywhere) {
            let own = *token.issuer == *accounts.issuer();
            store::cut(&mut tx, &token.issuer, &store::subject_key(subject, own), now).await?;
            ended += 1;
            if ours && let Some(found) = store::member(&mut tx, subject).await? {
                store::end_sessions(&mut tx, found.id, now).await?;
            }
        }
    }
    if ended == 0 {
        // Ended already, never begun, or ended as a theft.
        if stolen {
            tx.commit().await?;
        }
        return Ok(());
    }
    let detail = json!({ "everywhere": everywhere });
    log::write(site, &mut tx, Done { actor: &name, action: "LOGOUT", target: &name, detail }, from).await?;
    tx.commit().await?;
    Ok(())
}

async fn revoke_token(
    tx: &mut Tx,
    issuer: &str,
    id: &str,
    now: DateTime<Utc>,
    expires: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO revocation (kind, issuer, value, revoked_at, expires_at) \
               VALUES ('token', $1, $2, $3, $4) ON CONFLICT (kind, issuer, value) DO NOTHING";
    tx.execute(sql, args![issuer, id, now, expires]).await?;
    Ok(())
}

/// Which tokens, of whatever issuer, are to be good no more.
#[derive(Clone, Debug)]
pub enum Revoke {
    /// One, by its id (`jti`).
    Token(String),
    /// All of somebody (`sub`) that were issued up to now.
    Subject(String),
}

/// Writes down that the command line issued a token.
pub(super) async fn issued(accounts: &SiteAccounts, viewer: &Viewer) -> Result<(), Fail> {
    let site = accounts.site();
    let mut tx = site.pool().await?.begin().await?;
    let token = viewer.token.as_ref();
    let detail = json!({
        "kind": viewer.kind.word(),
        "id": token.and_then(|token| token.id.as_deref()),
        "expiresAt": token.map(|token| crate::value::rfc3339(&token.expires_at)),
        "scopes": viewer.scopes,
        "groups": viewer.groups,
        "customer": viewer.customer,
    });
    let target = viewer.subject.as_deref().unwrap_or_default();
    let done = Done { actor: SYSTEM, action: "TOKEN_ISSUED", target, detail };
    log::write(site, &mut tx, done, &Origin::default()).await?;
    tx.commit().await?;
    Ok(())
}

/// Revokes tokens of an issuer.
pub(super) async fn revoke(accounts: &SiteAccounts, issuer: &str, what: &Revoke) -> Result<(), Fail> {
    let site = accounts.site();
    let now = site.now();
    let mut tx = site.pool().await?.begin().await?;
    store::touch(&mut tx).await?;
    let (target, detail) = match what {
        Revoke::Token(id) => {
            revoke_token(&mut tx, issuer, id, now, None).await?;
            (id, json!({ "issuer": issuer, "revoked": "token" }))
        }
        Revoke::Subject(subject) => {
            let ours = issuer == accounts.issuer();
            store::cut(&mut tx, issuer, &store::subject_key(subject, ours), now).await?;
            (subject, json!({ "issuer": issuer, "revoked": "subject" }))
        }
    };
    let done = Done { actor: SYSTEM, action: "TOKENS_REVOKED", target, detail };
    log::write(site, &mut tx, done, &Origin::default()).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends every session of a member, or of all members.
pub(super) async fn end_all(accounts: &SiteAccounts, login: Option<&str>) -> Result<u64, Fail> {
    let site = accounts.site();
    let now = site.now();
    let mut tx = site.pool().await?.begin().await?;
    store::touch(&mut tx).await?;
    let (ended, target) = if let Some(login) = login {
        let found = store::member(&mut tx, login).await?;
        let found = found.ok_or_else(|| store::invalid("login", "UNKNOWN", "Nobody has this login."))?;
        store::cut(&mut tx, accounts.issuer(), &login_key(&found.member.login), now).await?;
        (store::end_sessions(&mut tx, found.id, now).await?, found.member.login)
    } else {
        let sql = "UPDATE login_session SET ended_at = $1 WHERE ended_at IS NULL";
        (tx.execute(sql, args![now]).await?, "*".to_owned())
    };
    let detail = json!({ "everywhere": true });
    let done = Done { actor: SYSTEM, action: "LOGOUT", target: &target, detail };
    log::write(site, &mut tx, done, &Origin::default()).await?;
    tx.commit().await?;
    Ok(ended)
}
