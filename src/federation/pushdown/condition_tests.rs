//! Conditions as every row fulfils them whose cell passes.

use super::*;
use crate::{
    diagnostics::Place,
    federation::model::{OnUnknown, Rule},
};

fn field(ty: Type) -> Field {
    Field {
        name: "f".into(),
        snake: "f".into(),
        ty,
        enumeration: std::collections::HashMap::default(),
        rule: Rule::Priority,
        sources: vec![0],
        group: None,
        lock: None,
        on_unknown: OnUnknown::Fail,
        max_age: None,
        default: None,
        inherit: None,
        localized: false,
        blank_is_value: false,
        zero_is_absent: false,
        complement: false,
        non_null: false,
        place: Place::default(),
    }
}

fn told(ty: Type, family: Family, dialect: Dialect, test: &Test) -> String {
    let map = FieldMap { expr: Some(Expr::Column { table: None, name: "c".into() }), ..FieldMap::default() };
    let field = field(ty);
    format!("{:?}", condition(On { field: &field, map: &map, family: Some(family), dialect }, test))
}

#[test]
fn sql_server_is_asked_for_texts_up_to_what_it_may_count_as_two() {
    let asked =
        |text: &str, dialect| told(Type::Text, Family::Text, dialect, &Test::In(vec![Value::text(text)]));
    // 6 characters, 7 units of UTF-16: neither count is asked for.
    let told = asked("Vélo 🚲", Dialect::SqlServer);
    assert!(told.contains(r#"Number("5")"#) && told.contains(r#"Text("Vélo ")"#), "{told}");
    let told = asked("Vélo 🚲", Dialect::Postgres);
    assert!(told.contains(r#"Number("6")"#) && told.contains("🚲"), "{told}");
    // Nothing is left to compare: any text will do.
    let told = asked("🚲", Dialect::SqlServer);
    assert!(told.contains("IsNull") && !told.contains("Substring"), "{told}");
    // A text of blanks alone is still compared.
    assert!(asked("", Dialect::SqlServer).contains("Substring"));
}

#[test]
fn a_float_is_asked_for_within_what_four_bytes_hold() {
    let n: Decimal = "5010.3".parse().unwrap();
    let asked = |family| told(Type::Decimal, family, Dialect::Postgres, &Test::Gte(Value::Decimal(n)));
    // 5010.3 as a float of four bytes is 5010.2998046875.
    assert!(asked(Family::Float).contains("5010.2948"), "{}", asked(Family::Float));
    assert!(asked(Family::Exact).contains("5010.2999"), "{}", asked(Family::Exact));
}
