//! Columns that a company added to its base and the shop does not serve yet, each with the line that
//! would serve it. What counts as the company's own is told by the base (Sage lists its *informations
//! libres* in `cbSysLibre`), by the tables as they ship (IsoShop), or by the column's name (Cegid's
//! free fields); of a map of the shop's own it is whatever the map does not read.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{
    Finding, Level, Live, names,
    structure::{Known, find},
};
use crate::{
    federation::{
        model::{Entity, Model},
        shape::branch,
    },
    sources::{
        Expr, Moment, Param, SharedSource, Statement,
        expr::{CastType, CompareOp, Function},
        select::{Branch, Decode, Item, Output, Predicate, Select, Table},
        survey::{self, ColumnInfo},
    },
    value::{Type, Value},
};

/// The IsoShop tables as they are made.
const ISOSHOP: &str = include_str!("../../migrations/isoshop/sqlite/0001_isoshop.sql");
/// Lines shown of one table; a table of a foreign base may have hundreds.
const MOST: usize = 20;

/// A column that the company added.
struct Own {
    column: String,
    class: names::Class,
    /// Its values are computed by the ERP's own programs, and may not be stored.
    computed: bool,
    /// What the company calls it, where the base says so.
    label: Option<String>,
}

impl Live<'_> {
    /// Looks for user-defined columns in the main tables of records.
    pub(super) async fn user_columns(
        &mut self,
        source: usize,
        used: &HashMap<String, HashSet<String>>,
        known: &Known,
    ) {
        let Some(asked) = self.source(source).cloned() else { return };
        let name = self.name(source).to_owned();
        let connector = self.connector(source).to_owned();
        let registered = if connector == "sage100" { self.registered(&asked).await } else { None };
        let labels = if connector == "cegid" { self.labels(&asked).await } else { HashMap::new() };
        let model = self.engine.model.clone();
        // A table of several entities is the article's, whose values references inherit.
        let mut entities: Vec<&Entity> = model.entities.iter().collect();
        entities.sort_by_key(|e| e.name != "Article");
        let mut done: Vec<&Table> = Vec::new();
        for e in entities {
            let Some((table, dates)) = main_table(e, source) else { continue };
            if done.iter().any(|t| t.name == table.name && t.prefix == table.prefix) {
                continue;
            }
            done.push(table);
            let Some(Some(columns)) = known.get(&(table.prefix.clone(), table.name.clone())) else {
                continue;
            };
            let own: Vec<Own> = if connector == "sage100" {
                let of_table = registered.iter().flatten().filter(|(file, ..)| *file == table.name);
                of_table
                    .filter_map(|(_, column, kind, computed)| {
                        let info = find(asked.dialect(), columns, column)?;
                        let class = sage_class(*kind, names::class(&info.type_name));
                        Some(Own { column: info.name.clone(), class, computed: *computed, label: None })
                    })
                    .collect()
            } else {
                let mut own = Vec::new();
                for info in columns {
                    let theirs = match connector.as_str() {
                        "isoshop" => !ships(&table.name, &info.name),
                        "cegid" => info.name.to_uppercase().contains("LIBRE"),
                        _ => true,
                    };
                    let unused =
                        !used.get(&table.name).is_some_and(|u| u.contains(&info.name.to_lowercase()));
                    let full = connector == "isoshop"
                        || (theirs
                            && unused
                            && holds_something(&asked, table, info, dates, &self.ask.moment).await);
                    if theirs && full {
                        let named = labels.get(&info.name.to_uppercase());
                        let class = match named {
                            Some((_, true)) => names::Class::Boolean,
                            _ => names::class(&info.type_name),
                        };
                        let label = named.map(|(label, _)| label.clone()).filter(|label| !label.is_empty());
                        own.push(Own { column: info.name.clone(), class, computed: false, label });
                    }
                }
                own
            };
            let undeclared: Vec<Own> = own
                .into_iter()
                .filter(|o| !used.get(&table.name).is_some_and(|u| u.contains(&o.column.to_lowercase())))
                .collect();
            let more = undeclared.len().saturating_sub(MOST);
            let mut taken: HashSet<String> = HashSet::new();
            for own in undeclared.into_iter().take(MOST) {
                let field = self.free_name(&model, e, &own.column, &name, &mut taken);
                let label =
                    own.label.as_deref().map_or_else(String::new, |l| format!("{} ", graphql_string(l)));
                let line = format!(
                    "extend type {} {{ {label}{field}: {} @complement(columns: {{ {name}: {} }}) }}",
                    e.name,
                    names::scalar(own.class),
                    graphql_string(&own.column)
                );
                let computed = if own.computed { " (the ERP computes it; it may hold nothing)" } else { "" };
                let message = format!(
                    "the company's column `{}` of `{}` is not declared{computed}",
                    own.column, table.name
                );
                let mut finding = Finding::new(
                    Level::Note,
                    "UNDECLARED_COLUMN",
                    message,
                    "to serve it, paste this line into schema/shop.graphql",
                )
                .source(&name)
                .entity(&e.name)
                .table(&table.name)
                .column(&own.column);
                finding.paste = Some(line);
                self.found(finding);
            }
            if more > 0 {
                let message = format!("{more} more columns of `{}` are not declared", table.name);
                let help = "declare one with @complement where the shop wants it";
                self.found(
                    Finding::new(Level::Note, "UNDECLARED_COLUMN", message, help)
                        .source(&name)
                        .entity(&e.name)
                        .table(&table.name),
                );
            }
        }
    }

    /// Sage's own list of added columns: table, column, type number, whether it is computed.
    async fn registered(&self, asked: &SharedSource) -> Option<Vec<(String, String, i64, bool)>> {
        const COLUMNS: [&str; 4] = ["CB_File", "CB_Name", "CB_Type", "CB_Formule"];
        let table = Table { prefix: None, name: "cbSysLibre".into(), alias: "s".into() };
        let there = survey::describe(asked, None, &table.name).await.ok()??;
        let column = |name: &str| match find(asked.dialect(), &there, name) {
            Some(info) => Expr::column("s", &info.name),
            None => Expr::Null,
        };
        let types = [Type::Text, Type::Text, Type::Int, Type::Text];
        let select = Select {
            outputs: types
                .into_iter()
                .zip(COLUMNS)
                .map(|(ty, label)| Output { decode: Decode::of(ty), label: label.into() })
                .collect(),
            branches: vec![Branch { items: COLUMNS.map(|c| Item::from(column(c))).into(), ..branch(table) }],
            order: Vec::new(),
            descending: false,
            count: false,
        };
        let rows = asked.run(&Statement::new(select), &[], &self.ask.moment).await.ok()?;
        let mut all: Vec<_> = (0..rows.len())
            .filter_map(|r| {
                let text = |c: usize| rows.get(r, c).as_str().map(str::to_owned);
                let kind = if let Value::Int(n) = rows.get(r, 2) { *n } else { 9 };
                // 0: deleted.
                (kind != 0).then_some((text(0)?, text(1)?, kind, text(3).is_some()))
            })
            .collect();
        all.sort();
        Some(all)
    }

    /// What Cegid's dictionary calls each column, and whether it is a flag ('X' or '-').
    async fn labels(&self, asked: &SharedSource) -> HashMap<String, (String, bool)> {
        const COLUMNS: [&str; 3] = ["DH_NOMCHAMP", "DH_LIBELLE", "DH_TYPECHAMP"];
        let table = Table { prefix: None, name: "DECHAMPS".into(), alias: "d".into() };
        let Ok(Some(there)) = survey::describe(asked, None, &table.name).await else { return HashMap::new() };
        let column = |name: &str| match find(asked.dialect(), &there, name) {
            Some(info) => Expr::column("d", &info.name),
            None => Expr::Null,
        };
        let prefix = Box::new(column("DH_PREFIXE"));
        let articles = Expr::Compare(CompareOp::Eq, prefix, Box::new(Expr::Text("GA".into())));
        let select = Select {
            outputs: COLUMNS
                .map(|label| Output { decode: Decode::of(Type::Text), label: label.into() })
                .into(),
            branches: vec![Branch {
                items: COLUMNS.map(|c| Item::from(column(c))).into(),
                filter: vec![Predicate::Expr(articles)],
                ..branch(table)
            }],
            order: Vec::new(),
            descending: false,
            count: false,
        };
        let Ok(rows) = asked.run(&Statement::new(select), &[], &self.ask.moment).await else {
            return HashMap::new();
        };
        (0..rows.len())
            .filter_map(|r| {
                let text = |c: usize| rows.get(r, c).as_str().map(str::to_owned);
                let flag = text(2).is_some_and(|kind| kind.eq_ignore_ascii_case("BOOLEAN"));
                Some((text(0)?.to_uppercase(), (text(1).unwrap_or_default(), flag)))
            })
            .collect()
    }

    /// A name that the type does not have yet.
    fn free_name(
        &self,
        model: &Model,
        e: &Entity,
        column: &str,
        source: &str,
        taken: &mut HashSet<String>,
    ) -> String {
        let is_taken = |name: &str, taken: &HashSet<String>| {
            taken.contains(name) || e.fields.contains_key(name) || self.shop.has_field(&e.name, name)
        };
        let mut name = names::field(column);
        if is_taken(&name, taken) {
            let mut letters = source.chars();
            name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
            name.extend(letters);
        }
        let first = name.clone();
        let mut n = 2;
        while is_taken(&name, taken) && n < model.entities.len() + taken.len() + 100 {
            name = format!("{first}{n}");
            n += 1;
        }
        taken.insert(name.clone());
        name
    }
}

