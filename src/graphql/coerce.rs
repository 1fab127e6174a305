//! Input coercion: variables from JSON once per request, arguments from literals and variables once
//! per field. Defaults fill in what was left out, at every depth; an absent value stays different from
//! null. Verdicts and messages are graphql-js 16's.

pub mod scalars;

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use async_graphql_value::{ConstValue, Name, indexmap::IndexMap as ObjectMap};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{
    error::{Code, GraphqlError},
    syntax::{Argument, Pos, Value, ValueNode, VariableDef, print_value},
    types::{InputDef, Kind, TypeRef, TypeSystem},
    validate::View,
};

/// At most this many errors are collected over a request's variables.
const MAX_ERRORS: usize = 50;

/// Coerced variable values. What was neither given nor has a default is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables(HashMap<Arc<str>, ConstValue>);

impl Variables {
    /// A variable's value; `None` when absent, `Some(Null)` when null.
    pub fn get(&self, name: &str) -> Option<&ConstValue> {
        self.0.get(name)
    }

    /// Sets a value (tests, and callers that make variables themselves).
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: ConstValue) {
        self.0.insert(name.into(), value);
    }
}

/// Coerced arguments of one field or directive, in the order of their definitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args(Vec<(Arc<str>, ConstValue)>);

impl Args {
    /// An argument; `None` when absent, `Some(Null)` when null.
    pub fn get(&self, name: &str) -> Option<&ConstValue> {
        self.0.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ConstValue)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

/// Coerces a request's variables by their definitions. Values for unknown names are ignored. Errors do not repeat the
/// values of variables that hold `secrets`.
///
/// # Errors
/// `BAD_VARIABLE`, all faults at once, each at its variable's definition.
pub fn variables(
    types: &TypeSystem,
    definitions: &[VariableDef],
    given: &Map<String, Json>,
    secrets: &HashSet<Arc<str>>,
) -> Result<Variables, Vec<GraphqlError>> {
    let mut out = Variables::default();
    let mut faults = Faults(Vec::new());
    for definition in definitions {
        let name = &definition.name.name;
        let pos = definition.name.pos;
        match given.get(&**name) {
            None => {
                if let Some(default) = &definition.default {
                    if let Some(value) = literal(types, default, &definition.ty, &Variables::default()) {
                        out.0.insert(name.clone(), value);
                    }
                } else if definition.ty.is_non_null() {
                    faults.add(
                        pos,
                        name,
                        format!(
                            "Variable \"${name}\" of required type \"{}\" was not provided.",
                            definition.ty
                        ),
                    );
                }
            }
            Some(Json::Null) if definition.ty.is_non_null() => faults.add(
                pos,
                name,
                format!("Variable \"${name}\" of non-null type \"{}\" must not be null.", definition.ty),
            ),
            Some(value) => {
                let mut path = String::new();
                let secret = secrets.contains(name);
                let mut walk = Walk { types, name, pos, secret, faults: &mut faults };
                if let Some(value) = walk.input(value, &definition.ty, &mut path) {
                    out.0.insert(name.clone(), value);
                }
            }
        }
    }
    if faults.0.is_empty() { Ok(out) } else { Err(faults.0) }
}

struct Faults(Vec<GraphqlError>);

impl Faults {
    fn add(&mut self, pos: Pos, variable: &str, message: String) {
        match self.0.len() {
            n if n < MAX_ERRORS => self.0.push(
                GraphqlError::new(Code::BadVariable, message)
                    .at(pos.line as usize, pos.column as usize)
                    .with("variable", variable),
            ),
            MAX_ERRORS => self.0.push(GraphqlError::new(
                Code::BadVariable,
                "Too many errors processing variables, error limit reached. Execution aborted.",
            )),
            _ => {}
        }
    }
}

struct Walk<'a> {
    types: &'a TypeSystem,
    name: &'a str,
    pos: Pos,
    /// It holds a secret: no value is repeated.
    secret: bool,
    faults: &'a mut Faults,
}

