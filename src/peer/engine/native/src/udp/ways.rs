//! The sockets of a port: the first one, and others for single addresses of other peers, to which a NAT gives the first one another port.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use super::socket::{self, Socket, Source};

pub struct Ways {
    pub first: Arc<Socket>,
    others: HashMap<Source, Arc<Socket>>,
}

impl Ways {
    pub fn new(first: Arc<Socket>) -> Self {
        Self { first, others: HashMap::new() }
    }

    /// Returns the socket that sends to an address.
    pub fn to(&self, remote: SocketAddr) -> &Arc<Socket> {
        self.others.get(&socket::source(remote)).unwrap_or(&self.first)
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Socket>> {
        std::iter::once(&self.first).chain(self.others.values())
    }

    /// Has a socket send to an address, and returns the one that did.
    pub fn add(&mut self, remote: SocketAddr, socket: Arc<Socket>) -> Option<Arc<Socket>> {
        self.others.insert(socket::source(remote), socket)
    }

    /// Has the first socket send to an address, and returns the one that did.
    pub fn remove(&mut self, remote: SocketAddr) -> Option<Arc<Socket>> {
        self.others.remove(&socket::source(remote))
    }
}
