//! The accepter under attack, over one connection at a time.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use super::{
    Cid,
    client::Client,
    flood::{Flood, View},
    frames::numbers,
    heard::Heard,
    link::Link,
    opened,
    quic::options::Options,
    setting::to_hex,
    spy::Level,
};

/// Packets between two looks at what has come.
const BATCH: usize = 16;

/// Time for a handshake, and for a flight to be delivered. Then another connection begins.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between connections that are begun and left: faster than a relay takes messages.
const FLIGHT_GAP: Duration = Duration::from_millis(50);

/// Pause while there is nothing to send.
const REST: Duration = Duration::from_micros(500);

/// What the flood came to.
#[derive(Default)]
pub struct Tally {
    packets: u64,
    bytes: u64,
    connections: u64,
    closed: Vec<u64>,
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let codes: Vec<String> = self.closed.iter().map(u64::to_string).collect();
        write!(out, "{} {} {} {}", self.packets, self.bytes, self.connections, codes.join(","))
    }
}

pub struct Victim<Make> {
    pub tally: Tally,
    link: Link,
    flood: Flood,
    cids: Vec<Cid>,
    options: Make,
    client: Client,
    begun: Instant,
    /// Whether the flood is on in this connection.
    is_open: bool,
    heard: Heard,
    /// The last packets of the accepter without a gap, from and to.
    run: (u64, u64),
    owes_ack: bool,
}

impl<Make: Fn() -> Options> Victim<Make> {
    pub fn new(link: Link, flood: Flood, cids: Vec<Cid>, options: Make) -> Self {
        let client = begin(&options);
        let tally = Tally { connections: 1, ..Tally::default() };
        let (begun, heard) = (Instant::now(), Heard::default());
        Self { tally, link, flood, cids, options, client, begun, is_open: false, heard, run: (0, 0), owes_ack: false }
    }

    pub fn turn(&mut self) {
        self.listen();
        let has_failed = !self.is_open && self.begun.elapsed() > self.patience();
        if self.heard.closed.is_some() || has_failed {
            self.tally.closed.extend(self.heard.closed);
            return self.begin_anew();
        }
        let sent = self.is_open && (0..BATCH).all(|_| self.send_frames());
        if !sent {
            thread::sleep(REST);
        }
    }

    /// Closes the connection (RFC 9000 §19.19), at the level of the flood.
    pub fn leave(&mut self) {
        if self.is_open {
            let close = self.client.seal(self.flood.level, &numbers(&[0x1c, 0, 0, 0]));
            self.link.send(&close);
        }
    }

    fn patience(&self) -> Duration {
        if self.flood.is_of_frames() { PATIENCE } else { FLIGHT_GAP }
    }

    fn begin_anew(&mut self) {
        self.client = begin(&self.options);
        (self.begun, self.heard, self.run) = (Instant::now(), Heard::default(), (0, 0));
        (self.is_open, self.owes_ack) = (false, false);
        self.flood.restart();
        self.tally.connections += 1;
    }

    fn listen(&mut self) {
        while let Some(datagram) = self.link.receive() {
            for packet in opened::open(datagram, &self.client.keys, self.run.1) {
                let wants_ack = self.heard.read(&packet.frames);
                if packet.level == Level::Application {
                    self.run =
                        if packet.number == self.run.1 + 1 { (self.run.0, packet.number) } else { (packet.number, packet.number) };
                    self.owes_ack |= wants_ack;
                }
            }
            if !self.is_open && self.flood.is_of_frames() {
                self.client.take(datagram, Instant::now());
            }
        }
        if !self.is_open {
            self.shake_hands();
        }
    }

    /// Goes on with the handshake up to the level of the flood, and not beyond.
    fn shake_hands(&mut self) {
        let has_keys = self.client.keys.remote(self.flood.level).is_some() && self.client.has_heard();
        let is_ready = has_keys && (self.flood.level != Level::Application || !self.client.is_handshaking());
        if self.flood.level == Level::Application {
            for datagram in self.client.transmit(Instant::now()) {
                self.link.send(&datagram);
            }
        }
        if is_ready {
            self.is_open = true;
            if self.tally.packets == 0 {
                println!("flooding");
            }
        }
    }

    /// Sends one packet of the flood. Returns whether there was one to send.
    fn send_frames(&mut self) -> bool {
        let mut frames = Vec::new();
        if self.flood.acknowledges && std::mem::take(&mut self.owes_ack) {
            let (from, to) = self.run;
            frames.extend(numbers(&[2, to, 0, 0, to - from]));
        }
        self.flood.fill(&View { heard: &self.heard, cids: &self.cids }, &mut frames);
        if frames.is_empty() {
            return false;
        }
        // A sample for the header's protection (RFC 9001 §5.4.2).
        frames.resize(frames.len().max(4), 0);
        let packet = self.client.seal(self.flood.level, &frames);
        self.tally.packets += u64::from(self.link.send(&packet));
        self.tally.bytes += packet.len() as u64;
        true
    }
}

fn begin(options: &impl Fn() -> Options) -> Client {
    let (client, flight) = Client::begin(options(), Instant::now());
    println!("flight {}", flight.iter().map(|it| to_hex(it)).collect::<Vec<_>>().join(","));
    client
}
