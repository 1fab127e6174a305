//! Addresses and contacts of customers as plain objects: the items of merged lists, and what is kept here.

use std::sync::Arc;

use crate::{
    auth::people::{Address, Contact},
    catalog::explain::BILLING_CELLS,
    federation::{
        batch::{Batch, Cause},
        lists::MergedList,
        model::Model,
    },
    graphql::plain::{ArgMap, Plain, PlainObject},
    value::Value,
};

/// An item of a list, its columns by name.
pub(super) struct Item<'a>(Vec<(&'a str, &'a Value)>);

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
pub(super) fn items<'a>(
    model: &'a Model,
    batch: &Batch,
    list: usize,
    merged: &'a MergedList<'_>,
) -> Vec<Item<'a>> {
    let columns = &model.entities[batch.shape.entity].lists[list].columns;
    let names = || columns.keys().map(String::as_str);
    merged.items.iter().map(|item| Item(names().zip(item.fields.iter()).collect())).collect()
}

/// An item of `addresses`.
pub(super) fn address(item: &Item<'_>) -> Address {
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
pub(super) fn contact(item: &Item<'_>) -> Contact {
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

/// A customer's own address; where its record has none, the first of its addresses that is for invoices.
pub(super) fn billing(model: &Model, batch: &Batch, record: u32) -> Result<Option<Address>, Arc<Cause>> {
    let e = &model.entities[batch.shape.entity];
    let mut cells: [Option<String>; BILLING_CELLS.len()] = Default::default();
    for (name, cell) in BILLING_CELLS.iter().zip(&mut cells) {
        let Some(field) = e.fields.get_index_of(*name) else { continue };
        *cell = batch.merged(model, field, record)?.value.as_str().map(str::to_owned);
    }
    if cells[1..].iter().all(Option::is_none) {
        let Some(list) = e.lists.get_index_of("addresses") else { return Ok(None) };
        let merged = batch.list(model, list, record)?;
        let all: Vec<Address> = items(model, batch, list, &merged).iter().map(address).collect();
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

/// Who keeps it.
fn origin(here: bool) -> Plain<'static> {
    Plain::text(Some(if here { "SITE" } else { "SOURCE" }))
}

impl PlainObject for Address {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "code" => Plain::text(self.code.as_deref()),
            "kind" => Plain::text(Some(if self.billing { "BILLING" } else { "SHIPPING" })),
            "name" => Plain::text(self.name.as_deref()),
            "company" => Plain::text(self.company.as_deref()),
            "contactName" => Plain::text(self.contact_name.as_deref()),
            "line1" => Plain::text(self.lines[0].as_deref()),
            "line2" => Plain::text(self.lines[1].as_deref()),
            "line3" => Plain::text(self.lines[2].as_deref()),
            "postalCode" => Plain::text(self.postal_code.as_deref()),
            "city" => Plain::text(self.city.as_deref()),
            "region" => Plain::text(self.region.as_deref()),
            "country" => Plain::text(self.country.as_deref()),
            "phone" => Plain::text(self.phone.as_deref()),
            "email" => Plain::text(self.email.as_deref()),
            "isMain" => Plain::Bool(self.main),
            "origin" => origin(self.here),
            _ => Plain::Null,
        }
    }
}

impl PlainObject for Contact {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "code" => Plain::text(Some(&self.code)),
            "title" => Plain::text(self.title.as_deref()),
            "firstName" => Plain::text(self.first_name.as_deref()),
            "lastName" => Plain::text(self.last_name.as_deref()),
            "role" => Plain::text(self.role.as_deref()),
            "email" => Plain::text(self.email.as_deref()),
            "phone" => Plain::text(self.phone.as_deref()),
            "mobile" => Plain::text(self.mobile.as_deref()),
            "isMain" => Plain::Bool(self.main),
            "rights" => Plain::List(self.may().iter().map(|right| Plain::text(Some(right.word()))).collect()),
            "origin" => origin(self.here),
            _ => Plain::Null,
        }
    }
}
