//! The expression language, case by case, and the law that canonical text reads back.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::expr::CompareOp;
use super::*;
use crate::value::Value;

fn canonical(text: &str) -> String {
    parse(text).map_or_else(|e| format!("{}: {} — {}", e.offset, e.message, e.help), |e| e.to_string())
}

#[test]
fn reads_what_maps_write() {
    for text in [
        "a.AR_Ref",
        "AR_Ref",
        "\"Durée garantie\"",
        "a.\"Durée garantie\"",
        "a.Désignation",
        "'it''s'",
        ":rayons",
        "COALESCE(a.AR_Publie, 0) = 1",
        "f.FA_CodeFamille = a.FA_CodeFamille AND f.FA_Type = 0",
        "CASE a.AR_UnitePoids WHEN 2 THEN a.AR_PoidsNet WHEN 3 THEN a.AR_PoidsNet * 0.001 END",
        "a.x IN (1, 2) AND a.y NOT IN ('a') AND a.z IS NOT NULL AND a.t NOT LIKE 'x%'",
        "a.x BETWEEN 1 AND 2 AND a.y NOT BETWEEN :a AND :today",
        "CAST(a.x AS varchar(19)) || 'x'",
        "(a.x = 1 OR a.y = 2) AND NOT a.z = 3",
        "-(-a.x)",
        "a.x - (b.y - c.z)",
        "\"select\".x",
    ] {
        assert_eq!(canonical(text), text);
    }
}

#[test]
fn precedence_is_sqls() {
    assert_eq!(canonical("a or b and not c = d + e * -f"), "a OR b AND NOT c = d + e * -f");
    assert_eq!(canonical("(a + b) * c"), "(a + b) * c");
    assert_eq!(canonical("a - b - c"), "a - b - c");
    assert_eq!(canonical("a || b || c = d"), "a || b || c = d");
    assert_eq!(canonical("coalesce( a ,b)"), "COALESCE(a, b)");
    assert_eq!(canonical("a != 1"), "a <> 1");
    assert_eq!(canonical(".5"), "0.5");
    assert_eq!(canonical("cast(a as NUMERIC(24,6))"), "CAST(a AS decimal)");
    assert_eq!(canonical("cast(a as nvarchar(max))"), "CAST(a AS text)");
}

#[test]
fn says_what_is_wrong_and_what_to_do() {
    insta::assert_snapshot!(
        [
            "", "LEN(a)", "(a", "a)", "a b", "a = b = c", "'a", "\"a", "a -- x", "a; b", "[a]", "a.b.c", "TRIM(a, b)",
            "a IN (SELECT 1)", "EXISTS (a)", "a IS 3", "CASE a END", "CASE WHEN a THEN b", "CAST(a AS money)",
            "a BETWEEN 1 OR 2", "1e5", "1.2.3", "a +", "AND a", "a = ?", "COALESCE()", "a,b", ":",
        ]
        .map(|text| format!("{text:<20} {}", canonical(text)))
        .join("\n"),
        @r###"
                     0: the expression is empty — write a column such as a.AR_Ref
LEN(a)               0: unknown function LEN — use one of COALESCE, NULLIF, TRIM, RTRIM, LTRIM, UPPER, UPPER_ASCII, LOWER, SUBSTRING, LENGTH, REPLACE, ROUND, ABS, OPTIONAL, CAST
(a                   0: unbalanced parenthesis — add the `)` that closes this `(`
a)                   1: unbalanced parenthesis — remove this `)` or add the `(` it closes
a b                  2: unexpected `b` — an operator is missing before it; names with blanks are written in double quotes
a = b = c            6: comparisons cannot be chained — join two comparisons with AND, or use parentheses
'a                   0: text without its closing quote — add `'`; a quote inside text is doubled: 'it''s'
"a                   0: a name without its closing double quote — add `"` after the column's name
a -- x               2: comments are not allowed — comment in the TOML file with `#`; two minus signs need parentheses
a; b                 1: `;` is not allowed — an expression is one value, not a statement
[a]                  0: `[` is not portable — names with blanks or accents are written in double quotes
a.b.c                3: too many parts in a column's name — write alias.column; the table and its prefix are named once, in the row source or the join
TRIM(a, b)           0: TRIM has 2 argument(s) — it takes 1
a IN (SELECT 1)      6: sub-queries are not allowed — use a join of the map instead
EXISTS (a)           0: EXISTS is not part of the expression language — write a plain expression; a column of that name is written "EXISTS"
a IS 3               5: expected NULL, found the number 3 — only IS NULL and IS NOT NULL are portable
CASE a END           7: expected WHEN, found `END` — a CASE has at least one WHEN … THEN …
CASE WHEN a THEN b   0: CASE without END — add END after the last value
CAST(a AS money)     10: unknown type money — use varchar(n), text, int, bigint, smallint, decimal, numeric(p,s), date or datetime
a BETWEEN 1 OR 2     12: expected AND, found `OR` — BETWEEN is written x BETWEEN low AND high
1e5                  0: `1e5` is neither a number nor a name — numbers have no exponent; a name that starts with a digit is written in double quotes
1.2.3                0: `1.2.3` is not a number — write digits with at most one point: 0.001
a +                  3: expected a value, found the end — complete the expression
AND a                0: a value is missing before AND — a column, a literal or a parenthesis belongs here
a = ?                4: unexpected character `?` — remove it, or put it in quotes
COALESCE()           0: COALESCE has 0 argument(s) — it takes 1 to 100
a,b                  1: a comma outside a list — an expression is one value: commas stand only between arguments and in IN (…)
:                    0: `:` without a name — settings are written :name
"###
    );
}

