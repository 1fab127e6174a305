//! What a field's coerced arguments mean: pages, filters, kinds, options. Whatever is wrong with
//! them is an error at the field, before any source is asked.

use std::sync::Arc;

use async_graphql_value::ConstValue;
use rust_decimal::Decimal;

use super::{
    error::{Code, GraphqlError},
    generate::sort_name,
    guard::Gate,
    plain::ArgMap,
};
use crate::{
    catalog::levels::{Args, PageArgs},
    federation::{
        computed::{ByComputed, Computed},
        filter::{Filter, Test},
        media::Media,
        model::EntityId,
        order::{By, Order, SortKey},
        related::{Related, Under},
    },
    value::{Type, Value},
};

/// Records of a page when `first` is left out.
pub const DEFAULT_PAGE: usize = 20;

/// The name of a list in its order, to which its cursors are bound; where the order depends on who asks, to them.
fn list_name(gate: &Gate<'_>, entity: EntityId, order: &Order, language: Option<&str>) -> Arc<str> {
    let model = &gate.catalog.engine.model;
    let mut name = format!("{}/{}", model.entities[entity].name, order.name(model, entity));
    if order.computed().any(Computed::personal) {
        name.push_str(&format!("#{:?}", gate.buyer));
    }
    // Texts of another language sort otherwise.
    match language.filter(|_| order.width() > 0) {
        Some(language) => format!("{name}@{language}").into(),
        None => name.into(),
    }
}

/// Text of an argument.
pub fn text(args: &ArgMap, name: &str) -> Option<String> {
    match args.get(name) {
        Some(ConstValue::String(text)) => Some(text.clone()),
        Some(ConstValue::Enum(name)) => Some(name.to_string()),
        Some(ConstValue::Number(n)) => Some(n.to_string()),
        _ => None,
    }
}

/// A list of texts; `None` when left out or null.
pub fn texts(args: &ArgMap, name: &str) -> Option<Vec<String>> {
    match args.get(name) {
        Some(ConstValue::List(items)) => Some(
            items
                .iter()
                .filter_map(|i| match i {
                    ConstValue::String(text) => Some(text.clone()),
                    ConstValue::Number(n) => Some(n.to_string()),
                    _ => None,
                })
                .collect(),
        ),
        _ => None,
    }
}

/// Exactly one of two arguments of a look-up: which, and its text.
pub fn one_of<'a>(args: &ArgMap, names: [&'a str; 2]) -> Result<(&'a str, String), GraphqlError> {
    let given: Vec<(&str, String)> =
        names.into_iter().filter_map(|n| text(args, n).map(|t| (n, t))).collect();
    match given.as_slice() {
        [_] => given.into_iter().next().ok_or_else(|| GraphqlError::new(Code::Internal, "no argument")),
        _ => Err(GraphqlError::new(
            Code::BadArgument,
            format!("Give exactly one of `{}` and `{}`.", names[0], names[1]),
        )),
    }
}

/// The arguments of a connection; `language` is the operation's, unless it is the shop's first.
pub fn page(
    gate: &Gate<'_>,
    entity: EntityId,
    args: &ArgMap,
    language: Option<&str>,
) -> Result<PageArgs, GraphqlError> {
    let catalog = gate.catalog;
    let given = |name: &str| args.get(name).filter(|v| **v != ConstValue::Null);
    for (one, other) in [("first", "last"), ("after", "before"), ("first", "before"), ("last", "after")] {
        if given(one).is_some() && given(other).is_some() {
            return Err(GraphqlError::new(
                Code::BadArgument,
                format!(
                    "`{one}` and `{other}` do not go together: give `first` with `after`, or `last` with `before`."
                ),
            ));
        }
    }
    let backward = given("last").is_some() || given("before").is_some();
    let (size, from) = if backward { ("last", "before") } else { ("first", "after") };
    let of_list = |error: GraphqlError| {
        let told = [Code::UnsupportedFilter, Code::UnsupportedSort].iter().any(|code| error.is(*code));
        let ty = catalog.engine.model.entities[entity].name.as_str();
        if told { error.with("type", ty) } else { error }
    };
    let order = order(gate, entity, args).map_err(of_list)?;
    let name = list_name(gate, entity, &order, language);
    let from = match args.get(from) {
        Some(ConstValue::String(cursor)) => {
            Some(catalog.sealer.open(&name, order.width(), cursor).ok_or_else(|| {
                GraphqlError::new(
                    Code::BadCursor,
                    format!(
                        "`{from}` is not a cursor of this list in this order. Use an edge's `cursor`, or `pageInfo`'s, \
                         as it was given, with the same `sort`."
                    ),
                )
            })?)
        }
        _ => None,
    };
    let filter = match args.get("filter") {
        Some(ConstValue::Object(object)) => filter(gate, entity, object, "filter").map_err(of_list)?,
        _ => Filter::And(Vec::new()),
    };
    let filter = gate.sight.narrow(entity, filter);
    // What it is sorted by is reckoned as what it is filtered by is.
    let e = &catalog.engine.model.entities[entity];
    let sorted = order.computed().map(|what| Filter::Computed(ByComputed::new(e, what, None)));
    let sorted: Vec<Filter> = sorted.collect();
    let filter =
        if sorted.is_empty() { filter } else { Filter::And(std::iter::once(filter).chain(sorted).collect()) };
    let deep = !matches!(args.get("deep"), Some(ConstValue::Boolean(false)));
    let size = page_size(catalog.engine.limits.page, args, size)?;
    Ok(PageArgs { size, from, backward, order, name, filter, deep })
}

