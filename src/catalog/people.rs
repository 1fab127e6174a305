//! Addresses and contacts of customers: what the sources have, as merged, and what is kept here beside it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use moka::future::Cache;

use super::{Catalog, Run, explain::BILLING_CELLS, lookup::Found, sight::Sight};
use crate::{
    auth::{
        accounts::AccountError,
        people::{Address, Contact, ContactRight, Kept},
        viewer::{Viewer, ViewerKind},
    },
    federation::{
        batch::{Batch, Cause},
        engine::{Ask, Fault, Open, Strategy},
        lists::MergedList,
        model::Model,
        shape::{Shape, Want},
    },
    sources::Moment,
    value::Value,
};

/// What is kept here of the customers of a batch, by their records.
pub type KeptOf = Result<HashMap<u32, Kept>, AccountError>;

impl Run<'_> {
    /// What is kept here of some customers.
    pub(super) async fn kept(&self, batch: &Batch, records: &[u32]) -> KeptOf {
        let compare = self.catalog.engine.compare(batch.shape.entity);
        let key = |record: u32| compare.fold(batch.code(record)).into_owned();
        let keys: Vec<String> = records.iter().map(|r| key(*r)).collect();
        let mut found = self.catalog.people.of(&keys).await?;
        Ok(records.iter().filter_map(|r| Some((*r, found.remove(&key(*r))?))).collect())
    }
}

/// Why it is not known who acts for a customer.
#[derive(Clone, Debug)]
pub enum Silent {
    /// A source does not answer.
    Source(Fault),
    /// The site database does not answer.
    Site,
}

/// A customer, and who acts for it.
#[derive(Clone, Debug)]
pub struct Party {
    /// Its code.
    pub code: String,
    /// Its code, folded as the ERP compares its keys.
    pub key: String,
    /// Its addresses in the sources.
    pub addresses: Vec<Address>,
    /// Its contacts: those of the sources, then those made here.
    pub contacts: Vec<Contact>,
    /// What is kept here.
    pub kept: Kept,
    /// Some of its contacts may be missing: a source that has contacts too does not answer.
    pub partial: bool,
}

/// How a token names the contact that is the main one.
const MAIN: &str = "main";

impl Party {
    /// Which contact of a customer a viewer is, by the code its token names; `None`: it is the customer itself, its main
    /// contact by name, or no customer.
    pub fn contact(viewer: &Viewer) -> Option<&str> {
        let contact = viewer.contact.as_deref().filter(|_| viewer.kind == ViewerKind::Customer);
        contact.filter(|contact| !contact.eq_ignore_ascii_case(MAIN))
    }

    /// What a viewer may for its customer: everything as the customer itself or its main contact; nothing as a contact
    /// that nobody knows (it may be gone, or its source silent).
    pub fn may(&self, viewer: &Viewer) -> Vec<ContactRight> {
        let Some(code) = Self::contact(viewer) else { return ContactRight::ALL.to_vec() };
        let known = self.contacts.iter().find(|contact| contact.code == code);
        known.map_or_else(Vec::new, Contact::may)
    }
}

/// How long it is kept what a customer's contacts may.
const KEPT: Duration = Duration::from_mins(1);
/// Of how many customers.
const MOST: u64 = 10_000;

/// What contacts may, by their codes.
type Mays = Arc<HashMap<String, Vec<ContactRight>>>;

/// What the contacts of customers may: asked at every request of one, read once a minute.
#[derive(Clone, Debug)]
pub struct ContactRights(Cache<String, Mays>);

impl Default for ContactRights {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(KEPT).build())
    }
}

/// What is not kept.
enum Unkept {
    Silent(Silent),
    /// What is known while a source is silent.
    Partial(Mays),
}

impl ContactRights {
    /// Whether a viewer that is a contact has a right; `true` of every other viewer: its grants alone tell.
    ///
    /// # Errors
    /// It cannot be known.
    pub async fn allow(
        &self,
        catalog: &Catalog,
        viewer: &Viewer,
        right: ContactRight,
        moment: Moment,
    ) -> Result<bool, Silent> {
        let (Some(contact), Some(customer)) = (Party::contact(viewer), viewer.customer.as_deref()) else {
            return Ok(true);
        };
        let Some(entity) = catalog.customer else { return Ok(false) };
        let key = catalog.engine.compare(entity).fold(customer).into_owned();
        let read = async {
            let party = catalog.party(customer, moment).await.map_err(Unkept::Silent)?;
            let Some(party) = party else { return Ok(Mays::default()) };
            // Of several of one code the first one is meant, as in `Party::may`.
            let all = party.contacts.iter().rev().map(|one| (one.code.clone(), one.may()));
            let mays = Arc::new(all.collect());
            if party.partial { Err(Unkept::Partial(mays)) } else { Ok(mays) }
        };
        let mays = match self.0.try_get_with(key, read).await {
            Ok(mays) => mays,
            Err(unkept) => match &*unkept {
                Unkept::Silent(silent) => return Err(silent.clone()),
                Unkept::Partial(mays) => mays.clone(),
            },
        };
        Ok(mays.get(contact).is_some_and(|may| may.contains(&right)))
    }

    /// What a customer's contacts may is read anew, by its folded code.
    pub async fn forget(&self, key: &str) {
        self.0.invalidate(key).await;
    }
}

