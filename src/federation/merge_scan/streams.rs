//! Which lists can be read as sorted streams, and the statements of the streams.

use std::{cmp::Ordering, collections::VecDeque, sync::Arc};

use super::{MOST, Scan, Stream, What, column::Column};
use crate::{
    connectors::map::RowSource,
    federation::{
        engine::{Ask, Engine, Fault},
        fetch::code_of,
        gather::ListAsk,
        model::{Default_, EntityId, FieldId, SourceId},
        order::{By, Order, SortKey},
        planner::Why,
        pushdown::Must,
        shape::{Shape, SourceShape, Want, after_key, has_key},
        spelling::plain,
    },
    sources::{
        Param, Rows, Select, Statement,
        select::{Decode, Item, OrderBy, Output, Predicate},
    },
    value::{Type, Value},
};

/// A list that can be read as sorted streams.
#[derive(Clone, Debug)]
pub struct Scannable {
    pub(super) key: SortKey,
    pub(in crate::federation) field: FieldId,
    /// The deciding source's cells, where it is listed and has some.
    pub(super) own: Option<Column>,
    /// The other sources' cells.
    pub(super) overlays: Vec<(SourceId, Column)>,
    pub(super) default: Option<Value>,
    /// The back office may give the value.
    pub(super) site: bool,
}

impl Scannable {
    /// The field by which the list is sorted first.
    pub fn field(&self) -> FieldId {
        self.field
    }
}

impl Engine {
    /// Whether a list can be read as sorted streams.
    ///
    /// # Errors
    /// Why not, for people.
    pub async fn scannable(&self, entity: EntityId, order: &Order) -> Result<Scannable, Why> {
        let e = &self.model.entities[entity];
        let Some(key) = order.0.first().copied() else { return Err(Why::of("it is in CODE order")) };
        let field = match key.by {
            By::Field(field) => field,
            By::Computed(_) => return Err(Why::of("it is reckoned for each request")),
            By::Code | By::Placement => return Err(Why::of("it is in CODE order")),
        };
        let f = &e.fields[field];
        if f.inherit.is_some() {
            return Err(Why::of("the field may be inherited"));
        }
        if !matches!(f.ty, Type::Int | Type::Decimal | Type::Boolean | Type::Date | Type::DateTime) {
            return Err(Why::of("no source orders texts as they are ordered here"));
        }
        if f.localized || f.group.as_ref().is_some_and(|g| g.leader != field) {
            return Err(Why::of("the field is not one cell of a source"));
        }
        let default = match &f.default {
            None => None,
            Some(Default_::Value(value)) => Some(value.clone()),
            Some(Default_::Field(_)) => return Err(Why::of("its default is another field")),
        };
        let Some([_]) = e.maps.get(e.decides).and_then(Option::as_ref).map(|m| m.rows.as_slice()) else {
            return Err(Why::of("its records come from several tables"));
        };
        let mut own = None;
        let mut overlays = Vec::new();
        for source in &f.sources {
            let Some(map) = e.maps.get(*source).and_then(Option::as_ref) else { continue };
            let holds = |row: &&RowSource| row.fields.contains_key(f.name.as_str());
            let Some(row) = map.rows.iter().find(holds) else { continue };
            if map.rows.len() > 1 {
                return Err(Why::by("holds it in several tables", *source));
            }
            let Some(map) = row.fields.get(f.name.as_str()) else { continue };
            let column = self.column(*source, row, f, map).await?;
            if *source == e.decides { own = Some(column) } else { overlays.push((*source, column)) }
        }
        let site = f.lock.is_none() && self.overrides.is_some();
        Ok(Scannable { key, field, own, overlays, default, site })
    }
}

/// A value as it orders.
fn ordered(value: &Value) -> Value {
    match value {
        Value::Bool(truth) => Value::Int(i64::from(*truth)),
        other => other.clone(),
    }
}

/// The first slot of a stream's statement.
const LIMIT: usize = 0;

fn limit(rows: usize) -> Param {
    Param::Value(Value::Int(i64::try_from(rows).unwrap_or(i64::MAX)))
}

