//! Streams and datagrams between two connections.

use noq_proto::{Dir, PathId, StreamId};

use super::{super::streams::Progress, Duration, Event, Pair};

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

/// Reads all that is there, and returns how much.
fn read_all(pair: &mut Pair, id: StreamId) -> usize {
    let mut out = vec![0; 1 << 16];
    let mut total = 0;
    while let Progress::Bytes { count, is_end: false } = pair.server.connection.read(id, &mut out) {
        total += count;
    }
    total
}

fn write_all(pair: &mut Pair, id: StreamId) -> usize {
    let mut total = 0;
    while let Progress::Bytes { count, .. } = pair.client.connection.write(id, &[0; 1 << 16], false) {
        total += count;
    }
    total
}

#[test]
fn a_whole_window_is_kept_behind_one_packet_that_got_lost() {
    // `maxStreamWindowBytes` in engine.ts.
    const WINDOW: usize = 1 << 20;
    let mut pair = Pair::connected(|client, server| {
        for options in [client, server] {
            options.flow_window_bytes = WINDOW as u32;
            options.connection_window_bytes = 2 * WINDOW as u32;
        }
    });
    let id = pair.client.connection.open_stream(Dir::Bi).unwrap();
    let (mut written, mut read) = (0, 0);
    while pair.client.connection.live().unwrap().path_stats(PathId::ZERO).unwrap().cwnd < 2 * WINDOW as u64 {
        written += write_all(&mut pair, id);
        pair.run();
        read += read_all(&mut pair, id);
    }
    while read < written {
        pair.run();
        read += read_all(&mut pair, id);
    }
    pair.run();
    assert_eq!(write_all(&mut pair, id), WINDOW);
    let mut datagrams = 0;
    for _ms in 0..30 {
        for datagram in pair.client.datagrams(pair.now) {
            // The first one.
            if datagrams > 0 {
                pair.server.receive(&datagram, pair.now);
            }
            datagrams += 1;
        }
        pair.now += Duration::from_millis(1);
    }
    assert!(datagrams > WINDOW / 1200);
    assert_eq!(read_all(&mut pair, id), 0);
    read = 0;
    for _ in 0..20 {
        pair.run();
        read += read_all(&mut pair, id);
    }
    assert_eq!(read, WINDOW);
    assert_eq!((pair.client.connection.end(), pair.server.connection.end()), (None, None));
}

#[test]
fn a_write_that_the_connection_window_cuts_short_goes_on_when_the_window_opens() {
    let mut pair = Pair::connected(|_, server| {
        server.flow_window_bytes = 100_000;
        server.connection_window_bytes = 10_000;
    });
    let id = pair.client.connection.open_stream(Dir::Bi).unwrap();
    let Progress::Bytes { count, .. } = pair.client.connection.write(id, &[0; 15_000], false) else { panic!("nothing taken") };
    assert_eq!(count, 10_000);
    pair.run();
    pair.client.told.clear();
    read_all(&mut pair, id);
    pair.run();
    assert!(pair.client.was_told(|event| matches!(event, Event::Writable(_))));
}
