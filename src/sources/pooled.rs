//! What every driver shares: a pool of lazily opened connections, time limits, the probing of
//! optional columns and the cache of rendered texts. A driver ([`Wire`]) only knows how to connect
//! and how to send one text.
//!
//! A connection is given back to the pool only when its statement came to a proper end; one that
//! ran out of time, was lost, or whose caller went away is closed. After a loss all idle
//! connections are closed too: the server has most likely gone and come back.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono_tz::Tz;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use super::{
    Dialect, Moment, Param, Pulse, Rows, Source, SourceError, Statement, Trace,
    breaker::{Breaker, Trial},
    columns::{Catalog, Known},
    optional,
    render::{ParamKind, Rendered, probed_tables, render},
    select::{Select, Table},
    survey::{Survey, Texts},
};
use crate::{config::SourceLimits, value::Value};

/// One statement on its way.
pub(super) struct Job<'a> {
    pub rendered: &'a Rendered,
    pub select: &'a Select,
    pub params: &'a [Param],
    pub moment: &'a Moment,
    pub zone: Tz,
    /// When the answer must be there.
    pub until: Instant,
}

/// What went wrong on a connection.
pub(super) struct Fault {
    pub error: SourceError,
    /// The database does not know a column or table that the statement names, or the shape of a
    /// table has changed under a prepared statement.
    pub stale: bool,
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self { error, stale: false }
    }
}

/// How one engine is spoken to.
#[async_trait]
pub(super) trait Wire: Send + Sync + 'static {
    /// A connection.
    type Conn: Send + 'static;
    /// The dialect.
    const DIALECT: Dialect;
    /// Asks for a table's columns; see [`Wire::columns`].
    const COLUMNS: &'static str;
    /// Asks for the version.
    const VERSION: &'static str;

    /// What follows every table's name in a statement.
    fn hint(&self) -> &'static str {
        ""
    }
    /// Whether an idle connection still leads to what the source names (a file may have been replaced).
    fn current(&self, _conn: &Self::Conn) -> bool {
        true
    }
    /// Opens a connection.
    async fn connect(&self) -> Result<Self::Conn, SourceError>;
    /// Makes a connection that was idle so long fit to be used again; whether it is.
    async fn recycle(&self, _conn: &mut Self::Conn, _idle: Duration) -> bool {
        true
    }
    /// Sends a statement and decodes its answer.
    async fn rows(&self, conn: &mut Self::Conn, job: &Job<'_>) -> Result<Rows, Fault>;
    /// The columns of a table; none when there is no such table.
    async fn columns(
        &self,
        conn: &mut Self::Conn,
        prefix: Option<&str>,
        table: &str,
        until: Instant,
    ) -> Result<Vec<Known>, Fault>;
    /// Asks with one text and texts bound to it; every cell of the answer is text.
    async fn texts(
        &self,
        conn: &mut Self::Conn,
        sql: &str,
        binds: Vec<String>,
        until: Instant,
    ) -> Result<Texts, Fault>;
    /// The server's version.
    async fn version(&self, conn: &mut Self::Conn, until: Instant) -> Result<String, Fault>;
}

type Probe = Option<Arc<[Known]>>;

/// SQL Server: key lists are of one of these sizes, filled up, so that the server keeps few plans.
const LIST_SIZES: [u16; 9] = [1, 2, 5, 10, 25, 50, 100, 250, MOST_LISTED];
/// SQL Server: keys of the longest list.
const MOST_LISTED: u16 = 500;
/// SQL Server: parameters of one statement, of the 2,100 that it allows. What needs more packs its
/// longest lists.
const MOST_PARAMETERS: usize = 1_500;
/// How long an idle connection may take to show that it lives.
const RECYCLE: Duration = Duration::from_secs(2);

/// A [`Source`] over a [`Wire`].
pub(super) struct Pooled<W: Wire> {
    name: String,
    wire: W,
    zone: Tz,
    limits: SourceLimits,
    trace: Arc<dyn Trace>,
    permits: Semaphore,
    /// Idle connections with the epoch they were opened in, and since when they are idle.
    idle: Mutex<Vec<(u64, Instant, W::Conn)>>,
    /// Counts losses; unique among all sources, so that it can name rendered texts.
    epoch: AtomicU64,
    /// Columns by (prefix, table), as known in this epoch.
    probes: Mutex<HashMap<(Option<String>, String), Probe>>,
    breaker: Breaker,
    pulse: Mutex<Pulse>,
}

