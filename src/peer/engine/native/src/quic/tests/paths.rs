//! Several paths of one connection.

use super::{
    super::{
        connection::paths::Refusal,
        events::{EndedBy, Event},
        ways::Way,
    },
    Arc, BytesMut, Cids, Duration, Pair, PathId, Side,
};

const RELAY: Way = 0;
const DIRECT: Way = 1;

/// A pair that takes its datagrams by the ways that the two sides choose, but for a way that is dead.
struct Ways {
    pair: Pair,
    dead: Option<Way>,
    /// Bytes that went by either way.
    bytes: [usize; 2],
}

impl Ways {
    fn connected(max_paths: [u32; 2]) -> Self {
        let mut pair = Pair::connected(|client, server| {
            (client.max_paths, server.max_paths) = (max_paths[0], max_paths[1]);
            client.cids = Arc::new(Cids::new(&[7; 32], 64));
            server.cids = Arc::new(Cids::new(&[8; 32], 64));
        });
        pair.run();
        Self { pair, dead: None, bytes: [0; 2] }
    }

    fn run_for(&mut self, ms: u64) {
        for _ in 0..ms / 5 {
            let Self { pair, dead, bytes } = self;
            let Pair { client, server, now } = pair;
            carry(client, server, *dead, bytes, *now);
            carry(server, client, *dead, bytes, *now);
            *now += Duration::from_millis(5);
            client.on_timeouts(*now);
            server.on_timeouts(*now);
        }
        self.pair.client.poll();
        self.pair.server.poll();
    }

    /// Opens a path by the direct way, and returns its ID.
    fn open(&mut self, is_backup: bool) -> PathId {
        let id = self.pair.client.connection.open_path(DIRECT, is_backup, self.pair.now).unwrap();
        self.run_for(200);
        id
    }

    /// Has the client send, and returns the bytes that went by either way meanwhile.
    fn send(&mut self, bytes: usize) -> [usize; 2] {
        self.bytes = [0; 2];
        let id = self.pair.client.connection.open_stream(noq_proto::Dir::Uni).unwrap();
        self.pair.client.connection.write(id, &vec![1; bytes], true);
        self.run_for(400);
        self.bytes
    }
}

fn carry(from: &mut Side, to: &mut Side, dead: Option<Way>, bytes: &mut [usize; 2], now: std::time::Instant) {
    let mut datagram = Vec::new();
    while let Some(way) = from.connection.transmit(&mut datagram, now) {
        bytes[usize::from(way)] += datagram.len();
        if Some(way) != dead {
            to.connection.receive(BytesMut::from(&datagram[..]), way, None, now);
        }
    }
}

#[test]
fn a_client_opens_a_path_and_both_learn_of_it() {
    let mut ways = Ways::connected([2, 2]);
    let id = ways.open(false);
    for side in [&mut ways.pair.client, &mut ways.pair.server] {
        assert!(side.told.iter().any(|event| matches!(event, Event::PathOpened(opened) if *opened == id)));
        let paths = side.connection.paths();
        assert_eq!(paths.iter().map(|path| path.way).collect::<Vec<_>>(), [RELAY, DIRECT]);
    }
}

#[test]
fn data_goes_by_the_path_that_is_no_backup() {
    let mut ways = Ways::connected([2, 2]);
    let direct = ways.open(true);
    let [relay, other] = ways.send(8000);
    assert!(relay > 8000 && other < 2000, "{relay} and {other} bytes");
    ways.pair.client.connection.set_path_backup(direct, false);
    ways.pair.client.connection.set_path_backup(PathId::ZERO, true);
    ways.run_for(100);
    let server = &ways.pair.server;
    assert!(server.told.iter().any(|event| matches!(event, Event::PathPreferred { id: PathId::ZERO, is_backup: true })));
    let [relay, other] = ways.send(8000);
    assert!(other > 8000 && relay < 2000, "{relay} and {other} bytes");
}

#[test]
fn a_path_that_is_dead_can_be_closed_and_its_data_comes_by_the_other() {
    let mut ways = Ways::connected([2, 2]);
    let direct = ways.open(false);
    ways.pair.client.connection.set_path_backup(PathId::ZERO, true);
    ways.dead = Some(DIRECT);
    let [relay, _] = ways.send(8000);
    assert!(relay < 4000, "{relay} bytes by the relay");
    assert!(ways.pair.client.connection.close_path(direct, ways.pair.now));
    ways.run_for(1000);
    assert!(ways.bytes[0] > 8000, "{} bytes by the relay", ways.bytes[0]);
    let closed = |side: &Side| {
        side.told.iter().find_map(|event| match event {
            Event::PathClosed(id, by) if *id == direct => Some(*by),
            _ => None,
        })
    };
    assert_eq!(closed(&ways.pair.client), Some(EndedBy::ThisSide));
    assert_eq!(closed(&ways.pair.server), Some(EndedBy::OtherSide));
    assert!(!ways.pair.client.connection.close_path(PathId::ZERO, ways.pair.now), "the last path stays");
}

#[test]
fn a_path_that_is_closed_can_be_opened_again_under_another_id() {
    let mut ways = Ways::connected([2, 2]);
    for _ in 0..5 {
        let direct = ways.open(false);
        assert!(ways.pair.client.connection.close_path(direct, ways.pair.now));
        ways.run_for(3000);
    }
    assert_eq!((ways.pair.client.connection.end(), ways.pair.server.connection.end()), (None, None));
}

#[test]
fn a_path_is_refused_with_the_reason() {
    let open = |side: &mut Side, now| side.connection.open_path(DIRECT, false, now);
    for max_paths in [[2, 1], [1, 2]] {
        let mut plain = Ways::connected(max_paths).pair;
        assert_eq!(open(&mut plain.client, plain.now), Err(Refusal::NoMultipath));
    }
    let mut ways = Ways::connected([2, 2]);
    assert_eq!(open(&mut ways.pair.server, ways.pair.now), Err(Refusal::Server));
    ways.open(false);
    assert_eq!(open(&mut ways.pair.client, ways.pair.now), Err(Refusal::Limit));
}

#[test]
fn a_ping_of_a_path_is_answered_on_it() {
    let mut ways = Ways::connected([2, 2]);
    let direct = ways.open(true);
    ways.bytes = [0; 2];
    assert!(ways.pair.client.connection.ping_path(direct));
    ways.run_for(100);
    assert!(ways.bytes[1] > 0);
    assert!(!ways.pair.client.connection.ping_path(PathId::from(9_u32)));
}