/// `first` or `last`: how many records, at most `limit`.
pub fn page_size(limit: usize, args: &ArgMap, name: &str) -> Result<usize, GraphqlError> {
    let size = match args.get(name) {
        Some(ConstValue::Number(n)) => n.as_i64().unwrap_or(i64::MAX),
        _ => i64::try_from(DEFAULT_PAGE.min(limit)).unwrap_or(1),
    };
    let Ok(size) = usize::try_from(size) else {
        return Err(GraphqlError::new(Code::BadArgument, format!("`{name}` is {size}; give 0 or more.")));
    };
    if size > limit {
        return Err(GraphqlError::new(
            Code::PageTooLarge,
            format!("`{name}` is {size}; a page has at most {limit} (limits.page). Ask for less and follow the cursors."),
        )
        .with("limit", "limits.page")
        .with("maximum", limit));
    }
    Ok(size)
}

/// The order that `sort` asks for.
fn order(gate: &Gate<'_>, entity: EntityId, args: &ArgMap) -> Result<Order, GraphqlError> {
    let mut order = Order::default();
    let Some(ConstValue::List(keys)) = args.get("sort") else { return Ok(order) };
    let fields = &gate.catalog.engine.model.entities[entity].fields;
    for (n, key) in keys.iter().enumerate() {
        let ConstValue::Object(key) = key else { continue };
        let name = |k: &str| match key.get(k) {
            Some(ConstValue::Enum(name)) => Some(name.as_str()),
            Some(ConstValue::String(name)) => Some(name.as_str()),
            _ => None,
        };
        let field = name("field").unwrap_or("CODE");
        let by = match field {
            "CODE" => By::Code,
            // Only what hangs in a department can be asked for deeply.
            "POSITION" if args.get("deep").is_some() => {
                gate.field(entity, "departments", &format!("sort[{n}].field"))?;
                By::Placement
            }
            other if let Some(what) = Computed::sorted(other).filter(|_| gate.catalog.trades(entity)) => {
                gate.field(entity, what.field(), &format!("sort[{n}].field"))?;
                By::Computed(what)
            }
            other => {
                let id = fields.keys().position(|f| sort_name(f) == other);
                if let Some((name, _)) = id.and_then(|id| fields.get_index(id)) {
                    gate.field(entity, name, &format!("sort[{n}].field"))?;
                }
                let mergeable = id.filter(|id| fields.get_index(*id).is_some_and(|(_, f)| f.sortable()));
                By::Field(mergeable.ok_or_else(|| {
                    GraphqlError::new(
                        Code::UnsupportedSort,
                        format!(
                            "Sorting by {field} cannot be answered exactly; sort by another field or by CODE."
                        ),
                    )
                    .with("field", field)
                })?)
            }
        };
        order.0.push(SortKey {
            by,
            descending: name("direction") == Some("DESC"),
            nulls_first: name("nulls") == Some("FIRST"),
        });
    }
    Ok(order)
}

type Object = async_graphql_value::indexmap::IndexMap<async_graphql_value::Name, ConstValue>;

