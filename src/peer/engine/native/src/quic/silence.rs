//! How long the other side has been silent, and what that means.

use std::time::{Duration, Instant};

/// Times that pass without an answer.
pub struct Silence {
    idle_timeout: Duration,
    heard_at: Instant,
    /// When the first packet left that still waits for an answer.
    asked_at: Option<Instant>,
    is_reported: bool,
    is_held: bool,
}

/// The least time to wait for an answer: an acknowledgement may be delayed by 25 ms (RFC 9000 §18.2), twice.
const LEAST_STALL: Duration = Duration::from_millis(100);

impl Silence {
    pub fn new(now: Instant, idle_timeout: Duration) -> Self {
        Self { idle_timeout, heard_at: now, asked_at: None, is_reported: false, is_held: false }
    }

    pub fn heard(&mut self, now: Instant) {
        *self = Self::new(now, self.idle_timeout);
    }

    /// Notes that packets went out. `asks` is whether any packet waits for an answer.
    pub fn sent(&mut self, now: Instant, asks: bool) {
        if asks {
            self.asked_at.get_or_insert(now);
        }
    }

    /// Reports whether packets have gone unanswered for more than three round trips, about two probes (RFC 9002 §6.2.1). True
    /// once in a silence.
    pub fn is_stall(&mut self, now: Instant, round_trip: Duration) -> bool {
        let patience = LEAST_STALL.max(3 * round_trip);
        let is_stall = self.asked_at.is_some_and(|asked_at| now.saturating_duration_since(asked_at) > patience);
        is_stall && !std::mem::replace(&mut self.is_reported, true)
    }

    pub fn hold(&mut self) {
        self.is_held = true;
    }

    pub fn release(&mut self) {
        self.is_held = false;
    }

    /// Returns when silence ends the connection (RFC 9000 §10.1) although its timers are held.
    pub fn end_of_hold(&self) -> Option<Instant> {
        self.is_held.then(|| self.heard_at + self.idle_timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_after_a_packet_that_asks_is_a_stall_and_is_told_once() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let round_trip = Duration::from_millis(50);
        let mut silence = Silence::new(zero, Duration::from_secs(30));
        assert!(!silence.is_stall(at(5000), round_trip));
        silence.sent(at(5000), true);
        assert!(!silence.is_stall(at(5150), round_trip));
        assert!(silence.is_stall(at(5151), round_trip));
        assert!(!silence.is_stall(at(5152), round_trip));
    }

    #[test]
    fn a_datagram_that_comes_ends_the_stall() {
        let zero = Instant::now();
        let mut silence = Silence::new(zero, Duration::from_secs(30));
        silence.sent(zero, true);
        silence.heard(zero);
        assert!(!silence.is_stall(zero + Duration::from_secs(9), Duration::ZERO));
    }
}
