//! A client that shakes hands as noq does, and then sends packets with frames of its own choice.

mod spy;

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use noq_proto::{ClientConfig, Connection, ConnectionHandle, DatagramEvent, Endpoint, PathId};

pub use self::spy::Level;
use self::spy::{Keys, SpyConfig};
use super::{
    super::{cids, connection::Connection as Attacked, in_flight::InFlight, ways},
    Options, Peer, Side, pinning,
};

/// Far above the numbers that noq gives packets of the handshake.
const FIRST_NUMBER: u64 = 10_000;

pub struct Forger {
    pub server: Side,
    pub now: Instant,
    endpoint: Endpoint,
    client: (ConnectionHandle, Connection),
    keys: Arc<Keys>,
    initial_cid: Vec<u8>,
    number: u64,
    /// Datagrams that the server has sent in answer to forged ones.
    pub answers: u64,
}

impl Forger {
    /// Begins a connection, and gives the server the first flight.
    pub fn begun(change: impl FnOnce(&mut Options)) -> Self {
        let (alice, bob) = (Peer::new("alice"), Peer::new("bob"));
        let (mut client, mut server) = (alice.options(pinning(bob.pin())), bob.options(pinning(alice.pin())));
        change(&mut server);
        let now = Instant::now();
        let keys = Arc::new(Keys::default());
        let spy = SpyConfig { inner: client.client_tls().unwrap(), keys: keys.clone() };
        let mut config = ClientConfig::new(Arc::new(spy));
        config.transport_config(client.transport(&InFlight::default()).unwrap());
        let mut endpoint = Endpoint::new(client.endpoint(), None, false);
        let live = endpoint.connect(now, config, ways::address(0), "0.0.0.0").unwrap();
        let server = Side::new(Attacked::accept(server, now).unwrap());
        let mut this =
            Self { server, now, endpoint, client: live, keys, initial_cid: Vec::new(), number: FIRST_NUMBER, answers: 0 };
        let first = this.transmit().remove(0);
        this.initial_cid = first[6..6 + usize::from(first[5])].to_vec();
        this.server.receive(&first, now);
        this
    }

    /// A connection that the server takes for established.
    pub fn connected(change: impl FnOnce(&mut Options)) -> Self {
        let mut this = Self::begun(change);
        for _ in 0..5 {
            for datagram in this.server.datagrams(this.now) {
                this.take(&datagram);
            }
            for datagram in this.transmit() {
                this.server.receive(&datagram, this.now);
            }
            this.pass(Duration::from_millis(10));
        }
        this.server.poll();
        assert!(this.server.is_confirmed());
        this
    }

    /// Takes the server's answer to the first flight, and keeps its own finish to itself.
    pub fn learn_handshake_keys(&mut self) {
        for datagram in self.server.datagrams(self.now) {
            self.take(&datagram);
        }
    }

    fn transmit(&mut self) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let (_, client) = &mut self.client;
        let now = self.now;
        std::iter::from_fn(|| {
            out.clear();
            client.poll_transmit(now, NonZeroUsize::MIN, &mut out).map(|_| out.clone())
        })
        .collect()
    }

    fn take(&mut self, datagram: &[u8]) {
        let event = self.endpoint.handle(self.now, ways::network_path(0), None, BytesMut::from(datagram), &mut Vec::new());
        if let Some(DatagramEvent::ConnectionEvent(_, event)) = event {
            self.client.1.handle_event(event);
        }
        let (handle, client) = &mut self.client;
        while let Some(event) = client.poll_endpoint_events() {
            if let Some(answer) = self.endpoint.handle_event(*handle, event) {
                client.handle_event(answer);
            }
        }
    }

    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        self.server.on_timeouts(self.now);
    }

    /// Sends a packet with these frames, and counts the answers, which nobody acknowledges. Returns whether it was of use.
    pub fn send(&mut self, level: Level, frames: &[u8]) -> bool {
        let packet = self.seal(level, frames);
        let is_useful = self.server.receive(&packet, self.now);
        self.answers += self.server.datagrams(self.now).len() as u64;
        self.server.poll();
        self.server.told.clear();
        is_useful
    }

    /// Protects a packet (RFC 9001 §5).
    pub fn seal(&mut self, level: Level, frames: &[u8]) -> Vec<u8> {
        const NUMBER_BYTES: usize = 4;
        self.number += 1;
        let (header, key) = self.keys.of(level);
        let mut packet = self.header(level, NUMBER_BYTES + frames.len() + key.tag_len());
        let at = packet.len();
        packet.extend((self.number as u32).to_be_bytes());
        let header_bytes = packet.len();
        packet.extend(frames);
        packet.resize(packet.len() + key.tag_len(), 0);
        key.encrypt(PathId::ZERO, self.number, &mut packet, header_bytes);
        header.encrypt(at, &mut packet);
        packet
    }

    /// The header up to the packet number, which has four bytes (RFC 9000 §17).
    fn header(&self, level: Level, length: usize) -> Vec<u8> {
        let own = cids::derive(&[7; 32], 1);
        let first = match level {
            Level::Application => return [&[0x43], &own[..]].concat(),
            Level::Initial => 0xc3,
            Level::Handshake => 0xe3,
        };
        let mut header = vec![first, 0, 0, 0, 1];
        let destination: &[u8] = if level == Level::Initial { &self.initial_cid } else { &own };
        for cid in [destination, &own] {
            header.push(cid.len() as u8);
            header.extend(cid);
        }
        if level == Level::Initial {
            // No token.
            header.push(0);
        }
        header.extend((0x4000 | length as u16).to_be_bytes());
        header
    }
}
