//! Paths that go unanswered, of a connection that has several.

use std::num::NonZeroUsize;

use super::{super::events::Event, BytesMut, Duration, PathId, Side, wires::Wires};

fn stalls(side: &Side, id: PathId) -> usize {
    side.told.iter().filter(|event| matches!(event, Event::PathStalled(stalled) if *stalled == id)).count()
}

fn was_stalled(side: &Side) -> bool {
    side.was_told(|event| matches!(event, Event::Stalled))
}

#[test]
fn a_path_whose_packets_go_unanswered_is_told_and_for_how_long() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    wires.dead = [false, true];
    wires.send(8000);
    let client = &mut wires.pair.client;
    assert!(stalls(client, direct) >= 3, "{} stalls", stalls(client, direct));
    assert_eq!((stalls(client, PathId::ZERO), was_stalled(client)), (0, false));
    let unanswered = client.connection.paths(wires.pair.now).iter().map(|path| path.unanswered).collect::<Vec<_>>();
    assert_eq!(unanswered[0], Duration::ZERO);
    assert!(unanswered[1] > Duration::from_millis(300), "{unanswered:?}");
}

#[test]
fn a_path_that_is_dead_is_told_after_each_pto_although_its_probes_become_rare() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    wires.dead = [false, true];
    wires.send(8000);
    wires.run_for(800);
    assert_eq!(stalls(&wires.pair.client, direct), 16);
    wires.run_for(5000);
    assert_eq!(stalls(&wires.pair.client, direct), 16);
}

#[test]
fn a_path_that_is_answered_again_does_not_stall() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    wires.dead = [false, true];
    wires.send(3000);
    wires.dead = [false; 2];
    wires.run_for(1000);
    wires.forget();
    wires.send(8000);
    wires.run_for(5000);
    assert_eq!(stalls(&wires.pair.client, direct), 0);
    assert!(wires.pair.client.connection.is_quiet());
}

#[test]
fn a_relay_that_is_dead_stalls_its_path_and_neither_stalls_nor_holds_the_connection() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    wires.dead = [true, false];
    wires.pair.client.connection.ping();
    wires.run_for(2000);
    let client = &mut wires.pair.client;
    assert!(stalls(client, PathId::ZERO) > 0);
    assert!(!was_stalled(client));
    let due = client.connection.deadline();
    client.connection.hold();
    assert_eq!(client.connection.deadline(), due);
    let [_, other] = wires.send(8000);
    assert!(other > 8000, "{other} bytes");
}

#[test]
fn a_connection_whose_paths_are_all_dead_stalls_and_can_be_held_until_something_comes() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    wires.dead = [true, true];
    wires.pair.client.connection.ping();
    wires.run_for(2000);
    let (client, now) = (&mut wires.pair.client, wires.pair.now);
    assert!(was_stalled(client));
    assert_eq!([PathId::ZERO, direct].map(|id| stalls(client, id) > 0), [true; 2]);
    client.connection.hold();
    assert!(client.connection.deadline().unwrap() > now + Duration::from_secs(20));
    wires.dead = [true, false];
    assert!(wires.pair.client.connection.ping_path(direct));
    wires.carry(true);
    wires.carry(false);
    assert!(wires.pair.client.connection.deadline().unwrap() < now + Duration::from_secs(5));
}

#[test]
fn of_two_direct_paths_the_dead_one_alone_stalls_and_neither_stalls_nor_holds_the_connection() {
    let (mut wires, [first, second]) = two_direct_paths();
    wires.cut = Some(first);
    ping(&mut wires, &[first, second]);
    wires.run_for(2000);
    let client = &mut wires.pair.client;
    assert!(stalls(client, first) > 0);
    assert_eq!((stalls(client, second), stalls(client, PathId::ZERO), was_stalled(client)), (0, 0, false));
    let due = client.connection.deadline();
    client.connection.hold();
    assert_eq!(client.connection.deadline(), due);
}

#[test]
fn a_connection_whose_two_direct_paths_die_with_the_relay_is_held_until_one_of_them_is_answered() {
    for heard in [0, 1] {
        let (mut wires, direct) = two_direct_paths();
        wires.dead = [true, true];
        ping(&mut wires, &[PathId::ZERO, direct[0], direct[1]]);
        wires.run_for(2000);
        let (client, now) = (&mut wires.pair.client, wires.pair.now);
        assert!(was_stalled(client) && direct.iter().all(|id| stalls(client, *id) > 0));
        client.connection.hold();
        assert!(client.connection.deadline().unwrap() > now + Duration::from_secs(20));
        wires.dead = [true, false];
        wires.cut = Some(direct[1 - heard]);
        ping(&mut wires, &[direct[heard]]);
        wires.carry(true);
        // The server may acknowledge a packet of one path by another.
        (wires.dead, wires.cut) = ([false; 2], None);
        wires.carry(false);
        assert!(wires.pair.client.connection.deadline().unwrap() < now + Duration::from_secs(5));
    }
}

