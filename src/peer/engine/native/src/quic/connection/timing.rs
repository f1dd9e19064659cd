//! The time of a connection: its first flight, its deadlines, and paths that are being repaired.

use std::time::{Duration, Instant};

use super::{
    super::{events::Event, silence},
    Connection,
};

impl Connection {
    /// Returns a client's first flight, for the caller to deliver. Time stands still for the connection until something of use
    /// comes, as the delay of the delivery is neither loss nor a round trip, or until [`Self::retransmit`].
    pub fn first_flight(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut flight = Vec::new();
        let mut datagram = Vec::new();
        while self.transmit(&mut datagram, now).is_some() {
            flight.push(std::mem::take(&mut datagram));
        }
        self.time.stop(now);
        flight
    }

    /// Lets time go on from the moment when the first flight counts as lost.
    pub fn retransmit(&mut self, now: Instant) {
        let due = self.live.as_ref().and_then(|(_, connection)| connection.poll_timeout());
        let passed = due.map_or(Duration::ZERO, |due| due.saturating_duration_since(self.time.at(now)));
        self.time.start(now, passed);
    }

    /// Whether nothing of use has come since [`Self::first_flight`].
    pub fn is_waiting(&self) -> bool {
        self.time.is_stopped()
    }

    /// Returns when [`Self::on_timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        if self.time.is_stopped() {
            return None;
        }
        if let Some(held_until) = self.silence.held_until() {
            return Some(held_until);
        }
        let (_, connection) = self.live.as_ref()?;
        let due = connection.poll_timeout().into_iter().chain(self.open_paths.stalls_at(connection)).min();
        due.map(|due| self.time.undo(due))
    }

    pub fn on_timeout(&mut self, now: Instant) {
        self.silence.release();
        let at = self.time.at(now);
        let Some((_, connection)) = self.live.as_mut() else { return };
        let stalled = self.open_paths.stalled(connection, at);
        self.events.extend(stalled.into_iter().map(Event::PathStalled));
        if connection.poll_timeout().is_none_or(|due| due > at) {
            return;
        }
        if self.is_stall(now) {
            // What is due stays so, for a listener that does not hold it.
            return self.events.push_back(Event::Stalled);
        }
        self.unheard.timed_out();
        if let Some(connection) = self.live() {
            connection.handle_timeout(at);
        }
        self.settle();
    }

    /// Whether the connection as a whole goes unanswered. One of several paths that does has an event of its own.
    fn is_stall(&mut self, now: Instant) -> bool {
        let Some((_, connection)) = self.live.as_ref() else { return false };
        let round_trip = self.open_paths.ids().filter_map(|id| connection.rtt(id)).max().unwrap_or_default();
        let since = self.open_paths.all_unanswered_since();
        let waited = since.map_or(Duration::ZERO, |since| self.time.at(now).saturating_duration_since(since));
        let may_stall = !self.open_paths.are_several() || waited > silence::patience(round_trip);
        may_stall && self.silence.is_stall(now, round_trip)
    }

    /// How long nothing of use has come.
    pub fn silent_for(&self, now: Instant) -> Duration {
        self.silence.lasts(now)
    }

    /// Spends no probe on a path that is being repaired: every one doubles the wait for the next (RFC 9002 §6.2.1). Silence still
    /// ends the connection. It holds nothing while one of several paths may be alive.
    pub fn hold(&mut self) {
        if self.open_paths.are_several() && self.open_paths.all_unanswered_since().is_none() {
            return;
        }
        let parameters = self.live().and_then(|connection| connection.crypto_session().transport_parameters().ok().flatten());
        self.silence.hold(parameters.as_ref().and_then(silence::idle_timeout_of));
    }

    /// Ends a [`Self::hold`]. What is overdue is due now.
    pub fn release(&mut self) {
        self.silence.release();
    }
}