impl Catalog {
    /// A customer and who acts for it, whoever asks; `None`: there is no such customer.
    ///
    /// # Errors
    /// A source or the site database does not answer; two rows have the code.
    pub async fn party(&self, code: &str, moment: Moment) -> Result<Option<Party>, Silent> {
        let Some(entity) = self.customer else { return Ok(None) };
        let model = &self.engine.model;
        let lists = &model.entities[entity].lists;
        let mut want = Want::default();
        want.lists.extend(["addresses", "contacts"].iter().filter_map(|list| lists.get_index_of(*list)));
        let shape = Arc::new(Shape::new(&self.engine, entity, want, None));
        let ask = Ask::new(moment, Open::ALL, Strategy::Planned);
        let run = Run::new(self, ask, Vec::new(), None, Sight::whole(self));
        let (batch, record) = match run.by_code(&shape, code).await.map_err(Silent::Source)? {
            Found::One(batch, record) => (batch, record),
            Found::Doubled(code) => return Err(Silent::Source(run.doubled(entity, &code))),
            Found::Nothing | Found::Several(_) => return Ok(None),
        };
        let unknown = |cause| Silent::Source(Fault::Source(cause));
        let partial = match lists.get_index_of("contacts") {
            Some(list) => batch.list(model, list, record).map_err(unknown)?.degraded.is_some(),
            None => false,
        };
        let addresses = addresses(model, &batch, record).map_err(unknown)?;
        let contacts = contacts(model, &batch, record).map_err(unknown)?;
        let key = self.engine.compare(entity).fold(batch.code(record)).into_owned();
        let mut kept = self.people.of(std::slice::from_ref(&key)).await.map_err(|_| Silent::Site)?;
        let kept = kept.remove(&key).unwrap_or_default();
        let contacts = kept.contacts(contacts);
        Ok(Some(Party { code: batch.code(record).to_owned(), key, addresses, contacts, kept, partial }))
    }
}

/// An item of a list, its columns by name.
struct Item<'a>(Vec<(&'a str, &'a Value)>);

impl Item<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(column, _)| *column == name).map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.as_str().map(str::to_owned)
    }

    fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(&Value::Bool(true))
    }
}

/// The items of a merged list.
fn items<'a>(model: &'a Model, batch: &Batch, list: usize, merged: &'a MergedList<'_>) -> Vec<Item<'a>> {
    let columns = &model.entities[batch.shape.entity].lists[list].columns;
    let names = || columns.keys().map(String::as_str);
    merged.items.iter().map(|item| Item(names().zip(item.fields.iter()).collect())).collect()
}

/// An item of `addresses`.
fn address(item: &Item<'_>) -> Address {
    Address {
        code: item.text("code"),
        billing: item.text("kind").is_some_and(|kind| kind.eq_ignore_ascii_case("billing")),
        name: item.text("name"),
        company: item.text("company"),
        contact_name: item.text("contactName"),
        lines: ["line1", "line2", "line3"].map(|line| item.text(line)),
        postal_code: item.text("postalCode"),
        city: item.text("city"),
        region: item.text("region"),
        country: item.text("country"),
        phone: item.text("phone"),
        email: item.text("email"),
        main: item.flag("isMain"),
        here: false,
    }
}

/// An item of `contacts`.
fn contact(item: &Item<'_>) -> Contact {
    Contact {
        code: item.text("code").unwrap_or_default(),
        title: item.text("title"),
        first_name: item.text("firstName"),
        last_name: item.text("lastName"),
        role: item.text("role"),
        email: item.text("email"),
        phone: item.text("phone"),
        mobile: item.text("mobile"),
        main: item.flag("isMain"),
        rights: None,
        here: false,
    }
}

/// The addresses that the sources have of a customer, as merged.
///
/// # Errors
/// The list cannot be known.
pub fn addresses(model: &Model, batch: &Batch, record: u32) -> Result<Vec<Address>, Arc<Cause>> {
    let Some(list) = model.entities[batch.shape.entity].lists.get_index_of("addresses") else {
        return Ok(Vec::new());
    };
    let merged = batch.list(model, list, record)?;
    Ok(items(model, batch, list, &merged).iter().map(address).collect())
}

/// The contacts that the sources have of a customer, as merged.
///
/// # Errors
/// The list cannot be known.
pub fn contacts(model: &Model, batch: &Batch, record: u32) -> Result<Vec<Contact>, Arc<Cause>> {
    let Some(list) = model.entities[batch.shape.entity].lists.get_index_of("contacts") else {
        return Ok(Vec::new());
    };
    let merged = batch.list(model, list, record)?;
    Ok(items(model, batch, list, &merged).iter().map(contact).collect())
}

/// A customer's own address; where its record has none, the first of its addresses that is for invoices.
///
/// # Errors
/// A cell cannot be known.
pub fn billing(model: &Model, batch: &Batch, record: u32) -> Result<Option<Address>, Arc<Cause>> {
    let e = &model.entities[batch.shape.entity];
    let mut cells: [Option<String>; BILLING_CELLS.len()] = Default::default();
    for (name, cell) in BILLING_CELLS.iter().zip(&mut cells) {
        let Some(field) = e.fields.get_index_of(*name) else { continue };
        *cell = batch.merged(model, field, record)?.value.as_str().map(str::to_owned);
    }
    if cells[1..].iter().all(Option::is_none) {
        let all = addresses(model, batch, record)?;
        let main = all.iter().find(|one| one.billing && one.main);
        return Ok(main.or_else(|| all.iter().find(|one| one.billing)).cloned());
    }
    let [name, contact_name, line1, line2, line3, postal_code, city, region, country] = cells;
    Ok(Some(Address {
        billing: true,
        main: true,
        name,
        contact_name,
        lines: [line1, line2, line3],
        postal_code,
        city,
        region,
        country,
        ..Address::default()
    }))
}