#[test]
fn deep_or_long_text_is_refused_not_fatal() {
    for text in [
        "(".repeat(60_000),
        "NOT ".repeat(15_000),
        "- ".repeat(30_000),
        "a+".repeat(30_000),
        "CASE ".repeat(10_000),
        "ABS(".repeat(15_000),
        "a".repeat(70_000),
    ] {
        assert!(parse(&text).is_err());
    }
    let wide = vec!["a = 1"; 5_000].join(" OR ");
    assert!(parse(&wide).is_ok());
}

#[test]
fn settings_become_constants() {
    let expr = parse("a.x = :cat AND a.y = :missing").unwrap();
    let mut settings = BTreeMap::from([("cat".to_owned(), Value::Int(3))]);
    assert_eq!(expr.bind_settings(&settings), Err("missing".to_owned()));
    settings.insert("missing".to_owned(), Value::text("it's"));
    assert_eq!(expr.bind_settings(&settings).unwrap().to_string(), "a.x = 3 AND a.y = 'it''s'");
    assert_eq!(expr.aliases().into_iter().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn types_of_keys() {
    assert_eq!(CastType::parse("varchar(19)"), Ok(CastType::Text(19)));
    assert_eq!(CastType::parse("INT"), Ok(CastType::Integer));
    assert_eq!(CastType::parse("numeric(24, 6)"), Ok(CastType::Decimal));
    assert!(CastType::parse("money").is_err());
    assert!(CastType::parse("int x").is_err());
    assert!(CastType::parse("varchar('a')").is_err());
}

fn expr() -> impl Strategy<Value = Expr> {
    let name = prop_oneof!["[a-zA-Zé_][a-zA-Z0-9é_]{0,5}", "[ -~é\"']{1,6}", Just("order".to_owned())];
    let leaf = prop_oneof![
        (proptest::option::of(name.clone()), name).prop_map(|(table, name)| Expr::Column { table, name }),
        "[ -~é']{0,6}".prop_map(Expr::Text),
        (0u32..10_000).prop_map(|n| Expr::Number(n.to_string())),
        (0u32..10_000, 1u32..100).prop_map(|(a, b)| Expr::Number(format!("{a}.{b}"))),
        Just(Expr::Null),
        any::<bool>().prop_map(Expr::Bool),
        "[b-m]{1,4}".prop_map(Expr::Setting),
        Just(Expr::Today),
        Just(Expr::Now),
        Just(Expr::Rank),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let several = proptest::collection::vec(inner.clone(), 2..4);
        let compare = prop_oneof![
            Just(CompareOp::Eq),
            Just(CompareOp::Ne),
            Just(CompareOp::Lt),
            Just(CompareOp::Le),
            Just(CompareOp::Gt),
            Just(CompareOp::Ge),
        ];
        let binary = prop_oneof![
            Just(BinaryOp::Add),
            Just(BinaryOp::Subtract),
            Just(BinaryOp::Multiply),
            Just(BinaryOp::Divide),
            Just(BinaryOp::Concat),
        ];
        let cast = prop_oneof![
            (0u32..99).prop_map(CastType::Text),
            Just(CastType::Integer),
            Just(CastType::Decimal),
            Just(CastType::Date),
            Just(CastType::DateTime),
        ];
        prop_oneof![
            boxed.clone().prop_map(Expr::Not),
            boxed.clone().prop_map(Expr::Negate),
            several.clone().prop_map(Expr::And),
            several.clone().prop_map(Expr::Or),
            (compare, boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Expr::Compare(op, a, b)),
            (binary, boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Expr::Binary(op, a, b)),
            (boxed.clone(), several.clone(), any::<bool>()).prop_map(|(x, l, n)| Expr::In(x, l, n)),
            (boxed.clone(), any::<bool>()).prop_map(|(x, n)| Expr::IsNull(x, n)),
            (boxed.clone(), boxed.clone(), any::<bool>()).prop_map(|(x, p, n)| Expr::Like(x, p, n)),
            (boxed.clone(), boxed.clone(), boxed.clone(), any::<bool>())
                .prop_map(|(x, a, b, n)| Expr::Between(x, a, b, n)),
            (
                proptest::option::of(boxed.clone()),
                inner.clone(),
                inner.clone(),
                proptest::option::of(boxed.clone())
            )
                .prop_map(|(operand, when, then, otherwise)| Expr::Case {
                    operand,
                    whens: vec![(when, then)],
                    otherwise,
                }),
            several.prop_map(|list| Expr::Call(Function::Coalesce, list)),
            (boxed, cast).prop_map(|(x, ty)| Expr::Cast(x, ty)),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_text_reads_back(expr in expr()) {
        let text = expr.to_string();
        let back = parse(&text);
        prop_assert_eq!(back.as_ref(), Ok(&expr), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        let _ = parse(&text);
    }
}