/// The table that is the main one of all row sources, each of whose rows is a record: a complementary
/// column stands in each. With it the days that mean none there.
fn main_table(e: &Entity, source: usize) -> Option<(&Table, &[NaiveDate])> {
    let map = e.maps.get(source)?.as_ref()?;
    let first = map.rows.first()?;
    let same = |t: &Table| t.name == first.table.name && t.prefix == first.table.prefix;
    let own = map.rows.iter().all(|r| same(&r.table) && !r.distinct);
    own.then_some((&first.table, first.defaults.dates.as_slice()))
}

/// Whether a column stands in an IsoShop table as it is made.
fn ships(table: &str, column: &str) -> bool {
    let head = format!("CREATE TABLE \"{table}\" (");
    let body =
        ISOSHOP.split_once(&head).and_then(|(_, after)| after.split_once("\n);")).map(|(body, _)| body);
    body.is_none_or(|body| {
        body.lines().any(|line| {
            line.split_whitespace().next().is_some_and(|w| w.trim_matches('"').eq_ignore_ascii_case(column))
        })
    })
}

/// Sage's type numbers; what they leave open the column itself tells.
fn sage_class(kind: i64, column: names::Class) -> names::Class {
    match kind {
        3 | 14 => names::Class::Date,
        7 if column == names::Class::Integer => names::Class::Integer,
        7 | 20 => names::Class::Decimal,
        9 | 22 => names::Class::Text,
        _ => column,
    }
}

