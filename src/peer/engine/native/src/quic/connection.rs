//! One QUIC connection without I/O: datagrams and time in, datagrams and deadlines out.

mod closing;
mod frames;
pub mod paths;
pub mod receiving;
mod recent;
mod telling;
mod timing;
mod unheard;

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use noq_proto::{ConnectionHandle, EcnCodepoint, Endpoint, EndpointEvent, PathId};

use self::{recent::Recent, unheard::Unheard};
use super::{
    cids::Cids,
    events::{End, Event},
    in_flight::InFlight,
    inbound::Inbound,
    open_paths::OpenPaths,
    options::{Invalid, Options},
    received::Received,
    remote,
    silence::Silence,
    stopwatch::Stopwatch,
    trust::Verifier,
};

/// Whether packets may go out. Nothing that identifies this side leaves before the other side is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Nothing is left to judge: TLS does it all, or the judgement was that the other side is trusted.
    Open,
    /// The certificate is not there yet.
    Waiting,
    /// The certificate is there, and packets wait.
    Judging,
}

/// A connection, and an endpoint of its own, as its connection IDs are of a key of its own.
pub struct Connection {
    endpoint: Endpoint,
    /// `None` on a server before the first packets, and if they are refused.
    pub(super) live: Option<(ConnectionHandle, noq_proto::Connection)>,
    /// A server's settings, and the datagram that its connection began with until it is answered.
    server: Option<Arc<noq_proto::ServerConfig>>,
    first: Option<BytesMut>,
    pub(super) inbound: Inbound,
    pub(super) received: Received,
    /// Flow control window of the connection once the other side is trusted.
    window_bytes: u32,
    /// The CONNECTION_CLOSE to a client whose first packets are refused.
    farewell: Option<Vec<u8>>,
    /// Events for the endpoint that wait for more connection IDs.
    waiting: VecDeque<EndpointEvent>,
    cids: Arc<Cids>,
    /// The limit of connection IDs that [`Event::CidsRunLow`] was last told for.
    told_limit: Option<u32>,
    verifier: Option<Arc<Verifier>>,
    gate: Gate,
    time: Stopwatch,
    silence: Silence,
    unheard: Unheard,
    in_flight: InFlight,
    open_paths: OpenPaths,
    /// Of the path that left a train last, of those that [`Self::keep`] was called for.
    recent: (PathId, Recent),
    end: Option<End>,
    events: VecDeque<Event>,
    /// Frames that have come.
    frames: u64,
    /// How many datagrams may still be sent after the end: repeated CONNECTION_CLOSE.
    farewells: u8,
}

/// Datagrams of one length and one path; the last may be shorter.
pub struct Train {
    pub path: PathId,
    pub datagram_bytes: usize,
    pub ecn: Option<EcnCodepoint>,
    /// When it was made, by the connection's own time.
    at: Instant,
}

/// The most datagrams with CONNECTION_CLOSE that go out unasked. A later one answers a datagram that came (RFC 9000 §10.2.1).
const FAREWELLS: u8 = 2;

/// Server name where none is requested. rustls wants one, and sends none that is an IP address (RFC 6066 §3).
const NO_NAME: &str = "0.0.0.0";

/// What a dialer's connection takes the first round trip for, whose real length the delay of the delivery hides. A relay is rarely
/// farther away; the estimate follows what is measured (RFC 9002 §5.3).
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(50);

/// QUIC's error for the TLS alert bad_certificate (RFC 9001 §4.8, RFC 8446 §6).
const BAD_CERTIFICATE: u32 = 0x12a;

/// QUIC's error for a path that cannot support it (RFC 9000 §20.1).
const NO_VIABLE_PATH: u32 = 0x10;

impl Connection {
    /// Begins as a client.
    pub fn connect(mut options: Options, name: Option<&str>, now: Instant) -> Result<Self, Invalid> {
        let in_flight = InFlight::default();
        let config = options.client(&in_flight)?;
        let mut this = Self::new(options, None, in_flight, now);
        this.live = Some(this.endpoint.connect(now, config, remote::ADDRESS, name.unwrap_or(NO_NAME))?);
        this.note_paths();
        Ok(this)
    }

    /// Begins as a server. The connection is there once [`Self::receive`] has had a client's first packet.
    pub fn accept(mut options: Options, now: Instant) -> Result<Self, Invalid> {
        let in_flight = InFlight::default();
        let server = options.server(&in_flight)?;
        Ok(Self::new(options, Some(server), in_flight, now))
    }

    fn new(options: Options, server: Option<Arc<noq_proto::ServerConfig>>, in_flight: InFlight, now: Instant) -> Self {
        Self {
            endpoint: Endpoint::new(options.endpoint(), server.clone(), true),
            server,
            live: None,
            first: None,
            inbound: Inbound::new(options.first_window_bytes(), options.max_streams),
            window_bytes: options.connection_window_bytes,
            received: Received::new(options.datagram_queue),
            farewell: None,
            waiting: VecDeque::new(),
            gate: if options.is_judged { Gate::Waiting } else { Gate::Open },
            silence: Silence::new(now, options.idle_timeout),
            unheard: Unheard::default(),
            cids: options.cids,
            told_limit: None,
            verifier: options.verifier,
            time: Stopwatch::running(),
            in_flight,
            open_paths: OpenPaths::default(),
            recent: (PathId::ZERO, Recent::default()),
            end: None,
            events: VecDeque::new(),
            frames: 0,
            farewells: FAREWELLS,
        }
    }

