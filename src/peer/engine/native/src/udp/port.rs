//! One UDP socket and the connections that share it.

use std::{
    collections::HashSet,
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;

use crate::quic::{connection::receiving::as_received, guarded::Guarded};

use super::{
    inbox::{Batch, Inbox, Incoming},
    outbox::{Outbox, Train},
    routes::{self, Cid, Receiver, Routes},
    socket::{self, Socket, Source},
    turns::{Key, Turns},
    waker::{Wake, Waker},
};

/// Datagrams of one connection in a turn, so that others have theirs: 16 trains, or as many calls where the system takes no trains.
const DATAGRAMS_PER_TURN: usize = 640;

/// Datagrams of a train: 40 of 1472 bytes fit into one message of 65 507 bytes.
const DATAGRAMS_PER_TRAIN: NonZeroUsize = NonZeroUsize::new(40).expect("not zero");

/// Datagrams that are taken from the system before those that wait have their turns: what one call brings at most.
const DATAGRAMS_PER_DRAIN: usize = 1024;

/// What a datagram of no connection costs the caller at most, which is not measured: one with a thousand frames.
const COST_OF_OTHER: Duration = Duration::from_micros(40);

/// How far a connection has come with sending.
#[derive(Debug, PartialEq, Eq)]
pub enum Flushed {
    All,
    /// Its turn was too short.
    More,
    /// The system has no room. The waker tells when it has.
    Blocked,
}

/// What has come.
#[derive(Default)]
pub struct Received {
    /// Numbers of connections, and how many datagrams were of no use to each. A number may come twice.
    pub connections: Vec<(u32, u32)>,
    pub others: Vec<Other>,
    /// Whether there was anything, or something waits for its turn.
    pub is_any: bool,
}

/// A datagram that waits for its turn.
enum Waiting {
    Own { receiver: Receiver, bytes: BytesMut, ecn: Option<noq_proto::EcnCodepoint> },
    Other(Other),
}

/// A datagram of no connection, and its two ECN bits (RFC 3168 §5).
pub struct Other {
    pub datagram: Vec<u8>,
    pub ecn: u8,
}

pub struct Port {
    waker: Waker,
    socket: Arc<Socket>,
    inbox: Inbox,
    outbox: Outbox,
    routes: Routes,
    turns: Turns<Waiting>,
    sources: HashSet<Source>,
    foreign: u64,
    /// Memory for the next train.
    spare: Vec<u8>,
}

impl Port {
    pub fn bind(at: SocketAddr, buffer_bytes: usize, tell: impl Fn(Wake) + Send + 'static) -> io::Result<Self> {
        let socket = Arc::new(Socket::bind(at, buffer_bytes)?);
        Ok(Self {
            waker: Waker::start(socket.clone(), tell)?,
            socket,
            inbox: Inbox::new(),
            outbox: Outbox::default(),
            routes: Routes::default(),
            turns: Turns::default(),
            sources: HashSet::new(),
            foreign: 0,
            spare: Vec::new(),
        })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.socket.local_addr()
    }

    /// Number of datagrams that came from elsewhere than the sources.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// Number of datagrams that the system refused to send.
    pub fn send_failed(&self) -> u64 {
        self.outbox.failed()
    }

    /// Takes datagrams from these addresses alone.
    pub fn set_sources(&mut self, sources: impl IntoIterator<Item = SocketAddr>) {
        self.sources = sources.into_iter().map(socket::source).collect();
    }

    pub fn attach(&mut self, cid: Cid, receiver: Receiver) {
        self.routes.add(cid, receiver);
    }

    pub fn detach(&mut self, cid: &Cid) {
        self.routes.remove(cid);
    }

    pub fn send(&mut self, datagram: &[u8], to: SocketAddr) {
        self.outbox.send_one(datagram, self.socket.on_wire(to), &*self.socket);
    }

    /// Sends what a connection has to send. Its packets are made only when those before have left.
    pub fn flush(&mut self, connection: &Guarded, to: SocketAddr) -> io::Result<Flushed> {
        let to = self.socket.on_wire(to);
        self.outbox.resume(&*self.socket);
        let mut datagrams = 0;
        while datagrams < DATAGRAMS_PER_TURN {
            if self.outbox.is_blocked() {
                self.waker.arm(true)?;
                return Ok(Flushed::Blocked);
            }
            let Some(train) = self.next_train(connection, to) else { return Ok(Flushed::All) };
            datagrams += train.datagrams();
            self.spare = self.outbox.send(train, &*self.socket).unwrap_or_default();
        }
        Ok(Flushed::More)
    }

    fn next_train(&mut self, connection: &Guarded, to: SocketAddr) -> Option<Train> {
        let mut bytes = std::mem::take(&mut self.spare);
        let most = DATAGRAMS_PER_TRAIN.min(self.socket.state.max_gso_segments());
        let train = connection.with(|connection| connection.transmit_train(&mut bytes, most, Instant::now())).flatten();
        match train {
            Some(train) => {
                let ecn = train.ecn.and_then(|it| noq_udp::EcnCodepoint::from_bits(it as u8));
                Some(Train::new(bytes, train.datagram_bytes, to, ecn))
            }
            None => {
                self.spare = bytes;
                None
            }
        }
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
        self.outbox.resume(&*self.socket);
        Ok(received)
    }

    /// Moves datagrams from the system to those that wait. Returns whether there were any.
    fn fill(&mut self) -> io::Result<bool> {
        let Self { inbox, socket, routes, turns, sources, foreign, .. } = self;
        let mut count = 0;
        let mut is_any = false;
        while count < DATAGRAMS_PER_DRAIN {
            let batch = inbox.receive(socket, |datagram| {
                count += 1;
                match sources.contains(&socket::source(datagram.from)) {
                    true => enqueue(turns, routes, &datagram),
                    false => *foreign += 1,
                }
            })?;
            is_any |= batch != Batch::Empty;
            if batch != Batch::Full {
                break;
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
        self.waker.arm(self.outbox.is_blocked())
    }
}

fn enqueue(turns: &mut Turns<Waiting>, routes: &Routes, datagram: &Incoming<'_>) {
    if datagram.bytes.is_empty() {
        return;
    }
    let Some(cid) = routes::destination(datagram.bytes) else {
        return turns.add(Key::NoCid, Waiting::other(datagram));
    };
    match routes.find(cid) {
        Some(receiver) => turns.add(Key::Connection(receiver.number), Waiting::own(receiver, datagram)),
        None => turns.add(Key::Other(*cid), Waiting::other(datagram)),
    }
}

impl Waiting {
    fn own(receiver: &Receiver, datagram: &Incoming<'_>) -> Self {
        Self::Own {
            receiver: receiver.clone(),
            // A copy of its own: a stream may keep a few bytes of one datagram, which would keep the whole message.
            bytes: BytesMut::from(as_received(datagram.bytes)),
            ecn: datagram.ecn.and_then(|it| noq_proto::EcnCodepoint::from_bits(it as u8)),
        }
    }

    fn other(datagram: &Incoming<'_>) -> Self {
        Self::Other(Other { datagram: as_received(datagram.bytes).to_vec(), ecn: datagram.ecn.map_or(0, |it| it as u8) })
    }
}

impl Received {
    /// Returns how long it took, or what it will cost.
    fn take(&mut self, waiting: Waiting) -> Duration {
        match waiting {
            Waiting::Own { receiver: Receiver { connection, number }, bytes, ecn } => {
                let now = Instant::now();
                let is_useful = connection.with(|connection| connection.receive(bytes, 0, ecn, now)).unwrap_or(false);
                self.count(number, u32::from(!is_useful));
                now.elapsed()
            }
            Waiting::Other(other) => {
                self.others.push(other);
                COST_OF_OTHER
            }
        }
    }

    fn count(&mut self, number: u32, refused: u32) {
        match self.connections.last_mut() {
            Some((last, count)) if *last == number => *count += refused,
            _ => self.connections.push((number, refused)),
        }
    }
}
