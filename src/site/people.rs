//! Addresses and contacts of customers that are kept here, and what contacts may.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Site,
    db::{Arg, Fail, Row, Tx, args, whole},
    log::{self, Done},
    store::invalid,
};
use crate::auth::{
    accounts::{AccountError, Origin},
    people::{Address, Change, Contact, ContactRight, Kept, People},
    viewer::{Viewer, ViewerKind},
};

/// Addresses, contacts or rights of one customer at most.
const MOST: u64 = 500;
/// Customers in one question.
const CHUNK: usize = 20;

/// Keeps them in the site database. Copies are of one and the same.
#[derive(Clone, Debug)]
pub struct SitePeople {
    site: Site,
    issuer: Arc<str>,
}

macro_rules! of_customers {
    ($columns:literal, $table:literal, $order:literal) => {
        concat!(
            "SELECT customer, ",
            $columns,
            " FROM ",
            $table,
            " WHERE customer IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
             $20) ORDER BY ",
            $order
        )
    };
}

const ADDRESSES: &str = of_customers!(
    "code, billing, name, company, contact_name, line1, line2, line3, postal_code, city, region, country, phone, email",
    "customer_address",
    "id"
);
const CONTACTS: &str = of_customers!(
    "code, title, first_name, last_name, role, email, phone, mobile, rights",
    "customer_contact",
    "id"
);
const RIGHTS: &str = of_customers!("contact, rights", "contact_rights", "contact");

impl SitePeople {
    /// Of a site database; tokens of `issuer` are ours.
    pub fn new(site: Site, issuer: Arc<str>) -> Self {
        Self { site, issuer }
    }

    async fn read(&self, customers: &[String]) -> Result<HashMap<String, Kept>, Fail> {
        let mut found: HashMap<String, Kept> = HashMap::new();
        if customers.is_empty() {
            return Ok(found);
        }
        let pool = self.site.pool().await?;
        for chunk in customers.chunks(CHUNK) {
            let (addresses, contacts, rights) = futures::try_join!(
                pool.rows(ADDRESSES, named(chunk)),
                pool.rows(CONTACTS, named(chunk)),
                pool.rows(RIGHTS, named(chunk)),
            )?;
            for row in &addresses {
                found.entry(row.get(0)?).or_default().addresses.push(address(row)?);
            }
            for row in &contacts {
                found.entry(row.get(0)?).or_default().contacts.push(contact(row)?);
            }
            for row in &rights {
                let rights = words(&row.get::<String>(2)?);
                found.entry(row.get(0)?).or_default().rights.insert(row.get(1)?, rights);
            }
        }
        Ok(found)
    }

    /// Who it is in the audit log. Others than accounts of ours choose their subject themselves, so they are told with
    /// their kind and issuer.
    fn actor(&self, viewer: &Viewer) -> String {
        let subject = viewer.subject.as_deref().unwrap_or_default();
        let issuer = viewer.token.as_ref().map_or("", |token| &*token.issuer);
        if viewer.kind == ViewerKind::Staff && issuer == &*self.issuer && !subject.is_empty() {
            return subject.to_owned();
        }
        format!("{}:{subject}@{issuer}", viewer.kind.word())
    }

