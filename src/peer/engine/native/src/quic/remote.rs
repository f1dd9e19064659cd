//! The other side's address. noq wants one for each datagram, and finds a datagram's path by its connection ID; so all have the same
//! made-up one, and nothing ever migrates.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use noq_proto::FourTuple;

pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 1);

pub fn network_path() -> FourTuple {
    FourTuple::from_remote(ADDRESS)
}
