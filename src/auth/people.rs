//! Addresses and contacts of customers: what they are, and the face of those that are kept here until the ERP knows
//! them. The site database keeps them.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{
    accounts::{AccountError, Origin},
    viewer::Viewer,
};

/// An address of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Its code among the customer's; none for the customer's own.
    pub code: Option<String>,
    /// Invoices go there; else goods.
    pub billing: bool,
    /// Its name.
    pub name: Option<String>,
    /// The company there.
    pub company: Option<String>,
    /// Whom to ask for.
    pub contact_name: Option<String>,
    /// The lines.
    pub lines: [Option<String>; 3],
    /// The postal code.
    pub postal_code: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The country's ISO 3166 code.
    pub country: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The one to take when nothing is said.
    pub main: bool,
    /// It is kept here.
    pub here: bool,
}

/// A person who acts for a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Its code among the customer's.
    pub code: String,
    /// How to address it.
    pub title: Option<String>,
    /// Its first name.
    pub first_name: Option<String>,
    /// Its last name.
    pub last_name: Option<String>,
    /// What it does there.
    pub role: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Its mobile number.
    pub mobile: Option<String>,
    /// It manages the others.
    pub main: bool,
    /// What it may, where that was said here.
    pub rights: Option<Vec<ContactRight>>,
    /// It is kept here.
    pub here: bool,
}

/// What a contact may for its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContactRight {
    /// See the customer's prices.
    Prices,
    /// Order, and make addresses.
    Order,
    /// Manage the other contacts.
    Manage,
}

impl ContactRight {
    /// All of them: what a main contact may.
    pub const ALL: [Self; 3] = [Self::Prices, Self::Order, Self::Manage];
    /// What a contact may of which nothing was said.
    pub const USUAL: [Self; 2] = [Self::Prices, Self::Order];

    /// The word in the schema.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prices => "PRICES",
            Self::Order => "ORDER",
            Self::Manage => "MANAGE",
        }
    }

    /// By its word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.word() == word)
    }
}

impl Contact {
    /// What it may.
    pub fn may(&self) -> Vec<ContactRight> {
        match &self.rights {
            _ if self.main => ContactRight::ALL.to_vec(),
            Some(rights) => rights.clone(),
            None => ContactRight::USUAL.to_vec(),
        }
    }
}

/// What is kept here of one customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its addresses, from old to new.
    pub addresses: Vec<Address>,
    /// Its contacts, from old to new.
    pub contacts: Vec<Contact>,
    /// What contacts of the sources may, by their codes, where that was said here.
    pub rights: HashMap<String, Vec<ContactRight>>,
}

impl Kept {
    /// A customer's contacts: those of the sources with what was said of them here, then those made here.
    pub fn contacts(&self, sources: Vec<Contact>) -> Vec<Contact> {
        let told = |mut contact: Contact| {
            contact.rights = self.rights.get(&contact.code).cloned();
            contact
        };
        sources.into_iter().map(told).chain(self.contacts.iter().cloned()).collect()
    }

    /// A customer's addresses: those of the sources, then those made here.
    pub fn addresses(&self, sources: Vec<Address>) -> Vec<Address> {
        sources.into_iter().chain(self.addresses.iter().cloned()).collect()
    }
}

/// What is to become of an address or a contact that is kept here.
#[derive(Clone, Debug)]
pub enum Change<T> {
    /// A new one; its code is made.
    Make(T),
    /// The one of this code is this from now on.
    Set(String, T),
    /// The one of this code goes.
    Remove(String),
}

/// Addresses and contacts that are kept here. Customers are named by their codes, compared as written: whoever asks has
/// folded them as the ERP compares its keys.
#[async_trait]
pub trait People: Send + Sync + std::fmt::Debug {
    /// What is kept of some customers, by their codes.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    async fn of(&self, customers: &[String]) -> Result<HashMap<String, Kept>, AccountError>;

    /// Makes, changes or removes an address; as it is from then on.
    ///
    /// # Errors
    /// `UNKNOWN`: there is none of the code; `TOO_MANY`.
    async fn save_address(
        &self,
        by: &Viewer,
        customer: &str,
        change: Change<Address>,
        from: &Origin,
    ) -> Result<Option<Address>, AccountError>;

    /// Makes, changes or removes a contact; as it is from then on.
    ///
    /// # Errors
    /// As [`People::save_address`].
    async fn save_contact(
        &self,
        by: &Viewer,
        customer: &str,
        change: Change<Contact>,
        from: &Origin,
    ) -> Result<Option<Contact>, AccountError>;

    /// Says what a contact of the sources may.
    ///
    /// # Errors
    /// `TOO_MANY`.
    async fn save_rights(
        &self,
        by: &Viewer,
        customer: &str,
        contact: &str,
        rights: &[ContactRight],
        from: &Origin,
    ) -> Result<(), AccountError>;
}
