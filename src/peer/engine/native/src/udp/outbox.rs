//! What goes to the wire.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    num::NonZeroUsize,
};

use noq_udp::{EcnCodepoint, Transmit, UdpSockRef};
use socket2::SockRef;

use super::socket::Socket;

/// What messages are sent by.
pub trait Wire {
    /// How many datagrams a message may have. It becomes one for good where a driver turns out not to cut messages.
    fn max_datagrams(&self) -> NonZeroUsize;
    fn send(&self, message: &Transmit<'_>) -> io::Result<()>;
}

impl Wire for Socket {
    fn max_datagrams(&self) -> NonZeroUsize {
        self.state.max_gso_segments()
    }

    fn send(&self, message: &Transmit<'_>) -> io::Result<()> {
        self.state.try_send(UdpSockRef::from(&self.socket), message)
    }
}

/// A socket whose packets may pass only so many routers: those of others must not be sent meanwhile.
pub struct ShortLived<'a> {
    pub socket: &'a Socket,
    /// TTL of IPv4, hop limit of IPv6 (RFC 8200 §3).
    pub ttl: u32,
}

impl Wire for ShortLived<'_> {
    fn max_datagrams(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn send(&self, message: &Transmit<'_>) -> io::Result<()> {
        let socket = SockRef::from(&self.socket.socket);
        let is_ipv4 = message.destination.ip().to_canonical().is_ipv4();
        let set = |ttl| if is_ipv4 { socket.set_ttl_v4(ttl) } else { socket.set_unicast_hops_v6(ttl) };
        let usual = if is_ipv4 { socket.ttl_v4() } else { socket.unicast_hops_v6() }?;
        set(self.ttl)?;
        let sent = self.socket.send(message);
        set(usual).and(sent)
    }
}

/// Datagrams of one length for one receiver; the last may be shorter.
pub struct Train {
    bytes: Vec<u8>,
    datagram_bytes: usize,
    to: SocketAddr,
    ecn: Option<EcnCodepoint>,
    /// Up to here they are gone.
    sent: usize,
}

impl Train {
    pub fn new(bytes: Vec<u8>, datagram_bytes: usize, to: SocketAddr, ecn: Option<EcnCodepoint>) -> Self {
        Self { bytes, datagram_bytes, to, ecn, sent: 0 }
    }

    /// Number of datagrams up to `end` that have not left.
    fn left_to(&self, end: usize) -> usize {
        (end - self.sent).div_ceil(self.datagram_bytes)
    }

    pub fn to(&self) -> SocketAddr {
        self.to
    }

    pub fn datagrams(&self) -> usize {
        self.left_to(self.bytes.len())
    }

    /// Returns the end of the next message.
    fn next_end(&self, max_datagrams: NonZeroUsize) -> usize {
        self.bytes.len().min(self.sent + self.datagram_bytes * max_datagrams.get())
    }

    fn message(&self, end: usize) -> Transmit<'_> {
        let contents = &self.bytes[self.sent..end];
        Transmit { destination: self.to, ecn: self.ecn, contents, segment_size: Some(self.datagram_bytes), src_ip: None }
    }

    fn copy_to(&self, to: SocketAddr) -> Self {
        Self { bytes: self.bytes.clone(), to, ..*self }
    }
}

/// The train that the system had no room for, if any, and the count of what it refused for good.
#[derive(Default)]
pub struct Outbox {
    waiting: Option<Train>,
    failed: u64,
}

