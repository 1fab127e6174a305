use proptest::prelude::*;

use super::*;
use crate::{sources::Expr, value::KeyCompare};

fn column(name: &str, ty: CastType) -> KeyColumn {
    KeyColumn {
        name: name.into(),
        expr: Expr::column("t", name),
        ty,
        compare: KeyCompare::Binary,
        spelling: crate::connectors::map::Spelling::Any,
        trim: true,
    }
}

fn variants() -> (CodeRule, Vec<KeyColumn>) {
    let columns = vec![
        column("article", CastType::Text(19)),
        column("first", CastType::Integer),
        column("second", CastType::Integer),
    ];
    let template = CodeRule::template("{article}~{first}[~{second}]", &columns).unwrap();
    (CodeRule { own: Some(Expr::column("t", "own")), template }, columns)
}

fn key(article: &str, first: i64, second: i64) -> Vec<Value> {
    vec![Value::text(article), Value::Int(first), Value::Int(second)]
}

#[test]
fn codes_read_as_documented() {
    let (rule, columns) = variants();
    assert_eq!(rule.encode(None, &key("VELO", 12, 0)), "VELO~12");
    assert_eq!(rule.encode(Some("  "), &key("VELO", 12, 34)), "VELO~12~34");
    assert_eq!(rule.encode(Some("V-ROUGE "), &key("VELO", 12, 34)), "V-ROUGE");
    assert_eq!(rule.decode("VELO~12~34", &columns), Some(key("VELO", 12, 34)));
    assert_eq!(rule.decode("VELO~12", &columns), Some(key("VELO", 12, 0)));
}

#[test]
fn what_cannot_be_a_code_is_none() {
    let (rule, columns) = variants();
    for code in ["VELO", "VELO~", "VELO~012", "VELO~+1", "VELO~12~0", "~12", " ~12", "VELO~1e3", ""] {
        assert_eq!(rule.decode(code, &columns), None, "{code}");
    }
    let long = "X".repeat(20);
    assert_eq!(rule.decode(&format!("{long}~1"), &columns), None);
    let number = vec![column("number", CastType::Integer)];
    assert_eq!(plain_rule().decode("12", &number), Some(vec![Value::Int(12)]));
    assert_eq!(plain_rule().decode("12x", &number), None);
    assert_eq!(plain_rule().encode(None, &[Value::Int(12)]), "12");
}

#[test]
fn an_article_code_with_the_separator_still_reads_back() {
    let (rule, columns) = variants();
    let tricky = key("A~1", 2, 0);
    assert_eq!(rule.encode(None, &tricky), "A~1~2~0");
    assert_eq!(rule.decode("A~1~2~0", &columns), Some(tricky));
    assert_eq!(rule.decode("A~1~2", &columns), Some(key("A", 1, 2)));
}

fn dimensions() -> (CodeRule, Vec<KeyColumn>) {
    let columns = ["article", "d1", "d2", "d3", "d4", "d5"].map(|n| column(n, CastType::Text(18))).to_vec();
    let template = CodeRule::template("{article}~{d1}[.{d2}][.{d3}][.{d4}][.{d5}]", &columns).unwrap();
    (CodeRule { own: None, template }, columns)
}

fn texts(texts: [&str; 6]) -> Vec<Value> {
    texts.map(Value::text).to_vec()
}

#[test]
fn trailing_blanks_are_dropped_and_inner_ones_kept() {
    let (rule, columns) = dimensions();
    for (key, code) in [
        (["A", "001", "", "", "", ""], "A~001"),
        (["A", "001", "002", "", "", ""], "A~001.002"),
        (["A", "001", "002", "003", "004", "005"], "A~001.002.003.004.005"),
        (["A", "001", "", "003", "", ""], "A~001..003"),
        (["A", "001", "", "", "", "005"], "A~001....005"),
        (["A", "", "002", "", "", ""], "A~.002"),
        (["A.B~C", "001", "", "", "", ""], "A.B~C~001"),
        (["A", "1.2", "a~b", "", "", ""], "A~1%2E2.a%7Eb"),
    ] {
        assert_eq!(rule.encode(None, &texts(key)), code);
        assert_eq!(rule.decode(code, &columns), Some(texts(key)), "{code}");
    }
    assert_eq!(rule.decode("A", &columns), None);
    assert_eq!(rule.decode("A~001.", &columns), None);
}

#[test]
fn templates_are_checked() {
    let (_, columns) = variants();
    for (template, offset) in [
        ("{article}{first}~{second}", 9),
        ("{article}~{frist}", 11),
        ("{article}~{first}", 0),
        ("{article}~{first}[~{second}", 17),
        ("[~{second}]{article}~{first}", 0),
        ("{article}~{first}~{article}", 18),
    ] {
        let found = CodeRule::template(template, &columns).unwrap_err();
        assert_eq!(found.offset, offset, "{template}: {}", found.message);
    }
}

proptest! {
    #[test]
    fn generated_codes_round_trip(
        article in "[A-Z0-9~é%c ]{0,8}[A-Z0-9~é%]", first in any::<i64>(), second in -3i64..99,
    ) {
        let (rule, columns) = variants();
        let key = key(&article, first, second);
        if !article.trim().is_empty() {
            let code = rule.encode(None, &key);
            prop_assert_eq!(rule.decode(&code, &columns), Some(key));
        }
    }

    #[test]
    fn dimensions_round_trip(
        article in "[A-B.~%]{0,4}[A-B.~%]", dims in prop::collection::vec("[0-1.~%]{0,2}", 5),
    ) {
        let (rule, columns) = dimensions();
        let key: Vec<Value> = std::iter::once(article).chain(dims).map(Value::text).collect();
        let code = rule.encode(None, &key);
        prop_assert_eq!(rule.decode(&code, &columns), Some(key), "{}", code);
    }

    #[test]
    fn two_texts_round_trip(a in "[A-C~%-]{1,6}", b in "[A-C~%-]{1,6}", n in any::<i64>()) {
        let columns = vec![
            column("a", CastType::Text(0)),
            column("b", CastType::Text(0)),
            column("n", CastType::Integer),
        ];
        let template = CodeRule::template("x-{a}--{b}~1{n}", &columns).unwrap();
        let rule = CodeRule { own: None, template };
        let key = vec![Value::text(a), Value::text(b), Value::Int(n)];
        let code = rule.encode(None, &key);
        prop_assert_eq!(rule.decode(&code, &columns), Some(key));
    }

    #[test]
    fn decoding_is_the_inverse_of_encoding(code in "[A-B0-2~%]{0,9}") {
        let (rule, columns) = variants();
        if let Some(key) = rule.decode(&code, &columns) {
            prop_assert_eq!(rule.encode(None, &key), code);
        }
    }
}