impl Walk<'_> {
    fn fault(&mut self, value: &Json, path: &str, message: &str) {
        let name = self.name;
        let at = if path.is_empty() { String::new() } else { format!(" at \"{name}{path}\"") };
        if self.secret {
            let message = format!("Variable \"${name}\" got an invalid value{at}; {message}");
            self.faults.add(self.pos, name, message);
            return;
        }
        let mut shown = value.to_string();
        if shown.chars().count() > 200 {
            shown = shown.chars().take(200).chain(['…']).collect();
        }
        self.faults.add(
            self.pos,
            name,
            format!("Variable \"${name}\" got invalid value {shown}{at}; {message}"),
        );
    }

    /// The value of a JSON input, `None` when a fault was reported.
    fn input(&mut self, value: &Json, ty: &TypeRef, path: &mut String) -> Option<ConstValue> {
        match ty {
            TypeRef::NonNull(inner) => {
                if value.is_null() {
                    self.fault(value, path, &format!("Expected non-nullable type \"{ty}\" not to be null."));
                    return None;
                }
                self.input(value, inner, path)
            }
            _ if value.is_null() => Some(ConstValue::Null),
            TypeRef::List(item) => match value {
                Json::Array(values) => {
                    let mut out = Vec::with_capacity(values.len());
                    let mut sound = true;
                    for (index, value) in values.iter().enumerate() {
                        let length = path.len();
                        let _ = write!(path, "[{index}]");
                        match self.input(value, item, path) {
                            Some(value) => out.push(value),
                            None => sound = false,
                        }
                        path.truncate(length);
                    }
                    sound.then_some(ConstValue::List(out))
                }
                single => self.input(single, item, path).map(|value| ConstValue::List(vec![value])),
            },
            TypeRef::Named(name) => self.named(value, name, path),
        }
    }

    /// A fault whose message repeats the value.
    fn telling_fault(&mut self, value: &Json, ty: &str, path: &str, message: &str) {
        if self.secret {
            self.fault(value, path, &format!("Expected a value of type \"{ty}\"."));
        } else {
            self.fault(value, path, message);
        }
    }

    fn named(&mut self, value: &Json, name: &str, path: &mut String) -> Option<ConstValue> {
        let types = self.types;
        match kind(types, name) {
            Some(Kind::Input { fields }) => self.object(value, name, fields, path),
            Some(Kind::Enum { values }) => match value {
                Json::String(text) if values.contains_key(text) => Some(ConstValue::Enum(Name::new(text))),
                Json::String(text) => {
                    let message = format!("Value \"{text}\" does not exist in \"{name}\" enum.");
                    self.telling_fault(value, name, path, &message);
                    None
                }
                _ => {
                    let message = format!("Enum \"{name}\" cannot represent non-string value: {value}.");
                    self.telling_fault(value, name, path, &message);
                    None
                }
            },
            _ => match scalars::input(name, value) {
                Ok(value) => Some(value),
                Err(message) => {
                    self.telling_fault(value, name, path, &message);
                    None
                }
            },
        }
    }

    fn object(
        &mut self,
        value: &Json,
        name: &str,
        fields: &IndexMap<String, InputDef>,
        path: &mut String,
    ) -> Option<ConstValue> {
        let Json::Object(given) = value else {
            self.fault(value, path, &format!("Expected type \"{name}\" to be an object."));
            return None;
        };
        let mut out = ObjectMap::new();
        let mut sound = true;
        for (key, field) in fields {
            match given.get(key) {
                None => {
                    if let Some(default) = &field.default {
                        out.insert(Name::new(key), complete_default(self.types, default, &field.ty));
                    } else if field.ty.is_non_null() {
                        let message =
                            format!("Field \"{key}\" of required type \"{}\" was not provided.", field.ty);
                        self.fault(value, path, &message);
                        sound = false;
                    }
                }
                Some(inner) => {
                    let length = path.len();
                    path.push('.');
                    path.push_str(key);
                    match self.input(inner, &field.ty, path) {
                        Some(inner) => {
                            out.insert(Name::new(key), inner);
                        }
                        None => sound = false,
                    }
                    path.truncate(length);
                }
            }
        }
        for key in given.keys().filter(|key| !fields.contains_key(*key)) {
            self.fault(value, path, &format!("Field \"{key}\" is not defined by type \"{name}\"."));
            sound = false;
        }
        sound.then_some(ConstValue::Object(out))
    }
}

/// Coerces the arguments of a field (or directive) at execution.
///
/// # Errors
/// A field error at `pos` or at the argument's value: a required argument whose variable is absent, or
/// null where null is not allowed.
pub fn arguments(
    types: &TypeSystem,
    definitions: &IndexMap<String, InputDef>,
    given: &[Argument],
    variables: &Variables,
    pos: Pos,
) -> Result<Args, GraphqlError> {
    let mut out = Vec::with_capacity(definitions.len());
    let fail = |pos: Pos, message: String| {
        Err(GraphqlError::new(Code::BadArgument, message).at(pos.line as usize, pos.column as usize))
    };
    for (name, definition) in definitions {
        let argument = given.iter().find(|arg| *arg.name.name == **name);
        let key: Arc<str> = argument.map_or_else(|| name.as_str().into(), |arg| arg.name.name.clone());
        let missing = match argument.map(|arg| &arg.value) {
            None => Some((pos, "was not provided.".to_owned())),
            Some(Value { node: ValueNode::Variable(variable), pos }) if variables.get(variable).is_none() => {
                Some((
                    *pos,
                    format!(
                        "was provided the variable \"${variable}\" which was not provided a runtime value."
                    ),
                ))
            }
            Some(_) => None,
        };
        if let Some((pos, why)) = missing {
            if let Some(default) = &definition.default {
                out.push((key, complete_default(types, default, &definition.ty)));
            } else if definition.ty.is_non_null() {
                return fail(
                    pos,
                    format!("Argument \"{name}\" of required type \"{}\" {why}", definition.ty),
                );
            }
            continue;
        }
        let Some(Argument { value, .. }) = argument else { continue };
        let null = match &value.node {
            ValueNode::Null => true,
            ValueNode::Variable(variable) => matches!(variables.get(variable), Some(ConstValue::Null)),
            _ => false,
        };
        if null && definition.ty.is_non_null() {
            return fail(
                value.pos,
                format!("Argument \"{name}\" of non-null type \"{}\" must not be null.", definition.ty),
            );
        }
        match literal(types, value, &definition.ty, variables) {
            Some(value) => out.push((key, value)),
            None => {
                return fail(
                    value.pos,
                    format!("Argument \"{name}\" has invalid value {}.", print_value(value)),
                );
            }
        }
    }
    Ok(Args(out))
}

