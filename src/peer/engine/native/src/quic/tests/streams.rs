//! Streams and datagrams between two connections.

use noq_proto::Dir;

use super::{
    super::{events::Event, streams::Progress},
    Pair,
};

const ALL: &[u8] = b"all of it";

#[test]
fn the_end_of_a_stream_is_there_with_the_packet_that_tells_it_also_after_a_change_of_keys() {
    let mut pair = Pair::connected(|_, _| ());
    for _ in 0..3 {
        let id = pair.client.connection.open_stream(Dir::Bi).unwrap();
        let mut read = [0; 100];
        pair.client.connection.write(id, ALL, false);
        pair.carry_to_server();
        let all = Progress::Bytes { count: ALL.len(), is_end: false };
        assert_eq!(pair.server.connection.read(id, &mut read), all);
        pair.client.connection.live().unwrap().force_key_update();
        pair.client.connection.write(id, &[], true);
        pair.rest();
        pair.carry_to_server();
        assert_eq!(pair.server.connection.read(id, &mut read), Progress::Bytes { count: 0, is_end: true });
        pair.run();
    }
}

#[test]
fn streams_that_nobody_takes_count_against_those_that_the_other_side_may_open() {
    let mut pair = Pair::connected(|_, server| server.max_streams = 2);
    for _ in 0..2 {
        let id = pair.client.connection.open_stream(Dir::Uni).unwrap();
        pair.client.connection.write(id, ALL, true);
    }
    pair.run();
    assert_eq!(pair.client.connection.open_stream(Dir::Uni), None);
    let id = pair.server.connection.accept_stream(Dir::Uni).unwrap();
    let progress = pair.server.connection.read(id, &mut [0; 100]);
    assert_eq!(progress, Progress::Bytes { count: ALL.len(), is_end: true });
    pair.run();
    assert!(pair.client.connection.open_stream(Dir::Uni).is_some());
    assert_eq!(pair.client.connection.open_stream(Dir::Uni), None);
}

#[test]
fn the_other_side_may_be_allowed_other_numbers_of_streams_of_each_kind() {
    let mut pair = Pair::connected(|_, server| server.max_streams = 2);
    pair.server.connection.allow_streams(Dir::Bi, 3);
    pair.run();
    for (dir, allowed) in [(Dir::Bi, 3), (Dir::Uni, 2)] {
        let opened: Vec<_> = std::iter::from_fn(|| pair.client.connection.open_stream(dir)).collect();
        assert_eq!(opened.len(), allowed);
        pair.client.connection.write(opened[0], ALL, true);
    }
    pair.run();
    let id = pair.server.connection.accept_stream(Dir::Bi).unwrap();
    pair.server.connection.read(id, &mut [0; 100]);
    pair.server.connection.write(id, &[], true);
    pair.run();
    assert!(pair.client.connection.open_stream(Dir::Bi).is_some(), "one that has ended makes room for another");
}

#[test]
fn a_write_that_the_window_of_the_connection_cuts_short_is_told_of_room() {
    const WINDOW: usize = 1 << 16;
    let mut pair = Pair::connected(|_, server| server.connection_window_bytes = WINDOW as u32);
    let id = pair.client.connection.open_stream(Dir::Uni).unwrap();
    let part = Progress::Bytes { count: WINDOW, is_end: false };
    assert_eq!(pair.client.connection.write(id, &[0; 2 * WINDOW], false), part);
    pair.run();
    assert_eq!(pair.server.connection.read(id, &mut [0; WINDOW]), part);
    pair.run();
    assert!(pair.client.was_told(|event| matches!(event, Event::Writable(_))));
}

#[test]
fn the_oldest_datagrams_make_way_for_those_that_nobody_takes() {
    let mut pair = Pair::connected(|_, server| server.datagram_queue = 10);
    for number in 0..100 {
        assert!(pair.client.connection.send_datagram(&[number]));
    }
    pair.run();
    let (mut taken, mut ends) = ([0; 20], [0; 20]);
    assert_eq!(pair.server.connection.receive_datagrams(&mut taken, &mut ends), 10);
    assert_eq!(taken[..10], (90..100).collect::<Vec<u8>>());
    assert_eq!(ends[..10], (1..=10).collect::<Vec<u32>>());
    assert_eq!(pair.server.connection.dropped_datagrams(), 90);
}

#[test]
fn datagrams_are_taken_in_order_as_many_as_there_is_room_for() {
    let mut pair = Pair::connected(|_, _| ());
    for datagram in [&[1; 3][..], &[], &[2; 4], &[3; 2]] {
        assert!(pair.client.connection.send_datagram(datagram));
    }
    pair.run();
    let mut take = |bytes, datagrams| {
        let (mut out, mut ends) = (vec![0; bytes], vec![0; datagrams]);
        let count = pair.server.connection.receive_datagrams(&mut out, &mut ends);
        (out, ends[..count].to_vec())
    };
    assert_eq!(take(6, 9), (vec![1, 1, 1, 0, 0, 0], vec![3, 3]));
    assert_eq!(take(9, 1), (vec![2, 2, 2, 2, 0, 0, 0, 0, 0], vec![4]));
    assert_eq!(take(9, 9), (vec![3, 3, 0, 0, 0, 0, 0, 0, 0], vec![2]));
    assert!(take(9, 9).1.is_empty());
}

#[test]
fn datagrams_are_told_once_until_all_are_taken() {
    let mut pair = Pair::connected(|_, _| ());
    let mut told_after = |datagrams: usize| {
        for _ in 0..datagrams {
            assert!(pair.client.connection.send_datagram(&[0; 1000]));
        }
        pair.run();
        let told = std::mem::take(&mut pair.server.told);
        told.iter().filter(|event| matches!(event, Event::DatagramReceived)).count()
    };
    assert_eq!((told_after(9), told_after(1)), (1, 0));
    pair.server.connection.receive_datagrams(&mut [0; 10_000], &mut [0; 10]);
    pair.client.connection.send_datagram(&[1]);
    pair.run();
    assert!(pair.server.was_told(|event| matches!(event, Event::DatagramReceived)));
}

#[test]
fn a_stream_is_told_to_be_readable_once_in_a_turn_also_if_its_frames_alternate_with_those_of_others() {
    let mut pair = Pair::connected(|_, _| ());
    let ids = [(); 2].map(|()| pair.client.connection.open_stream(Dir::Uni).unwrap());
    for bytes in [1, 4000] {
        for id in ids {
            pair.client.connection.write(id, &vec![0; bytes], false);
        }
        pair.rest();
        pair.server.poll();
        pair.server.told.clear();
        pair.carry_to_server();
    }
    pair.server.poll();
    let readable = pair.server.told.iter().filter(|event| matches!(event, Event::Readable(_)));
    assert_eq!(readable.count(), 2);
}
