//! Scalars: the values that sources hold, their types, and how they compare.
//!
//! A [`Value`] is what a source said *after normalising*: right-trimmed text, sentinel dates and
//! declared nothings already turned into [`Value::Null`]. Whoever holds a `Value` never asks again
//! whether a blank means something.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

pub use crate::folding::fold;

/// One scalar as a source holds it, normalised.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Nothing: SQL NULL, or a value that the source's map declares to mean nothing.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An exact decimal number; never a float.
    Decimal(Decimal),
    /// Text, right-trimmed where the map says so.
    Text(Box<str>),
    /// A calendar day without zone.
    Date(NaiveDate),
    /// A moment, UTC.
    DateTime(DateTime<Utc>),
    /// Several values, in order (complementary fields that are lists).
    List(Box<[Value]>),
    /// A value that could not be read as the declared type; the text says why. It is an error of
    /// the field that reads it, never of the record.
    Bad(Box<str>),
}

impl Value {
    /// Text from anything that is text.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Whether this is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, when it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Compares two values of one type in the one order the product knows: numbers by size, text
    /// by code points, dates by time, false before true. `Null` sorts last. Values of different
    /// types compare by type, so that the order is total.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::Int(a), Self::Decimal(b)) => Decimal::from(*a).cmp(b),
            (Self::Decimal(a), Self::Int(b)) => a.cmp(&Decimal::from(*b)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::DateTime(a), Self::DateTime(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => {
                for (x, y) in a.iter().zip(b.iter()) {
                    match x.compare(y) {
                        Ordering::Equal => {}
                        other => return other,
                    }
                }
                a.len().cmp(&b.len())
            }
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) | Self::Decimal(_) => 1,
            Self::Text(_) => 2,
            Self::Date(_) => 3,
            Self::DateTime(_) => 4,
            Self::List(_) => 5,
            Self::Bad(_) => 6,
            Self::Null => 7,
        }
    }
}

/// What a column or a field holds. The driver decodes a column into this type and normalises it in
/// the same pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text (`String`, `ID`, `URL`, enums by their raw text).
    Text,
    /// Text with markup (`HTML`).
    Html,
    /// A whole number within `Int`'s 32 bits when served.
    Int,
    /// An exact decimal.
    Decimal,
    /// A truth value; sources may hold 0/1, 't'/'f', 'X'/'-', true/false.
    Boolean,
    /// A calendar day.
    Date,
    /// A moment; the map says in which zone the source keeps it.
    DateTime,
    /// A list of an item type; sources hold it as text separated by `|`, or as a JSON array.
    List(Box<Type>),
}

/// How two keys of one source are told apart (the collation of its key columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum KeyCompare {
    /// Byte for byte.
    #[default]
    Binary,
    /// Case-insensitive, accent-sensitive (`French_CI_AS`, Sage's usual collation).
    CiAs,
    /// Case- and accent-insensitive.
    CiAi,
    /// Case-insensitive in ASCII letters only: where one of the two keys is known to be of upper-case ASCII
    /// letters. What no such key can be equals nothing else, whatever a collation says of it (`ß`).
    Ascii,
}

impl KeyCompare {
    /// The form under which equal keys are the same text. Trailing blanks never count.
    pub fn fold(self, key: &str) -> std::borrow::Cow<'_, str> {
        let key = key.trim_end();
        match self {
            Self::Binary => key.into(),
            Self::CiAs => {
                if key.bytes().all(|b| b.is_ascii() && !b.is_ascii_lowercase()) {
                    key.into()
                } else {
                    key.to_uppercase().into()
                }
            }
            Self::CiAi => fold(key).to_uppercase().into(),
            Self::Ascii if key.bytes().any(|b| b.is_ascii_lowercase()) => key.to_ascii_uppercase().into(),
            Self::Ascii => key.into(),
        }
    }
}

/// A moment as clients see it: RFC 3339, UTC, no fraction when it is zero.
pub fn rfc3339(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