    pub fn live(&mut self) -> Option<&mut noq_proto::Connection> {
        self.live.as_mut().map(|(_, connection)| connection)
    }

    /// Writes the next datagram to `out`, and returns its path.
    pub fn transmit(&mut self, out: &mut Vec<u8>, now: Instant) -> Option<PathId> {
        self.transmit_train(out, NonZeroUsize::MIN, now).map(|train| train.path)
    }

    /// Writes up to `most` datagrams of one path to `out`, one after the other.
    pub fn transmit_train(&mut self, out: &mut Vec<u8>, most: NonZeroUsize, now: Instant) -> Option<Train> {
        out.clear();
        // Whoever has heard of the end reads no more.
        if self.end.is_some() && self.events.is_empty() {
            self.inbound.give_up();
        }
        if let Some(farewell) = self.farewell.take() {
            *out = farewell;
            return Some(Train { path: PathId::ZERO, datagram_bytes: out.len(), ecn: None, at: self.time.at(now) });
        }
        if self.time.is_stopped() || self.gate == Gate::Judging {
            return None;
        }
        let at = self.time.at(now);
        let (farewells, may_send) = (self.farewells, self.unheard.may_send(&self.in_flight));
        let (_, connection) = self.live.as_mut()?;
        let is_farewell = connection.is_closed();
        if is_farewell && farewells == 0 || !is_farewell && !may_send {
            return None;
        }
        let transmit = connection.poll_transmit(at, most, out)?;
        let path = self.open_paths.sender(connection);
        self.farewells -= u8::from(is_farewell);
        self.first = None;
        self.silence.sent(now, !self.in_flight.is_none());
        let datagram_bytes = transmit.segment_size.unwrap_or(transmit.size);
        if self.unheard.sent(transmit.size.div_ceil(datagram_bytes) as u32) {
            self.close(NO_VIABLE_PATH.into(), "too many packets are unacknowledged", now);
        }
        self.settle();
        Some(Train { path, datagram_bytes, ecn: transmit.ecn, at })
    }

    /// Lets packets go out to a trusted peer, or ends the connection.
    pub fn judge(&mut self, is_trusted: bool, now: Instant) {
        self.gate = Gate::Open;
        if !is_trusted {
            return self.close(BAD_CERTIFICATE.into(), "the certificate is not trusted", now);
        }
        if let Some((_, connection)) = self.live.as_mut() {
            self.inbound.set_window(connection, self.window_bytes);
        }
    }

    /// Whether the other side has acknowledged all that it has to.
    pub fn is_quiet(&self) -> bool {
        self.in_flight.is_none()
    }

    /// Makes the next packet one that the other side has to acknowledge.
    pub fn ping(&mut self) {
        if let Some(connection) = self.live() {
            connection.ping();
        }
    }

    /// The application protocol that both sides agreed on (RFC 7301); empty before.
    pub fn application_protocol(&mut self) -> String {
        let data = self.live().and_then(|connection| connection.crypto_session().handshake_data());
        let data = data.and_then(|any| any.downcast::<noq_proto::crypto::rustls::HandshakeData>().ok());
        data.and_then(|data| data.protocol).map_or_else(String::new, |name| String::from_utf8_lossy(&name).into_owned())
    }

    /// Writes a key to `out` that both sides, and nobody else, derive from the handshake (RFC 8446 §7.5). Returns whether it is there yet.
    pub fn export_key(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> bool {
        self.live().is_some_and(|connection| connection.crypto_session().export_keying_material(out, label, context).is_ok())
    }

    /// Raises the number of connection IDs that may be issued.
    pub fn raise_cid_limit(&mut self, limit: u32) {
        self.cids.raise(limit);
        self.settle();
    }

    #[cfg(test)]
    pub fn cids(&self) -> &Cids {
        &self.cids
    }

    pub fn certificates(&self) -> &[rustls::pki_types::CertificateDer<'static>] {
        self.verifier.as_ref().map_or(&[], |verifier| verifier.presented())
    }

    /// Moves events from the connection to its endpoint and back, as far as there are connection IDs for it.
    fn settle(&mut self) {
        let Some((handle, connection)) = self.live.as_mut() else { return };
        while let Some(event) = connection.poll_endpoint_events() {
            match event.is_drained() || event.is_draining() {
                true => drop(self.endpoint.handle_event(*handle, event)),
                false => self.waiting.push_back(event),
            }
        }
        while self.cids.suffice() {
            let Some(event) = self.waiting.pop_front() else { break };
            if let Some(answer) = self.endpoint.handle_event(*handle, event) {
                connection.handle_event(answer);
            }
        }
        // No registration can grow before it is there, which a client's may not be earlier.
        let near = self.cids.limit_if_near().filter(|_| !connection.is_handshaking() && self.end.is_none());
        if near > self.told_limit {
            self.told_limit = near;
            self.events.push_back(Event::CidsRunLow);
        }
    }
}
