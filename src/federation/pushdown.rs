//! What the sources can leave out before we decide: a filter on merged values becomes a condition on
//! the rows of the source that decides existence which every record that passes fulfils.
//!
//! A merged value that passes is some source's cell that passes. So a record can pass only if its own
//! row says so, or an overlay's row (or an override) does: the overlay is asked for the codes of its rows
//! that may pass, and the condition becomes "own cell, or one of these codes". Where they can be read in
//! CODE order that is done as far as a list is read ([`super::windows`]); else all at once, and where an
//! overlay has more of them than may be gathered, or cannot be asked, nothing is told. Every record is
//! decided on its merged value afterwards.

pub mod condition;

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, join_all};

use self::condition::{On, condition, never, untold};
use super::{
    batch::Cause,
    computed::ByComputed,
    engine::{Ask, Engine, Strategy},
    fetch::code_of,
    filter::{Filter, Test},
    model::{Default_, Entity, EntityId, Field, FieldId, Rule, SourceId},
    planner::Why,
    shape::{NEVER_EMPTY, Shape, SourceShape, Want},
    windows::CodeStream,
};
use crate::{
    connectors::map::{EntityMap, FieldMap, RowSource},
    sources::{
        Expr, Param, Statement,
        columns::{Known, SqlType},
        expr::CastType,
        family::Family,
        select::{Predicate, Table},
    },
    value::{Type, Value},
};

/// Conditions of one AND or OR that are sent down: databases limit the depth of an expression.
pub(super) const LONGEST: usize = 50;

/// Why a test of codes stays here.
pub(super) const CODES: Why = Why::of("of codes, only `eq` and `in` are sent");

/// Why what hangs on a record tells nothing.
const HANGS: Why = Why::of("no source was asked first for the records on which it hangs");

/// Why what is in a `not` stays here.
pub(super) const NOT: Why = Why::of("what `not` lets through cannot be told row by row");

/// Why nothing is told of what is reckoned.
const RECKONED: Why = Why::of("it is reckoned for each request, no source holds it");

/// A condition that every record which passes a filter fulfils.
#[derive(Clone, Debug, Default)]
pub enum Must {
    /// None is told.
    #[default]
    Any,
    /// None can be told, and why.
    Untold(Why),
    /// All of them.
    And(Vec<Must>),
    /// One of them.
    Or(Vec<Must>),
    /// One of these codes.
    Codes(Arc<[String]>),
    /// Belonging to a record with one of these codes.
    Parents(Arc<[String]>),
    /// The deciding source's own cell, by row source (`None`: not told there), or one of the codes
    /// that other sources gave.
    Cell {
        /// The field.
        field: FieldId,
        /// By row source.
        own: Vec<Option<Predicate>>,
        /// Records for which another source may say what passes.
        codes: Arc<[String]>,
        /// Sources that have more of them, read as far as the list is.
        streams: Arc<[CodeStream]>,
    },
    /// The cell by which a stream is sorted, and which is the value of its records.
    Sorted {
        /// The deciding source's own, by row source (`None`: not told there).
        own: Vec<Option<Predicate>>,
        /// What it must pass.
        test: Test,
    },
}

/// The records for which other sources than the deciding one may say what passes.
pub(super) struct Others {
    codes: Arc<[String]>,
    streams: Arc<[CodeStream]>,
}

impl Others {
    /// "One of these records, or of some others": what the rows of so many row sources fulfil.
    pub(super) fn or_codes(self, field: FieldId, more: &[String], rows: usize) -> Must {
        let codes: Arc<[String]> = self.codes.iter().chain(more).cloned().collect();
        if self.streams.is_empty() {
            return Must::Codes(codes);
        }
        Must::Cell { field, own: vec![Some(never()); rows], codes, streams: self.streams }
    }
}

/// For whom a condition is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// A reader of all rows, or of rows in any order.
    Whole,
    /// A reader of all records in CODE order.
    Windows,
    /// Readers of streams that are sorted by their cells of a field.
    Streams(FieldId),
}

