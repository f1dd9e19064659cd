//! A hostile client, and the server that it attacks.

mod client;
mod spy;

use std::time::{Duration, Instant};

use self::client::Client;
pub use self::spy::Level;
use super::{super::connection::Connection, Options, Peer, Side, pinning};

pub struct Forger {
    pub server: Side,
    pub now: Instant,
    client: Client,
    /// Datagrams that the server has sent in answer to forged ones.
    pub answers: u64,
}

impl Forger {
    /// Begins a connection, and gives the server the first flight.
    pub fn begun(change: impl FnOnce(&mut Options)) -> Self {
        let (alice, bob) = (Peer::new("alice"), Peer::new("bob"));
        let (client, mut server) = (alice.options(pinning(bob.pin())), bob.options(pinning(alice.pin())));
        change(&mut server);
        let now = Instant::now();
        let (client, flight) = Client::begin(client, now);
        let mut server = Side::new(Connection::accept(server, now).unwrap());
        server.receive(&flight[0], now);
        Self { server, now, client, answers: 0 }
    }

    /// A connection that the server takes for established.
    pub fn connected(change: impl FnOnce(&mut Options)) -> Self {
        let mut this = Self::begun(change);
        for _ in 0..5 {
            this.learn_handshake_keys();
            for datagram in this.client.transmit(this.now) {
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
            self.client.take(&datagram, self.now);
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

    pub fn seal(&mut self, level: Level, frames: &[u8]) -> Vec<u8> {
        self.client.seal(level, frames)
    }
}
