//! Several paths of one connection (draft-ietf-quic-multipath). Without the extension a connection has one, number 0.

use std::time::{Duration, Instant};

use noq_proto::{PathError, PathId, PathStats, PathStatus, VarInt};

use super::{
    super::remote,
    Connection, Train,
    recent::{Kept, Recent},
};

/// A path that is open, or about to be.
pub struct Path {
    pub id: PathId,
    /// Whether this side sends by it only if there is no other.
    pub is_backup: bool,
    /// How long nothing has been acknowledged of what is in flight; zero if nothing is.
    pub unanswered: Duration,
    pub stats: PathStats,
}

/// The reason why no path is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The other side has no multipath, or the handshake is not over.
    NoMultipath,
    /// Only a client opens paths.
    Server,
    /// One of the sides allows no more of them.
    Limit,
    /// The other side has not issued connection IDs for another path yet.
    NoConnectionIds,
}

impl Connection {
    pub fn open_path(&mut self, is_backup: bool, now: Instant) -> Result<PathId, Refusal> {
        let at = self.time.at(now);
        let connection = self.live().ok_or(Refusal::NoMultipath)?;
        let opened = connection.open_path(remote::network_path(), status(is_backup), at);
        let opened = opened.map_err(|error| match error {
            PathError::ServerSideNotAllowed => Refusal::Server,
            PathError::MaxPathIdReached => Refusal::Limit,
            PathError::RemoteCidsExhausted => Refusal::NoConnectionIds,
            // The made-up address is IPv4, and a failed validation is told as an event.
            PathError::MultipathNotNegotiated | PathError::ValidationFailed | PathError::InvalidRemoteAddress(_) => {
                Refusal::NoMultipath
            }
        });
        self.note_paths();
        opened
    }

    /// Closes a path. Returns `false` if it is the last one, or not open.
    pub fn close_path(&mut self, id: PathId, now: Instant) -> bool {
        let at = self.time.at(now);
        let closed = self.live().is_some_and(|connection| connection.close_path(at, id, VarInt::from_u32(0)).is_ok());
        if closed {
            self.forget_path(id);
        }
        self.settle();
        closed
    }

    /// Sets whether this side sends by a path only if there is no other, and tells the other side. Returns `false` if the path is
    /// not open.
    pub fn set_path_backup(&mut self, id: PathId, is_backup: bool) -> bool {
        self.live().is_some_and(|connection| connection.set_path_status(id, status(is_backup)).is_ok())
    }

    /// Makes the next packet on a path one that the other side has to acknowledge. Returns `false` if the path is not open.
    pub fn ping_path(&mut self, id: PathId) -> bool {
        self.live().is_some_and(|connection| connection.ping_path(id).is_ok())
    }

    /// Returns the paths that are open or being opened, by either side.
    pub fn paths(&mut self, now: Instant) -> Vec<Path> {
        let at = self.time.at(now);
        let Some((_, connection)) = self.live.as_mut() else { return Vec::new() };
        let open_paths = &self.open_paths;
        let path = |id| {
            let since = open_paths.unanswered_since(id);
            Some(Path {
                id,
                is_backup: connection.path_status(id).ok()? == PathStatus::Backup,
                unanswered: since.map_or(Duration::ZERO, |since| at.saturating_duration_since(since)),
                stats: connection.path_stats(id)?,
            })
        };
        open_paths.ids().filter_map(path).collect()
    }

    /// Size up to which packets of the first path have arrived (RFC 8899).
    pub fn first_path_bytes(&mut self) -> usize {
        let stats = self.live().and_then(|connection| connection.path_stats(PathId::ZERO));
        stats.map_or(0, |stats| stats.current_mtu.into())
    }

    /// Keeps nothing of a path that is closed.
    pub(super) fn forget_path(&mut self, id: PathId) {
        self.open_paths.close(id);
        if self.recent.0 == id {
            self.recent = (PathId::ZERO, Recent::default());
        }
    }

    /// The shortest round trip of a path, which no queue makes longer; zero before there is one.
    pub fn shortest_round_trip(&self, id: PathId) -> Duration {
        self.open_paths.shortest(id)
    }

    /// Keeps a copy of a train that leaves by its path alone, in case that turns out to be dead.
    pub fn keep(&mut self, train: &Train, bytes: &[u8]) {
        if self.recent.0 != train.path {
            self.recent = (train.path, Recent::default());
        }
        let (path, recent) = &mut self.recent;
        recent.keep(train.at, bytes, train.datagram_bytes);
        if let Some(arrived) = self.open_paths.arrived(*path) {
            recent.forget_before(arrived);
        }
    }

    /// Returns the oldest of what was kept and has not been acknowledged, and forgets all of it.
    pub fn take_kept(&mut self, now: Instant) -> Vec<Kept> {
        let at = self.time.at(now);
        let (path, recent) = &mut self.recent;
        if recent.is_empty() {
            return Vec::new();
        }
        if let Some(arrived) = self.open_paths.arrived(*path) {
            recent.forget_before(arrived);
        }
        recent.take(at)
    }

    /// Takes notice of paths that were opened.
    pub(super) fn note_paths(&mut self) {
        if let Some((_, connection)) = self.live.as_mut() {
            self.open_paths.refresh(connection, &self.in_flight);
        }
    }
}

fn status(is_backup: bool) -> PathStatus {
    if is_backup { PathStatus::Backup } else { PathStatus::Available }
}
