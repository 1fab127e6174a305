//! Opens a source from what a shop's file says of it. Nothing is contacted: a database that is down
//! is an error of the first statement.

use std::{path::Path, sync::Arc};

use chrono_tz::Tz;

use super::{
    SharedSource, SourceError, Trace, pooled::Pooled, postgres::Postgres, sqlite::Sqlite,
    sqlserver::SqlServer,
};
use crate::config::{Secret, SourceKind, SourceLimits};

/// Opens a source.
///
/// `dir` is where relative paths (SQLite files, certificates) start, `zone` the zone in which the database keeps local
/// times.
///
/// # Errors
/// [`SourceError::Connect`], only for a malformed URL; the message does not show the URL.
pub fn open(
    name: &str,
    kind: SourceKind,
    url: &Secret,
    limits: &SourceLimits,
    dir: &Path,
    zone: Tz,
    trace: Arc<dyn Trace>,
) -> Result<SharedSource, SourceError> {
    Ok(match kind {
        SourceKind::Sqlite => {
            let wire = Sqlite::new(&url.0, dir, limits.statement)?;
            Arc::new(Pooled::new(name, wire, *limits, zone, trace))
        }
        SourceKind::Postgres => {
            let wire = Postgres::new(&url.0, limits.statement, zone)?;
            Arc::new(Pooled::new(name, wire, *limits, zone, trace))
        }
        SourceKind::SqlServer => {
            let wire = SqlServer::new(&url.0, dir, limits.statement)?;
            Arc::new(Pooled::new(name, wire, *limits, zone, trace))
        }
    })
}