impl Outbox {
    /// Number of datagrams that the system refused to send.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    pub fn is_blocked(&self) -> bool {
        self.waiting.is_some()
    }

    /// Where the train goes that waits.
    pub fn waiting_for(&self) -> Option<SocketAddr> {
        self.waiting.as_ref().map(Train::to)
    }

    /// Sends the train that waits.
    pub fn resume(&mut self, wire: &impl Wire) {
        if let Some(train) = self.waiting.take() {
            self.send(train, wire);
        }
    }

    /// Sends a train. It waits if there is no room: its connection counts it as sent, and would take its loss for congestion of the
    /// path. Gives its memory back if it is gone.
    pub fn send(&mut self, mut train: Train, wire: &impl Wire) -> Option<Vec<u8>> {
        while train.sent < train.bytes.len() {
            let end = train.next_end(wire.max_datagrams());
            match wire.send(&train.message(end)) {
                Ok(()) => train.sent = end,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.waiting = Some(train);
                    return None;
                }
                // The message was too long for a driver that does not cut it.
                Err(_) if end > train.next_end(wire.max_datagrams()) => {}
                Err(_) => {
                    self.failed += train.left_to(end) as u64;
                    train.sent = end;
                }
            }
        }
        Some(train.bytes)
    }

    /// Sends a copy of a train to another address. What there is no room for is lost, as the train itself is not.
    pub fn send_copy(&mut self, train: &Train, to: SocketAddr, wire: &impl Wire) {
        self.send(train.copy_to(to), wire);
        self.waiting = None;
    }

    /// Sends one datagram, or loses it if there is no room: its sender sends it again.
    pub fn send_one(&mut self, bytes: &[u8], to: SocketAddr, wire: &impl Wire) {
        let datagram = Transmit { destination: to, ecn: None, contents: bytes, segment_size: None, src_ip: None };
        self.failed += u64::from(wire.send(&datagram).is_err());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const HERE: ([u8; 4], u16) = ([127, 0, 0, 1], 1);
    const ELSEWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 2);

    /// A wire that does as the test says, and notes the lengths and the destinations of messages.
    struct FakeWire {
        max: Cell<usize>,
        answers: RefCell<Vec<ErrorKind>>,
        sent: RefCell<Vec<usize>>,
        to: RefCell<Vec<SocketAddr>>,
    }

    impl Wire for FakeWire {
        fn max_datagrams(&self) -> NonZeroUsize {
            NonZeroUsize::new(self.max.get()).unwrap()
        }

        fn send(&self, message: &Transmit<'_>) -> io::Result<()> {
            if let Some(kind) = self.answers.borrow_mut().pop() {
                if kind == ErrorKind::InvalidInput {
                    self.max.set(1);
                }
                return Err(kind.into());
            }
            self.sent.borrow_mut().push(message.contents.len());
            self.to.borrow_mut().push(message.destination);
            Ok(())
        }
    }

    fn wire(max: usize, answers: &[ErrorKind]) -> FakeWire {
        FakeWire { max: Cell::new(max), answers: RefCell::new(answers.to_vec()), sent: RefCell::default(), to: RefCell::default() }
    }

    fn train() -> Train {
        Train::new(vec![0; 45], 10, HERE.into(), None)
    }

    #[test]
    fn a_train_leaves_in_messages_as_long_as_the_system_takes() {
        let (mut outbox, wire) = (Outbox::default(), wire(3, &[]));
        assert_eq!(outbox.send(train(), &wire).map(|spare| spare.len()), Some(45));
        assert_eq!(*wire.sent.borrow(), [30, 15]);
        assert!(!outbox.is_blocked());
    }

    #[test]
    fn a_train_without_room_waits_and_nothing_of_it_is_lost() {
        let (mut outbox, wire) = (Outbox::default(), wire(64, &[ErrorKind::WouldBlock, ErrorKind::WouldBlock]));
        assert!(outbox.send(train(), &wire).is_none());
        outbox.resume(&wire);
        assert!(outbox.is_blocked());
        outbox.resume(&wire);
        assert!(!outbox.is_blocked());
        assert_eq!((&wire.sent.borrow()[..], outbox.failed()), (&[45][..], 0));
    }

    #[test]
    fn a_train_that_a_driver_does_not_cut_leaves_datagram_by_datagram() {
        let (mut outbox, wire) = (Outbox::default(), wire(64, &[ErrorKind::InvalidInput]));
        outbox.send(train(), &wire);
        assert_eq!((&wire.sent.borrow()[..], outbox.failed()), (&[10, 10, 10, 10, 5][..], 0));
    }

    #[test]
    fn a_copy_goes_elsewhere_and_is_lost_where_there_is_no_room() {
        let (mut outbox, wire) = (Outbox::default(), wire(3, &[]));
        let train = train();
        outbox.send_copy(&train, ELSEWHERE.into(), &wire);
        assert_eq!((&wire.sent.borrow()[..], &wire.to.borrow()[..]), (&[30, 15][..], &[ELSEWHERE.into(); 2][..]));
        wire.answers.borrow_mut().push(ErrorKind::WouldBlock);
        outbox.send_copy(&train, ELSEWHERE.into(), &wire);
        assert!(!outbox.is_blocked());
        assert!(outbox.send(train, &wire).is_some());
        assert_eq!((&wire.sent.borrow()[2..], outbox.failed()), (&[30, 15][..], 0));
        assert_eq!(wire.to.borrow()[2], HERE.into());
    }

    #[test]
    fn what_the_system_refuses_is_counted_by_datagrams() {
        let (mut outbox, wire) = (Outbox::default(), wire(64, &[ErrorKind::PermissionDenied]));
        outbox.send(train(), &wire);
        outbox.send_one(&[1], HERE.into(), &wire);
        assert_eq!((&wire.sent.borrow()[..], outbox.failed()), (&[1][..], 5));
    }
}
