//! Buckets of points that fill up again with time, by the generic cell rate algorithm: a bucket is one moment, that at
//! which it will be full again. In memory here; the same reckoning in Redis's own tongue is in [`SCRIPT`].

use std::time::{Duration, Instant};

use moka::sync::Cache as Moka;

/// Buckets kept in memory: as many addresses and subjects as may be told apart at once.
const BUCKETS: u64 = 200_000;

/// A bucket: whose, how much it holds, and how fast it fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Whose.
    pub key: String,
    /// Points when it is full.
    pub capacity: u64,
    /// How long an empty one takes to be full.
    pub refill: Duration,
}

impl Bucket {
    /// A bucket that holds a minute's points.
    pub fn per_minute(key: String, points: u64) -> Self {
        Self { key, capacity: points, refill: Duration::from_mins(1) }
    }

    /// Microseconds that some of its points take to come back; never more than all of them: what costs more than a
    /// full bucket takes the whole of it.
    fn micros(&self, points: u64) -> u64 {
        let refill = u64::try_from(self.refill.as_micros()).unwrap_or(u64::MAX);
        if points >= self.capacity {
            return refill;
        }
        let micros = u128::from(points) * u128::from(refill) / u128::from(self.capacity.max(1));
        u64::try_from(micros).unwrap_or(refill)
    }

    fn state(&self, debt: u64) -> State {
        let refill = u64::try_from(self.refill.as_micros()).unwrap_or(u64::MAX).max(1);
        let free = u128::from(refill.saturating_sub(debt)) * u128::from(self.capacity) / u128::from(refill);
        State { remaining: u64::try_from(free).unwrap_or(u64::MAX), reset: Duration::from_micros(debt) }
    }
}

/// How a bucket is after it was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The points that it holds.
    pub remaining: u64,
    /// How long until it is full.
    pub reset: Duration,
}

/// What became of a request for points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How long until they would be there, when they were not: then none was taken.
    pub wait: Option<Duration>,
    /// The buckets, in the order asked.
    pub states: Vec<State>,
}

/// Takes points from several buckets or from none, by the server's clock. Per key: what the points take to come back
/// and what the whole bucket does, in microseconds. Gives the wait (0: taken) and each bucket's debt.
pub(super) const SCRIPT: &str = r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local debts, wait = {}, 0
for i, key in ipairs(KEYS) do
  local full = tonumber(redis.call('GET', key)) or now
  local debt = math.max(0, full - now)
  debts[i] = debt
  wait = math.max(wait, debt + tonumber(ARGV[2 * i - 1]) - tonumber(ARGV[2 * i]))
end
if wait <= 0 then
  wait = 0
  for i, key in ipairs(KEYS) do
    debts[i] = debts[i] + tonumber(ARGV[2 * i - 1])
    if debts[i] > 0 then
      redis.call('SET', key, string.format('%.0f', now + debts[i]), 'PX', math.ceil(debts[i] / 1000))
    end
  end
end
table.insert(debts, 1, wait)
for i, n in ipairs(debts) do debts[i] = math.ceil(n) end
return debts
";

/// What the script is told of each bucket.
pub(super) fn arguments(buckets: &[Bucket], points: u64) -> impl Iterator<Item = [u64; 2]> + '_ {
    buckets.iter().map(move |bucket| [bucket.micros(points), bucket.micros(u64::MAX)])
}

/// What the script's answer says.
pub(super) fn told(buckets: &[Bucket], answer: &[u64]) -> Option<Taken> {
    let (wait, debts) = answer.split_first()?;
    if debts.len() != buckets.len() {
        return None;
    }
    let states = buckets.iter().zip(debts).map(|(bucket, debt)| bucket.state(*debt)).collect();
    Some(Taken { wait: (*wait > 0).then(|| Duration::from_micros(*wait)), states })
}

/// Buckets in memory.
pub struct Buckets {
    begun: Instant,
    /// When each is full, in microseconds since `begun`.
    full: Moka<String, std::sync::Arc<std::sync::Mutex<u64>>>,
}

impl Default for Buckets {
    fn default() -> Self {
        // An idle bucket is full by then: forgetting it changes nothing.
        let full = Moka::builder().max_capacity(BUCKETS).time_to_idle(Duration::from_mins(2)).build();
        Self { begun: Instant::now(), full }
    }
}