/// The value of a literal of a type, with variables; `None` when it does not fit (graphql-js's
/// `valueFromAST`).
pub fn literal(types: &TypeSystem, value: &Value, ty: &TypeRef, variables: &Variables) -> Option<ConstValue> {
    if let ValueNode::Variable(name) = &value.node {
        let found = variables.get(name)?;
        return (!(ty.is_non_null() && matches!(found, ConstValue::Null))).then(|| found.clone());
    }
    let is_null = matches!(value.node, ValueNode::Null);
    match ty {
        TypeRef::NonNull(inner) => {
            if is_null {
                None
            } else {
                literal(types, value, inner, variables)
            }
        }
        _ if is_null => Some(ConstValue::Null),
        TypeRef::List(item) => match &value.node {
            ValueNode::List(items) => items
                .iter()
                .map(|inner| {
                    if is_missing(inner, variables) {
                        (!item.is_non_null()).then_some(ConstValue::Null)
                    } else {
                        literal(types, inner, item, variables)
                    }
                })
                .collect::<Option<Vec<_>>>()
                .map(ConstValue::List),
            _ => literal(types, value, item, variables).map(|value| ConstValue::List(vec![value])),
        },
        TypeRef::Named(name) => match kind(types, name) {
            Some(Kind::Input { fields }) => {
                let ValueNode::Object(given) = &value.node else { return None };
                let mut out = ObjectMap::new();
                for (key, field) in fields {
                    match given.iter().find(|f| *f.name.name == **key).map(|f| &f.value) {
                        Some(inner) if !is_missing(inner, variables) => {
                            out.insert(Name::new(key), literal(types, inner, &field.ty, variables)?);
                        }
                        _ => {
                            if let Some(default) = &field.default {
                                out.insert(Name::new(key), complete_default(types, default, &field.ty));
                            } else if field.ty.is_non_null() {
                                return None;
                            }
                        }
                    }
                }
                Some(ConstValue::Object(out))
            }
            Some(Kind::Enum { values }) => match &value.node {
                ValueNode::Enum(found) if values.contains_key(&**found) => {
                    Some(ConstValue::Enum(Name::new(found)))
                }
                _ => None,
            },
            _ => scalars::literal(name, value, &|variable| variables.get(variable).cloned()).ok(),
        },
    }
}

fn is_missing(value: &Value, variables: &Variables) -> bool {
    matches!(&value.node, ValueNode::Variable(name) if variables.get(name).is_none())
}

/// A default of the schema as a coerced value: single values become lists where the type says so,
/// and the defaults of nested input fields are filled in.
pub fn complete_default(types: &TypeSystem, value: &ConstValue, ty: &TypeRef) -> ConstValue {
    match (ty, value) {
        (_, ConstValue::Null) => ConstValue::Null,
        (TypeRef::NonNull(inner), _) => complete_default(types, value, inner),
        (TypeRef::List(item), ConstValue::List(values)) => {
            ConstValue::List(values.iter().map(|value| complete_default(types, value, item)).collect())
        }
        (TypeRef::List(item), _) => ConstValue::List(vec![complete_default(types, value, item)]),
        (TypeRef::Named(name), ConstValue::Object(given)) => match kind(types, name) {
            Some(Kind::Input { fields }) => {
                let mut out = ObjectMap::new();
                for (key, field) in fields {
                    let value = given.get(key.as_str()).or(field.default.as_ref());
                    if let Some(value) = value {
                        out.insert(Name::new(key), complete_default(types, value, &field.ty));
                    }
                }
                ConstValue::Object(out)
            }
            _ => value.clone(),
        },
        (TypeRef::Named(name), ConstValue::Number(number)) if matches!(name.as_str(), "ID" | "Decimal") => {
            ConstValue::String(number.to_string())
        }
        _ => value.clone(),
    }
}

/// What a type is, those of introspection included.
fn kind<'a>(types: &'a TypeSystem, name: &str) -> Option<&'a Kind> {
    View { types }.get(name).map(|ty| &ty.kind)
}
