//! Values: merged scalars and lists of them, JSON text.

use super::{Writer, Written};
use crate::{
    graphql::{
        error::{Code, GraphqlError, Location},
        plan::Leaf,
    },
    value::{Value, rfc3339},
};

impl Writer<'_> {
    pub(super) fn leaf(&mut self, value: &Value, leaf: &Leaf, place: Location) -> Written {
        match (leaf, value) {
            (Leaf::Int, Value::Int(n)) if i32::try_from(*n).is_err() => {
                let message = format!("{n} does not fit the 32 bits of Int.");
                self.fail(place, GraphqlError::new(Code::BadValue, message))
            }
            (Leaf::List(inner, non_null), Value::List(items)) => {
                self.list(items.iter(), *non_null, |w, item| w.leaf(item, inner, place))
            }
            _ => {
                self.scalar(value);
                Ok(())
            }
        }
    }

    pub(super) fn scalar(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bad(_) => self.null(),
            Value::Bool(b) => self.bool(*b),
            Value::Int(n) => {
                let mut digits = itoa::Buffer::new();
                self.buf.extend_from_slice(digits.format(*n).as_bytes());
            }
            Value::Decimal(d) => {
                use std::io::Write as _;
                self.buf.push(b'"');
                let _ = write!(self.buf, "{}", d.normalize());
                self.buf.push(b'"');
            }
            Value::Text(text) => self.text(text),
            Value::Date(date) => self.text(&date.to_string()),
            Value::DateTime(at) => self.text(&rfc3339(at)),
            Value::List(items) => {
                self.buf.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.buf.push(b',');
                    }
                    self.scalar(item);
                }
                self.buf.push(b']');
            }
        }
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.buf.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn text_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        write_text(&mut self.buf, text);
    }
}

/// Writes a JSON string.
pub fn write_text(buf: &mut Vec<u8>, text: &str) {
    buf.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (i, b) in bytes.iter().enumerate() {
        let escape: Option<&[u8]> = match b {
            b'"' => Some(b"\\\""),
            b'\\' => Some(b"\\\\"),
            b'\n' => Some(b"\\n"),
            b'\r' => Some(b"\\r"),
            b'\t' => Some(b"\\t"),
            0..=0x1f => None,
            _ => continue,
        };
        buf.extend_from_slice(&bytes[start..i]);
        match escape {
            Some(escape) => buf.extend_from_slice(escape),
            None => buf.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
        }
        start = i + 1;
    }
    buf.extend_from_slice(&bytes[start..]);
    buf.push(b'"');
}
