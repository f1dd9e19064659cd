//! What comes from the wire.

use std::{
    io::{self, ErrorKind, IoSliceMut},
    net::SocketAddr,
};

use noq_udp::{BATCH_SIZE, RecvMeta, UdpSockRef};

use super::socket::Socket;

/// Messages of one call of the system. Each is a datagram, or up to 64 that the kernel has joined (GRO). So one call takes 1 MiB
/// and 1024 datagrams at most.
const MESSAGES: usize = if BATCH_SIZE < 16 { BATCH_SIZE } else { 16 };

/// The longest message: 64 joined datagrams are not longer than an IP packet may be.
const MESSAGE_BYTES: usize = 1 << 16;

/// A datagram that came.
pub struct Incoming<'a> {
    pub bytes: &'a [u8],
    pub from: SocketAddr,
    pub ecn: Option<noq_udp::EcnCodepoint>,
}

/// What one call of the system has brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Batch {
    Empty,
    /// Nothing was left.
    Last,
    /// There may be more.
    Full,
}

pub struct Inbox {
    memory: Vec<u8>,
}

impl Inbox {
    pub fn new() -> Self {
        Self { memory: vec![0; MESSAGES * MESSAGE_BYTES] }
    }

    /// Takes what one call of the system brings.
    pub fn receive(&mut self, socket: &Socket, mut take: impl FnMut(Incoming<'_>)) -> io::Result<Batch> {
        let mut metas = [RecvMeta::default(); MESSAGES];
        let mut slices: Vec<IoSliceMut> = self.memory.chunks_mut(MESSAGE_BYTES).map(IoSliceMut::new).collect();
        let count = match socket.state.recv(UdpSockRef::from(&socket.socket), &mut slices, &mut metas) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Batch::Empty),
            // An ICMP message about a datagram that was sent. It names none, and anybody may have sent it.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused) => {
                return Ok(Batch::Full);
            }
            Err(error) => return Err(error),
        };
        for (meta, message) in metas.iter().zip(self.memory.chunks(MESSAGE_BYTES)).take(count) {
            let mut rest = &message[..meta.len];
            // A datagram may be empty, and counts.
            loop {
                let (bytes, others) = rest.split_at(rest.len().min(meta.stride.max(1)));
                take(Incoming { bytes, from: meta.addr, ecn: meta.ecn });
                rest = others;
                if rest.is_empty() {
                    break;
                }
            }
        }
        Ok(if count < MESSAGES { Batch::Last } else { Batch::Full })
    }
}
