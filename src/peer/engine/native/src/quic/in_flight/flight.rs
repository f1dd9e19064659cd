//! What one path has in flight, and whether it has stalled: nothing is acknowledged for a probe timeout (PTO, RFC 9002 §6.2.1).

use std::time::{Duration, Instant};

/// The longest delay of an acknowledgement, and the granularity of timers (RFC 9000 §18.2, RFC 9002 §6.1.2).
const MAX_ACK_DELAY: Duration = Duration::from_millis(25);
const GRANULARITY: Duration = Duration::from_millis(1);

/// The least time after which a path has stalled. On a short path a burst of losses is as long as several PTOs.
const LEAST_STALL: Duration = Duration::from_millis(60);

/// How often a stall is told. Whoever has heard that often knows, and a path that is dead for hours wakes nobody.
const MOST_TOLD: u32 = 16;

#[derive(Debug)]
pub struct Flight {
    /// Whether packets are neither acknowledged nor declared lost, or more were waiting to be sent then.
    is_busy: bool,
    /// Bytes of ack-eliciting packets that are neither acknowledged nor declared lost. Probes for a larger MTU do not count: a sound
    /// path may lose them, and noq does not tell.
    bytes: u64,
    mtu: u16,
    /// Number of the newest such probe.
    probe: Option<u64>,
    /// When the last of them was acknowledged, or the first one sent.
    since: Option<Instant>,
    /// PTOs since then that have been told.
    told: u32,
    /// When the newest packet that has been acknowledged was sent.
    arrived: Option<Instant>,
    /// The shortest round trip so far.
    shortest: Duration,
    /// The newest round trip of an acknowledgement, and the smoothed one before it.
    sample: Option<(Duration, Duration)>,
    variation: Option<Duration>,
}

impl Flight {
    pub fn new(mtu: u16) -> Self {
        Self {
            is_busy: false,
            bytes: 0,
            mtu,
            probe: None,
            since: None,
            told: 0,
            arrived: None,
            shortest: Duration::ZERO,
            sample: None,
            variation: None,
        }
    }

    pub fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Since when nothing has been acknowledged of what is in flight; `None` if nothing is.
    pub fn unanswered_since(&self) -> Option<Instant> {
        self.since
    }

    /// When the newest packet that has been acknowledged was sent.
    pub fn arrived(&self) -> Option<Instant> {
        self.arrived
    }

    /// The shortest round trip so far: the length of the way, without queues. Zero before there is one.
    pub fn shortest(&self) -> Duration {
        self.shortest
    }

    pub fn note_shortest(&mut self, round_trip: Duration) {
        self.shortest = round_trip;
    }

    pub fn set_mtu(&mut self, mtu: u16) {
        self.mtu = mtu;
    }

    pub fn sent(&mut self, now: Instant, bytes: u16, number: u64) {
        self.is_busy = true;
        if bytes > self.mtu {
            self.probe = Some(number);
            return;
        }
        if self.since.is_none() {
            self.restart(Some(now));
        }
        self.bytes += u64::from(bytes);
    }

    /// Notes an acknowledged packet. `smoothed` is the round trip without it.
    pub fn acknowledged(&mut self, now: Instant, sent: Instant, bytes: u64, number: u64, smoothed: Duration) {
        if self.probe != Some(number) {
            self.remove(bytes);
        }
        if self.since.is_some() {
            self.restart(Some(now));
        }
        self.arrived = self.arrived.max(Some(sent));
        self.sample = Some((now.saturating_duration_since(sent), smoothed));
    }

    /// Notes the end of an acknowledgement. `in_flight` has all that is in flight, other packets too.
    pub fn settled(&mut self, in_flight: u64, is_more_waiting: bool) {
        self.is_busy = in_flight > 0 || is_more_waiting;
        self.remove(self.bytes.saturating_sub(in_flight));
        let Some((sample, smoothed)) = self.sample.take() else { return };
        // RFC 9002 §5.3. The delay of the acknowledgement counts, so that a path does not stall by it.
        self.variation = Some(match self.variation {
            Some(variation) => (3 * variation + smoothed.abs_diff(sample)) / 4,
            None => sample / 2,
        });
    }

    pub fn lost(&mut self, bytes: u16) {
        self.remove(bytes.into());
    }

    /// Notes that another path has sent something: what this one has lost, if it has nothing in flight.
    pub fn other_sent(&mut self) {
        self.is_busy &= self.bytes > 0;
    }

    fn remove(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.bytes == 0 {
            self.restart(None);
        }
    }

    fn restart(&mut self, since: Option<Instant>) {
        self.since = since;
        self.told = 0;
    }

    fn pto(&self, round_trip: Duration) -> Duration {
        let variation = self.variation.unwrap_or(round_trip / 2);
        LEAST_STALL.max(round_trip + GRANULARITY.max(4 * variation) + MAX_ACK_DELAY)
    }

    /// When the next PTO without an acknowledgement is over.
    pub fn stalls_at(&self, round_trip: Duration) -> Option<Instant> {
        let since = self.since.filter(|_| self.told < MOST_TOLD)?;
        Some(since + self.pto(round_trip) * (self.told + 1))
    }