impl Scan<'_> {
    fn order(&self, row: &RowSource, column: &Column) -> Vec<OrderBy> {
        let mut order = vec![column.by(self.falling)];
        order.extend(SourceShape::order(row, self.falling_codes));
        order
    }

    /// Rows after a place of the stream, in the order of `columns`, of which the first is the value; `after`:
    /// what comes after the value where the place has no key. Where the source cannot hold the value, rows
    /// from a little before it.
    fn reached(
        &self,
        column: &Column,
        columns: Vec<OrderBy>,
        (value, key): &(Value, Vec<Value>),
        after: bool,
        params: &mut Vec<Param>,
    ) -> Predicate {
        let slot = params.len();
        params.push(Param::Value(ordered(&column.before(value, self.falling))));
        let exact = column.holds(value);
        if exact && key.len() + 1 == columns.len() {
            params.extend(key.iter().cloned().map(Param::Value));
            let slots = (slot..params.len()).collect();
            return Predicate::After { columns, slots };
        }
        if exact && after {
            return Predicate::After { columns: vec![column.by(self.falling)], slots: vec![slot] };
        }
        Predicate::UpTo { column: column.by(!self.falling), slot }
    }

    /// What the streams of overlays read.
    pub(super) fn cells(&self) -> Shape {
        let want = Want { fields: [self.can.field].into(), ..Want::default() };
        Shape::new(self.engine, self.light.entity, want, None)
    }

    /// What every row of the list fulfils.
    fn listed(&self, row: &RowSource) -> Vec<Predicate> {
        let mut filter = vec![has_key(row)];
        if self.ask.shopper(self.light.entity) {
            filter.extend(self.engine.on_the_web(self.light.entity, row));
        }
        filter
    }

    /// The deciding source's rows by their own cells.
    pub(super) fn own_statement(&self, decider: &SourceShape, stream: &Stream) -> (Statement, Vec<Param>) {
        let mut params = vec![limit(stream.size)];
        let (Some(column), Some(row)) = (&self.can.own, decider.map.rows.first()) else {
            return (Statement::new(Select::default()), params);
        };
        let mut filter = self.listed(row);
        filter.extend(column.has());
        if let Some(at) = &stream.at {
            filter.push(self.reached(column, self.order(row, column), at, false, &mut params));
        }
        let base = params.len();
        let mut more = Vec::new();
        filter.extend(self.must.predicate((0, row), base, &mut more));
        params.extend(more);
        (ordered_select(decider, &filter, &self.order(row, column)), params)
    }

    /// The deciding source's rows in CODE order, of records for which it may have no value to order by.
    pub(super) async fn rest_statement(
        &self,
        decider: &SourceShape,
        stream: &Stream,
    ) -> (Statement, Vec<Param>) {
        let mut params = vec![limit(stream.size)];
        let Some(row) = decider.map.rows.first() else {
            return (Statement::new(Select::default()), params);
        };
        let mut filter = self.listed(row);
        if let Some((_, key)) = stream.at.as_ref().filter(|(_, key)| !key.is_empty()) {
            filter.push(after_key(row, params.len(), self.falling_codes));
            params.extend(key.iter().cloned().map(Param::Value));
        }
        let base = params.len();
        let mut more = Vec::new();
        let must = match &stream.what {
            What::Rest(value) => self.must.serving(value),
            _ => self.must.clone(),
        };
        filter.extend(must.predicate((0, row), base, &mut more));
        filter.extend(self.nothing(row, base, &mut more).await);
        params.extend(more);
        (ordered_select(decider, &filter, &SourceShape::order(row, self.falling_codes)), params)
    }

    /// Reads on in an overlay's stream. Where it is not known how codes are spelled, in whole runs of equal
    /// values, for among equals the overlay's codes may not stand as the deciding source's do. How many rows
    /// were read.
    pub(super) async fn overlay_rows(&self, stream: &mut Stream, source: SourceId) -> Result<usize, Fault> {
        let engine = self.engine;
        let shape = self.cells();
        let overlay = shape.sources.get(source).and_then(Option::as_ref);
        let column = self.can.overlays.iter().find(|(s, _)| *s == source).map(|(_, column)| column);
        let (Some(overlay), Some(column)) = (overlay, column) else {
            stream.done = true;
            return Ok(0);
        };
        let value = overlay.columns.fields.get(self.can.field).copied().flatten().unwrap_or(0);
        let mut read = 0;
        loop {
            let Some((statement, params)) = self.overlay_statement(stream, overlay, column) else {
                stream.done = true;
                return Ok(read);
            };
            // What the codes are ordered by comes last, where they stand in CODE order.
            let spelled = self.ranked(overlay).map(|_| statement.select.outputs.len() - 1);
            let rows = engine.rows(self.ask, self.light.entity, overlay, &statement, &params).await;
            let rows = match rows {
                Ok(rows) => rows,
                Err(cause) => {
                    stream.done = true;
                    return self.passed_over(source, cause).map(|()| read);
                }
            };
            read += rows.len();
            let full = rows.len() >= stream.size;
            // Cells of different order that are one value are read whole, too.
            let last = rows.len().checked_sub(1).map(|last| rows.get(last, value));
            let whole = !full || (spelled.is_some() && last.is_some_and(|last| column.holds(last)));
            let kept = if whole { rows.len() } else { before_last_run(&rows, value) };
            if full && kept == 0 {
                self.longer(stream)?;
                continue;
            }
            let again = self.again(stream, column);
            let codes: Vec<String> = (0..kept)
                .filter(|r| again.as_ref().is_none_or(|at| self.beyond(rows.get(*r, value), at)))
                .filter_map(|r| {
                    let row = rows.row(r);
                    let native = overlay.columns.native.and_then(|c| row.get(c)).and_then(Value::as_str);
                    native.map(str::to_owned).or_else(|| code_of(overlay, row).as_str().map(str::to_owned))
                })
                .collect();
            let mut good = self.by_codes(&codes, &What::Overlay(source)).await?;
            good.sort_by(|a, b| self.compare(&a.found.0, &b.found.0));
            stream.ready.extend(good);
            if let Some(last) = kept.checked_sub(1) {
                let key = spelled.map(|column| rows.get(last, column).clone());
                stream.at = Some((self.goes_on(rows.get(last, value))?, key.into_iter().collect()));
                stream.begun = true;
            }
            stream.done = !full;
            stream.size = (stream.size * 2).min(MOST);
            return Ok(read);
        }
    }

    fn overlay_statement(
        &self,
        stream: &Stream,
        overlay: &SourceShape,
        column: &Column,
    ) -> Option<(Statement, Vec<Param>)> {
        let mut params = vec![limit(stream.size)];
        let mut filter = column.has();
        let at = self.can.overlays.iter().position(|(source, _)| *source == overlay.source);
        filter.extend(at.and_then(|at| self.passing.get(at)?.clone()));
        let row = overlay.map.rows.first()?;
        let ranked = self.ranked(overlay);
        let mut order = self.order(row, column);
        if let Some(by) = &ranked {
            order = vec![column.by(self.falling), by.clone()];
            filter.push(has_key(row));
        }
        if let Some((value, key)) = &stream.at {
            // Among equals its codes may be spelled otherwise than the list's: then it has no key.
            let key = if ranked.is_some() { key.clone() } else { Vec::new() };
            let at = (value.clone(), key);
            filter.push(self.reached(column, order.clone(), &at, stream.begun, &mut params));
        }
        let mut statement = ordered_select(overlay, &filter, &order);
        if let Some(by) = ranked {
            let decode = Decode { trim: false, blank_absent: false, ..Decode::of(Type::Text) };
            statement.select.outputs.push(Output { decode, label: "code".into() });
            for branch in &mut statement.select.branches {
                branch.items.push(Item::from(by.expr.clone()));
            }
        }
        Some((statement, params))
    }

    /// What puts an overlay's rows in CODE order, where it is known how codes are spelled.
    fn ranked(&self, overlay: &SourceShape) -> Option<OrderBy> {
        let row = overlay.map.rows.first()?;
        let (_, key) = plain(row).filter(|_| row.native.is_none())?;
        Some(self.spelled?.order(&key.expr, self.falling_codes))
    }
}

