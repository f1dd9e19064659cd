//! Streams that are read late, or that lack a packet.

use noq_proto::{Dir, PathId, StreamId};

use super::{super::streams::Progress, Duration, Pair};

fn with_window(bytes: u32) -> Pair {
    Pair::connected(|client, server| {
        for options in [client, server] {
            options.flow_window_bytes = bytes;
            options.connection_window_bytes = bytes;
        }
    })
}

/// Bytes that differ from those a page earlier.
fn content(offset: usize, length: usize) -> Vec<u8> {
    (offset..offset + length).map(|at| (at % 251) as u8).collect()
}

/// Reads all that is there, and returns how much. It has to be what was written.
fn read_on(pair: &mut Pair, id: StreamId, from: usize) -> usize {
    let mut out = vec![0; 1 << 16];
    let mut total = 0;
    while let Progress::Bytes { count, is_end: false } = pair.server.connection.read(id, &mut out) {
        assert_eq!(out[..count], content(from + total, count));
        total += count;
    }
    total
}

/// Writes in pieces, each in a datagram of its own, as far as the other side takes them. Returns how much that was.
fn write_pieces(pair: &mut Pair, id: StreamId, from: usize, piece: usize, pieces: usize) -> usize {
    let mut total = 0;
    for _ in 0..pieces {
        let Progress::Bytes { count, .. } = pair.client.connection.write(id, &content(from + total, piece), false) else { break };
        total += count;
        pair.carry_to_server();
        pair.carry_to_client();
        pair.now += Duration::from_millis(1);
        pair.client.on_timeouts(pair.now);
        pair.server.on_timeouts(pair.now);
    }
    total
}

fn write_all(pair: &mut Pair, id: StreamId, from: usize) -> usize {
    let mut total = 0;
    while let Progress::Bytes { count, .. } = pair.client.connection.write(id, &content(from + total, 1 << 16), false) {
        total += count;
    }
    total
}

fn assert_lives(pair: &Pair) {
    assert_eq!((pair.client.connection.end(), pair.server.connection.end()), (None, None));
}

#[test]
fn a_reader_may_be_slow_whatever_the_size_of_the_frames() {
    for piece in [1, 100, 600, 1000] {
        let mut pair = with_window(8 << 20);
        let id = pair.client.connection.open_stream(Dir::Uni).unwrap();
        let written = write_pieces(&mut pair, id, 0, piece, 5000);
        assert_eq!(written, piece * 5000);
        assert_eq!(read_on(&mut pair, id, 0), written);
        assert_lives(&pair);
    }
}

#[test]
fn a_stream_that_nobody_reads_takes_no_more_than_the_window_and_goes_on_once_it_is_read() {
    const WINDOW: usize = 1 << 18;
    let mut pair = with_window(WINDOW as u32);
    let id = pair.client.connection.open_stream(Dir::Uni).unwrap();
    let mut offset = 0;
    for _ in 0..3 {
        let written = write_pieces(&mut pair, id, offset, 100, 2 * WINDOW / 100);
        assert!(written <= WINDOW && written > WINDOW * 7 / 8, "{written}");
        pair.run();
        assert_eq!(read_on(&mut pair, id, offset), written);
        pair.run();
        offset += written;
    }
    assert_lives(&pair);
}

#[test]
fn what_is_stopped_or_reset_unread_gives_its_credit_back() {
    const WINDOW: usize = 1 << 18;
    let mut pair = with_window(WINDOW as u32);
    for round in 0..6 {
        let id = pair.client.connection.open_stream(Dir::Uni).unwrap();
        let written = write_pieces(&mut pair, id, 0, 100, 2 * WINDOW / 100);
        assert!(written > WINDOW * 7 / 8, "round {round}: {written}");
        assert_eq!(pair.server.connection.accept_stream(Dir::Uni), Some(id));
        if round % 2 == 0 {
            pair.server.connection.stop(id, 1_u32.into());
        } else {
            pair.client.connection.reset(id, 1_u32.into());
            pair.run();
            assert_eq!(pair.server.connection.read(id, &mut [0; 100]), Progress::Aborted(1_u32.into()));
        }
        pair.run();
    }
    assert_lives(&pair);
}

#[test]
fn streams_that_have_ended_and_that_nobody_reads_count_against_those_that_the_other_side_may_open() {
    let mut pair = Pair::connected(|_, server| server.max_streams = 8);
    let mut opened = Vec::new();
    while let Some(id) = pair.client.connection.open_stream(Dir::Uni) {
        write_pieces(&mut pair, id, 0, 10, 300);
        pair.client.connection.write(id, &[], true);
        pair.run();
        opened.push(id);
        assert!(opened.len() <= 9);
    }
    for id in &opened {
        assert_eq!(pair.server.connection.accept_stream(Dir::Uni), Some(*id));
        let all = Progress::Bytes { count: 3000, is_end: true };
        assert_eq!(pair.server.connection.read(*id, &mut [0; 4000]), all);
    }
    pair.run();
    for _ in 0..8 {
        assert!(pair.client.connection.open_stream(Dir::Uni).is_some());
    }
    assert_eq!(pair.client.connection.open_stream(Dir::Uni), None);
}

#[test]
fn a_whole_window_is_kept_behind_one_packet_that_got_lost() {
    const WINDOW: usize = 8 << 20;
    let mut pair = with_window(WINDOW as u32);
    let id = pair.client.connection.open_stream(Dir::Bi).unwrap();
    let (mut written, mut read) = (0, 0);
    while pair.client.connection.live().unwrap().path_stats(PathId::ZERO).unwrap().cwnd < 2 * WINDOW as u64 {
        written += write_all(&mut pair, id, written);
        pair.run();
        read += read_on(&mut pair, id, read);
    }
    while read < written {
        pair.run();
        read += read_on(&mut pair, id, read);
    }
    pair.run();
    let behind = write_all(&mut pair, id, written);
    assert!(behind > WINDOW * 7 / 8);
    let mut datagrams = 0;
    for _ms in 0..60 {
        for datagram in pair.client.datagrams(pair.now) {
            // The first one.
            if datagrams > 0 {
                pair.server.receive(&datagram, pair.now);
            }
            datagrams += 1;
        }
        pair.now += Duration::from_millis(1);
    }
    assert!(datagrams > behind / 1200);
    assert_eq!(read_on(&mut pair, id, read), 0);
    for _ in 0..20 {
        pair.run();
        read += read_on(&mut pair, id, read);
    }
    assert_eq!(read, written + behind);
    assert_lives(&pair);
}

#[test]
fn a_reader_that_pauses_gets_all_of_a_long_stream() {
    const BYTES: usize = 2_000_000;
    let mut pair = with_window(1 << 18);
    let id = pair.client.connection.open_stream(Dir::Uni).unwrap();
    let (mut written, mut read) = (0, 0);
    for round in 0..1000 {
        while written < BYTES {
            let Progress::Bytes { count, .. } = pair.client.connection.write(id, &content(written, 1 << 16), false) else { break };
            written += count;
        }
        pair.run();
        let is_paused = read >= 1 << 18 && round < 30;
        let mut out = vec![0; 1 << 16];
        while !is_paused && let Progress::Bytes { count, .. } = pair.server.connection.read(id, &mut out) {
            assert_eq!(out[..count], content(read, count));
            read += count;
        }
        if read == written && written >= BYTES {
            return;
        }
    }
    panic!("{read} of {written} bytes");
}