impl Must {
    /// The condition on a row source, its parameters appended to `params` (slots from `base`).
    pub fn predicate(
        &self,
        (i, row): (usize, &RowSource),
        base: usize,
        params: &mut Vec<Param>,
    ) -> Option<Predicate> {
        let mut all = |parts: &[Self]| -> Vec<Option<Predicate>> {
            parts.iter().map(|part| part.predicate((i, row), base, params)).collect()
        };
        match self {
            Self::Any | Self::Untold(_) => None,
            Self::And(parts) => {
                let mut parts: Vec<Predicate> = all(parts).into_iter().flatten().collect();
                match parts.len() {
                    0 => None,
                    1 => parts.pop(),
                    _ => Some(Predicate::And(parts)),
                }
            }
            Self::Or(parts) if parts.iter().any(Self::is_any) => None,
            Self::Or(parts) => all(parts).into_iter().collect::<Option<Vec<_>>>().map(Predicate::Or),
            Self::Codes(codes) => Some(coded(row, codes, base, params)),
            Self::Parents(codes) => {
                let parent = row.parent.clone()?;
                params
                    .push(Param::Keys(codes.iter().map(|c| Box::from([Value::text(c.as_str())])).collect()));
                let slot = base + params.len() - 1;
                Some(Predicate::In { exprs: vec![parent], types: vec![CastType::Text(0)], slot })
            }
            Self::Cell { own, codes, streams, .. } => {
                let own = own.get(i)?.clone()?;
                if codes.is_empty() && streams.is_empty() {
                    return Some(own);
                }
                Some(Predicate::Or(vec![own, coded(row, codes, base, params)]))
            }
            Self::Sorted { own, .. } => own.get(i)?.clone(),
        }
    }

    /// The condition on records that are all served one value of the field by which they are sorted, though
    /// no cell of it is read.
    #[must_use]
    pub fn serving(&self, value: &Value) -> Self {
        match self {
            Self::And(parts) => Self::And(parts.iter().map(|part| part.serving(value)).collect()),
            Self::Or(parts) => Self::Or(parts.iter().map(|part| part.serving(value)).collect()),
            Self::Sorted { test, .. } if test.passes(value) => Self::Any,
            Self::Sorted { .. } => Self::Codes(Arc::default()),
            other => other.clone(),
        }
    }

    /// Whether no row fulfils it.
    pub fn is_never(&self) -> bool {
        match self {
            Self::Codes(codes) => codes.is_empty(),
            Self::And(parts) => parts.iter().any(Self::is_never),
            Self::Or(parts) => parts.iter().all(Self::is_never),
            _ => false,
        }
    }

    /// Whether it tells nothing.
    pub fn is_any(&self) -> bool {
        match self {
            Self::Any | Self::Untold(_) => true,
            Self::And(parts) => parts.iter().all(Self::is_any),
            Self::Or(parts) => parts.iter().any(Self::is_any),
            Self::Codes(_) | Self::Parents(_) => false,
            Self::Cell { own, .. } | Self::Sorted { own, .. } => own.iter().all(Option::is_none),
        }
    }
}

/// "The row has one of these codes."
pub fn coded(row: &RowSource, codes: &[String], base: usize, params: &mut Vec<Param>) -> Predicate {
    let keys: Vec<Box<[Value]>> =
        codes.iter().filter_map(|c| row.code.decode(c, &row.key)).map(Vec::into_boxed_slice).collect();
    params.push(Param::Keys(keys.into()));
    let by_key = Predicate::In {
        exprs: row.key.iter().map(|k| k.expr.clone()).collect(),
        types: row.key.iter().map(|k| k.ty).collect(),
        slot: base + params.len() - 1,
    };
    let Some(own) = &row.code.own else { return by_key };
    params.push(Param::Keys(codes.iter().map(|c| Box::from([Value::text(c.as_str())])).collect()));
    let by_own = Predicate::In {
        exprs: vec![own.clone()],
        types: vec![CastType::Text(0)],
        slot: base + params.len() - 1,
    };
    Predicate::Or(vec![by_own, by_key])
}

