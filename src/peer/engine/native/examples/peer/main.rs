//! A peer in Rust alone: the engine and its UDP port without JavaScript. A control of the benchmark (`bench/rows/peer.ts`); it is
//! not in the package.
//!
//!     peer <dialer|accepter> <relay> <own address> <key of its connection IDs, hex> <identity.pem> <file>
//!
//! A dialer prints its first flight and an accepter takes it from a line, in hex. Both print `connected`. Then a dialer takes
//! `send <streams> <bytes of each>`, whose bytes are the file's, over and over. An accepter takes `receive <streams>` and prints how
//! many bytes came, or `digest <streams>` and prints the SHA-256 of each. It ends with its standard input.

// The engine has more than this uses.
#![allow(dead_code)]

use std::{
    env, fs,
    io::stdin,
    net::SocketAddr,
    sync::{
        Arc,
        mpsc::{self, Receiver as Inbox, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::BytesMut;

#[path = "../../src/quic/mod.rs"]
mod quic;
mod setting;
mod transfer;
#[path = "../../src/udp/mod.rs"]
mod udp;

use quic::{cids, connection::Connection, events::Event, guarded::Guarded};
use setting::{from_hex, to_hex};
use transfer::{Incoming, Outgoing};
use udp::{
    Wake,
    port::{Flushed, Port},
    route::Route,
    routes::Receiver,
};

/// As many as no run uses up; the benchmark registers them.
const CIDS: u32 = 200;
const SOCKET_BUFFER_BYTES: usize = 4 << 20;

enum Input {
    Line(String),
    Woken,
    End,
}

struct Peer {
    port: Port,
    relay: SocketAddr,
    connection: Arc<Guarded>,
    outgoing: Outgoing,
    incoming: Incoming,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [role, relay, own, key, identity, file] = arguments.try_into().expect("six arguments");
    let (tell, inputs) = mpsc::channel();
    let (relay, key) = (relay.parse().expect("an address"), from_hex(&key));
    let mut connection = connect(role == "dialer", &key, &fs::read(identity).expect("an identity"));
    if role == "dialer" {
        let flight = connection.first_flight(Instant::now());
        println!("{}", flight.iter().map(|it| to_hex(it)).collect::<Vec<_>>().join(","));
    }
    let connection = Arc::new(Guarded::new(connection));
    let port = bind(own.parse().expect("an address"), relay, tell.clone());
    thread::spawn(move || read_lines(&tell));
    let mut peer =
        Peer { port, relay, connection, outgoing: Outgoing::new(fs::read(file).expect("a file")), incoming: Incoming::default() };
    for n in 1..=CIDS {
        peer.port.attach(cids::derive(&key, n), Receiver { connection: peer.connection.clone(), number: 0 });
    }
    peer.run(&inputs);
}

fn connect(is_dialer: bool, key: &[u8], identity: &[u8]) -> Connection {
    // The benchmark has both sides, so any certificate will do.
    let options = setting::options(key, CIDS, identity);
    let now = Instant::now();
    match is_dialer {
        true => Connection::connect(options, None, now),
        false => Connection::accept(options, now),
    }
    .expect("valid options")
}

fn bind(own: SocketAddr, relay: SocketAddr, tell: Sender<Input>) -> Port {
    // The channel outlives the port's thread unless the process ends.
    let mut port = Port::bind(own, SOCKET_BUFFER_BYTES, move |wake| match wake {
        Wake::Ready => drop(tell.send(Input::Woken)),
        Wake::Fault(fault) => panic!("{fault}"),
    })
    .expect("a free port");
    port.set_sources([relay], []);
    port
}

fn read_lines(tell: &Sender<Input>) {
    for line in stdin().lines() {
        tell.send(Input::Line(line.expect("text"))).expect("a reader");
    }
    tell.send(Input::End).expect("a reader");
}

impl Peer {
    fn run(&mut self, inputs: &Inbox<Input>) {
        let mut is_busy = true;
        loop {
            let input = match is_busy {
                true => inputs.try_recv().ok(),
                false => inputs.recv_timeout(self.patience()).ok(),
            };
            match input {
                Some(Input::End) => return,
                Some(Input::Line(line)) => self.obey(&line),
                Some(Input::Woken) | None => {}
            }
            is_busy = self.turn();
        }
    }

    /// Runs one turn, as `src/peer/connection/driver.ts` does. Returns whether another follows at once.
    fn turn(&mut self) -> bool {
        let received = self.port.drain().expect("a working port");
        self.with(|connection| {
            let now = Instant::now();
            if connection.deadline().is_some_and(|due| due <= now) {
                connection.on_timeout(now);
            }
        });
        while let Some(event) = self.with(Connection::next_event) {
            self.hear(event);
        }
        let outgoing = &mut self.outgoing;
        self.connection.with(|connection| outgoing.write(connection)).expect("a sound engine");
        let route = Route { relay: self.relay, direct: None, is_mirrored: false };
        let flush = self.port.flush(&self.connection, route).expect("a working port");
        let is_busy = received.is_any || flush.progress == Flushed::More;
        if !is_busy {
            self.port.arm().expect("a working port");
        }
        is_busy
    }

    fn hear(&mut self, event: Event) {
        let incoming = &mut self.incoming;
        match event {
            Event::Confirmed => println!("connected"),
            Event::Opened(_) => self.connection.with(|connection| incoming.accept(connection)).expect("a sound engine"),
            Event::Readable(id) => self.connection.with(|connection| incoming.read(connection, id)).expect("a sound engine"),
            Event::Ended => panic!("the connection ended: {:?}", self.connection.end()),
            _ => {}
        }
    }

    fn obey(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse().expect("a number");
        let (outgoing, incoming) = (&mut self.outgoing, &mut self.incoming);
        match words[0] {
            "begin" => {
                for datagram in words[1].split(',') {
                    self.with(|connection| connection.receive(BytesMut::from(&from_hex(datagram)[..]), None, Instant::now()));
                }
            }
            "send" => self.connection.with(|connection| outgoing.open(connection, number(1), number(2))).expect("a sound engine"),
            word => {
                incoming.expect(number(1), word == "digest");
                self.connection.with(|connection| incoming.accept(connection)).expect("a sound engine");
            }
        }
    }

    fn patience(&mut self) -> Duration {
        let due = self.with(|connection| connection.deadline());
        due.map_or(Duration::from_secs(1), |due| due.saturating_duration_since(Instant::now()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        self.connection.with(work).expect("a sound engine")
    }
}
