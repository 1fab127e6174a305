//! The circuit breaker of one source: a dead source costs its time limit once, not per request.
//!
//! Only what took time opens it. A connection that is refused at once costs nothing, so it is tried
//! again at every request, and a source that comes back is used the moment it does. After a connect
//! limit that ran out, or several statements in a row that did, the source rests: what is asked
//! meanwhile fails at once with the error that opened the circuit. When the rest is over, one
//! request tries; the others still fail at once until it has its answer. Each failed trial doubles
//! the rest, up to [`LONGEST_REST`]; any answer closes the circuit. A trial that decides nothing
//! (its own request was in a hurry or went away, no connection was free, the connection broke)
//! leaves the next request to try: see [`Trial`].

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::SourceError;

/// How long a source rests at first.
pub(super) const FIRST_REST: Duration = Duration::from_millis(500);
/// How long it rests at most.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(15);
/// A failed connection that took longer than this was waited for.
const COSTLY: Duration = Duration::from_secs(1);
/// Statements in a row that ran out of their own time limit before the source rests.
const PATIENCE: u32 = 3;

/// Whether a source is asked, as `sources` and `check` show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// It is asked.
    Closed,
    /// It rests: requests fail at once.
    Open,
    /// One request tries it.
    HalfOpen,
}

impl Circuit {
    /// All the words that clients may see.
    pub const WORDS: [&'static str; 3] = ["CLOSED", "OPEN", "HALF_OPEN"];

    /// The word clients see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Statements in a row without an answer in time.
    late: u32,
    /// The rest: until when, how long it was, and why.
    rest: Option<(Instant, Duration, SourceError)>,
    /// The number of the request that tries, if one does.
    trial: Option<u64>,
    /// Trials there have been.
    trials: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the source may be asked now; else the error that it rests for. The request that
    /// tries a resting source gets its trial, to be kept for as long as it asks.
    pub(super) fn allow(&self, now: Instant) -> Result<Option<Trial<'_>>, SourceError> {
        let mut state = self.state();
        let Some((until, _, error)) = &state.rest else { return Ok(None) };
        if now < *until || state.trial.is_some() {
            return Err(error.clone());
        }
        state.trials += 1;
        let number = state.trials;
        state.trial = Some(number);
        Ok(Some(Trial { breaker: self, number }))
    }

    /// The source answered, if only to refuse: it lives.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        if state.late > 0 || state.rest.is_some() {
            *state = State { trials: state.trials, ..State::default() };
        }
    }

    /// No connection came about; it took that long to know.
    pub(super) fn unreachable(&self, now: Instant, error: &SourceError, took: Duration) {
        let mut state = self.state();
        if took >= COSTLY || state.rest.is_some() {
            state.open(now, error);
        }
    }

    /// A statement ran out of the source's own time limit.
    pub(super) fn late(&self, now: Instant, error: &SourceError) {
        let mut state = self.state();
        state.late += 1;
        if state.late >= PATIENCE || state.rest.is_some() {
            state.open(now, error);
        }
    }

    /// What it does now.
    pub(super) fn circuit(&self, now: Instant) -> Circuit {
        let state = self.state();
        match &state.rest {
            None => Circuit::Closed,
            Some((until, ..)) if now < *until => Circuit::Open,
            Some(_) => Circuit::HalfOpen,
        }
    }
}

/// The right, and the duty, of one request to try a resting source. Dropped before the breaker has
/// heard what came of it, it passes to the next request.
#[derive(Debug)]
#[must_use = "dropped, it leaves the source to the next request"]
pub(super) struct Trial<'a> {
    breaker: &'a Breaker,
    number: u64,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        let mut state = self.breaker.state();
        if state.trial == Some(self.number) {
            state.trial = None;
        }
    }
}

impl State {
    fn open(&mut self, now: Instant, error: &SourceError) {
        let rest = match &self.rest {
            // Requests that were under way when it opened tell the same once more.
            Some((until, ..)) if self.trial.is_none() && now < *until => return,
            Some((_, rest, _)) => (*rest * 2).min(LONGEST_REST),
            None => FIRST_REST,
        };
        self.trial = None;
        self.rest = Some((now + rest, rest, error.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn dead() -> SourceError {
        SourceError::Connect("nobody answers".into())
    }

    #[test]
    fn a_dead_source_costs_its_limit_once() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        assert!(breaker.allow(now).is_ok());
        breaker.unreachable(now, &dead(), LIMIT);
        assert_eq!(breaker.circuit(now), Circuit::Open);
        assert_eq!(breaker.allow(now).unwrap_err().to_string(), dead().to_string());
        // What was under way when it opened changes nothing.
        breaker.unreachable(now, &dead(), LIMIT);
        now += FIRST_REST;
        assert_eq!(breaker.circuit(now), Circuit::HalfOpen);
        let trial = breaker.allow(now).unwrap();
        assert!(trial.is_some(), "one tries");
        assert!(breaker.allow(now).is_err(), "the others do not");
        breaker.unreachable(now, &dead(), LIMIT);
        now += FIRST_REST;
        assert!(breaker.allow(now).is_err(), "it rests twice as long");
        now += FIRST_REST;
        assert!(breaker.allow(now).is_ok());
        breaker.answered();
        assert_eq!(breaker.circuit(now), Circuit::Closed);
        assert!(breaker.allow(now).is_ok() && breaker.allow(now).is_ok());
    }

    #[test]
    fn the_rest_has_an_end() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        for _ in 0..20 {
            breaker.unreachable(now, &dead(), LIMIT);
            now += LONGEST_REST;
            assert!(breaker.allow(now).is_ok());
        }
    }

    #[test]
    fn a_refusal_at_once_costs_nothing_and_opens_nothing() {
        let breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..10 {
            breaker.unreachable(now, &dead(), Duration::from_millis(1));
            assert!(breaker.allow(now).is_ok());
        }
    }

    #[test]
    fn one_slow_statement_is_not_a_dead_source() {
        let breaker = Breaker::default();
        let now = Instant::now();
        let late = SourceError::Timeout(LIMIT);
        breaker.late(now, &late);
        breaker.late(now, &late);
        breaker.answered();
        breaker.late(now, &late);
        breaker.late(now, &late);
        assert!(breaker.allow(now).is_ok());
        breaker.late(now, &late);
        assert_eq!(breaker.allow(now).unwrap_err().cause(), "TIMEOUT");
    }

    #[test]
    fn a_trial_that_decides_nothing_passes_to_the_next_request() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        breaker.unreachable(now, &dead(), LIMIT);
        now += FIRST_REST;
        let first = breaker.allow(now).unwrap();
        assert!(first.is_some() && breaker.allow(now).is_err());
        drop(first);
        let second = breaker.allow(now).unwrap();
        assert!(second.is_some(), "the next one tries, at once");
        assert!(breaker.allow(now).is_err(), "and only that one");
        // What failed is no trial any more; the next one is another's.
        breaker.unreachable(now, &dead(), LIMIT);
        now += 2 * FIRST_REST;
        let third = breaker.allow(now).unwrap();
        drop(second);
        assert!(breaker.allow(now).is_err(), "the third still tries");
        breaker.answered();
        assert!(breaker.allow(now).unwrap().is_none(), "nobody needs to try");
        drop(third);
        assert_eq!(breaker.circuit(now), Circuit::Closed);
    }
}
