//! Answers what clients ask of the schema itself (`__schema`, `__type`) straight from the
//! [`TypeSystem`], in the order and spelling of the reference implementation. Holds no answer: the
//! executor walks [`Node`]s as the client selects.

use std::{borrow::Cow, collections::HashSet};

use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{
    sdl::{SPECIFIED_DIRECTIVES, client_view, print_value, specified},
    types::{DirectiveDef, EnumValueDef, FieldDef, InputDef, Kind, TypeDef, TypeRef, TypeSystem},
};

/// The types by which a schema is asked about itself: `__Schema`, `__Type`, `__Field`,
/// `__InputValue`, `__EnumValue`, `__Directive`, `__TypeKind`, `__DirectiveLocation`, with the
/// specified scalars that they use. Field collection and validation work on them as on any type.
pub fn meta_types() -> &'static TypeSystem {
    specified()
}

/// What introspection shows of a type system: what clients see, in the order of listing.
#[derive(Debug)]
pub struct Introspection {
    view: TypeSystem,
    order: Vec<String>,
    directives: Vec<String>,
}

/// A thing that introspection speaks of.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// `__Schema`.
    Schema,
    /// `__Type`: a named type.
    Named(&'a TypeDef),
    /// `__Type`: a list or non-null around another.
    Wrapped(&'a TypeRef),
    /// `__Field`.
    Field(&'a FieldDef),
    /// `__InputValue`: an argument or an input field.
    Input(&'a InputDef),
    /// `__EnumValue`.
    EnumValue(&'a EnumValueDef),
    /// `__Directive`.
    Directive(&'a DirectiveDef),
}

/// The answer of one field.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// null.
    Null,
    /// A boolean.
    Bool(bool),
    /// Text, or the name of an enum value.
    Text(Cow<'a, str>),
    /// Enum values.
    Texts(Vec<&'a str>),
    /// One thing, to be asked on.
    Node(Node<'a>),
    /// Several.
    Nodes(Vec<Node<'a>>),
}

impl<'a> From<Option<&'a str>> for Answer<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, |t| Self::Text(Cow::Borrowed(t)))
    }
}

impl Introspection {
    /// Prepares introspection of a type system.
    pub fn new(types: &TypeSystem) -> Self {
        let mut view = client_view(types);
        let order = order(&view);
        for name in &order {
            if !view.types.contains_key(name)
                && let Some(ty) = specified().types.get(name)
            {
                view.types.insert(name.clone(), ty.clone());
            }
        }
        let own = view.directives.keys().filter(|d| !SPECIFIED_DIRECTIVES.contains(&d.as_str()));
        let directives = own.cloned().chain(SPECIFIED_DIRECTIVES.iter().map(|d| (*d).to_owned())).collect();
        Self { view, order, directives }
    }

    /// The answer of the root field `__schema`.
    pub fn schema(&self) -> Node<'_> {
        Node::Schema
    }

    /// The answer of the root field `__type(name:)`.
    pub fn type_named(&self, name: &str) -> Option<Node<'_>> {
        self.order.iter().any(|n| n == name).then(|| self.view.types.get(name).map(Node::Named)).flatten()
    }

    fn reference<'a>(&'a self, ty: &'a TypeRef) -> Answer<'a> {
        match ty {
            TypeRef::Named(name) => {
                self.view.types.get(name).map_or(Answer::Null, |t| Answer::Node(Node::Named(t)))
            }
            wrapped => Answer::Node(Node::Wrapped(wrapped)),
        }
    }

    fn named<'a>(&'a self, name: Option<&str>) -> Answer<'a> {
        name.and_then(|n| self.view.types.get(n)).map_or(Answer::Null, |t| Answer::Node(Node::Named(t)))
    }
}

/// The order in which the reference implementation lists types: as defined, a specified scalar
/// right behind the first type that reaches it, the types of introspection last.
fn order(view: &TypeSystem) -> Vec<String> {
    fn reach(view: &TypeSystem, name: &str, seen: &mut HashSet<String>, order: &mut Vec<String>) {
        if !seen.insert(name.to_owned()) {
            return;
        }
        order.push(name.to_owned());
        follow(view, name, seen, order);
    }

    fn follow(view: &TypeSystem, name: &str, seen: &mut HashSet<String>, order: &mut Vec<String>) {
        let Some(ty) = view.types.get(name).or_else(|| specified().types.get(name)) else { return };
        match &ty.kind {
            Kind::Union { members } => members.iter().for_each(|m| reach(view, m, seen, order)),
            Kind::Object { interfaces, fields } | Kind::Interface { interfaces, fields } => {
                interfaces.iter().for_each(|i| reach(view, i, seen, order));
                for field in fields.values() {
                    reach(view, field.ty.name(), seen, order);
                    field.args.values().for_each(|a| reach(view, a.ty.name(), seen, order));
                }
            }
            Kind::Input { fields } => fields.values().for_each(|f| reach(view, f.ty.name(), seen, order)),
            Kind::Scalar { .. } | Kind::Enum { .. } => {}
        }
    }

    let defined: Vec<&String> =
        view.types.keys().filter(|name| !super::sdl::SPECIFIED_SCALARS.contains(&name.as_str())).collect();
    let mut seen: HashSet<String> = defined.iter().map(|n| (*n).clone()).collect();
    let mut order = Vec::with_capacity(defined.len() + 16);
    for name in defined {
        order.push(name.clone());
        follow(view, name, &mut seen, &mut order);
    }
    for directive in view.directives.values() {
        directive.args.values().for_each(|a| reach(view, a.ty.name(), &mut seen, &mut order));
    }
    for directive in specified().directives.values() {
        directive.args.values().for_each(|a| reach(view, a.ty.name(), &mut seen, &mut order));
    }
    reach(view, "__Schema", &mut seen, &mut order);
    order
}

impl<'a> Node<'a> {
    /// The name of the introspection type that this is: the answer of `__typename`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Schema => "__Schema",
            Self::Named(_) | Self::Wrapped(_) => "__Type",
            Self::Field(_) => "__Field",
            Self::Input(_) => "__InputValue",
            Self::EnumValue(_) => "__EnumValue",
            Self::Directive(_) => "__Directive",
        }
    }

    /// The answer of one field. `args` gives the field's coerced arguments; an unknown field (which
    /// validation never lets through) is null.
    pub fn field(
        &self,
        ctx: &'a Introspection,
        name: &str,
        args: &dyn Fn(&str) -> Option<ConstValue>,
    ) -> Answer<'a> {
        let all = || matches!(args("includeDeprecated"), Some(ConstValue::Boolean(true)));
        match self {
            Self::Schema => schema(ctx, name),
            Self::Named(ty) => named(ctx, ty, name, &all),
            Self::Wrapped(ty) => match (name, ty) {
                ("kind", TypeRef::List(_)) => Answer::Text("LIST".into()),
                ("kind", _) => Answer::Text("NON_NULL".into()),
                ("ofType", TypeRef::List(inner) | TypeRef::NonNull(inner)) => ctx.reference(inner),
                _ => Answer::Null,
            },
            Self::Field(field) => match name {
                "name" => Answer::Text(field.name.as_str().into()),
                "description" => field.description.as_deref().into(),
                "args" => inputs(&field.args, all()),
                "type" => ctx.reference(&field.ty),
                "isDeprecated" => Answer::Bool(field.deprecated.is_some()),
                "deprecationReason" => field.deprecated.as_deref().into(),
                _ => Answer::Null,
            },
            Self::Input(input) => match name {
                "name" => Answer::Text(input.name.as_str().into()),
                "description" => input.description.as_deref().into(),
                "type" => ctx.reference(&input.ty),
                "defaultValue" => input.default.as_ref().map_or(Answer::Null, |default| {
                    Answer::Text(print_value(&ctx.view, &input.ty, default).into())
                }),
                "isDeprecated" => Answer::Bool(input.deprecated.is_some()),
                "deprecationReason" => input.deprecated.as_deref().into(),
                _ => Answer::Null,
            },
            Self::EnumValue(value) => match name {
                "name" => Answer::Text(value.name.as_str().into()),
                "description" => value.description.as_deref().into(),
                "isDeprecated" => Answer::Bool(value.deprecated.is_some()),
                "deprecationReason" => value.deprecated.as_deref().into(),
                _ => Answer::Null,
            },
            Self::Directive(directive) => match name {
                "name" => Answer::Text(directive.name.as_str().into()),
                "description" => directive.description.as_deref().into(),
                "isRepeatable" => Answer::Bool(directive.repeatable),
                "locations" => Answer::Texts(directive.locations.iter().map(String::as_str).collect()),
                "args" => inputs(&directive.args, all()),
                "isDeprecated" => Answer::Bool(false),
                _ => Answer::Null,
            },
        }
    }
}

