//! `saveAddress`.

use async_trait::async_trait;

use super::{Limits, Room, Whose, read_only, required, text, unknown};
use crate::{
    auth::people::{Address, Change, ContactRight},
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

/// `saveAddress`.
pub(super) struct Save(pub(super) Room);

#[async_trait]
impl Resolver for Save {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let (input, language) = (Input::of(call.args, "input"), Language::of(call.language));
        let mut found = Found::default();
        let refused = |found: Found| Payload { address: None, customer: None, problems: found.0 };
        let Some(whose) = self.0.whose(&call, input, language, &mut found).await? else {
            return Ok(Plain::object(refused(found)));
        };
        whose.allow(ContactRight::Order)?;
        let change = change(&whose, input, &self.0.limits, language, &mut found);
        let Some(change) = change.filter(|_| found.0.is_empty()) else {
            return Ok(Plain::object(refused(found)));
        };
        let people = &self.0.catalog.people;
        let saved = people.save_address(&call.context.viewer, &whose.party.key, change, &origin(&call)).await;
        Ok(Plain::object(match saved {
            Ok(address) => Payload { address, customer: Some(whose.party.code), problems: Vec::new() },
            Err(error) => refused(Found(vec![settle(&error, problems::ADDRESS, language)?])),
        }))
    }
}

/// What an input means to become of a customer's addresses.
fn change(
    whose: &Whose,
    input: Input<'_>,
    limits: &Limits,
    language: Language,
    found: &mut Found,
) -> Option<Change<Address>> {
    let delete = input.flag("delete") == Some(true);
    let code = input.text("code").map(str::trim).filter(|code| !code.is_empty());
    let before = match code {
        None if delete => {
            found.add("code", "REQUIRED", required(language));
            return None;
        }
        None => None,
        Some(code) => {
            let here = whose.party.kept.addresses.iter().find(|one| one.code.as_deref() == Some(code));
            if here.is_none() {
                let theirs = whose.party.addresses.iter().any(|one| one.code.as_deref() == Some(code));
                if theirs {
                    found.add("code", "READ_ONLY", read_only(language));
                } else {
                    found.add("code", "UNKNOWN", unknown(language));
                }
                return None;
            }
            here.cloned()
        }
    };
    if let Some(code) = code.filter(|_| delete) {
        return Some(Change::Remove(code.to_owned()));
    }
    let made = before.is_none();
    let before = before.unwrap_or_default();
    let [line1, line2, line3] = before.lines;
    let set = Address {
        billing: input.text("kind").map_or(before.billing, |kind| kind == "BILLING"),
        name: text(input, "name", before.name),
        company: text(input, "company", before.company),
        contact_name: text(input, "contactName", before.contact_name),
        lines: [text(input, "line1", line1), text(input, "line2", line2), text(input, "line3", line3)],
        postal_code: text(input, "postalCode", before.postal_code),
        city: text(input, "city", before.city),
        region: text(input, "region", before.region),
        country: text(input, "country", before.country).map(|code| code.to_ascii_uppercase()),
        phone: text(input, "phone", before.phone),
        email: text(input, "email", before.email),
        ..Address::default()
    };
    check(&set, limits, language, found);
    Some(match code {
        Some(code) if !made => Change::Set(code.to_owned(), set),
        _ => Change::Make(set),
    })
}

/// The codes of ISO 3166-1, and Kosovo's, which others than ISO gave.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK";

/// Notes what the ERP could not take over.
fn check(set: &Address, limits: &Limits, language: Language, found: &mut Found) {
    let needed = [("line1", &set.lines[0]), ("city", &set.city), ("country", &set.country)];
    for (field, _) in needed.into_iter().filter(|(_, value)| value.is_none()) {
        found.add(field, "REQUIRED", required(language));
    }
    let texts = [
        ("name", &set.name, "address_name"),
        ("company", &set.company, "address_company"),
        ("contactName", &set.contact_name, "address_contact"),
        ("line1", &set.lines[0], "address_line"),
        ("line2", &set.lines[1], "address_line"),
        ("line3", &set.lines[2], "address_line3"),
        ("postalCode", &set.postal_code, "address_postal_code"),
        ("city", &set.city, "address_city"),
        ("region", &set.region, "address_region"),
        ("phone", &set.phone, "phone"),
        ("email", &set.email, "email"),
    ];
    for (field, value, setting) in texts {
        limits.check((field, value.as_deref()), setting, "ADDRESS_TOO_LONG", language, found);
    }
    let is_code = |code: &str| COUNTRIES.split(' ').any(|known| known == code);
    if set.country.as_deref().is_some_and(|code| !is_code(code)) {
        let message = language.say(
            "Un code de pays ISO 3166 de deux lettres, comme FR.",
            "Give a country's ISO 3166 code of two letters, as FR.",
        );
        found.add("country", "BAD_COUNTRY", message);
    }
    if set.email.as_deref().is_some_and(|email| !email.contains('@')) {
        found.add("email", "INVALID", language.say("Ce n'est pas une adresse.", "It is no e-mail address."));
    }
}

struct Payload {
    address: Option<Address>,
    customer: Option<String>,
    problems: Vec<Problem>,
}

impl PlainObject for Payload {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "address" => self.address.as_ref().map_or(Plain::Null, Plain::object),
            "customer" => self.customer.clone().map_or(Plain::Null, Plain::Record),
            "userErrors" => problems::plain(&self.problems),
            _ => Plain::Null,
        }
    }
}
