//! Which values a source can hold, and which of those it can lies before one that it cannot.

use super::*;

fn column(grain: Grain) -> Column {
    let cell = Expr::Column { table: None, name: "c".into() };
    Column {
        order: cell.clone(),
        cell,
        ty: CastType::Decimal,
        plain: None,
        strays: false,
        grain,
        zone: chrono_tz::Europe::Paris,
        nothing: Vec::new(),
    }
}

fn n(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

/// The value before another, read upward and downward.
fn before(grain: Grain, value: &Value) -> [Value; 2] {
    [false, true].map(|falling| column(grain).before(value, falling))
}

#[test]
fn a_number_that_the_source_cannot_hold_is_reached_from_its_neighbour() {
    let held = [
        (Grain::Whole, Value::Int(i64::MAX)),
        (Grain::Whole, n("4.000")),
        (Grain::Any, n("0.333333333333333333333333333")),
        (Grain::Floats, n("0.123456789012345")),
        (Grain::Floats, n("1234567890123456789")),
        (Grain::Places(12, 6), n("-999999999999.999999")),
        (Grain::Places(26, 12), n("12345678901234.123456789012")),
    ];
    for (grain, value) in held {
        assert!(column(grain).holds(&value), "{grain:?} {value:?}");
        assert_eq!(before(grain, &value), [value.clone(), value.clone()], "{grain:?}");
    }
    let between = [
        (Grain::Whole, n("4.5"), [Value::Int(4), Value::Int(5)]),
        (Grain::Whole, n("-4.5"), [Value::Int(-5), Value::Int(-4)]),
        (Grain::Whole, n("1e20"), [Value::Int(i64::MAX), Value::Int(i64::MAX)]),
        (Grain::Floats, n("0.1234567890123456"), [n("0.123456789012345"), n("0.123456789012346")]),
        (Grain::Places(12, 6), n("1.0000005"), [n("1"), n("1.000001")]),
        (Grain::Places(2, 1), n("100"), [n("99.9"), n("99.9")]),
        (Grain::Places(2, 1), n("-100"), [n("-99.9"), n("-99.9")]),
        // Of 28 digits, the rest may have been cut off.
        (
            Grain::Any,
            n("0.1234567890123456789012345678"),
            [n("0.1234567890123456789012345668"), n("0.1234567890123456789012345688")],
        ),
    ];
    for (grain, value, expected) in between {
        assert!(!column(grain).holds(&value), "{grain:?} {value:?}");
        let found = before(grain, &value);
        assert!(
            found.iter().zip(&expected).all(|(a, b)| a.compare(b).is_eq()),
            "{grain:?} {value:?}: {found:?}"
        );
    }
}

#[test]
fn a_moment_that_the_source_cannot_hold_is_reached_from_before() {
    let at = |text: &str| Value::DateTime(text.parse().unwrap());
    let moments = |grain| Column { ty: CastType::DateTime, ..column(grain) };
    assert!(moments(Grain::Thirds).holds(&at("2026-01-10T08:00:00.007Z")));
    assert!(!moments(Grain::Thirds).holds(&at("2026-01-10T08:00:00.005Z")));
    assert!(!moments(Grain::Thirds).holds(&at("1500-01-10T08:00:00Z")));
    assert!(moments(Grain::Steps(100)).holds(&at("2026-01-10T08:00:00.0000001Z")));
    assert!(!moments(Grain::Steps(1_000)).holds(&at("2026-01-10T08:00:00.0000001Z")));
    let value = at("2026-01-10T08:00:00.005Z");
    let up = moments(Grain::Thirds).before(&value, false);
    let down = moments(Grain::Thirds).before(&value, true);
    assert!(up.compare(&value).is_lt() && down.compare(&value).is_gt());
}
