//! The SQL text of both dialects, seen as it is.

use super::super::expr::parse;
use super::super::select::{Decode, Join, Pairs, Window};
use super::*;

fn table(name: &str, alias: &str) -> Table {
    Table { prefix: None, name: name.into(), alias: alias.into() }
}

fn branch(items: &[&str]) -> Branch {
    Branch {
        from: table("F_ARTICLE", "a"),
        joins: vec![
            Join { table: table("F_FAMILLE", "f"), on: parse("f.FA_CodeFamille = a.FA_CodeFamille").unwrap() },
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
    Select { outputs, branches, order: vec![], count: false }
}

const TEXT: ParamKind = ParamKind::Scalar(CastType::Text(0));
const INT: ParamKind = ParamKind::Scalar(CastType::Integer);

fn both(select: &Select, kinds: &[ParamKind]) -> String {
    [Dialect::Sqlite, Dialect::Postgres]
        .map(|dialect| match render(select, dialect, kinds, &|_, column| column != "gone") {
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
    insta::assert_snapshot!(both(&select(vec![b]), &[ParamKind::Keys]), @"");
}

#[test]
fn composite_keys() {
    let mut b = branch(&["a.x"]);
    b.filter = vec![Predicate::Not(Box::new(Predicate::In {
        exprs: vec![parse("a.AR_Ref").unwrap(), parse("a.AG_No1").unwrap()],
        types: vec![CastType::Text(19), CastType::Integer],
        slot: 0,
    }))];
    insta::assert_snapshot!(both(&select(vec![b]), &[ParamKind::Keys]), @"");
}

#[test]
fn keyset_and_order_and_limit() {
    let order = vec![by("a.AR_Ref", CastType::Text(0)), by("a.AG_No1", CastType::Integer)];
    let mut b = branch(&["a.x"]);
    b.filter = vec![Predicate::After { columns: order.clone(), slots: vec![0, 1] }];
    b.order = order;
    b.limit = Some(2);
    insta::assert_snapshot!(both(&select(vec![b]), &[TEXT, INT, INT]), @"");
}

#[test]
fn window_with_pairs() {
    let mut b = branch(&["p.\"group\"", "a.AR_Ref"]);
    b.pairs = Some(Pairs { alias: "p".into(), slot: 0, on: parse("p.node = a.FA_CodeFamille").unwrap() });
    b.window = Some(Window {
        partition: vec![parse("p.\"group\"").unwrap()],
        order: vec![by("a.AR_Ref", CastType::Text(0))],
        limit: 1,
    });
    b.distinct = true;
    let mut s = select(vec![b.clone()]);
    s.order = vec![0, 1];
    insta::assert_snapshot!(both(&s, &[ParamKind::Keys, INT]), @"");
    b.distinct = false;
    insta::assert_snapshot!(both(&select(vec![b]), &[ParamKind::Keys, INT]), @"");
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
    insta::assert_snapshot!(both(&s, &[INT]), @"");
    s.count = true;
    insta::assert_snapshot!(both(&s, &[INT]), @"");
    s.branches.pop();
    insta::assert_snapshot!(both(&s, &[INT]), @"");
}

#[test]
fn functions_and_operators() {
    let b = branch(&[
        "a.n / 2", "a.n + a.m * 0.5", "a.t || 'x'", "a.t LIKE 'a%'", "SUBSTRING(a.t, 1, 2)", "ROUND(a.n, 2)",
        "REPLACE(a.t, 'a', 'b')", "LENGTH(a.t)", "CAST(a.n AS int)", "CAST(a.t AS varchar(3))", "CAST(a.t AS date)",
        "CASE WHEN a.n > 1 THEN 'big' ELSE 'small' END", "COALESCE(a.n, 0) = 1", ":today", ":now", "UPPER(a.t)",
    ]);
    insta::assert_snapshot!(both(&select(vec![b]), &[]), @"");
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
    insta::assert_snapshot!(both(&select(vec![b]), &[TEXT]), @"");
}

#[test]
fn what_cannot_be_rendered_is_an_error() {
    for item in [":rank", ":unbound"] {
        assert!(render(&select(vec![branch(&[item])]), Dialect::Sqlite, &[], &|_, _| true).is_err());
    }
    assert!(render(&Select::default(), Dialect::Sqlite, &[], &|_, _| true).is_err());
    let mut b = branch(&["a.x"]);
    b.limit = Some(3);
    assert!(render(&select(vec![b]), Dialect::Postgres, &[INT], &|_, _| true).is_err());
    let mut b = branch(&["1"]);
    b.items[0].expr = Expr::Number("1; DROP".into());
    assert!(render(&select(vec![b]), Dialect::Postgres, &[], &|_, _| true).is_err());
}
