//! What is read from the tables: members, groups, and what they are granted.

use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::db::{Fail, Row, Tx, args};
use crate::auth::{
    accounts::{AccountError, LONGEST_NAME, StaffGroup, StaffMember},
    rights::{Grant, Right},
};

/// A login as it is compared: without case.
pub(super) fn login_key(login: &str) -> String {
    login.nfkc().collect::<String>().to_lowercase()
}

/// A subject as its tokens are cut off: tokens of ours find their account by [`login_key`], so they are cut by it too; what
/// case means to another issuer is its own affair.
pub(super) fn subject_key(subject: &str, ours: bool) -> Cow<'_, str> {
    if ours { login_key(subject).into() } else { subject.into() }
}

/// SHA-256, hexadecimal.
pub(super) fn hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Another access version: what was looked up before holds no more, on no replica. Whoever calls it first in a
/// transaction changes accounts alone until its end.
pub(super) async fn touch(tx: &mut Tx) -> Result<(), sqlx::Error> {
    let version = Uuid::new_v4().simple().to_string();
    tx.execute("UPDATE site_state SET access_version = $1 WHERE one = 1", args![version]).await?;
    Ok(())
}

/// An input that is wrong.
pub(super) fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> AccountError {
    AccountError::Invalid { field: field.to_owned(), code, message: message.into() }
}

/// Checks the name of something: 1 to [`LONGEST_NAME`] characters, none of them a control character, no blank at either end.
pub(super) fn name_of(field: &str, name: &str) -> Result<(), AccountError> {
    let length = name.chars().count();
    if length == 0 {
        return Err(invalid(field, "TOO_SHORT", "It is empty."));
    }
    if length > LONGEST_NAME {
        let message = format!("It has {length} characters; {LONGEST_NAME} are allowed.");
        return Err(invalid(field, "TOO_LONG", message));
    }
    if name.chars().any(char::is_control) {
        return Err(invalid(field, "BAD_CHARACTER", "It has a control character."));
    }
    if name.trim() != name {
        return Err(invalid(field, "BAD_CHARACTER", "It begins or ends with a blank."));
    }
    Ok(())
}

/// A member's row.
pub(super) struct MemberRow {
    pub(super) id: i64,
    pub(super) member: StaffMember,
}

macro_rules! members {
    ($rest:literal) => {
        concat!("SELECT id, login, name, active, created_at, last_login_at FROM staff_member ", $rest)
    };
}

fn member_row(row: &Row) -> Result<MemberRow, sqlx::Error> {
    Ok(MemberRow {
        id: row.get(0)?,
        member: StaffMember {
            login: row.get(1)?,
            name: row.get(2)?,
            active: row.get(3)?,
            groups: Vec::new(),
            created_at: row.get::<DateTime<Utc>>(4)?,
            last_login_at: row.get::<Option<DateTime<Utc>>>(5)?,
        },
    })
}

async fn with_groups(tx: &mut Tx, row: &Row) -> Result<MemberRow, sqlx::Error> {
    let mut found = member_row(row)?;
    found.member.groups = groups_of(tx, found.id).await?.into_iter().map(|(_, name)| name).collect();
    Ok(found)
}

/// A member by its login.
pub(super) async fn member(tx: &mut Tx, login: &str) -> Result<Option<MemberRow>, sqlx::Error> {
    match tx.row(members!("WHERE login_key = $1"), args![login_key(login)]).await? {
        Some(row) => with_groups(tx, &row).await.map(Some),
        None => Ok(None),
    }
}

/// A member by its number.
pub(super) async fn member_by_id(tx: &mut Tx, id: i64) -> Result<Option<MemberRow>, sqlx::Error> {
    match tx.row(members!("WHERE id = $1"), args![id]).await? {
        Some(row) => with_groups(tx, &row).await.map(Some),
        None => Ok(None),
    }
}

/// Members by login, after one.
pub(super) async fn members(
    tx: &mut Tx,
    after: Option<&str>,
    first: i64,
) -> Result<Vec<StaffMember>, sqlx::Error> {
    let after = after.map(login_key).unwrap_or_default();
    let sql = members!("WHERE login_key > $1 ORDER BY login_key LIMIT $2");
    let mut found = IndexMap::new();
    for row in tx.rows(sql, args![&after, first]).await? {
        let row = member_row(&row)?;
        found.insert(row.id, row.member);
    }
    let sql = "SELECT s.member_id, g.name FROM staff_membership s JOIN staff_group g ON g.id = s.group_id \
               WHERE s.member_id IN \
               (SELECT id FROM staff_member WHERE login_key > $1 ORDER BY login_key LIMIT $2) ORDER BY g.name";
    for row in tx.rows(sql, args![&after, first]).await? {
        if let Some(member) = found.get_mut(&row.get::<i64>(0)?) {
            member.groups.push(row.get(1)?);
        }
    }
    Ok(found.into_values().collect())
}