fn next_epoch() -> u64 {
    static EPOCHS: AtomicU64 = AtomicU64::new(1);
    EPOCHS.fetch_add(1, Ordering::Relaxed)
}

/// A lock that no panic of another thread makes unusable: what it guards is valid at all times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection in use; closed when dropped, unless it is given back.
struct Lease<'a, W: Wire> {
    conn: W::Conn,
    epoch: u64,
    permit: SemaphorePermit<'a>,
    /// It tries a resting source.
    trial: Option<Trial<'a>>,
}

impl<W: Wire> Pooled<W> {
    pub(super) fn new(name: &str, wire: W, limits: SourceLimits, zone: Tz, trace: Arc<dyn Trace>) -> Self {
        let connections = limits.connections.max(1) as usize;
        Self {
            name: name.to_owned(),
            wire,
            zone,
            limits,
            trace,
            permits: Semaphore::new(connections),
            idle: Mutex::new(Vec::with_capacity(connections)),
            epoch: AtomicU64::new(next_epoch()),
            probes: Mutex::new(HashMap::new()),
            breaker: Breaker::default(),
            pulse: Mutex::default(),
        }
    }

    /// Notes an error for whoever asks how the source is.
    fn failed(&self, error: &SourceError) {
        lock(&self.pulse).last_error = Some((chrono::Utc::now(), error.clone()));
    }

    /// Notes an answer, if only a refusal: the source lives.
    fn lives(&self, took: Duration) {
        self.breaker.answered();
        let mut pulse = lock(&self.pulse);
        pulse.last_answer = Some(chrono::Utc::now());
        pulse.latency = Some(took);
    }

    /// Forgets what was known of the database: its columns, and idle connections.
    fn renew(&self) {
        self.epoch.store(next_epoch(), Ordering::Release);
        lock(&self.probes).clear();
        let gone = std::mem::take(&mut *lock(&self.idle));
        drop(gone);
    }

