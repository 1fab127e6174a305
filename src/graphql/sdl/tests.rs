//! The built-in schema holds; what is printed reads back; what is wrong is said, all at once.

use super::*;
use crate::graphql::{async_schema, introspect};

fn built(shop: &str) -> TypeSystem {
    let mut diags = Diagnostics::default();
    let types = build(&[("schema/shop.graphql".to_owned(), shop.to_owned())], &mut diags);
    types.unwrap_or_else(|| panic!("{:#?}", diags.items))
}

fn findings(shop: &str) -> String {
    let mut diags = Diagnostics::default();
    let types = build(&[("schema/shop.graphql".to_owned(), shop.to_owned())], &mut diags);
    assert!(types.is_none(), "nothing was found in {shop}");
    diags.items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

const SHOP: &str = r#"
extend type Article @precedence(field: "title", sources: ["erp", "isoshop"]) {
  "Warranty in months."
  warrantyMonths: Int @complement(columns: { erp: "Durée garantie", isoshop: "warranty_months" })
  energyClass: EnergyClass @complement(columns: { isoshop: "classe_energie" })
  tags: [String!] @complement
}
enum EnergyClass { A B @deprecated(reason: "no \"B\" any more") C @value(raw: "c'est C") }
extend enum RelationKind { PAIR @value(raw: "pair") }
"#;

#[test]
fn the_built_in_schema_holds() {
    let types = built("# nothing of its own\n");
    assert_eq!(types.query, "Query");
    assert!(types.types.contains_key("ArticleFilter"));
    insta::assert_snapshot!("client_sdl", print(&types));
}

#[test]
fn complementary_fields_are_filterable_and_sortable() {
    let types = built(SHOP);
    let Some(Kind::Input { fields }) = types.types.get("ArticleFilter").map(|t| &t.kind) else { panic!() };
    assert_eq!(fields.get("warrantyMonths").map(|f| f.ty.to_string()).as_deref(), Some("IntFilter"));
    assert_eq!(fields.get("energyClass").map(|f| f.ty.to_string()).as_deref(), Some("EnergyClassFilter"));
    assert!(!fields.contains_key("tags"));
    let Some(Kind::Enum { values }) = types.types.get("ArticleSortField").map(|t| &t.kind) else { panic!() };
    for name in ["CODE", "WARRANTY_MONTHS", "UPDATED_AT", "POSITION"] {
        assert!(values.contains_key(name), "{name}");
    }
}

#[test]
fn printed_text_reads_back() {
    for text in [print(&built(SHOP)), print_annotated(&built(SHOP))] {
        let mut diags = Diagnostics::default();
        let mut again = merge::merge([("printed", text.as_str())], Some(specified()), &mut diags);
        check::check(&mut again, &mut diags);
        interfaces::check(&again, &mut diags);
        assert!(!diags.has_errors(), "{:#?}", diags.items);
        assert_eq!(print_annotated(&again.types), text);
    }
    assert!(!print(&built(SHOP)).contains("@precedence"));
    assert!(!print(&built(SHOP)).contains("OnUnknown"));
    assert!(print_annotated(&built(SHOP)).contains("Durée garantie"));
}

#[test]
fn everything_wrong_is_said_at_once() {
    insta::assert_snapshot!(
        "findings",
        findings(
            r#"
extend type Artcle { a: Int @complement }
extend type Article @precedence(sourced: ["erp"]) {
  title: String @complement
  nothing: String
  colour: Colour @complement
  price: Float @complement
  who: Department @complement
  __x: Int @complement
  sized(in: String): Int @complement @complement
  seo2: String @cells(names: ["a"])
  level: Int @default(valu: 3) @complement
  fooBar: Int @complement
  foo_bar: Int @complement
}
extend type Query { mine: Int @complement }
extend input ArticleDepartmentFilter { x: Int }
type Thing implements Node & Nothing { name: String! }
interface Wide { id: ID! }
union Both = Article | Size
enum Size { S S @value M @value(raw: 3) }
input Loop { next: Loop! = { next: 1 } }
scalar Mine
directive @mine(a: Nope) on FIELD
schema { query: Thing }
"#,
        )
    );
}

#[test]
fn a_slip_of_the_pen_has_its_place() {
    insta::assert_snapshot!("syntax", findings("\nextend type Article {\n  é: Int\n}\n"));
}

#[test]
fn names_are_split_into_words() {
    for (name, snake) in [
        ("warrantyMonths", "warranty_months"),
        ("seoHTMLText", "seo_html_text"),
        ("option1Name", "option1_name"),
        ("code", "code"),
        ("foo_bar", "foo_bar"),
    ] {
        assert_eq!(generate::snake_case(name), snake);
    }
}

#[test]
fn constants_are_fitted() {
    let types = built("");
    let ty = |text: &str| crate::graphql::types::TypeRef::Named(text.to_owned());
    let read =
        |text: &str| async_graphql_value::ConstValue::from_json(serde_json::from_str(text).unwrap()).unwrap();
    for (name, json, fits) in [
        ("Int", "2147483647", true),
        ("Int", "2147483648", false),
        ("Int", "1.0", false),
        ("Decimal", "\"12.50\"", true),
        ("Decimal", "\"1e3\"", false),
        ("Decimal", "\"1_000\"", false),
        ("Decimal", "12", true),
        ("Decimal", "1.5", false),
        ("Date", "\"2026-02-29\"", false),
        ("Date", "\"2024-02-29\"", true),
        ("DateTime", "\"2024-02-29T08:00:00Z\"", true),
        ("Boolean", "1", false),
        ("ID", "4", true),
    ] {
        assert_eq!(coerce(&types, &ty(name), &read(json)).is_ok(), fits, "{name} {json}");
    }
}

#[tokio::test]
async fn the_library_takes_the_schema() {
    let types = built(SHOP);
    let schema = async_schema::build(&types).unwrap();
    let ok = schema
        .execute(
            "{ __schema { directives { isDeprecated args(includeDeprecated: true) { name } } types { isOneOf } } \
             articles(filter: { warrantyMonths: { gte: 3 } }, sort: [{ field: TITLE }]) { nodes { energyClass } } }",
        )
        .await;
    assert!(ok.errors.iter().all(|e| !e.message.contains("Unknown")), "{:?}", ok.errors);
    let bad = schema.execute("{ articles(filter: { weight: { gt: true } }) { nodes { price } } }").await;
    assert_eq!(bad.errors.len(), 2, "{:?}", bad.errors);
}

#[test]
fn introspection_answers_from_the_types() {
    use introspect::{Answer, Introspection, Node};
    let intro = Introspection::new(&built(SHOP));
    let none = |_: &str| None;
    let Answer::Nodes(all) = intro.schema().field(&intro, "types", &none) else { panic!() };
    let names: Vec<String> = all
        .iter()
        .map(|n| match n.field(&intro, "name", &none) {
            Answer::Text(t) => t.into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    for name in ["Article", "__Type", "__DirectiveLocation", "String", "Boolean", "IntFilter"] {
        assert!(names.iter().any(|n| n == name), "{name}");
    }
    assert!(!names.iter().any(|n| n == "OnUnknown" || n == "Meaning"));
    let energy = intro.type_named("EnergyClass").unwrap();
    let Answer::Nodes(values) = energy.field(&intro, "enumValues", &none) else { panic!() };
    assert_eq!(values.len(), 2);
    assert!(matches!(intro.type_named("Query"), Some(Node::Named(_))));
    assert!(intro.type_named("OnUnknown").is_none());
}

#[test]
fn rules_and_guards_are_repeatable() {
    let types = built("");
    for directive in types.directives.values() {
        let several = ["precedence", "requires", "fieldGroup"].contains(&directive.name.as_str());
        assert_eq!(directive.repeatable, several, "{}", directive.name);
    }
}