/// The groups of a member: number and name, in order of name.
pub(super) async fn groups_of(tx: &mut Tx, member: i64) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let sql = "SELECT g.id, g.name FROM staff_group g JOIN staff_membership m ON m.group_id = g.id \
               WHERE m.member_id = $1 ORDER BY g.name";
    let rows = tx.rows(sql, args![member]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// What a group is granted.
pub(super) async fn grants_of(tx: &mut Tx, group: i64) -> Result<Vec<Grant>, sqlx::Error> {
    let sql = "SELECT action, entity, fields, department FROM group_grant WHERE group_id = $1 ORDER BY id";
    let rows = tx.rows(sql, args![group]).await?;
    grants(&rows)
}

/// What the groups of a member are granted.
pub(super) async fn grants_of_member(tx: &mut Tx, member: i64) -> Result<Vec<Grant>, sqlx::Error> {
    let sql = "SELECT DISTINCT a.action, a.entity, a.fields, a.department \
               FROM staff_membership m JOIN group_grant a ON a.group_id = m.group_id \
               WHERE m.member_id = $1 ORDER BY a.action, a.entity, a.fields, a.department";
    let rows = tx.rows(sql, args![member]).await?;
    grants(&rows)
}

/// What a group of a name is granted; nothing where there is none.
pub(super) async fn grants_of_name(tx: &mut Tx, group: &str) -> Result<Vec<Grant>, sqlx::Error> {
    let sql = "SELECT a.action, a.entity, a.fields, a.department FROM group_grant a \
               JOIN staff_group g ON g.id = a.group_id WHERE g.name = $1 ORDER BY a.id";
    let rows = tx.rows(sql, args![group]).await?;
    grants(&rows)
}

/// Grants of rights that this program does not know (a later one wrote them) grant nothing.
fn grants(rows: &[Row]) -> Result<Vec<Grant>, sqlx::Error> {
    let text = |row: &Row, index| Ok::<_, sqlx::Error>(row.get::<Option<String>>(index)?.map(Arc::from));
    let mut grants = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(right) = Right::named(&row.get::<String>(0)?) else { continue };
        grants.push(Grant { right, entity: text(row, 1)?, fields: text(row, 2)?, department: text(row, 3)? });
    }
    Ok(grants)
}

/// A group's row.
pub(super) struct GroupRow {
    pub(super) id: i64,
    pub(super) group: StaffGroup,
}

macro_rules! groups {
    ($rest:literal) => {
        concat!(
            "SELECT g.id, g.name, g.description, \
             (SELECT count(*) FROM staff_membership m WHERE m.group_id = g.id) FROM staff_group g ",
            $rest
        )
    };
}

fn group_row(row: &Row) -> Result<GroupRow, sqlx::Error> {
    let id = row.get(0)?;
    let group = StaffGroup {
        name: row.get(1)?,
        description: row.get(2)?,
        grants: Vec::new(),
        members: u64::try_from(row.get::<i64>(3)?).unwrap_or(0),
    };
    Ok(GroupRow { id, group })
}

/// A group by its name.
pub(super) async fn group(tx: &mut Tx, name: &str) -> Result<Option<GroupRow>, sqlx::Error> {
    match tx.row(groups!("WHERE g.name = $1"), args![name]).await? {
        Some(row) => {
            let mut found = group_row(&row)?;
            found.group.grants = grants_of(tx, found.id).await?;
            Ok(Some(found))
        }
        None => Ok(None),
    }
}

/// Groups by name, after one.
pub(super) async fn groups(
    tx: &mut Tx,
    after: Option<&str>,
    first: i64,
) -> Result<Vec<StaffGroup>, sqlx::Error> {
    let after = after.unwrap_or_default();
    let sql = groups!("WHERE g.name > $1 ORDER BY g.name LIMIT $2");
    let mut found = IndexMap::new();
    for row in tx.rows(sql, args![after, first]).await? {
        let row = group_row(&row)?;
        found.insert(row.id, row.group);
    }
    let sql = "SELECT action, entity, fields, department, group_id FROM group_grant WHERE group_id IN \
               (SELECT id FROM staff_group WHERE name > $1 ORDER BY name LIMIT $2) ORDER BY id";
    for row in tx.rows(sql, args![after, first]).await? {
        if let Some(group) = found.get_mut(&row.get::<i64>(4)?) {
            group.grants.extend(grants(std::slice::from_ref(&row))?);
        }
    }
    Ok(found.into_values().collect())
}

/// Whether an active member may manage staff without limits.
pub(super) async fn has_manager(tx: &mut Tx) -> Result<bool, sqlx::Error> {
    let sql = "SELECT m.id FROM staff_member m JOIN staff_membership s ON s.member_id = m.id \
               JOIN group_grant a ON a.group_id = s.group_id \
               WHERE m.active AND a.action = $1 AND a.entity IS NULL AND a.fields IS NULL \
               AND a.department IS NULL LIMIT 1";
    Ok(tx.row(sql, args![Right::StaffManage.word()]).await?.is_some())
}

/// Ends every session of a member; how many there were.
pub(super) async fn end_sessions(tx: &mut Tx, member: i64, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE login_session SET ended_at = $1 WHERE member_id = $2 AND ended_at IS NULL";
    tx.execute(sql, args![now, member]).await
}

/// Tokens of a subject (see [`subject_key`]) that were issued up to now are good no more.
pub(super) async fn cut(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO revocation (kind, issuer, value, revoked_at) VALUES ('subject', $1, $2, $3) \
               ON CONFLICT (kind, issuer, value) DO UPDATE SET revoked_at = excluded.revoked_at";
    tx.execute(sql, args![issuer, subject, now]).await?;
    Ok(())
}

/// How many rows are asked for, as both engines take it.
pub(super) fn limit(first: usize) -> i64 {
    i64::try_from(first).unwrap_or(i64::MAX)
}

/// The last manager is gone: the change is refused.
pub(super) async fn keep_a_manager(tx: &mut Tx, before: bool, field: &str) -> Result<(), Fail> {
    if before && !has_manager(tx).await? {
        let message =
            "Nobody would be left who may manage staff: give `staff.manage` to another active member first.";
        return Err(invalid(field, "LAST_MANAGER", message).into());
    }
    Ok(())
}
