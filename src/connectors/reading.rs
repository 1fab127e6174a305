//! Statements of the tables that a map does not speak of (tariffs, stock counters, taxes): one table, its columns as
//! expressions of maps, the keys of a whole batch, a few scalars by name.

use std::{collections::BTreeMap, sync::Arc};

use chrono_tz::Tz;

use crate::{
    sources::{
        Expr, Keys, Moment, Param, Rows, Select, Source, SourceError, Statement,
        expr::{CastType, ExprError, parse},
        select::{Branch, Decode, Item, Join, Missing, Output, Predicate, Table},
    },
    value::{Type, Value},
};

/// The alias of the table; bare columns are its.
const TABLE: &str = "t";

/// A table to read in batches. Made once; run for each request.
///
/// Expressions are those of maps. A setting of the source (`:vat_slot`) is bound when the reading is made; a name given to
/// [`Reading::scalar`] is a parameter of each run. A column in `OPTIONAL()` reads as nothing where the database lacks it.
#[derive(Debug)]
pub struct Reading {
    name: &'static str,
    settings: Arc<BTreeMap<String, Value>>,
    zone: Tz,
    dates: Arc<[chrono::NaiveDate]>,
    branch: Branch,
    outputs: Vec<Output>,
    scalars: Vec<&'static str>,
    key: Option<(Vec<Expr>, Vec<CastType>)>,
    beside: Vec<Expr>,
    limit: Option<u32>,
    fault: Option<String>,
    spare: bool,
    statement: std::sync::OnceLock<Statement>,
}

impl Reading {
    /// A reading of a table of a source with these settings, in its zone.
    pub fn new(name: &'static str, map: &super::map::ConnectorMap) -> Self {
        let table = Table { prefix: None, name: name.into(), alias: TABLE.into() };
        let branch = Branch {
            from: table,
            joins: Vec::new(),
            pairs: None,
            items: Vec::new(),
            filter: Vec::new(),
            order: Vec::new(),
            limit: None,
            window: None,
            distinct: false,
        };
        Self {
            name,
            settings: map.settings.clone(),
            zone: map.zone,
            dates: map.no_dates.clone(),
            branch,
            outputs: Vec::new(),
            scalars: Vec::new(),
            key: None,
            beside: Vec::new(),
            limit: None,
            fault: None,
            spare: false,
            statement: std::sync::OnceLock::new(),
        }
    }

    /// The table stands in the database or schema that a setting names; blank: beside the rest.
    #[must_use]
    pub fn prefixed(mut self, setting: &str) -> Self {
        let named = self.settings.get(setting).and_then(Value::as_str).filter(|name| !name.is_empty());
        self.branch.from.prefix = named.map(str::to_owned);
        self
    }

    /// Some versions and editions lack the whole table, or one that is joined: it is then as if it had no rows.
    #[must_use]
    pub fn spare(mut self) -> Self {
        self.spare = true;
        self
    }

    /// Names a parameter of each run, for use as `:name` in what follows.
    #[must_use]
    pub fn scalar(mut self, name: &'static str) -> Self {
        self.scalars.push(name);
        self
    }

    /// A LEFT JOIN that must not multiply rows.
    #[must_use]
    pub fn join(mut self, table: &str, alias: &str, on: &str) -> Self {
        if let Some(on) = self.expr(on) {
            let table = Table { prefix: None, name: table.into(), alias: alias.into() };
            self.branch.joins.push(Join { table, on });
        }
        self
    }

    /// The batch's key columns, with their types: `[("AR_Ref", CastType::Text(19))]`.
    #[must_use]
    pub fn keyed(mut self, columns: &[(&str, CastType)]) -> Self {
        let exprs: Vec<Expr> = columns.iter().filter_map(|(text, _)| self.expr(text)).collect();
        self.key = Some((exprs, columns.iter().map(|(_, ty)| *ty).collect()));
        self
    }

    /// Rows that fulfil this are read beside those of the batch's keys (a tariff's rows of any article). Where a batch
    /// takes several statements, they come with each.
    #[must_use]
    pub fn beside(mut self, text: &str) -> Self {
        if let Some(expr) = self.expr(text) {
            self.beside.push(expr);
        }
        self
    }

    /// No more rows than so many (of one statement).
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Rows must fulfil this too.
    #[must_use]
    pub fn filter(mut self, text: &str) -> Self {
        if let Some(expr) = self.expr(text) {
            self.branch.filter.push(Predicate::Expr(expr));
        }
        self
    }

    /// A column of text: right-trimmed, blank is nothing.
    #[must_use]
    pub fn text(self, expr: &str) -> Self {
        self.column(expr, Type::Text)
    }

    /// A column of whole numbers.
    #[must_use]
    pub fn int(self, expr: &str) -> Self {
        self.column(expr, Type::Int)
    }

