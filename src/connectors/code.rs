//! Codes: how the text that clients use is made of a row's native key, and read back.
//!
//! A generated code is the key's columns in the order of a template. Its first column stands as it
//! is; in the others, characters that the template itself uses are written `%XX`, so that a code is
//! read from the right without doubt. A group that may be left out is written all the same where
//! the short form would read as another key. The round trip is a property test.

use std::fmt::Write;

use super::map::{CodePart, CodeRule, KeyColumn};
use crate::{sources::expr::CastType, value::Value};

/// What stands between the columns of one form of a template, and the columns: a form is a template
/// with each optional group either written or left out.
type Form<'a> = Vec<&'a CodePart>;

impl CodeRule {
    /// The code of a row: its own when that is not blank, else the generated one.
    pub fn encode(&self, own: Option<&str>, key: &[Value]) -> String {
        if let Some(own) = own.map(str::trim).filter(|own| !own.is_empty() && self.own.is_some()) {
            return own.to_owned();
        }
        if key.iter().any(is_padded) {
            let trimmed: Vec<Value> = key.iter().map(trimmed).collect();
            return self.encode(None, &trimmed);
        }
        match (self.template.as_slice(), key) {
            ([CodePart::Key(_)], [Value::Text(text)]) => return text.to_string(),
            ([CodePart::Key(_)], [Value::Int(number)]) => return number.to_string(),
            _ => {}
        }
        if let Some(code) = self.encode_plainly(key) {
            return code;
        }
        let forms = self.forms();
        let mut full = String::new();
        // From the shortest form to the longest: the first that reads back as this key.
        for (form, left_out) in forms.iter().rev() {
            if left_out.iter().any(|column| !is_nothing(key.get(*column))) {
                continue;
            }
            full = self.write(form, key);
            if forms.len() == 1 || Self::reads_as(&forms, &full, key) {
                break;
            }
        }
        full
    }

    /// The generated code of the usual row, in one pass: `None` where something must be escaped, or
    /// where leaving a group out could read as another key.
    fn encode_plainly(&self, key: &[Value]) -> Option<String> {
        let mut code = String::with_capacity(24);
        let mut leading = None;
        let mut skipped = false;
        for part in &self.template {
            let group = std::slice::from_ref(part);
            let (parts, optional) = match part {
                CodePart::Optional(parts) => (parts.as_slice(), true),
                _ => (group, false),
            };
            let column = parts.iter().find_map(|part| match part {
                CodePart::Key(column) => Some(*column),
                _ => None,
            });
            if optional && is_nothing(key.get(column?)) {
                let first: &str = leading?;
                if first.contains(|c| reserves(parts, c)) {
                    return None;
                }
                skipped = true;
                continue;
            }
            if optional && skipped {
                return None;
            }
            for part in parts {
                match (part, key) {
                    (CodePart::Text(text), _) => code.push_str(text),
                    (CodePart::Key(column), key) => match (key.get(*column)?, leading) {
                        (Value::Text(text), None) => {
                            leading = Some(text);
                            code.push_str(text);
                        }
                        (Value::Int(number), Some(_)) => {
                            let start = code.len();
                            // Writing to a String cannot fail.
                            let _ = write!(code, "{number}");
                            if code[start..].contains(|c| reserves(&self.template, c)) {
                                return None;
                            }
                        }
                        (Value::Text(text), Some(_)) => {
                            if text.contains(|c| c == '%' || reserves(&self.template, c)) {
                                return None;
                            }
                            code.push_str(text);
                        }
                        _ => return None,
                    },
                    (CodePart::Optional(_), _) => return None,
                }
            }
        }
        Some(code)
    }

    /// The key that a generated code stands for, typed; `None` when it cannot be one of this form.
    /// (A row's own code is looked up in its column instead.)
    pub fn decode(&self, code: &str, columns: &[KeyColumn]) -> Option<Vec<Value>> {
        let code = code.trim_end();
        // Most codes are the one text column of the key itself.
        if let ([CodePart::Key(0)], [KeyColumn { ty: CastType::Text(length), .. }]) =
            (self.template.as_slice(), columns)
            && !code.is_empty()
        {
            let fits =
                *length == 0 || code.len() <= *length as usize || code.chars().count() <= *length as usize;
            return fits.then(|| vec![Value::text(code)]);
        }
        // What every form holds, the code holds.
        let lacks = |part: &CodePart| matches!(part, CodePart::Text(text) if !code.contains(text.as_str()));
        if self.template.iter().any(lacks) {
            return None;
        }
        let integers: Vec<bool> = columns.iter().map(|column| column.ty == CastType::Integer).collect();
        let key = self.forms().iter().find_map(|(form, _)| Self::read(form, code, &integers))?;
        for (value, column) in key.iter().zip(columns) {
            if let (Value::Text(text), CastType::Text(length)) = (value, column.ty)
                && length > 0
                && text.chars().count() > length as usize
            {
                return None;
            }
        }
        // Only the one form that `encode` writes is a code.
        (self.encode(None, &key) == code).then_some(key)
    }

