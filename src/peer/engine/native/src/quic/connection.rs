//! One QUIC connection without I/O: datagrams and time in, datagrams and deadlines out.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use noq_proto::FrameStats;
use noq_proto::{ConnectionHandle, DatagramEvent, EcnCodepoint, Endpoint, EndpointEvent, PathId, VarInt};

use super::{
    cids::Cids,
    events::{End, EndedBy, Event},
    in_flight::BusyPaths,
    options::{Invalid, Options, Server},
    silence::{self, Silence},
    stopwatch::Stopwatch,
    trust::Verifier,
    ways::{self, Way},
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
    /// `None` on a client.
    server: Option<Server>,
    /// `None` on a server before the first packets, and if they are refused.
    live: Option<(ConnectionHandle, noq_proto::Connection)>,
    /// The CONNECTION_CLOSE to a client whose first packets are refused.
    farewell: Option<(Way, Vec<u8>)>,
    /// Events for the endpoint that wait for more connection IDs.
    waiting: VecDeque<EndpointEvent>,
    cids: Arc<Cids>,
    verifier: Option<Arc<Verifier>>,
    gate: Gate,
    time: Stopwatch,
    silence: Silence,
    busy: BusyPaths,
    end: Option<End>,
    events: VecDeque<Event>,
    /// How many datagrams may still be sent after the end: repeated CONNECTION_CLOSE.
    farewells: u8,
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

impl Connection {
    /// Begins as a client.
    pub fn connect(mut options: Options, name: Option<&str>, way: Way, now: Instant) -> Result<Self, Invalid> {
        let busy = BusyPaths::default();
        let config = options.client(&busy)?;
        let mut this = Self::new(options, None, busy, now);
        this.live = Some(this.endpoint.connect(now, config, ways::address(way), name.unwrap_or(NO_NAME))?);
        Ok(this)
    }

    /// Begins as a server. The connection is there once [`Self::receive`] has had a client's first packet.
    pub fn accept(mut options: Options, now: Instant) -> Result<Self, Invalid> {
        let busy = BusyPaths::default();
        let server = options.server(&busy)?;
        let mut this = Self::new(options, Some(server.config()?), busy, now);
        this.server = Some(server);
        Ok(this)
    }

    fn new(options: Options, server: Option<Arc<noq_proto::ServerConfig>>, busy: BusyPaths, now: Instant) -> Self {
        Self {
            endpoint: Endpoint::new(options.endpoint(), server, false),
            server: None,
            live: None,
            farewell: None,
            waiting: VecDeque::new(),
            gate: if options.is_judged { Gate::Waiting } else { Gate::Open },
            silence: Silence::new(now, options.idle_timeout),
            cids: options.cids,
            verifier: options.verifier,
            time: Stopwatch::running(),
            busy,
            end: None,
            events: VecDeque::new(),
            farewells: FAREWELLS,
        }
    }

    pub fn live(&mut self) -> Option<&mut noq_proto::Connection> {
        self.live.as_mut().map(|(_, connection)| connection)
    }

    /// Takes one datagram. Returns `false` if it was of no use: mangled, forged, late, of another connection or QUIC version.
    pub fn receive(&mut self, datagram: BytesMut, way: Way, ecn: Option<EcnCodepoint>, now: Instant) -> bool {
        if is_other_version(&datagram) {
            return false;
        }
        let before = self.frames_received();
        self.handle(datagram, way, ecn, self.time.if_started(now, FIRST_ROUND_TRIP));
        self.settle();
        self.look_at_certificate();
        self.farewells = FAREWELLS.min(self.farewells + 1);
        let is_useful = self.frames_received() > before || self.end.is_some();
        if is_useful {
            self.time.start(now, FIRST_ROUND_TRIP);
            self.silence.heard(now);
        }
        is_useful
    }

    fn handle(&mut self, datagram: BytesMut, way: Way, ecn: Option<EcnCodepoint>, at: Instant) {
        // Version Negotiation and stateless resets, which strangers would be answered with.
        let mut unsent = Vec::new();
        match self.endpoint.handle(at, ways::network_path(way), ecn, datagram, &mut unsent) {
            Some(DatagramEvent::ConnectionEvent(_, event)) => {
                if let Some(connection) = self.live() {
                    connection.handle_event(event);
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) if self.live.is_none() && self.end.is_none() => {
                self.begin(incoming, way, at);
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.endpoint.ignore(incoming),
            Some(DatagramEvent::Response(_)) | None => {}
        }
    }

    fn begin(&mut self, incoming: noq_proto::Incoming, way: Way, at: Instant) {
        let mut farewell = Vec::new();
        let offered = incoming.decrypt().and_then(|initial| initial.alpns()).into_iter().flatten().flatten();
        let config = self.server.as_ref().and_then(|server| server.config_for(offered));
        match self.endpoint.accept(incoming, at, &mut farewell, config) {
            Ok(live) => self.live = Some(live),
            Err(error) if error.response.is_some() => {
                self.finish(End::from(&error.cause));
                self.farewell = Some((way, farewell));
            }
            // It does not authenticate, so anybody may have sent it (RFC 9001 §5.5).
            Err(_) => {}
        }
    }

    /// Writes the next datagram to `out`, and returns its way.
    pub fn transmit(&mut self, out: &mut Vec<u8>, now: Instant) -> Option<Way> {
        out.clear();
        if let Some((way, farewell)) = self.farewell.take() {
            *out = farewell;
            return Some(way);
        }
        if self.time.is_stopped() || self.gate == Gate::Judging {
            return None;
        }
        let at = self.time.at(now);
        let farewells = self.farewells;
        let connection = self.live()?;
        let is_farewell = connection.is_closed();
        if is_farewell && farewells == 0 {
            return None;
        }
        let transmit = connection.poll_transmit(at, NonZeroUsize::MIN, out)?;
        self.farewells -= u8::from(is_farewell);
        self.silence.sent(now, !self.busy.is_none());
        self.settle();
        Some(ways::way(transmit.destination))
    }

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
        connection.poll_timeout().map(|due| self.time.undo(due))
    }

    pub fn on_timeout(&mut self, now: Instant) {
        self.silence.release();
        let at = self.time.at(now);
        let Some(connection) = self.live() else { return };
        let round_trip = connection.rtt(PathId::ZERO).unwrap_or_default();
        if self.silence.is_stall(now, round_trip) {
            // What is due stays so, for a listener that does not hold it.
            return self.events.push_back(Event::Stalled);
        }
        if let Some(connection) = self.live() {
            connection.handle_timeout(at);
        }
        self.settle();
    }

    /// Spends no probe on a path that is being repaired: every one doubles the wait for the next (RFC 9002 §6.2.1). Silence still
    /// ends the connection.
    pub fn hold(&mut self) {
        let parameters = self.live().and_then(|connection| connection.crypto_session().transport_parameters().ok().flatten());
        self.silence.hold(parameters.as_ref().and_then(silence::idle_timeout_of));
    }

    /// Ends a [`Self::hold`]. What is overdue is due now.
    pub fn release(&mut self) {
        self.silence.release();
    }

    fn look_at_certificate(&mut self) {
        if self.gate == Gate::Waiting && self.verifier.as_ref().is_some_and(|it| !it.presented().is_empty()) {
            self.gate = Gate::Judging;
            self.events.push_back(Event::Presented);
        }
    }

    /// Lets packets go out to a trusted peer, or ends the connection.
    pub fn judge(&mut self, is_trusted: bool, now: Instant) {
        self.gate = Gate::Open;
        if !is_trusted {
            self.close(BAD_CERTIFICATE.into(), "the certificate is not trusted", now);
        }
    }

    /// Closes with an application's error code (RFC 9000 §10.2).
    pub fn close(&mut self, code: VarInt, reason: &str, now: Instant) {
        let at = self.time.at(now);
        if let Some(connection) = self.live() {
            connection.close(at, code, Bytes::copy_from_slice(reason.as_bytes()));
        }
        self.finish(End { by: EndedBy::ThisSide, code: code.into_inner(), is_application: true, reason: reason.into() });
    }

    /// Notes the reason for the end. A CONNECTION_CLOSE waits for nothing.
    fn finish(&mut self, end: End) {
        self.silence.release();
        if self.end.is_none() {
            self.end = Some(end);
            self.events.push_back(Event::Ended);
        }
    }

    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether nothing is left to send or to wait for, not even a repeated CONNECTION_CLOSE.
    pub fn is_over(&self) -> bool {
        match &self.live {
            Some((_, connection)) => connection.is_drained(),
            None => self.end.is_some() && self.farewell.is_none(),
        }
    }

    /// Whether the other side has acknowledged all that it has to.
    pub fn is_quiet(&self) -> bool {
        self.busy.is_none()
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

    /// Raises the number of connection IDs that may be issued.
    pub fn raise_cid_limit(&mut self, limit: u32) {
        self.cids.raise(limit);
        self.settle();
    }

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
    }

    /// Every authenticated packet carries a frame (RFC 9000 §12.4).
    fn frames_received(&mut self) -> u64 {
        self.live().map_or(0, |connection| frames(&connection.stats().frame_rx))
    }

    pub fn next_event(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            self.collect_events();
        }
        self.events.pop_front()
    }

    fn collect_events(&mut self) {
        let Some((_, connection)) = self.live.as_mut() else { return };
        while let Some(event) = connection.poll() {
            match event {
                noq_proto::Event::ConnectionLost { reason } if self.end.is_none() => {
                    self.end = Some(End::from(&reason));
                    self.events.push_back(Event::Ended);
                }
                event => self.events.extend(Event::from_noq(event)),
            }
        }
        self.settle();
    }
}

/// A forged Version Negotiation packet would end the connection (RFC 9000 §6.2).
fn is_other_version(datagram: &[u8]) -> bool {
    const VERSION_1: [u8; 4] = [0, 0, 0, 1];
    let has_long_header = datagram.first().is_some_and(|byte| byte & 0x80 != 0);
    has_long_header && datagram.get(1..5) != Some(&VERSION_1)
}

fn frames(stats: &FrameStats) -> u64 {
    let FrameStats {
        acks,
        path_acks,
        ack_frequency,
        crypto,
        connection_close,
        data_blocked,
        datagram,
        handshake_done,
        immediate_ack,
        max_data,
        max_stream_data,
        max_streams_bidi,
        max_streams_uni,
        new_connection_id,
        path_new_connection_id,
        new_token,
        path_challenge,
        path_response,
        ping,
        reset_stream,
        retire_connection_id,
        path_retire_connection_id,
        stream_data_blocked,
        streams_blocked_bidi,
        streams_blocked_uni,
        stop_sending,
        stream,
        ..
    } = *stats;
    acks + path_acks
        + ack_frequency
        + crypto
        + connection_close
        + data_blocked
        + datagram
        + u64::from(handshake_done)
        + immediate_ack
        + max_data
        + max_stream_data
        + max_streams_bidi
        + max_streams_uni
        + new_connection_id
        + path_new_connection_id
        + new_token
        + path_challenge
        + path_response
        + ping
        + reset_stream
        + retire_connection_id
        + path_retire_connection_id
        + stream_data_blocked
        + streams_blocked_bidi
        + streams_blocked_uni
        + stop_sending
        + stream
}
