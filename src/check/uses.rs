//! Which tables and columns a map reads, and what for: only what is ever asked counts, as joins that
//! no used expression needs are left out of statements.

use std::collections::BTreeSet;

use crate::{
    connectors::map::{ChildSource, EntityMap, FieldMap, RowSource},
    diagnostics::Place,
    federation::model::{Entity, SourceId},
    sources::{
        Expr,
        expr::Function,
        select::{Join, Table},
    },
};

/// What a column is read for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The rows themselves: keys, codes, filters, joins, what is on the web.
    Rows,
    /// A field of the map.
    Field(String),
    /// A field that the shop declared.
    Complement(String),
    /// A list, translations or markers.
    List(String),
}

/// One use of a column; of a table as a whole when there is no column.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub table: Table,
    pub column: Option<String>,
    pub role: Role,
    /// Some versions lack it.
    pub optional: bool,
    /// It stands in `OPTIONAL(…)`: without it the expression goes on with NULL.
    pub partial: bool,
    pub place: Place,
}

/// The uses of one entity's map in a source.
pub(super) fn uses(e: &Entity, source: SourceId, map: &EntityMap) -> Vec<Use> {
    let mut all = Vec::new();
    for row in &map.rows {
        of_rows(e, source, row, &mut all);
    }
    let mut lists: BTreeSet<&str> = e
        .lists
        .iter()
        .filter(|(_, list)| list.sources.contains(&source))
        .map(|(name, _)| name.as_str())
        .collect();
    for field in map.rows.iter().flat_map(|r| read(e, source, r)).map(|(_, field)| field) {
        lists.extend(field.child.as_ref().map(|c| c.child.as_str()));
    }
    for (name, children) in map.children.iter().filter(|(name, _)| lists.contains(name.as_str())) {
        for child in children {
            of_children(name, child, &mut all);
        }
    }
    if let Some(t) = &map.texts {
        let role = Role::List("translations".into());
        let exprs = [Some(&t.code), Some(&t.language), Some(&t.field), Some(&t.value), t.filter.as_ref()];
        Collect { tables: &[&t.table], role, place: &map.place, all: &mut all }
            .take(exprs.into_iter().flatten());
    }
    if let Some(m) = &map.markers {
        let role = Role::List("markers".into());
        let exprs = [Some(&m.code), Some(&m.language), Some(&m.field), m.filter.as_ref()];
        Collect { tables: &[&m.table], role, place: &map.place, all: &mut all }
            .take(exprs.into_iter().flatten());
    }
    all
}

/// The fields of a row source that are ever read from it.
fn read<'a>(
    e: &'a Entity,
    source: SourceId,
    row: &'a RowSource,
) -> impl Iterator<Item = (&'a str, &'a FieldMap)> {
    row.fields
        .iter()
        .filter(move |(name, _)| e.fields.get(name.as_str()).is_some_and(|f| f.sources.contains(&source)))
        .map(|(name, field)| (name.as_str(), field))
}

fn of_rows(e: &Entity, source: SourceId, row: &RowSource, all: &mut Vec<Use>) {
    let mut rows: Vec<&Expr> = row.key.iter().map(|k| &k.expr).collect();
    let others = [&row.filter, &row.code.own, &row.parent, &row.native, &row.visible, &row.closed];
    rows.extend(others.into_iter().flatten());
    rows.extend(row.change.as_ref().map(|c| &c.expr));
    let fields: Vec<(&str, &FieldMap)> = read(e, source, row).collect();
    let of_field =
        |f: &'_ FieldMap| -> Vec<Expr> { f.expr.iter().chain(f.languages.values()).cloned().collect() };
    let exprs: Vec<Vec<Expr>> = fields.iter().map(|(_, f)| of_field(f)).collect();
    let joins = needed(&row.joins, rows.iter().copied().chain(exprs.iter().flatten()));
    let tables = tables(&row.table, &joins);
    rows.extend(joins.iter().map(|j| &j.on));
    Collect { tables: &tables, role: Role::Rows, place: &row.place, all }.take(rows.into_iter());
    for ((name, field), exprs) in fields.iter().zip(&exprs) {
        let name = (*name).to_owned();
        let role = if field.complement { Role::Complement(name) } else { Role::Field(name) };
        let before = all.len();
        Collect { tables: &tables, role, place: &field.place, all }.columns(exprs.iter());
        if field.optional {
            all[before..].iter_mut().for_each(|u| u.optional = true);
        }
    }
}

