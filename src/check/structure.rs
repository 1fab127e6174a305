//! Tables and columns: whether a base has what its map and the shop's fields name, by the nearest name
//! that it has instead, whether a column's type can hold its field, and which fields nobody can fill.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::{
    Finding, Level, Live,
    names::{Class, class},
    uses::{Role, Use, uses},
};
use crate::{
    connectors::builtin_names,
    diagnostics::nearest,
    federation::model::Field,
    sources::{Dialect, Expr, select::Table, survey, survey::ColumnInfo},
    value::{Type, fold},
};

/// Fields that the product makes itself when no source has them.
const MADE: [&str; 6] = ["code", "slug", "published", "hiddenReason", "updatedAt", "position"];

/// The tables of a source as far as they were looked at: prefix and name → columns.
pub(super) type Known = HashMap<(Option<String>, String), Option<Vec<ColumnInfo>>>;

/// The uses of one table or column.
type Users = IndexMap<(Option<String>, String, Option<String>), Vec<(String, Use)>>;

impl Live<'_> {
    /// Looks at every table and column that the source's map reads.
    pub(super) async fn structure(&mut self, source: usize) {
        let model = &self.engine.model;
        let mut users: Users = IndexMap::new();
        let mut order: Vec<Table> = Vec::new();
        for e in &model.entities {
            let Some(map) = e.maps.get(source).and_then(Option::as_ref) else { continue };
            for used in uses(e, source, map) {
                if !order.iter().any(|t| t.name == used.table.name && t.prefix == used.table.prefix) {
                    order.push(used.table.clone());
                }
                let key = (used.table.prefix.clone(), used.table.name.clone(), used.column.clone());
                users.entry(key).or_default().push((e.name.clone(), used));
            }
        }
        let Some(asked) = self.source(source).cloned() else { return };
        let mut known: Known = HashMap::new();
        for table in &order {
            match survey::describe(&asked, table.prefix.as_deref(), &table.name).await {
                Ok(columns) => {
                    known.insert((table.prefix.clone(), table.name.clone()), columns);
                }
                Err(error) => {
                    let message = format!("the columns of `{}` cannot be told: {error}", table.name);
                    let help = "give the source's user the right to read the database's own tables";
                    let name = self.name(source).to_owned();
                    self.found(
                        Finding::new(Level::Error, "STRUCTURE_UNREADABLE", message, help)
                            .source(&name)
                            .table(&table.name),
                    );
                    return;
                }
            }
        }
        for table in &order {
            self.missing_table(source, table, &users, &known).await;
        }
        for ((prefix, table, column), of) in &users {
            let columns = known.get(&(prefix.clone(), table.clone())).and_then(Option::as_ref);
            if let (Some(column), Some(columns)) = (column, columns)
                && !has(asked.dialect(), columns, column)
            {
                self.missing_column(source, table, column, columns, of);
            }
        }
        self.lack_of_tables(source, &users, &known);
        self.mistyped(source, &known);
        self.user_columns(source, &users_columns(&users), &known).await;
        self.keys(source, &known).await;
    }

    async fn missing_table(&mut self, source: usize, table: &Table, users: &Users, known: &Known) {
        if known.get(&(table.prefix.clone(), table.name.clone())).is_none_or(Option::is_some) {
            return;
        }
        let Some(asked) = self.source(source).cloned() else { return };
        let there = survey::tables(&asked, table.prefix.as_deref()).await.unwrap_or_default();
        let of: Vec<&(String, Use)> = users
            .iter()
            .filter(|((p, t, _), _)| *p == table.prefix && *t == table.name)
            .flat_map(|(_, of)| of)
            .collect();
        let needed = of.iter().any(|(_, u)| !u.optional);
        let shown = shown(table);
        let help = if there.is_empty() {
            match &table.prefix {
                Some(prefix) => {
                    format!("there is no table at all in `{prefix}`: correct the setting that names it")
                }
                None => "the database has no table at all: correct the source's url or database".to_owned(),
            }
        } else {
            match near(&table.name, there.iter().map(String::as_str)) {
                Some(near) => format!("the database has `{near}`: {}", self.remap(source)),
                None => format!(
                    "see that the url names the right database and that its user may see the table; or {}",
                    self.remap(source)
                ),
            }
        };
        let level = if needed { Level::Error } else { Level::Note };
        let message = format!("there is no table `{shown}`; {}", readers(of.iter().copied()));
        let name = self.name(source).to_owned();
        let mut finding =
            Finding::new(level, "MISSING_TABLE", message, help).source(&name).table(&table.name);
        finding.place = of.first().map(|(_, u)| u.place.clone());
        self.found(finding);
    }

    fn missing_column(
        &mut self,
        source: usize,
        table: &str,
        column: &str,
        columns: &[ColumnInfo],
        of: &[(String, Use)],
    ) {
        let name = self.name(source).to_owned();
        let near = near(column, columns.iter().map(|c| c.name.as_str())).map(str::to_owned);
        for (entity, used) in of {
            let (Role::Field(field) | Role::Complement(field)) = &used.role else { continue };
            if used.partial {
                continue;
            }
            self.lacking.push((source, entity.clone(), field.clone()));
        }
        // A declared field is the shop's own line to mend, each for itself.
        let (declared, mapped): (Vec<_>, Vec<_>) =
            of.iter().partition(|(_, u)| matches!(u.role, Role::Complement(_)));
        for (entity, used) in declared {
            let Role::Complement(field) = &used.role else { continue };
            let message =
                format!("`{entity}.{field}` reads the column `{column}` of `{table}`, which is missing");
            let help = match &near {
                Some(near) => {
                    format!("the table has `{near}`: write `@complement(columns: {{ {name}: {near:?} }})`")
                }
                None => format!("add the column to `{table}`, or take `{name}` out of the field's columns"),
            };
            let finding = Finding::new(Level::Error, "MISSING_COLUMN", message, help)
                .source(&name)
                .entity(entity)
                .table(table)
                .column(column)
                .place(&used.place);
            self.found(finding);
        }
        let Some((_, first)) = mapped.first() else { return };
        let needed = mapped.iter().find(|(_, u)| !u.optional);
        let message = format!("`{table}` has no column `{column}`; {}", readers(mapped.iter().copied()));
        let finding = if let Some((_, needed)) = needed {
            let help = match &near {
                Some(near) => format!("the table has `{near}`: {}", self.remap(source)),
                None => format!(
                    "the base may be of another version than the map describes: {}",
                    self.remap(source)
                ),
            };
            Finding::new(Level::Error, "MISSING_COLUMN", message, help).place(&needed.place)
        } else {
            // Only what is spelt alike is likely to be meant: versions do lack it.
            let help = match near.filter(|near| fold(near) == fold(column)) {
                Some(near) => format!("the table has `{near}`: if that is meant, {}", self.remap(source)),
                None => "nothing, if this version of the base has no such thing".to_owned(),
            };
            Finding::new(Level::Note, "OPTIONAL_COLUMN_MISSING", message, help).place(&first.place)
        };
        self.found(finding.source(&name).table(table).column(column));
    }

    /// Fields whose table is missing lack their column too.
    fn lack_of_tables(&mut self, source: usize, users: &Users, known: &Known) {
        for ((prefix, table, _), of) in users {
            if known.get(&(prefix.clone(), table.clone())).is_none_or(Option::is_some) {
                continue;
            }
            for (entity, used) in of {
                if let Role::Field(field) | Role::Complement(field) = &used.role {
                    self.lacking.push((source, entity.clone(), field.clone()));
                }
            }
        }
    }

    /// Columns whose type cannot hold what their field is.
    fn mistyped(&mut self, source: usize, known: &Known) {
        let Some(dialect) = self.source(source).map(|s| s.dialect()) else { return };
        let name = self.name(source).to_owned();
        let mut found = Vec::new();
        for e in &self.engine.model.entities {
            let Some(map) = e.maps.get(source).and_then(Option::as_ref) else { continue };
            for row in &map.rows {
                let key = (row.table.prefix.clone(), row.table.name.clone());
                let Some(Some(columns)) = known.get(&key) else { continue };
                for (field, mapped) in &row.fields {
                    let Some(declared) = e.fields.get(field.as_str()) else { continue };
                    let Some(Expr::Column { table, name: column }) = &mapped.expr else { continue };
                    let own = table.as_ref().is_none_or(|t| t.eq_ignore_ascii_case(&row.table.alias));
                    let Some(info) = find(dialect, columns, column).filter(|_| own) else { continue };
                    if holds(declared, class(&info.type_name), dialect) {
                        continue;
                    }
                    let message = format!(
                        "`{}.{field}` is {}, but the column `{}` of `{}` is {}",
                        e.name,
                        noun(&declared.ty),
                        info.name,
                        row.table.name,
                        info.type_name
                    );
                    let help = if mapped.complement {
                        "give the field another type, or name another column".to_owned()
                    } else {
                        self.remap(source)
                    };
                    let finding = Finding::new(Level::Warning, "MISTYPED_COLUMN", message, help)
                        .source(&name)
                        .entity(&e.name)
                        .table(&row.table.name)
                        .column(&info.name)
                        .place(&mapped.place);
                    found.push(finding);
                }
            }
        }
        found.into_iter().for_each(|f| self.found(f));
    }

    /// Fields that no source can fill: nobody maps them, or every column that should is missing.
    pub(super) fn unfilled(&mut self) {
        if self.options.source.is_some() || self.up.iter().any(|up| !up) {
            // Who is down may fill them.
            return;
        }
        let lacking: HashSet<_> = self.lacking.iter().cloned().collect();
        let mut found = Vec::new();
        for e in &self.engine.model.entities {
            let mut nobody = Vec::new();
            for (name, field) in &e.fields {
                let mapped: Vec<usize> = field
                    .sources
                    .iter()
                    .copied()
                    .filter(|s| {
                        let map = e.maps.get(*s).and_then(Option::as_ref);
                        map.is_some_and(|m| m.rows.iter().any(|r| r.fields.contains_key(name.as_str())))
                    })
                    .collect();
                let stands_in = field.inherit.is_some() || field.default.is_some();
                if mapped.is_empty() {
                    if !stands_in && !MADE.contains(&name.as_str()) {
                        nobody.push(name.clone());
                    }
                } else if mapped.iter().all(|s| lacking.contains(&(*s, e.name.clone(), name.clone()))) {
                    let sources: Vec<&str> = mapped.iter().map(|s| self.name(*s)).collect();
                    let message = format!(
                        "no source can fill `{}.{name}`: its column is missing in {}",
                        e.name,
                        sources.join(" and ")
                    );
                    let level = if field.complement { Level::Error } else { Level::Warning };
                    let help = "add the column to a base, map the field to another, or take the field away";
                    found.push(
                        Finding::new(level, "UNFILLED_FIELD", message, help)
                            .entity(&e.name)
                            .place(&field.place),
                    );
                }
            }
            if !nobody.is_empty() {
                let message = format!("no source's map holds {} of `{}`", nobody.join(", "), e.name);
                let help =
                    "nothing, if the shop does not use them; else map them in schema/connectors/*.toml";
                found.push(Finding::new(Level::Note, "UNMAPPED_FIELDS", message, help).entity(&e.name));
            }
        }
        found.into_iter().for_each(|f| self.found(f));
    }

    /// How a shop changes what a map says.
    pub(super) fn remap(&self, source: usize) -> String {
        let connector = self.connector(source);
        if builtin_names().any(|name| name == connector) {
            format!("say so in the shop's schema/connectors/{connector}.toml")
        } else {
            format!("correct schema/connectors/{connector}.toml")
        }
    }
}

