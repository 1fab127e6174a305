//! Lists in CODE order of which other sources decide too: the codes of their rows that may pass are read in
//! the order in which the records stand, as many at a time as a page needs. A part of the list ends with the
//! last code of a window; up to there the deciding source is asked for "own cell, or one of these codes", then
//! the next window is read. When no source has more codes, the last part is open.
//!
//! This needs to know how codes are spelled ([`Spelled`](super::spelling::Spelled)); where it is not known, all
//! codes are read at once, as far as they may be gathered ([`super::pushdown`]).

use std::{borrow::Cow, cmp::Ordering, collections::VecDeque, sync::Arc};

use futures::future::join_all;

use super::{
    engine::{Ask, Engine, Fault},
    model::SourceId,
    page::{Position, ROUND},
    planner::Why,
    pushdown::Must,
    shape::{SourceShape, has_key},
    spelling::{Spelled, plain},
};
use crate::{
    sources::{
        Param, Select, Statement,
        select::{Decode, Item, OrderBy, Output, Predicate},
    },
    value::{Type, Value},
};

/// The codes of an overlay's rows that fulfil a condition, readable in CODE order.
#[derive(Clone, Debug)]
pub struct CodeStream {
    /// Which overlay.
    pub source: SourceId,
    spelled: Spelled,
    select: Select,
    order: OrderBy,
}

impl CodeStream {
    /// The codes of an overlay's rows that fulfil a condition. `None`: its rows come from several tables, or
    /// name records by something else than their codes.
    pub fn new(overlay: &SourceShape, spelled: Spelled, condition: Predicate) -> Option<Self> {
        let [row] = overlay.map.rows.as_slice() else { return None };
        let (_, key) = plain(row).filter(|_| row.native.is_none())?;
        let order = spelled.order(&key.expr, false);
        let mut select = overlay.select(|_, row| Some(vec![has_key(row), condition.clone()]));
        let decode = Decode { trim: false, blank_absent: false, ..Decode::of(Type::Text) };
        select.outputs = vec![Output { decode, label: key.name.clone() }];
        for branch in &mut select.branches {
            branch.items = vec![Item::from(order.expr.clone())];
            branch.limit = Some(0);
        }
        Some(Self { source: overlay.source, spelled, select, order })
    }

    /// The statement of a window: its limit in slot 0, the text after which it starts in slot 1.
    pub fn select(&self, after: bool, backward: bool) -> Select {
        let mut select = self.select.clone();
        let order = OrderBy { descending: backward, ..self.order.clone() };
        for branch in &mut select.branches {
            if after {
                branch.filter.push(Predicate::After { columns: vec![order.clone()], slots: vec![1] });
            }
            branch.order = vec![order.clone()];
        }
        select
    }
}

/// A stream as far as it was read.
struct Ahead<'a> {
    stream: &'a CodeStream,
    /// Read, and beyond the part: as the source orders them, without trailing blanks.
    next: VecDeque<String>,
    /// After which text the next ones come.
    at: Option<Value>,
    done: bool,
    /// It does not answer: nothing is told of it any more.
    failed: bool,
    /// Those of the part.
    here: Vec<String>,
}

/// A list in CODE order, part by part.
pub(super) struct Front<'a> {
    engine: &'a Engine,
    ask: &'a Ask,
    must: &'a Must,
    streams: Vec<Ahead<'a>>,
    backward: bool,
    size: usize,
    part: Cow<'a, Must>,
    until: Option<String>,
}

impl Engine {
    /// A list in CODE order from a position on, in parts for which other sources give so many codes each at
    /// first. The first part is there after [`Front::advance`].
    pub(super) fn front<'a>(
        &'a self,
        ask: &'a Ask,
        must: &'a Must,
        (after, backward): (Option<&Position>, bool),
        size: usize,
    ) -> Front<'a> {
        let mut streams = Vec::new();
        must.each_stream(&mut |stream| {
            streams.push(Ahead {
                stream,
                next: VecDeque::new(),
                at: after.and_then(|a| a.key.first()).cloned(),
                done: false,
                failed: false,
                here: Vec::new(),
            });
        });
        let size = size.clamp(1, self.limits.gather.clamp(1, ROUND));
        Front { engine: self, ask, must, streams, backward, size, part: Cow::Borrowed(must), until: None }
    }
}

