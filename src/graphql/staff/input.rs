//! The `input` of a mutation, field by field. Null is as left out.

use async_graphql_value::{ConstValue, Name, indexmap::IndexMap};

use super::problems::{Found, Language};
use crate::{auth::accounts, graphql::plain::ArgMap};

/// An input object.
#[derive(Clone, Copy)]
pub struct Input<'a>(Option<&'a IndexMap<Name, ConstValue>>);

impl<'a> Input<'a> {
    /// The argument of this name.
    pub fn of(args: &'a ArgMap, name: &str) -> Self {
        match args.get(name) {
            Some(ConstValue::Object(fields)) => Self(Some(fields)),
            _ => Self(None),
        }
    }

    fn get(self, name: &str) -> Option<&'a ConstValue> {
        self.0?.get(name).filter(|value| **value != ConstValue::Null)
    }

    /// A text, an id or an enum's value.
    pub fn text(self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            ConstValue::String(text) => Some(text),
            ConstValue::Enum(word) => Some(word),
            _ => None,
        }
    }

    /// A truth value.
    pub fn flag(self, name: &str) -> Option<bool> {
        match self.get(name)? {
            ConstValue::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// A list of texts or of an enum's values.
    pub fn texts(self, name: &str) -> Option<Vec<&'a str>> {
        let ConstValue::List(items) = self.get(name)? else { return None };
        let text = |item: &'a ConstValue| match item {
            ConstValue::String(text) => Some(text.as_str()),
            ConstValue::Enum(word) => Some(word.as_str()),
            _ => None,
        };
        Some(items.iter().filter_map(text).collect())
    }

    /// A list of input objects.
    pub fn objects(self, name: &str) -> Option<Vec<Self>> {
        let ConstValue::List(items) = self.get(name)? else { return None };
        let object = |item: &'a ConstValue| match item {
            ConstValue::Object(fields) => Some(Self(Some(fields))),
            _ => None,
        };
        Some(items.iter().filter_map(object).collect())
    }
}

/// How long a text may be, in characters.
#[derive(Clone, Copy)]
pub struct Length {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

/// A login or a name.
pub const NAME: Length = Length { least: 1, most: accounts::LONGEST_NAME };
/// A password that somebody claims to have. The upper bound keeps hashing cheap.
pub const PASSWORD: Length = Length { least: 1, most: 1_000 };
/// A new password.
pub const NEW_PASSWORD: Length =
    Length { least: accounts::SHORTEST_PASSWORD, most: accounts::LONGEST_PASSWORD };
/// A refresh token.
pub const TOKEN: Length = Length { least: 1, most: 4_000 };
/// What something is for.
pub const DESCRIPTION: Length = Length { least: 0, most: accounts::LONGEST_DESCRIPTION };
/// A word of a grant or of a filter.
pub const WORD: Length = NAME;

impl Length {
    /// Notes a text that is too short or too long.
    pub fn check(self, field: &str, text: &str, language: Language, found: &mut Found) {
        let length = text.chars().count();
        if length < self.least {
            found.add(field, "TOO_SHORT", language.at_least(self.least));
        } else if length > self.most {
            found.add(field, "TOO_LONG", language.at_most(self.most));
        }
    }
}