/// The kinds of the columns of one row source's tables.
pub struct Kinds {
    tables: Vec<(Table, Option<Arc<[Known]>>)>,
    /// The source answered.
    pub known: bool,
}

impl Kinds {
    /// The kind of an expression.
    pub fn family(&self, expr: &Expr, dialect: crate::sources::Dialect) -> Option<Family> {
        Family::of(expr, dialect, &|alias, name| self.column(alias, name)?.family)
    }

    /// The type of an expression that is a column, where it matters to its database.
    pub fn ty(&self, expr: &Expr) -> Option<SqlType> {
        let Expr::Column { table, name } = expr else { return None };
        self.column(table.as_deref(), name)?.ty
    }

    fn column(&self, alias: Option<&str>, name: &str) -> Option<&Known> {
        let (_, columns) = match alias {
            None => self.tables.first(),
            Some(alias) => self.tables.iter().find(|(t, _)| t.alias.eq_ignore_ascii_case(alias)),
        }?;
        columns.as_ref()?.iter().find(|c| c.name.eq_ignore_ascii_case(name))
    }
}

impl Engine {
    /// The kinds of a row source's columns, as far as an expression needs them.
    pub(super) async fn kinds(&self, source: SourceId, row: &RowSource, of: &Expr) -> Kinds {
        let used = of.aliases();
        let joined = row.joins.iter().map(|j| &j.table).filter(|t| used.contains(t.alias.as_str()));
        let tables = std::iter::once(&row.table).chain(joined);
        let asked = join_all(tables.map(|table| async move {
            let known = match self.sources.get(source) {
                Some(source) => source.known(table).await,
                None => Ok(None),
            };
            (table.clone(), known)
        }));
        let asked = asked.await;
        let known = asked.iter().all(|(_, columns)| columns.is_ok());
        // What it does not say now is asked again with the statement itself.
        let tables = asked.into_iter().map(|(table, columns)| (table, columns.unwrap_or_default())).collect();
        Kinds { tables, known }
    }

    /// What must hold of the deciding source's rows for a filter to pass. Overlays are asked which of
    /// their rows may pass; one that does not answer tells nothing.
    pub async fn must(
        &self,
        ask: &Ask,
        entity: EntityId,
        filter: &Filter,
        language: Option<&str>,
        telling: Telling,
    ) -> Must {
        let must = self.must_of(ask, entity, filter, language, telling).await;
        if let Some(journal) = &ask.moment.journal {
            let told = self.told(ask, entity, filter, &must);
            journal.here(|level| (level.pushed, level.rechecked) = (told.pushed, told.rechecked));
        }
        must
    }

