//! The statements that find the articles of departments, and how their rows are read.

use crate::{
    catalog::Catalog,
    connectors::map::{ChildSource, RowSource},
    federation::{
        page::Position,
        pushdown::Must,
        shape::{Shape, SourceShape, after_key, branch, has_key},
    },
    sources::{
        Expr, Param, Select,
        expr::{CastType, CompareOp, Function},
        select::{Branch, Decode, Item, Join, Output, Pairs, Predicate, Window},
    },
    value::{KeyCompare, Type, Value},
};

/// The statements that find the articles of departments, for people: the overlays' say, then the deciding
/// source's, of rows that fulfil something: for a page of them, and whether it is read from high codes to low; `None`: for a filter, which wants them all.
pub(crate) fn statements(
    catalog: &Catalog,
    shape: &Shape,
    page: Option<(&Must, bool)>,
) -> Vec<(usize, Select)> {
    let all = page.is_none();
    let engine = &catalog.engine;
    let e = &engine.model.entities[catalog.article];
    let compare = engine.compare(catalog.department);
    let mut found = Vec::new();
    let sources = e.lists.get("placements").map_or(&[][..], |l| &l.sources);
    for source in sources.iter().filter(|s| **s != e.decides) {
        let Some(map) = e.maps.get(*source).and_then(Option::as_ref) else { continue };
        let children = map.children.get("placements").into_iter().flatten();
        found.extend(
            children
                .filter_map(reverse)
                .map(|select| (*source, spelled_alike(if all { all_of(select) } else { select }, compare))),
        );
    }
    let decider = shape.decider(&engine.model);
    let own = decider.and_then(|d| {
        let mut params = Vec::new();
        let narrow = &mut |n: usize, row: &RowSource| {
            let mut filter = engine.on_the_web(shape.entity, row);
            filter.extend(page.and_then(|(m, _)| m.predicate((n, row), 2 + d.columns.keys, &mut params)));
            Some(filter)
        };
        Some((d.source, placed_select(d, page.is_some_and(|(_, falling)| falling), narrow)?))
    });
    found.extend(own.map(|(source, select)| (source, if all { all_of(select) } else { select })));
    found
}

/// Records in departments by the deciding source's placements, in CODE order or the other way round
/// (`falling`): group, row source, key columns, own code, department. `None` when there is nothing to read.
pub(super) fn placed_select(
    decider: &SourceShape,
    falling: bool,
    narrow: &mut dyn FnMut(usize, &RowSource) -> Option<Vec<Predicate>>,
) -> Option<Select> {
    let keys = decider.columns.keys;
    let mut branches = Vec::new();
    for (n, row) in decider.map.rows.iter().enumerate() {
        for child in decider.map.children.get("placements").into_iter().flatten() {
            let Some(mut branch) = placed_branch(n, row, child, (keys, falling)) else { continue };
            let Some(filter) = narrow(n, row) else { continue };
            branch.filter.push(has_key(row));
            branch.filter.extend(filter);
            branches.push(branch);
        }
    }
    let mut outputs = vec![text("group"), Output { decode: Decode::of(Type::Int), label: "row".into() }];
    outputs.extend((0..keys).filter_map(|k| decider.key_output(k).cloned()));
    outputs.extend([text("code"), text("department")]);
    let order = (0..2 + keys).collect();
    (!branches.is_empty()).then_some(Select { outputs, branches, order, descending: falling, count: false })
}

/// Rows of a row source that come after their own group's position: `None` when none can.
pub(super) fn after_own<'a>(
    groups: impl Iterator<Item = (usize, Option<&'a Position>)>,
    falling: bool,
    (n, row): (usize, &RowSource),
    base: usize,
    params: &mut Vec<Param>,
) -> Option<Predicate> {
    let mut any = Vec::new();
    let possible = |a: &Position| if falling { a.row >= n } else { a.row <= n };
    for (group, after) in groups.filter(|(_, after)| after.is_none_or(possible)) {
        params.push(Param::Keys(std::iter::once(Box::from([Value::text(group.to_string())])).collect()));
        let of_group = Predicate::In {
            exprs: vec![Expr::column(PAIRS, "group")],
            types: vec![CastType::Text(0)],
            slot: base + params.len() - 1,
        };
        any.push(match after.filter(|a| a.row == n) {
            None => of_group,
            Some(after) => {
                let first = base + params.len();
                params.extend(after.key.iter().cloned().map(Param::Value));
                Predicate::And(vec![of_group, after_key(row, first, falling)])
            }
        });
    }
    (!any.is_empty()).then_some(Predicate::Or(any))
}

fn text(label: &str) -> Output {
    Output { decode: Decode::of(Type::Text), label: label.into() }
}

