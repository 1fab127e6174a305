//! Opens a source from what a shop's file says of it. Nothing is contacted: a database that is down
//! is an error of the first statement.

use std::{path::Path, sync::Arc};

use chrono_tz::Tz;

use super::{
    SharedSource, SourceError, Trace, columns::TwinRule, pooled::Pooled, postgres::Postgres, sqlite::Sqlite,
    sqlserver::SqlServer,
};
use crate::config::{Secret, SourceKind, SourceLimits};

/// What a source is opened from.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Its name.
    pub name: &'a str,
    /// The engine.
    pub kind: SourceKind,
    /// Where it is.
    pub url: &'a Secret,
    /// Its limits.
    pub limits: &'a SourceLimits,
    /// Where relative paths (SQLite files, certificates) start.
    pub dir: &'a Path,
    /// The zone in which the database keeps local times.
    pub zone: Tz,
    /// Binary copies of text columns, which SQL Server's indexes may stand on.
    pub twins: &'a [TwinRule],
}

/// Opens a source.
///
/// # Errors
/// [`SourceError::Connect`], only for a malformed URL; the message does not show the URL.
pub fn open(opening: Opening<'_>, trace: Arc<dyn Trace>) -> Result<SharedSource, SourceError> {
    let Opening { name, kind, url, limits, dir, zone, twins } = opening;
    Ok(match kind {
        SourceKind::Sqlite => {
            let wire = Sqlite::new(&url.0, dir, limits.statement)?;
            Arc::new(Pooled::new(name, wire, *limits, zone, trace)?)
        }
        SourceKind::Postgres => {
            let wire = Postgres::new(&url.0, limits.statement, zone)?;
            Arc::new(Pooled::new(name, wire, *limits, zone, trace)?)
        }
        SourceKind::SqlServer => {
            let wire = SqlServer::new(&url.0, dir, limits.statement, twins.to_vec())?;
            Arc::new(Pooled::new(name, wire, *limits, zone, trace)?)
        }
    })
}
