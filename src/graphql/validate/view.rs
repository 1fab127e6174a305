//! Questions that rules ask of the type system, with the introspection fields that no SDL writes.

use std::{collections::HashSet, sync::LazyLock};

use indexmap::IndexMap;

use crate::{
    diagnostics::Place,
    graphql::{
        sdl,
        syntax::OperationKind,
        types::{FieldDef, InputDef, Kind, TypeDef, TypeRef, TypeSystem},
    },
};

/// `__schema`, `__type(name:)` and `__typename`.
static META_FIELDS: LazyLock<[FieldDef; 3]> = LazyLock::new(|| {
    let named = |name: &str| TypeRef::Named(name.into());
    let required = |name: &str| TypeRef::NonNull(Box::new(named(name)));
    let field = |name: &str, ty: TypeRef, args: IndexMap<String, InputDef>| FieldDef {
        name: name.into(),
        description: None,
        args,
        ty,
        deprecated: None,
        applied: Vec::new(),
        place: Place::default(),
    };
    let name = InputDef {
        name: "name".into(),
        description: None,
        ty: required("String"),
        default: None,
        deprecated: None,
        applied: Vec::new(),
        place: Place::default(),
    };
    [
        field("__schema", required("__Schema"), IndexMap::new()),
        field("__type", named("__Type"), IndexMap::from([("name".to_owned(), name)])),
        field("__typename", required("String"), IndexMap::new()),
    ]
});

/// A type system as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The types.
    pub types: &'a TypeSystem,
}

impl<'a> View<'a> {
    /// A type by name, those of introspection included.
    pub fn get(self, name: &str) -> Option<&'a TypeDef> {
        self.types
            .types
            .get(name)
            .or_else(|| name.starts_with("__").then(|| sdl::specified().types.get(name)).flatten())
    }

    /// The root type of an operation.
    pub fn root(self, kind: OperationKind) -> Option<&'a TypeDef> {
        match kind {
            OperationKind::Query => self.get(&self.types.query),
            OperationKind::Mutation => self.types.mutation.as_deref().and_then(|name| self.get(name)),
            OperationKind::Subscription => self.types.subscription.as_deref().and_then(|name| self.get(name)),
        }
    }

    /// A field of a composite type, introspection fields included.
    pub fn field(self, parent: &'a TypeDef, name: &str) -> Option<&'a FieldDef> {
        let [schema, ty, typename] = &*META_FIELDS;
        match name {
            "__schema" if parent.name == self.types.query => return Some(schema),
            "__type" if parent.name == self.types.query => return Some(ty),
            "__typename" if is_composite(parent) => return Some(typename),
            _ => {}
        }
        match &parent.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => fields.get(name),
            _ => None,
        }
    }

    /// The composite type that a reference ends in.
    pub fn composite(self, ty: &TypeRef) -> Option<&'a TypeDef> {
        self.get(ty.name()).filter(|t| is_composite(t))
    }

    /// Whether a name is an input type.
    pub fn is_input(self, name: &str) -> bool {
        self.get(name).is_some_and(is_input)
    }

    /// Whether the object or interface is, or implements, the abstract type.
    pub fn is_sub(self, abstract_type: &str, of: &TypeDef) -> bool {
        match (self.get(abstract_type).map(|t| &t.kind), &of.kind) {
            (Some(Kind::Union { members }), _) => members.contains(&of.name),
            (
                Some(Kind::Interface { .. }),
                Kind::Object { interfaces, .. } | Kind::Interface { interfaces, .. },
            ) => interfaces.iter().any(|name| name == abstract_type),
            _ => false,
        }
    }

    /// Whether a value of `sub` always fits where `ty` is expected.
    pub fn is_subtype(self, sub: &TypeRef, ty: &TypeRef) -> bool {
        match (sub, ty) {
            (TypeRef::NonNull(a), TypeRef::NonNull(b)) | (TypeRef::List(a), TypeRef::List(b)) => {
                self.is_subtype(a, b)
            }
            (TypeRef::NonNull(a), _) => self.is_subtype(a, ty),
            (TypeRef::Named(a), TypeRef::Named(b)) => {
                a == b || self.get(a).is_some_and(|a| self.is_sub(b, a))
            }
            _ => false,
        }
    }

    /// Whether some object can be of both types.
    pub fn overlap(self, a: &TypeDef, b: &TypeDef) -> bool {
        if a.name == b.name {
            return true;
        }
        match (&a.kind, &b.kind) {
            (Kind::Object { .. }, Kind::Object { .. }) => false,
            (Kind::Object { .. }, _) => self.is_sub(&b.name, a),
            (_, Kind::Object { .. }) => self.is_sub(&a.name, b),
            _ => {
                let possible: HashSet<&str> = self.types.possible(&a.name).into_iter().collect();
                self.types.possible(&b.name).into_iter().any(|name| possible.contains(name))
            }
        }
    }
}

/// Objects, interfaces and unions.
pub fn is_composite(ty: &TypeDef) -> bool {
    matches!(ty.kind, Kind::Object { .. } | Kind::Interface { .. } | Kind::Union { .. })
}

/// Scalars and enums.
pub fn is_leaf(ty: &TypeDef) -> bool {
    matches!(ty.kind, Kind::Scalar { .. } | Kind::Enum { .. })
}

/// Scalars, enums and input objects.
pub fn is_input(ty: &TypeDef) -> bool {
    matches!(ty.kind, Kind::Scalar { .. } | Kind::Enum { .. } | Kind::Input { .. })
}
