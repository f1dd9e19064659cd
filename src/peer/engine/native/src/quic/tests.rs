//! Two connections that talk in virtual time, over a wire that loses and delays nothing unless a test says so.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use rcgen::{CertifiedKey, KeyPair, PKCS_ED25519, PublicKeyData, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

use super::{
    cids::{self, Cids},
    connection::Connection,
    events::{End, EndedBy, Event},
    options::{self, Identity, Options},
    trust::{Demand, Verifier},
};

struct Peer {
    key: CertifiedKey<KeyPair>,
}

impl Peer {
    fn new(name: &str) -> Self {
        let _ = PKCS_ED25519;
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
            verifier: demand.map(|demand| Arc::new(Verifier::new(demand, options::provider(true)))),
            is_judged: false,
            alpn: vec![b"test".to_vec()],
            idle_timeout: Duration::from_secs(30),
            flow_window_bytes: 1 << 20,
            connection_window_bytes: 1 << 20,
            max_streams: 100,
            datagram_queue_bytes: 1 << 20,
            max_udp_payload_bytes: 1200,
            initial_rtt: Duration::from_millis(100),
            key_log: false,
            qlog: None,
            post_quantum: true,
        }
    }
}

fn pinning(pin: [u8; 32]) -> Option<Demand> {
    Some(Demand::Pins(vec![pin]))
}

struct Pair {
    client: Connection,
    server: Connection,
    now: Instant,
}

impl Pair {
    fn new(client: Options, server: Options) -> Self {
        let now = Instant::now();
        let mut client = Connection::connect(client, None, 0, now).unwrap();
        let mut server = Connection::accept(server, now).unwrap();
        for datagram in client.first_flight(now) {
            server.receive(BytesMut::from(&datagram[..]), 0, None, now);
        }
        Self { client, server, now: now + Duration::from_millis(50) }
    }

    fn run(&mut self) {
        for _ in 0..20 {
            carry(&mut self.client, &mut self.server, self.now);
            carry(&mut self.server, &mut self.client, self.now);
            carry(&mut self.client, &mut self.server, self.now);
            self.now += Duration::from_millis(10);
            for connection in [&mut self.client, &mut self.server] {
                while connection.deadline().is_some_and(|due| due <= self.now) {
                    connection.on_timeout(self.now);
                }
            }
        }
    }
}

fn carry(from: &mut Connection, to: &mut Connection, now: Instant) {
    let mut datagram = Vec::new();
    while from.transmit(&mut datagram, now).is_some() {
        to.receive(BytesMut::from(&datagram[..]), 0, None, now);
    }
}

fn happened(connection: &mut Connection, wanted: fn(&Event) -> bool) -> bool {
    std::iter::from_fn(|| connection.next_event()).any(|event| wanted(&event))
}

fn bad_certificate(by: EndedBy) -> impl Fn(Option<&End>) -> bool {
    move |end| end.is_some_and(|end| end.by == by && end.code == 0x12a)
}

#[test]
fn a_wrong_pin_ends_both_sides_with_bad_certificate() {
    let (alice, bob) = (Peer::new("alice"), Peer::new("bob"));
    let mut pair = Pair::new(alice.options(pinning([0; 32])), bob.options(pinning(alice.pin())));
    pair.run();
    while pair.client.next_event().is_some() {}
    while pair.server.next_event().is_some() {}
    assert!(bad_certificate(EndedBy::ThisSide)(pair.client.end()), "{:?}", pair.client.end());
    assert!(bad_certificate(EndedBy::OtherSide)(pair.server.end()), "{:?}", pair.server.end());
}

#[test]
fn connection_ids_are_those_of_the_key_in_order() {
    assert_eq!(cids::derive(&[0; 32], 1)[0] & 0x80, 0);
    let (alice, bob) = (Peer::new("alice"), Peer::new("bob"));
    let mut pair = Pair::new(alice.options(pinning(bob.pin())), bob.options(pinning(alice.pin())));
    pair.run();
    assert!(happened(&mut pair.client, |event| matches!(event, Event::Confirmed)));
    assert!(pair.client.cids().issued() >= 4);
}
