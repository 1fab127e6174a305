//! Child rows: lists of records (images, placements…) and texts joined of several rows. All
//! children of a level come in one statement per list and source, and are joined by us.

use std::sync::Arc;

use super::{
    model::ListField,
    shape::{branch, key_type},
};
use crate::{
    connectors::map::{ChildSource, ChildText, EntityMap, FieldMap, Format},
    sources::{
        Expr, Select, Statement,
        expr::CastType,
        select::{Branch, Decode, Item, Missing, OrderBy, Output, Predicate},
    },
    value::Type,
};

/// A child fetch of one source: all rows of a list for a batch of parents (keys in slot 0).
///
/// Output columns: the parent's key columns, `removed`, the order columns, then the fields.
#[derive(Debug)]
pub struct ChildShape {
    /// The lists it is for, by index in the entity; none for a joined text.
    pub lists: Vec<usize>,
    /// The statement.
    pub statement: Arc<Statement>,
    /// How many leading columns of the parent's native key it is keyed by.
    pub keys: usize,
    /// Where the fields start.
    pub fields: usize,
    /// For a joined text: the separator, the column of the default language, that of the
    /// operation's language, and what the text is.
    pub text: Option<JoinedText>,
    /// Fields that are the row's 1-based rank among its parent's rows of the same source table:
    /// (branch, field column).
    pub ranks: Vec<(usize, usize)>,
    /// Columns that hold file names, cleaned after reading.
    pub files: Vec<usize>,
    /// Column of the branch's number.
    pub branch: usize,
}

impl ChildShape {
    /// Whether another list's fetch would bring the same rows in the same columns.
    pub fn reads_like(&self, other: &Self) -> bool {
        let list = |c: &Self| !c.lists.is_empty() && c.text.is_none();
        list(self)
            && list(other)
            && self.statement.select == other.statement.select
            && (self.keys, self.fields, self.branch) == (other.keys, other.fields, other.branch)
            && (&self.ranks, &self.files) == (&other.ranks, &other.files)
    }
}

/// How a text is joined of child rows.
#[derive(Debug)]
pub struct JoinedText {
    /// What stands between two rows' texts.
    pub join: String,
    /// Column of the default language.
    pub default: usize,
    /// Column of the operation's language, if the source has one.
    pub translated: Option<usize>,
    /// What the text is.
    pub format: Format,
}

/// The fetch of a list.
pub fn list(map: &EntityMap, list: &ListField, id: usize, zone: chrono_tz::Tz) -> Option<ChildShape> {
    let sources = map.children.get(list.name.as_str())?;
    let rtf = |name: &str| sources.iter().any(|s| is_rtf(s.fields.get(name)));
    let columns: Vec<(&str, Type, bool)> =
        list.columns.iter().map(|(n, t)| (n.as_str(), t.clone(), rtf(n))).collect();
    let mut shape =
        build(sources, &columns, zone, |c, name| c.fields.get(name).and_then(|f| f.expr.as_ref()))?;
    shape.lists.push(id);
    for (i, (name, ..)) in columns.iter().enumerate() {
        let column = shape.fields + i;
        for (b, source) in sources.iter().enumerate() {
            let Some(field) = source.fields.get(*name) else { continue };
            if field.expr == Some(Expr::Rank) {
                shape.ranks.push((b, column));
            }
            if field.format == Format::File && !shape.files.contains(&column) {
                shape.files.push(column);
            }
        }
    }
    Some(shape)
}

/// The fetch of a text joined of child rows.
pub fn joined(
    map: &EntityMap,
    text: &ChildText,
    format: Format,
    language: Option<&str>,
    zone: chrono_tz::Tz,
) -> Option<ChildShape> {
    let sources = map.children.get(&text.child)?;
    let rtf = format == Format::Rtf || sources.iter().any(|s| is_rtf(s.fields.get(&text.column)));
    let mut columns = vec![("text", Type::Text, rtf)];
    let translates = |c: &ChildSource| {
        language.is_some_and(|l| c.fields.get(&text.column).is_some_and(|f| f.languages.contains_key(l)))
    };
    let translated = sources.iter().any(translates);
    if translated {
        columns.push(("translated", Type::Text, rtf));
    }
    let mut shape = build(sources, &columns, zone, |c, name| {
        let field: &FieldMap = c.fields.get(&text.column)?;
        if name == "translated" { field.languages.get(language?) } else { field.expr.as_ref() }
    })?;
    shape.text = Some(JoinedText {
        join: text.join.clone(),
        default: shape.fields,
        translated: translated.then_some(shape.fields + 1),
        format,
    });
    Some(shape)
}

