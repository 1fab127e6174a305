//! Members of staff, made and changed.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};

use super::{
    accounts::{Actor, SiteAccounts, within_hands},
    db::{Fail, Tx, args},
    log::{self, ANONYMOUS, Done, SYSTEM},
    password,
    store::{self, MemberRow, invalid, login_key, name_of},
};
use crate::auth::accounts::{AccountError, MemberChange, Origin, StaffMember};

/// Makes or changes a member.
pub(super) async fn save(
    accounts: &SiteAccounts,
    by: Actor<'_>,
    change: MemberChange,
    from: &Origin,
) -> Result<StaffMember, Fail> {
    name_of("login", &change.login)?;
    if [SYSTEM, ANONYMOUS].contains(&login_key(&change.login).as_str()) {
        return Err(invalid("login", "TAKEN", "It means something else in the audit log.").into());
    }
    if let Some(name) = &change.name {
        name_of("name", name)?;
    }
    let site = accounts.site();
    let pool = site.pool().await?;
    // Hashing takes long: nobody waits for it with the accounts locked. Who may not, costs nothing.
    let hashed = match &change.password {
        Some(given) => {
            password::check(given, &change.login)?;
            let mut tx = pool.snapshot().await?;
            accounts.hands(&mut tx, by).await?;
            drop(tx);
            Some(accounts.passwords().hash(given).await?)
        }
        None => None,
    };
    let now = site.now();
    let mut tx = pool.begin().await?;
    store::touch(&mut tx).await?;
    let hands = accounts.hands(&mut tx, by).await?;
    let hands = hands.as_deref();
    let managed = store::has_manager(&mut tx).await?;
    let found = store::member(&mut tx, &change.login).await?;
    let mut detail = Map::new();
    let id = if let Some(found) = &found {
        // Whoever sets the password of somebody, or takes them out of a group, has what they have in their hands.
        within_hands(hands, &store::grants_of_member(&mut tx, found.id).await?, "login")?;
        alter(&mut tx, found, &change, hashed, now, &mut detail).await?;
        found.id
    } else {
        let Some(hashed) = hashed else {
            let message = "A new member needs one.";
            return Err(invalid("password", "REQUIRED", message).into());
        };
        detail.insert("created".to_owned(), true.into());
        let name = change.name.as_deref().unwrap_or(&change.login);
        let active = change.active.unwrap_or(true);
        detail.insert("name".to_owned(), name.into());
        detail.insert("active".to_owned(), active.into());
        let sql = "INSERT INTO staff_member (login, login_key, name, password, active, created_at, changed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id";
        let values = args![&change.login, login_key(&change.login), name, hashed, active, now];
        tx.row(sql, values).await?.ok_or(sqlx::Error::RowNotFound)?.get(0)?
    };
    if let Some(groups) = &change.groups {
        set_groups(&mut tx, id, groups).await?;
        detail.insert("groups".to_owned(), json!(groups));
        within_hands(hands, &store::grants_of_member(&mut tx, id).await?, "groups")?;
    }
    // A password of before is of no use for a session of before.
    let ends = found.is_some() && (change.password.is_some() || change.active == Some(false));
    if ends {
        let ended = store::end_sessions(&mut tx, id, now).await?;
        detail.insert("sessionsEnded".to_owned(), ended.into());
    }
    let saved = store::member_by_id(&mut tx, id).await?.ok_or(sqlx::Error::RowNotFound)?.member;
    if ends {
        store::cut(&mut tx, accounts.issuer(), &store::login_key(&saved.login), now).await?;
    }
    let field = if change.active == Some(false) { "active" } else { "groups" };
    store::keep_a_manager(&mut tx, managed, field).await?;
    let done = Done {
        actor: &by.name(accounts),
        action: "STAFF_MEMBER_SAVED",
        target: &saved.login,
        detail: Json::Object(detail),
    };
    log::write(site, &mut tx, done, from).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn alter(
    tx: &mut Tx,
    found: &MemberRow,
    change: &MemberChange,
    hashed: Option<String>,
    now: DateTime<Utc>,
    detail: &mut Map<String, Json>,
) -> Result<(), Fail> {
    let name = change.name.as_deref().unwrap_or(&found.member.name);
    let active = change.active.unwrap_or(found.member.active);
    if name != found.member.name {
        detail.insert("name".to_owned(), name.into());
    }
    if active != found.member.active {
        detail.insert("active".to_owned(), active.into());
    }
    if hashed.is_some() {
        detail.insert("password".to_owned(), "changed".into());
    }
    let sql = "UPDATE staff_member SET name = $1, active = $2, password = coalesce($3, password), changed_at = $4 \
               WHERE id = $5";
    tx.execute(sql, args![name, active, hashed.as_deref(), now, found.id]).await?;
    Ok(())
}

async fn set_groups(tx: &mut Tx, member: i64, groups: &[String]) -> Result<(), Fail> {
    tx.execute("DELETE FROM staff_membership WHERE member_id = $1", args![member]).await?;
    for name in groups {
        let row = tx.row("SELECT id FROM staff_group WHERE name = $1", args![name]).await?;
        let Some(row) = row else { return Err(unknown_group(tx, name).await?.into()) };
        let sql = "INSERT INTO staff_membership (member_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(sql, args![member, row.get::<i64>(0)?]).await?;
    }
    Ok(())
}

async fn unknown_group(tx: &mut Tx, name: &str) -> Result<AccountError, sqlx::Error> {
    let rows = tx.rows("SELECT name FROM staff_group ORDER BY name LIMIT 20", Vec::new()).await?;
    let names = rows.iter().map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()?;
    let known = if names.is_empty() {
        "there is none yet".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    };
    Ok(invalid("groups", "UNKNOWN", format!("There is no group `{name}`: {known}.")))
}
