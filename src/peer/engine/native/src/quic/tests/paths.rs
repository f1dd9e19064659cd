//! Several paths of one connection.

use super::{
    super::{
        connection::paths::Refusal,
        events::{EndedBy, Event},
    },
    BytesMut, Duration, Pair, PathId, Side,
    wires::{Wires, ids},
};

const UNKNOWN: PathId = PathId::MAX;

#[test]
fn a_client_opens_a_path_and_both_learn_of_it() {
    let (mut wires, id) = Wires::open(false);
    let now = wires.pair.now;
    for side in [&mut wires.pair.client, &mut wires.pair.server] {
        assert!(side.told.iter().any(|event| matches!(event, Event::PathOpened(opened) if *opened == id)));
        assert_eq!(ids(side, now), [PathId::ZERO, id]);
        let paths = side.connection.paths(now);
        assert!(paths.iter().all(|path| path.stats.udp_rx.datagrams > 0 && path.unanswered.is_zero()));
    }
}

#[test]
fn data_goes_by_the_path_that_is_no_backup() {
    let (mut wires, direct) = Wires::open(true);
    let [relay, other] = wires.send(8000);
    assert!(relay > 8000 && other < 2000, "{relay} and {other} bytes");
    wires.pair.client.connection.set_path_backup(direct, false);
    wires.pair.client.connection.set_path_backup(PathId::ZERO, true);
    wires.run_for(100);
    let server = &wires.pair.server;
    assert!(server.told.iter().any(|event| matches!(event, Event::PathPreferred { id: PathId::ZERO, is_backup: true })));
    let [relay, other] = wires.send(8000);
    assert!(other > 8000 && relay < 2000, "{relay} and {other} bytes");
}

#[test]
fn data_flows_if_both_sides_make_all_their_paths_backups() {
    let (mut wires, direct) = Wires::open(true);
    for side in [&mut wires.pair.client, &mut wires.pair.server] {
        for id in [PathId::ZERO, direct] {
            side.connection.set_path_backup(id, true);
        }
    }
    let [relay, other] = wires.send(8000);
    assert!(relay + other > 8000, "{relay} and {other} bytes");
    let server = &mut wires.pair.server.connection;
    assert!(server.paths(wires.pair.now).iter().all(|path| path.is_backup));
}

#[test]
fn packets_of_a_path_that_come_by_the_relay_are_of_that_path_all_the_same() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    (wires.dead, wires.is_detour) = ([false, true], true);
    let [relay, other] = wires.send(8000);
    assert!(other > 8000 && relay < 2000, "{relay} and {other} bytes");
    assert!(!wires.pair.client.was_told(|event| matches!(event, Event::PathStalled(_))));
    assert!(!wires.ends());
}

#[test]
fn a_path_opens_over_the_relay_too() {
    let mut wires = Wires::connected([2, 2]);
    (wires.dead, wires.is_detour) = ([false, true], true);
    let id = wires.open_path(true);
    for side in [&wires.pair.client, &wires.pair.server] {
        assert!(side.told.iter().any(|event| matches!(event, Event::PathOpened(opened) if *opened == id)));
    }
}

#[test]
fn a_train_is_of_one_path() {
    let (mut wires, direct) = Wires::open(false);
    let id = wires.pair.client.connection.open_stream(noq_proto::Dir::Uni).unwrap();
    wires.pair.client.connection.write(id, &[1; 60_000], true);
    let (most, mut trains) = (10.try_into().unwrap(), Vec::new());
    for _ in 0..100 {
        let Pair { client, server, now } = &mut wires.pair;
        let mut bytes = Vec::new();
        while let Some(train) = client.connection.transmit_train(&mut bytes, most, *now) {
            for datagram in bytes.chunks(train.datagram_bytes) {
                assert_eq!(server.connection.receive(BytesMut::from(datagram), None, *now).path, train.path);
            }
            trains.push((train.path, bytes.chunks(train.datagram_bytes).len()));
        }
        wires.carry(false);
        wires.pair.now += Duration::from_millis(5);
        wires.pair.client.on_timeouts(wires.pair.now);
    }
    for path in [PathId::ZERO, direct] {
        assert!(trains.iter().any(|(of, count)| *of == path && *count > 1), "{trains:?}");
    }
}

