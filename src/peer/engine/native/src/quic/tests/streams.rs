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
    let taken: Vec<u8> = std::iter::from_fn(|| pair.server.connection.receive_datagram()).flatten().collect();
    assert_eq!(taken, (90..100).collect::<Vec<u8>>());
    assert_eq!(pair.server.connection.dropped_datagrams(), 90);
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