    /// As [`Engine::must`], without a note in the journal.
    pub(super) fn must_of<'a>(
        &'a self,
        ask: &'a Ask,
        entity: EntityId,
        filter: &'a Filter,
        language: Option<&'a str>,
        telling: Telling,
    ) -> BoxFuture<'a, Must> {
        async move {
            match filter {
                _ if ask.strategy == Strategy::Gather => {
                    Must::Untold(Why::of("the request asks for everything to be decided here"))
                }
                Filter::And(all) => {
                    let some = all.iter().take(LONGEST).filter(|f| !f.is_all());
                    Must::And(join_all(some.map(|f| self.must_of(ask, entity, f, language, telling))).await)
                }
                Filter::Or(all) if !all.is_empty() && all.len() <= LONGEST => Must::Or(
                    join_all(all.iter().map(|f| self.must_of(ask, entity, f, language, telling))).await,
                ),
                Filter::Field(field, test) => {
                    let cell = self.must_cell(ask, entity, *field, test, language, telling);
                    cell.await.unwrap_or_else(Must::Untold)
                }
                Filter::Code(Test::In(values)) => {
                    Must::Codes(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                }
                Filter::Code(_) => Must::Untold(CODES),
                Filter::Not(_) => Must::Untold(NOT),
                Filter::OnTheWeb => Must::Untold(Why::of("more than its own row decides what is on the web")),
                // Sorted by, it leaves nothing out.
                Filter::Computed(ByComputed { test: None, .. }) => Must::Any,
                Filter::Computed(_) => Must::Untold(RECKONED),
                Filter::Inherited(inner) => match (inner.candidates(), &**inner) {
                    (Some(codes), _) => Must::Parents(codes.clone()),
                    (None, Filter::Code(Test::In(values))) => {
                        Must::Parents(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                    }
                    (None, _) => Must::Untold(HANGS),
                },
                Filter::Or(all) if all.is_empty() => Must::Untold(Why::of("it lets nothing through")),
                Filter::Or(_) => Must::Untold(Why::of("it has more alternatives than are sent")),
                // Who is placed in a department, and what named references hang on, was looked up.
                Filter::Under(_) | Filter::Related(_) | Filter::Media(_) => match filter.candidates() {
                    Some(codes) => Must::Codes(codes.clone()),
                    None => Must::Untold(HANGS),
                },
            }
        }
        .boxed()
    }

    #[allow(clippy::too_many_arguments)]
    async fn must_cell(
        &self,
        ask: &Ask,
        entity: EntityId,
        field: FieldId,
        test: &Test,
        language: Option<&str>,
        telling: Telling,
    ) -> Result<Must, Why> {
        let e = &self.model.entities[entity];
        let f = &e.fields[field];
        if let Some(why) = stays(f, test, language) {
            return Err(why);
        }
        let Some(decider) = e.maps.get(e.decides).and_then(Option::as_ref) else {
            return Err(Why::of("no source decides existence"));
        };
        let listed = f.sources.contains(&e.decides);
        let own = join_all(decider.rows.iter().map(|row| async move {
            let Some(map) = row.fields.get(f.name.as_str()).filter(|_| listed) else { return Ok(never()) };
            self.on_row(e.decides, row, f, map, test).await
        }));
        if telling == Telling::Streams(field) {
            let own = own.await.into_iter().map(Result::ok).collect();
            return Ok(Must::Sorted { own, test: test.clone() });
        }
        if listed && let Some(must) = self.bounded(e, field, decider, test).await {
            return Ok(must);
        }
        let (own, others) = futures::join!(own, self.others(ask, entity, field, test, telling));
        let Others { codes, streams } = others?;
        if let Some(why) = own.iter().find_map(|row| row.as_ref().err().copied())
            && own.iter().all(Result::is_err)
        {
            return Err(why);
        }
        let cell = Must::Cell { field, own: own.into_iter().map(Result::ok).collect(), codes, streams };
        // Where no source says anything, the default does.
        Ok(match &f.default {
            None => cell,
            Some(Default_::Value(value)) if test.passes(value) => {
                return Err(Why::of("the field's default passes"));
            }
            Some(Default_::Value(_)) => cell,
            Some(Default_::Field(other)) if e.fields[*other].name == "code" => {
                let own =
                    decider.rows.iter().map(|row| code_condition(row, &e.fields[field], test)).collect();
                let (codes, streams) = (Arc::default(), Arc::default());
                Must::Or(vec![cell, Must::Cell { field: *other, own, codes, streams }])
            }
            Some(Default_::Field(_)) => return Err(Why::of("the field's default is another field")),
        })
    }

    /// Where the greatest of all cells is less than something, each of them is: the deciding source's own
    /// tells, whatever the others say. So it is with the smallest that is greater. `None` where a cell of
    /// its own may count for nothing, or the field has other values than cells.
    async fn bounded(&self, e: &Entity, field: FieldId, decider: &EntityMap, test: &Test) -> Option<Must> {
        let f = &e.fields[field];
        let bounds = match f.rule {
            Rule::Max => matches!(test, Test::Lt(_) | Test::Lte(_)),
            Rule::Min => matches!(test, Test::Gt(_) | Test::Gte(_)),
            _ => false,
        };
        let site = f.lock.is_none() && self.overrides.is_some();
        let marked = decider.markers.is_some() && !NEVER_EMPTY.contains(&f.name.as_str());
        if !bounds || site || marked || f.default.is_some() || f.zero_is_absent {
            return None;
        }
        let own = join_all(decider.rows.iter().map(|row| async move {
            let map = row.fields.get(f.name.as_str())?;
            let absent = &map.absent_when;
            let counts = absent.zero != Some(true) && absent.false_ != Some(true);
            let expr =
                map.expr.as_ref().filter(|_| counts && absent.dates.is_empty() && absent.texts.is_empty())?;
            let passes = self.on_row(e.decides, row, f, map, test).await.ok()?;
            let none = Predicate::Expr(Expr::IsNull(Box::new(expr.clone()), false));
            Some(Predicate::Or(vec![none, passes]))
        }));
        let own = own.await;
        let told = own.iter().any(Option::is_some);
        told.then(|| Must::Cell { field, own, codes: Arc::default(), streams: Arc::default() })
    }

    /// A test of a row source's cells, as a condition on its rows.
    pub(super) async fn on_row(
        &self,
        source: SourceId,
        row: &RowSource,
        field: &Field,
        map: &FieldMap,
        test: &Test,
    ) -> Result<Predicate, Why> {
        let unlike = Why::by("has cells that cannot be compared as merged values are", source);
        let dialect = self.sources.get(source).ok_or(unlike)?.dialect();
        let expr = map.expr.as_ref().ok_or(unlike)?;
        let kinds = self.kinds(source, row, expr).await;
        let family = kinds.family(expr, dialect);
        let silent = Why::by("does not answer, so the kinds of its columns are not known", source);
        let on = On { field, map, family, dialect };
        condition(on, test).ok_or_else(|| match untold(on, test) {
            Some(words) => Why::of(words),
            None if kinds.known => unlike,
            None => silent,
        })
    }

    /// The codes of records for which an overlay's cell, or an override, may pass. Fails when there
    /// are more than may be gathered, or when it cannot be told.
    pub(super) async fn passing_codes(
        &self,
        ask: &Ask,
        entity: EntityId,
        field: FieldId,
        test: &Test,
    ) -> Result<Arc<[String]>, Why> {
        self.others(ask, entity, field, test, Telling::Whole).await.map(|others| others.codes)
    }

    /// As [`Engine::passing_codes`], with streams of codes instead where the reader can use them.
    pub(super) async fn others(
        &self,
        ask: &Ask,
        entity: EntityId,
        field: FieldId,
        test: &Test,
        telling: Telling,
    ) -> Result<Others, Why> {
        let spelled = self.spellings.get(entity).filter(|_| telling == Telling::Windows);
        let e = &self.model.entities[entity];
        let f = &e.fields[field];
        let mut codes: Vec<String> = Vec::new();
        if f.lock.is_none()
            && let Some(overrides) = &self.overrides
        {
            let set = overrides.codes(&e.name, &f.name).await;
            codes.extend(set.map_err(|_| Why::of("the back office's values cannot be read"))?);
        }
        let want = Want { fields: [field].into(), ..Want::default() };
        let shape = Shape::new(self, entity, want, None);
        let overlays = shape.sources.iter().flatten().filter(|s| s.source != e.decides);
        let asked = join_all(overlays.filter(|s| f.sources.contains(&s.source)).map(|overlay| async move {
            let own = join_all(overlay.map.rows.iter().map(|row| async move {
                let Some(map) = row.fields.get(f.name.as_str()) else { return Ok(None) };
                self.on_row(overlay.source, row, f, map, test).await.map(Some)
            }))
            .await;
            let own: Result<Vec<Option<Predicate>>, Why> = own.into_iter().collect();
            let own = own?;
            if let (Some(spelled), [Some(condition)]) = (spelled, own.as_slice())
                && let Some(stream) = CodeStream::new(overlay, spelled, condition)
            {
                return Ok((Vec::new(), Some(stream)));
            }
            let all = self.codes_where(ask, overlay, |i, _| Some(vec![own.get(i)?.clone()?]));
            all.await.map(|codes| (codes, None))
        }))
        .await;
        let mut streams = Vec::new();
        for found in asked {
            let (found, stream) = found?;
            codes.extend(found);
            streams.extend(stream);
        }
        if codes.len() > self.limits.gather {
            return Err(Why::of(
                "more records than limits.gather pass by other sources than the one that decides existence",
            ));
        }
        Ok(Others { codes: codes.into(), streams: streams.into() })
    }

    /// The codes (or native keys, where a row names its record by one) of an overlay's rows that fulfil a condition. Fails
    /// when there are more than may be gathered, or when it does not answer.
    pub(super) async fn codes_where(
        &self,
        ask: &Ask,
        overlay: &SourceShape,
        filter: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>,
    ) -> Result<Vec<String>, Why> {
        match self.codes_of(ask, overlay, filter).await {
            Ok(Some(codes)) => Ok(codes),
            Ok(None) => Err(Why::by("has more rows that may pass than limits.gather", overlay.source)),
            Err(_) => Err(Why::by("does not answer", overlay.source)),
        }
    }

    /// As [`Engine::codes_where`], of any source; `None` when there are more than may be gathered.
    pub(super) async fn codes_of(
        &self,
        ask: &Ask,
        overlay: &SourceShape,
        filter: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>,
    ) -> Result<Option<Vec<String>>, Arc<Cause>> {
        let mut select = overlay.select(filter);
        if select.branches.is_empty() {
            return Ok(Some(Vec::new()));
        }
        // Row, keys, own code; then the native key.
        let kept = overlay.columns.own + 1;
        let native = overlay.columns.native;
        let keep = |i: usize| i < kept || Some(i) == native;
        retain(&mut select.outputs, keep);
        for branch in &mut select.branches {
            retain(&mut branch.items, keep);
            branch.limit = Some(0);
            branch.order = Vec::new();
        }
        let most = i64::try_from(self.limits.gather).unwrap_or(i64::MAX - 1);
        let params = [Param::Value(Value::Int(most + 1))];
        let rows = self.run(overlay.source, &Statement::new(select), &params, &ask.moment).await?;
        if rows.len() > self.limits.gather {
            return Ok(None);
        }
        let codes = (0..rows.len()).filter_map(|r| {
            let row = rows.row(r);
            let native = native.and_then(|_| row.get(kept)).and_then(Value::as_str);
            native.map(str::to_owned).or_else(|| code_of(overlay, row).as_str().map(str::to_owned))
        });
        Ok(Some(codes.collect()))
    }
}