/// Placement rows by department (slot 0): article, department, removed.
pub(super) fn reverse(child: &ChildSource) -> Option<Select> {
    let department = child.fields.get("department")?.expr.clone()?;
    let article = child.parent.first()?.expr.clone();
    let removed = child.removed.clone().unwrap_or(Expr::Bool(false));
    let mut filter: Vec<Predicate> = child.filter.clone().map(Predicate::Expr).into_iter().collect();
    filter.push(Predicate::In { exprs: vec![department.clone()], types: vec![CastType::Text(0)], slot: 0 });
    let outputs = vec![
        text("article"),
        text("department"),
        Output { decode: Decode::of(Type::Boolean), label: "removed".into() },
    ];
    let items = [article, department, removed].map(Item::from).into();
    let branch = Branch { joins: child.joins.clone(), items, filter, ..branch(child.table.clone()) };
    Some(Select { outputs, branches: vec![branch], order: Vec::new(), descending: false, count: false })
}

/// A placement row of the deciding source: where the record stands in CODE order, and its code.
pub(super) fn standing(decider: &SourceShape, row: &[Value]) -> Option<(Position, String)> {
    let Some(Value::Int(n)) = row.get(1) else { return None };
    let n = usize::try_from(*n).ok()?;
    let source = decider.map.rows.get(n)?;
    let key = row.get(2..2 + source.key.len()).unwrap_or(&[]);
    let own = row.get(2 + decider.columns.keys).and_then(Value::as_str);
    Some((Position { row: n, key: key.to_vec() }, source.code.encode(own, key)))
}

/// A select of placements that are wanted all, in any order, up to the limit in slot 1.
pub(super) fn all_of(mut select: Select) -> Select {
    select.order = Vec::new();
    for branch in &mut select.branches {
        branch.window = None;
        branch.limit = Some(1);
    }
    select
}

/// Where codes are told apart without regard to case, an overlay's spelling may be another.
pub(super) fn spelled_alike(mut select: Select, compare: KeyCompare) -> Select {
    let keys = select.branches.iter_mut().flat_map(|b| &mut b.filter);
    for predicate in keys.filter(|_| compare != KeyCompare::Binary) {
        if let Predicate::In { exprs, .. } = predicate {
            for expr in exprs {
                let plain = std::mem::replace(expr, Expr::Null);
                *expr = Expr::Call(Function::Upper, vec![Expr::Call(Function::RTrim, vec![plain])]);
            }
        }
    }
    select
}

const PAIRS: &str = "placed_in";
const CHILD: &str = "placement";

/// Records of a row source that hang in a department of the pairs: the placement's table joined to
/// the row source's, or the row source alone where the placement stands in the record itself.
fn placed_branch(
    n: usize,
    row: &RowSource,
    child: &ChildSource,
    (keys, falling): (usize, bool),
) -> Option<Branch> {
    let department = child.fields.get("department")?.expr.clone()?;
    let same =
        child.table == row.table && child.parent.first().map(|p| &p.expr) == row.key.first().map(|k| &k.expr);
    let moved = |e: &Expr| if same { e.clone() } else { renamed(e, &child.table.alias) };
    let department = moved(&department);
    let mut joins = row.joins.clone();
    if same {
        joins.extend(child.joins.iter().filter(|j| !row.joins.contains(j)).cloned());
    } else {
        let mut table = child.table.clone();
        table.alias = CHILD.into();
        let on =
            child.parent.iter().zip(&row.key).map(|(p, k)| {
                Expr::Compare(CompareOp::Eq, Box::new(moved(&p.expr)), Box::new(k.expr.clone()))
            });
        joins.push(Join { table, on: Expr::And(on.collect()) });
        joins.extend(child.joins.iter().cloned().map(|mut j| {
            j.on = moved(&j.on);
            j
        }));
    }
    let mut items = vec![Item::from(Expr::column(PAIRS, "group")), Item::from(Expr::Number(n.to_string()))];
    items.extend((0..keys).map(|k| Item::from(row.key.get(k).map_or(Expr::Null, |c| c.expr.clone()))));
    items.push(Item::from(row.code.own.clone().unwrap_or(Expr::Null)));
    items.push(Item::from(department.clone()));
    let mut filter: Vec<Predicate> = row.filter.clone().map(Predicate::Expr).into_iter().collect();
    filter.extend(child.filter.as_ref().map(|f| Predicate::Expr(moved(f))));
    let on = Expr::Compare(CompareOp::Eq, Box::new(department), Box::new(Expr::column(PAIRS, "node")));
    Some(Branch {
        joins,
        pairs: Some(Pairs { alias: PAIRS.into(), slot: 0, on }),
        items,
        filter,
        window: Some(Window {
            partition: vec![Expr::column(PAIRS, "group")],
            order: SourceShape::order(row, falling),
            limit: 1,
            last: false,
        }),
        ..branch(row.table.clone())
    })
}

/// An expression over the child's table, under the alias it has beside a row source.
fn renamed(expr: &Expr, from: &str) -> Expr {
    expr.clone().map(&mut |e| match e {
        Expr::Column { table: Some(table), name } if table == from => Expr::column(CHILD, &name),
        other => other,
    })
}
