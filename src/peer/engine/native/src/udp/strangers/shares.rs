//! How many checks strangers may send: each network for itself, and all together.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// What may come.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Messages of one source network at once. A peer sends 8 checks to each of 8 addresses in a round.
    pub burst: f64,
    /// The same in a second after that.
    pub per_second: f64,
    /// Messages of all in a second, and at once.
    pub all_per_second: f64,
}

/// Networks that are remembered. One that has been quiet for two seconds has its whole share again, and need not be.
const NETWORKS: usize = 1024;

/// How often the quiet ones are looked for at most, as the search is long.
const SEARCH_INTERVAL: Duration = Duration::from_millis(100);

/// A bucket of tokens, which is full at first.
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(burst: f64, now: Instant) -> Self {
        Self { tokens: burst, at: now }
    }

    fn fill(&mut self, burst: f64, per_second: f64, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        *self = Self { tokens: burst.min(self.tokens + passed * per_second), at: self.at.max(now) };
        self.tokens
    }

    fn take(&mut self, burst: f64, per_second: f64, now: Instant) -> bool {
        let has_one = self.fill(burst, per_second, now) >= 1.0;
        self.tokens -= f64::from(u8::from(has_one));
        has_one
    }
}

/// An IPv4 address, or the first 64 bits of an IPv6 one, which one host may have all addresses of.
type Network = (bool, u64);

fn network(ip: IpAddr) -> Network {
    match ip {
        IpAddr::V4(ip) => (false, u32::from(ip).into()),
        IpAddr::V6(ip) => (true, (u128::from(ip) >> 64) as u64),
    }
}

pub struct Shares {
    limits: Limits,
    networks: HashMap<Network, Bucket>,
    all: Option<Bucket>,
    searched_at: Option<Instant>,
}

impl Shares {
    pub fn new(limits: Limits) -> Self {
        Self { limits, networks: HashMap::new(), all: None, searched_at: None }
    }

    /// Reports whether there is room for a check from this address, and counts it.
    pub fn take(&mut self, from: IpAddr, now: Instant) -> bool {
        let network = network(from);
        if !self.networks.contains_key(&network) && !self.make_room(now) {
            return false;
        }
        let Limits { burst, per_second, all_per_second } = self.limits;
        let share = self.networks.entry(network).or_insert_with(|| Bucket::full(burst, now));
        let all = self.all.get_or_insert_with(|| Bucket::full(all_per_second, now));
        share.take(burst, per_second, now) && all.take(all_per_second, all_per_second, now)
    }

    /// Forgets networks that have been quiet, if there are too many. Returns whether there is room.
    fn make_room(&mut self, now: Instant) -> bool {
        let is_due = |at: Instant| now.saturating_duration_since(at) >= SEARCH_INTERVAL;
        if self.networks.len() >= NETWORKS && self.searched_at.is_none_or(is_due) {
            self.searched_at = Some(now);
            let Limits { burst, per_second, .. } = self.limits;
            self.networks.retain(|_, share| share.fill(burst, per_second, now) < burst);
        }
        self.networks.len() < NETWORKS
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const LIMITS: Limits = Limits { burst: 64.0, per_second: 32.0, all_per_second: 1000.0 };

    fn ip(n: u32) -> IpAddr {
        Ipv4Addr::from(n).into()
    }

    fn taken(shares: &mut Shares, count: u32, from: impl Fn(u32) -> IpAddr, now: Instant) -> usize {
        (0..count).filter(|n| shares.take(from(*n), now)).count()
    }

    #[test]
    fn a_source_has_a_burst_and_then_a_rate_and_others_have_their_own() {
        let (mut shares, zero) = (Shares::new(LIMITS), Instant::now());
        assert_eq!(taken(&mut shares, 100, |_| ip(1), zero), 64);
        assert_eq!(taken(&mut shares, 100, |_| ip(2), zero), 64);
        assert_eq!(taken(&mut shares, 100, |_| ip(1), zero + Duration::from_secs(1)), 32);
        assert_eq!(taken(&mut shares, 100, |_| ip(1), zero + Duration::from_secs(60)), 64);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share() {
        let (mut shares, zero) = (Shares::new(LIMITS), Instant::now());
        let within = |n: u32| IpAddr::from(Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(n)));
        assert_eq!(taken(&mut shares, 100, within, zero), 64);
        let beside = IpAddr::from(Ipv6Addr::from((0x2001_0db8_u128 << 96) + (1 << 64)));
        assert!(shares.take(beside, zero));
    }

    #[test]
    fn all_together_have_a_rate() {
        let (mut shares, zero) = (Shares::new(LIMITS), Instant::now());
        assert_eq!(taken(&mut shares, 5000, |n| ip(n % 500), zero), 1000);
        assert_eq!(taken(&mut shares, 5000, |n| ip(n % 500), zero + Duration::from_millis(500)), 500);
    }

    #[test]
    fn a_source_beyond_those_that_are_remembered_is_refused_until_one_has_been_quiet() {
        let (mut shares, zero) = (Shares::new(LIMITS), Instant::now());
        taken(&mut shares, 3000, ip, zero);
        assert_eq!(shares.networks.len(), NETWORKS);
        let at = |ms| zero + Duration::from_millis(ms);
        assert!(!shares.take(ip(9999), at(20)), "none has its whole share again");
        assert!(!shares.take(ip(9999), at(90)), "the search is not due");
        assert!(shares.take(ip(9999), at(120)));
        assert_eq!(shares.networks.len(), 1);
    }
}