    /// A column of exact decimals.
    #[must_use]
    pub fn decimal(self, expr: &str) -> Self {
        self.column(expr, Type::Decimal)
    }

    /// A column of days; those that the map calls none are nothing.
    #[must_use]
    pub fn date(self, expr: &str) -> Self {
        self.column(expr, Type::Date)
    }

    /// A column of moments, in the source's zone.
    #[must_use]
    pub fn datetime(self, expr: &str) -> Self {
        self.column(expr, Type::DateTime)
    }

    /// A column of any type.
    #[must_use]
    pub fn column(mut self, text: &str, ty: Type) -> Self {
        let Some(expr) = self.expr(text) else { return self };
        let mut decode = Decode::of(ty);
        decode.zone = self.zone;
        decode.sentinels = self.dates.clone();
        self.outputs.push(Output { decode, label: text.into() });
        self.branch.items.push(Item { expr, missing: Missing::Absent });
        self
    }

    /// The same column as it stands: text neither trimmed nor blank to nothing (Cegid's GA_ARTICLE).
    #[must_use]
    pub fn verbatim(mut self, text: &str) -> Self {
        self = self.column(text, Type::Text);
        if let Some(output) = self.outputs.last_mut() {
            output.decode.trim = false;
            output.decode.blank_absent = false;
        }
        self
    }

    fn expr(&mut self, text: &str) -> Option<Expr> {
        let parsed = parse(text).map_err(|error: ExprError| format!("{text}: {error}"));
        let bound = parsed.and_then(|expr| {
            let expr = expr.map(&mut |part| match part {
                Expr::Column { table: None, name } => Expr::column(TABLE, &name),
                Expr::Setting(name) => match self.scalars.iter().position(|s| *s == name) {
                    Some(at) => Expr::Slot(at + 1),
                    None => Expr::Setting(name),
                },
                other => other,
            });
            expr.bind_settings(&self.settings).map_err(|name| format!("{text}: no setting `{name}`"))
        });
        match bound {
            Ok(expr) => Some(expr),
            Err(fault) => {
                self.fault.get_or_insert(fault);
                None
            }
        }
    }

    /// Reads the rows of a batch of keys; nothing is asked for none. Scalars come in the order of their names.
    ///
    /// # Errors
    /// The source does not answer, or the reading is not well made.
    pub async fn rows(
        &self,
        source: &dyn Source,
        keys: Keys,
        scalars: &[Value],
        moment: &Moment,
    ) -> Result<Rows, SourceError> {
        if let Some(fault) = &self.fault {
            return Err(SourceError::Refused(format!("{}: {fault}", self.name)));
        }
        let nothing = Rows { width: self.outputs.len(), cells: Vec::new() };
        if self.key.is_some() && keys.is_empty() {
            return Ok(nothing);
        }
        if self.spare {
            let joined = self.branch.joins.iter().map(|join| &join.table);
            for table in std::iter::once(&self.branch.from).chain(joined) {
                if source.known(table).await?.is_none() {
                    return Ok(nothing);
                }
            }
        }
        let statement = self.statement.get_or_init(|| {
            let mut branch = self.branch.clone();
            if let Some((exprs, types)) = &self.key {
                let keyed = Predicate::In { exprs: exprs.clone(), types: types.clone(), slot: 0 };
                branch.filter.push(if self.beside.is_empty() {
                    keyed
                } else {
                    let beside = self.beside.iter().cloned().map(Predicate::Expr);
                    Predicate::Or(std::iter::once(keyed).chain(beside).collect())
                });
            }
            branch.limit = self.limit.map(|_| self.scalars.len() + 1);
            Statement::new(Select {
                outputs: self.outputs.clone(),
                branches: vec![branch],
                ..Select::default()
            })
        });
        let mut all = nothing;
        // As many keys as one statement of the source takes; a page's keys are one statement.
        let chunks: Vec<Keys> = if keys.len() <= source.batch() {
            vec![keys]
        } else {
            keys.chunks(source.batch()).map(Keys::from).collect()
        };
        for chunk in chunks {
            let mut params = vec![Param::Keys(chunk)];
            params.extend(scalars.iter().cloned().map(Param::Value));
            params.extend(self.limit.map(|rows| Param::Value(Value::Int(rows.into()))));
            all.cells.extend(source.run(statement, &params, moment).await?.cells);
        }
        Ok(all)
    }
}

/// A batch of single keys, each once.
pub fn keys(values: impl IntoIterator<Item = Value>) -> Keys {
    let mut found: Vec<Box<[Value]>> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for value in values {
        let spelled = format!("{value:?}");
        if !value.is_null() && known.insert(spelled) {
            found.push(Box::from([value]));
        }
    }
    found.into()
}
