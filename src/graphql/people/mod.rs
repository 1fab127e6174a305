//! `saveAddress` and `saveContact`: addresses and contacts of customers that are made here, over the site
//! database. Whose they
//! are, and what the caller may for it, is settled before anything is looked at.

mod address;
mod contact;
mod limits;

use std::sync::Arc;

pub use self::limits::Limits;
use super::{
    error::{Code, GraphqlError},
    faults::{fault, site_unavailable},
    guard::forbidden,
    resolve::{Call, Resolvers},
    staff::{
        input::Input,
        problems::{Found, Language},
    },
};
use crate::{
    auth::{
        people::ContactRight,
        rights::{BASE, Reach, Right, Rights},
        viewer::ViewerKind,
    },
    catalog::{
        Catalog,
        people::{Party, Silent},
    },
    config::Anonymous,
    sources::Moment,
};

/// What the resolvers of this room share.
#[derive(Clone)]
struct Room {
    catalog: Arc<Catalog>,
    limits: Arc<Limits>,
    anonymous: Anonymous,
}

/// Adds the resolvers; `limits`: what the ERP can hold.
pub fn resolvers(all: &mut Resolvers, catalog: &Arc<Catalog>, limits: Limits, anonymous: Anonymous) {
    let room = Room { catalog: catalog.clone(), limits: Arc::new(limits), anonymous };
    all.add("Mutation", "saveAddress", address::Save(room.clone()));
    all.add("Mutation", "saveContact", contact::Save(room));
}

/// A customer whose addresses or contacts are to be changed.
struct Whose {
    /// It, and who acts for it.
    party: Party,
    /// Which of its contacts the caller is.
    caller: Option<String>,
    /// What the caller may for it.
    may: Vec<ContactRight>,
}

impl Room {
    /// The customer that an input means, and what the caller may for it; `Ok(None)`: there is a problem.
    async fn whose(
        &self,
        call: &Call<'_>,
        input: Input<'_>,
        language: Language,
        found: &mut Found,
    ) -> Result<Option<Whose>, GraphqlError> {
        let viewer = &call.context.viewer;
        let Some(entity) = self.catalog.customer else {
            return Err(GraphqlError::new(Code::NoCustomers, "No source of this shop holds customers."));
        };
        if viewer.kind != ViewerKind::Customer {
            let rights = Rights::of(viewer, self.anonymous);
            // Whoever changes one is shown what it is: that alone would read the ERP's.
            for right in [Right::CustomerWrite, Right::CustomerRead] {
                if rights.reach(right, "Customer", Some(BASE)) != Reach::Everywhere {
                    return Err(forbidden(right, None));
                }
            }
        }
        let compare = self.catalog.engine.compare(entity);
        let named = input.text("customer").map(str::trim).filter(|code| !code.is_empty());
        let own = viewer.customer.as_deref().filter(|_| viewer.kind != ViewerKind::Staff);
        let code = match (own, named) {
            (Some(own), None) => own,
            (Some(own), Some(named)) if compare.fold(own) == compare.fold(named) => own,
            (None, Some(named)) => named,
            // Another's customer is as one that does not exist.
            (Some(_), Some(_)) => return Ok(nobody(language, found)),
            (None, None) => {
                found.add("customer", "REQUIRED", required(language));
                return Ok(None);
            }
        };
        let moment = Moment::now(Some(self.catalog.engine.limits.request));
        let party = self.catalog.party(code, moment).await.map_err(|silent| match silent {
            Silent::Source(f) => fault(&f),
            Silent::Site => site_unavailable(),
        })?;
        Ok(match party {
            Some(party) => Some(Whose {
                may: party.may(viewer),
                caller: Party::contact(viewer).map(str::to_owned),
                party,
            }),
            None => nobody(language, found),
        })
    }
}

impl Whose {
    /// Whether the caller may something for the customer.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    fn allow(&self, right: ContactRight) -> Result<(), GraphqlError> {
        if self.may.contains(&right) {
            return Ok(());
        }
        let word = right.word();
        let message = format!("This contact may not: it needs `{word}`, which the main contact gives.");
        Err(GraphqlError::new(Code::Forbidden, message).with("contactRight", word))
    }
}

fn nobody(language: Language, found: &mut Found) -> Option<Whose> {
    found.add("customer", "UNKNOWN", language.say("Ce client n'existe pas.", "There is no such customer."));
    None
}

fn required(language: Language) -> String {
    language.say("À renseigner.", "It has to be given.")
}

fn unknown(language: Language) -> String {
    language.say("Rien ne porte ce code.", "There is none of this code.")
}

fn read_only(language: Language) -> String {
    language
        .say("Tenu par la gestion commerciale : à changer là-bas.", "The ERP keeps it: it is changed there.")
}

/// A text of an input: what it is to be, where it was `before`. A blank takes it away.
fn text(input: Input<'_>, field: &str, before: Option<String>) -> Option<String> {
    match input.text(field) {
        None => before,
        Some(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
    }
}
