//! The SQL text of both dialects, seen as it is.

use super::super::expr::parse;
use super::super::select::{Decode, Join, Pairs, Predicate, Window};
use super::super::select::{OrderBy, Output, Plain};
use super::*;
use crate::value::Type;

fn table(name: &str, alias: &str) -> Table {
    Table { prefix: None, name: name.into(), alias: alias.into() }
}

fn branch(items: &[&str]) -> Branch {
    Branch {
        from: table("F_ARTICLE", "a"),
        joins: vec![
            Join {
                table: table("F_FAMILLE", "f"),
                on: parse("f.FA_CodeFamille = a.FA_CodeFamille").unwrap(),
            },
            Join { table: table("F_CATALOGUE", "c"), on: parse("c.CL_No = f.CL_No").unwrap() },
            Join { table: table("F_UNUSED", "u"), on: parse("u.x = a.x").unwrap() },
        ],
        pairs: None,
        items: items.iter().map(|i| Item::from(parse(i).unwrap())).collect(),
        filter: vec![],
        order: vec![],
        limit: None,
        window: None,
        distinct: false,
    }
}

fn select(branches: Vec<Branch>) -> Select {
    let outputs = branches[0]
        .items
        .iter()
        .map(|_| Output { decode: Decode::of(Type::Text), label: "x".into() })
        .collect();
    Select { outputs, branches, order: vec![], descending: false, count: false }
}

const TEXT: ParamKind = ParamKind::Scalar(CastType::Text(0));
const INT: ParamKind = ParamKind::Scalar(CastType::Integer);

fn both(select: &Select, kinds: &[ParamKind]) -> String {
    [Dialect::Sqlite, Dialect::Postgres]
        .map(|dialect| match render(select, dialect, kinds, &|_: &Table, column: &str| column != "gone") {
            Ok(r) => format!("{}\n{:?}", r.sql, r.binds),
            Err(e) => format!("error: {e}"),
        })
        .join("\n\n")
}

fn by(expr: &str, ty: CastType) -> OrderBy {
    OrderBy { expr: parse(expr).unwrap(), ty, descending: false }
}

#[test]
fn only_needed_joins_and_keys_as_one_parameter() {
    let mut b = branch(&["a.AR_Design", "c.CL_Intitule", "AR_Ref"]);
    b.filter = vec![Predicate::In {
        exprs: vec![parse("a.AR_Ref").unwrap()],
        types: vec![CastType::Text(19)],
        slot: 0,
    }];
    insta::assert_snapshot!(both(&select(vec![b]), &[ParamKind::Keys]), @r###"
SELECT "a"."AR_Design" AS "c0", "c"."CL_Intitule" AS "c1", "a"."AR_Ref" AS "c2" FROM "F_ARTICLE" AS "a" LEFT JOIN "F_FAMILLE" AS "f" ON ("f"."FA_CodeFamille" = "a"."FA_CodeFamille") LEFT JOIN "F_CATALOGUE" AS "c" ON ("c"."CL_No" = "f"."CL_No") WHERE "a"."AR_Ref" IN (SELECT value FROM json_each(?1))
[Keys { slot: 0, types: [Text(19)], column: None }]

SELECT "a"."AR_Design" AS "c0", "c"."CL_Intitule" AS "c1", "a"."AR_Ref" AS "c2" FROM "F_ARTICLE" AS "a" LEFT JOIN "F_FAMILLE" AS "f" ON ("f"."FA_CodeFamille" = "a"."FA_CodeFamille") LEFT JOIN "F_CATALOGUE" AS "c" ON ("c"."CL_No" = "f"."CL_No") WHERE "a"."AR_Ref" = ANY(CAST($1 AS text[]))
[Keys { slot: 0, types: [Text(19)], column: Some(0) }]
"###);
}

#[test]
fn composite_keys() {
    let mut b = branch(&["a.x"]);
    b.filter = vec![Predicate::Not(Box::new(Predicate::In {
        exprs: vec![parse("a.AR_Ref").unwrap(), parse("a.AG_No1").unwrap()],
        types: vec![CastType::Text(19), CastType::Integer],
        slot: 0,
    }))];
    insta::assert_snapshot!(both(&select(vec![b]), &[ParamKind::Keys]), @r###"
SELECT "a"."x" AS "c0" FROM "F_ARTICLE" AS "a" WHERE NOT (("a"."AR_Ref", "a"."AG_No1") IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1)))
[Keys { slot: 0, types: [Text(19), Integer], column: None }]

SELECT "a"."x" AS "c0" FROM "F_ARTICLE" AS "a" WHERE NOT (("a"."AR_Ref", "a"."AG_No1") IN (SELECT * FROM unnest(CAST($1 AS text[]), CAST($2 AS bigint[]))))
[Keys { slot: 0, types: [Text(19), Integer], column: Some(0) }, Keys { slot: 0, types: [Text(19), Integer], column: Some(1) }]
"###);
}

