//! Datagrams that left by one path lately. If it is dead, they are lost, and can go by another at once: noq sends their content again
//! only when it has learned from what it sent later that they are lost, which takes a round trip more.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Bytes that are kept: half a second of 16 MB/s. A faster sender loses the time of a round trip.
const MOST_BYTES: usize = 8 << 20;
/// How long they are kept, as what only acknowledges is never acknowledged.
const LONGEST: Duration = Duration::from_secs(1);
/// Bytes that are sent again at once, beside the rest of a train: some three initial windows (RFC 9002 §7.2), or 0.4 s of 1 Mbit/s.
const AT_ONCE: usize = 48 * 1024;

/// A train that has left.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    at: Instant,
    pub bytes: Vec<u8>,
    pub datagram_bytes: usize,
}

#[derive(Default)]
pub struct Recent {
    trains: VecDeque<Kept>,
    bytes: usize,
}

impl Recent {
    pub fn is_empty(&self) -> bool {
        self.trains.is_empty()
    }

    pub fn keep(&mut self, at: Instant, bytes: &[u8], datagram_bytes: usize) {
        self.trains.push_back(Kept { at, bytes: bytes.to_vec(), datagram_bytes });
        self.bytes += bytes.len();
        self.forget(|oldest, bytes| bytes > MOST_BYTES || at.saturating_duration_since(oldest) > LONGEST);
    }

    /// Forgets what left before a time: something later was acknowledged.
    pub fn forget_before(&mut self, time: Instant) {
        self.forget(|oldest, _| oldest < time);
    }

    /// Forgets everything, and returns the oldest of it that is not too old: a stream waits for that.
    pub fn take(&mut self, now: Instant) -> Vec<Kept> {
        self.forget(|oldest, _| now.saturating_duration_since(oldest) > LONGEST);
        let mut bytes = 0;
        let is_early = |train: &Kept| {
            let is_room = bytes < AT_ONCE;
            bytes += train.bytes.len();
            is_room
        };
        std::mem::take(self).trains.into_iter().take_while(is_early).collect()
    }

    fn forget(&mut self, is_over: impl Fn(Instant, usize) -> bool) {
        while self.trains.front().is_some_and(|oldest| is_over(oldest.at, self.bytes)) {
            self.bytes -= self.trains.pop_front().map_or(0, |train| train.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zero: Instant, ms: u64) -> Instant {
        zero + Duration::from_millis(ms)
    }

    /// Trains of 1000 bytes, which left at these times.
    fn kept(zero: Instant, times: impl IntoIterator<Item = u64>) -> Recent {
        let mut recent = Recent::default();
        times.into_iter().for_each(|ms| recent.keep(at(zero, ms), &[0; 1000], 1000));
        recent
    }

    fn times(zero: Instant, recent: &mut Recent) -> Vec<u128> {
        let now = recent.trains.back().map_or(zero, |newest| newest.at);
        recent.take(now).iter().map(|train| (train.at - zero).as_millis()).collect()
    }

    #[test]
    fn what_left_after_the_last_that_arrived_is_kept_the_oldest_first() {
        let zero = Instant::now();
        let mut recent = kept(zero, [0, 10, 10, 20]);
        recent.forget_before(at(zero, 10));
        assert_eq!(times(zero, &mut recent), [10, 10, 20], "some of a train may be under way when another of it has arrived");
        assert!(recent.is_empty() && recent.take(zero).is_empty());
    }

    #[test]
    fn no_more_is_sent_again_than_a_new_path_may_be_sent() {
        let zero = Instant::now();
        assert_eq!(times(zero, &mut kept(zero, 0..500)), (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_train_is_sent_again_however_long_it_is() {
        let zero = Instant::now();
        let mut recent = Recent::default();
        [0, 1].into_iter().for_each(|ms| recent.keep(at(zero, ms), &[0; AT_ONCE + 1], 1000));
        assert_eq!(times(zero, &mut recent), [0]);
    }

    #[test]
    fn what_is_a_second_old_is_forgotten() {
        let zero = Instant::now();
        assert_eq!(times(zero, &mut kept(zero, [0, 999, 1000, 1001])), [999, 1000, 1001]);
        assert!(kept(zero, [0, 999]).take(at(zero, 2000)).is_empty(), "also if nothing was kept since");
    }

    #[test]
    fn eight_megabytes_are_kept_at_most() {
        let zero = Instant::now();
        let recent = kept(zero, (0..9000).map(|number| number / 10));
        assert!((MOST_BYTES - 1000..=MOST_BYTES).contains(&recent.bytes), "{} bytes", recent.bytes);
    }
}
