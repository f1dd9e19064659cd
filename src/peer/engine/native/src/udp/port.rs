//! A UDP socket and the connections that share it.

use std::{
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::quic::guarded::Guarded;

use super::{
    inbox::{Batch, Inbox, Incoming},
    outbox::{Outbox, ShortLived, Train},
    received::{Received, Waiting},
    route::Route,
    routes::{self, Cid, Receiver, Routes},
    socket::{self, Socket},
    sources::{Origin, Sources},
    strangers::{Strangers, Verdict},
    turns::{Key, Turns},
    waker::{Wake, Waker},
    ways::Ways,
};

/// Datagrams of one connection in a turn, so that others have theirs: 16 trains, or as many calls where the system takes no trains.
const DATAGRAMS_PER_TURN: usize = 640;

/// Datagrams of a train: 40 of 1472 bytes fit into one message of 65 507 bytes.
const DATAGRAMS_PER_TRAIN: NonZeroUsize = NonZeroUsize::new(40).expect("not zero");

/// Datagrams that are taken from the system before those that wait have their turns: what one call brings at most.
const DATAGRAMS_PER_DRAIN: usize = 1024;

/// Shortest round trip from which on it pays to keep what is under way. On a shorter path QUIC itself is about as quick, and a sender so
/// fast that the copies cost it a tenth.
const LONG_ROUND_TRIP: Duration = Duration::from_millis(10);

/// How far a connection has come with sending.
#[derive(Debug, PartialEq, Eq)]
pub enum Flushed {
    All,
    /// Its turn was too short.
    More,
    /// The system has no room. The waker tells when it has.
    Blocked,
}

/// What came of a flush.
pub struct Flush {
    pub progress: Flushed,
    /// Whether a copy of anything went by the relay.
    pub is_mirrored: bool,
}

pub struct Port {
    waker: Waker,
    ways: Ways,
    buffer_bytes: usize,
    inbox: Inbox,
    outbox: Outbox,
    routes: Routes,
    turns: Turns<Waiting>,
    sources: Sources,
    strangers: Strangers,
    foreign: u64,
    strangers_refused: u64,
    /// Memory for the next train.
    spare: Vec<u8>,
}

impl Port {
    pub fn bind(at: SocketAddr, buffer_bytes: usize, tell: impl Fn(Wake) + Send + 'static) -> io::Result<Self> {
        let socket = Arc::new(Socket::bind(at, buffer_bytes)?);
        Ok(Self {
            waker: Waker::start(socket.clone(), tell)?,
            ways: Ways::new(socket),
            buffer_bytes,
            inbox: Inbox::new(),
            outbox: Outbox::default(),
            routes: Routes::default(),
            turns: Turns::default(),
            sources: Sources::default(),
            strangers: Strangers::default(),
            foreign: 0,
            strangers_refused: 0,
            spare: Vec::new(),
        })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.ways.first.socket.local_addr()
    }

    /// Binds a further socket at a local port, which sends to this address from now on. It receives as the first one does.
    pub fn add_socket(&mut self, local_port: u16, remote: SocketAddr) -> io::Result<()> {
        let at = SocketAddr::new(self.address()?.ip(), local_port);
        let socket = Arc::new(Socket::bind(at, self.buffer_bytes)?);
        self.waker.add(socket.clone())?;
        if let Some(former) = self.ways.add(remote, socket) {
            self.waker.remove(&former);
        }
        self.arm()
    }

    /// Closes the further socket that sends to an address, if there is one.
    pub fn remove_socket(&mut self, remote: SocketAddr) {
        if let Some(socket) = self.ways.remove(remote) {
            self.waker.remove(&socket);
        }
    }

    /// Number of datagrams from elsewhere than the sources that nobody waits for.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// Number of checks of strangers that were too many.
    pub fn strangers_refused(&self) -> u64 {
        self.strangers_refused
    }

    /// Number of datagrams that the system refused to send.
    pub fn send_failed(&self) -> u64 {
        self.outbox.failed()
    }

    /// Takes datagrams of any kind from these addresses alone: the relay's, and those of other peers.
    pub fn set_sources(&mut self, relay: impl IntoIterator<Item = SocketAddr>, direct: impl IntoIterator<Item = SocketAddr>) {
        self.sources.set(relay, direct);
    }

    /// What is taken from elsewhere too.
    pub fn strangers(&mut self) -> &mut Strangers {
        &mut self.strangers
    }

    pub fn attach(&mut self, cid: Cid, receiver: Receiver) {
        self.routes.add(cid, receiver);
    }

    pub fn detach(&mut self, cid: &Cid) {
        self.routes.remove(cid);
    }

    /// Sends a datagram, with the system's TTL or hop limit unless given.
    pub fn send(&mut self, datagram: &[u8], to: SocketAddr, ttl: Option<u32>) {
        let socket = &**self.ways.to(to);
        let to = socket.on_wire(to);
        match ttl {
            None => self.outbox.send_one(datagram, to, socket),
            Some(ttl) => self.outbox.send_one(datagram, to, &ShortLived { socket, ttl }),
        }
    }

    /// Sends what a connection has to send. Its packets are made only when those before have left.
    pub fn flush(&mut self, connection: &Guarded, route: Route) -> io::Result<Flush> {
        self.resume();
        let is_doubted = route.is_mirrored || route.direct.is_none();
        let mut is_mirrored = is_doubted && self.repeat(connection, &route);
        let mut datagrams = 0;
        while datagrams < DATAGRAMS_PER_TURN {
            if self.outbox.is_blocked() {
                self.arm()?;
                return Ok(Flush { progress: Flushed::Blocked, is_mirrored });
            }
            let Some((train, copy_to)) = self.next_train(connection, &route) else {
                return Ok(Flush { progress: Flushed::All, is_mirrored });
            };
            datagrams += train.datagrams();
            if let Some(to) = copy_to {
                self.outbox.send_copy(&train, to, &**self.ways.to(to));
                is_mirrored = true;
            }
            let socket = self.ways.to(train.to());
            self.spare = self.outbox.send(train, &**socket).unwrap_or_default();
        }
        Ok(Flush { progress: Flushed::More, is_mirrored })
    }

    /// Sends by the relay what is under way on a path that is in doubt now, or was left. Returns whether there was anything.
    fn repeat(&mut self, connection: &Guarded, route: &Route) -> bool {
        if self.outbox.is_blocked() {
            return false;
        }
        let kept = connection.with(|connection| connection.take_kept(Instant::now())).unwrap_or_default();
        let socket = self.ways.to(route.relay);
        let to = socket.on_wire(route.relay);
        for train in &kept {
            self.outbox.send_copy(&Train::new(train.bytes.clone(), train.datagram_bytes, to, None), to, &**socket);
        }
        !kept.is_empty()
    }

    /// Returns the next train, and where a copy of it goes.
    fn next_train(&mut self, connection: &Guarded, route: &Route) -> Option<(Train, Option<SocketAddr>)> {
        let mut bytes = std::mem::take(&mut self.spare);
        let most = DATAGRAMS_PER_TRAIN.min(self.ways.first.state.max_gso_segments());
        let next = connection.with(|connection| {
            let train = connection.transmit_train(&mut bytes, most, Instant::now())?;
            let relay_bytes = connection.first_path_bytes();
            let (to, copy_to) = route.of(train.path, train.datagram_bytes, relay_bytes);
            let may_go_twice = to != route.relay && copy_to.is_none() && train.datagram_bytes <= relay_bytes;
            if may_go_twice && connection.shortest_round_trip(train.path) >= LONG_ROUND_TRIP {
                connection.keep(&train, &bytes);
            }
            Some((train, to, copy_to))
        });
        let Some((train, to, copy_to)) = next.flatten() else {
            self.spare = bytes;
            return None;
        };
        let ecn = train.ecn.and_then(|it| noq_udp::EcnCodepoint::from_bits(it as u8));
        let on_wire = |to| self.ways.first.on_wire(to);
        Some((Train::new(bytes, train.datagram_bytes, on_wire(to), ecn), copy_to.map(on_wire)))
    }

    /// Number of datagrams that were dropped so that those of other connections have room.
    pub fn crowded_out(&self) -> u64 {
        self.turns.dropped()
    }

    /// Takes what has come, and gives the connections in turn what is theirs. What takes too long waits for the next call; it does
    /// not stay in the socket's buffer, where the datagrams of all would wait behind it.
    pub fn drain(&mut self) -> io::Result<Received> {
        let mut received = Received { is_any: self.fill()?, ..Received::default() };
        self.turns.round(|waiting| received.take(waiting));
        received.is_any |= !self.turns.is_empty();
        self.resume();
        Ok(received)
    }

    /// Sends the train that waits.
    fn resume(&mut self) {
        if let Some(to) = self.outbox.waiting_for() {
            self.outbox.resume(&**self.ways.to(to));
        }
    }

    /// Moves datagrams from the system to those that wait. Returns whether there were any.
    fn fill(&mut self) -> io::Result<bool> {
        let Self { inbox, ways, routes, turns, sources, strangers, foreign, strangers_refused, .. } = self;
        let now = Instant::now();
        let mut is_any = false;
        for socket in ways.all() {
            let mut count = 0;
            while count < DATAGRAMS_PER_DRAIN {
                let batch = inbox.receive(socket, |datagram| {
                    count += 1;
                    let source = socket::source(datagram.from);
                    let origin = sources.origin(&source);
                    if origin == Some(Origin::Relay) {
                        return enqueue(turns, routes, &datagram);
                    }
                    if let (Some(_), Some(receiver)) = (origin, routes.receiver(datagram.bytes)) {
                        return turns.add(Key::Connection(receiver.number), Waiting::own(receiver, &datagram, Origin::Direct));
                    }
                    match strangers.judge(datagram.bytes, &source, origin.is_some(), now) {
                        Verdict::Taken => turns.add(Key::Stranger, Waiting::other(&datagram)),
                        Verdict::Refused => *strangers_refused += 1,
                        Verdict::Foreign => *foreign += 1,
                    }
                })?;
                is_any |= batch != Batch::Empty;
                if batch != Batch::Full {
                    break;
                }
            }
        }
        Ok(is_any)
    }

    /// Whether a train waits for room.
    pub fn is_blocked(&self) -> bool {
        self.outbox.is_blocked()
    }

    /// Has the waker tell once there is something to do.
    pub fn arm(&self) -> io::Result<()> {
        self.waker.arm(self.outbox.waiting_for().map(|to| self.ways.to(to)))
    }
}

/// Takes what the relay sends, which may be for no connection.
fn enqueue(turns: &mut Turns<Waiting>, routes: &Routes, datagram: &Incoming<'_>) {
    if datagram.bytes.is_empty() {
        return;
    }
    let Some(cid) = routes::destination(datagram.bytes) else {
        return turns.add(Key::NoCid, Waiting::other(datagram));
    };
    match routes.find(cid) {
        Some(receiver) => turns.add(Key::Connection(receiver.number), Waiting::own(receiver, datagram, Origin::Relay)),
        None => turns.add(Key::Other(*cid), Waiting::other(datagram)),
    }
}
