//! One UDP socket and the connections that share it.

use std::{collections::HashSet, io, net::SocketAddr, num::NonZeroUsize, sync::Arc, time::Instant};

use bytes::BytesMut;

use crate::quic::guarded::Guarded;

use super::{
    inbox::{Inbox, Incoming},
    outbox::{Outbox, Train},
    routes::{Cid, Receiver, Routes},
    socket::{self, Socket, Source},
    waker::{Wake, Waker},
};

/// Datagrams of one connection in a turn, so that others have theirs: 16 trains, or as many calls where the system takes no trains.
const DATAGRAMS_PER_TURN: usize = 640;

/// Datagrams of a train: 40 of 1472 bytes fit into one message of 65 507 bytes.
const DATAGRAMS_PER_TRAIN: NonZeroUsize = NonZeroUsize::new(40).expect("not zero");

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
    /// Whether there was anything.
    pub is_any: bool,
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

    /// Takes what one call of the system brings, and gives the connections what is theirs.
    pub fn drain(&mut self) -> io::Result<Received> {
        let Self { inbox, socket, routes, sources, foreign, .. } = self;
        let now = Instant::now();
        let mut received = Received::default();
        received.is_any = inbox.receive(socket, |datagram| match sources.contains(&socket::source(datagram.from)) {
            true => received.take(&datagram, routes, now),
            false => *foreign += 1,
        })?;
        self.outbox.resume(&*self.socket);
        Ok(received)
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

impl Received {
    fn take(&mut self, datagram: &Incoming<'_>, routes: &Routes, now: Instant) {
        if datagram.bytes.is_empty() {
            return;
        }
        let Some(Receiver { connection, number }) = routes.find(datagram.bytes) else {
            let ecn = datagram.ecn.map_or(0, |it| it as u8);
            return self.others.push(Other { datagram: datagram.bytes.to_vec(), ecn });
        };
        let ecn = datagram.ecn.and_then(|it| noq_proto::EcnCodepoint::from_bits(it as u8));
        // A copy of its own: a stream may keep a few bytes of one datagram, which would keep the whole message.
        let bytes = BytesMut::from(datagram.bytes);
        let is_useful = connection.with(|connection| connection.receive(bytes, 0, ecn, now)).unwrap_or(false);
        self.count(*number, u32::from(!is_useful));
    }

    fn count(&mut self, number: u32, refused: u32) {
        match self.connections.last_mut() {
            Some((last, count)) if *last == number => *count += refused,
            _ => self.connections.push((number, refused)),
        }
    }
}