    async fn lease(&self, deadline: Option<Instant>) -> Result<Lease<'_, W>, SourceError> {
        let started = Instant::now();
        let trial = self.breaker.allow(started)?;
        let full = started + self.limits.connect;
        let until = deadline.map_or(full, |d| d.min(full));
        let permit = match timeout_at(until, self.permits.acquire()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(SourceError::Connect("the source is closed".into())),
            Err(_) if until < full => return Err(SourceError::Timeout(until - started)),
            Err(_) => return Err(SourceError::PoolTimeout(self.limits.connect)),
        };
        let mut epoch = self.epoch.load(Ordering::Acquire);
        loop {
            let idle = lock(&self.idle).pop();
            match idle {
                Some((opened, since, mut conn)) if opened == epoch => {
                    let by = until.min(Instant::now() + RECYCLE);
                    if self.wire.current(&conn)
                        && let Ok(true) = timeout_at(by, self.wire.recycle(&mut conn, since.elapsed())).await
                    {
                        return Ok(Lease { conn, epoch, permit, trial });
                    }
                    self.renew();
                    epoch = self.epoch.load(Ordering::Acquire);
                }
                Some(_) => {}
                None => break,
            }
        }
        match timeout_at(until, self.wire.connect()).await {
            Ok(Ok(conn)) => Ok(Lease { conn, epoch, permit, trial }),
            Ok(Err(error)) => {
                // Whatever comes back may be another database.
                self.renew();
                self.failed(&error);
                self.breaker.unreachable(Instant::now(), &error, started.elapsed());
                Err(error)
            }
            Err(_) if until < full => Err(SourceError::Timeout(until - started)),
            Err(_) => {
                self.renew();
                let error = SourceError::Connect(format!("no connection within {:?}", self.limits.connect));
                self.failed(&error);
                self.breaker.unreachable(Instant::now(), &error, self.limits.connect);
                Err(error)
            }
        }
    }

    fn give_back(&self, lease: Lease<'_, W>) {
        let Lease { conn, epoch, permit, .. } = lease;
        if epoch == self.epoch.load(Ordering::Acquire) && !self.permits.is_closed() {
            lock(&self.idle).push((epoch, Instant::now(), conn));
        }
        drop(permit);
    }

    /// The moment by which an answer must be there, and the time that leaves.
    fn until(&self, deadline: Option<Instant>) -> Result<(Instant, Duration), SourceError> {
        let now = Instant::now();
        let own = now + self.limits.statement;
        let until = deadline.map_or(own, |d| d.min(own));
        let left = until.saturating_duration_since(now);
        if left.is_zero() { Err(SourceError::Timeout(left)) } else { Ok((until, left)) }
    }

    /// Runs one exchange under its time limit and settles what becomes of the connection.
    fn settle<T>(
        &self,
        mut lease: Lease<'_, W>,
        result: Result<Result<T, Fault>, tokio::time::error::Elapsed>,
        (started, left): (Instant, Duration),
    ) -> Result<T, Fault> {
        // Until the breaker has heard what came of it.
        let _trial = lease.trial.take();
        let outcome = match result {
            Ok(Ok(value)) => {
                self.give_back(lease);
                self.lives(started.elapsed());
                return Ok(value);
            }
            Ok(Err(fault)) => {
                match &fault.error {
                    SourceError::Lost(_) | SourceError::Connect(_) => self.renew(),
                    SourceError::Refused(_) if fault.stale => self.renew(),
                    SourceError::Refused(_) => self.give_back(lease),
                    _ => {}
                }
                match fault.error {
                    SourceError::Timeout(_) => SourceError::Timeout(left).into(),
                    _ => fault,
                }
            }
            Err(_) => SourceError::Timeout(left).into(),
        };
        self.failed(&outcome.error);
        match &outcome.error {
            // A request in a hurry says nothing of the source.
            SourceError::Timeout(_) if left < self.limits.statement => {}
            SourceError::Timeout(_) => self.breaker.late(Instant::now(), &outcome.error),
            SourceError::Refused(_) | SourceError::Decode { .. } => self.breaker.answered(),
            _ => {}
        }
        Err(outcome)
    }

    async fn probe(
        &self,
        prefix: Option<&str>,
        table: &str,
        deadline: Option<Instant>,
    ) -> Result<Probe, SourceError> {
        let key = (prefix.map(str::to_owned), table.to_owned());
        if let Some(known) = lock(&self.probes).get(&key) {
            return Ok(known.clone());
        }
        let (until, left) = self.until(deadline)?;
        let mut lease = self.lease(deadline).await?;
        let epoch = lease.epoch;
        self.trace.sent(&self.name, W::COLUMNS);
        let started = Instant::now();
        let result = timeout_at(until, self.wire.columns(&mut lease.conn, prefix, table, until)).await;
        let columns = self.settle(lease, result, (started, left)).map_err(|f| f.error)?;
        let probe: Probe = if columns.is_empty() { None } else { Some(columns.into()) };
        let mut probes = lock(&self.probes);
        if epoch == self.epoch.load(Ordering::Acquire) {
            probes.insert(key, probe.clone());
        }
        Ok(probe)
    }

    /// The statement's text for these parameters and what is known of the database.
    async fn rendered(
        &self,
        statement: &Statement,
        kinds: &[ParamKind],
        tables: &[&Table],
        deadline: Option<Instant>,
    ) -> Result<Arc<Rendered>, SourceError> {
        let epoch = if tables.is_empty() { 0 } else { self.epoch.load(Ordering::Acquire) };
        let mut hasher = DefaultHasher::new();
        (W::DIALECT, epoch, kinds).hash(&mut hasher);
        let key = hasher.finish();
        if let Some(rendered) = lock(&statement.texts).get(&key) {
            return Ok(Arc::clone(rendered));
        }
        let mut known: Vec<(&Table, Probe)> = Vec::with_capacity(tables.len());
        for table in tables {
            known.push((table, self.probe(table.prefix.as_deref(), &table.name, deadline).await?));
        }
        let catalog = Tables { known, dialect: W::DIALECT, hint: self.wire.hint() };
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
            // Texts of epochs gone by.
            texts.clear();
        }
        texts.insert(key, Arc::clone(&rendered));
        Ok(rendered)
    }
}

