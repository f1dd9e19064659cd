//! Two connections that talk in virtual time, over a wire that loses and delays nothing unless a test says so.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use noq_proto::PathId;
use rcgen::{CertifiedKey, KeyPair, PublicKeyData, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

mod backlog;
mod floods;
mod forger;
mod frames;
mod fuzz;
mod lifetime;
mod memory;
mod packets;
mod paths;
mod records;
mod stalls;
mod streams;
mod trust;
mod wires;

use super::{
    cids::Cids,
    connection::Connection,
    events::Event,
    options::{self, Identity, Options},
    trust::{Demand, Verifier},
};

struct Peer {
    key: CertifiedKey<KeyPair>,
}

impl Peer {
    fn new(name: &str) -> Self {
        Self { key: generate_simple_self_signed([name.to_owned()]).unwrap() }
    }

    fn pin(&self) -> [u8; 32] {
        let spki = self.key.signing_key.subject_public_key_info();
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &spki).as_ref().try_into().unwrap()
    }

    fn options(&self, demand: Option<Demand>) -> Options {
        Options {
            cids: Arc::new(Cids::new(&[7; 32], 32)),
            identity: Some(Identity {
                chain: vec![self.key.cert.der().clone()],
                key: PrivateKeyDer::from_pem_slice(self.key.signing_key.serialize_pem().as_bytes()).unwrap(),
            }),
            verifier: demand.map(|demand| Arc::new(Verifier::new(demand, options::provider()))),
            is_judged: false,
            alpn: vec![b"test".to_vec()],
            idle_timeout: Duration::from_secs(30),
            flow_window_bytes: 1 << 20,
            connection_window_bytes: 1 << 20,
            max_streams: 100,
            datagram_queue_bytes: 1 << 20,
            datagram_queue: 1000,
            max_udp_payload_bytes: 1200,
            initial_rtt: Duration::from_millis(100),
            long_first_flight: false,
            max_paths: 1,
            key_log: None,
            qlog: None,
        }
    }
}

fn pinning(pin: [u8; 32]) -> Option<Demand> {
    Some(Demand::Pins(vec![pin]))
}

/// A connection, and what it has told.
struct Side {
    connection: Connection,
    told: Vec<Event>,
}

impl Side {
    fn new(connection: Connection) -> Self {
        Self { connection, told: Vec::new() }
    }

    fn poll(&mut self) {
        self.told.extend(std::iter::from_fn(|| self.connection.next_event()));
    }

    fn was_told(&self, wanted: fn(&Event) -> bool) -> bool {
        self.told.iter().any(wanted)
    }

    fn is_confirmed(&self) -> bool {
        self.was_told(|event| matches!(event, Event::Confirmed))
    }

    /// Returns what the side has to send now.
    fn datagrams(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut datagram = Vec::new();
        std::iter::from_fn(|| self.connection.transmit(&mut datagram, now).map(|_path| datagram.clone())).collect()
    }

    fn receive(&mut self, datagram: &[u8], now: Instant) -> bool {
        self.connection.receive(BytesMut::from(datagram), None, now).is_useful
    }

    fn on_timeouts(&mut self, now: Instant) {
        while self.connection.deadline().is_some_and(|due| due <= now) {
            self.connection.on_timeout(now);
        }
    }
}

struct Pair {
    client: Side,
    server: Side,
    now: Instant,
}

impl Pair {
    /// Two sides that have said nothing. Each pins the other's key, but for what `change` makes of it.
    fn silent(change: impl FnOnce(&mut Options, &mut Options)) -> Self {
        let (alice, bob) = (Peer::new("alice"), Peer::new("bob"));
        let (mut client, mut server) = (alice.options(pinning(bob.pin())), bob.options(pinning(alice.pin())));
        change(&mut client, &mut server);
        let now = Instant::now();
        Self {
            client: Side::new(Connection::connect(client, None, now).unwrap()),
            server: Side::new(Connection::accept(server, now).unwrap()),
            now,
        }
    }

    /// Two sides, of which the server has the client's first flight.
    fn begun(change: impl FnOnce(&mut Options, &mut Options)) -> Self {
        let mut pair = Self::silent(change);
        for datagram in pair.client.connection.first_flight(pair.now) {
            pair.server.receive(&datagram, pair.now);
        }
        pair.now += Duration::from_millis(50);
        pair
    }

    /// Two sides that have shaken hands.
    fn connected(change: impl FnOnce(&mut Options, &mut Options)) -> Self {
        let mut pair = Self::begun(change);
        pair.run();
        assert!(pair.client.is_confirmed() && pair.server.is_confirmed());
        pair
    }

    /// Lets a client's time go by, so that pacing holds nothing back.
    fn rest(&mut self) {
        self.now += Duration::from_millis(50);
        self.client.on_timeouts(self.now);
    }

    /// Lets both talk for 200 ms.
    fn run(&mut self) {
        for _ in 0..20 {
            self.carry_to_server();
            self.carry_to_client();
            self.carry_to_server();
            self.now += Duration::from_millis(10);
            self.client.on_timeouts(self.now);
            self.server.on_timeouts(self.now);
        }
        self.client.poll();
        self.server.poll();
    }

    fn carry_to_server(&mut self) {
        for datagram in self.client.datagrams(self.now) {
            self.server.receive(&datagram, self.now);
        }
    }

    fn carry_to_client(&mut self) {
        for datagram in self.server.datagrams(self.now) {
            self.client.receive(&datagram, self.now);
        }
    }
}
