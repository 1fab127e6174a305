//! The audit log: written in the transaction of what it tells, read from new to old.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::{
    Site,
    db::{self, Fail, Row, Tx, args},
    store::limit,
};
use crate::{
    auth::accounts::{AuditEntry, AuditFilter, Origin},
    value::rfc3339,
};

/// Who the command line is in the log.
pub(super) const SYSTEM: &str = "system";

/// Who failed to show who they are.
pub(super) const ANONYMOUS: &str = "anonymous";

/// Something that was done.
pub(super) struct Done<'a> {
    pub(super) actor: &'a str,
    pub(super) action: &'static str,
    pub(super) target: &'a str,
    pub(super) detail: Json,
}

/// Writes an entry.
pub(super) async fn write(
    site: &Site,
    tx: &mut Tx,
    done: Done<'_>,
    from: &Origin,
) -> Result<(), sqlx::Error> {
    let mut detail = done.detail;
    if let (Some(address), Some(detail)) = (from.address, detail.as_object_mut()) {
        detail.insert("address".to_owned(), address.to_string().into());
    }
    tx.execute(
        "INSERT INTO audit (at, actor, action, target, detail, request_id) VALUES ($1, $2, $3, $4, $5, $6)",
        args![
            site.now(),
            done.actor,
            done.action,
            done.target,
            detail.to_string(),
            from.request_id.as_deref()
        ],
    )
    .await?;
    Ok(())
}

macro_rules! filtered {
    ($what:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM audit WHERE ($1 IS NULL OR actor = $1) AND ($2 IS NULL OR action = $2) \
             AND ($3 IS NULL OR target = $3) AND ($4 IS NULL OR at >= $4) AND ($5 IS NULL OR at < $5)",
            $rest
        )
    };
}

/// Entries from new to old, before one.
pub(super) async fn read(
    site: &Site,
    filter: &AuditFilter,
    before: Option<i64>,
    first: usize,
) -> Result<Vec<AuditEntry>, Fail> {
    let pool = site.pool().await?;
    let mut values = of(filter);
    values.extend(args![before.unwrap_or(i64::MAX), limit(first)]);
    let sql = filtered!(
        "id, at, actor, action, target, detail, request_id",
        " AND id < $6 ORDER BY id DESC LIMIT $7"
    );
    let rows = pool.rows(sql, values).await?;
    Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
}

/// How many entries there are.
pub(super) async fn count(site: &Site, filter: &AuditFilter) -> Result<u64, Fail> {
    let pool = site.pool().await?;
    Ok(pool.count(filtered!("count(*)", ""), of(filter)).await?)
}

/// Entries that one statement forgets: it must not take long.
const AT_ONCE: i64 = 5_000;

/// Forgets what was written before a moment, but the newest entry: by it a backup is told from what came after. How
/// many entries went; that they did is an entry itself.
pub(super) async fn forget(site: &Site, before: DateTime<Utc>) -> Result<u64, Fail> {
    let pool = site.pool().await?;
    let mut gone = 0;
    loop {
        let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 \
                   AND id < (SELECT max(id) FROM audit) ORDER BY id LIMIT $2)";
        let some = pool.execute(sql, args![db::to_micros(before), AT_ONCE]).await?;
        gone += some;
        if some < u64::try_from(AT_ONCE).unwrap_or(0) {
            break;
        }
    }
    if gone > 0 {
        let mut tx = pool.begin().await?;
        let detail = serde_json::json!({ "entries": gone, "before": rfc3339(&before) });
        let done = Done { actor: SYSTEM, action: "AUDIT_FORGOTTEN", target: "", detail };
        write(site, &mut tx, done, &Origin::default()).await?;
        tx.commit().await?;
    }
    Ok(gone)
}

fn of(filter: &AuditFilter) -> Vec<super::db::Arg> {
    args![
        filter.actor.as_deref(),
        filter.action.as_deref(),
        filter.target.as_deref(),
        filter.since,
        filter.until
    ]
}

fn entry(row: &Row) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        id: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        target: row.get(4)?,
        detail: serde_json::from_str(&row.get::<String>(5)?).unwrap_or(Json::Null),
        request_id: row.get(6)?,
    })
}