impl Buckets {
    /// Takes points out of all of some buckets, or out of none of them.
    pub fn take(&self, buckets: &[Bucket], points: u64) -> Taken {
        let now = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.take_at(now, buckets, points)
    }

    fn take_at(&self, now: u64, buckets: &[Bucket], points: u64) -> Taken {
        // Always locked in one order, whoever asks, so that two requests never wait for each other.
        let mut order: Vec<usize> = (0..buckets.len()).collect();
        order.sort_by(|a, b| buckets[*a].key.cmp(&buckets[*b].key));
        let slots: Vec<_> = order
            .iter()
            .map(|i| (*i, self.full.get_with_by_ref(&buckets[*i].key, Default::default)))
            .collect();
        let mut held: Vec<_> = slots
            .iter()
            .map(|(i, slot)| (*i, slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner)))
            .collect();
        let debt = |full: u64| full.saturating_sub(now);
        let wait = held
            .iter()
            .map(|(i, full)| {
                let bucket = &buckets[*i];
                (debt(**full) + bucket.micros(points)).saturating_sub(bucket.micros(u64::MAX))
            })
            .max()
            .unwrap_or(0);
        let mut states = vec![State::default(); buckets.len()];
        for (i, full) in &mut held {
            if wait == 0 {
                **full = now + debt(**full) + buckets[*i].micros(points);
            }
            states[*i] = buckets[*i].state(debt(**full));
        }
        Taken { wait: (wait > 0).then(|| Duration::from_micros(wait)), states }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(key: &str, capacity: u64) -> Bucket {
        Bucket::per_minute(key.to_owned(), capacity)
    }

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_bucket_empties_refuses_and_fills_again() {
        let buckets = Buckets::default();
        let one = [bucket("a", 60)];
        let taken = buckets.take_at(0, &one, 50);
        assert_eq!(taken.wait, None);
        assert_eq!(taken.states[0], State { remaining: 10, reset: Duration::from_secs(50) });
        let refused = buckets.take_at(0, &one, 11);
        assert_eq!(refused.wait, Some(Duration::from_secs(1)));
        assert_eq!(refused.states[0].remaining, 10, "what is refused takes nothing");
        assert_eq!(buckets.take_at(SECOND, &one, 11).wait, None);
        assert_eq!(buckets.take_at(61 * SECOND, &one, 60).wait, None);
    }

    #[test]
    fn what_costs_more_than_a_full_bucket_takes_the_whole_of_it() {
        let buckets = Buckets::default();
        let one = [bucket("a", 10)];
        let taken = buckets.take_at(0, &one, 1_000);
        assert_eq!((taken.wait, taken.states[0].remaining), (None, 0));
        assert_eq!(buckets.take_at(0, &one, 1_000).wait, Some(Duration::from_mins(1)));
    }

    #[test]
    fn of_two_buckets_both_give_or_none() {
        let buckets = Buckets::default();
        let both = [bucket("b", 100), bucket("a", 10)];
        assert_eq!(buckets.take_at(0, &both, 10).wait, None);
        let refused = buckets.take_at(0, &both, 1);
        assert!(refused.wait.is_some());
        assert_eq!((refused.states[0].remaining, refused.states[1].remaining), (90, 0));
    }

    proptest! {
        #[test]
        fn never_more_than_a_bucket_and_its_refill(
            capacity in 1u64..10_000,
            asks in prop::collection::vec((0u64..5_000_000, 1u64..500), 1..60),
        ) {
            let buckets = Buckets::default();
            let one = [bucket("a", capacity)];
            let (mut now, mut given) = (0, 0u64);
            for (pause, points) in asks {
                now += pause;
                if buckets.take_at(now, &one, points).wait.is_none() {
                    given += points.min(capacity);
                }
                let refilled = u128::from(now) * u128::from(capacity) / 60_000_000;
                // A microsecond of rounding for each ask.
                prop_assert!(u128::from(given) <= u128::from(capacity) + refilled + 60);
            }
        }

        #[test]
        fn who_waits_as_told_is_served(capacity in 1u64..10_000, points in 1u64..10_000) {
            let buckets = Buckets::default();
            let one = [bucket("a", capacity)];
            buckets.take_at(0, &one, capacity);
            let wait = buckets.take_at(0, &one, points).wait.unwrap();
            let then = u64::try_from(wait.as_micros()).unwrap();
            prop_assert_eq!(buckets.take_at(then, &one, points).wait, None);
        }
    }
}
