//! A pair of connections with two paths.

use super::{super::connection::receiving::Arrival, Arc, BytesMut, Cids, Duration, Instant, Pair, PathId, Side};

/// A pair over two wires, of which each may be dead. Packets of the first path go by the relay's, and those of others by the direct
/// one or, on a detour, by the relay's.
pub struct Wires {
    pub pair: Pair,
    pub dead: [bool; 2],
    /// A path whose packets are lost, on whichever wire.
    pub cut: Option<PathId>,
    pub is_detour: bool,
    /// Bytes of the first path, and of others.
    pub bytes: [usize; 2],
}

impl Wires {
    pub fn connected(max_paths: [u32; 2]) -> Self {
        let mut pair = Pair::connected(|client, server| {
            (client.max_paths, server.max_paths) = (max_paths[0], max_paths[1]);
            client.cids = Arc::new(Cids::new(&[7; 32], 64));
            server.cids = Arc::new(Cids::new(&[8; 32], 64));
        });
        pair.run();
        Self { pair, dead: [false; 2], cut: None, is_detour: false, bytes: [0; 2] }
    }

    /// A pair whose direct path is open, and that has no backup or one.
    pub fn open(is_backup: bool) -> (Self, PathId) {
        let mut wires = Self::connected([2, 2]);
        let id = wires.open_path(is_backup);
        (wires, id)
    }

    pub fn open_path(&mut self, is_backup: bool) -> PathId {
        let id = self.pair.client.connection.open_path(is_backup, self.pair.now).unwrap();
        assert_eq!(ids(&mut self.pair.client, self.pair.now).last(), Some(&id));
        self.run_for(200);
        id
    }

    pub fn run_for(&mut self, ms: u64) {
        for _ in 0..ms / 5 {
            self.carry(true);
            self.carry(false);
            self.pair.now += Duration::from_millis(5);
            self.pair.client.on_timeouts(self.pair.now);
            self.pair.server.on_timeouts(self.pair.now);
        }
        self.pair.client.poll();
        self.pair.server.poll();
    }

    pub fn carry(&mut self, is_to_server: bool) {
        let Pair { client, server, now } = &mut self.pair;
        let (from, to) = if is_to_server { (client, server) } else { (server, client) };
        let mut datagram = Vec::new();
        while let Some(path) = from.connection.transmit(&mut datagram, *now) {
            let is_other = path != PathId::ZERO;
            self.bytes[usize::from(is_other)] += datagram.len();
            if self.cut != Some(path) && !self.dead[usize::from(is_other && !self.is_detour)] {
                let arrival = to.connection.receive(BytesMut::from(&datagram[..]), None, *now);
                assert_eq!(arrival, Arrival { path, is_useful: true });
            }
        }
    }

    /// Has the client send, and returns the bytes of either path meanwhile.
    pub fn send(&mut self, bytes: usize) -> [usize; 2] {
        self.bytes = [0; 2];
        let id = self.pair.client.connection.open_stream(noq_proto::Dir::Uni).unwrap();
        self.pair.client.connection.write(id, &vec![1; bytes], true);
        self.run_for(400);
        self.bytes
    }

    pub fn prefer_direct(&mut self, direct: PathId) {
        for side in [&mut self.pair.client, &mut self.pair.server] {
            side.connection.set_path_backup(direct, false);
            side.connection.set_path_backup(PathId::ZERO, true);
        }
        self.run_for(100);
        self.forget();
    }

    pub fn forget(&mut self) {
        self.pair.client.told.clear();
        self.pair.server.told.clear();
    }

    pub fn ends(&self) -> bool {
        self.pair.client.connection.end().is_some() || self.pair.server.connection.end().is_some()
    }
}

/// Returns the paths that are open.
pub fn ids(side: &mut Side, now: Instant) -> Vec<PathId> {
    side.connection.paths(now).iter().map(|path| path.id).collect()
}
