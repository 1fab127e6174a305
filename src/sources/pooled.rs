//! What every driver shares: a pool of lazily opened connections, time limits, the probing of
//! optional columns and the cache of rendered texts. A driver ([`Wire`]) only knows how to connect,
//! how to make an idle connection fit for use, and how to send one text.
//!
//! The pool is `deadpool`'s, with a [`Manager`] of ours. A connection is given back to it only when
//! its statement came to a proper end; one that ran out of time, was lost, or whose caller went away
//! is taken out and closed. After a loss all idle connections are closed too: the server has most
//! likely gone and come back.

mod era;
pub(super) mod manager;
mod texts;
mod wire;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono_tz::Tz;
use deadpool::managed::{Pool, PoolError, Timeouts};
use tokio::time::{Instant, error::Elapsed, timeout_at};

pub(super) use self::wire::{Fault, Job, Wire};
use self::{
    era::{Era, Probe},
    manager::{Lease, Manager, NEEDED, NoConnection},
    texts::{MOST_LISTED, kinds_of, lacking, mark_bad},
};
use super::{
    Dialect, Moment, Param, Pulse, Rows, Source, SourceError, Statement, Trace,
    breaker::{Breaker, Trial},
    journal::Ran,
    select::Table,
    survey::{Survey, Texts},
};
use crate::{
    config::SourceLimits,
    telemetry::{
        metrics::SourceMeter,
        traces::{self, StatementSpan},
    },
};

/// A [`Source`] over a [`Wire`].
pub(super) struct Pooled<W: Wire> {
    name: String,
    zone: Tz,
    limits: SourceLimits,
    trace: Arc<dyn Trace>,
    pool: Pool<Manager<W>, Lease<W>>,
    breaker: Breaker,
    pulse: Mutex<Pulse>,
    meter: SourceMeter,
}

/// A connection for one exchange, and the trial of a resting source if it is one.
type Leased<'a, W> = (Lease<W>, Option<Trial<'a>>);

