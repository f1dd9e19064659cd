//! A client that shakes hands as noq does, and seals packets with frames of any kind.

use std::{num::NonZeroUsize, sync::Arc, time::Instant};

use bytes::BytesMut;
use noq_proto::{ClientConfig, Connection, ConnectionHandle, DatagramEvent, Endpoint, PathId};

use super::spy::{Keys, Level, SpyConfig};
use crate::quic::{in_flight::InFlight, options::Options, remote};

/// Far above the numbers that noq gives packets of the handshake.
const FIRST_NUMBER: u64 = 10_000;

/// Where a long header has the length of its destination connection ID (RFC 8999 §5.1).
const DESTINATION_AT: usize = 5;

pub struct Client {
    pub keys: Arc<Keys>,
    endpoint: Endpoint,
    live: (ConnectionHandle, Connection),
    initial_cid: Vec<u8>,
    own_cid: Vec<u8>,
    /// The server's, once a packet of it has come.
    remote_cid: Vec<u8>,
    number: u64,
}

impl Client {
    /// Begins a connection. Returns the first flight beside it.
    pub fn begin(mut options: Options, now: Instant) -> (Self, Vec<Vec<u8>>) {
        let keys = Arc::new(Keys::default());
        let spy = SpyConfig { inner: options.client_tls().expect("valid options"), keys: keys.clone() };
        let mut config = ClientConfig::new(Arc::new(spy));
        config.transport_config(options.transport(&InFlight::default()).expect("valid options"));
        let mut endpoint = Endpoint::new(options.endpoint(), None, false);
        let live = endpoint.connect(now, config, remote::ADDRESS, "0.0.0.0").expect("a connection");
        let (initial_cid, own_cid, remote_cid) = Default::default();
        let mut this = Self { keys, endpoint, live, initial_cid, own_cid, remote_cid, number: FIRST_NUMBER };
        let flight = this.transmit(now);
        [this.initial_cid, this.own_cid] = long_header_cids(&flight[0]).expect("a long header").map(<[u8]>::to_vec);
        (this, flight)
    }

    /// Whether a packet of the server has come.
    pub fn has_heard(&self) -> bool {
        !self.remote_cid.is_empty()
    }

    pub fn is_handshaking(&self) -> bool {
        self.live.1.is_handshaking()
    }

    /// Returns what noq has to send.
    pub fn transmit(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let (_, connection) = &mut self.live;
        std::iter::from_fn(|| {
            out.clear();
            connection.poll_transmit(now, NonZeroUsize::MIN, &mut out).map(|_| out.clone())
        })
        .collect()
    }

    /// Gives noq a datagram of the handshake.
    pub fn take(&mut self, datagram: &[u8], now: Instant) {
        if let Some([_, source]) = long_header_cids(datagram) {
            self.remote_cid = source.to_vec();
        }
        let event = self.endpoint.handle(now, remote::network_path(), None, BytesMut::from(datagram), &mut Vec::new());
        if let Some(DatagramEvent::ConnectionEvent(_, event)) = event {
            self.live.1.handle_event(event);
        }
        let (handle, connection) = &mut self.live;
        while let Some(event) = connection.poll_endpoint_events() {
            if let Some(answer) = self.endpoint.handle_event(*handle, event) {
                connection.handle_event(answer);
            }
        }
    }

    /// Protects a packet with these frames (RFC 9001 §5).
    pub fn seal(&mut self, level: Level, frames: &[u8]) -> Vec<u8> {
        const NUMBER_BYTES: usize = 4;
        self.number += 1;
        let (header, key) = self.keys.local(level).expect("the keys of the level");
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
        let first = match level {
            Level::Application => return [&[0x43], &self.remote_cid[..]].concat(),
            Level::Initial => 0xc3,
            Level::Handshake => 0xe3,
        };
        let mut header = vec![first, 0, 0, 0, 1];
        let destination = if level == Level::Initial { &self.initial_cid } else { &self.remote_cid };
        for cid in [destination, &self.own_cid] {
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

/// Returns destination and source of a long header.
fn long_header_cids(packet: &[u8]) -> Option<[&[u8]; 2]> {
    packet.first().filter(|first| *first & 0x80 != 0)?;
    let (destination, rest) = cid_at(packet.get(DESTINATION_AT..)?)?;
    let (source, _) = cid_at(rest)?;
    Some([destination, source])
}

fn cid_at(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}
