//! The built-in maps against both dialects: every expression of every row source, child list, text
//! and marker table renders, whatever the settings.

use super::{map::*, tests::built_in};
use crate::{
    sources::{
        Dialect, Expr,
        render::{ParamKind, render},
        select::{Branch, Decode, Item, Join, Output, Predicate, Select, Table},
    },
    value::{Type, Value},
};

/// One statement of all the expressions over a table and its joins.
fn question(from: &Table, joins: &[Join], exprs: Vec<Expr>, filter: Option<&Expr>) -> Select {
    let outputs = exprs.iter().map(|_| Output { decode: Decode::of(Type::Text), label: "x".into() });
    Select {
        outputs: outputs.collect(),
        branches: vec![Branch {
            from: from.clone(),
            joins: joins.to_vec(),
            pairs: None,
            items: exprs.into_iter().map(Item::from).collect(),
            filter: filter.cloned().map(Predicate::Expr).into_iter().collect(),
            order: Vec::new(),
            limit: None,
            window: None,
            distinct: false,
        }],
        order: Vec::new(),
        descending: false,
        count: false,
    }
}

fn field_exprs(fields: &indexmap::IndexMap<String, FieldMap>) -> Vec<Expr> {
    let own = fields.values().flat_map(|field| field.expr.iter().chain(field.languages.values()));
    // A rank is counted after reading.
    own.filter(|expr| **expr != Expr::Rank).cloned().collect()
}

/// A map's statements, with a name for messages.
fn questions(map: &ConnectorMap) -> Vec<(String, Select)> {
    let mut all = Vec::new();
    for (name, entity) in &map.entities {
        for row in &entity.rows {
            let mut exprs = field_exprs(&row.fields);
            exprs.extend(row.key.iter().map(|column| column.expr.clone()));
            exprs.extend([&row.parent, &row.code.own].into_iter().flatten().cloned());
            exprs.extend(row.change.iter().map(|change| change.expr.clone()));
            let mut select = question(&row.table, &row.joins, exprs, row.filter.as_ref());
            for flag in [&row.visible, &row.closed].into_iter().flatten() {
                select.branches[0].filter.push(Predicate::Expr(flag.clone()));
            }
            all.push((format!("{name}.{}", row.name), select));
        }
        for (list, children) in &entity.children {
            for child in children {
                let mut exprs = field_exprs(&child.fields);
                exprs.extend(child.parent.iter().map(|column| column.expr.clone()));
                exprs.extend(child.order.iter().chain(&child.removed).cloned());
                let select = question(&child.table, &child.joins, exprs, child.filter.as_ref());
                all.push((format!("{name}.{list}"), select));
            }
        }
        if let Some(texts) = &entity.texts {
            let exprs = [&texts.code, &texts.language, &texts.field, &texts.value];
            let exprs = exprs.into_iter().cloned().collect();
            all.push((format!("{name}.texts"), question(&texts.table, &[], exprs, texts.filter.as_ref())));
        }
        if let Some(markers) = &entity.markers {
            let exprs = [&markers.code, &markers.field, &markers.language].into_iter().cloned().collect();
            let select = question(&markers.table, &[], exprs, markers.filter.as_ref());
            all.push((format!("{name}.markers"), select));
        }
    }
    all
}

#[test]
fn every_expression_renders_in_every_dialect() {
    let settings: [&[(&str, Value)]; 5] = [
        &[],
        &[
            ("rayons", Value::text("AR_Stat03")),
            ("weight", Value::text("gross")),
            ("vat_slot", Value::Int(3)),
        ],
        &[
            ("rayons", Value::text("own")),
            ("variant_barcode_tariff", Value::text("a01")),
            ("linked_articles", Value::Bool(true)),
        ],
        &[("rayons", Value::text("families")), ("packagings", Value::Bool(false))],
        &[
            ("exclusions", Value::Bool(true)),
            ("language1", Value::text("en")),
            ("brand", Value::text("AR_Stat02")),
        ],
    ];
    let mut maps: Vec<ConnectorMap> = settings.iter().map(|given| built_in("sage100", given)).collect();
    maps.push(built_in("isoshop", &[]));
    let text = |name: &'static str, value: &str| (name, Value::text(value));
    let cegid: [&[(&str, Value)]; 4] = [
        &[],
        &[text("level1", "FAMILLENIV4"), text("level2", "COLLECTION"), text("level3", "LIBREARTA")],
        &[
            text("level2", "none"),
            text("level3", "none"),
            text("brand", "LIBREART9"),
            text("pictures", "label"),
        ],
        &[
            text("notes", "both"),
            text("departments_of", "all"),
            text("pictures", "none"),
            text("spare_links", "PIE"),
            ("services", Value::Bool(true)),
            ("variant_web_flag", Value::Bool(true)),
        ],
    ];
    maps.extend(cegid.iter().map(|given| built_in("cegid", given)));
    let kinds: [ParamKind; 0] = [];
    for map in &maps {
        for (name, select) in questions(map) {
            for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::SqlServer] {
                let rendered = render(&select, dialect, &kinds, &|_: &Table, _: &str| true);
                assert!(rendered.is_ok(), "{} {name}: {:?}", map.name, rendered.err());
            }
        }
    }
}
