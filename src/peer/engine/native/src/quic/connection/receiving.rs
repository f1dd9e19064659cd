//! Datagrams that come.

use std::time::Instant;

use bytes::BytesMut;
use noq_proto::{DatagramEvent, EcnCodepoint, PathId};

use super::{
    super::{events::End, remote},
    Connection, FAREWELLS, FIRST_ROUND_TRIP, frames,
};

/// The longest UDP payload that is received: what noq announces as max_udp_payload_size (RFC 9000 §18.2).
const MOST_BYTES: usize = 1472;

/// Returns a datagram as a buffer of that length would receive it. A longer one does not authenticate then. It would keep up to 64 KiB
/// where the number of datagrams is what bounds the memory.
pub fn as_received(datagram: &[u8]) -> &[u8] {
    &datagram[..datagram.len().min(MOST_BYTES)]
}

/// What a datagram was to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// By its connection ID; 0 if it has none of the connection's.
    pub path: PathId,
    /// Whether it was of use: not mangled, forged, late, of another connection or QUIC version, and no copy of another.
    pub is_useful: bool,
}

impl Connection {
    /// Takes one datagram.
    pub fn receive(&mut self, datagram: BytesMut, ecn: Option<EcnCodepoint>, now: Instant) -> Arrival {
        if is_other_version(&datagram) {
            return Arrival { path: PathId::ZERO, is_useful: false };
        }
        if self.live.is_none() {
            self.first = Some(datagram.clone());
        }
        let is_retry = self.time.is_stopped() && is_retry(&datagram);
        self.handle(datagram, ecn, self.time.if_started(now, FIRST_ROUND_TRIP));
        self.note_paths();
        let path = self.live.as_mut().map_or(PathId::ZERO, |(_, connection)| self.open_paths.receiver(connection));
        self.settle();
        self.look_at_certificate();
        self.collect_events();
        self.farewells = FAREWELLS.min(self.farewells + 1);
        self.unheard.received();
        let frames = self.live().map_or(0, |connection| frames::total(&connection.stats().frame_rx));
        // Every authenticated packet carries a frame (RFC 9000 §12.4), and Retry none.
        let is_useful = frames > self.frames || is_retry || self.end.is_some();
        self.frames = frames;
        if is_useful {
            self.time.start(now, FIRST_ROUND_TRIP);
            self.silence.heard(now);
        }
        Arrival { path, is_useful }
    }

    fn handle(&mut self, datagram: BytesMut, ecn: Option<EcnCodepoint>, at: Instant) {
        // Version Negotiation and stateless resets, which strangers would be answered with.
        let mut unsent = Vec::new();
        match self.endpoint.handle(at, remote::network_path(), ecn, datagram, &mut unsent) {
            Some(DatagramEvent::ConnectionEvent(_, event)) => {
                if let Some(connection) = self.live() {
                    connection.handle_event(event);
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) if self.live.is_none() && self.end.is_none() => {
                self.begin(incoming, at);
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.endpoint.ignore(incoming),
            Some(DatagramEvent::Response(_)) | None => {}
        }
    }

    fn begin(&mut self, incoming: noq_proto::Incoming, at: Instant) {
        let mut farewell = Vec::new();
        match self.endpoint.accept(incoming, at, &mut farewell, None) {
            Ok(live) => self.live = Some(live),
            Err(error) if error.response.is_some() => {
                self.finish(End::from(&error.cause));
                self.farewell = Some(farewell);
            }
            // It does not authenticate, so anybody may have sent it (RFC 9001 §5.5).
            Err(_) => {}
        }
    }
}

/// Retry answers a first flight that waits (RFC 9000 §17.2.5). noq ignores one whose integrity tag is wrong.
fn is_retry(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|byte| byte & 0xf0 == 0xf0)
}

/// A forged Version Negotiation packet would end the connection (RFC 9000 §6.2).
fn is_other_version(datagram: &[u8]) -> bool {
    const VERSION_1: [u8; 4] = [0, 0, 0, 1];
    let has_long_header = datagram.first().is_some_and(|byte| byte & 0x80 != 0);
    has_long_header && datagram.get(1..5) != Some(&VERSION_1)
}

#[cfg(test)]
mod tests {
    use noq_proto::EndpointConfig;

    use super::*;

    #[test]
    fn a_datagram_is_received_up_to_the_length_that_is_announced() {
        assert_eq!(EndpointConfig::default().get_max_udp_payload_size(), MOST_BYTES as u64);
        assert_eq!(as_received(&[0; MOST_BYTES]).len(), MOST_BYTES);
        assert_eq!(as_received(&[0; 65_507]).len(), MOST_BYTES);
    }
}