fn filter(gate: &Gate<'_>, entity: EntityId, object: &Object, at: &str) -> Result<Filter, GraphqlError> {
    let mut all = Vec::new();
    for (name, value) in object {
        let at = format!("{at}.{name}");
        let items = || -> Result<Vec<Filter>, GraphqlError> {
            match value {
                ConstValue::List(items) => items
                    .iter()
                    .enumerate()
                    .filter_map(|(n, i)| match i {
                        ConstValue::Object(o) => Some(filter(gate, entity, o, &format!("{at}[{n}]"))),
                        _ => None,
                    })
                    .collect(),
                _ => Ok(Vec::new()),
            }
        };
        match (name.as_str(), value) {
            (_, ConstValue::Null) => {}
            ("and", _) => all.push(Filter::And(items()?)),
            ("or", _) => all.push(Filter::Or(items()?)),
            ("not", ConstValue::Object(o)) => {
                all.push(Filter::Not(Box::new(filter(gate, entity, o, &at)?)));
            }
            ("code", ConstValue::Object(tests)) => {
                all.extend(self::tests(tests, &Type::Text)?.into_iter().map(Filter::Code));
            }
            ("department" | "references" | "images" | "documents", ConstValue::Object(tests)) => {
                all.extend(relation(gate, entity, name, tests, &at)?);
            }
            (name, tests)
                if let Some(what) = Computed::named(name).filter(|_| gate.catalog.trades(entity)) =>
            {
                gate.field(entity, what.field(), &at)?;
                let e = &gate.catalog.engine.model.entities[entity];
                let tests = match tests {
                    ConstValue::Object(tests) => self::tests(tests, &what.ty())?,
                    ConstValue::Boolean(yes) => vec![Test::In(vec![Value::Bool(*yes)])],
                    _ => Vec::new(),
                };
                let by = |test| Filter::Computed(ByComputed::new(e, what, Some(test)));
                all.extend(tests.into_iter().map(by));
            }
            (name, ConstValue::Object(tests)) => {
                gate.field(entity, name, &at)?;
                let e = &gate.catalog.engine.model.entities[entity];
                let Some((id, _, field)) = e.fields.get_full(name) else {
                    return Err(unsupported(name));
                };
                all.extend(self::tests(tests, &field.ty)?.into_iter().map(|t| Filter::Field(id, t)));
            }
            _ => {}
        }
    }
    Ok(if all.len() == 1 { all.swap_remove(0) } else { Filter::And(all) })
}

/// A filter by what hangs on a record; `None` when nothing is asked of it.
fn relation(
    gate: &Gate<'_>,
    entity: EntityId,
    name: &str,
    tests: &Object,
    at: &str,
) -> Result<Option<Filter>, GraphqlError> {
    let catalog = gate.catalog;
    gate.field(entity, name, at)?;
    let model = &catalog.engine.model;
    let lists = &model.entities[entity].lists;
    Ok(match name {
        "department" => {
            let code = match tests.get("under") {
                Some(ConstValue::String(code)) => code.clone(),
                Some(ConstValue::Number(n)) => n.to_string(),
                _ => return Ok(None),
            };
            gate.field(entity, "departments", at)?;
            gate.entity(catalog.department, at)?;
            let list = lists.get_full("placements");
            let at = list.and_then(|(id, _, l)| Some((id, l.columns.get_index_of("department")?)));
            let at = Some(at.ok_or_else(|| unsupported(name))?);
            Some(Filter::Under(Arc::new(Under::new(vec![code.into()], at))))
        }
        "references" => {
            let Some(ConstValue::Object(some)) = tests.get("some") else { return Ok(None) };
            gate.entity(catalog.reference, at)?;
            let inner = filter(gate, catalog.reference, some, &format!("{at}.some"))?;
            let inner = gate.sight.narrow(catalog.reference, inner);
            Some(Filter::Related(Arc::new(Related::new(model, catalog.reference, inner))))
        }
        _ => {
            let Some(ConstValue::Boolean(empty)) = tests.get("isEmpty") else { return Ok(None) };
            let list = lists.get_index_of(name).ok_or_else(|| unsupported(name))?;
            Some(Filter::Media(Media { list, images: name == "images", empty: *empty }))
        }
    })
}

fn unsupported(field: &str) -> GraphqlError {
    GraphqlError::new(
        Code::UnsupportedFilter,
        format!(
            "Filtering by `{field}` cannot be answered exactly: no source holds it. Filter by another field."
        ),
    )
    .with("field", field)
}