impl Front<'_> {
    /// What the deciding source's rows of this part fulfil.
    pub fn must(&self) -> &Must {
        &self.part
    }

    /// The last code of this part; `None`: it is the last part, and open.
    pub fn until(&self) -> Option<&str> {
        self.until.as_deref()
    }

    /// Where the next part starts.
    pub fn end(&self) -> Option<Position> {
        let until = self.until.as_deref()?;
        Some(Position { row: 0, key: vec![Value::text(until)] })
    }

    /// Goes on to the next part, within the budget of rows.
    ///
    /// # Errors
    /// More rows than the budget.
    pub async fn advance(&mut self, budget: &mut usize) -> Result<(), Fault> {
        if self.streams.is_empty() {
            return Ok(());
        }
        let (engine, ask, size, backward) = (self.engine, self.ask, self.size, self.backward);
        let short = self.streams.iter_mut().filter(|s| !s.done && s.next.len() < size);
        let read = join_all(short.map(|stream| stream.read(engine, ask, size, backward))).await;
        let limit = engine.limits.scan_rows;
        *budget = budget
            .checked_sub(read.into_iter().sum())
            .ok_or(Fault::Budget { setting: "limits.scan_rows", limit })?;
        self.size = (size * 2).min(ROUND);
        let way = |a: &str, b: &str| if backward { b.cmp(a) } else { a.cmp(b) };
        let open = self.streams.iter().filter(|s| !s.done);
        // Each of those has read something, or it would be done.
        let last = open.filter_map(|s| s.next.back()).min_by(|a, b| way(a, b)).cloned();
        for stream in &mut self.streams {
            let spelled = stream.stream.spelled;
            let here = |text: &String| last.as_ref().is_none_or(|last| way(text, last) != Ordering::Greater);
            let (here, next): (Vec<_>, Vec<_>) = std::mem::take(&mut stream.next).into_iter().partition(here);
            stream.next = next.into();
            stream.here = here.iter().filter_map(|text| spelled.code(text)).map(str::to_owned).collect();
        }
        let spelled = self.streams.first().map(|s| s.stream.spelled);
        self.until = last.zip(spelled).map(|(last, spelled)| spelled.bound(&last, backward));
        let mut found = self.streams.iter().map(|s| {
            let silent = Why::by("does not answer", s.stream.source);
            if s.failed { Err(silent) } else { Ok(s.here.as_slice()) }
        });
        self.part = Cow::Owned(self.must.with_codes(&mut found));
        Ok(())
    }
}

impl Engine {
    /// The statements of the first window of a list, for people: the source, what it is, its select.
    pub fn window_statements(must: &Must, falling: bool) -> Vec<(SourceId, &'static str, Select)> {
        let mut all = Vec::new();
        must.each_stream(&mut |stream| {
            all.push((
                stream.source,
                "codes that may pass, a window at a time",
                stream.select(false, falling),
            ));
        });
        all
    }
}

impl Ahead<'_> {
    /// Reads on: how many rows came.
    async fn read(&mut self, engine: &Engine, ask: &Ask, size: usize, backward: bool) -> usize {
        let select = self.stream.select(self.at.is_some(), backward);
        let mut params = vec![Param::Value(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))];
        params.extend(self.at.clone().map(Param::Value));
        let rows = engine.run(self.stream.source, &Statement::new(select), &params, &ask.moment).await;
        let Ok(rows) = rows else {
            (self.done, self.failed) = (true, true);
            self.next.clear();
            return 0;
        };
        if let Some(last) = rows.len().checked_sub(1) {
            self.at = Some(rows.get(last, 0).clone());
        }
        let texts = (0..rows.len()).filter_map(|r| rows.get(r, 0).as_str());
        self.next.extend(texts.map(|text| text.trim_end_matches(' ').to_owned()));
        self.done = rows.len() < size;
        rows.len()
    }
}

impl Must {
    /// Every stream of codes that tells something, in the order in which they stand.
    pub(super) fn each_stream<'a>(&'a self, f: &mut dyn FnMut(&'a CodeStream)) {
        match self {
            Self::And(parts) => parts.iter().for_each(|part| part.each_stream(f)),
            Self::Or(parts) if !parts.iter().any(Self::is_any) => {
                parts.iter().for_each(|part| part.each_stream(f));
            }
            Self::Cell { streams, .. } => streams.iter().for_each(f),
            _ => {}
        }
    }

    /// The condition with the codes that the streams gave, in the order of [`Must::each_stream`].
    pub(super) fn with_codes<'a>(&self, found: &mut dyn Iterator<Item = Result<&'a [String], Why>>) -> Self {
        match self {
            Self::And(parts) => Self::And(parts.iter().map(|part| part.with_codes(found)).collect()),
            Self::Or(parts) if !parts.iter().any(Self::is_any) => {
                Self::Or(parts.iter().map(|part| part.with_codes(found)).collect())
            }
            Self::Cell { field, own, codes, streams } if !streams.is_empty() => {
                let mut all = codes.to_vec();
                let mut failed = None;
                for found in found.take(streams.len()) {
                    match found {
                        Ok(codes) => all.extend_from_slice(codes),
                        Err(why) => failed = Some(why),
                    }
                }
                match failed {
                    Some(why) => Self::Untold(why),
                    None => Self::Cell {
                        field: *field,
                        own: own.clone(),
                        codes: all.into(),
                        streams: Arc::default(),
                    },
                }
            }
            other => other.clone(),
        }
    }
}