/// Whether any row says something in a column: free fields that nobody fills are no news.
async fn holds_something(
    asked: &SharedSource,
    table: &Table,
    info: &ColumnInfo,
    dates: &[NaiveDate],
    moment: &Moment,
) -> bool {
    let column = Expr::column(&table.alias, &info.name);
    let said = match names::class(&info.type_name) {
        names::Class::Date | names::Class::DateTime if !dates.is_empty() => {
            let date = |e: Expr| Expr::Cast(Box::new(e), CastType::Date);
            let nothing = dates.iter().map(|d| date(Expr::Text(d.to_string()))).collect();
            Expr::In(Box::new(date(column)), nothing, true)
        }
        _ => {
            let text = Expr::Call(Function::Trim, vec![Expr::Cast(Box::new(column), CastType::Text(0))]);
            let text = Expr::Call(Function::Coalesce, vec![text, Expr::Text(String::new())]);
            Expr::In(Box::new(text), ["", "0", "-"].map(|t| Expr::Text(t.into())).into(), true)
        }
    };
    let select = Select {
        outputs: vec![Output { decode: Decode::of(Type::Int), label: "one".into() }],
        branches: vec![Branch {
            items: vec![Item::from(Expr::Number("1".into()))],
            filter: vec![Predicate::Expr(said)],
            limit: Some(0),
            ..branch(table.clone())
        }],
        order: Vec::new(),
        descending: false,
        count: false,
    };
    let params = [Param::Value(Value::Int(1))];
    let rows = asked.run(&Statement::new(select), &params, moment).await;
    // A column that cannot be looked into (an image, a document) is none to serve.
    rows.is_ok_and(|rows| !rows.is_empty())
}

/// A text as GraphQL writes it.
fn graphql_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
