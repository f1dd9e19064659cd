//! Packets to a side that acknowledges none.
//!
//! noq keeps a record of each packet from the oldest unacknowledged one on, also of packets that only acknowledge. A side that keeps
//! sending and never acknowledges would have it keep ever more of them.

use super::InFlight;

/// Packets that go out freely after the last acknowledgement, beside those that fit the congestion window.
const FREE: u32 = 3000;

/// Packets after which the connection ends, beside the same. noq's list of 8192 records takes 2 MB, 3 MB while it grows.
const MAX: u32 = 8000;

/// Bytes of a full packet.
const PACKET_BYTES: u64 = 1200;

/// Beyond [`FREE`], how many datagrams that come allow one packet. Acknowledgements are cumulative.
const DATAGRAMS_PER_PACKET: u32 = 64;

/// Beyond [`FREE`], how many packets a timer allows: probes (RFC 9002 §6.2.4).
const PACKETS_PER_TIMEOUT: u32 = 2;

#[derive(Default)]
pub struct Unheard {
    acknowledged: u64,
    /// Packets since.
    sent: u32,
    received: u32,
    allowed: u32,
    /// Packets that fit the congestion window.
    window: u32,
}

impl Unheard {
    /// Returns whether a packet may go out now.
    pub fn may_send(&mut self, in_flight: &InFlight) -> bool {
        let acknowledged = in_flight.acknowledged();
        if acknowledged != self.acknowledged || in_flight.is_none() {
            *self = Self { acknowledged, ..Self::default() };
        }
        self.window = u32::try_from(in_flight.window_bytes() / PACKET_BYTES).unwrap_or(u32::MAX - MAX);
        self.sent < FREE + self.window || self.allowed > 0
    }

    /// Counts packets. Returns whether they were the last.
    pub fn sent(&mut self, packets: u32) -> bool {
        self.sent += packets;
        self.allowed = self.allowed.saturating_sub(packets);
        self.sent >= MAX + self.window
    }

    pub fn received(&mut self) {
        self.received += 1;
        if self.received.is_multiple_of(DATAGRAMS_PER_PACKET) {
            self.allowed = PACKETS_PER_TIMEOUT.min(self.allowed + 1);
        }
    }

    pub fn timed_out(&mut self) {
        self.allowed = PACKETS_PER_TIMEOUT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_that_nobody_acknowledges_become_rare_and_then_end() {
        let (busy, _path) = InFlight::busy();
        let mut unheard = Unheard::default();
        let mut datagrams = 0_u32;
        let sent = loop {
            datagrams += 1;
            unheard.received();
            if unheard.may_send(&busy) && unheard.sent(1) {
                break unheard.sent;
            }
        };
        assert_eq!(sent, MAX);
        assert!(datagrams > (MAX - FREE) * DATAGRAMS_PER_PACKET);
    }

    #[test]
    fn a_timer_lets_probes_out() {
        let (busy, _path) = InFlight::busy();
        let mut unheard = Unheard::default();
        while unheard.may_send(&busy) {
            assert!(!unheard.sent(1));
        }
        unheard.timed_out();
        for _ in 0..PACKETS_PER_TIMEOUT {
            assert!(unheard.may_send(&busy));
            unheard.sent(1);
        }
        assert!(!unheard.may_send(&busy));
    }

    #[test]
    fn the_packets_of_a_train_count_each() {
        let (busy, _path) = InFlight::busy();
        let mut unheard = Unheard::default();
        let mut trains = 0;
        while unheard.may_send(&busy) {
            unheard.sent(40);
            trains += 1;
        }
        assert_eq!(trains, FREE / 40);
    }

    #[test]
    fn what_waits_for_no_acknowledgement_goes_out_for_ever() {
        let mut unheard = Unheard::default();
        for _ in 0..2 * MAX {
            assert!(unheard.may_send(&InFlight::default()));
            assert!(!unheard.sent(1));
        }
    }
}
