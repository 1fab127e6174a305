//! Declared defaults: constants of the right type, or another field's value, without a cycle.

use async_graphql_value::ConstValue;
use chrono::{DateTime, NaiveDate, Utc};

use super::{Declare, fields::find, rules::text};
use crate::{
    federation::model::{Default_, Entity, Field, FieldId},
    graphql::types::{FieldDef, Kind, TypeDef},
    value::{Type, Value},
};

impl Declare<'_, '_> {
    /// Reads `@default` of an entity's fields.
    pub(super) fn declared_defaults(&mut self, ty: &TypeDef, entity: &mut Entity) {
        let Some(fields) = self.types.fields(&ty.name) else { return };
        for field in fields.values() {
            let Some(applied) = find(field, "default") else { continue };
            let path = format!("{}.{}", ty.name, field.name);
            if self.diags.told(&applied.place) {
                continue;
            }
            let Some((id, _, own)) = entity.fields.get_full(&field.name) else {
                if find(field, "items").is_some() || find(field, "cells").is_some() {
                    self.diags.error(
                        "BAD_DEFAULT",
                        applied.place.clone(),
                        format!("`{path}` is not a plain value and cannot have a default"),
                        "remove `@default`",
                    );
                }
                continue;
            };
            let made = match (applied.args.get("value"), text(applied.args.get("field"))) {
                (Some(value), None) => self.constant(own, field, value).map(Default_::Value),
                (None, Some(other)) => match entity.fields.get_full(other) {
                    Some((other_id, _, _)) if other_id == id => Err("it is its own default".to_owned()),
                    Some((other_id, _, o)) if o.ty == own.ty && o.enumeration == own.enumeration => {
                        Ok(Default_::Field(other_id))
                    }
                    Some(_) => Err(format!("`{}.{other}` is of another type", ty.name)),
                    None if self.may_exist(ty, other) => continue,
                    None => Err(format!("`{}` has no merged field `{other}`", ty.name)),
                },
                _ => Err("exactly one of `value` and `field` is wanted".to_owned()),
            };
            match made {
                Ok(default) => {
                    if let Some((_, own)) = entity.fields.get_index_mut(id) {
                        own.default = Some(default);
                    }
                }
                Err(reason) => self.diags.error(
                    "BAD_DEFAULT",
                    applied.place.clone(),
                    format!("the default of `{path}` does not fit: {reason}"),
                    format!("give a constant of `{}`, or a field of the same type", field.ty),
                ),
            }
        }
        self.cycles(ty, entity);
    }

    fn constant(&self, own: &Field, field: &FieldDef, value: &ConstValue) -> Result<Value, String> {
        if let Some(Kind::Enum { values }) = self.types.types.get(field.ty.name()).map(|t| &t.kind) {
            let one = |value: &ConstValue| match value {
                ConstValue::Enum(name) if values.contains_key(name.as_str()) => {
                    Ok(Value::text(name.as_str()))
                }
                other => Err(format!("{other} is not a value of `{}`", field.ty.name())),
            };
            return match (&own.ty, value) {
                (Type::List(_), ConstValue::List(items)) => {
                    items.iter().map(one).collect::<Result<Box<[Value]>, _>>().map(Value::List)
                }
                (Type::List(_), other) => Err(format!("{other} is not a list of `{}`", field.ty.name())),
                _ => one(value),
            };
        }
        value_of(&own.ty, value).ok_or_else(|| format!("{value} is not of type `{}`", field.ty.nullable()))
    }

    fn cycles(&mut self, ty: &TypeDef, entity: &Entity) {
        for start in 0..entity.fields.len() {
            let mut way: Vec<FieldId> = vec![start];
            let mut at = next(entity, start);
            while let Some(id) = at {
                if id == start {
                    let names: Vec<&str> = way
                        .iter()
                        .filter_map(|i| entity.fields.get_index(*i))
                        .map(|(n, _)| n.as_str())
                        .collect();
                    // One finding a cycle: told at its first field.
                    if way.iter().all(|i| *i >= start)
                        && let Some((name, field)) = entity.fields.get_index(start)
                    {
                        self.diags.error(
                            "CYCLIC_DEFAULT",
                            field.place.clone(),
                            format!("the defaults of `{}` go round: {} → {name}", ty.name, names.join(" → ")),
                            "give one of them a constant",
                        );
                    }
                    break;
                }
                if way.contains(&id) {
                    break;
                }
                way.push(id);
                at = next(entity, id);
            }
        }
    }
}

fn next(entity: &Entity, id: FieldId) -> Option<FieldId> {
    match entity.fields.get_index(id)?.1.default {
        Some(Default_::Field(next)) => Some(next),
        _ => None,
    }
}

/// Whether a field has a value in every record: it is the key, or its default is total.
pub(super) fn is_total(entity: &Entity, field: &Field, key: Option<&str>, steps: usize) -> bool {
    if Some(field.name.as_str()) == key {
        return true;
    }
    match &field.default {
        Some(Default_::Value(value)) => !value.is_null(),
        Some(Default_::Field(other)) if steps < entity.fields.len() => {
            entity.fields.get_index(*other).is_some_and(|(_, f)| is_total(entity, f, key, steps + 1))
        }
        // It goes round: that has been reported.
        Some(Default_::Field(_)) => true,
        None => false,
    }
}

fn value_of(ty: &Type, value: &ConstValue) -> Option<Value> {
    match (ty, value) {
        (Type::Text | Type::Html, ConstValue::String(text)) => Some(Value::text(text.as_str())),
        (Type::Int, ConstValue::Number(n)) => {
            n.as_i64().filter(|n| i32::try_from(*n).is_ok()).map(Value::Int)
        }
        (Type::Decimal, ConstValue::Number(n)) => n.to_string().parse().ok().map(Value::Decimal),
        (Type::Decimal, ConstValue::String(text)) => text.parse().ok().map(Value::Decimal),
        (Type::Boolean, ConstValue::Boolean(b)) => Some(Value::Bool(*b)),
        (Type::Date, ConstValue::String(text)) => {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Value::Date)
        }
        (Type::DateTime, ConstValue::String(text)) => {
            DateTime::parse_from_rfc3339(text).ok().map(|d| Value::DateTime(d.with_timezone(&Utc)))
        }
        (Type::List(item), ConstValue::List(values)) => {
            values.iter().map(|v| value_of(item, v)).collect::<Option<Box<[Value]>>>().map(Value::List)
        }
        _ => None,
    }
}