    /// Reports whether another PTO is over without an acknowledgement. Each is told once.
    pub fn is_stall(&mut self, now: Instant, round_trip: Duration) -> bool {
        let is_due = self.stalls_at(round_trip).is_some_and(|due| due <= now);
        while self.stalls_at(round_trip).is_some_and(|due| due <= now) {
            self.told += 1;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(100);

    fn at(zero: Instant, ms: u64) -> Instant {
        zero + Duration::from_millis(ms)
    }

    /// A path whose round trips have all been of 100 ms, with a packet in flight since `zero`.
    fn steady(zero: Instant) -> Flight {
        let mut flight = Flight::new(1200);
        for number in 0..40 {
            flight.sent(zero - ROUND_TRIP, 1000, number);
            flight.acknowledged(zero, zero - ROUND_TRIP, 1000, number, ROUND_TRIP);
            flight.settled(0, false);
        }
        flight.sent(zero, 1000, 40);
        flight
    }

    #[test]
    fn a_path_stalls_when_a_pto_is_over_and_is_told_again_after_each_further_one() {
        let zero = Instant::now();
        let mut flight = steady(zero);
        let told = (0..400).filter(|ms| flight.is_stall(at(zero, *ms), ROUND_TRIP)).collect::<Vec<_>>();
        assert_eq!(told, [126, 252, 378]);
    }

    #[test]
    fn several_ptos_that_are_over_at_once_are_told_once() {
        let zero = Instant::now();
        let mut flight = steady(zero);
        assert!(flight.is_stall(at(zero, 300), ROUND_TRIP));
        assert!(!flight.is_stall(at(zero, 377), ROUND_TRIP));
        assert_eq!(flight.stalls_at(ROUND_TRIP), Some(at(zero, 378)));
    }

    #[test]
    fn an_acknowledgement_of_some_of_it_begins_a_new_pto() {
        let zero = Instant::now();
        let mut flight = steady(zero);
        flight.sent(at(zero, 100), 1000, 41);
        assert!(flight.is_stall(at(zero, 130), ROUND_TRIP));
        flight.acknowledged(at(zero, 140), zero, 1000, 40, ROUND_TRIP);
        flight.settled(1000, false);
        assert_eq!(flight.unanswered_since(), Some(at(zero, 140)));
        assert!(!flight.is_stall(at(zero, 265), ROUND_TRIP));
    }

    #[test]
    fn a_path_without_anything_in_flight_does_not_stall() {
        let zero = Instant::now();
        for end in [
            |flight: &mut Flight| flight.acknowledged(Instant::now(), Instant::now(), 1000, 40, ROUND_TRIP),
            |flight: &mut Flight| flight.lost(1000),
            // The packets of a handshake that is over.
            |flight: &mut Flight| flight.settled(0, false),
        ] {
            let mut flight = steady(zero);
            end(&mut flight);
            assert_eq!((flight.stalls_at(ROUND_TRIP), flight.unanswered_since()), (None, None));
        }
    }

    #[test]
    fn a_probe_for_a_larger_mtu_is_no_stall_and_what_is_that_large_later_is() {
        let zero = Instant::now();
        let mut flight = Flight::new(1200);
        flight.sent(zero, 1400, 0);
        assert_eq!(flight.stalls_at(ROUND_TRIP), None);
        flight.sent(zero, 1000, 1);
        flight.set_mtu(1400);
        flight.acknowledged(zero, zero, 1400, 0, ROUND_TRIP);
        assert!(flight.stalls_at(ROUND_TRIP).is_some());
        flight.lost(1000);
        flight.sent(zero, 1400, 2);
        assert!(flight.stalls_at(ROUND_TRIP).is_some());
    }

    #[test]
    fn a_round_trip_that_varies_is_waited_for_longer_and_a_short_one_no_less_than_60_ms() {
        let zero = Instant::now();
        let mut flight = Flight::new(1200);
        flight.sent(zero, 1000, 40);
        assert_eq!(flight.stalls_at(ROUND_TRIP), Some(at(zero, 100 + 200 + 25)));
        assert_eq!(steady(zero).stalls_at(Duration::from_millis(5)), Some(at(zero, 60)));
    }

    #[test]
    fn a_dead_path_is_told_of_a_number_of_times() {
        let zero = Instant::now();
        let mut flight = steady(zero);
        let told = (0..100_000).filter(|ms| flight.is_stall(at(zero, *ms), ROUND_TRIP)).count();
        assert_eq!((told, flight.stalls_at(ROUND_TRIP)), (MOST_TOLD as usize, None));
    }

    #[test]
    fn what_was_lost_and_went_out_by_another_path_keeps_this_one_busy_no_longer() {
        let mut flight = steady(Instant::now());
        flight.other_sent();
        assert!(flight.is_busy());
        flight.lost(1000);
        assert!(flight.is_busy());
        flight.other_sent();
        assert!(!flight.is_busy());
    }
}
