//! The time of one connection, which can stand still.

use std::time::{Duration, Instant};

/// A clock that runs behind the system's by the time for which it stood still. A dialer's first flight travels by mailbox, paste
/// or push. If time stands still for the connection meanwhile, that delay is neither loss nor a round-trip time.
pub struct Stopwatch {
    behind: Duration,
    stopped_at: Option<Instant>,
}

impl Stopwatch {
    pub const fn running() -> Self {
        Self { behind: Duration::ZERO, stopped_at: None }
    }

    pub const fn is_stopped(&self) -> bool {
        self.stopped_at.is_some()
    }

    /// Returns the connection's time when the system's is `now`.
    pub fn at(&self, now: Instant) -> Instant {
        self.stopped_at.unwrap_or(now) - self.behind
    }

    /// Returns the system's time when the connection's is `at`, if time goes on as it does now.
    pub fn undo(&self, at: Instant) -> Instant {
        at + self.behind
    }

    /// Returns the connection's time when the system's is `now`, if it were started now as in [`Self::start`].
    pub fn if_started(&self, now: Instant, passed: Duration) -> Instant {
        self.stopped_at.map_or(now, |stopped_at| now.min(stopped_at + passed)) - self.behind
    }

    pub fn stop(&mut self, now: Instant) {
        self.stopped_at.get_or_insert(now);
    }

    /// Lets time run again, as if it had stood still for all but `passed` of the time since [`Self::stop`].
    pub fn start(&mut self, now: Instant, passed: Duration) {
        if let Some(stopped_at) = self.stopped_at.take() {
            self.behind += now.saturating_duration_since(stopped_at).saturating_sub(passed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_stood_still_is_missing_but_for_what_is_said_to_have_passed() {
        let zero = Instant::now();
        let at = |s| zero + Duration::from_secs(s);
        let mut watch = Stopwatch::running();
        watch.stop(at(1));
        assert_eq!(watch.at(at(5)), at(1));
        watch.start(at(5), Duration::from_secs(1));
        assert_eq!(watch.at(at(6)), at(3));
    }

    #[test]
    fn no_more_time_passes_than_there_was() {
        let zero = Instant::now();
        let mut watch = Stopwatch::running();
        watch.stop(zero);
        watch.start(zero + Duration::from_millis(5), Duration::from_secs(1));
        assert_eq!(watch.at(zero + Duration::from_millis(5)), zero + Duration::from_millis(5));
    }
}
