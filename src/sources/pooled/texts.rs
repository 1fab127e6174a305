//! The texts of statements: what must be known of the database to write one, how long its key lists
//! are, and what becomes of a column that is not there.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use tokio::time::{Instant, timeout_at};

use super::{Pooled, Wire, era::Probe, lock};
use crate::{
    sources::{
        Dialect, Param, Rows, SourceError, Statement,
        columns::{Catalog, Known},
        optional,
        render::{ParamKind, Rendered, probed_tables, render},
        select::{Select, Table},
    },
    value::Value,
};

/// SQL Server: key lists are of one of these sizes, filled up, so that the server keeps few plans.
const LIST_SIZES: [u16; 9] = [1, 2, 5, 10, 25, 50, 100, 250, MOST_LISTED];
/// SQL Server: keys of the longest list.
pub(super) const MOST_LISTED: u16 = 500;
/// SQL Server: parameters of one statement, of the 2,100 that it allows. What needs more packs its
/// longest lists.
const MOST_PARAMETERS: usize = 1_500;

impl<W: Wire> Pooled<W> {
    /// The columns of a table, asked of the database once an era.
    pub(super) async fn probe(
        &self,
        prefix: Option<&str>,
        table: &str,
        deadline: Option<Instant>,
    ) -> Result<Probe, SourceError> {
        let place = (prefix.map(str::to_owned), table.to_owned());
        if let Some(known) = self.era().known(&place) {
            return Ok(known);
        }
        let (until, left) = self.until(deadline)?;
        let (mut lease, trial) = self.lease(deadline).await?;
        let era = lease.era();
        self.trace.sent(&self.name, W::COLUMNS);
        let started = Instant::now();
        let result = timeout_at(until, self.wire().columns(lease.conn()?, prefix, table, until)).await;
        let columns = self.settle((lease, trial), result, (started, left)).map_err(|f| f.error)?;
        let probe: Probe = if columns.is_empty() { None } else { Some(columns.into()) };
        self.era().learn(era, place, probe.clone());
        Ok(probe)
    }

    /// The statement's text for these parameters and what is known of the database.
    pub(super) async fn rendered(
        &self,
        statement: &Statement,
        kinds: &[ParamKind],
        tables: &[&Table],
        deadline: Option<Instant>,
    ) -> Result<Arc<Rendered>, SourceError> {
        let era = if tables.is_empty() { 0 } else { self.era().number() };
        let mut hasher = DefaultHasher::new();
        (W::DIALECT, era, kinds).hash(&mut hasher);
        let key = hasher.finish();
        if let Some(rendered) = lock(&statement.texts).get(&key) {
            return Ok(Arc::clone(rendered));
        }
        let mut known: Vec<(&Table, Probe)> = Vec::with_capacity(tables.len());
        for table in tables {
            known.push((table, self.probe(table.prefix.as_deref(), &table.name, deadline).await?));
        }
        let catalog = Tables { known, dialect: W::DIALECT, hint: self.wire().hint() };
        let settled;
        let select = if optional::tables(&statement.select).is_empty() {
            &statement.select
        } else {
            settled = optional::settled(&statement.select, &|table, column| catalog.has(table, column));
            &settled
        };
        let mut kinds = kinds.to_vec();
        let rendered = loop {
            let rendered = render(select, W::DIALECT, &kinds, &catalog)
                .map_err(|e| SourceError::Refused(e.to_string()))?;
            let longest = kinds.iter_mut().max_by_key(|kind| match kind {
                ParamKind::KeyList(size) => *size,
                _ => 0,
            });
            match longest {
                Some(longest @ ParamKind::KeyList(2..)) if rendered.binds.len() > MOST_PARAMETERS => {
                    *longest = ParamKind::Keys;
                }
                _ => break rendered,
            }
        };
        let rendered = Arc::new(rendered);
        let mut texts = lock(&statement.texts);
        if texts.len() >= 64 {
            // Texts of eras gone by.
            texts.clear();
        }
        texts.insert(key, Arc::clone(&rendered));
        Ok(rendered)
    }
}

/// The tables whose columns must be known: those that may lack one which the select names, all of
/// them where a column's type matters.
pub(super) fn lacking(select: &Select, dialect: Dialect) -> Vec<&Table> {
    let mut tables = probed_tables(select, dialect);
    if dialect != Dialect::SqlServer {
        tables.extend(optional::tables(select));
    }
    tables
}

/// The probed tables of one statement.
struct Tables<'a> {
    known: Vec<(&'a Table, Probe)>,
    dialect: Dialect,
    hint: &'static str,
}

impl Tables<'_> {
    fn probe(&self, table: &Table) -> Option<&Probe> {
        self.known.iter().find(|(t, _)| t.name == table.name && t.prefix == table.prefix).map(|(_, p)| p)
    }
}

impl Catalog for Tables<'_> {
    fn has(&self, table: &Table, column: &str) -> bool {
        self.probe(table)
            .is_none_or(|p| p.as_ref().is_some_and(|c| has_column(self.dialect, c, column).is_some()))
    }

    fn column(&self, table: &Table, column: &str) -> Option<&Known> {
        has_column(self.dialect, self.probe(table)?.as_ref()?, column)
    }

    fn hint(&self) -> &'static str {
        self.hint
    }
}

/// Quoted names are exact in PostgreSQL; SQLite never tells case apart, SQL Server as a rule does
/// not.
fn has_column<'a>(dialect: Dialect, columns: &'a [Known], name: &str) -> Option<&'a Known> {
    match dialect {
        Dialect::Postgres => columns.iter().find(|c| c.name == name),
        Dialect::Sqlite | Dialect::SqlServer => columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)),
    }
}

/// What kind of parameter fills each slot of a statement.
pub(super) fn kinds_of(dialect: Dialect, params: &[Param]) -> Vec<ParamKind> {
    let kind = |param: &Param| match param {
        Param::Keys(keys) if dialect == Dialect::SqlServer => {
            if keys.is_empty() {
                return ParamKind::KeyList(0);
            }
            let size = LIST_SIZES.into_iter().find(|size| usize::from(*size) >= keys.len());
            size.map_or(ParamKind::Keys, ParamKind::KeyList)
        }
        param => ParamKind::of(param),
    };
    params.iter().map(kind).collect()
}

/// Fills in the outputs whose column is missing, and takes the branch number away.
pub(super) fn mark_bad(rows: &mut Rows, rendered: &Rendered) {
    if rendered.bad.is_empty() {
        return;
    }
    let width = rendered.width;
    let stride = width + usize::from(rendered.branch_number);
    let mut kept = Vec::with_capacity(rows.cells.len());
    for row in rows.cells.chunks_mut(stride.max(1)) {
        let branch = match row.get(width) {
            Some(Value::Int(n)) => usize::try_from(*n).unwrap_or(0),
            _ => 0,
        };
        for (of, output, why) in &rendered.bad {
            if *of == branch
                && let Some(cell) = row.get_mut(*output)
            {
                *cell = Value::Bad(why.clone());
            }
        }
        kept.extend(row.iter_mut().take(width).map(std::mem::take));
    }
    rows.cells = kept;
    rows.width = width;
}
