//! The inputs that are made from the entities, complementary fields included: filters and sorts.
//! They stand in no file, so that a field added by a shop is filterable and sortable like any.

use std::collections::HashMap;

use async_graphql_value::{ConstValue, Name};
use indexmap::IndexMap;

use crate::{
    diagnostics::{Diagnostics, Place},
    graphql::types::{EnumValueDef, FieldDef, InputDef, Kind, TypeDef, TypeRef, TypeSystem},
};

const PLACE: &str = "built-in: generated";

/// `warrantyMonths` → `warranty_months`: how columns, markers and translations spell a field.
pub fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, c) in chars.iter().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            let before = chars.get(index - 1).copied().unwrap_or('_');
            let after = chars.get(index + 1).copied().unwrap_or('_');
            let starts_word = before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && after.is_ascii_lowercase());
            if starts_word {
                snake.push('_');
            }
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// `warrantyMonths` → `WARRANTY_MONTHS`: a field among the values of a sort.
pub fn sort_name(name: &str) -> String {
    snake_case(name).to_ascii_uppercase()
}

/// The fields of an entity that can stand in its filter and its sort: single scalars and enums
/// whose served value is the merged value.
pub fn comparable_fields<'a>(types: &'a TypeSystem, entity: &str) -> Vec<&'a FieldDef> {
    let Some(fields) = types.fields(entity) else { return Vec::new() };
    fields.values().filter(|f| f.args.is_empty() && filter_of(types, f).is_some()).collect()
}

fn filter_of(types: &TypeSystem, field: &FieldDef) -> Option<String> {
    // A reserved name is reported where it stands, once.
    if field.name.starts_with("__") || field.applied.iter().any(|a| a.name == "computed") {
        return None;
    }
    let TypeRef::Named(name) = field.ty.nullable() else { return None };
    Some(match types.types.get(name).map(|t| &t.kind)? {
        Kind::Enum { .. } => format!("{name}Filter"),
        Kind::Scalar { .. } => match name.as_str() {
            "ID" if field.name == "code" => "CodeFilter".to_owned(),
            "String" | "ID" | "URL" => "StringFilter".to_owned(),
            "Int" | "Decimal" | "Boolean" | "Date" | "DateTime" => format!("{name}Filter"),
            // Markup and JSON are shown, not compared.
            _ => return None,
        },
        _ => return None,
    })
}

/// Adds the filters and sorts of every entity that is listed by a connection.
pub(super) fn generate(types: &mut TypeSystem, diags: &mut Diagnostics) {
    let entities: Vec<String> = types
        .types
        .values()
        .filter(|t| t.applied.iter().any(|a| a.name == "entity"))
        .filter(|t| types.types.contains_key(&format!("{}Connection", t.name)))
        .map(|t| t.name.clone())
        .collect();
    let mut made = Vec::new();
    let mut shared: IndexMap<String, TypeDef> = IndexMap::new();
    for entity in &entities {
        made.push(filter(types, entity, &mut shared, diags));
        made.push(sort(entity));
        made.push(sort_fields(types, entity, diags));
    }
    if !entities.is_empty() {
        made.push(enumeration(
            "SortDirection",
            "Which way a sort goes.",
            &[("ASC", "From low to high, from A to Z."), ("DESC", "From high to low, from Z to A.")],
        ));
        made.push(enumeration(
            "NullsOrder",
            "Where a sort puts what has no value.",
            &[("FIRST", "Before all values."), ("LAST", "After all values.")],
        ));
    }
    made.extend(shared.into_values());
    for ty in made {
        if let Some(taken) = types.types.get(&ty.name) {
            diags.error(
                "NAME_TAKEN",
                taken.place.clone(),
                format!("the name `{}` is taken by a generated type", ty.name),
                "rename the shop's type",
            );
            continue;
        }
        types.types.insert(ty.name.clone(), ty);
    }
}

fn filter(
    types: &TypeSystem,
    entity: &str,
    shared: &mut IndexMap<String, TypeDef>,
    diags: &mut Diagnostics,
) -> TypeDef {
    let name = format!("{entity}Filter");
    let mut fields = IndexMap::new();
    let mut add = |input: InputDef| {
        fields.insert(input.name.clone(), input);
    };
    for field in comparable_fields(types, entity) {
        if matches!(field.name.as_str(), "and" | "or" | "not") {
            diags.error(
                "NAME_TAKEN",
                field.place.clone(),
                format!("`{entity}.{}` would hide the filter's own `{}`", field.name, field.name),
                "rename the field",
            );
            continue;
        }
        let Some(filter) = filter_of(types, field) else { continue };
        if !shared.contains_key(&filter) {
            let made = scalar_filter(&filter, field.ty.name());
            shared.insert(filter.clone(), made);
        }
        let text = field.description.clone().unwrap_or_else(|| format!("By `{}`.", field.name));
        add(InputDef { place: field.place.clone(), ..input(&field.name, named(&filter), &text) });
    }
    for (field, filter, text) in computed(types, entity) {
        add(input(field, named(filter), text));
        if filter != "Boolean" && !shared.contains_key(filter) {
            shared.insert(filter.to_owned(), scalar_filter(filter, filter.trim_end_matches("Filter")));
        }
    }
    for (made, input) in relations(types, entity) {
        add(input);
        shared.entry(made.name.clone()).or_insert(made);
    }
    add(input("and", list(&name), "All of these are true."));
    add(input("or", list(&name), "At least one of these is true."));
    add(input("not", named(&name), "This is not true."));
    let article = if entity.starts_with(['A', 'E', 'I', 'O', 'U']) { "An" } else { "A" };
    let text = format!(
        "{article} {} fits when everything given is true. It is compared with the value served, whichever source it \
         comes from.",
        entity.to_lowercase()
    );
    object(&name, &text, fields.into_values())
}

