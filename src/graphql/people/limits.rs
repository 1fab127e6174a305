//! What an ERP can hold of addresses and contacts: lengths and characters, as its connector map says by settings
//! (`address_line`, `code_page`…). What a map does not speak of is not limited by it.

use std::collections::BTreeMap;

use crate::{
    graphql::staff::problems::{Found, Language},
    value::Value,
};

/// The longest text that is kept here, whatever the ERP holds.
const LONGEST: usize = 200;

/// What an ERP can hold.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    lengths: BTreeMap<String, usize>,
    windows_1252: bool,
}

impl Limits {
    /// The limits that a map's settings state. 0: there is no place for it.
    pub fn of(settings: &BTreeMap<String, Value>) -> Self {
        let length = |(name, value): (&String, &Value)| match value {
            Value::Int(length) => Some((name.clone(), usize::try_from(*length).ok()?)),
            _ => None,
        };
        let windows_1252 = settings.get("code_page").and_then(Value::as_str) == Some("1252");
        Self { lengths: settings.iter().filter_map(length).collect(), windows_1252 }
    }

    /// Notes what is wrong with a text of an input's field. `setting`: the setting that limits it; `too_long`: the code.
    pub fn check(
        &self,
        (field, text): (&str, Option<&str>),
        setting: &str,
        too_long: &'static str,
        language: Language,
        found: &mut Found,
    ) {
        let Some(text) = text else { return };
        if text.chars().any(char::is_control) {
            let message = language.say("Un caractère de contrôle s'y trouve.", "It has a control character.");
            found.add(field, "BAD_CHARACTER", message);
        } else if self.windows_1252
            && let Some(strange) = text.chars().find(|c| !in_windows_1252(*c))
        {
            let message = language.say(
                &format!("La gestion commerciale ne sait pas écrire « {strange} »."),
                &format!("The ERP cannot keep `{strange}`."),
            );
            found.add(field, "BAD_CHARACTER", message);
        }
        let limit = self.lengths.get(setting).copied().unwrap_or(LONGEST).min(LONGEST);
        if text.chars().count() > limit {
            let message = if limit == 0 {
                language
                    .say("La gestion commerciale n'a pas de place pour cela.", "The ERP has no place for it.")
            } else {
                language.at_most(limit)
            };
            found.too_long(field, too_long, message, limit);
        }
    }
}

/// Whether a character is in code page 1252.
fn in_windows_1252(c: char) -> bool {
    let mut buffer = [0; 4];
    let (_, _, unmappable) = encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
    !unmappable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_page_is_the_one_of_western_europe() {
        for c in "Aé€œŸ’–ñ".chars() {
            assert!(in_windows_1252(c), "{c}");
        }
        for c in "ŁŻж漢→".chars() {
            assert!(!in_windows_1252(c), "{c}");
        }
    }
}
