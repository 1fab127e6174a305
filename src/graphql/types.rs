//! The type system as plain data: the single truth made of `schema/*.graphql` and the shop's own
//! extensions. The async-graphql schema, introspection, validation additions, the federation model
//! and the published SDL all come from it.

use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use crate::diagnostics::Place;

/// All types and directives. Specified scalars (`Int`, `Float`, `String`, `Boolean`, `ID`) and
/// specified directives (`skip`, `include`, `deprecated`, `specifiedBy`) are included.
#[derive(Clone, Debug, Default)]
pub struct TypeSystem {
    /// Types by name, in order of definition.
    pub types: IndexMap<String, TypeDef>,
    /// Directive definitions by name.
    pub directives: IndexMap<String, DirectiveDef>,
    /// The query root's name.
    pub query: String,
    /// The mutation root's name, if any.
    pub mutation: Option<String>,
    /// The subscription root's name, if any.
    pub subscription: Option<String>,
}

/// A type.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Directives applied to it (including those of extensions), in order.
    pub applied: Vec<Applied>,
    /// Where it was defined.
    pub place: Place,
}

/// What a type is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A scalar.
    Scalar {
        /// `@specifiedBy(url:)`.
        specified_by: Option<String>,
    },
    /// An object.
    Object {
        /// Interfaces it implements.
        interfaces: Vec<String>,
        /// Its fields.
        fields: IndexMap<String, FieldDef>,
    },
    /// An interface.
    Interface {
        /// Interfaces it implements.
        interfaces: Vec<String>,
        /// Its fields.
        fields: IndexMap<String, FieldDef>,
    },
    /// A union.
    Union {
        /// Its members.
        members: Vec<String>,
    },
    /// An enum.
    Enum {
        /// Its values.
        values: IndexMap<String, EnumValueDef>,
    },
    /// An input object.
    Input {
        /// Its fields.
        fields: IndexMap<String, InputDef>,
    },
}

/// A field of an object or interface.
#[derive(Clone, Debug)]
pub struct FieldDef {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its arguments.
    pub args: IndexMap<String, InputDef>,
    /// Its type.
    pub ty: TypeRef,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// Directives applied to it.
    pub applied: Vec<Applied>,
    /// Where it was defined.
    pub place: Place,
}

/// An argument or an input field.
#[derive(Clone, Debug)]
pub struct InputDef {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its type.
    pub ty: TypeRef,
    /// Its default, checked against the type.
    pub default: Option<ConstValue>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// Directives applied to it.
    pub applied: Vec<Applied>,
    /// Where it was defined.
    pub place: Place,
}

/// A value of an enum.
#[derive(Clone, Debug)]
pub struct EnumValueDef {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The reason of `@deprecated`.
    pub deprecated: Option<String>,
    /// Directives applied to it (`@value(raw:)`).
    pub applied: Vec<Applied>,
}

/// A directive applied in the SDL.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The directive's name.
    pub name: String,
    /// Its arguments.
    pub args: IndexMap<String, ConstValue>,
    /// Where.
    pub place: Place,
}

/// A directive definition.
#[derive(Clone, Debug)]
pub struct DirectiveDef {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its arguments.
    pub args: IndexMap<String, InputDef>,
    /// Whether it may be applied several times at one place.
    pub repeatable: bool,
    /// Where it may stand, in SDL spelling (`FIELD`, `OBJECT`…).
    pub locations: Vec<String>,
}

/// A reference to a type with its wrappers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// A named type, nullable.
    Named(String),
    /// A list, nullable.
    List(Box<TypeRef>),
    /// Non-null.
    NonNull(Box<TypeRef>),
}

impl TypeRef {
    /// The name inside all wrappers.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }

    /// Whether the outermost wrapper is non-null.
    pub fn is_non_null(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }

    /// The type without its outermost non-null wrapper.
    pub fn nullable(&self) -> &Self {
        match self {
            Self::NonNull(inner) => inner,
            other => other,
        }
    }
}

impl std::fmt::Display for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

impl TypeSystem {
    /// The fields of an object or interface.
    pub fn fields(&self, ty: &str) -> Option<&IndexMap<String, FieldDef>> {
        match &self.types.get(ty)?.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => Some(fields),
            _ => None,
        }
    }

    /// The concrete object types behind a type: itself, an interface's implementors, a union's
    /// members, in schema order.
    pub fn possible(&self, ty: &str) -> Vec<&str> {
        match self.types.get(ty).map(|t| &t.kind) {
            Some(Kind::Object { .. }) => self.types.get_key_value(ty).map(|(k, _)| k.as_str()).into_iter().collect(),
            Some(Kind::Interface { .. }) => self
                .types
                .values()
                .filter(|t| matches!(&t.kind, Kind::Object { interfaces, .. } if interfaces.iter().any(|i| i == ty)))
                .map(|t| t.name.as_str())
                .collect(),
            Some(Kind::Union { members }) => members.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}
