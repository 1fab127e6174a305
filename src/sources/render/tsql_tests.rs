//! The T-SQL of the statements that the product sends, seen as it is: a catalog like Sage's, and no
//! catalog at all.

use std::fmt::Write;

use super::super::{
    columns::{Catalog, Known, Twin},
    expr::{CastType, Expr, parse},
    select::{Branch, Decode, Item, Join, OrderBy, Output, Pairs, Predicate, Select, Table, Window},
};
use super::*;
use crate::value::Type;

/// The columns of a Sage base, and a hint.
struct Sage(Vec<Known>, &'static str);

fn known(name: &str, ty: SqlType) -> Known {
    let collation = ty.is_text().then(|| "French_CI_AS".into());
    Known { name: name.into(), ty: Some(ty), family: None, collation, twin: None }
}

fn sage() -> Sage {
    let columns = [
        ("AR_Ref", SqlType::VarChar(19)),
        ("AR_Design", SqlType::VarChar(69)),
        ("FA_CodeFamille", SqlType::VarChar(11)),
        ("AR_Publie", SqlType::SmallInt),
        ("AR_PoidsNet", SqlType::Numeric(24, 6)),
        ("AG_No1", SqlType::Int),
        ("cbModification", SqlType::DateTime),
        ("price", SqlType::Money),
        ("ratio", SqlType::Float),
        ("id", SqlType::Guid),
        ("title", SqlType::NVarChar(200)),
        ("notes", SqlType::VarChar(0)),
    ];
    Sage(columns.iter().map(|(name, ty)| known(name, *ty)).collect(), "")
}

impl Catalog for Sage {
    fn has(&self, _table: &Table, column: &str) -> bool {
        column != "gone"
    }

    fn column(&self, _table: &Table, column: &str) -> Option<&Known> {
        self.0.iter().find(|c| c.name == column)
    }

    fn hint(&self) -> &'static str {
        self.1
    }
}

fn table(name: &str, alias: &str) -> Table {
    Table { prefix: None, name: name.into(), alias: alias.into() }
}