#[test]
fn keyset_and_order_and_limit() {
    let order = vec![by("a.AR_Ref", CastType::Text(0)), by("a.AG_No1", CastType::Integer)];
    let mut b = branch(&["a.x"]);
    b.filter = vec![Predicate::After { columns: order.clone(), slots: vec![0, 1] }];
    b.order = order;
    b.limit = Some(2);
    insta::assert_snapshot!(both(&select(vec![b]), &[TEXT, INT, INT]), @r###"
SELECT "a"."x" AS "c0" FROM "F_ARTICLE" AS "a" WHERE ("a"."AR_Ref" COLLATE BINARY >= ?1 AND ("a"."AR_Ref" COLLATE BINARY > ?1 OR ("a"."AR_Ref" COLLATE BINARY = ?1 AND "a"."AG_No1" > ?2))) ORDER BY "a"."AR_Ref" COLLATE BINARY, "a"."AG_No1" LIMIT ?3
[Slot(0, Some(Text(0))), Slot(1, Some(Integer)), Slot(2, Some(Integer))]

SELECT "a"."x" AS "c0" FROM "F_ARTICLE" AS "a" WHERE ("a"."AR_Ref" COLLATE "C" >= CAST($1 AS text) AND ("a"."AR_Ref" COLLATE "C" > CAST($1 AS text) OR ("a"."AR_Ref" COLLATE "C" = CAST($1 AS text) AND "a"."AG_No1" > CAST($2 AS bigint)))) ORDER BY "a"."AR_Ref" COLLATE "C", "a"."AG_No1" LIMIT CAST($3 AS bigint)
[Slot(0, Some(Text(0))), Slot(1, Some(Integer)), Slot(2, Some(Integer))]
"###);
}

#[test]
fn window_with_pairs() {
    let mut b = branch(&["p.\"group\"", "a.AR_Ref"]);
    b.pairs = Some(Pairs { alias: "p".into(), slot: 0, on: parse("p.node = a.FA_CodeFamille").unwrap() });
    b.window = Some(Window {
        partition: vec![parse("p.\"group\"").unwrap()],
        order: vec![by("a.AR_Ref", CastType::Text(0))],
        limit: 1,
        last: false,
    });
    b.distinct = true;
    let mut s = select(vec![b.clone()]);
    s.order = vec![0, 1];
    insta::assert_snapshot!(both(&s, &[ParamKind::Keys, INT]), @r###"
SELECT "c0", "c1" FROM (SELECT "c0", "c1" FROM (SELECT "c0", "c1", ROW_NUMBER() OVER (PARTITION BY "p0" ORDER BY "o0" COLLATE BINARY) AS "n" FROM (SELECT DISTINCT ("p"."group" || '') AS "c0", "a"."AR_Ref" AS "c1", ("p"."group" || '') AS "p0", "a"."AR_Ref" AS "o0" FROM "F_ARTICLE" AS "a" JOIN (SELECT json_extract(value, '$[0]') AS "group", json_extract(value, '$[1]') AS "node" FROM json_each(?1)) AS "p" ON (("p"."node" || '') = "a"."FA_CodeFamille")) AS "d") AS "w" WHERE "n" <= ?2) AS "u" ORDER BY "c0" COLLATE BINARY, "c1" COLLATE BINARY
[Keys { slot: 0, types: [Text(0), Text(0)], column: None }, Slot(1, Some(Integer))]

SELECT "c0", "c1" FROM (SELECT "c0", "c1" FROM (SELECT "c0", "c1", ROW_NUMBER() OVER (PARTITION BY "p0" ORDER BY "o0" COLLATE "C") AS "n" FROM (SELECT DISTINCT CAST("p"."group" AS text) AS "c0", CAST("a"."AR_Ref" AS text) AS "c1", "p"."group" AS "p0", "a"."AR_Ref" AS "o0" FROM "F_ARTICLE" AS "a" JOIN unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS "p"("group", "node") ON ("p"."node" = "a"."FA_CodeFamille")) AS "d") AS "w" WHERE "n" <= CAST($3 AS bigint)) AS "u" ORDER BY "c0" COLLATE "C", "c1" COLLATE "C"
[Keys { slot: 0, types: [Text(0), Text(0)], column: Some(0) }, Keys { slot: 0, types: [Text(0), Text(0)], column: Some(1) }, Slot(1, Some(Integer))]
"###);
    b.distinct = false;
    insta::assert_snapshot!(both(&select(vec![b]), &[ParamKind::Keys, INT]), @r###"
SELECT "c0", "c1" FROM (SELECT ("p"."group" || '') AS "c0", "a"."AR_Ref" AS "c1", ROW_NUMBER() OVER (PARTITION BY ("p"."group" || '') ORDER BY "a"."AR_Ref" COLLATE BINARY) AS "n" FROM "F_ARTICLE" AS "a" JOIN (SELECT json_extract(value, '$[0]') AS "group", json_extract(value, '$[1]') AS "node" FROM json_each(?1)) AS "p" ON (("p"."node" || '') = "a"."FA_CodeFamille")) AS "w" WHERE "n" <= ?2
[Keys { slot: 0, types: [Text(0), Text(0)], column: None }, Slot(1, Some(Integer))]

SELECT "c0", "c1" FROM (SELECT "p"."group" AS "c0", "a"."AR_Ref" AS "c1", ROW_NUMBER() OVER (PARTITION BY "p"."group" ORDER BY "a"."AR_Ref" COLLATE "C") AS "n" FROM "F_ARTICLE" AS "a" JOIN unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS "p"("group", "node") ON ("p"."node" = "a"."FA_CodeFamille")) AS "w" WHERE "n" <= CAST($3 AS bigint)
[Keys { slot: 0, types: [Text(0), Text(0)], column: Some(0) }, Keys { slot: 0, types: [Text(0), Text(0)], column: Some(1) }, Slot(1, Some(Integer))]
"###);
}

#[test]
fn unions_and_counts() {
    let mut first = branch(&["a.x", "a.gone", "a.y = 1"]);
    first.items[1].missing = Missing::Bad;
    let mut second = branch(&["a.x", "a.z", "NULL"]);
    second.from.prefix = Some("side".into());
    second.limit = Some(0);
    second.order = vec![by("a.x", CastType::Text(0))];
    let mut s = select(vec![first, second]);
    s.order = vec![0];
    insta::assert_snapshot!(both(&s, &[INT]), @r###"
SELECT "c0", "c1", "c2", "b" FROM (SELECT "c0", "c1", "c2", "b" FROM (SELECT "a"."x" AS "c0", NULL AS "c1", ("a"."y" = 1) AS "c2", 0 AS "b" FROM "F_ARTICLE" AS "a") AS "u0" UNION ALL SELECT "c0", "c1", "c2", "b" FROM (SELECT "a"."x" AS "c0", "a"."z" AS "c1", NULL AS "c2", 1 AS "b" FROM "side"."F_ARTICLE" AS "a" ORDER BY "a"."x" COLLATE BINARY LIMIT ?1) AS "u1") AS "u" ORDER BY "c0" COLLATE BINARY
[Slot(0, Some(Integer))]

SELECT "c0", "c1", "c2", "b" FROM (SELECT "c0", "c1", "c2", "b" FROM (SELECT CAST("a"."x" AS text) AS "c0", CAST(NULL AS text) AS "c1", CAST(CAST(("a"."y" = 1) AS integer) AS text) AS "c2", 0 AS "b" FROM "F_ARTICLE" AS "a") AS "u0" UNION ALL SELECT "c0", "c1", "c2", "b" FROM (SELECT CAST("a"."x" AS text) AS "c0", CAST("a"."z" AS text) AS "c1", CAST(NULL AS text) AS "c2", 1 AS "b" FROM "side"."F_ARTICLE" AS "a" ORDER BY "a"."x" COLLATE "C" LIMIT CAST($1 AS bigint)) AS "u1") AS "u" ORDER BY "c0" COLLATE "C"
[Slot(0, Some(Integer))]
"###);
    s.count = true;
    insta::assert_snapshot!(both(&s, &[INT]), @r###"
SELECT COUNT(*) AS "c0" FROM (SELECT 1 AS "one" FROM (SELECT 1 AS "one" FROM "F_ARTICLE" AS "a") AS "u0" UNION ALL SELECT 1 AS "one" FROM (SELECT 1 AS "one" FROM "side"."F_ARTICLE" AS "a" ORDER BY "a"."x" COLLATE BINARY LIMIT ?1) AS "u1") AS "u"
[Slot(0, Some(Integer))]

SELECT COUNT(*) AS "c0" FROM (SELECT 1 AS "one" FROM (SELECT 1 AS "one" FROM "F_ARTICLE" AS "a") AS "u0" UNION ALL SELECT 1 AS "one" FROM (SELECT 1 AS "one" FROM "side"."F_ARTICLE" AS "a" ORDER BY "a"."x" COLLATE "C" LIMIT CAST($1 AS bigint)) AS "u1") AS "u"
[Slot(0, Some(Integer))]
"###);
    s.branches.pop();
    insta::assert_snapshot!(both(&s, &[INT]), @r###"
SELECT COUNT(*) AS "c0" FROM "F_ARTICLE" AS "a"
[]

SELECT COUNT(*) AS "c0" FROM "F_ARTICLE" AS "a"
[]
"###);
}

#[test]
fn functions_and_operators() {
    let b = branch(&[
        "a.n / 2",
        "a.n + a.m * 0.5",
        "a.t || 'x'",
        "a.t LIKE 'a%'",
        "SUBSTRING(a.t, 1, 2)",
        "ROUND(a.n, 2)",
        "REPLACE(a.t, 'a', 'b')",
        "LENGTH(a.t)",
        "CAST(a.n AS int)",
        "CAST(a.t AS varchar(3))",
        "CAST(a.t AS date)",
        "CASE WHEN a.n > 1 THEN 'big' ELSE 'small' END",
        "COALESCE(a.n, 0) = 1",
        ":today",
        ":now",
        "UPPER(a.t)",
    ]);
    insta::assert_snapshot!(both(&select(vec![b]), &[]), @r###"
SELECT (CAST("a"."n" AS REAL) / NULLIF(2, 0)) AS "c0", ("a"."n" + ("a"."m" * 0.5)) AS "c1", ("a"."t" || 'x') AS "c2", ("a"."t" LIKE 'a%') AS "c3", SUBSTR("a"."t", 1, 2) AS "c4", ROUND("a"."n", 2) AS "c5", REPLACE("a"."t", 'a', 'b') AS "c6", LENGTH("a"."t") AS "c7", CAST("a"."n" AS INTEGER) AS "c8", SUBSTR(CAST("a"."t" AS TEXT), 1, 3) AS "c9", DATE("a"."t") AS "c10", CASE WHEN ("a"."n" > 1) THEN 'big' ELSE 'small' END AS "c11", (COALESCE("a"."n", 0) = 1) AS "c12", ?1 AS "c13", ?2 AS "c14", UPPER("a"."t") AS "c15" FROM "F_ARTICLE" AS "a"
[Today, Now]

SELECT (CAST("a"."n" AS numeric) / NULLIF(CAST(2 AS numeric), 0)) AS "c0", (CAST("a"."n" AS numeric) + (CAST("a"."m" AS numeric) * 0.5)) AS "c1", (CAST("a"."t" AS text) || CAST('x' AS text)) AS "c2", CAST((CAST("a"."t" AS text) COLLATE "C" LIKE CAST('a%' AS text) ESCAPE '') AS integer) AS "c3", SUBSTRING(CAST("a"."t" AS text), CAST(1 AS integer), CAST(2 AS integer)) AS "c4", ROUND(CAST("a"."n" AS numeric), CAST(2 AS integer)) AS "c5", REPLACE(CAST("a"."t" AS text) COLLATE "C", CAST('a' AS text), CAST('b' AS text)) AS "c6", LENGTH(CAST("a"."t" AS text)) AS "c7", CAST(TRUNC(CAST("a"."n" AS numeric)) AS bigint) AS "c8", CAST("a"."t" AS varchar(3)) AS "c9", CAST("a"."t" AS date) AS "c10", CASE WHEN ("a"."n" > 1) THEN 'big' ELSE 'small' END AS "c11", CAST((COALESCE("a"."n", 0) = 1) AS integer) AS "c12", CAST($1 AS date) AS "c13", CAST($2 AS timestamp) AS "c14", UPPER(CAST("a"."t" AS text)) AS "c15" FROM "F_ARTICLE" AS "a"
[Today, Now]
"###);
}

#[test]
fn hostile_names_and_values_stay_what_they_are() {
    let mut b = branch(&["a.\"x\"\"; DROP TABLE y; --\"", "'it''s \\'' --'"]);
    b.from.name = "T\"; --".into();
    b.filter = vec![
        Predicate::Expr(parse("a.x = :s").unwrap().map(&mut |e| match e {
            Expr::Setting(_) => Expr::Constant(Value::text("' OR 1=1 --")),
            other => other,
        })),
        Predicate::Expr(Expr::Compare(
            super::super::expr::CompareOp::Eq,
            Box::new(parse("a.y").unwrap()),
            Box::new(Expr::Slot(0)),
        )),
    ];
    insta::assert_snapshot!(both(&select(vec![b]), &[TEXT]), @r###"
SELECT "a"."x""; DROP TABLE y; --" AS "c0", 'it''s \'' --' AS "c1" FROM "T""; --" AS "a" WHERE ("a"."x" = ?1) AND ("a"."y" = ?2)
[Constant(Text("' OR 1=1 --"), Some(Text(0))), Slot(0, Some(Text(0)))]

SELECT "a"."x""; DROP TABLE y; --" AS "c0", 'it''s \'' --' AS "c1" FROM "T""; --" AS "a" WHERE ("a"."x" = CAST($1 AS text)) AND ("a"."y" = CAST($2 AS text))
[Constant(Text("' OR 1=1 --"), Some(Text(0))), Slot(0, Some(Text(0)))]
"###);
}

#[test]
fn what_cannot_be_rendered_is_an_error() {
    for item in [":rank", ":unbound"] {
        assert!(
            render(&select(vec![branch(&[item])]), Dialect::Sqlite, &[], &|_: &Table, _: &str| true).is_err()
        );
    }
    assert!(render(&Select::default(), Dialect::Sqlite, &[], &|_: &Table, _: &str| true).is_err());
    let mut b = branch(&["a.x"]);
    b.limit = Some(3);
    assert!(render(&select(vec![b]), Dialect::Postgres, &[INT], &|_: &Table, _: &str| true).is_err());
    let mut b = branch(&["1"]);
    b.items[0].expr = Expr::Number("1; DROP".into());
    assert!(render(&select(vec![b]), Dialect::Postgres, &[], &|_: &Table, _: &str| true).is_err());
}

#[test]
fn what_does_not_order_is_told_in_each_dialect() {
    let told = |plain, dialect| {
        let mut b = branch(&["a.n"]);
        b.joins.clear();
        b.filter = vec![Predicate::Odd { expr: parse("a.n").unwrap(), plain }];
        let sql = render(&select(vec![b]), dialect, &[], &|_: &Table, _: &str| true).unwrap().sql;
        sql.split_once(" WHERE ").unwrap().1.replace(['"', '[', ']'], "")
    };
    assert_eq!(told(Plain::Number, Dialect::Postgres), "(1 = 0)");
    assert_eq!(told(Plain::Digits, Dialect::Postgres), "(a.n >= 1e28 OR a.n <= -1e28)");
    assert_eq!(
        told(Plain::Digits, Dialect::Sqlite),
        "(typeof(a.n) NOT IN ('integer', 'null') AND NOT (typeof(a.n) = 'real' AND (a.n = 0 OR abs(a.n) BETWEEN 1e-13 AND 9e15) AND a.n = CAST(printf('%.15g', a.n) AS REAL)))"
    );
    assert_eq!(
        told(Plain::Moment, Dialect::Postgres),
        "(a.n < DATE '0001-01-01' OR a.n >= DATE '10000-01-01')"
    );
    assert!(told(Plain::Digits, Dialect::SqlServer).contains("a.n <= -10000000000000000000000000000"));
    assert_eq!(told(Plain::Moment, Dialect::SqlServer), "(1 = 0)");
}
