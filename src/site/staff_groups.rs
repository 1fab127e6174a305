//! Groups of staff, made, changed and taken away.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{
    accounts::{Actor, SiteAccounts, within_hands},
    db::{Fail, Tx, args},
    log::{self, Done},
    store::{self, invalid, name_of},
};
use crate::auth::{
    accounts::{
        AccountError, GroupChange, LONGEST_DESCRIPTION as LONGEST, MOST_GRANTS as MOST, Origin, StaffGroup,
    },
    rights::Grant,
};

/// Makes, changes or takes away a group.
pub(super) async fn save(
    accounts: &SiteAccounts,
    by: Actor<'_>,
    change: GroupChange,
    from: &Origin,
) -> Result<Option<StaffGroup>, Fail> {
    check(&change)?;
    let site = accounts.site();
    let now = site.now();
    let mut tx = site.pool().await?.begin().await?;
    store::touch(&mut tx).await?;
    let hands = accounts.hands(&mut tx, by).await?;
    let hands = hands.as_deref();
    let managed = store::has_manager(&mut tx).await?;
    let found = store::group(&mut tx, &change.name).await?;
    let mut detail = Map::new();
    if let Some(found) = &found {
        within_hands(hands, &found.group.grants, "name")?;
    }
    if change.delete {
        let Some(found) = found else {
            return Err(invalid("name", "UNKNOWN", format!("There is no group `{}`.", change.name)).into());
        };
        tx.execute("DELETE FROM staff_group WHERE id = $1", args![found.id]).await?;
        detail.insert("deleted".to_owned(), true.into());
        detail.insert("members".to_owned(), found.group.members.into());
    } else {
        let id = if let Some(found) = &found {
            if let Some(description) = &change.description {
                detail.insert("description".to_owned(), description.as_str().into());
            }
            let sql = "UPDATE staff_group SET description = coalesce($1, description), changed_at = $2 WHERE id = $3";
            tx.execute(sql, args![change.description.as_deref(), now, found.id]).await?;
            found.id
        } else {
            detail.insert("created".to_owned(), true.into());
            let sql = "INSERT INTO staff_group (name, description, created_at, changed_at) \
                       VALUES ($1, $2, $3, $3) RETURNING id";
            let description = change.description.as_deref().unwrap_or_default();
            let row = tx.row(sql, args![&change.name, description, now]).await?;
            row.ok_or(sqlx::Error::RowNotFound)?.get(0)?
        };
        if let Some(grants) = &change.grants {
            within_hands(hands, grants, "grants")?;
            set_grants(&mut tx, id, grants).await?;
            let before = found.map(|found| found.group.grants).unwrap_or_default();
            let told = |grants: &[Grant]| grants.iter().map(told).collect::<Vec<_>>();
            let without = |these: &[Grant], those: &[Grant]| {
                these.iter().filter(|grant| !those.contains(grant)).cloned().collect::<Vec<_>>()
            };
            detail.insert("granted".to_owned(), told(&without(grants, &before)).into());
            detail.insert("revoked".to_owned(), told(&without(&before, grants)).into());
        }
    }
    store::keep_a_manager(&mut tx, managed, if change.delete { "name" } else { "grants" }).await?;
    let action = if change.delete { "STAFF_GROUP_DELETED" } else { "STAFF_GROUP_SAVED" };
    let done = Done { actor: &by.name(accounts), action, target: &change.name, detail: Json::Object(detail) };
    log::write(site, &mut tx, done, from).await?;
    let saved = store::group(&mut tx, &change.name).await?.map(|found| found.group);
    tx.commit().await?;
    Ok(saved)
}

fn check(change: &GroupChange) -> Result<(), AccountError> {
    name_of("name", &change.name)?;
    if let Some(description) = &change.description {
        if description.chars().count() > LONGEST {
            let message = format!("It is longer than {LONGEST} characters.");
            return Err(invalid("description", "TOO_LONG", message));
        }
        if description.chars().any(|c| c.is_control() && c != '\n') {
            return Err(invalid("description", "BAD_CHARACTER", "It has a control character."));
        }
    }
    let grants = change.grants.as_deref().unwrap_or_default();
    if grants.len() > MOST {
        return Err(invalid("grants", "TOO_MANY", format!("They are more than {MOST}.")));
    }
    let parts = grants.iter().flat_map(|grant| [&grant.entity, &grant.fields, &grant.department]);
    for part in parts.flatten() {
        name_of("grants", part)?;
    }
    Ok(())
}

async fn set_grants(tx: &mut Tx, group: i64, grants: &[Grant]) -> Result<(), sqlx::Error> {
    tx.execute("DELETE FROM group_grant WHERE group_id = $1", args![group]).await?;
    for (place, grant) in grants.iter().enumerate() {
        if grants[..place].contains(grant) {
            continue;
        }
        let sql = "INSERT INTO group_grant (group_id, action, entity, fields, department) \
                   VALUES ($1, $2, $3, $4, $5)";
        let values = args![
            group,
            grant.right.word(),
            grant.entity.as_deref(),
            grant.fields.as_deref(),
            grant.department.as_deref()
        ];
        tx.execute(sql, values).await?;
    }
    Ok(())
}

/// A grant for the log.
fn told(grant: &Grant) -> Json {
    let mut told = Map::new();
    told.insert("right".to_owned(), grant.right.word().into());
    let parts = [("entity", &grant.entity), ("fields", &grant.fields), ("department", &grant.department)];
    for (name, value) in parts {
        if let Some(value) = value {
            told.insert(name.to_owned(), json!(Arc::clone(value)));
        }
    }
    Json::Object(told)
}