#[test]
fn a_copy_of_a_packet_is_of_the_same_path_and_of_no_use() {
    let (mut wires, direct) = Wires::open(true);
    let Pair { client, server, now } = &mut wires.pair;
    assert!(client.connection.ping_path(direct));
    let mut datagram = Vec::new();
    assert_eq!(client.connection.transmit(&mut datagram, *now), Some(direct));
    let arrivals = [true, false].map(|is_useful| {
        let arrival = server.connection.receive(BytesMut::from(&datagram[..]), None, *now);
        assert_eq!(arrival.is_useful, is_useful);
        arrival.path
    });
    assert_eq!(arrivals, [direct; 2]);
}

#[test]
fn a_path_that_is_dead_can_be_closed_and_its_data_comes_by_the_other() {
    let (mut wires, direct) = Wires::open(false);
    wires.pair.client.connection.set_path_backup(PathId::ZERO, true);
    wires.dead = [false, true];
    let [relay, _] = wires.send(8000);
    assert!(relay < 4000, "{relay} bytes by the relay");
    assert!(wires.pair.client.connection.close_path(direct, wires.pair.now));
    assert_eq!(ids(&mut wires.pair.client, wires.pair.now), [PathId::ZERO]);
    wires.run_for(1000);
    assert!(wires.bytes[0] > 8000, "{} bytes by the relay", wires.bytes[0]);
    let closed = |side: &Side| {
        side.told.iter().find_map(|event| match event {
            Event::PathClosed(id, by) if *id == direct => Some(*by),
            _ => None,
        })
    };
    assert_eq!(closed(&wires.pair.client), Some(EndedBy::ThisSide));
    assert_eq!(closed(&wires.pair.server), Some(EndedBy::OtherSide));
    assert!(!wires.pair.client.connection.close_path(PathId::ZERO, wires.pair.now), "the last path stays");
    assert!(wires.pair.client.connection.is_quiet() && wires.pair.server.connection.is_quiet());
}

#[test]
fn a_path_that_one_side_has_closed_is_closed_for_the_other_at_once() {
    for closer in [0, 1] {
        let (mut wires, direct) = Wires::open(true);
        let Pair { client, server, now } = &mut wires.pair;
        let (near, far) = if closer == 0 { (client, server) } else { (server, client) };
        assert!(near.connection.close_path(direct, *now));
        for datagram in near.datagrams(*now) {
            far.receive(&datagram, *now);
        }
        assert_eq!([ids(near, *now), ids(far, *now)], [[PathId::ZERO], [PathId::ZERO]]);
        assert!(far.connection.live().unwrap().paths().contains(&direct), "noq remembers it for a while");
    }
}

#[test]
fn a_path_that_is_closed_can_be_opened_again_under_another_id() {
    let mut wires = Wires::connected([2, 2]);
    for pause in [3000, 3000, 50, 50, 3000, 50] {
        let direct = wires.open_path(false);
        let (Pair { client, server, now }, open) = (&mut wires.pair, [PathId::ZERO, direct]);
        assert_eq!([ids(client, *now), ids(server, *now)], [open, open]);
        wires.send(3000);
        assert!(wires.pair.client.connection.close_path(direct, wires.pair.now));
        wires.run_for(pause);
    }
    assert!(!wires.ends());
}

#[test]
fn a_path_is_refused_with_the_reason() {
    let open = |side: &mut Side, now| side.connection.open_path(false, now);
    for max_paths in [[2, 1], [1, 2]] {
        let mut plain = Wires::connected(max_paths).pair;
        assert_eq!(open(&mut plain.client, plain.now), Err(Refusal::NoMultipath));
    }
    let mut wires = Wires::connected([2, 2]);
    assert_eq!(open(&mut wires.pair.server, wires.pair.now), Err(Refusal::Server));
    wires.open_path(false);
    assert_eq!(open(&mut wires.pair.client, wires.pair.now), Err(Refusal::Limit));
}

#[test]
fn a_ping_of_a_path_is_answered_on_it() {
    let (mut wires, direct) = Wires::open(true);
    wires.bytes = [0; 2];
    assert!(wires.pair.client.connection.ping_path(direct));
    wires.run_for(100);
    assert!(wires.bytes[1] > 0);
    assert!(!wires.pair.client.connection.ping_path(UNKNOWN));
}