    /// Every form with the columns it leaves out, the longest first.
    fn forms(&self) -> Vec<(Form<'_>, Vec<usize>)> {
        let mut forms: Vec<(Form<'_>, Vec<usize>)> = vec![(Vec::new(), Vec::new())];
        for part in &self.template {
            if let CodePart::Optional(group) = part {
                let without = forms.clone();
                for (form, _) in &mut forms {
                    form.extend(group);
                }
                forms.extend(without.into_iter().map(|(form, mut left_out)| {
                    left_out.extend(group.iter().filter_map(|part| match part {
                        CodePart::Key(column) => Some(*column),
                        _ => None,
                    }));
                    (form, left_out)
                }));
            } else {
                for (form, _) in &mut forms {
                    form.push(part);
                }
            }
        }
        // Among forms of one length those that leave out the last groups go first.
        forms.sort_by(|(_, a), (_, b)| a.len().cmp(&b.len()).then_with(|| b.cmp(a)));
        forms
    }

    fn write(&self, form: &[&CodePart], key: &[Value]) -> String {
        let mut code = String::new();
        let mut first = true;
        for part in form {
            match part {
                CodePart::Text(text) => code.push_str(text),
                CodePart::Key(column) => {
                    let text = plain(key.get(*column));
                    if first {
                        code.push_str(&text);
                    } else {
                        escape(&text, &self.template, &mut code);
                    }
                    first = false;
                }
                CodePart::Optional(_) => {}
            }
        }
        code
    }

    fn reads_as(forms: &[(Form<'_>, Vec<usize>)], code: &str, key: &[Value]) -> bool {
        let integers: Vec<bool> =
            key.iter().map(|value| matches!(value, Value::Int(_) | Value::Null)).collect();
        let read = forms.iter().find_map(|(form, _)| Self::read(form, code, &integers));
        read.is_some_and(|read| {
            read.len() == key.len()
                && read.iter().zip(key).all(|(a, b)| a == b || (is_nothing(Some(a)) && is_nothing(Some(b))))
        })
    }

    /// Reads one form from the right. Columns left out are 0, or blank.
    fn read(form: &[&CodePart], code: &str, integers: &[bool]) -> Option<Vec<Value>> {
        let nothing = |integer: &bool| if *integer { Value::Int(0) } else { Value::text("") };
        let mut key: Vec<Value> = integers.iter().map(nothing).collect();
        let mut rest = code;
        for (at, part) in form.iter().enumerate().rev() {
            match part {
                CodePart::Text(text) => rest = rest.strip_suffix(text.as_str())?,
                CodePart::Key(column) => {
                    let before = form.get(..at).unwrap_or(&[]);
                    let leading = !before.iter().any(|part| matches!(part, CodePart::Key(_)));
                    let start = match before.last() {
                        Some(CodePart::Text(text)) if leading => {
                            rest.starts_with(text.as_str()).then_some(text.len())?
                        }
                        Some(CodePart::Text(text)) => rest.rfind(text.as_str())? + text.len(),
                        _ => 0,
                    };
                    let (head, text) = rest.split_at(start);
                    let text = if leading { text.to_owned() } else { unescape(text)? };
                    *key.get_mut(*column)? = typed(text, *integers.get(*column)?, leading)?;
                    rest = head;
                }
                CodePart::Optional(_) => return None,
            }
        }
        rest.is_empty().then_some(key)
    }

    /// Reads a template, as `{article}~{first}[~{second}]`.
    ///
    /// # Errors
    /// What is wrong with it (byte offset, message, help).
    pub fn template(text: &str, columns: &[KeyColumn]) -> Result<Vec<CodePart>, TemplateError> {
        let mut parts = Vec::new();
        let mut group: Option<(usize, Vec<CodePart>)> = None;
        let mut used = Vec::new();
        let mut at = 0;
        while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let grouped = group.is_some();
            let target = group.as_mut().map_or(&mut parts, |(_, group)| group);
            match c {
                '{' => {
                    let rest = &text[at + 1..];
                    let end = rest.find('}').ok_or_else(|| {
                        error(at, "`{` without a closing `}`", "write {name of a key column}")
                    })?;
                    let name = &rest[..end];
                    let column = columns.iter().position(|column| column.name == name).ok_or_else(|| {
                        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                        let message = format!("`{{{name}}}` names no key column");
                        error(at + 1, message, format!("key columns: {}", names.join(", ")))
                    })?;
                    if used.contains(&column) {
                        let message = format!("`{{{name}}}` stands twice");
                        return Err(error(at, message, "write each key column once"));
                    }
                    if matches!(target.last(), Some(CodePart::Key(_) | CodePart::Optional(_))) {
                        return Err(error(
                            at,
                            "nothing stands between two key columns",
                            "put a character such as ~ between them",
                        ));
                    }
                    used.push(column);
                    target.push(CodePart::Key(column));
                    at += end + 2;
                }
                '[' if !grouped => {
                    group = Some((at, Vec::new()));
                    at += 1;
                }
                ']' if grouped => {
                    if let Some((start, group)) = group.take() {
                        check_group(&group, start, &parts)?;
                        parts.push(CodePart::Optional(group));
                    }
                    at += 1;
                }
                '[' | ']' | '}' => {
                    let message = format!("`{c}` does not belong here");
                    return Err(error(at, message, "groups are not nested: {a}~{b}[~{c}]"));
                }
                c => {
                    if let Some(CodePart::Text(text)) = target.last_mut() {
                        text.push(c);
                    } else {
                        target.push(CodePart::Text(c.to_string()));
                    }
                    at += c.len_utf8();
                }
            }
        }
        if let Some((start, _)) = group {
            return Err(error(start, "`[` without a closing `]`", "close the group"));
        }
        if let Some((_, missing)) = columns.iter().enumerate().find(|(index, _)| !used.contains(index)) {
            let message = format!("the code leaves out key column `{}`", missing.name);
            return Err(error(0, message, "name every key column, or two records share a code"));
        }
        Ok(parts)
    }
}

/// Why a template is none: see [`CodeRule::template`].
#[derive(Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Byte offset in the template.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

fn error(offset: usize, message: impl Into<String>, help: impl Into<String>) -> TemplateError {
    TemplateError { offset, message: message.into(), help: help.into() }
}

fn check_group(group: &[CodePart], start: usize, before: &[CodePart]) -> Result<(), TemplateError> {
    match group {
        [CodePart::Text(_), CodePart::Key(_)] if !before.is_empty() => Ok(()),
        _ => Err(error(
            start,
            "a group is some text and one key column, after other columns",
            "write it as in {article}~{first}[~{second}]",
        )),
    }
}

/// Whether a key column's text ends in blanks, which are no part of a code.
pub fn is_padded(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim_end().len() < text.len())
}

/// A key column without the blanks it ends in.
pub fn trimmed(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| Value::text(text.trim_end()))
}

