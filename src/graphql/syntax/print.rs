//! Writing values for messages, and documents for the second opinion of async-graphql.
//!
//! async-graphql's grammar is laxer than the specification in some places (keywords without a word's
//! end, empty variable lists) and stricter in others (`\u{…}`, spaces in list types, a default before
//! a directive). It is therefore never given the client's text but this printing of our own tree, one
//! token a line, so that a line number of its errors leads back to the place in the client's text.

use std::{collections::HashSet, fmt::Write as _, sync::Arc};

use super::{
    Argument, Directive, Document, Field, Operation, Pos, Selection, SelectionSet, Value, ValueNode,
};
use crate::graphql::types::TypeRef;

/// A value in GraphQL spelling.
pub fn print_value(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Value) {
    match &value.node {
        ValueNode::Variable(name) => {
            out.push('$');
            out.push_str(name);
        }
        ValueNode::Int(text) | ValueNode::Float(text) => out.push_str(text),
        ValueNode::Str { value, .. } => out.push_str(&quote(value)),
        ValueNode::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        ValueNode::Null => out.push_str("null"),
        ValueNode::Enum(name) => out.push_str(name),
        ValueNode::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_value(out, item);
            }
            out.push(']');
        }
        ValueNode::Object(fields) => {
            out.push_str("{ ");
            for (i, field) in fields.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                out.push_str(&field.name.name);
                out.push_str(": ");
                write_value(out, &field.value);
            }
            out.push_str(" }");
        }
    }
}

/// A string literal that every GraphQL parser reads the same way.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A document in async-graphql's dialect.
#[derive(Debug)]
pub struct Printed {
    /// The text, one token a line.
    pub text: String,
    /// The place in the client's text of each line, from line 1.
    pub places: Vec<Pos>,
}

impl Printed {
    /// The client's place for a line of the printing.
    pub fn place(&self, line: usize) -> Option<Pos> {
        line.checked_sub(1).and_then(|index| self.places.get(index)).copied()
    }
}

/// Prints a valid document for async-graphql's parser and rules.
///
/// Executable directives other than `@skip` and `@include` are left out, since its dynamic schema
/// cannot define them, and with them the variables that only they use.
pub fn for_second_opinion(document: &Document) -> Printed {
    let mut printer = Printer { out: Printed { text: String::new(), places: Vec::new() } };
    for operation in &document.operations {
        printer.operation(document, operation);
    }
    for fragment in &document.fragments {
        printer.put("fragment", fragment.pos);
        printer.put(&fragment.name.name, fragment.name.pos);
        printer.put("on", fragment.on.pos);
        printer.put(&fragment.on.name, fragment.on.pos);
        printer.directives(&fragment.directives);
        printer.selection_set(&fragment.selection);
    }
    printer.out
}

fn is_standard(directive: &Directive) -> bool {
    matches!(&*directive.name.name, "skip" | "include")
}

struct Printer {
    out: Printed,
}

impl Printer {
    fn put(&mut self, token: &str, pos: Pos) {
        self.out.text.push_str(token);
        self.out.text.push('\n');
        self.out.places.push(pos);
    }

    fn operation(&mut self, document: &Document, operation: &Operation) {
        self.put(operation.kind.keyword(), operation.pos);
        if let Some(name) = &operation.name {
            self.put(&name.name, name.pos);
        }
        let used = used_variables(document, operation);
        let kept: Vec<_> = operation.variables.iter().filter(|v| used.contains(&v.name.name)).collect();
        if !kept.is_empty() {
            self.put("(", operation.pos);
            for variable in kept {
                let pos = variable.name.pos;
                self.put("$", pos);
                self.put(&variable.name.name, pos);
                self.put(":", pos);
                // Its grammar reads a type as one word.
                self.put(&TypeRef::to_string(&variable.ty), variable.ty_pos);
                if let Some(default) = &variable.default {
                    self.put("=", default.pos);
                    self.value(default);
                }
            }
            self.put(")", operation.pos);
        }
        self.directives(&operation.directives);
        self.selection_set(&operation.selection);
    }

