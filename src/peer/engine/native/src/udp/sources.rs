//! The addresses that datagrams of any kind are taken from.

use std::{collections::HashSet, net::SocketAddr};

use super::socket::{self, Source};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Relay,
    /// An address of the other peer's.
    Direct,
}

#[derive(Default)]
pub struct Sources {
    relay: HashSet<Source>,
    direct: HashSet<Source>,
}

impl Sources {
    pub fn set(&mut self, relay: impl IntoIterator<Item = SocketAddr>, direct: impl IntoIterator<Item = SocketAddr>) {
        self.relay = relay.into_iter().map(socket::source).collect();
        self.direct = direct.into_iter().map(socket::source).collect();
    }

    /// Returns what an address is; `None` for a stranger's.
    pub fn origin(&self, source: &Source) -> Option<Origin> {
        match self.direct.contains(source) {
            true => Some(Origin::Direct),
            false => self.relay.contains(source).then_some(Origin::Relay),
        }
    }
}