/// Why a test of a field stays here whatever the sources hold.
pub(super) fn stays(field: &Field, test: &Test, language: Option<&str>) -> Option<Why> {
    let why = if field.inherit.is_some() {
        "it may be inherited"
    } else if field.localized && language.is_some() {
        "it is served in another language than the shop's first"
    } else if field.rule == Rule::Union || matches!(field.ty, Type::Html | Type::List(_)) {
        "it is no single value of a source"
    } else if *test == Test::IsNull(true) {
        "what no source has, no row tells"
    } else {
        return None;
    };
    Some(Why::of(why))
}

fn retain<T>(items: &mut Vec<T>, keep: impl Fn(usize) -> bool) {
    let mut at = 0..;
    items.retain(|_| at.next().is_some_and(&keep));
}

/// A test of the code that stands in for a field: by the key, where the code is the key.
fn code_condition(row: &RowSource, field: &Field, test: &Test) -> Option<Predicate> {
    use crate::connectors::map::CodePart;
    if row.code.own.is_some() || !matches!(row.code.template.as_slice(), [CodePart::Key(0)]) {
        return None;
    }
    let [key] = row.key.as_slice() else { return None };
    let map = FieldMap { expr: Some(key.expr.clone()), ..FieldMap::default() };
    let on = On { field, map: &map, family: Some(Family::Text), dialect: crate::sources::Dialect::Postgres };
    matches!(key.ty, CastType::Text(_)).then(|| condition(on, test)).flatten()
}
