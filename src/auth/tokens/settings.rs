//! What `[auth]` says, once it has been read and checked: whose tokens are taken, by which keys, and what their claims
//! mean here.

use std::{collections::BTreeMap, time::Duration};

use jsonwebtoken::Algorithm;

use super::keys::{OwnKey, VerifyingKey};
use crate::auth::{rights::Right, viewer::ViewerKind};

/// `[auth]`.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// What our own tokens say of who issued them (`issuer`, `http.public_url`).
    pub issuer: String,
    /// Whom our own tokens are for (`audience`, comptoir).
    pub audience: String,
    /// Our own keys (`key_file`): the first signs, the second one verifies as well. None: we issue nothing.
    pub keys: Vec<OwnKey>,
    /// How far clocks may be apart (`leeway_seconds`, 30).
    pub leeway: Duration,
    /// The longest token that is looked at (`max_token_bytes`, 8,192).
    pub max_token_bytes: usize,
    /// How long an access token of a staff session is good (`access_minutes`, 10).
    pub access: Duration,
    /// How long a staff session lasts that nobody goes on with (`refresh_days`, 30).
    pub idle: Duration,
    /// `[[auth.issuers]]`: whose tokens are taken beside ours.
    pub issuers: Vec<IssuerConfig>,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            audience: "comptoir".to_owned(),
            keys: Vec::new(),
            leeway: Duration::from_secs(30),
            max_token_bytes: 8_192,
            access: Duration::from_mins(10),
            idle: Duration::from_hours(30 * 24),
            issuers: Vec::new(),
        }
    }
}

/// One of `[[auth.issuers]]`.
#[derive(Clone, Debug)]
pub struct IssuerConfig {
    /// Its name: `iss` of its tokens, to the letter.
    pub issuer: String,
    /// `aud` of its tokens has to be, or to hold, one of them.
    pub audiences: Vec<String>,
    /// The only algorithms that are taken; of one kind of key each.
    pub algorithms: Vec<Algorithm>,
    /// Where its keys are.
    pub keys: KeySource,
    /// Which of its claims say what.
    pub claims: ClaimPaths,
    /// All its viewers are of this kind (`kind`).
    pub kind: Option<ViewerKind>,
    /// Its words for kinds (`kinds`); none: our own words.
    pub kinds: BTreeMap<String, ViewerKind>,
    /// Its words for our staff groups (`groups`); none: the names are ours.
    pub groups: BTreeMap<String, String>,
    /// Its words for our rights (`scopes`); none: the words are ours.
    pub scopes: BTreeMap<String, Vec<Right>>,
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// In a file that has been read.
    Fixed(Vec<VerifyingKey>),
    /// At a web address.
    Url(String),
}

/// Which claims say what. A path's dots lead into objects, unless the whole of it is a claim's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimPaths {
    /// The kind of viewer: a word, or a list of words of which one is known.
    pub kind: Option<String>,
    /// The ERP's customer code: text or a number.
    pub customer: Option<String>,
    /// The contact: text or a number.
    pub contact: Option<String>,
    /// Scopes: words in one text, or a list.
    pub scopes: Option<String>,
    /// Staff groups: a text, or a list.
    pub groups: Option<String>,
}

impl ClaimPaths {
    /// The claims of our own tokens.
    pub fn own() -> Self {
        Self {
            kind: Some("kind".to_owned()),
            customer: Some("customer".to_owned()),
            contact: Some("contact".to_owned()),
            scopes: Some("scope".to_owned()),
            groups: Some("groups".to_owned()),
        }
    }
}
