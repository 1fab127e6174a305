//! What the commands on accounts, groups and the site database share.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value as Json;

use super::{Failure, backend};
use crate::{auth::accounts::AccountError, shop::Shop, site::SiteError};

/// Opens a shop and its site database; no source is asked.
pub(super) async fn open(dir: &Path) -> Result<Shop, Failure> {
    let shop = backend::open(dir)?;
    shop.site().prepare().await.map_err(site_failure)?;
    Ok(shop)
}

/// As one line and an exit code.
pub(super) fn failure(error: AccountError) -> Failure {
    match error {
        AccountError::Unavailable => Failure::cannot_start(error),
        other => Failure::wrong(other),
    }
}

/// As one line and an exit code.
pub(super) fn site_failure(error: SiteError) -> Failure {
    match error {
        SiteError::Refused(reason) => Failure::Wrong(reason),
        other => Failure::cannot_start(other),
    }
}

/// JSON for people and programs.
pub(super) fn json(value: &Json) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// A time.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
