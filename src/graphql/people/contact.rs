//! `saveContact`.

use async_trait::async_trait;

use super::{Limits, Room, Whose, read_only, required, text, unknown};
use crate::{
    auth::people::{Change, Contact, ContactRight},
    graphql::{
        error::GraphqlError,
        plain::{ArgMap, Plain, PlainObject},
        resolve::{Call, Resolver},
        staff::{
            input::Input,
            origin,
            problems::{self, Found, Language, Problem, settle},
        },
    },
};

/// `saveContact`.
pub(super) struct Save(pub(super) Room);

/// What is to become of a contact.
enum What {
    /// One that is kept here.
    Here(Change<Contact>),
    /// What one of the sources may.
    Rights(Contact, Vec<ContactRight>),
}

#[async_trait]
impl Resolver for Save {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let (input, language) = (Input::of(call.args, "input"), Language::of(call.language));
        let mut found = Found::default();
        let refused = |found: Found| Payload { contact: None, customer: None, problems: found.0 };
        let Some(whose) = self.0.whose(&call, input, language, &mut found).await? else {
            return Ok(Plain::object(refused(found)));
        };
        whose.allow(ContactRight::Manage)?;
        let what = what(&whose, input, &self.0.limits, language, &mut found);
        let Some(what) = what.filter(|_| found.0.is_empty()) else {
            return Ok(Plain::object(refused(found)));
        };
        let people = &self.0.catalog.people;
        let (viewer, from) = (&call.context.viewer, origin(&call));
        let saved = match what {
            What::Here(change) => people.save_contact(viewer, &whose.party.key, change, &from).await,
            What::Rights(contact, rights) => {
                let saved = people.save_rights(viewer, &whose.party.key, &contact.code, &rights, &from).await;
                saved.map(|()| Some(Contact { rights: Some(rights), ..contact }))
            }
        };
        self.0.catalog.contact_rights.forget(&whose.party.key).await;
        Ok(Plain::object(match saved {
            Ok(contact) => Payload { contact, customer: Some(whose.party.code), problems: Vec::new() },
            Err(error) => refused(Found(vec![settle(&error, problems::CONTACT, language)?])),
        }))
    }
}

/// What an input means to become of a customer's contacts.
fn what(
    whose: &Whose,
    input: Input<'_>,
    limits: &Limits,
    language: Language,
    found: &mut Found,
) -> Option<What> {
    const FIELDS: [&str; 7] = ["title", "firstName", "lastName", "role", "email", "phone", "mobile"];
    let delete = input.flag("delete") == Some(true);
    let code = input.text("code").map(str::trim).filter(|code| !code.is_empty());
    let rights = input.texts("rights").map(|words| {
        let mut rights: Vec<ContactRight> = words.into_iter().filter_map(ContactRight::named).collect();
        rights.sort_unstable();
        rights.dedup();
        rights
    });
    let before = match code {
        None if delete => {
            found.add("code", "REQUIRED", required(language));
            return None;
        }
        None => None,
        Some(code) => {
            let Some(known) = whose.party.contacts.iter().find(|contact| contact.code == code) else {
                found.add("code", "UNKNOWN", unknown(language));
                return None;
            };
            Some(known)
        }
    };
    if let Some(before) = before {
        reach(whose, before, rights.as_deref(), delete, language, found);
    }
    if let Some(beyond) = rights.iter().flatten().find(|right| !whose.may.contains(right)) {
        let word = beyond.word();
        let message = language.say(
            &format!("Vous n'avez pas vous-même `{word}`."),
            &format!("You have not `{word}` yourself."),
        );
        found.add("rights", "NOT_YOURS", message);
    }
    match before {
        Some(theirs) if !theirs.here => {
            for field in FIELDS.iter().filter(|field| input.text(field).is_some()) {
                found.add(field, "READ_ONLY", read_only(language));
            }
            if delete {
                found.add("delete", "READ_ONLY", read_only(language));
            }
            let Some(rights) = rights else {
                found.add("rights", "REQUIRED", required(language));
                return None;
            };
            Some(What::Rights(theirs.clone(), rights))
        }
        Some(here) if delete => Some(What::Here(Change::Remove(here.code.clone()))),
        _ => {
            let (code, before) = (before.map(|b| b.code.clone()), before.cloned().unwrap_or_default());
            let set = Contact {
                title: text(input, "title", before.title),
                first_name: text(input, "firstName", before.first_name),
                last_name: text(input, "lastName", before.last_name),
                role: text(input, "role", before.role),
                email: text(input, "email", before.email),
                phone: text(input, "phone", before.phone),
                mobile: text(input, "mobile", before.mobile),
                // Nobody gives a right it has not, by saying nothing either. Of one that is there, what was not given
                // stays as it is kept then, not as it was read here.
                rights: rights.or_else(|| code.is_none().then(|| usual(&whose.may))),
                ..Contact::default()
            };
            check(&set, limits, language, found);
            Some(What::Here(match code {
                Some(code) => Change::Set(code, set),
                None => Change::Make(set),
            }))
        }
    }
}

/// What a new contact may of which nothing is said: what is usual, as far as its maker has it.
fn usual(may: &[ContactRight]) -> Vec<ContactRight> {
    ContactRight::USUAL.into_iter().filter(|right| may.contains(right)).collect()
}

/// Notes what is beyond the caller's reach: the main contact's rights, and one's own.
fn reach(
    whose: &Whose,
    before: &Contact,
    rights: Option<&[ContactRight]>,
    delete: bool,
    language: Language,
    found: &mut Found,
) {
    let itself = whose.caller.as_deref() == Some(before.code.as_str());
    if before.main && rights.is_some() {
        let message = language.say("Le contact principal peut tout.", "The main contact may everything.");
        found.add("rights", "MAIN_CONTACT", message);
    } else if itself && (rights.is_some() || delete) {
        let message =
            language.say("Personne ne change ses propres droits.", "Nobody changes what it may itself.");
        found.add(if delete { "delete" } else { "rights" }, "NOT_YOURS", message);
    }
}

/// Notes what the ERP could not take over.
fn check(set: &Contact, limits: &Limits, language: Language, found: &mut Found) {
    if set.last_name.is_none() {
        found.add("lastName", "REQUIRED", required(language));
    }
    let texts = [
        ("title", &set.title, "contact_title"),
        ("firstName", &set.first_name, "contact_name"),
        ("lastName", &set.last_name, "contact_name"),
        ("role", &set.role, "contact_role"),
        ("email", &set.email, "email"),
        ("phone", &set.phone, "phone"),
        ("mobile", &set.mobile, "phone"),
    ];
    for (field, value, setting) in texts {
        limits.check((field, value.as_deref()), setting, "TOO_LONG", language, found);
    }
    if set.email.as_deref().is_some_and(|email| !email.contains('@')) {
        found.add("email", "INVALID", language.say("Ce n'est pas une adresse.", "It is no e-mail address."));
    }
}

struct Payload {
    contact: Option<Contact>,
    customer: Option<String>,
    problems: Vec<Problem>,
}

impl PlainObject for Payload {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "contact" => self.contact.as_ref().map_or(Plain::Null, Plain::object),
            "customer" => self.customer.clone().map_or(Plain::Null, Plain::Record),
            "userErrors" => problems::plain(&self.problems),
            _ => Plain::Null,
        }
    }
}