    fn directives(&mut self, directives: &[Directive]) {
        for directive in directives.iter().filter(|d| is_standard(d)) {
            self.put("@", directive.name.pos);
            self.put(&directive.name.name, directive.name.pos);
            self.arguments(&directive.args, directive.name.pos);
        }
    }

    fn arguments(&mut self, args: &[Argument], pos: Pos) {
        if args.is_empty() {
            return;
        }
        self.put("(", pos);
        for arg in args {
            self.put(&arg.name.name, arg.name.pos);
            self.put(":", arg.name.pos);
            self.value(&arg.value);
        }
        self.put(")", pos);
    }

    fn value(&mut self, value: &Value) {
        let pos = value.pos;
        match &value.node {
            ValueNode::List(items) => {
                self.put("[", pos);
                for item in items {
                    self.value(item);
                }
                self.put("]", pos);
            }
            ValueNode::Object(fields) => {
                self.put("{", pos);
                for field in fields {
                    self.put(&field.name.name, field.name.pos);
                    self.put(":", field.name.pos);
                    self.value(&field.value);
                }
                self.put("}", pos);
            }
            _ => self.put(&print_value(value), pos),
        }
    }

    fn selection_set(&mut self, set: &SelectionSet) {
        self.put("{", set.pos);
        for item in &set.items {
            match item {
                Selection::Field(field) => self.field(field),
                Selection::Spread(spread) => {
                    self.put("...", spread.pos);
                    self.put(&spread.name.name, spread.name.pos);
                    self.directives(&spread.directives);
                }
                Selection::Inline(inline) => {
                    self.put("...", inline.pos);
                    if let Some(on) = &inline.on {
                        self.put("on", on.pos);
                        self.put(&on.name, on.pos);
                    }
                    self.directives(&inline.directives);
                    self.selection_set(&inline.selection);
                }
            }
        }
        self.put("}", set.pos);
    }

    fn field(&mut self, field: &Field) {
        if let Some(alias) = &field.alias {
            self.put(&alias.name, alias.pos);
            self.put(":", alias.pos);
        }
        self.put(&field.name.name, field.name.pos);
        self.arguments(&field.args, field.name.pos);
        self.directives(&field.directives);
        if let Some(set) = &field.selection {
            self.selection_set(set);
        }
    }
}

/// Variables that an operation uses in what is printed of it, through its fragments.
fn used_variables(document: &Document, operation: &Operation) -> HashSet<Arc<str>> {
    fn directives(list: &[Directive], used: &mut HashSet<Arc<str>>) {
        for directive in list.iter().filter(|d| is_standard(d)) {
            directive.args.iter().for_each(|arg| used_variables_in(&arg.value, used));
        }
    }
    let mut used = HashSet::new();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut open: Vec<&SelectionSet> = vec![&operation.selection];
    directives(&operation.directives, &mut used);
    while let Some(set) = open.pop() {
        for item in &set.items {
            directives(item.directives(), &mut used);
            match item {
                Selection::Field(field) => {
                    field.args.iter().for_each(|arg| used_variables_in(&arg.value, &mut used));
                    open.extend(&field.selection);
                }
                Selection::Inline(inline) => open.push(&inline.selection),
                Selection::Spread(spread) => {
                    if seen.insert(&spread.name.name)
                        && let Some(fragment) = document.fragment(&spread.name.name)
                    {
                        directives(&fragment.directives, &mut used);
                        open.push(&fragment.selection);
                    }
                }
            }
        }
    }
    used
}

fn used_variables_in(item: &Value, used: &mut HashSet<Arc<str>>) {
    match &item.node {
        ValueNode::Variable(name) => {
            used.insert(name.clone());
        }
        ValueNode::List(items) => items.iter().for_each(|item| used_variables_in(item, used)),
        ValueNode::Object(fields) => fields.iter().for_each(|field| used_variables_in(&field.value, used)),
        _ => {}
    }
}
