//! `userErrors`: what the caller of a mutation can mend, by a code of the payload's own enum and a message in the
//! operation's language.

use super::fault;
use crate::{
    auth::accounts::AccountError,
    graphql::{
        error::GraphqlError,
        plain::{ArgMap, Plain, PlainObject},
    },
};

/// The codes of a payload: the values of its enum. What is none of them is `INVALID`.
pub type Codes = &'static [&'static str];

/// `TokenErrorCode`.
pub const TOKEN: Codes =
    &["BAD_CREDENTIALS", "TOO_MANY_TRIES", "SESSION_ENDED", "TOO_SHORT", "TOO_LONG", "INVALID"];
/// `LogoutErrorCode`.
pub const LOGOUT: Codes = &["SESSION_ENDED", "TOO_LONG", "INVALID"];
/// `StaffGroupErrorCode`.
pub const GROUP: Codes = &[
    "TOO_SHORT",
    "TOO_LONG",
    "TOO_MANY",
    "BAD_CHARACTER",
    "UNKNOWN",
    "LAST_MANAGER",
    "NOT_YOURS",
    "INVALID",
];
/// `StaffMemberErrorCode`.
pub const MEMBER: Codes = &[
    "REQUIRED",
    "TOO_SHORT",
    "TOO_LONG",
    "TOO_MANY",
    "TOO_SIMPLE",
    "SAME_AS_LOGIN",
    "BAD_CHARACTER",
    "TAKEN",
    "UNKNOWN",
    "LAST_MANAGER",
    "NOT_YOURS",
    "INVALID",
];

/// `AddressErrorCode`.
pub const ADDRESS: Codes = &[
    "REQUIRED",
    "ADDRESS_TOO_LONG",
    "BAD_CHARACTER",
    "BAD_COUNTRY",
    "READ_ONLY",
    "UNKNOWN",
    "TOO_MANY",
    "INVALID",
];
/// `ContactErrorCode`.
pub const CONTACT: Codes = &[
    "REQUIRED",
    "TOO_LONG",
    "BAD_CHARACTER",
    "READ_ONLY",
    "UNKNOWN",
    "TOO_MANY",
    "NOT_YOURS",
    "MAIN_CONTACT",
    "INVALID",
];

/// The language of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English, and every other one.
    English,
}

impl Language {
    /// By its code, as `fr-BE`.
    pub fn of(code: &str) -> Self {
        match code.split('-').next() {
            Some(base) if base.eq_ignore_ascii_case("fr") => Self::French,
            _ => Self::English,
        }
    }

    /// One of two texts.
    pub fn say(self, french: &str, english: &str) -> String {
        match self {
            Self::French => french.to_owned(),
            Self::English => english.to_owned(),
        }
    }

    /// A text that is too short.
    pub fn at_least(self, characters: usize) -> String {
        match (self, characters) {
            (Self::French, 1) => "Ne peut pas rester vide.".to_owned(),
            (Self::English, 1) => "It cannot be left empty.".to_owned(),
            (Self::French, n) => format!("Trop court : {n} caractères au moins."),
            (Self::English, n) => format!("Too short: at least {n} characters."),
        }
    }

    /// A text that is too long.
    pub fn at_most(self, characters: usize) -> String {
        self.say(
            &format!("Trop long : {characters} caractères au plus."),
            &format!("Too long: at most {characters} characters."),
        )
    }

    /// A list that is too long.
    pub fn no_more_than(self, items: usize) -> String {
        self.say(&format!("Trop d'éléments : {items} au plus."), &format!("Too many: at most {items}."))
    }

    /// A name of nothing; `known` are the names there are.
    pub fn unknown(self, name: &str, known: &str) -> String {
        self.say(
            &format!("« {name} » n'existe pas ; il y a {known}."),
            &format!("There is no `{name}`; there are {known}."),
        )
    }

    fn delayed(self, seconds: u64) -> String {
        self.say(
            &format!("Trop d'essais : réessayez dans {seconds} s."),
            &format!("Too many tries: try again in {seconds} s."),
        )
    }

    /// What the accounts have against an input. They speak English; a code that we know we say in French too.
    fn invalid(self, code: &str, message: &str) -> String {
        let french = match code {
            "REQUIRED" => "Nécessaire pour un nouveau membre.",
            "TOO_SHORT" => "C'est trop court.",
            "TOO_LONG" => "C'est trop long.",
            "TOO_MANY" => "Il y en a trop.",
            "UNKNOWN" => "Rien ne porte ce nom.",
            "TOO_SIMPLE" => "Trop simple : c'est toujours le même caractère.",
            "SAME_AS_LOGIN" => "Le mot de passe est l'identifiant.",
            "BAD_CHARACTER" => "Un caractère ne convient pas : ni caractère de contrôle, ni espace au bord.",
            "TAKEN" => "Ce nom est déjà pris.",
            "LAST_MANAGER" => {
                "Plus personne ne pourrait gérer l'équipe : donnez d'abord `staff.manage` à un autre membre actif."
            }
            "NOT_YOURS" => "Cela dépasse vos propres droits.",
            _ => return sentence(message),
        };
        match self {
            Self::French => french.to_owned(),
            Self::English => sentence(message),
        }
    }
}

