//! Mangled datagrams in each state of a connection.

use noq_proto::Dir;

use super::{
    super::streams::Progress,
    Duration, Pair, Side,
    forger::{Forger, Level},
};

/// Numbers that are the same in each run with the same seed (xorshift).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// Returns the datagram with a few bits flipped, cut off, joined to another one, or with another one's rest.
    pub fn mangle(&mut self, datagram: &[u8], other: &[u8]) -> Vec<u8> {
        let at = self.below(datagram.len());
        match self.below(8) {
            0 => datagram[..at].to_vec(),
            1 => [&datagram[..at], &other[at.min(other.len())..]].concat(),
            2 => [&datagram[..at], other].concat(),
            3 => [other, &datagram[at..]].concat(),
            4 => datagram[at..].to_vec(),
            _ => self.flip(datagram),
        }
    }

    pub fn flip(&mut self, datagram: &[u8]) -> Vec<u8> {
        let mut mangled = datagram.to_vec();
        for _ in 0..=self.below(3) {
            // Half of them in the header.
            let end = if self.below(2) == 0 { mangled.len().min(48) } else { mangled.len() };
            let at = self.below(end);
            mangled[at] ^= 1 << self.below(8);
        }
        mangled
    }
}

/// A life of a connection from the first flight to its end, of which each step is disturbed.
struct Life<'a> {
    pair: Pair,
    numbers: &'a mut Numbers,
    /// Mangled datagrams before the genuine ones of a step.
    times: usize,
    /// All genuine datagrams so far, by the side that they are for.
    seen: [Vec<Vec<u8>>; 2],
    mangled: usize,
}

const CLIENT: usize = 0;
const SERVER: usize = 1;

impl Life<'_> {
    fn side(&mut self, index: usize) -> &mut Side {
        if index == CLIENT { &mut self.pair.client } else { &mut self.pair.server }
    }

    /// Carries datagrams both ways for 100 ms.
    fn exchange(&mut self) {
        for _ in 0..10 {
            for [from, to] in [[CLIENT, SERVER], [SERVER, CLIENT]] {
                let now = self.pair.now;
                let datagrams = self.side(from).datagrams(now);
                assert!(datagrams.len() < 100, "a loop of {} datagrams", datagrams.len());
                self.carry(to, datagrams);
            }
            self.pair.now += Duration::from_millis(10);
            let now = self.pair.now;
            for side in [CLIENT, SERVER] {
                self.side(side).on_timeouts(now);
            }
        }
        self.pair.client.poll();
        self.pair.server.poll();
    }

    fn carry(&mut self, to: usize, datagrams: Vec<Vec<u8>>) {
        if datagrams.is_empty() {
            return;
        }
        self.seen[to].extend(datagrams.iter().cloned());
        self.disturb(to);
        let now = self.pair.now;
        for datagram in datagrams {
            self.side(to).receive(&datagram, now);
        }
    }

    /// Gives a side mangled datagrams, and now and then a genuine one again.
    fn disturb(&mut self, to: usize) {
        let now = self.pair.now;
        for _ in 0..self.times {
            let [one, other] = [(); 2].map(|()| self.numbers.below(self.seen[to].len()));
            let (one, other) = (&self.seen[to][one], &self.seen[to][other]);
            let datagram = if self.numbers.below(50) == 0 { one.clone() } else { self.numbers.mangle(one, other) };
            self.side(to).receive(&datagram, now);
            self.mangled += 1;
        }
    }

    fn assert_lives(&self) {
        assert_eq!((self.pair.client.connection.end(), self.pair.server.connection.end()), (None, None));
    }

    fn shake_hands(&mut self) {
        let flight = self.pair.client.connection.first_flight(self.pair.now);
        self.carry(SERVER, flight);
        self.exchange();
        self.exchange();
        self.assert_lives();
        assert!(self.pair.client.is_confirmed() && self.pair.server.is_confirmed());
    }

    fn talk(&mut self) {
        let id = self.pair.client.connection.open_stream(Dir::Bi).unwrap();
        for [from, to] in [[CLIENT, SERVER], [SERVER, CLIENT]] {
            let all = Progress::Bytes { count: 5000, is_end: true };
            assert_eq!(self.side(from).connection.write(id, &[3; 5000], true), all);
            self.side(from).connection.send_datagram(&[1; 100]);
            self.exchange();
            self.assert_lives();
            self.side(to).connection.accept_stream(Dir::Bi);
            let mut out = [0; 6000];
            assert_eq!(self.side(to).connection.read(id, &mut out), all);
            assert_eq!(out[..5000], [3; 5000]);
        }
    }

    /// Ends the connection, with what is still under way, and disturbs both sides until nothing is left of it.
    fn part(&mut self) {
        let now = self.pair.now;
        let by = self.numbers.below(2);
        self.side(by).connection.ping();
        self.side(by).connection.close(7_u32.into(), "bye", now);
        self.exchange();
        self.disturb(CLIENT);
        self.disturb(SERVER);
        self.pair.now += Duration::from_secs(5);
        self.exchange();
        self.disturb(CLIENT);
        self.disturb(SERVER);
        assert!(self.pair.client.connection.is_over() && self.pair.server.connection.is_over());
    }
}

