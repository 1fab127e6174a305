//! The growing delay after failed logins. Three counts are kept, in the database, for all replicas:
//!
//! - of a login from an address: 1 s, 2 s, 4 s… up to 15 minutes;
//! - of a login from everywhere: ten are free, then 1 s, 2 s… up to 10 s, so that many addresses together guess slowly
//!   and still nobody can lock a member out for long;
//! - of an address, whatever the login: twenty are free, then 1 s, 2 s… up to a minute.
//!
//! An address from which a member has logged in before knows only the first. What is refused for its delay is not
//! counted. Unknown logins are counted like known ones.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    db::{Pool, Tx, args},
    store::hash,
};

/// A count of failures.
struct Count {
    who: String,
    /// That many are free.
    free: i64,
    /// The longest delay, in seconds.
    longest: i64,
    /// Seconds without a failure after which it begins again.
    forgotten: i64,
    /// Does not hold for an address that the member is known from.
    strangers: bool,
}

/// Who tries to log in.
pub(super) struct Attempt {
    counts: Vec<Count>,
}

/// An address as it is counted: an IPv6 network of 64 bits is one.
pub(super) fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX));
            format!("{network}/64")
        }
        v4 @ IpAddr::V4(_) => v4.to_string(),
    }
}

impl Attempt {
    pub(super) fn new(login_key: &str, address: Option<&str>) -> Self {
        let pair = format!("pair\n{}\n{login_key}", address.unwrap_or_default());
        let mut counts = vec![
            Count { who: hash(&pair), free: 0, longest: 900, forgotten: 86_400, strangers: false },
            Count {
                who: hash(&format!("login\n{login_key}")),
                free: 10,
                longest: 10,
                forgotten: 3_600,
                strangers: true,
            },
        ];
        if let Some(address) = address {
            let who = hash(&format!("address\n{address}"));
            counts.push(Count { who, free: 20, longest: 60, forgotten: 3_600, strangers: true });
        }
        Self { counts }
    }

    fn that_hold(&self, known: bool) -> impl Iterator<Item = &Count> {
        self.counts.iter().filter(move |count| !(known && count.strangers))
    }

    /// How long it is still to wait, if at all.
    pub(super) async fn wait(
        &self,
        pool: &Pool,
        known: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Duration>, sqlx::Error> {
        let mut longest = None;
        for count in self.that_hold(known) {
            let sql = "SELECT until FROM login_failure WHERE who = $1";
            let Some(row) = pool.row(sql, args![&count.who]).await? else { continue };
            let left = row.get::<DateTime<Utc>>(0)?.signed_duration_since(now);
            // A clock that was set back makes nobody wait for longer than the longest delay.
            let left = left.min(TimeDelta::seconds(count.longest)).to_std().ok();
            longest = longest.max(left.filter(|left| !left.is_zero()));
        }
        Ok(longest)
    }

    /// Counts a failure.
    pub(super) async fn failed(&self, tx: &mut Tx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        for count in &self.counts {
            let forgotten = now - TimeDelta::seconds(count.forgotten);
            let sql = "INSERT INTO login_failure (who, failures, last_at, until) VALUES ($1, 1, $2, $2) \
                       ON CONFLICT (who) DO UPDATE SET last_at = excluded.last_at, \
                       failures = CASE WHEN login_failure.last_at < $3 THEN 1 ELSE login_failure.failures + 1 END \
                       RETURNING failures";
            let row =
                tx.row(sql, args![&count.who, now, forgotten]).await?.ok_or(sqlx::Error::RowNotFound)?;
            let until = now + TimeDelta::seconds(delay(row.get(0)?, count.free, count.longest));
            tx.execute("UPDATE login_failure SET until = $1 WHERE who = $2", args![until, &count.who])
                .await?;
        }
        Ok(())
    }

    /// Forgets the failures of a login from an address, for it has got in.
    pub(super) async fn succeeded(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        for count in self.counts.iter().filter(|count| !count.strangers) {
            tx.execute("DELETE FROM login_failure WHERE who = $1", args![&count.who]).await?;
        }
        Ok(())
    }
}

/// Seconds to wait after so many failures.
fn delay(failures: i64, free: i64, longest: i64) -> i64 {
    match failures - free {
        ..1 => 0,
        counted => 1_i64
            .checked_shl(u32::try_from(counted - 1).unwrap_or(62).min(62))
            .unwrap_or(longest)
            .min(longest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let of = |n| delay(n, 0, 900);
        assert_eq!((1..=11).map(of).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert_eq!(of(1_000_000), 900);
        assert_eq!((10..=16).map(|n| delay(n, 10, 10)).collect::<Vec<_>>(), [0, 1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn addresses_are_counted_as_who_has_them() {
        let same = |a: &str, b: &str| counted(a.parse().unwrap()) == counted(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:1"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