/// The columns that are used, by table.
fn users_columns(users: &Users) -> HashMap<String, HashSet<String>> {
    let mut columns: HashMap<String, HashSet<String>> = HashMap::new();
    for (_, table, column) in users.keys() {
        columns.entry(table.clone()).or_default().extend(column.iter().map(|c| c.to_lowercase()));
    }
    columns
}

/// A column by the name that a map writes: exact in PostgreSQL, where names are quoted.
pub(super) fn find<'a>(dialect: Dialect, columns: &'a [ColumnInfo], name: &str) -> Option<&'a ColumnInfo> {
    columns.iter().find(|c| {
        if matches!(dialect, Dialect::Postgres) { c.name == name } else { c.name.eq_ignore_ascii_case(name) }
    })
}

fn has(dialect: Dialect, columns: &[ColumnInfo], name: &str) -> bool {
    find(dialect, columns, name).is_some()
}

/// The name that is meant: the same but for case and accents, else the nearest.
fn near<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    known.clone().find(|k| fold(k) == fold(word)).or_else(|| nearest(word, known))
}

fn shown(table: &Table) -> String {
    table.prefix.as_ref().map_or_else(|| table.name.clone(), |prefix| format!("{prefix}.{}", table.name))
}

/// Who reads it, for people: `Article (its rows, title) and Reference (barcode) read it`.
fn readers<'a>(of: impl Iterator<Item = &'a (String, Use)>) -> String {
    let mut entities: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (entity, used) in of {
        let what = match &used.role {
            Role::Rows => "its rows".to_owned(),
            Role::Field(name) | Role::Complement(name) | Role::List(name) => name.clone(),
        };
        let parts = entities.entry(entity).or_default();
        if !parts.contains(&what) {
            parts.push(what);
        }
    }
    let many = entities.len() > 1;
    let parts: Vec<String> =
        entities.into_iter().map(|(entity, parts)| format!("{entity} ({})", parts.join(", "))).collect();
    format!("{} {} it", parts.join(" and "), if many { "need" } else { "needs" })
}

/// Whether a column of a class can hold a field at all. Text can hold anything: its values are read.
fn holds(field: &Field, class: Class, dialect: Dialect) -> bool {
    let loose = matches!(dialect, Dialect::Sqlite);
    match (&field.ty, class) {
        (_, Class::Text | Class::Other) => true,
        (_, Class::Binary) => false,
        (Type::Text | Type::Html | Type::List(_), _) => true,
        (Type::Int | Type::Decimal, class) => !matches!(class, Class::Date | Class::DateTime),
        (Type::Boolean, class) => !matches!(class, Class::Date | Class::DateTime),
        (Type::Date | Type::DateTime, class) => loose || matches!(class, Class::Date | Class::DateTime),
    }
}

fn noun(ty: &Type) -> &'static str {
    match ty {
        Type::Text | Type::Html => "text",
        Type::Int => "a whole number",
        Type::Decimal => "a number",
        Type::Boolean => "a truth value",
        Type::Date => "a date",
        Type::DateTime => "a date and time",
        Type::List(_) => "a list",
    }
}