impl Engine {
    /// The statements of a scan's streams from the beginning of the list, for people: the source, what the
    /// stream is, its select. Nothing of the list is read.
    pub async fn stream_statements(
        &self,
        ask: &Ask,
        shape: &Arc<Shape>,
        list: &ListAsk<'_>,
        can: &Scannable,
        must: Must,
    ) -> Vec<(SourceId, &'static str, Select)> {
        let list = &ListAsk { from: None, ..*list };
        let scan = self.scan_of(ask, shape, list, can, must).await;
        let stream = |what: What| Stream {
            what,
            ready: VecDeque::new(),
            at: None,
            size: list.size + 1,
            begun: false,
            done: false,
        };
        let mut all = Vec::new();
        let decider = scan.light.decider(&self.model);
        if let (Some(_), Some(full)) = (&can.own, scan.full.decider(&self.model)) {
            let (statement, _) = scan.own_statement(full, &stream(What::Own));
            all.push((full.source, "stream of its own cells", statement.select));
        }
        let cells = scan.cells();
        for (source, column) in &can.overlays {
            let overlay = cells.sources.get(*source).and_then(Option::as_ref);
            let made =
                overlay.and_then(|o| scan.overlay_statement(&stream(What::Overlay(*source)), o, column));
            all.extend(made.map(|(statement, _)| (*source, "stream of its cells", statement.select)));
        }
        let rest = can.default.clone().unwrap_or_default();
        if let Some(decider) = decider.filter(|_| !scan.must.serving(&rest).is_never()) {
            let (statement, _) = scan.rest_statement(decider, &stream(What::Rest(rest))).await;
            let what = if can.default.is_some() {
                "stream of records without a value, or with the default"
            } else {
                "stream of records without a value"
            };
            all.push((decider.source, what, statement.select));
        }
        all
    }
}

fn ordered_select(shape: &SourceShape, filter: &[Predicate], order: &[OrderBy]) -> Statement {
    let mut select = shape.select(|_, _| Some(filter.to_vec()));
    for branch in &mut select.branches {
        branch.order = order.to_vec();
        branch.limit = Some(LIMIT);
    }
    Statement::new(select)
}

/// How many rows stand before the run of equal values at the end.
pub(super) fn before_last_run(rows: &Rows, value: usize) -> usize {
    let Some(last) = rows.len().checked_sub(1) else { return 0 };
    let last = rows.get(last, value);
    (0..rows.len()).take_while(|r| rows.get(*r, value).compare(last) != Ordering::Equal).count()
}