#[test]
fn a_path_that_is_closed_stalls_no_more_and_the_one_that_follows_it_does() {
    let (mut wires, former) = Wires::open(false);
    wires.prefer_direct(former);
    wires.dead = [false, true];
    wires.send(3000);
    assert!(wires.pair.client.connection.close_path(former, wires.pair.now));
    wires.dead = [false; 2];
    wires.run_for(1000);
    let next = wires.open_path(false);
    wires.forget();
    wires.cut = Some(next);
    ping(&mut wires, &[next]);
    wires.run_for(1000);
    let client = &wires.pair.client;
    assert_eq!((stalls(client, former), stalls(client, next) > 0), (0, true));
}

/// A pair with two direct paths beside that of the relay.
fn two_direct_paths() -> (Wires, [PathId; 2]) {
    let mut wires = Wires::connected([3, 3]);
    let direct = [wires.open_path(false), wires.open_path(false)];
    wires.forget();
    (wires, direct)
}

fn ping(wires: &mut Wires, paths: &[PathId]) {
    for id in paths {
        assert!(wires.pair.client.connection.ping_path(*id));
    }
}

#[test]
fn a_connection_of_one_path_is_told_of_no_stall_of_a_path() {
    let mut wires = Wires::connected([2, 2]);
    wires.dead = [true, true];
    wires.send(3000);
    wires.run_for(2000);
    assert!(was_stalled(&wires.pair.client));
    assert_eq!(stalls(&wires.pair.client, PathId::ZERO), 0);
}

#[test]
fn what_a_path_lost_and_another_carried_keeps_the_connection_busy_no_longer() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    wires.dead = [false, true];
    wires.send(3000);
    let client = &mut wires.pair.client.connection;
    client.set_path_backup(direct, true);
    client.set_path_backup(PathId::ZERO, false);
    // A packet that is acknowledged shows that those before it are lost.
    wires.dead = [false; 2];
    assert!(wires.pair.client.connection.ping_path(direct));
    wires.run_for(3000);
    assert!(wires.pair.client.connection.is_quiet());
    assert_eq!(wires.pair.client.connection.paths(wires.pair.now).iter().map(|path| path.unanswered).max(), Some(Duration::ZERO));
}

#[test]
fn what_is_under_way_on_a_path_that_dies_can_go_by_another() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    let now = wires.pair.now;
    let client = &mut wires.pair.client.connection;
    let id = client.open_stream(noq_proto::Dir::Uni).unwrap();
    client.write(id, &[1; 5000], true);
    let mut bytes = Vec::new();
    while let Some(train) = client.transmit_train(&mut bytes, NonZeroUsize::new(2).unwrap(), now) {
        assert_eq!(train.path, direct);
        client.keep(&train, &bytes);
    }
    let kept = client.take_kept(now);
    assert!(kept.len() > 1 && client.take_kept(now).is_empty());
    for datagram in kept.iter().flat_map(|train| train.bytes.chunks(train.datagram_bytes)) {
        wires.pair.server.connection.receive(BytesMut::from(datagram), None, now);
    }
    wires.carry(false);
    assert!(wires.pair.client.connection.is_quiet(), "all of it is acknowledged");
}

#[test]
fn what_was_kept_of_a_path_ends_with_it() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    let now = wires.pair.now;
    let mut bytes = Vec::new();
    for side in [&mut wires.pair.client, &mut wires.pair.server] {
        side.connection.ping_path(direct);
        let train = side.connection.transmit_train(&mut bytes, NonZeroUsize::MIN, now).unwrap();
        side.connection.keep(&train, &bytes);
    }
    assert!(wires.pair.client.connection.close_path(direct, now));
    wires.run_for(100);
    let [client, server] = [wires.pair.client, wires.pair.server].map(|mut side| side.connection.take_kept(now));
    assert!(client.is_empty() && server.is_empty());
}

#[test]
fn what_has_been_acknowledged_is_not_kept() {
    let (mut wires, direct) = Wires::open(false);
    wires.prefer_direct(direct);
    let now = wires.pair.now;
    let mut bytes = Vec::new();
    assert!(wires.pair.client.connection.ping_path(direct));
    let train = wires.pair.client.connection.transmit_train(&mut bytes, NonZeroUsize::MIN, now).unwrap();
    wires.pair.client.connection.keep(&train, &bytes);
    // Lost, and something later arrives.
    wires.pair.now += Duration::from_millis(5);
    assert!(wires.pair.client.connection.ping_path(direct));
    wires.run_for(100);
    assert_eq!(wires.pair.client.connection.take_kept(wires.pair.now), []);
}