fn of_children(list: &str, child: &ChildSource, all: &mut Vec<Use>) {
    let mut exprs: Vec<&Expr> = child.parent.iter().map(|k| &k.expr).collect();
    exprs.extend(child.filter.iter().chain(&child.order).chain(&child.removed));
    let fields = |optional: bool| {
        let fields = child.fields.values().filter(move |f| f.optional == optional);
        fields.flat_map(|f| f.expr.iter().chain(f.languages.values()))
    };
    let joins = needed(&child.joins, exprs.iter().copied().chain(fields(true)).chain(fields(false)));
    let tables = tables(&child.table, &joins);
    exprs.extend(joins.iter().map(|j| &j.on));
    exprs.extend(fields(false));
    let role = Role::List(list.to_owned());
    Collect { tables: &tables, role: role.clone(), place: &child.place, all }.take(exprs.into_iter());
    let before = all.len();
    Collect { tables: &tables, role, place: &child.place, all }.columns(fields(true));
    all[before..].iter_mut().for_each(|u| u.optional = true);
}

/// The joins that expressions need, in order.
fn needed<'a, 'b>(joins: &'a [Join], exprs: impl Iterator<Item = &'b Expr>) -> Vec<&'a Join> {
    let lower =
        |expr: &Expr| -> BTreeSet<String> { expr.aliases().iter().map(|a| a.to_lowercase()).collect() };
    let mut aliases: BTreeSet<String> = exprs.flat_map(lower).collect();
    let mut needed: Vec<&Join> = Vec::new();
    for join in joins.iter().rev() {
        if aliases.contains(&join.table.alias.to_lowercase()) {
            aliases.extend(lower(&join.on));
            needed.push(join);
        }
    }
    needed.reverse();
    needed
}

fn tables<'a>(main: &'a Table, joins: &[&'a Join]) -> Vec<&'a Table> {
    std::iter::once(main).chain(joins.iter().map(|j| &j.table)).collect()
}

/// Gathers the columns of expressions over some tables, the first of which is the main one.
struct Collect<'a> {
    tables: &'a [&'a Table],
    role: Role,
    place: &'a Place,
    all: &'a mut Vec<Use>,
}

impl Collect<'_> {
    /// The tables themselves, then the columns.
    fn take<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) {
        for table in self.tables {
            self.add(table, None, false);
        }
        self.columns(exprs);
    }

    fn columns<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) {
        for expr in exprs {
            // What a map wraps in OPTIONAL(…) may be missing.
            let mut optional: BTreeSet<(Option<&str>, &str)> = BTreeSet::new();
            expr.walk(&mut |part| {
                if let Expr::Call(function, arguments) = part
                    && *function == Function::Optional
                {
                    for argument in arguments {
                        argument.columns(&mut |alias, name| {
                            optional.insert((alias, name));
                        });
                    }
                }
            });
            expr.columns(&mut |alias, name| {
                let table = match alias {
                    None => self.tables.first(),
                    Some(alias) => self.tables.iter().find(|t| t.alias.eq_ignore_ascii_case(alias)),
                };
                if let Some(table) = table.copied() {
                    self.add(table, Some(name), optional.contains(&(alias, name)));
                }
            });
        }
    }

    fn add(&mut self, table: &Table, column: Option<&str>, optional: bool) {
        self.all.push(Use {
            table: table.clone(),
            column: column.map(str::to_owned),
            role: self.role.clone(),
            optional,
            partial: optional,
            place: self.place.clone(),
        });
    }
}
