//! A bound socket, and addresses as it takes them.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
};

use noq_udp::{UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Type};

pub struct Socket {
    pub socket: UdpSocket,
    pub state: UdpSocketState,
    is_ipv6: bool,
}

impl Socket {
    /// Binds a UDP socket. One that is bound to `::` is of both families.
    pub fn bind(at: SocketAddr, buffer_bytes: usize) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
        if at.is_ipv6() {
            socket.set_only_v6(!at.ip().is_unspecified())?;
        }
        socket.bind(&at.into())?;
        let socket = UdpSocket::from(socket);
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        state.set_send_buffer_size(UdpSockRef::from(&socket), buffer_bytes)?;
        state.set_recv_buffer_size(UdpSockRef::from(&socket), buffer_bytes)?;
        Ok(Self { socket, state, is_ipv6: at.is_ipv6() })
    }

    /// An IPv6 socket takes an IPv4 address as a mapped one (RFC 4291 §2.5.5.2).
    pub fn on_wire(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.is_ipv6 => SocketAddr::from((ip.to_ipv6_mapped(), to.port())),
            _ => to,
        }
    }
}

/// The source of a datagram: an address without scope and flow, and a port.
pub type Source = (IpAddr, u16);

/// Returns the address that [`Socket::on_wire`] may have mapped.
pub fn source(from: SocketAddr) -> Source {
    (from.ip().to_canonical(), from.port())
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, net::Ipv6Addr};

    use noq_udp::EcnCodepoint;

    use super::{
        super::{
            inbox::Inbox,
            outbox::{Outbox, Train},
        },
        *,
    };

    type Datagram = (Vec<u8>, Option<EcnCodepoint>);

    /// Receives until there are as many datagrams.
    fn receive(socket: &Socket, count: usize) -> Vec<Datagram> {
        let (mut inbox, mut received) = (Inbox::new(), Vec::new());
        while received.len() < count {
            inbox.receive(socket, |it| received.push((it.bytes.to_vec(), it.ecn))).unwrap();
        }
        received
    }

    fn carries_a_train(from: &Socket, to: &Socket, at: SocketAddr) {
        let bytes: Vec<u8> = (0..48_100).map(|i| (i / 1200) as u8).collect();
        let train = Train::new(bytes.clone(), 1200, from.on_wire(at), Some(EcnCodepoint::Ect0));
        assert!(Outbox::default().send(train, from).is_some());
        let datagrams = bytes.chunks(1200).map(|it| (it.to_vec(), Some(EcnCodepoint::Ect0)));
        assert_eq!(receive(to, 41), datagrams.collect::<Vec<_>>());
    }

    fn bind(at: &str) -> (Socket, SocketAddr) {
        let socket = Socket::bind(at.parse().unwrap(), 1 << 20).unwrap();
        let at = socket.socket.local_addr().unwrap();
        (socket, at)
    }

    #[test]
    fn a_train_arrives_as_its_datagrams_with_their_ecn_in_either_family() {
        let (receiver, at) = bind("127.0.0.1:0");
        let (sender, _) = bind("127.0.0.1:0");
        carries_a_train(&sender, &receiver, at);
        let dual = match Socket::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)), 1 << 20) {
            Ok(dual) => dual,
            Err(error) if error.kind() == ErrorKind::Unsupported => return eprintln!("skipped: no IPv6 here"),
            Err(error) => panic!("{error}"),
        };
        let port = dual.socket.local_addr().unwrap().port();
        carries_a_train(&dual, &receiver, at);
        carries_a_train(&sender, &dual, SocketAddr::from(([127, 0, 0, 1], port)));
        let (sender, _) = bind("[::1]:0");
        carries_a_train(&sender, &dual, SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
    }

    #[test]
    fn a_mapped_source_is_the_plain_one() {
        let plain: SocketAddr = "192.0.2.1:5".parse().unwrap();
        assert_eq!(source("[::ffff:192.0.2.1]:5".parse().unwrap()), source(plain));
        assert_eq!(source("[fe80::1%7]:5".parse().unwrap()), source("[fe80::1]:5".parse().unwrap()));
    }
}
