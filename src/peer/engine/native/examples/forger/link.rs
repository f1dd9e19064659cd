//! The socket of the hostile peer.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
};

use socket2::SockRef;

/// Large enough for the answers of a batch.
const BUFFER_BYTES: usize = 4 << 20;

pub struct Link {
    socket: UdpSocket,
    buffer: Vec<u8>,
}

impl Link {
    pub fn open(own: &str, relay: &str) -> io::Result<Self> {
        let socket = UdpSocket::bind(own)?;
        SockRef::from(&socket).set_recv_buffer_size(BUFFER_BYTES)?;
        socket.connect(relay.parse::<SocketAddr>().expect("an address"))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, buffer: vec![0; 1 << 16] })
    }

    /// Sends if there is room; the relay's process may also have ended (ICMP). Whoever watches the accepter sees what comes of it.
    pub fn send(&self, datagram: &[u8]) -> bool {
        self.socket.send(datagram).is_ok()
    }

    /// Returns the next datagram, if one has come.
    pub fn receive(&mut self) -> Option<&[u8]> {
        let length = self.socket.recv(&mut self.buffer).ok()?;
        Some(&self.buffer[..length])
    }
}
