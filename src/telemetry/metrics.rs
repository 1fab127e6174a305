//! Metrics in the Prometheus text format. Counters and histograms are atomics that whoever does the work touches;
//! the text is made when it is scraped. Without [`install`] nothing is counted.
//!
//! Labels are few and of closed sets: sources, stable codes, strategies, outcomes. Never what a client wrote.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Seconds, from a look-up on this machine to the longest that a request may take.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Cost points of an operation.
const POINTS: [f64; 8] = [10.0, 50.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0, 20_000.0];

const REQUESTS: &str = "comptoir_requests_total";
const REQUEST_SECONDS: &str = "comptoir_request_seconds";
const ERRORS: &str = "comptoir_errors_total";
const COST: &str = "comptoir_operation_cost";
const STATEMENTS: &str = "comptoir_source_statements_total";
const SOURCE_SECONDS: &str = "comptoir_source_seconds";
const ROWS: &str = "comptoir_source_rows_total";
const RETURNED: &str = "comptoir_records_returned_total";
const CIRCUIT: &str = "comptoir_source_circuit";
const LISTS: &str = "comptoir_lists_total";
const CACHE: &str = "comptoir_cache_total";
const CACHE_ENTRIES: &str = "comptoir_cache_entries";

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Counts from now on, in this process. A second call changes nothing.
///
/// # Errors
/// Something else counts in this process already.
pub fn install() -> Result<(), String> {
    if HANDLE.get().is_some() {
        return Ok(());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(COST.into()), &POINTS))
        .map_err(|error| error.to_string())?
        .build_recorder();
    let handle = recorder.handle();
    match metrics::set_global_recorder(recorder) {
        Ok(()) => {
            let _ = HANDLE.set(handle);
            describe();
            Ok(())
        }
        // Two callers at once: the other one's counts.
        Err(_) if HANDLE.get().is_some() => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn describe() {
    describe_counter!(REQUESTS, "HTTP requests, by route and status.");
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time from a request's head to its answer's head, by route."
    );
    describe_counter!(ERRORS, "Errors in answers, by their stable code.");
    describe_histogram!(COST, "Cost points of the operations that were run.");
    describe_counter!(STATEMENTS, "Statements sent to a source, by outcome: ok, or the stable cause.");
    describe_histogram!(SOURCE_SECONDS, Unit::Seconds, "Time for a source's answer to a statement.");
    describe_counter!(ROWS, "Rows that a source sent.");
    describe_counter!(RETURNED, "Records in answers: what the rows were read for.");
    describe_gauge!(
        CIRCUIT,
        "Whether a source is asked: 1 at the state it is in (closed: asked; open: it rests; half_open: one request tries)."
    );
    describe_counter!(LISTS, "Lists read, by the planner's strategy.");
    describe_counter!(CACHE, "Look-ups in a cache of ours, by cache and outcome (hit, miss).");
    describe_gauge!(CACHE_ENTRIES, "Entries in a cache of ours.");
}

/// Everything counted so far, as text; `None` when nothing counts.
pub fn render() -> Option<String> {
    HANDLE.get().map(PrometheusHandle::render)
}

/// Puts what was measured into its buckets. Called now and then, so that nothing piles up where nobody scrapes.
pub fn tidy() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// An HTTP request was answered (`status`: `499` when its client went away).
pub fn request(route: &'static str, status: u16, took: Duration) {
    counter!(REQUESTS, "route" => route, "status" => status.to_string()).increment(1);
    histogram!(REQUEST_SECONDS, "route" => route).record(took);
}

/// An answer carries an error of this code.
pub fn error(code: &str) {
    counter!(ERRORS, "code" => code.to_owned()).increment(1);
}

/// An operation of this cost is run.
pub fn operation(cost: u64) {
    #[allow(clippy::cast_precision_loss)]
    histogram!(COST).record(cost as f64);
}

/// A list is read by this strategy.
pub fn list(strategy: &'static str) {
    counter!(LISTS, "strategy" => strategy).increment(1);
}

/// A cache was asked.
pub fn cache(name: &'static str, hit: bool) {
    counter!(CACHE, "cache" => name, "outcome" => if hit { "hit" } else { "miss" }).increment(1);
}

/// How many entries a cache has now.
pub fn cache_entries(name: &'static str, entries: u64) {
    #[allow(clippy::cast_precision_loss)]
    gauge!(CACHE_ENTRIES, "cache" => name).set(entries as f64);
}

/// The state of a source's circuit now, of all the states there are.
pub fn circuit(source: &str, state: &'static str, all: &[&'static str]) {
    for each in all {
        let now = if *each == state { 1.0 } else { 0.0 };
        gauge!(CIRCUIT, "source" => source.to_owned(), "state" => *each).set(now);
    }
}

/// What one source's statements are counted with; made once, for it is asked often.
pub struct SourceMeter {
    source: String,
    ok: Counter,
    seconds: Histogram,
    rows: Counter,
}

impl SourceMeter {
    /// The meter of a source.
    pub fn new(source: &str) -> Self {
        let source = source.to_owned();
        Self {
            ok: counter!(STATEMENTS, "source" => source.clone(), "outcome" => "ok"),
            seconds: histogram!(SOURCE_SECONDS, "source" => source.clone()),
            rows: counter!(ROWS, "source" => source.clone()),
            source,
        }
    }

    /// A statement was answered with so many rows, or failed by a stable cause.
    pub fn statement(&self, rows: Result<usize, &'static str>, took: Duration) {
        match rows {
            Ok(rows) => {
                self.ok.increment(1);
                self.rows.increment(rows as u64);
            }
            Err(cause) => {
                counter!(STATEMENTS, "source" => self.source.clone(), "outcome" => cause).increment(1);
            }
        }
        self.seconds.record(took);
    }
}

/// What one request put into its answer.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

impl Tally {
    /// So many records more.
    pub fn returned(&self, records: usize) {
        self.0.fetch_add(records as u64, Relaxed);
    }

    /// Counts them.
    pub fn close(&self) {
        counter!(RETURNED).increment(self.0.swap(0, Relaxed));
    }
}