fn branch(items: &[&str]) -> Branch {
    Branch {
        from: table("F_ARTICLE", "a"),
        joins: vec![Join {
            table: table("F_FAMILLE", "f"),
            on: parse("f.FA_CodeFamille = a.FA_CodeFamille AND f.FA_Type = 0").unwrap(),
        }],
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
    let outputs = branches[0].items.iter();
    let outputs = outputs.map(|_| Output { decode: Decode::of(Type::Text), label: "x".into() }).collect();
    Select { outputs, branches, order: vec![], descending: false, count: false }
}

const TEXT: ParamKind = ParamKind::Scalar(CastType::Text(0));
const INT: ParamKind = ParamKind::Scalar(CastType::Integer);

/// Text and parameters, with the catalog and without.
fn shown(select: &Select, kinds: &[ParamKind]) -> String {
    let bare = |_: &Table, column: &str| column != "gone";
    let with: [(&str, &dyn Catalog); 2] = [("columns known", &sage()), ("columns unknown", &bare)];
    let mut text = String::new();
    for (title, catalog) in with {
        match render(select, Dialect::SqlServer, kinds, catalog) {
            Ok(r) => {
                let _ = writeln!(text, "-- {title}\n{}", r.sql);
                for (i, bind) in r.binds.iter().enumerate() {
                    let _ = writeln!(text, "-- @P{}: {bind:?}", i + 1);
                }
            }
            Err(e) => {
                let _ = writeln!(text, "-- {title}: {e}");
            }
        }
    }
    text
}

fn by(expr: &str, ty: CastType) -> OrderBy {
    OrderBy { expr: parse(expr).unwrap(), ty, descending: false }
}

fn keys(exprs: &[(&str, CastType)]) -> Predicate {
    Predicate::In {
        exprs: exprs.iter().map(|(e, _)| parse(e).unwrap()).collect(),
        types: exprs.iter().map(|(_, t)| *t).collect(),
        slot: 0,
    }
}

#[test]
fn keys_are_lists_of_the_columns_own_type() {
    let mut b = branch(&["a.AR_Design", "AR_Ref"]);
    b.filter = vec![keys(&[("a.AR_Ref", CastType::Text(19))])];
    insta::assert_snapshot!("keys_list", shown(&select(vec![b.clone()]), &[ParamKind::KeyList(2)]));
    insta::assert_snapshot!("keys_none", shown(&select(vec![b.clone()]), &[ParamKind::KeyList(0)]));
    insta::assert_snapshot!("keys_packed", shown(&select(vec![b.clone()]), &[ParamKind::Keys]));
    b.filter = vec![Predicate::Not(Box::new(keys(&[("a.FA_CodeFamille", CastType::Text(0))])))];
    insta::assert_snapshot!("keys_not", shown(&select(vec![b]), &[ParamKind::KeyList(1)]));
}

#[test]
fn composite_keys_are_rows() {
    let mut b = branch(&["a.AR_Design"]);
    b.filter = vec![keys(&[("a.AR_Ref", CastType::Text(19)), ("a.AG_No1", CastType::Integer)])];
    insta::assert_snapshot!("composite_list", shown(&select(vec![b.clone()]), &[ParamKind::KeyList(2)]));
    insta::assert_snapshot!("composite_packed", shown(&select(vec![b]), &[ParamKind::Keys]));
}

/// Sage's tables, whose indexes stand on binary copies; `home` is the table of the key.
fn twinned() -> impl Catalog {
    struct Twinned(Vec<(&'static str, Known)>);
    impl Catalog for Twinned {
        fn has(&self, _table: &Table, _column: &str) -> bool {
            true
        }

        fn column(&self, table: &Table, column: &str) -> Option<&Known> {
            let of = |at: &str| at == "*" || at == table.name;
            self.0.iter().find(|(at, c)| of(at) && c.name == column).map(|(_, c)| c)
        }
    }
    let copy = |column: &str, home: Option<&str>, bytes: u32| {
        let twin = Twin { name: format!("cb{column}"), bytes, home: home.map(str::to_owned) };
        Known { twin: Some(twin), ..known(column, SqlType::VarChar(bytes - 1)) }
    };
    Twinned(vec![
        ("F_ARTICLE", copy("AR_Ref", None, 20)),
        ("F_ARTENUMREF", copy("AR_Ref", Some("F_ARTICLE"), 20)),
        ("F_FAMILLE", copy("FA_CodeFamille", None, 12)),
        ("F_ARTICLE", copy("FA_CodeFamille", Some("F_FAMILLE"), 12)),
        ("*", known("AG_No1", SqlType::Int)),
    ])
}

fn rendered(select: &Select, kinds: &[ParamKind], catalog: &dyn Catalog) -> String {
    render(select, Dialect::SqlServer, kinds, catalog).map_or_else(|e| e.to_string(), |r| r.sql.to_string())
}

#[test]
fn keys_are_compared_as_the_bytes_that_their_home_has() {
    let catalog = twinned();
    let mut b = branch(&["e.AG_No1"]);
    b.from = table("F_ARTENUMREF", "e");
    b.joins = vec![
        Join { table: table("F_ARTICLE", "a"), on: parse("a.AR_Ref = e.AR_Ref").unwrap() },
        Join { table: table("F_FAMILLE", "f"), on: parse("f.FA_CodeFamille = a.FA_CodeFamille").unwrap() },
    ];
    b.items.push(Item::from(parse("f.FA_Intitule").unwrap()));
    b.filter = vec![keys(&[("e.AR_Ref", CastType::Text(19))])];
    let of = |b: &Branch, kind| rendered(&select(vec![b.clone()]), &[kind], &catalog);
    insta::assert_snapshot!("twin_list", of(&b, ParamKind::KeyList(2)));
    insta::assert_snapshot!("twin_packed", of(&b, ParamKind::Keys));
    b.filter = vec![keys(&[("e.AR_Ref", CastType::Text(19)), ("e.AG_No1", CastType::Integer)])];
    insta::assert_snapshot!("twin_composite", of(&b, ParamKind::KeyList(2)));
    // At home the text has an index of its own.
    let mut at_home = branch(&["a.AR_Design"]);
    at_home.filter = vec![keys(&[("a.AR_Ref", CastType::Text(19))])];
    insta::assert_snapshot!("twin_home", of(&at_home, ParamKind::KeyList(1)));
}

#[test]
fn pairs_use_the_copies_and_pages_order_by_the_text() {
    let mut b = branch(&["p.\"group\"", "a.AR_Ref"]);
    b.pairs = Some(Pairs { alias: "p".into(), slot: 0, on: parse("p.node = a.FA_CodeFamille").unwrap() });
    b.window = Some(Window {
        partition: vec![parse("p.\"group\"").unwrap()],
        order: vec![by("a.AR_Ref", CastType::Text(0))],
        limit: 1,
        last: false,
    });
    let nested = rendered(&select(vec![b]), &[ParamKind::KeyList(2), INT], &twinned());
    insta::assert_snapshot!("twin_window", nested);
    let order = vec![by("a.AR_Ref", CastType::Text(19)), by("a.AG_No1", CastType::Integer)];
    let mut b = branch(&["a.AR_Design"]);
    b.filter = vec![Predicate::After { columns: order.clone(), slots: vec![0, 1] }];
    b.order = order;
    b.limit = Some(2);
    insta::assert_snapshot!("twin_page", rendered(&select(vec![b]), &[TEXT, INT, INT], &twinned()));
}

#[test]
fn pages_are_keysets_under_top() {
    let order = vec![by("a.AR_Ref", CastType::Text(19)), by("a.AG_No1", CastType::Integer)];
    let mut b = branch(&["a.AR_Design"]);
    b.filter = vec![Predicate::After { columns: order.clone(), slots: vec![0, 1] }];
    b.order = order;
    b.limit = Some(2);
    insta::assert_snapshot!("page", shown(&select(vec![b.clone()]), &[TEXT, INT, INT]));
    b.distinct = true;
    insta::assert_snapshot!("page_distinct", shown(&select(vec![b]), &[TEXT, INT, INT]));
}

#[test]
fn nested_pages_are_numbered_rows() {
    let mut b = branch(&["p.\"group\"", "a.AR_Ref"]);
    b.pairs = Some(Pairs { alias: "p".into(), slot: 0, on: parse("p.node = a.FA_CodeFamille").unwrap() });
    b.window = Some(Window {
        partition: vec![parse("p.\"group\"").unwrap()],
        order: vec![by("a.AR_Ref", CastType::Text(0))],
        limit: 1,
        last: false,
    });
    let mut s = select(vec![b.clone()]);
    s.order = vec![0, 1];
    insta::assert_snapshot!("window", shown(&s, &[ParamKind::KeyList(2), INT]));
    b.distinct = true;
    let mut s = select(vec![b]);
    s.order = vec![0, 1];
    insta::assert_snapshot!("window_distinct", shown(&s, &[ParamKind::KeyList(1), INT]));
}

#[test]
fn branches_agree_on_text() {
    let mut first = branch(&["a.AR_Ref", "a.gone", "a.AR_Publie = 1", "a.price", "a.cbModification"]);
    first.items[1].missing = Missing::Bad;
    let mut second = branch(&["a.title", "a.AG_No1", "NULL", "a.ratio", "a.id"]);
    second.from.prefix = Some("COMPTA".into());
    second.limit = Some(0);
    second.order = vec![by("a.AR_Ref", CastType::Text(0))];
    let mut s = select(vec![first, second]);
    s.order = vec![0];
    insta::assert_snapshot!("union", shown(&s, &[INT]));
    s.count = true;
    insta::assert_snapshot!("count_union", shown(&s, &[INT]));
    s.branches.pop();
    insta::assert_snapshot!("count", shown(&s, &[INT]));
}

#[test]
fn functions_and_operators() {
    let items = [
        "a.AG_No1 / 2",
        "a.AG_No1 + a.AR_PoidsNet * 0.5",
        "a.AR_Ref || 'x' || a.AG_No1",
        "a.AR_Design LIKE '[a%'",
        "SUBSTRING(a.AR_Design, 2)",
        "ROUND(a.AR_PoidsNet * 0.001, 6)",
        "ROUND(a.ratio)",
        "REPLACE(a.AR_Design, 'a', 'é')",
        "LENGTH(a.AR_Design)",
        "TRIM(a.AR_Design)",
        "CAST(a.AR_PoidsNet AS int)",
        "CAST(a.AG_No1 AS varchar(11))",
        "CAST(a.title AS varchar(3))",
        "CAST(a.cbModification AS date)",
        "CAST(a.cbModification AS varchar(10))",
        "CASE WHEN a.AR_Publie > 1 THEN 'big' ELSE 'small' END",
        "CASE a.AR_Publie WHEN 2 THEN a.AR_Publie = 2 ELSE FALSE END",
        "COALESCE(a.AR_Publie, 0) = 1",
        "NOT a.AR_Publie",
        "a.AR_Publie = 1 AND a.AR_Design IS NULL",
        "a.AR_Design IS NOT NULL",
        "COALESCE(NULL, a.AR_Design)",
        "a.AR_Ref = 'é'",
        "a.AR_Ref IN ('a', 'b')",
        ":today",
        ":now",
        "UPPER(a.title)",
        "-a.AR_PoidsNet",
        "TRUE",
    ];
    insta::assert_snapshot!("functions", shown(&select(vec![branch(&items)]), &[]));
}

#[test]
fn constants_take_the_columns_type() {
    let constant = |value: Value| {
        move |e: Expr| if matches!(e, Expr::Setting(_)) { Expr::Constant(value.clone()) } else { e }
    };
    let mut b = branch(&["'it''s'"]);
    b.from.name = "T]; --".into();
    b.filter = vec![
        Predicate::Expr(parse("a.AR_Ref = :s").unwrap().map(&mut constant(Value::text("' OR 1=1 --")))),
        Predicate::Expr(parse("a.title = :s").unwrap().map(&mut constant(Value::text("x")))),
        Predicate::Expr(parse("a.AR_Publie = :s").unwrap().map(&mut constant(Value::Int(1)))),
        Predicate::Expr(
            parse(":s AND a.cbModification <= :now").unwrap().map(&mut constant(Value::Bool(true))),
        ),
    ];
    insta::assert_snapshot!("constants", shown(&select(vec![b]), &[]));
}

#[test]
fn nolock_stands_after_every_table() {
    let mut b = branch(&["a.AR_Ref", "f.FA_Intitule"]);
    b.from.prefix = Some("COMPTA.dbo".into());
    let catalog = Sage(vec![], " WITH (NOLOCK)");
    let rendered = render(&select(vec![b]), Dialect::SqlServer, &[], &catalog).unwrap();
    insta::assert_snapshot!("nolock", &*rendered.sql);
}

#[test]
fn nothing_that_old_servers_lack() {
    // Every snapshot of this file, read as one text.
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/render/snapshots");
    let mut seen = 0;
    for file in std::fs::read_dir(dir).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap().to_ascii_uppercase();
        for word in [
            " OFFSET ",
            "FETCH NEXT",
            "LIMIT ",
            "JSON",
            "STRING_SPLIT",
            "TRIM(BOTH",
            "LEAST(",
            "IIF(",
            "TRY_",
            "CONCAT(",
        ] {
            assert!(!text.contains(word), "{word}");
        }
        seen += 1;
    }
    assert!(seen > 10);
}
