//! Addresses and contacts of customers as plain objects.

use crate::{
    auth::people::{Address, Contact},
    graphql::plain::{ArgMap, Plain, PlainObject},
};

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