/// The filters by values that are reckoned, of entities that are sold.
fn computed(types: &TypeSystem, entity: &str) -> Vec<(&'static str, &'static str, &'static str)> {
    let sold = types.fields(entity).is_some_and(|fields| fields.contains_key("price"));
    if !sold {
        return Vec::new();
    }
    vec![
        ("id", "StringFilter", "By the global id."),
        ("slug", "StringFilter", "By the slug, as it is served."),
        ("published", "BooleanFilter", "By whether it is on the web: for staff, who see what is not, too."),
        (
            "price",
            "DecimalFilter",
            "By the unit net price for the viewer when one is bought; of an article its cheapest reference's. What \
             cannot be ordered has none.",
        ),
        ("inStock", "Boolean", "By whether it can be had at once: in stock, low, or not tracked."),
    ]
}

/// The filters by what hangs on a record: its departments, the records that a connection lists of it, its
/// images and documents.
fn relations(types: &TypeSystem, entity: &str) -> Vec<(TypeDef, InputDef)> {
    let Some(fields) = types.fields(entity) else { return Vec::new() };
    let mut made = Vec::new();
    if fields.contains_key("departments") {
        let scope = format!("{entity}DepartmentFilter");
        let under = input(
            "under",
            named("ID"),
            "In the department of this code, or anywhere below it; a department that is not there has nothing in it.",
        );
        let text = "By where in the tree of departments something hangs.";
        made.push((
            object(&scope, text, [under]),
            input("department", named(&scope), "By where in the tree it hangs."),
        ));
    }
    if let Some(of) = fields.get("references").and_then(|f| f.ty.name().strip_suffix("Connection")) {
        let scope = format!("{entity}{of}sFilter");
        let some = input("some", named(&format!("{of}Filter")), "At least one that is shown fits.");
        let text = format!("By the {}s that are listed of something.", of.to_lowercase());
        made.push((
            object(&scope, &text, [some]),
            input("references", named(&scope), "By its references, as they are shown."),
        ));
    }
    for (field, item) in [("images", "Image"), ("documents", "Document")] {
        if fields.get(field).is_some_and(|f| f.ty.name() == item) {
            let is_empty = input("isEmpty", named("Boolean"), "Whether there is none.");
            made.push((
                object("ListFilter", "By a list, as it is served.", [is_empty]),
                input(field, named("ListFilter"), &format!("By its {field}.")),
            ));
        }
    }
    made
}

fn sort(entity: &str) -> TypeDef {
    let direction = InputDef {
        default: Some(ConstValue::Enum(Name::new("ASC"))),
        ..input("direction", TypeRef::NonNull(Box::new(named("SortDirection"))), "Which way.")
    };
    object(
        &format!("{entity}Sort"),
        "One criterion of a sort. Ties go to the next criterion, and last to the code, ascending.",
        [
            input(
                "field",
                TypeRef::NonNull(Box::new(named(&format!("{entity}SortField")))),
                "By which field.",
            ),
            direction,
            input(
                "nulls",
                named("NullsOrder"),
                "Where to put what has no value: last in both directions when left out.",
            ),
        ],
    )
}

