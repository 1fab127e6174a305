//! From claims to a viewer, as the issuer's configuration says.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    Refused,
    settings::{ClaimPaths, IssuerConfig},
};
use crate::auth::{
    rights::{Right, Rights},
    viewer::{TokenInfo, Viewer, ViewerKind},
};

/// What the claims of one issuer mean.
#[derive(Debug)]
pub(super) struct Mapping {
    issuer: Arc<str>,
    paths: ClaimPaths,
    kind: Option<ViewerKind>,
    kinds: Vec<(String, ViewerKind)>,
    groups: Vec<(String, Arc<str>)>,
    scopes: Vec<(String, Vec<Right>)>,
    /// Our own tokens: `sid` is a session of ours.
    own: bool,
}

impl Mapping {
    /// Of our own tokens.
    pub(super) fn own(issuer: &str) -> Self {
        Self {
            issuer: issuer.into(),
            paths: ClaimPaths::own(),
            kind: None,
            kinds: Vec::new(),
            groups: Vec::new(),
            scopes: Vec::new(),
            own: true,
        }
    }

    /// Of another's.
    pub(super) fn of(issuer: &IssuerConfig) -> Self {
        Self {
            issuer: issuer.issuer.as_str().into(),
            paths: issuer.claims.clone(),
            kind: issuer.kind,
            kinds: issuer.kinds.iter().map(|(word, kind)| (word.clone(), *kind)).collect(),
            groups: issuer.groups.iter().map(|(word, group)| (word.clone(), group.as_str().into())).collect(),
            scopes: issuer.scopes.iter().map(|(word, rights)| (word.clone(), rights.clone())).collect(),
            own: false,
        }
    }

    /// The viewer that verified claims speak of.
    pub(super) fn viewer(&self, claims: &Map<String, Value>) -> Result<Viewer, Refused> {
        let expires_at = moment(claims, "exp")?.ok_or(Refused::Invalid("it has no `exp`"))?;
        let token = TokenInfo {
            issuer: self.issuer.clone(),
            id: text(claims, "jti")?,
            session: if self.own { text(claims, "sid")? } else { None },
            issued_at: moment(claims, "iat")?,
            expires_at,
        };
        let kind = self.kind(claims)?;
        let subject = text(claims, "sub")?.ok_or(Refused::Invalid("it does not say whose it is (`sub`)"))?;
        // Words of other kinds of viewers say nothing here: a customer is in no staff group.
        let (mut customer, mut contact) = (None, None);
        if kind != ViewerKind::Staff {
            customer =
                code(claims, self.paths.customer.as_deref(), "its customer code is no text or number")?;
            contact = code(claims, self.paths.contact.as_deref(), "its contact is no text or number")?;
        }
        if kind == ViewerKind::Customer && customer.is_none() {
            return Err(Refused::Invalid("it is a customer's and has no customer code"));
        }
        let mut scopes = words(claims, self.paths.scopes.as_deref(), true, "its scopes are no texts")?;
        if !self.scopes.is_empty() {
            scopes = self.rights(&scopes);
        }
        let mut groups = Vec::new();
        if kind != ViewerKind::Customer {
            groups = words(claims, self.paths.groups.as_deref(), false, "its groups are no texts")?;
            if !self.groups.is_empty() {
                groups = groups.iter().filter_map(|word| self.group(word)).collect();
            }
            groups.dedup();
        }
        Ok(Viewer {
            kind,
            subject: Some(subject),
            customer,
            contact,
            scopes: scopes.into(),
            groups: groups.into(),
            token: Some(token),
            rights: Rights::default(),
        })
    }