/// The tables whose columns must be known: those that may lack one which the select names, all of
/// them where a column's type matters.
fn lacking(select: &Select, dialect: Dialect) -> Vec<&Table> {
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
fn kinds_of(dialect: Dialect, params: &[Param]) -> Vec<ParamKind> {
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

#[async_trait]
impl<W: Wire> Source for Pooled<W> {
    fn name(&self) -> &str {
        &self.name
    }

    fn dialect(&self) -> Dialect {
        W::DIALECT
    }

    async fn run(
        &self,
        statement: &Statement,
        params: &[Param],
        moment: &Moment,
    ) -> Result<Rows, SourceError> {
        let kinds = kinds_of(W::DIALECT, params);
        let probing = *statement.probing.get_or_init(|| !lacking(&statement.select, W::DIALECT).is_empty());
        let tables = if probing { lacking(&statement.select, W::DIALECT) } else { Vec::new() };
        let mut retried = false;
        loop {
            let rendered = self.rendered(statement, &kinds, &tables, moment.deadline).await?;
            let mut lease = self.lease(moment.deadline).await?;
            let (until, left) = match self.until(moment.deadline) {
                Ok(times) => times,
                Err(late) => {
                    self.give_back(lease);
                    return Err(late);
                }
            };
            self.trace.sent(&self.name, &rendered.sql);
            let started = Instant::now();
            let job = Job {
                rendered: &rendered,
                select: &statement.select,
                params,
                moment,
                zone: self.zone,
                until,
            };
            let result = timeout_at(until, self.wire.rows(&mut lease.conn, &job)).await;
            match self.settle(lease, result, (started, left)) {
                Ok(mut rows) => {
                    mark_bad(&mut rows, &rendered);
                    self.trace.read(&self.name, rows.len());
                    return Ok(rows);
                }
                // The tables have changed since they were probed or the text was prepared.
                Err(fault) if fault.stale && !retried => retried = true,
                Err(fault) => return Err(fault.error),
            }
        }
    }

    async fn ping(&self) -> Result<String, SourceError> {
        let (until, left) = self.until(None)?;
        let mut lease = self.lease(None).await?;
        self.trace.sent(&self.name, W::VERSION);
        let started = Instant::now();
        let result = timeout_at(until, self.wire.version(&mut lease.conn, until)).await;
        self.settle(lease, result, (started, left)).map_err(|f| f.error)
    }

    async fn columns(&self, table: &str) -> Result<Option<Vec<String>>, SourceError> {
        let known = self.probe(None, table, None).await?;
        Ok(known.map(|columns| columns.iter().map(|c| c.name.clone()).collect()))
    }

    async fn known(&self, table: &Table) -> Result<Probe, SourceError> {
        self.probe(table.prefix.as_deref(), &table.name, None).await
    }

    fn batch(&self) -> usize {
        if W::DIALECT == Dialect::SqlServer { MOST_LISTED.into() } else { usize::MAX }
    }

    async fn survey(&self, question: &Survey<'_>) -> Result<Texts, SourceError> {
        let (sql, binds) = question.sql(W::DIALECT);
        let (until, left) = self.until(None)?;
        let mut lease = self.lease(None).await?;
        self.trace.sent(&self.name, &sql);
        let started = Instant::now();
        let result = timeout_at(until, self.wire.texts(&mut lease.conn, &sql, binds, until)).await;
        self.settle(lease, result, (started, left)).map_err(|f| f.error)
    }

    fn pulse(&self) -> Pulse {
        let mut pulse = lock(&self.pulse).clone();
        pulse.circuit = self.breaker.circuit(Instant::now());
        pulse
    }

    async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *lock(&self.idle));
        drop(idle);
    }
}

/// Fills in the outputs whose column is missing, and takes the branch number away.
fn mark_bad(rows: &mut Rows, rendered: &Rendered) {
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