fn sort_fields(types: &TypeSystem, entity: &str, diags: &mut Diagnostics) -> TypeDef {
    let mut values: IndexMap<String, EnumValueDef> = IndexMap::new();
    let mut origins: HashMap<String, (String, Place)> = HashMap::new();
    for field in comparable_fields(types, entity) {
        let name = sort_name(&field.name);
        if let Some((first, place)) = origins.get(&name) {
            diags.error(
                "DUPLICATE_SORT_FIELD",
                field.place.clone(),
                format!("`{entity}.{}` and `{entity}.{first}` would both be sorted by `{name}`", field.name),
                format!("rename one of them; the other stands at {place}"),
            );
            continue;
        }
        origins.insert(name.clone(), (field.name.clone(), field.place.clone()));
        values.insert(
            name.clone(),
            EnumValueDef {
                name,
                description: Some(
                    field.description.clone().unwrap_or_else(|| format!("By `{}`.", field.name)),
                ),
                deprecated: field.deprecated.clone(),
                applied: Vec::new(),
            },
        );
    }
    for (name, _, text) in computed(types, entity) {
        let name = sort_name(name);
        let value = EnumValueDef {
            name: name.clone(),
            description: Some(text.to_owned()),
            deprecated: None,
            applied: Vec::new(),
        };
        values.entry(name).or_insert(value);
    }
    if types.fields(entity).is_some_and(|f| f.contains_key("departments")) {
        if let Some((first, place)) = origins.get("POSITION") {
            diags.error(
                "DUPLICATE_SORT_FIELD",
                place.clone(),
                format!(
                    "`{entity}.{first}` would be sorted by `POSITION`, which is the place in a department"
                ),
                "rename the field",
            );
        } else {
            values.insert(
                "POSITION".to_owned(),
                EnumValueDef {
                    name: "POSITION".to_owned(),
                    description: Some("By the place in the department itself; only of a department's articles. What hangs only below it has none.".to_owned()),
                    deprecated: None,
                    applied: Vec::new(),
                },
            );
        }
    }
    TypeDef {
        name: format!("{entity}SortField"),
        description: Some(format!("What {}s can be sorted by.", entity.to_lowercase())),
        kind: Kind::Enum { values },
        applied: Vec::new(),
        place: Place::new(PLACE, 0, 0),
    }
}

fn scalar_filter(name: &str, of: &str) -> TypeDef {
    let one = |field: &str, text: &str| input(field, named(of), text);
    let many = |field: &str, text: &str| input(field, list(of), text);
    let null = || input("isNull", named("Boolean"), "Whether there is no value.");
    let eq = || one("eq", "Exactly this.");
    let ne = || one("ne", "Anything but exactly this; what has no value is not meant.");
    let within = || many("in", "Exactly one of these.");
    match name {
        "CodeFilter" => object(
            name,
            "By a code, compared as the ERP compares its keys.",
            [eq(), within(), input("startsWith", named("String"), "Any that starts with this.")],
        ),
        "StringFilter" => {
            let text = |field: &str, text: &str| input(field, named("String"), text);
            object(
                name,
                "By a text. `eq`, `ne`, `in`, `notIn` are exact; the others fold case and accents, as a French shopper \
                 types.",
                [
                    input("eq", named("String"), "Exactly this."),
                    input(
                        "ne",
                        named("String"),
                        "Anything but exactly this; what has no value is not meant.",
                    ),
                    input("in", list("String"), "Exactly one of these."),
                    input("notIn", list("String"), "Exactly none of these; what has no value is not meant."),
                    text("matches", "The whole text, folded."),
                    text("contains", "A part of the text, folded."),
                    text("startsWith", "The start of the text, folded."),
                    text("endsWith", "The end of the text, folded."),
                    null(),
                ],
            )
        }
        "BooleanFilter" => object(name, "By a yes or no.", [eq(), null()]),
        "IntFilter" | "DecimalFilter" | "DateFilter" | "DateTimeFilter" => {
            let text = match name {
                "IntFilter" => "By a whole number.",
                "DecimalFilter" => "By an exact decimal number.",
                "DateFilter" => "By a day.",
                _ => "By a moment.",
            };
            object(
                name,
                text,
                [
                    eq(),
                    ne(),
                    within(),
                    one("gt", "Greater, or later."),
                    one("gte", "Greater, later, or this."),
                    one("lt", "Less, or earlier."),
                    one("lte", "Less, earlier, or this."),
                    null(),
                ],
            )
        }
        _ => object(name, &format!("By a value of `{of}`."), [eq(), ne(), within(), null()]),
    }
}

fn named(name: &str) -> TypeRef {
    TypeRef::Named(name.to_owned())
}

fn list(item: &str) -> TypeRef {
    TypeRef::List(Box::new(TypeRef::NonNull(Box::new(named(item)))))
}

fn input(name: &str, ty: TypeRef, description: &str) -> InputDef {
    InputDef {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ty,
        default: None,
        deprecated: None,
        applied: Vec::new(),
        place: Place::new(PLACE, 0, 0),
    }
}

fn object(name: &str, description: &str, fields: impl IntoIterator<Item = InputDef>) -> TypeDef {
    TypeDef {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        kind: Kind::Input { fields: fields.into_iter().map(|f| (f.name.clone(), f)).collect() },
        applied: Vec::new(),
        place: Place::new(PLACE, 0, 0),
    }
}

fn enumeration(name: &str, description: &str, values: &[(&str, &str)]) -> TypeDef {
    let values = values.iter().map(|(value, text)| {
        let def = EnumValueDef {
            name: (*value).to_owned(),
            description: Some((*text).to_owned()),
            deprecated: None,
            applied: Vec::new(),
        };
        ((*value).to_owned(), def)
    });
    TypeDef {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        kind: Kind::Enum { values: values.collect() },
        applied: Vec::new(),
        place: Place::new(PLACE, 0, 0),
    }
}