    fn kind(&self, claims: &Map<String, Value>) -> Result<ViewerKind, Refused> {
        const NONE: Refused = Refused::Invalid("it does not say what kind of viewer it is for");
        if let Some(kind) = self.kind {
            return Ok(kind);
        }
        let value = self.paths.kind.as_deref().and_then(|path| find(claims, path)).ok_or(NONE)?;
        let named = |word: &str| {
            if self.kinds.is_empty() {
                return ViewerKind::named(word);
            }
            self.kinds.iter().find(|(known, _)| known == word).map(|(_, kind)| *kind)
        };
        match value {
            Value::String(word) => named(word).ok_or(NONE),
            // Roles: those that are known have to agree.
            Value::Array(words) => {
                let mut kinds = words.iter().filter_map(|word| named(word.as_str()?));
                let first = kinds.next().ok_or(NONE)?;
                if kinds.any(|other| other != first) {
                    return Err(Refused::Invalid("it is for several kinds of viewers at once"));
                }
                Ok(first)
            }
            _ => Err(NONE),
        }
    }

    /// Our words for an issuer's scopes, each once.
    fn rights(&self, scopes: &[Arc<str>]) -> Vec<Arc<str>> {
        let named = |scope: &Arc<str>| self.scopes.iter().find(|(known, _)| **known == **scope);
        let mut rights: Vec<Right> =
            scopes.iter().filter_map(named).flat_map(|(_, rights)| rights.iter().copied()).collect();
        rights.sort_unstable();
        rights.dedup();
        rights.into_iter().map(|right| right.word().into()).collect()
    }

    fn group(&self, word: &str) -> Option<Arc<str>> {
        self.groups.iter().find(|(known, _)| known == word).map(|(_, group)| group.clone())
    }
}

/// The value at a path: the claim of that name, or through objects at its dots. (Names of claims may hold dots
/// themselves, as in `https://shop.example/kind`.)
fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    path.match_indices('.')
        .find_map(|(dot, _)| find(claims.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
}

/// A text that is not blank and can be shown.
fn sound(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// A registered claim that is a text, if it is there.
fn text(claims: &Map<String, Value>, name: &str) -> Result<Option<Arc<str>>, Refused> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if sound(text) => Ok(Some(text.as_str().into())),
        Some(_) => Err(Refused::Invalid("a claim of it that has to be a text is none")),
    }
}

/// A code: text, or a whole number.
fn code(
    claims: &Map<String, Value>,
    path: Option<&str>,
    wrong: &'static str,
) -> Result<Option<Arc<str>>, Refused> {
    match path.and_then(|path| find(claims, path)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if sound(text) => Ok(Some(text.as_str().into())),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string().into())),
        Some(_) => Err(Refused::Invalid(wrong)),
    }
}

/// Words: a list, or one text (of several words when `split`).
fn words(
    claims: &Map<String, Value>,
    path: Option<&str>,
    split: bool,
    wrong: &'static str,
) -> Result<Vec<Arc<str>>, Refused> {
    match path.and_then(|path| find(claims, path)) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) if split => Ok(text.split_ascii_whitespace().map(Arc::from).collect()),
        Some(Value::String(text)) if sound(text) => Ok(vec![text.as_str().into()]),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().filter(|text| sound(text)).map(Arc::from))
            .collect::<Option<_>>()
            .ok_or(Refused::Invalid(wrong)),
        Some(_) => Err(Refused::Invalid(wrong)),
    }
}

/// A moment in seconds since 1970, if it is there.
pub(super) fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<DateTime<Utc>>, Refused> {
    const WRONG: Refused = Refused::Invalid("a time of it (`exp`, `nbf` or `iat`) is no number of seconds");
    let seconds = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole,
            // NumericDate may have a fraction (RFC 7519, 2); far below where the conversion would lose anything.
            #[allow(clippy::cast_possible_truncation)]
            (None, Some(fraction)) if fraction.abs() < 1e12 => fraction.floor() as i64,
            _ => return Err(WRONG),
        },
        Some(_) => return Err(WRONG),
    };
    // The library's own reading has no sign.
    let moment = DateTime::from_timestamp(seconds, 0).filter(|_| seconds >= 0).ok_or(WRONG)?;
    Ok(Some(moment))
}
