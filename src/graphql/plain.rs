//! Objects that are not entities (`Shop`, `Seo`, `Image`, provenance, introspection): each answers
//! for its fields by name.

use std::borrow::Cow;

use serde_json::Value as Json;

pub use super::coerce::Args as ArgMap;

/// What a field of a plain object is.
pub enum Plain<'a> {
    /// Null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// Any JSON (`JSON` scalar).
    Json(Cow<'a, Json>),
    /// A list.
    List(Vec<Plain<'a>>),
    /// An object.
    Object(Box<dyn PlainObject + 'a>),
    /// A record of the catalogue by its code, in a resolver's own answer: the field's type says of which entity.
    Record(String),
}

impl<'a> Plain<'a> {
    /// Text or null.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, |t| Self::Text(Cow::Borrowed(t)))
    }

    /// Owned text or null.
    pub fn owned(text: Option<String>) -> Self {
        text.map_or(Self::Null, |t| Self::Text(Cow::Owned(t)))
    }

    /// An object.
    pub fn object(object: impl PlainObject + 'a) -> Self {
        Self::Object(Box::new(object))
    }
}

/// An object that answers for its fields.
pub trait PlainObject: Send {
    /// A field's value. Unknown names are null: validation lets none through.
    fn field(&self, name: &str, args: &ArgMap) -> Plain<'_>;
}