    async fn done(
        &self,
        tx: &mut Tx,
        by: &Viewer,
        (action, customer): (&'static str, &str),
        detail: Json,
        from: &Origin,
    ) -> Result<(), Fail> {
        let done = Done { actor: &self.actor(by), action, target: customer, detail };
        Ok(log::write(&self.site, tx, done, from).await?)
    }

    async fn address(
        &self,
        by: &Viewer,
        customer: &str,
        change: Change<Address>,
        from: &Origin,
    ) -> Result<Option<Address>, Fail> {
        let now = self.site.now();
        let mut tx = self.site.pool().await?.begin().await?;
        let (code, made, set) = match change {
            Change::Make(set) => (fresh(), true, Some(set)),
            Change::Set(code, set) => (code, false, Some(set)),
            Change::Remove(code) => (code, false, None),
        };
        let changed = match &set {
            None => {
                let sql = "DELETE FROM customer_address WHERE customer = $1 AND code = $2";
                tx.execute(sql, args![customer, &code]).await?
            }
            Some(set) => {
                if made {
                    let count = "SELECT count(*) FROM customer_address WHERE customer = $1";
                    room(&mut tx, count, args![customer]).await?;
                }
                let sql = if made {
                    "INSERT INTO customer_address (customer, code, billing, name, company, contact_name, line1, line2, \
                     line3, postal_code, city, region, country, phone, email, created_at, changed_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)"
                } else {
                    "UPDATE customer_address SET billing = $3, name = $4, company = $5, contact_name = $6, line1 = $7, \
                     line2 = $8, line3 = $9, postal_code = $10, city = $11, region = $12, country = $13, phone = $14, \
                     email = $15, changed_at = $16 WHERE customer = $1 AND code = $2"
                };
                let [line1, line2, line3] = &set.lines;
                let mut values = args![customer, &code, set.billing];
                let texts = [
                    &set.name,
                    &set.company,
                    &set.contact_name,
                    line1,
                    line2,
                    line3,
                    &set.postal_code,
                    &set.city,
                    &set.region,
                    &set.country,
                    &set.phone,
                    &set.email,
                ];
                values.extend(texts.map(|text| Arg::from(text.as_deref())));
                values.extend(args![now]);
                tx.execute(sql, values).await?
            }
        };
        known(changed, &code)?;
        let action = if set.is_some() { "ADDRESS_SAVED" } else { "ADDRESS_REMOVED" };
        self.done(&mut tx, by, (action, customer), json!({ "code": code, "made": made }), from).await?;
        tx.commit().await?;
        Ok(set.map(|set| Address { code: Some(code), here: true, main: false, ..set }))
    }

    async fn contact(
        &self,
        by: &Viewer,
        customer: &str,
        change: Change<Contact>,
        from: &Origin,
    ) -> Result<Option<Contact>, Fail> {
        let now = self.site.now();
        let mut tx = self.site.pool().await?.begin().await?;
        let (code, made, set) = match change {
            Change::Make(set) => (fresh(), true, Some(set)),
            Change::Set(code, set) => (code, false, Some(set)),
            Change::Remove(code) => (code, false, None),
        };
        let changed = match &set {
            None => {
                let sql = "DELETE FROM customer_contact WHERE customer = $1 AND code = $2";
                tx.execute(sql, args![customer, &code]).await?
            }
            Some(set) => {
                if made {
                    let count = "SELECT count(*) FROM customer_contact WHERE customer = $1";
                    room(&mut tx, count, args![customer]).await?;
                }
                let sql = if made {
                    "INSERT INTO customer_contact (customer, code, title, first_name, last_name, role, email, phone, \
                     mobile, rights, created_at, changed_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)"
                } else {
                    "UPDATE customer_contact SET title = $3, first_name = $4, last_name = $5, role = $6, email = $7, \
                     phone = $8, mobile = $9, rights = COALESCE($10, rights), changed_at = $11 WHERE customer = $1 AND code = $2"
                };
                let mut values = args![customer, &code];
                let texts = [
                    &set.title,
                    &set.first_name,
                    &set.last_name,
                    &set.role,
                    &set.email,
                    &set.phone,
                    &set.mobile,
                ];
                values.extend(texts.map(|text| Arg::from(text.as_deref())));
                let rights = set.rights.as_deref().map(spelled);
                values.extend(args![rights.as_deref(), now]);
                tx.execute(sql, values).await?
            }
        };
        known(changed, &code)?;
        let action = if set.is_some() { "CONTACT_SAVED" } else { "CONTACT_REMOVED" };
        let rights = set.as_ref().and_then(|set| set.rights.as_deref()).map(spelled);
        let detail = json!({ "code": code, "made": made, "rights": rights });
        self.done(&mut tx, by, (action, customer), detail, from).await?;
        // What was not given is as it is kept, whoever said so meanwhile.
        let sql = "SELECT rights FROM customer_contact WHERE customer = $1 AND code = $2";
        let kept = match tx.row(sql, args![customer, &code]).await? {
            Some(row) => row.get::<Option<String>>(0)?.as_deref().map(words),
            None => None,
        };
        tx.commit().await?;
        Ok(set.map(|set| Contact { code, here: true, main: false, rights: kept, ..set }))
    }

    async fn rights(
        &self,
        by: &Viewer,
        customer: &str,
        (contact, rights): (&str, &[ContactRight]),
        from: &Origin,
    ) -> Result<(), Fail> {
        let now = self.site.now();
        let rights = spelled(rights);
        let mut tx = self.site.pool().await?.begin().await?;
        // One that is there already takes no more room.
        let count = "SELECT count(*) FROM contact_rights WHERE customer = $1 AND contact <> $2";
        room(&mut tx, count, args![customer, contact]).await?;
        let sql = "INSERT INTO contact_rights (customer, contact, rights, changed_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (customer, contact) DO UPDATE SET rights = excluded.rights, changed_at = excluded.changed_at";
        tx.execute(sql, args![customer, contact, &rights, now]).await?;
        let detail = json!({ "code": contact, "rights": rights });
        self.done(&mut tx, by, ("CONTACT_RIGHTS_SAVED", customer), detail, from).await?;
        Ok(tx.commit().await?)
    }
}

/// A code that no ERP makes.
fn fresh() -> String {
    let code = Uuid::new_v4().simple().to_string();
    format!("web-{}", code.get(..16).unwrap_or(&code))
}

/// The customers of a question; the last one stands in the places that are left.
fn named(customers: &[String]) -> Vec<Arg> {
    let last = customers.last().map_or("", String::as_str);
    (0..CHUNK).map(|n| Arg::from(customers.get(n).map_or(last, String::as_str))).collect()
}

fn words(text: &str) -> Vec<ContactRight> {
    text.split_whitespace().filter_map(ContactRight::named).collect()
}

fn spelled(rights: &[ContactRight]) -> String {
    rights.iter().map(|right| right.word()).collect::<Vec<_>>().join(" ")
}

/// Whether there is room for one more.
async fn room(tx: &mut Tx, count: &'static str, values: Vec<Arg>) -> Result<(), Fail> {
    let there: i64 = tx.row(count, values).await?.ok_or(sqlx::Error::RowNotFound)?.get(0)?;
    if u64::try_from(there).unwrap_or(0) >= MOST {
        return Err(invalid("code", "TOO_MANY", format!("There are {MOST} of them already.")).into());
    }
    Ok(())
}

/// Whether there was one to change.
fn known(changed: u64, code: &str) -> Result<(), AccountError> {
    if changed == 0 { Err(invalid("code", "UNKNOWN", format!("There is no `{code}` here."))) } else { Ok(()) }
}

fn address(row: &Row) -> Result<Address, sqlx::Error> {
    Ok(Address {
        code: row.get(1)?,
        billing: row.get(2)?,
        name: row.get(3)?,
        company: row.get(4)?,
        contact_name: row.get(5)?,
        lines: [row.get(6)?, row.get(7)?, row.get(8)?],
        postal_code: row.get(9)?,
        city: row.get(10)?,
        region: row.get(11)?,
        country: row.get(12)?,
        phone: row.get(13)?,
        email: row.get(14)?,
        main: false,
        here: true,
    })
}

fn contact(row: &Row) -> Result<Contact, sqlx::Error> {
    Ok(Contact {
        code: row.get(1)?,
        title: row.get(2)?,
        first_name: row.get(3)?,
        last_name: row.get(4)?,
        role: row.get(5)?,
        email: row.get(6)?,
        phone: row.get(7)?,
        mobile: row.get(8)?,
        rights: row.get::<Option<String>>(9)?.as_deref().map(words),
        main: false,
        here: true,
    })
}

#[async_trait]
impl People for SitePeople {
    async fn of(&self, customers: &[String]) -> Result<HashMap<String, Kept>, AccountError> {
        let (people, customers) = (self.clone(), customers.to_vec());
        whole(async move { people.read(&customers).await }).await
    }

    async fn save_address(
        &self,
        by: &Viewer,
        customer: &str,
        change: Change<Address>,
        from: &Origin,
    ) -> Result<Option<Address>, AccountError> {
        let (people, by, customer, from) = (self.clone(), by.clone(), customer.to_owned(), from.clone());
        whole(async move { people.address(&by, &customer, change, &from).await }).await
    }

    async fn save_contact(
        &self,
        by: &Viewer,
        customer: &str,
        change: Change<Contact>,
        from: &Origin,
    ) -> Result<Option<Contact>, AccountError> {
        let (people, by, customer, from) = (self.clone(), by.clone(), customer.to_owned(), from.clone());
        whole(async move { people.contact(&by, &customer, change, &from).await }).await
    }

    async fn save_rights(
        &self,
        by: &Viewer,
        customer: &str,
        contact: &str,
        rights: &[ContactRight],
        from: &Origin,
    ) -> Result<(), AccountError> {
        let (people, by, customer, from) = (self.clone(), by.clone(), customer.to_owned(), from.clone());
        let (contact, rights) = (contact.to_owned(), rights.to_vec());
        whole(async move { people.rights(&by, &customer, (&contact, &rights), &from).await }).await
    }
}
