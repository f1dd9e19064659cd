//! How long the other side has been silent, and what that means.

use std::time::{Duration, Instant};

use noq_proto::{VarInt, coding::Decodable, transport_parameters::TransportParameters};

/// Times that pass without an answer.
pub struct Silence {
    idle_timeout: Duration,
    heard_at: Instant,
    /// When the first packet left that still waits for an answer.
    asked_at: Option<Instant>,
    /// Whether the stall has been told for the probe that is due.
    is_told: bool,
    /// When silence ends the connection although its timers are held.
    held_until: Option<Instant>,
}

/// The least time to wait for an answer: an acknowledgement may be delayed by 25 ms (RFC 9000 §18.2), twice.
const LEAST_STALL: Duration = Duration::from_millis(100);

/// The transport parameter max_idle_timeout (RFC 9000 §18.2). noq keeps its value to itself.
const MAX_IDLE_TIMEOUT: VarInt = VarInt::from_u32(1);

impl Silence {
    pub fn new(now: Instant, idle_timeout: Duration) -> Self {
        Self { idle_timeout, heard_at: now, asked_at: None, is_told: false, held_until: None }
    }

    pub fn heard(&mut self, now: Instant) {
        *self = Self::new(now, self.idle_timeout);
    }

    pub fn lasts(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard_at)
    }

    /// Notes that packets went out. `asks` is whether any packet waits for an answer.
    pub fn sent(&mut self, now: Instant, asks: bool) {
        if asks {
            self.asked_at.get_or_insert(now);
        }
    }

    /// Reports whether packets have gone unanswered for more than three round trips, about two probes (RFC 9002 §6.2.1). Asked
    /// when a probe is due, it is true once for each, so that whoever is told can hold the probe back.
    pub fn is_stall(&mut self, now: Instant, round_trip: Duration) -> bool {
        let asked_at = self.asked_at;
        let is_stall = asked_at.is_some_and(|asked_at| now.saturating_duration_since(asked_at) > patience(round_trip));
        self.is_told = is_stall && !self.is_told;
        self.is_told
    }

    /// Holds the timers. `others` is the other side's idle timeout, if it has one: the shorter one counts (RFC 9000 §10.1).
    pub fn hold(&mut self, others: Option<Duration>) {
        let own = self.idle_timeout;
        self.held_until = Some(self.heard_at + others.map_or(own, |others| own.min(others)));
    }

    pub fn release(&mut self) {
        self.held_until = None;
    }

    pub fn held_until(&self) -> Option<Instant> {
        self.held_until
    }
}

/// How long packets may go unanswered.
pub fn patience(round_trip: Duration) -> Duration {
    LEAST_STALL.max(3 * round_trip)
}

/// Reads the idle timeout from the other side's transport parameters; `None` if it has none (RFC 9000 §18.2).
pub fn idle_timeout_of(parameters: &TransportParameters) -> Option<Duration> {
    let mut encoded = Vec::new();
    parameters.write(&mut encoded);
    let mut rest = &encoded[..];
    while let (Ok(id), Ok(length)) = (VarInt::decode(&mut rest), VarInt::decode(&mut rest)) {
        let (mut value, others) = rest.split_at_checked(length.into_inner() as usize)?;
        if id == MAX_IDLE_TIMEOUT {
            let timeout_ms = VarInt::decode(&mut value).ok()?.into_inner();
            return (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms));
        }
        rest = others;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_after_a_packet_that_asks_is_a_stall_which_is_told_once_for_each_probe() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let round_trip = Duration::from_millis(50);
        let mut silence = Silence::new(zero, Duration::from_secs(30));
        assert!(!silence.is_stall(at(5000), round_trip));
        silence.sent(at(5000), true);
        assert!(!silence.is_stall(at(5150), round_trip));
        for _probe in 0..2 {
            assert!(silence.is_stall(at(5151), round_trip));
            assert!(!silence.is_stall(at(5152), round_trip));
        }
    }

    #[test]
    fn a_datagram_that_comes_ends_the_stall_and_the_hold() {
        let zero = Instant::now();
        let mut silence = Silence::new(zero, Duration::from_secs(30));
        silence.sent(zero, true);
        silence.hold(None);
        silence.heard(zero);
        assert!(!silence.is_stall(zero + Duration::from_secs(9), Duration::ZERO));
        assert_eq!(silence.lasts(zero + Duration::from_secs(9)), Duration::from_secs(9));
        assert_eq!(silence.held_until(), None);
    }

    #[test]
    fn a_hold_lasts_until_the_shorter_idle_timeout() {
        let zero = Instant::now();
        let [short, own, long] = [4, 30, 60].map(Duration::from_secs);
        let mut silence = Silence::new(zero, own);
        for (others, lasts) in [(None, own), (Some(short), short), (Some(long), own)] {
            silence.hold(others);
            assert_eq!(silence.held_until(), Some(zero + lasts));
        }
    }
}
