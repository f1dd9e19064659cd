//! The paths that are open. noq keeps to itself which path a datagram belongs to; the paths' counts tell.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use noq_proto::{Connection, PathId, PathStats};

use super::in_flight::{InFlight, PathFlight};

struct OpenPath {
    id: PathId,
    flight: Arc<PathFlight>,
    /// Datagrams, as far as they have been looked at.
    sent: u64,
    received: u64,
}

#[derive(Default)]
pub struct OpenPaths {
    all: Vec<OpenPath>,
    /// Those that are closed and that noq still has.
    closed: Vec<PathId>,
    /// How many paths noq had made at the last look.
    built: u64,
}

impl OpenPaths {
    /// Notes the paths that noq has made since the last look.
    pub fn refresh(&mut self, connection: &mut Connection, in_flight: &InFlight) {
        if in_flight.built() == self.built {
            return;
        }
        self.built = in_flight.built();
        let ids = connection.paths();
        self.closed.retain(|id| ids.contains(id));
        for id in ids.into_iter().filter(|id| !self.closed.contains(id)).collect::<Vec<_>>() {
            let flight = connection.congestion_state(id).and_then(PathFlight::of);
            if let Some(flight) = flight.filter(|_| !self.has(id)) {
                self.all.push(OpenPath { id, flight, sent: 0, received: 0 });
            }
        }
    }

    pub fn close(&mut self, id: PathId) {
        if self.has(id) {
            self.all.retain(|path| path.id != id);
            self.closed.push(id);
        }
    }

    pub fn has(&self, id: PathId) -> bool {
        self.all.iter().any(|path| path.id == id)
    }

    pub fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    pub fn ids(&self) -> impl Iterator<Item = PathId> {
        self.all.iter().map(|path| path.id)
    }

    /// The only one that is open, and path 0 before there is any.
    fn only(&self) -> PathId {
        self.all.first().map_or(PathId::ZERO, |path| path.id)
    }

    /// Returns the path that a train just left by.
    pub fn sender(&mut self, connection: &mut Connection) -> PathId {
        if !self.are_several() {
            return self.only();
        }
        let sender = self.counted(connection, |path| &mut path.sent, |stats| stats.udp_tx.datagrams);
        for path in self.all.iter().filter(|path| path.id != sender) {
            path.flight.flight().other_sent();
        }
        sender
    }

    /// Returns the path that a datagram just came by.
    pub fn receiver(&mut self, connection: &mut Connection) -> PathId {
        match self.are_several() {
            true => self.counted(connection, |path| &mut path.received, |stats| stats.udp_rx.datagrams),
            false => self.only(),
        }
    }

    /// Returns the path that has counted a datagram; path 0 if none has: it was of no path, or of a closed one. Of several it is the
    /// newest: an older one has counted others while it was alone.
    fn counted(
        &mut self,
        connection: &mut Connection,
        noted: fn(&mut OpenPath) -> &mut u64,
        count: fn(&PathStats) -> u64,
    ) -> PathId {
        let mut found = PathId::ZERO;
        for path in &mut self.all {
            let now = connection.path_stats(path.id).map_or(0, |stats| count(&stats));
            if std::mem::replace(noted(path), now) != now {
                found = path.id;
            }
        }
        found
    }

    pub fn unanswered_since(&self, id: PathId) -> Option<Instant> {
        self.all.iter().find(|path| path.id == id)?.flight.flight().unanswered_since()
    }

    /// When the newest packet of a path that has been acknowledged was sent.
    pub fn arrived(&self, id: PathId) -> Option<Instant> {
        self.all.iter().find(|path| path.id == id)?.flight.flight().arrived()
    }

    /// The shortest round trip of a path.
    pub fn shortest(&self, id: PathId) -> Duration {
        let path = self.all.iter().find(|path| path.id == id);
        path.map_or(Duration::ZERO, |path| path.flight.flight().shortest())
    }

    /// Since when all paths have gone unanswered; `None` if one waits for no answer, so it may be alive.
    pub fn all_unanswered_since(&self) -> Option<Instant> {
        let since = self.all.iter().map(|path| path.flight.flight().unanswered_since());
        since.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// When one of several paths stalls next.
    pub fn stalls_at(&self, connection: &Connection) -> Option<Instant> {
        let due = |path: &OpenPath| path.flight.flight().stalls_at(round_trip(connection, path.id));
        self.all.iter().filter(|_| self.are_several()).filter_map(due).min()
    }

    /// Returns those of several paths that have stalled, each once for each PTO.
    pub fn stalled(&self, connection: &Connection, now: Instant) -> Vec<PathId> {
        let is_stall = |path: &&OpenPath| path.flight.flight().is_stall(now, round_trip(connection, path.id));
        self.all.iter().filter(|_| self.are_several()).filter(is_stall).map(|path| path.id).collect()
    }
}

fn round_trip(connection: &Connection, id: PathId) -> Duration {
    connection.rtt(id).unwrap_or_default()
}
