//! The type system as an async-graphql dynamic schema, for parsing and validating documents only:
//! its resolvers never run. `@inContext` is unknown to the library (it has no directive
//! definitions) and has to be stripped from a document before validation.

use async_graphql::{
    Value,
    dynamic::{
        Enum, EnumItem, Field, FieldFuture, InputObject, InputValue, Interface, InterfaceField, Object,
        Scalar, Schema, SchemaBuilder, Subscription, SubscriptionField, SubscriptionFieldFuture,
        TypeRef as Ref, Union,
    },
};

use super::{
    introspect::meta_types,
    sdl::{SPECIFIED_SCALARS, client_view, scalar_accepts},
    types::{FieldDef, InputDef, Kind, TypeDef, TypeRef, TypeSystem},
};

/// Builds the schema. The types of introspection are registered as we know them, so that what
/// [`super::introspect`] answers is what validation lets through. The error is the library's.
pub fn build(types: &TypeSystem) -> Result<Schema, String> {
    let view = client_view(types);
    let mut builder = Schema::build(&view.query, view.mutation.as_deref(), view.subscription.as_deref())
        // Our own depth limit is checked before and named in its error; introspection, which is
        // exempt from it, needs room here.
        .limit_recursive_depth(64)
        .disable_suggestions();
    let meta = meta_types().types.values().filter(|t| t.name.starts_with("__"));
    for ty in view.types.values().chain(meta) {
        if !SPECIFIED_SCALARS.contains(&ty.name.as_str()) {
            builder = register(builder, ty, &view);
        }
    }
    builder.finish().map_err(|e| e.to_string())
}

fn register(builder: SchemaBuilder, ty: &TypeDef, view: &TypeSystem) -> SchemaBuilder {
    match &ty.kind {
        Kind::Scalar { .. } => {
            let name = ty.name.clone();
            builder
                .register(Scalar::new(&ty.name).validator(move |value: &Value| scalar_accepts(&name, value)))
        }
        Kind::Object { fields, .. } if view.subscription.as_ref() == Some(&ty.name) => {
            let mut subscription = Subscription::new(&ty.name);
            for field in fields.values() {
                subscription = subscription.field(subscription_field(field));
            }
            builder.register(subscription)
        }
        Kind::Object { interfaces, fields } => {
            let mut object = Object::new(&ty.name);
            for interface in interfaces {
                object = object.implement(interface);
            }
            for field in fields.values() {
                object = object.field(object_field(field));
            }
            builder.register(object)
        }
        Kind::Interface { interfaces, fields } => {
            let mut interface = Interface::new(&ty.name);
            for wider in interfaces {
                interface = interface.implement(wider);
            }
            for field in fields.values() {
                let mut made = InterfaceField::new(&field.name, reference(&field.ty));
                for arg in field.args.values() {
                    made = made.argument(input(arg));
                }
                interface = interface.field(made);
            }
            builder.register(interface)
        }
        Kind::Union { members } => builder.register(
            members.iter().fold(Union::new(&ty.name), async_graphql::dynamic::Union::possible_type),
        ),
        Kind::Enum { values } => {
            builder.register(values.keys().fold(Enum::new(&ty.name), |e, v| e.item(EnumItem::new(v))))
        }
        Kind::Input { fields } => {
            let mut object = InputObject::new(&ty.name);
            for field in fields.values() {
                object = object.field(input(field));
            }
            if ty.applied.iter().any(|a| a.name == "oneOf") {
                object = object.oneof();
            }
            builder.register(object)
        }
    }
}

fn object_field(field: &FieldDef) -> Field {
    let made = Field::new(&field.name, reference(&field.ty), |_| FieldFuture::Value(None));
    field.args.values().fold(made, |f, arg| f.argument(input(arg)))
}

fn subscription_field(field: &FieldDef) -> SubscriptionField {
    let made = SubscriptionField::new(&field.name, reference(&field.ty), |_| {
        SubscriptionFieldFuture::new(async { Ok(futures::stream::empty::<async_graphql::Result<Value>>()) })
    });
    field.args.values().fold(made, |f, arg| f.argument(input(arg)))
}

fn input(def: &InputDef) -> InputValue {
    let made = InputValue::new(&def.name, reference(&def.ty));
    match &def.default {
        Some(default) => made.default_value(default.clone()),
        None => made,
    }
}

fn reference(ty: &TypeRef) -> Ref {
    match ty {
        TypeRef::Named(name) => Ref::Named(name.clone().into()),
        TypeRef::List(item) => Ref::List(Box::new(reference(item))),
        TypeRef::NonNull(inner) => Ref::NonNull(Box::new(reference(inner))),
    }
}
