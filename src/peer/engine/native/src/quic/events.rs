//! What happened to a connection, for whoever drives it.

use noq_proto::{ConnectionError, Dir, PathAbandonReason, PathEvent, PathId, PathStatus, StreamEvent, StreamId, VarInt};

pub enum Event {
    /// The handshake is complete on this side.
    Established,
    /// The other side has completed it too (RFC 9001 §4.1.2).
    Confirmed,
    /// The other side's certificate is known, and packets wait until it is judged.
    Presented,
    /// The connection is over. Nothing follows.
    Ended,
    /// The other side has opened streams, for [`Connection::accept_stream`].
    ///
    /// [`Connection::accept_stream`]: super::connection::Connection::accept_stream
    Opened(Dir),
    Readable(StreamId),
    Writable(StreamId),
    /// Everything that was written to the stream, and its end, has been acknowledged.
    Finished(StreamId),
    /// The other side no longer reads (STOP_SENDING).
    Stopped(StreamId, VarInt),
    /// The other side allows more streams.
    Allowed(Dir),
    /// Packets go unanswered on all paths, so the connection may be broken.
    Stalled,
    /// Datagrams have come, and none waited before.
    DatagramReceived,
    DatagramsUnblocked,
    /// Few connection IDs are left below the limit. Told once for each limit.
    CidsRunLow,
    /// A path has been opened by either side, and carries packets.
    PathOpened(PathId),
    /// A path is closed, and the one who closed it: silence for longer than the path's idle timeout, too.
    PathClosed(PathId, EndedBy),
    /// The other side sends by a path only if there is no other, or does again. This side's choice stays as it is.
    PathPreferred {
        id: PathId,
        is_backup: bool,
    },
    /// Of several paths, one whose packets go unanswered for a PTO. Told again after each further one.
    PathStalled(PathId),
}

impl Event {
    /// `None` for what nobody asks about.
    pub fn from_noq(event: noq_proto::Event) -> Option<Self> {
        Some(match event {
            noq_proto::Event::Connected => Self::Established,
            noq_proto::Event::HandshakeConfirmed => Self::Confirmed,
            noq_proto::Event::DatagramsUnblocked => Self::DatagramsUnblocked,
            noq_proto::Event::Stream(StreamEvent::Opened { dir }) => Self::Opened(dir),
            noq_proto::Event::Stream(StreamEvent::Readable { id }) => Self::Readable(id),
            noq_proto::Event::Stream(StreamEvent::Writable { id }) => Self::Writable(id),
            noq_proto::Event::Stream(StreamEvent::Finished { id }) => Self::Finished(id),
            noq_proto::Event::Stream(StreamEvent::Stopped { id, error_code }) => Self::Stopped(id, error_code),
            noq_proto::Event::Stream(StreamEvent::Available { dir }) => Self::Allowed(dir),
            noq_proto::Event::Path(PathEvent::Established { id, .. }) => Self::PathOpened(id),
            noq_proto::Event::Path(PathEvent::Abandoned { id, reason, .. }) => Self::PathClosed(id, closed_by(&reason)),
            noq_proto::Event::Path(PathEvent::RemoteStatus { id, status, .. }) => {
                Self::PathPreferred { id, is_backup: status == PathStatus::Backup }
            }
            _ => return None,
        })
    }
}

fn closed_by(reason: &PathAbandonReason) -> EndedBy {
    match reason {
        PathAbandonReason::RemoteAbandoned { .. } => EndedBy::OtherSide,
        PathAbandonReason::TimedOut => EndedBy::Silence,
        _ => EndedBy::ThisSide,
    }
}

/// The reason for the end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub by: EndedBy,
    /// The error code, in the space of `is_application`.
    pub code: u64,
    pub is_application: bool,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    ThisSide,
    OtherSide,
    /// Nothing came for too long (RFC 9000 §10.1), or a stateless reset (§10.3).
    Silence,
}

impl From<&ConnectionError> for End {
    fn from(error: &ConnectionError) -> Self {
        let (by, code, is_application, reason) = match error {
            ConnectionError::TransportError(error) => (EndedBy::ThisSide, error.code.into(), false, error.reason.clone()),
            ConnectionError::ConnectionClosed(close) => (EndedBy::OtherSide, close.error_code.into(), false, text(&close.reason)),
            ConnectionError::ApplicationClosed(close) => {
                (EndedBy::OtherSide, close.error_code.into_inner(), true, text(&close.reason))
            }
            ConnectionError::LocallyClosed => (EndedBy::ThisSide, 0, true, String::new()),
            ConnectionError::TimedOut | ConnectionError::Reset => (EndedBy::Silence, 0, false, error.to_string()),
            // Neither other versions nor a lack of connection IDs occurs here.
            other => (EndedBy::ThisSide, noq_proto::TransportErrorCode::INTERNAL_ERROR.into(), false, other.to_string()),
        };
        Self { by, code, is_application, reason }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
