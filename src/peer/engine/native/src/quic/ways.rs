//! Labels of remote sides. noq wants addresses; it gets made-up ones that stand for labels.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use noq_proto::FourTuple;

/// The remote side of a datagram, as the caller numbers them: 0 is the relay.
pub type Way = u16;

const PORT: u16 = 1;

/// Returns the made-up address of a way, out of 10.0.0.0/8.
pub fn address(way: Way) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::from(0x0a00_0001 + u32::from(way)), PORT))
}

pub fn network_path(way: Way) -> FourTuple {
    FourTuple::from_remote(address(way))
}

/// Returns the way of an address that [`address`] made.
pub fn way(address: SocketAddr) -> Way {
    match address.ip() {
        IpAddr::V4(ip) => (u32::from(ip) - 0x0a00_0001) as Way,
        IpAddr::V6(_) => unreachable!("all made-up addresses are IPv4"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_comes_back_from_its_address() {
        for label in 0..=Way::MAX {
            assert_eq!(way(address(label)), label);
        }
    }
}
