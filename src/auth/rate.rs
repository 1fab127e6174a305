//! How much a viewer may ask: cost points per minute, out of a bucket of its own and out of that of its address. Who
//! has no token is known by its address alone. Logins that are tried are counted by address too.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

use super::{
    accounts::Origin,
    viewer::{Viewer, ViewerKind},
};
use crate::{
    cache::{
        Cache,
        bucket::{Bucket, Taken},
    },
    config::RateConfig,
};

/// Shares buckets out.
#[derive(Clone, Debug)]
pub struct Rates {
    config: RateConfig,
    cache: Cache,
}

/// What is left for a viewer, for `extensions.cost.throttle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Points that may be asked at once.
    pub limit: u64,
    /// Points that are left.
    pub remaining: u64,
    /// Points that come back in a second.
    pub restore_rate: u64,
    /// How long until all are back.
    pub reset: Duration,
    /// How long to wait, when what was asked is not there.
    pub wait: Option<Duration>,
}

impl Rates {
    /// Rates as the shop sets them, counted in a cache.
    pub fn new(config: RateConfig, cache: Cache) -> Self {
        Self { config, cache }
    }

    /// Charges a viewer for an operation; `None` where nothing limits it. The tightest of its buckets is told.
    pub async fn charge(&self, viewer: &Viewer, from: &Origin, points: u64) -> Option<Throttle> {
        let buckets = self.buckets(viewer, from);
        if buckets.is_empty() {
            return None;
        }
        let Taken { wait, states } = self.cache.take(&buckets, points).await;
        let left = |i: &usize| states.get(*i).map_or(0, |s| s.remaining);
        let tightest = (0..buckets.len()).min_by_key(left)?;
        let (bucket, state) = (buckets.get(tightest)?, states.get(tightest)?);
        let restore_rate = bucket.capacity / bucket.refill.as_secs().max(1);
        Some(Throttle {
            limit: bucket.capacity,
            remaining: state.remaining,
            restore_rate,
            reset: state.reset,
            wait,
        })
    }

    /// Counts a login, or a renewal of a session, that is tried.
    ///
    /// # Errors
    /// How long to wait, when there were too many from this address.
    pub async fn login(&self, from: &Origin) -> Result<(), Duration> {
        let Some(place) = self.place(from).filter(|_| self.config.logins > 0) else { return Ok(()) };
        let bucket = Bucket::per_minute(format!("login:{place}"), self.config.logins);
        self.cache.take(&[bucket], 1).await.wait.map_or(Ok(()), Err)
    }

    fn buckets(&self, viewer: &Viewer, from: &Origin) -> Vec<Bucket> {
        let mut buckets = Vec::with_capacity(2);
        let place = self.place(from);
        let (own, points) = match (viewer.kind, &viewer.subject) {
            (ViewerKind::Anonymous, _) => {
                (place.as_ref().map(|place| format!("anonymous:{place}")), self.config.anonymous)
            }
            (kind, subject) => {
                let issuer = viewer.token.as_ref().map_or("", |token| &*token.issuer);
                let subject = subject.as_deref().unwrap_or("");
                let points = match kind {
                    ViewerKind::Customer => self.config.customer,
                    ViewerKind::Staff => self.config.staff,
                    ViewerKind::Integration | ViewerKind::Anonymous => self.config.integration,
                };
                // The issuer's length first: no issuer and subject read as another pair.
                (Some(format!("{}:{}:{issuer}:{subject}", kind.word(), issuer.len())), points)
            }
        };
        buckets.extend(own.filter(|_| points > 0).map(|key| Bucket::per_minute(key, points)));
        if let Some(place) = place.filter(|_| self.config.address > 0) {
            buckets.push(Bucket::per_minute(format!("address:{place}"), self.config.address));
        }
        buckets
    }

    /// Where a request is counted; `None`: nowhere.
    fn place(&self, from: &Origin) -> Option<String> {
        let address = from.address?;
        (!exempt(&self.config.exempt, address)).then(|| place(address))
    }
}

/// Whether an address is in one of some networks.
pub fn exempt(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// What one client is known by: an IPv4 address, or the /64 of an IPv6 one, of which a client has all.
pub fn place(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(config: RateConfig) -> Rates {
        Rates::new(config, Cache::new(1 << 20, None))
    }

    fn at(address: &str) -> Origin {
        Origin { address: Some(address.parse().unwrap()), request_id: None }
    }

    fn viewer(kind: ViewerKind, subject: &str) -> Viewer {
        Viewer { kind, subject: Some(subject.into()), ..Viewer::default() }
    }

    #[tokio::test]
    async fn anonymous_viewers_share_the_bucket_of_their_address() {
        let rates = rates(RateConfig { anonymous: 100, ..RateConfig::default() });
        let anonymous = Viewer::default();
        let first = rates.charge(&anonymous, &at("192.0.2.1"), 60).await.unwrap();
        assert_eq!((first.limit, first.remaining, first.wait), (100, 40, None));
        assert!(rates.charge(&anonymous, &at("192.0.2.1"), 60).await.unwrap().wait.is_some());
        assert!(rates.charge(&anonymous, &at("192.0.2.2"), 60).await.unwrap().wait.is_none());
        let six = |text: &str| at(text);
        assert!(rates.charge(&anonymous, &six("2001:db8::1"), 100).await.unwrap().wait.is_none());
        assert!(rates.charge(&anonymous, &six("2001:db8::ffff:2"), 100).await.unwrap().wait.is_some());
        assert!(rates.charge(&anonymous, &six("2001:db8:0:1::1"), 100).await.unwrap().wait.is_none());
    }

    #[tokio::test]
    async fn a_token_has_one_bucket_wherever_it_is_used() {
        let rates = rates(RateConfig { customer: 100, address: 150, ..RateConfig::default() });
        let (a, b) = (viewer(ViewerKind::Customer, "a"), viewer(ViewerKind::Customer, "b"));
        assert!(rates.charge(&a, &at("192.0.2.1"), 100).await.unwrap().wait.is_none());
        assert!(rates.charge(&a, &at("192.0.2.2"), 100).await.unwrap().wait.is_some());
        // The address has less left than the second customer.
        let second = rates.charge(&b, &at("192.0.2.1"), 60).await.unwrap();
        assert!(second.wait.is_some(), "{second:?}");
        assert_eq!(second.limit, 150);
        assert!(
            rates
                .charge(&viewer(ViewerKind::Staff, "a"), &at("192.0.2.3"), 100)
                .await
                .unwrap()
                .wait
                .is_none()
        );
    }

    #[tokio::test]
    async fn what_is_exempt_or_off_is_not_counted() {
        let exempt = vec!["10.0.0.0/8".parse().unwrap()];
        let config = RateConfig { anonymous: 1, customer: 5, logins: 1, exempt, ..RateConfig::default() };
        let rates = rates(config);
        for _ in 0..5 {
            assert_eq!(rates.charge(&Viewer::default(), &at("10.1.1.1"), 9).await, None);
            assert_eq!(rates.login(&at("10.1.1.1")).await, Ok(()));
        }
        let token = viewer(ViewerKind::Customer, "a");
        rates.charge(&token, &at("10.1.1.1"), 5).await;
        assert!(rates.charge(&token, &at("10.1.1.1"), 1).await.unwrap().wait.is_some(), "a token is counted");
        assert_eq!(rates.login(&at("192.0.2.1")).await, Ok(()));
        assert!(rates.login(&at("192.0.2.1")).await.is_err());
    }
}
