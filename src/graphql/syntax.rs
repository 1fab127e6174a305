//! Executable documents as a tree of our own: every definition, field and value in the order and
//! spelling of the text, with its place. async-graphql's tree keeps fragments and input objects in
//! maps and numbers as floats; merging, coercion and error places need what it forgets.

mod parser;
mod print;

use std::{collections::HashMap, sync::Arc};

pub use parser::{MAX_NESTING, parse};
pub use print::{Printed, for_second_opinion, print_value};

pub use super::lexer::Pos;
use super::types::TypeRef;

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: Arc<str>,
    /// Where.
    pub pos: Pos,
}

/// A document of operations and fragments.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Operations in order.
    pub operations: Vec<Operation>,
    /// Fragments in order, duplicates included.
    pub fragments: Vec<Fragment>,
    /// Index of the fragment that a name means (the first of its name).
    pub by_name: HashMap<Arc<str>, usize>,
    /// Tokens read.
    pub tokens: usize,
}

impl Document {
    /// The fragment of a name.
    pub fn fragment(&self, name: &str) -> Option<&Fragment> {
        self.by_name.get(name).and_then(|index| self.fragments.get(*index))
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// `query` or the shorthand.
    Query,
    /// `mutation`.
    Mutation,
    /// `subscription`.
    Subscription,
}

impl OperationKind {
    /// The keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What it does.
    pub kind: OperationKind,
    /// Its name.
    pub name: Option<Ident>,
    /// Its variables, in order.
    pub variables: Vec<VariableDef>,
    /// Its directives.
    pub directives: Vec<Directive>,
    /// What it selects.
    pub selection: SelectionSet,
    /// Where it starts.
    pub pos: Pos,
}

/// The definition of a variable.
#[derive(Clone, Debug)]
pub struct VariableDef {
    /// Its name; the place is that of the `$`.
    pub name: Ident,
    /// Its type.
    pub ty: TypeRef,
    /// Where the innermost type name stands.
    pub ty_pos: Pos,
    /// Its default.
    pub default: Option<Value>,
    /// Its directives.
    pub directives: Vec<Directive>,
}

/// A fragment definition.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// Its name.
    pub name: Ident,
    /// Its type condition.
    pub on: Ident,
    /// Its directives.
    pub directives: Vec<Directive>,
    /// What it selects.
    pub selection: SelectionSet,
    /// Where it starts.
    pub pos: Pos,
}

/// A selection set.
#[derive(Clone, Debug, Default)]
pub struct SelectionSet {
    /// Its members in order.
    pub items: Vec<Selection>,
    /// Where it opens.
    pub pos: Pos,
}

/// A member of a selection set.
#[derive(Clone, Debug)]
pub enum Selection {
    /// A field.
    Field(Field),
    /// `...Name`.
    Spread(Spread),
    /// `... on Type { }`.
    Inline(Inline),
}

impl Selection {
    /// Its directives.
    pub fn directives(&self) -> &[Directive] {
        match self {
            Self::Field(field) => &field.directives,
            Self::Spread(spread) => &spread.directives,
            Self::Inline(inline) => &inline.directives,
        }
    }
}

/// A field of a selection.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its alias.
    pub alias: Option<Ident>,
    /// Its name.
    pub name: Ident,
    /// Its arguments as written.
    pub args: Vec<Argument>,
    /// Its directives.
    pub directives: Vec<Directive>,
    /// What it selects; `None` without braces.
    pub selection: Option<SelectionSet>,
    /// Where it starts (the alias, if any).
    pub pos: Pos,
}

impl Field {
    /// The key it has in the answer.
    pub fn response_key(&self) -> &Arc<str> {
        self.alias.as_ref().map_or(&self.name.name, |alias| &alias.name)
    }
}

/// A fragment spread.
#[derive(Clone, Debug)]
pub struct Spread {
    /// The fragment's name.
    pub name: Ident,
    /// Its directives.
    pub directives: Vec<Directive>,
    /// Where it starts.
    pub pos: Pos,
}

/// An inline fragment.
#[derive(Clone, Debug)]
pub struct Inline {
    /// Its type condition.
    pub on: Option<Ident>,
    /// Its directives.
    pub directives: Vec<Directive>,
    /// What it selects.
    pub selection: SelectionSet,
    /// Where it starts.
    pub pos: Pos,
}

/// An argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub value: Value,
}

/// A directive as applied.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Its name, without `@`; the place is that of the `@`.
    pub name: Ident,
    /// Its arguments.
    pub args: Vec<Argument>,
}

impl Directive {
    /// The value of an argument.
    pub fn arg(&self, name: &str) -> Option<&Value> {
        self.args.iter().find(|arg| &*arg.name.name == name).map(|arg| &arg.value)
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub node: ValueNode,
    /// Where.
    pub pos: Pos,
}

/// What a value is. Numbers stay as written, so that no digit is lost.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueNode {
    /// `$name`.
    Variable(Arc<str>),
    /// An integer as written.
    Int(Box<str>),
    /// A float as written.
    Float(Box<str>),
    /// A string.
    Str {
        /// Its value.
        value: Box<str>,
        /// Whether written as a block string.
        block: bool,
    },
    /// A boolean.
    Boolean(bool),
    /// `null`.
    Null,
    /// An enum value.
    Enum(Arc<str>),
    /// A list.
    List(Vec<Value>),
    /// An input object, duplicates included.
    Object(Vec<Argument>),
}

impl PartialEq for Value {
    /// Same value wherever it stands; the order of an object's fields does not matter.
    fn eq(&self, other: &Self) -> bool {
        match (&self.node, &other.node) {
            (ValueNode::Object(a), ValueNode::Object(b)) => {
                let sorted = |fields: &[Argument]| {
                    let mut order: Vec<usize> = (0..fields.len()).collect();
                    order.sort_by(|x, y| fields[*x].name.name.cmp(&fields[*y].name.name));
                    order
                };
                a.len() == b.len() && sorted(a).into_iter().zip(sorted(b)).all(|(x, y)| a[x] == b[y])
            }
            (a, b) => a == b,
        }
    }
}

impl PartialEq for Argument {
    /// Same name and value wherever it stands.
    fn eq(&self, other: &Self) -> bool {
        self.name.name == other.name.name && self.value == other.value
    }
}