/// Whether a group with this value may be left out.
fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Int(0)) => true,
        Some(Value::Text(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

fn plain(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Bool(truth)) => u8::from(*truth).to_string(),
        Some(Value::Decimal(number)) => number.normalize().to_string(),
        // Key columns are text or whole numbers (the map's reader sees to it); nothing is 0.
        _ => "0".to_owned(),
    }
}

/// Whether a template's own text holds a character.
fn reserves(parts: &[CodePart], c: char) -> bool {
    parts.iter().any(|part| match part {
        CodePart::Text(text) => text.contains(c),
        CodePart::Key(_) => false,
        CodePart::Optional(group) => reserves(group, c),
    })
}

fn escape(text: &str, template: &[CodePart], code: &mut String) {
    for c in text.chars() {
        if c == '%' || reserves(template, c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(code, "%{byte:02X}");
            }
        } else {
            code.push(c);
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let hex = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// A column's value of its text: whole numbers only as they are written (no `+`, no leading zero).
/// Only the first column is never blank.
fn typed(text: String, integer: bool, first: bool) -> Option<Value> {
    if integer {
        let number: i64 = text.parse().ok()?;
        return (number.to_string() == text).then_some(Value::Int(number));
    }
    (!first || !text.trim().is_empty()).then(|| Value::text(text))
}

/// The rule of a single key column: the code is that column.
pub(super) fn plain_rule() -> CodeRule {
    CodeRule { own: None, template: vec![CodePart::Key(0)] }
}

#[cfg(test)]
#[path = "code_tests.rs"]
mod tests;