/// Lives through connections until so many datagrams have been mangled.
fn fuzz(seed: u64, datagrams: usize) {
    println!("seed {seed}, {datagrams} datagrams");
    let mut numbers = Numbers(seed);
    let mut mangled = 0;
    while mangled < datagrams {
        let times = 1 + numbers.below(200);
        let mut life = Life { pair: Pair::silent(|_, _| ()), numbers: &mut numbers, times, seen: Default::default(), mangled: 0 };
        // What ends in the handshake ends as well.
        if life.numbers.below(8) > 0 {
            life.shake_hands();
            life.talk();
        } else {
            let flight = life.pair.client.connection.first_flight(life.pair.now);
            life.carry(SERVER, flight);
            let answer = life.pair.server.datagrams(life.pair.now);
            life.carry(CLIENT, answer);
        }
        life.part();
        mangled += life.mangled;
    }
}

#[test]
fn mangled_datagrams_do_not_disturb_a_connection_in_any_state() {
    fuzz(1, 50_000);
}

/// `npm run fuzz:engine`.
#[test]
#[ignore = "takes minutes"]
fn ten_million_mangled_datagrams_do_not_disturb_connections() {
    let number = |name, other| std::env::var(name).map_or(other, |text| text.parse().expect("a number"));
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    fuzz(number("FUZZ_SEED", seed), number("FUZZ_DATAGRAMS", 10_000_000) as usize);
}

/// A frame with fields of small random numbers, or once in a while random bytes (RFC 9000 §19).
fn odd_frame(numbers: &mut Numbers) -> Vec<u8> {
    // Type, and the bytes of each field. What a length says comes last.
    const KINDS: [&[u8]; 21] = [
        &[0x01],
        &[0x02, 4, 0, 0, 0],
        &[0x02, 2, 0, 1, 0],
        &[0x04, 1, 1, 1],
        &[0x05, 1, 1],
        &[0x08, 1],
        &[0x09, 1],
        &[0x0a, 1, 0],
        &[0x0c, 1, 2],
        &[0x0e, 1, 2, 0],
        &[0x0f, 1, 2, 0],
        &[0x10, 4],
        &[0x11, 1, 4],
        &[0x12, 2],
        &[0x13, 2],
        &[0x14, 4],
        &[0x15, 1, 4],
        &[0x16, 2],
        &[0x17, 2],
        &[0x30],
        &[0x31, 0],
    ];
    if numbers.below(100) == 0 {
        return (0..numbers.below(20)).map(|_| numbers.below(256) as u8).collect();
    }
    match numbers.below(26) {
        21 => [vec![0x1a], (0..8).map(|_| numbers.below(256) as u8).collect()].concat(),
        22 => [vec![0x1b], (0..8).map(|_| numbers.below(256) as u8).collect()].concat(),
        23 => [vec![0x18, numbers.below(9) as u8, numbers.below(2) as u8, 12], vec![numbers.below(128) as u8; 28]].concat(),
        24 => vec![0x19, 1 + numbers.below(4) as u8],
        25 => [vec![0x06, numbers.below(64) as u8, 3], vec![4, 0, 0]].concat(),
        kind => {
            let (kind, fields) = KINDS[kind].split_first().unwrap();
            let field = |bytes: &u8| match bytes {
                0 => vec![0],
                1 => vec![[0, 0, 0, 4, 4, 8, 1, 2][numbers.below(8)]],
                2 => vec![0x40, numbers.below(256) as u8],
                _ => vec![0x80, 0, numbers.below(64) as u8, numbers.below(256) as u8],
            };
            [vec![*kind], fields.iter().flat_map(field).collect()].concat()
        }
    }
}

fn odd_frames(numbers: &mut Numbers) -> Vec<u8> {
    let mut frames = vec![0; 4];
    for _ in 0..=numbers.below(4) {
        frames.extend(odd_frame(numbers));
    }
    frames
}

/// Sends such frames at all levels until the connection ends, or for a while. The server has a stream and datagrams under way.
fn fuzz_frames(seed: u64, connections: usize) -> usize {
    println!("seed {seed}, {connections} connections");
    let mut numbers = Numbers(seed);
    let mut ended = 0;
    for _ in 0..connections {
        let mut forger = Forger::connected(|_| ());
        let connection = &mut forger.server.connection;
        let id = connection.open_stream(Dir::Bi).unwrap();
        connection.write(id, &[1; 20_000], numbers.below(2) == 0);
        connection.send_datagram(&[2; 100]);
        for _ in 0..20 {
            let level = [Level::Application, Level::Application, Level::Application, Level::Handshake][numbers.below(4)];
            forger.send(level, &odd_frames(&mut numbers));
            forger.pass(Duration::from_millis(numbers.below(50) as u64));
            let connection = &mut forger.server.connection;
            while let Some(id) = connection.accept_stream(Dir::Bi) {
                connection.read(id, &mut [0; 100]);
                connection.write(id, &[4; 100], true);
            }
            connection.receive_datagrams(&mut [0; 2000], &mut [0; 10]);
        }
        ended += usize::from(forger.server.connection.end().is_some());
    }
    ended
}

#[test]
fn odd_frames_of_a_trusted_peer_end_its_connection_at_most() {
    let ended = fuzz_frames(1, 300);
    assert!(ended > 10, "{ended}");
}

/// `npm run fuzz:engine`.
#[test]
#[ignore = "takes minutes"]
fn odd_frames_of_many_trusted_peers_end_their_connections_at_most() {
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    fuzz_frames(seed, 20_000);
}