/// What the accounts say of a field as a sentence of its own.
fn sentence(said: &str) -> String {
    let mut letters = said.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// One thing that the caller can mend.
#[derive(Clone, Debug)]
pub struct Problem {
    field: Option<String>,
    code: &'static str,
    message: String,
    retry_after: Option<u64>,
    /// How long a text may be, where that is what is wrong.
    limit: Option<usize>,
}

impl Problem {
    /// That the session has ended.
    pub fn session_ended(language: Language) -> Self {
        let message = language.say(
            "La session est terminée : connectez-vous de nouveau.",
            "The session has ended: log in again.",
        );
        Self { field: None, code: "SESSION_ENDED", message, retry_after: None, limit: None }
    }
}

impl PlainObject for Problem {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "field" => Plain::text(self.field.as_deref()),
            "code" => Plain::text(Some(self.code)),
            "message" => Plain::text(Some(&self.message)),
            "retryAfterSeconds" => {
                self.retry_after.map_or(Plain::Null, |n| Plain::Int(i64::try_from(n).unwrap_or(i64::MAX)))
            }
            "limit" => self.limit.map_or(Plain::Null, |n| Plain::Int(i64::try_from(n).unwrap_or(i64::MAX))),
            _ => Plain::Null,
        }
    }
}

/// What was found against an input.
#[derive(Default)]
pub struct Found(pub Vec<Problem>);

impl Found {
    /// Adds a problem of a field.
    pub fn add(&mut self, field: &str, code: &'static str, message: String) {
        self.0.push(Problem { field: Some(field.to_owned()), code, message, retry_after: None, limit: None });
    }
}

impl Found {
    /// Adds a text that is longer than what keeps it can hold.
    pub fn too_long(&mut self, field: &str, code: &'static str, message: String, limit: usize) {
        let field = Some(field.to_owned());
        self.0.push(Problem { field, code, message, retry_after: None, limit: Some(limit) });
    }
}

/// `userErrors`.
pub fn plain(problems: &[Problem]) -> Plain<'_> {
    Plain::List(problems.iter().map(Plain::object).collect())
}

/// What the accounts refuse: a problem of the payload, or an error of the field.
pub fn settle(error: &AccountError, codes: Codes, language: Language) -> Result<Problem, GraphqlError> {
    let own = |code: &str| codes.iter().find(|own| **own == code).copied();
    let problem = |code: &'static str, message: String, retry_after| {
        let code = own(code).unwrap_or("INVALID");
        Ok(Problem { field: None, code, message, retry_after, limit: None })
    };
    match error {
        AccountError::BadCredentials => {
            let message =
                language.say("Identifiant ou mot de passe incorrect.", "The login or the password is wrong.");
            problem("BAD_CREDENTIALS", message, None)
        }
        AccountError::Delayed(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            problem("TOO_MANY_TRIES", language.delayed(seconds), Some(seconds))
        }
        AccountError::Revoked if own("SESSION_ENDED").is_some() => Ok(Problem::session_ended(language)),
        // The right went while the request was under way.
        AccountError::Invalid { code: "FORBIDDEN", .. } => Err(fault(error)),
        AccountError::Invalid { field, code, message } => Ok(Problem {
            field: Some(field.clone()),
            code: own(code).unwrap_or("INVALID"),
            message: language.invalid(code, message),
            retry_after: None,
            limit: None,
        }),
        _ => Err(fault(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        diagnostics::Diagnostics,
        graphql::{error::Code, sdl, types::Kind},
    };

    #[test]
    fn codes_are_the_values_of_their_enums() {
        let types = sdl::build(&[], &mut Diagnostics::default()).expect("the built-in schema");
        for (name, codes) in [
            ("TokenErrorCode", TOKEN),
            ("LogoutErrorCode", LOGOUT),
            ("StaffGroupErrorCode", GROUP),
            ("StaffMemberErrorCode", MEMBER),
            ("AddressErrorCode", ADDRESS),
            ("ContactErrorCode", CONTACT),
        ] {
            let Kind::Enum { values } = &types.types[name].kind else { panic!("{name} is no enum") };
            assert_eq!(values.keys().map(String::as_str).collect::<Vec<_>>(), codes, "{name}");
        }
    }

    #[test]
    fn what_accounts_refuse_is_said_by_its_code_in_both_languages() {
        let taken = AccountError::Invalid {
            field: "name".into(),
            code: "UNKNOWN",
            message: "there is no `x`".into(),
        };
        let said = |language| settle(&taken, GROUP, language).expect("a problem");
        let french = said(Language::French);
        assert_eq!((french.message.as_str(), french.code), ("Rien ne porte ce nom.", "UNKNOWN"));
        assert_eq!(said(Language::English).message, "There is no `x`.");
        // A code of which the payload's enum knows nothing must not be sent: it would be no value of its type.
        let odd = AccountError::Invalid { field: "name".into(), code: "ODD", message: "Odd.".into() };
        let odd = settle(&odd, GROUP, Language::French).expect("a problem");
        assert_eq!((odd.code, odd.message.as_str()), ("INVALID", "Odd."));
        let wait = AccountError::Delayed(Duration::from_millis(4_200));
        let wait = settle(&wait, TOKEN, Language::of("fr-BE")).expect("a problem");
        assert_eq!(
            (wait.retry_after, wait.message.as_str()),
            (Some(5), "Trop d'essais : réessayez dans 5 s.")
        );
        assert!(settle(&AccountError::Unavailable, TOKEN, Language::English).is_err());
        assert!(settle(&AccountError::Revoked, GROUP, Language::English).is_err());
        let gone = AccountError::Invalid {
            field: "viewer".into(),
            code: "FORBIDDEN",
            message: "you may not".into(),
        };
        assert!(settle(&gone, GROUP, Language::English).is_err_and(|e| e.is(Code::Forbidden)));
    }
}