/// A lock that no panic of another thread makes unusable: what it guards is valid at all times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: Wire> Pooled<W> {
    /// Nothing is opened yet.
    ///
    /// # Errors
    /// None in practice: the pool's own, for settings that do not go together.
    pub(super) fn new(
        name: &str,
        wire: W,
        limits: SourceLimits,
        zone: Tz,
        trace: Arc<dyn Trace>,
    ) -> Result<Self, SourceError> {
        let connections = limits.connections.max(1) as usize;
        let pool = Manager::pool(wire, connections, limits.connect)
            .map_err(|error| SourceError::Connect(error.to_string()))?;
        let (breaker, pulse) = (Breaker::default(), Mutex::default());
        let meter = SourceMeter::new(name);
        Ok(Self { name: name.to_owned(), zone, limits, trace, pool, breaker, pulse, meter })
    }

    fn wire(&self) -> &W {
        &self.pool.manager().wire
    }

    fn era(&self) -> &Era {
        &self.pool.manager().era
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
        self.era().renew();
        self.close_idle();
    }

    /// Closes the idle connections of eras gone by; outside of the pool's lock, it may take its time.
    fn close_idle(&self) {
        let era = self.era().number();
        drop(self.pool.retain(|kept, _| kept.era == era).removed);
    }

    /// A connection fit for use: an idle one or a new one, within the connect limit and the
    /// request's own.
    async fn lease(&self, deadline: Option<Instant>) -> Result<Leased<'_, W>, SourceError> {
        let started = Instant::now();
        let trial = self.breaker.allow(started)?;
        let full = started + self.limits.connect;
        let until = deadline.map_or(full, |d| d.min(full));
        // Recycling and connecting end by the same moment, and know it from `NEEDED`.
        let timeouts = Timeouts { wait: Some(until - started), ..Timeouts::new() };
        let era = self.era().number();
        let leased = NEEDED.scope(until, self.pool.timeout_get(&timeouts)).await;
        if era != self.era().number() {
            // A dead one was met, or another request's connection was lost.
            self.close_idle();
        }
        let none = match leased {
            Ok(lease) => return Ok((lease, trial)),
            Err(none) => none,
        };
        let error = match none {
            PoolError::Timeout(_) | PoolError::Backend(NoConnection::Late) if until < full => {
                return Err(SourceError::Timeout(until - started));
            }
            PoolError::Timeout(_) => return Err(SourceError::PoolTimeout(self.limits.connect)),
            PoolError::Backend(NoConnection::Late) => {
                SourceError::Connect(format!("no connection within {:?}", self.limits.connect))
            }
            PoolError::Backend(NoConnection::Failed(error)) => error,
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                return Err(SourceError::Connect("the source is closed".into()));
            }
        };
        // Whatever comes back may be another database.
        self.renew();
        self.failed(&error);
        self.breaker.unreachable(Instant::now(), &error, started.elapsed());
        Err(error)
    }

    /// The moment by which an answer must be there, and the time that leaves.
    fn until(&self, deadline: Option<Instant>) -> Result<(Instant, Duration), SourceError> {
        let now = Instant::now();
        let own = now + self.limits.statement;
        let until = deadline.map_or(own, |d| d.min(own));
        let left = until.saturating_duration_since(now);
        if left.is_zero() { Err(SourceError::Timeout(left)) } else { Ok((until, left)) }
    }

    /// Settles what becomes of the connection after one exchange. A trial lasts until the breaker has
    /// heard what came of it.
    fn settle<T>(
        &self,
        (lease, _trial): Leased<'_, W>,
        result: Result<Result<T, Fault>, Elapsed>,
        (started, left): (Instant, Duration),
    ) -> Result<T, Fault> {
        let outcome = match result {
            Ok(Ok(value)) => {
                lease.give_back(self.era());
                self.lives(started.elapsed());
                return Ok(value);
            }
            Ok(Err(fault)) => {
                match &fault.error {
                    SourceError::Lost(_) | SourceError::Connect(_) => self.renew(),
                    SourceError::Refused(_) if fault.stale => self.renew(),
                    SourceError::Refused(_) => lease.give_back(self.era()),
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
            let asked = Instant::now();
            let (mut lease, trial) = match self.lease(moment.deadline).await {
                Ok(leased) => leased,
                Err(error) => {
                    self.meter.statement(Err(error.cause()), asked.elapsed());
                    return Err(error);
                }
            };
            let (until, left) = match self.until(moment.deadline) {
                Ok(times) => times,
                Err(late) => {
                    lease.give_back(self.era());
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
            let result = timeout_at(until, self.wire().rows(lease.conn()?, &job)).await;
            let settled = self.settle((lease, trial), result, (started, left));
            let took = started.elapsed();
            let rows = settled.as_ref().map(Rows::len).map_err(|fault| fault.error.cause());
            self.meter.statement(rows, took);
            let (source, system) = (self.name.as_str(), W::DIALECT.system());
            traces::statement(&StatementSpan { source, system, sql: &rendered.sql, took, rows });
            if let Some(journal) = &moment.journal {
                let (source, sql) = (self.name.clone(), Arc::clone(&rendered.sql));
                journal.here(|level| level.ran.push(Ran { source, sql, rows, took }));
            }
            match settled {
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
        let (mut lease, trial) = self.lease(None).await?;
        self.trace.sent(&self.name, W::VERSION);
        let started = Instant::now();
        let result = timeout_at(until, self.wire().version(lease.conn()?, until)).await;
        self.settle((lease, trial), result, (started, left)).map_err(|f| f.error)
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
        let (mut lease, trial) = self.lease(None).await?;
        self.trace.sent(&self.name, &sql);
        let started = Instant::now();
        let result = timeout_at(until, self.wire().texts(lease.conn()?, &sql, binds, until)).await;
        self.settle((lease, trial), result, (started, left)).map_err(|f| f.error)
    }

    fn pulse(&self) -> Pulse {
        let mut pulse = lock(&self.pulse).clone();
        pulse.circuit = self.breaker.circuit(Instant::now());
        pulse
    }

    async fn close(&self) {
        drop(self.pool.retain(|_, _| false).removed);
        self.pool.close();
    }
}

#[cfg(test)]
#[path = "pooled_tests.rs"]
mod tests;