fn is_rtf(field: Option<&FieldMap>) -> bool {
    field.is_some_and(|f| f.format == Format::Rtf)
}

fn build<'a>(
    sources: &'a [ChildSource],
    columns: &[(&str, Type, bool)],
    zone: chrono_tz::Tz,
    field: impl Fn(&'a ChildSource, &str) -> Option<&'a Expr>,
) -> Option<ChildShape> {
    let first = sources.first()?;
    let keys = first.parent.len();
    let orders = sources.iter().map(|s| s.order.len()).max().unwrap_or(0);
    let mut outputs: Vec<Output> = first
        .parent
        .iter()
        .map(|k| Output { decode: Decode::of(key_type(k.ty)), label: "parent".into() })
        .collect();
    outputs.push(Output { decode: Decode::of(Type::Int), label: "branch".into() });
    outputs.push(Output { decode: Decode::of(Type::Boolean), label: "removed".into() });
    let fields = outputs.len();
    for (name, ty, rtf) in columns {
        // In a child row a 0 position or a false flag says something.
        let decode = Decode { zone, rtf: *rtf, ..Decode::of(ty.clone()) };
        outputs.push(Output { decode, label: (*name).into() });
    }
    let branches = sources
        .iter()
        .enumerate()
        .map(|(i, source)| {
            let mut items: Vec<Item> = source.parent.iter().map(|k| Item::from(k.expr.clone())).collect();
            items.push(Expr::Number(i.to_string()).into());
            items.push(source.removed.clone().unwrap_or(Expr::Bool(false)).into());
            for (name, ..) in columns {
                let optional = source.fields.get(*name).is_some_and(|f| f.optional);
                let expr = field(source, name).filter(|e| **e != Expr::Rank).cloned().unwrap_or(Expr::Null);
                items.push(Item { expr, missing: if optional { Missing::Absent } else { Missing::Refuse } });
            }
            let mut filter: Vec<Predicate> = source.filter.clone().map(Predicate::Expr).into_iter().collect();
            filter.push(Predicate::In {
                exprs: source.parent.iter().map(|k| k.expr.clone()).collect(),
                types: source.parent.iter().map(|k| k.ty).collect(),
                slot: 0,
            });
            let distinct = source.distinct;
            Branch { joins: source.joins.clone(), items, filter, distinct, ..branch(source.table.clone()) }
        })
        .collect::<Vec<_>>();
    let select = ordered(outputs, branches, sources, orders);
    Some(ChildShape {
        lists: Vec::new(),
        statement: Arc::new(Statement::new(select)),
        keys,
        fields,
        text: None,
        ranks: Vec::new(),
        files: Vec::new(),
        branch: keys,
    })
}

/// Puts the rows in order: by the source's own order where there is one source table, else by
/// branch and then by each branch's order, which travels as extra columns at the end.
fn ordered(
    mut outputs: Vec<Output>,
    mut branches: Vec<Branch>,
    sources: &[ChildSource],
    orders: usize,
) -> Select {
    if let ([branch], [source]) = (branches.as_mut_slice(), sources) {
        let by = |expr: &Expr| OrderBy { expr: expr.clone(), ty: CastType::Integer, descending: false };
        branch.order = source.order.iter().map(by).collect();
        return Select { outputs, branches, order: Vec::new(), descending: false, count: false };
    }
    let start = outputs.len();
    let branch_column = sources.first().map_or(0, |s| s.parent.len());
    for n in 0..orders {
        let ty = sources.iter().find_map(|s| s.order.get(n)).map_or(Type::Int, order_type);
        outputs.push(Output { decode: Decode::of(ty), label: "order".into() });
        for (branch, source) in branches.iter_mut().zip(sources) {
            branch.items.push(source.order.get(n).cloned().unwrap_or(Expr::Null).into());
        }
    }
    let mut order = vec![branch_column];
    order.extend(start..start + orders);
    Select { outputs, branches, order, descending: false, count: false }
}

/// Order columns of child rows are numbers unless they are plainly text.
fn order_type(expr: &Expr) -> Type {
    match expr {
        Expr::Text(_) | Expr::Cast(_, CastType::Text(_)) => Type::Text,
        _ => Type::Int,
    }
}
