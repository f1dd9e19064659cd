//! Where packets of a connection go.

use std::net::SocketAddr;

use noq_proto::PathId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub relay: SocketAddr,
    /// Where packets of other paths than the first go; by the relay, as those of the first, if absent.
    pub direct: Option<SocketAddr>,
    /// Whether a copy of those goes by the relay.
    pub is_mirrored: bool,
}

impl Route {
    /// Returns where datagrams of a path go, and where copies do. `relay_bytes` is the longest that the first path is known to carry.
    pub fn of(&self, path: PathId, datagram_bytes: usize, relay_bytes: usize) -> (SocketAddr, Option<SocketAddr>) {
        let Some(direct) = self.direct.filter(|_| path != PathId::ZERO) else { return (self.relay, None) };
        let is_mirrored = self.is_mirrored && datagram_bytes <= relay_bytes;
        (direct, is_mirrored.then_some(self.relay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_the_first_path_go_by_the_relay_and_others_directly_if_they_can() {
        let [relay, other]: [SocketAddr; 2] = [([192, 0, 2, 1], 1).into(), ([192, 0, 2, 2], 2).into()];
        let [first, second] = [0_u32, 7].map(PathId::from);
        for is_mirrored in [false, true] {
            let detour = Route { relay, direct: None, is_mirrored };
            assert_eq!([first, second].map(|path| detour.of(path, 1200, 1200)), [(relay, None); 2]);
            let route = Route { direct: Some(other), ..detour };
            assert_eq!(route.of(first, 1200, 1200), (relay, None));
            assert_eq!(route.of(second, 1200, 1200), (other, is_mirrored.then_some(relay)));
            assert_eq!(route.of(second, 1201, 1200), (other, None), "the relay's path may lose it");
        }
    }
}