fn tests(object: &Object, ty: &Type) -> Result<Vec<Test>, GraphqlError> {
    let mut tests = Vec::new();
    for (op, value) in object {
        let one = || scalar(value, ty);
        let many = || match value {
            ConstValue::List(items) => items.iter().map(|i| scalar(i, ty)).collect::<Result<Vec<_>, _>>(),
            other => Ok(vec![scalar(other, ty)?]),
        };
        let test = match (op.as_str(), value) {
            ("eq", ConstValue::Null) => Test::IsNull(true),
            ("ne", ConstValue::Null) => Test::IsNull(false),
            (_, ConstValue::Null) => continue,
            ("eq", _) => Test::In(vec![one()?]),
            ("ne", _) => Test::NotIn(vec![one()?]),
            ("in", _) => Test::In(many()?),
            ("notIn", _) => Test::NotIn(many()?),
            ("gt", _) => Test::Gt(one()?),
            ("gte", _) => Test::Gte(one()?),
            ("lt", _) => Test::Lt(one()?),
            ("lte", _) => Test::Lte(one()?),
            ("isNull", ConstValue::Boolean(null)) => Test::IsNull(*null),
            ("matches", ConstValue::String(t)) => Test::Matches(t.clone()),
            ("contains", ConstValue::String(t)) => Test::Contains(t.clone()),
            ("startsWith", ConstValue::String(t)) => Test::StartsWith(t.clone()),
            ("endsWith", ConstValue::String(t)) => Test::EndsWith(t.clone()),
            _ => continue,
        };
        tests.push(test);
    }
    Ok(tests)
}

fn scalar(value: &ConstValue, ty: &Type) -> Result<Value, GraphqlError> {
    let bad = || {
        GraphqlError::new(
            Code::BadArgument,
            format!("{value} is not a value that this field can be compared with."),
        )
    };
    let text = match value {
        ConstValue::String(text) => text.clone(),
        ConstValue::Enum(name) => name.to_string(),
        ConstValue::Number(n) => n.to_string(),
        ConstValue::Boolean(b) => return if *ty == Type::Boolean { Ok(Value::Bool(*b)) } else { Err(bad()) },
        ConstValue::Null => return Ok(Value::Null),
        _ => return Err(bad()),
    };
    match ty {
        Type::Text | Type::Html => Ok(Value::text(text)),
        Type::Int => text.parse().map(Value::Int).map_err(|_| bad()),
        Type::Decimal => text.parse::<Decimal>().map(|d| Value::Decimal(d.normalize())).map_err(|_| bad()),
        Type::Date => text.parse().map(Value::Date).map_err(|_| bad()),
        Type::DateTime => chrono::DateTime::parse_from_rfc3339(&text)
            .map(|d| Value::DateTime(d.with_timezone(&chrono::Utc)))
            .map_err(|_| bad()),
        Type::Boolean | Type::List(_) => Err(bad()),
    }
}

/// Whether a root field may look a record up by what its arguments name. Slugs are non-null, and so never guarded.
///
/// # Errors
/// `FORBIDDEN`, naming the argument.
pub fn look_up(gate: &Gate<'_>, field: &str, args: &ArgMap) -> Result<(), GraphqlError> {
    match field {
        "reference" if text(args, "barcode").is_some() => {
            gate.field(gate.catalog.reference, "barcode", "barcode")
        }
        _ => Ok(()),
    }
}

/// The arguments of a link, by its field.
pub fn link(
    gate: &Gate<'_>,
    field: &str,
    args: &ArgMap,
    language: Option<&str>,
) -> Result<Args, GraphqlError> {
    Ok(match field {
        "related" => Args::Kind(text(args, "kind")),
        "articles" => Args::Page(page(gate, gate.catalog.article, args, language)?),
        "references" => Args::Page(page(gate, gate.catalog.reference, args, language)?),
        "customers" => match gate.catalog.customer {
            Some(customer) => Args::Page(page(gate, customer, args, language)?),
            None => Args::None,
        },
        "reference" => match args.get("options") {
            Some(ConstValue::List(items)) => Args::Options({
                gate.field(gate.catalog.reference, "optionValues", "options")?;
                items
                    .iter()
                    .filter_map(|i| match i {
                        ConstValue::Object(o) => {
                            let get = |k: &str| match o.get(k) {
                                Some(ConstValue::String(text)) => Some(text.clone()),
                                _ => None,
                            };
                            Some((get("name")?, get("value")?))
                        }
                        _ => None,
                    })
                    .collect()
            }),
            _ => Args::None,
        },
        _ => Args::None,
    })
}
