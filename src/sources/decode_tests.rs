//! What every raw value becomes.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

fn read(ty: Type, raw: &str) -> Value {
    text(&Decode { zone: chrono_tz::Europe::Paris, ..Decode::of(ty) }, raw)
}

fn utc(raw: &str) -> Value {
    Value::DateTime(raw.parse().unwrap())
}

#[test]
fn text_is_trimmed_and_blank_is_nothing() {
    assert_eq!(read(Type::Text, " a  "), Value::text(" a"));
    assert_eq!(read(Type::Text, "   "), Value::Null);
    let keep = Decode { trim: false, blank_absent: false, ..Decode::of(Type::Text) };
    assert_eq!(text(&keep, "  "), Value::text("  "));
    let texts =
        Decode { absent_texts: vec!["N/A".to_owned(), "0".to_owned()].into(), ..Decode::of(Type::Text) };
    assert_eq!(text(&texts, "N/A "), Value::Null);
    assert_eq!(integer(&texts, 0), Value::Null);
    assert_eq!(integer(&texts, 10), Value::text("10"));
}

#[test]
fn numbers_are_exact() {
    assert_eq!(read(Type::Int, " 42 "), Value::Int(42));
    assert_eq!(read(Type::Int, "42.000"), Value::Int(42));
    assert!(matches!(read(Type::Int, "42.5"), Value::Bad(_)));
    assert!(matches!(read(Type::Int, "99999999999999999999"), Value::Bad(_)));
    assert_eq!(read(Type::Int, ""), Value::Null);
    assert_eq!(read(Type::Decimal, "12.3400"), Value::Decimal("12.34".parse().unwrap()));
    assert_eq!(read(Type::Decimal, "1.5e3"), Value::Decimal("1500".parse().unwrap()));
    assert!(matches!(read(Type::Decimal, "12,5"), Value::Bad(_)));
    let d = Decode::of(Type::Decimal);
    assert_eq!(real(&d, 0.1 + 0.2), Value::Decimal("0.3".parse().unwrap()));
    assert_eq!(real(&d, 1e-7), Value::Decimal("0.0000001".parse().unwrap()));
    assert_eq!(real(&d, 1e-40), Value::Decimal(Decimal::ZERO));
    assert_eq!(real(&d, 1.5e20), Value::Decimal("150000000000000000000".parse().unwrap()));
    assert!(matches!(real(&d, f64::NAN), Value::Bad(_)));
    assert!(matches!(real(&d, 1e30), Value::Bad(_)));
    let zero = Decode { zero_absent: true, ..Decode::of(Type::Decimal) };
    assert_eq!(real(&zero, 0.0), Value::Null);
    assert_eq!(text(&zero, "0.00"), Value::Null);
}

#[test]
fn truth_values_of_all_sorts() {
    for raw in ["1", "t", "TRUE", "X", "Oui", "-1"] {
        assert_eq!(read(Type::Boolean, raw), Value::Bool(true), "{raw}");
    }
    for raw in ["0", "f", "-", "non"] {
        assert_eq!(read(Type::Boolean, raw), Value::Bool(false), "{raw}");
    }
    assert!(matches!(read(Type::Boolean, "perhaps"), Value::Bad(_)));
    let absent = Decode { false_absent: true, ..Decode::of(Type::Boolean) };
    assert_eq!(integer(&absent, 0), Value::Null);
}

#[test]
fn dates_and_moments() {
    let day = Value::Date(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap());
    for raw in ["2024-02-29", "2024-02-29 23:59:59", "2024-02-29T10:00", "20240229"] {
        assert_eq!(read(Type::Date, raw), day, "{raw}");
    }
    for raw in [
        "2023-02-29",
        "29/02/2024",
        "2024-02-29 25:00",
        "2024-02-29x",
        "2024-02-29 10:00 later",
        "é024-02-29",
    ] {
        assert!(matches!(read(Type::Date, raw), Value::Bad(_)), "{raw}");
    }
    assert_eq!(read(Type::DateTime, "2024-07-01 12:00"), utc("2024-07-01T10:00:00Z"));
    assert_eq!(read(Type::DateTime, "2024-01-01 12:00:01.5"), utc("2024-01-01T11:00:01.5Z"));
    assert_eq!(read(Type::DateTime, "2024-01-01T12:00:00+05:30"), utc("2024-01-01T06:30:00Z"));
    assert_eq!(read(Type::DateTime, "2024-01-01 12:00:00+02"), utc("2024-01-01T10:00:00Z"));
    // The hour that exists twice: the earlier. The one that does not exist: the moment of the leap.
    assert_eq!(read(Type::DateTime, "2024-10-27 02:30"), utc("2024-10-27T00:30:00Z"));
    assert_eq!(read(Type::DateTime, "2024-03-31 02:30"), utc("2024-03-31T01:00:00Z"));
    let sentinel = Decode {
        sentinels: vec![NaiveDate::from_ymd_opt(1753, 1, 1).unwrap()].into(),
        ..Decode::of(Type::DateTime)
    };
    assert_eq!(text(&sentinel, "1753-01-01 00:00:00"), Value::Null);
}

#[test]
fn lists() {
    let list = |items: &[&str]| Value::List(items.iter().map(|i| Value::text(*i)).collect());
    let ty = Type::List(Box::new(Type::Text));
    assert_eq!(read(ty.clone(), "a| b |"), list(&["a", "b"]));
    assert_eq!(read(ty.clone(), r#"["a", null, "b"]"#), list(&["a", "b"]));
    assert_eq!(read(ty.clone(), "[]"), Value::Null);
    assert!(matches!(read(ty, "[1,"), Value::Bad(_)));
    assert!(matches!(read(Type::List(Box::new(Type::Int)), "1|x"), Value::Bad(_)));
    assert_eq!(
        read(Type::List(Box::new(Type::Int)), "[1, 2]"),
        Value::List(vec![Value::Int(1), Value::Int(2)].into())
    );
}

proptest! {
    #[test]
    fn fifteen_digits_come_back_from_floats(mantissa in -999_999_999_999_999i64..1_000_000_000_000_000, scale in 0u32..12) {
        let exact = Decimal::new(mantissa, scale).normalize();
        let x: f64 = exact.to_string().parse().unwrap();
        prop_assert_eq!(real(&Decode::of(Type::Decimal), x), Value::Decimal(exact));
    }

    #[test]
    fn nothing_panics(raw in "\\PC{0,30}") {
        for ty in [Type::Text, Type::Int, Type::Decimal, Type::Boolean, Type::Date, Type::DateTime,
            Type::List(Box::new(Type::Text))] {
            let _ = read(ty, &raw);
        }
    }
}