fn schema<'a>(ctx: &'a Introspection, name: &str) -> Answer<'a> {
    match name {
        "types" => {
            Answer::Nodes(ctx.order.iter().filter_map(|n| ctx.view.types.get(n)).map(Node::Named).collect())
        }
        "queryType" => ctx.named(Some(&ctx.view.query)),
        "mutationType" => ctx.named(ctx.view.mutation.as_deref()),
        "subscriptionType" => ctx.named(ctx.view.subscription.as_deref()),
        "directives" => Answer::Nodes(
            ctx.directives.iter().filter_map(|n| ctx.view.directives.get(n)).map(Node::Directive).collect(),
        ),
        _ => Answer::Null,
    }
}

fn named<'a>(ctx: &'a Introspection, ty: &'a TypeDef, name: &str, all: &dyn Fn() -> bool) -> Answer<'a> {
    match (name, &ty.kind) {
        ("kind", kind) => Answer::Text(
            match kind {
                Kind::Scalar { .. } => "SCALAR",
                Kind::Object { .. } => "OBJECT",
                Kind::Interface { .. } => "INTERFACE",
                Kind::Union { .. } => "UNION",
                Kind::Enum { .. } => "ENUM",
                Kind::Input { .. } => "INPUT_OBJECT",
            }
            .into(),
        ),
        ("name", _) => Answer::Text(ty.name.as_str().into()),
        ("description", _) => ty.description.as_deref().into(),
        ("specifiedByURL", Kind::Scalar { specified_by }) => specified_by.as_deref().into(),
        ("fields", Kind::Object { fields, .. } | Kind::Interface { fields, .. }) => {
            let all = all();
            let shown = fields.values().filter(|f| all || f.deprecated.is_none());
            Answer::Nodes(shown.map(Node::Field).collect())
        }
        ("interfaces", Kind::Object { interfaces, .. } | Kind::Interface { interfaces, .. }) => {
            Answer::Nodes(interfaces.iter().filter_map(|i| ctx.view.types.get(i)).map(Node::Named).collect())
        }
        ("possibleTypes", Kind::Interface { .. } | Kind::Union { .. }) => {
            let possible = ctx.view.possible(&ty.name);
            Answer::Nodes(
                possible.into_iter().filter_map(|n| ctx.view.types.get(n)).map(Node::Named).collect(),
            )
        }
        ("enumValues", Kind::Enum { values }) => {
            let all = all();
            let shown = values.values().filter(|v| all || v.deprecated.is_none());
            Answer::Nodes(shown.map(Node::EnumValue).collect())
        }
        ("inputFields", Kind::Input { fields }) => inputs(fields, all()),
        ("isOneOf", Kind::Input { .. }) => Answer::Bool(ty.applied.iter().any(|a| a.name == "oneOf")),
        _ => Answer::Null,
    }
}

fn inputs(inputs: &IndexMap<String, InputDef>, all: bool) -> Answer<'_> {
    let shown = inputs.values().filter(|i| all || i.deprecated.is_none());
    Answer::Nodes(shown.map(Node::Input).collect())
}
