//! Columns that some versions of a database lack, written `OPTIONAL(a.column)` in a map: where the
//! column is missing the expression reads NULL, in outputs, filters, orders and joins alike.

use super::{
    Expr,
    expr::Function,
    select::{Branch, Predicate, Select, Table},
};

/// The tables whose columns must be known before the select can be rendered.
pub(super) fn tables(select: &Select) -> Vec<&Table> {
    let mut tables: Vec<&Table> = Vec::new();
    for branch in &select.branches {
        each_expr(branch, &mut |expr| {
            expr.walk(&mut |part| {
                let Expr::Call(Function::Optional, arguments) = part else { return };
                for argument in arguments {
                    argument.columns(&mut |alias, _| {
                        if let Some(table) = table_of(branch, alias)
                            && !tables.iter().any(|t| t.name == table.name && t.prefix == table.prefix)
                        {
                            tables.push(table);
                        }
                    });
                }
            });
        });
    }
    tables
}

/// The select with every optional column as the database has it: the column, or NULL.
pub(super) fn settled(select: &Select, exists: &dyn Fn(&Table, &str) -> bool) -> Select {
    let mut settled = select.clone();
    for branch in &mut settled.branches {
        let known = branch.clone();
        let settle = |expr: &mut Expr| {
            *expr = std::mem::replace(expr, Expr::Null).map(&mut |part| match part {
                Expr::Call(Function::Optional, mut arguments) if arguments.len() == 1 => {
                    let mut there = true;
                    let column = arguments.pop().unwrap_or(Expr::Null);
                    column.columns(&mut |alias, name| {
                        there &= table_of(&known, alias).is_none_or(|table| exists(table, name));
                    });
                    if there { column } else { Expr::Null }
                }
                other => other,
            });
        };
        each_expr_mut(branch, &settle);
    }
    settled
}

fn table_of<'a>(branch: &'a Branch, alias: Option<&str>) -> Option<&'a Table> {
    let Some(alias) = alias else { return Some(&branch.from) };
    let joined = branch.joins.iter().map(|join| &join.table);
    std::iter::once(&branch.from).chain(joined).find(|table| table.alias.eq_ignore_ascii_case(alias))
}

fn each_expr<'a>(branch: &'a Branch, f: &mut dyn FnMut(&'a Expr)) {
    fn of<'a>(predicate: &'a Predicate, f: &mut dyn FnMut(&'a Expr)) {
        match predicate {
            Predicate::Expr(expr) | Predicate::Odd { expr, .. } | Predicate::Beyond(expr) => f(expr),
            Predicate::In { exprs, .. } => exprs.iter().for_each(f),
            Predicate::Not(inner) => of(inner, f),
            Predicate::And(all) | Predicate::Or(all) => all.iter().for_each(|p| of(p, f)),
            Predicate::After { columns, .. } => columns.iter().for_each(|by| f(&by.expr)),
            Predicate::UpTo { column, .. } => f(&column.expr),
        }
    }
    branch.joins.iter().for_each(|join| f(&join.on));
    branch.pairs.iter().for_each(|pairs| f(&pairs.on));
    branch.items.iter().for_each(|item| f(&item.expr));
    branch.filter.iter().for_each(|predicate| of(predicate, f));
    branch.order.iter().for_each(|by| f(&by.expr));
    if let Some(window) = &branch.window {
        window.partition.iter().for_each(&mut *f);
        window.order.iter().for_each(|by| f(&by.expr));
    }
}

fn each_expr_mut(branch: &mut Branch, f: &dyn Fn(&mut Expr)) {
    fn of(predicate: &mut Predicate, f: &dyn Fn(&mut Expr)) {
        match predicate {
            Predicate::Expr(expr) | Predicate::Odd { expr, .. } | Predicate::Beyond(expr) => f(expr),
            Predicate::In { exprs, .. } => exprs.iter_mut().for_each(f),
            Predicate::Not(inner) => of(inner, f),
            Predicate::And(all) | Predicate::Or(all) => all.iter_mut().for_each(|p| of(p, f)),
            Predicate::After { columns, .. } => columns.iter_mut().for_each(|by| f(&mut by.expr)),
            Predicate::UpTo { column, .. } => f(&mut column.expr),
        }
    }
    branch.joins.iter_mut().for_each(|join| f(&mut join.on));
    branch.pairs.iter_mut().for_each(|pairs| f(&mut pairs.on));
    branch.items.iter_mut().for_each(|item| f(&mut item.expr));
    branch.filter.iter_mut().for_each(|predicate| of(predicate, f));
    branch.order.iter_mut().for_each(|by| f(&mut by.expr));
    if let Some(window) = &mut branch.window {
        window.partition.iter_mut().for_each(f);
        window.order.iter_mut().for_each(|by| f(&mut by.expr));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{
        Dialect,
        expr::parse,
        render::render,
        select::{Decode, Item, Join, Output},
    };
    use crate::value::Type;

    #[test]
    fn a_missing_column_is_null_wherever_it_stands() {
        let table = |name: &str, alias: &str| Table { prefix: None, name: name.into(), alias: alias.into() };
        let select = Select {
            outputs: vec![Output { decode: Decode::of(Type::Text), label: "x".into() }],
            branches: vec![Branch {
                from: table("F_ARTICLE", "a"),
                joins: vec![Join {
                    table: table("F_TAXE", "t"),
                    on: parse("t.TA_Code = COALESCE(OPTIONAL(a.Ancien), a.Taxe)").unwrap(),
                }],
                pairs: None,
                items: vec![Item::from(parse("t.TA_Taux").unwrap())],
                filter: vec![Predicate::Expr(parse("COALESCE(OPTIONAL(a.AR_Exclure), 0) = 0").unwrap())],
                order: Vec::new(),
                limit: None,
                window: None,
                distinct: false,
            }],
            order: Vec::new(),
            descending: false,
            count: false,
        };
        let names: Vec<&str> = tables(&select).iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["F_ARTICLE"]);
        let sql = |missing: &[&str]| {
            let exists = |_: &Table, column: &str| !missing.contains(&column);
            render(&settled(&select, &exists), Dialect::Sqlite, &[], &exists).unwrap().sql.to_string()
        };
        let all = sql(&[]);
        assert!(all.contains("COALESCE(\"a\".\"Ancien\", \"a\".\"Taxe\")"), "{all}");
        assert!(all.contains("COALESCE(\"a\".\"AR_Exclure\", 0) = 0"), "{all}");
        let old = sql(&["Ancien", "AR_Exclure"]);
        assert!(old.contains("COALESCE(NULL, \"a\".\"Taxe\")"), "{old}");
        assert!(!old.contains("AR_Exclure"), "{old}");
    }
}
