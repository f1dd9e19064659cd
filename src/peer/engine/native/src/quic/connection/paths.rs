//! Several paths of one connection (draft-ietf-quic-multipath). Without the extension a connection has one, number 0.

use std::time::Instant;

use noq_proto::{PathError, PathId, PathStats, PathStatus, VarInt};

use super::{
    super::ways::{self, Way},
    Connection,
};

/// A path that is open, or about to be.
pub struct Path {
    pub id: PathId,
    pub way: Way,
    /// Whether this side sends by it only if there is no other.
    pub is_backup: bool,
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
    pub fn open_path(&mut self, way: Way, is_backup: bool, now: Instant) -> Result<PathId, Refusal> {
        let at = self.time.at(now);
        let connection = self.live().ok_or(Refusal::NoMultipath)?;
        let opened = connection.open_path(ways::network_path(way), status(is_backup), at);
        opened.map_err(|error| match error {
            PathError::ServerSideNotAllowed => Refusal::Server,
            PathError::MaxPathIdReached => Refusal::Limit,
            PathError::RemoteCidsExhausted => Refusal::NoConnectionIds,
            // Made-up addresses are all IPv4, and a failed validation is told as an event.
            PathError::MultipathNotNegotiated | PathError::ValidationFailed | PathError::InvalidRemoteAddress(_) => {
                Refusal::NoMultipath
            }
        })
    }

    /// Closes a path. Returns `false` if it is the last one, or not open.
    pub fn close_path(&mut self, id: PathId, now: Instant) -> bool {
        let at = self.time.at(now);
        let closed = self.live().is_some_and(|connection| connection.close_path(at, id, VarInt::from_u32(0)).is_ok());
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

    /// Returns the paths, those that the other side has opened too.
    pub fn paths(&mut self) -> Vec<Path> {
        let Some(connection) = self.live() else { return Vec::new() };
        let ids = connection.paths();
        let path = |id| {
            let way = ways::way(connection.network_path(id).ok()?.remote());
            let is_backup = connection.path_status(id).ok()? == PathStatus::Backup;
            Some(Path { id, way, is_backup, stats: connection.path_stats(id)? })
        };
        ids.into_iter().filter_map(path).collect()
    }
}

fn status(is_backup: bool) -> PathStatus {
    if is_backup { PathStatus::Backup } else { PathStatus::Available }
}
