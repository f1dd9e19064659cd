//! What has come in one turn, and what waits for its turn.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use noq_proto::PathId;

use crate::quic::connection::receiving::{Arrival, as_received};

use super::{inbox::Incoming, routes::Receiver, socket, sources::Origin};

/// What a datagram of no connection costs the caller at most, which is not measured: one with a thousand frames.
const COST_OF_OTHER: Duration = Duration::from_micros(40);

/// What has come.
#[derive(Default)]
pub struct Received {
    /// A connection may come twice.
    pub connections: Vec<ForConnection>,
    pub others: Vec<Other>,
    /// Whether there was anything, or something waits for its turn.
    pub is_any: bool,
}

/// What has come for a connection.
pub struct ForConnection {
    pub number: u32,
    /// Datagrams that were of no use to it, detours aside.
    pub refused: u32,
    /// Datagrams of another path than the first that came by the relay, copies of others too.
    pub detours: u32,
}

/// A datagram of no connection.
pub struct Other {
    pub datagram: Vec<u8>,
    /// Its two ECN bits (RFC 3168 §5).
    pub ecn: u8,
    pub from: SocketAddr,
}

/// A datagram that waits for its turn.
pub enum Waiting {
    Own { receiver: Receiver, bytes: BytesMut, ecn: Option<noq_proto::EcnCodepoint>, origin: Origin },
    Other(Other),
}

impl Waiting {
    pub fn own(receiver: &Receiver, datagram: &Incoming<'_>, origin: Origin) -> Self {
        Self::Own {
            receiver: receiver.clone(),
            // A copy of its own: a stream may keep a few bytes of one datagram, which would keep the whole message.
            bytes: BytesMut::from(as_received(datagram.bytes)),
            ecn: datagram.ecn.and_then(|it| noq_proto::EcnCodepoint::from_bits(it as u8)),
            origin,
        }
    }

    pub fn other(datagram: &Incoming<'_>) -> Self {
        Self::Other(Other {
            datagram: as_received(datagram.bytes).to_vec(),
            ecn: datagram.ecn.map_or(0, |it| it as u8),
            from: socket::source(datagram.from).into(),
        })
    }
}

impl Received {
    /// Returns how long it took, or what it will cost.
    pub fn take(&mut self, waiting: Waiting) -> Duration {
        match waiting {
            Waiting::Own { receiver: Receiver { connection, number }, bytes, ecn, origin } => {
                let now = Instant::now();
                let arrival = connection.with(|connection| connection.receive(bytes, ecn, now));
                self.count(number, arrival, origin);
                now.elapsed()
            }
            Waiting::Other(other) => {
                self.others.push(other);
                COST_OF_OTHER
            }
        }
    }

    fn count(&mut self, number: u32, arrival: Option<Arrival>, origin: Origin) {
        if self.connections.last().is_none_or(|last| last.number != number) {
            self.connections.push(ForConnection { number, refused: 0, detours: 0 });
        }
        let Some(last) = self.connections.last_mut() else { return };
        match arrival {
            Some(Arrival { path, .. }) if path != PathId::ZERO && origin == Origin::Relay => last.detours += 1,
            Some(Arrival { is_useful: true, .. }) => {}
            _ => last.refused += 1,
        }
    }
}
