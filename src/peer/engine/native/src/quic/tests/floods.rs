//! Frames that a hostile client sends in numbers.

use noq_proto::{Dir, VarInt};

use super::{
    super::streams::Progress,
    Duration,
    forger::{Forger, Level},
    frames::{crypto, new_connection_id, numbers, path, stream},
    memory,
};

const MIB: usize = 1 << 20;

/// What a datagram has room for.
const FRAME_BYTES: usize = 1150;

/// Fills datagrams with frames, one for each number from 0, and sends them as fast as a client that nothing slows down. Returns the
/// growth of memory.
fn flood(forger: &mut Forger, level: Level, datagrams: u64, frame: impl Fn(u64) -> Vec<u8>) -> usize {
    let mut number = 0;
    memory::growth(|| {
        for _ in 0..datagrams {
            let mut frames = Vec::new();
            loop {
                let next = frame(number);
                if frames.len() + next.len() > FRAME_BYTES {
                    break;
                }
                number += 1;
                frames.extend(next);
            }
            forger.send(level, &frames);
            forger.pass(Duration::from_micros(100));
        }
    })
}

type Frame = fn(u64) -> Vec<u8>;

fn cid(number: u64) -> Vec<u8> {
    [&[0x20; 4], &number.to_be_bytes()[..]].concat()
}

/// Datagrams of a flood.
const DATAGRAMS: u64 = 500;

fn assert_growth(name: &str, growth: usize, limit: usize) {
    assert!(growth < limit, "{name}: {growth} bytes");
    println!("{name}: {growth} bytes");
}

#[test]
fn floods_before_trust_take_at_most_four_megabytes() {
    let floods: [(&str, Frame); 3] = [
        ("PING", |_| vec![1]),
        ("CRYPTO with gaps", |n| crypto(4000 + 2 * (n % 5000))),
        ("CRYPTO in single bytes", |n| crypto(4000 + n % 10_000)),
    ];
    for (name, frame) in floods {
        let mut forger = Forger::begun(|_| ());
        assert_growth(name, flood(&mut forger, Level::Initial, DATAGRAMS, frame), 4 * MIB);
        let mut forger = Forger::begun(|_| ());
        forger.learn_handshake_keys();
        assert_growth(name, flood(&mut forger, Level::Handshake, DATAGRAMS, frame), 4 * MIB);
    }
}

#[test]
fn floods_of_a_trusted_peer_take_at_most_four_megabytes_beside_the_window() {
    const WINDOW: u32 = 8 << 20;
    let floods: [(&str, Frame); 17] = [
        ("PING", |_| vec![1]),
        ("CRYPTO with gaps", |n| crypto(2 * (n % 5000))),
        ("PATH_CHALLENGE", |n| path(0x1a, n)),
        ("PATH_RESPONSE", |n| path(0x1b, n)),
        ("NEW_CONNECTION_ID", |n| new_connection_id(1 + n, 0, &cid(n))),
        ("NEW_CONNECTION_ID that retires", |n| new_connection_id(1 + n, 1 + n, &cid(n))),
        ("RETIRE_CONNECTION_ID", |n| numbers(&[0x19, n % 5])),
        ("STREAM with gaps", |n| stream(0, 1 + 2 * n, &[0])),
        ("STREAM from the last to the first", |n| stream(0, 8_000_000 - n, &[0])),
        ("STREAM on all pages", |n| stream(0, 5000 * (1 + n % 1600), &[0])),
        ("STREAM in single bytes", |n| stream(0, n, &[0])),
        ("STREAM that is empty", |n| stream(4 * (n % 100), 0, &[])),
        ("STREAM that is far ahead on each stream", |n| stream(4 * (n % 100), 80_000, &[0])),
        ("RESET_STREAM", |n| numbers(&[4, 2 + 4 * n, 0, 0])),
        ("MAX_STREAMS", |n| numbers(&[0x12, n])),
        ("STOP_SENDING", |n| numbers(&[5, 4 * (n % 100), 0])),
        ("DATAGRAM", |n| [numbers(&[0x31, 8]), n.to_be_bytes().to_vec()].concat()),
    ];
    for (name, frame) in floods {
        let mut forger = Forger::connected(|options| {
            options.flow_window_bytes = WINDOW;
            options.connection_window_bytes = WINDOW;
        });
        let growth = flood(&mut forger, Level::Application, DATAGRAMS, frame);
        assert_growth(name, growth, WINDOW as usize + 4 * MIB);
    }
}

#[test]
fn a_side_that_acknowledges_nothing_gets_few_packets_and_takes_at_most_four_megabytes() {
    for level in [Level::Initial, Level::Application] {
        let mut forger = match level {
            Level::Application => Forger::connected(|_| ()),
            _ => Forger::begun(|_| ()),
        };
        let growth = memory::growth(|| {
            for n in 0..20_000 {
                let frames = if level == Level::Application { path(0x1a, n) } else { vec![1; 20] };
                forger.send(level, &frames);
                forger.pass(Duration::from_micros(100));
            }
        });
        assert_growth(&format!("{level:?}"), growth, 4 * MIB);
        assert!(forger.answers < 4000, "{}", forger.answers);
    }
}

#[test]
fn a_connection_that_has_ended_gives_up_what_nobody_has_read() {
    const WINDOW: u32 = 8 << 20;
    let mut forger = Forger::connected(|options| {
        options.flow_window_bytes = WINDOW;
        options.connection_window_bytes = WINDOW;
    });
    let (full, kept) = memory::kept(|| {
        let full = flood(&mut forger, Level::Application, DATAGRAMS, |n| stream(0, 5000 * (1 + n % 1600), &[0]));
        forger.server.connection.close(VarInt::from_u32(0), "", forger.now);
        forger.server.poll();
        forger.server.datagrams(forger.now);
        full
    });
    assert!(full > 6 * MIB, "{full} bytes");
    assert!(kept < MIB as isize, "{kept} bytes");
}

#[test]
fn small_frames_behind_a_lost_packet_do_not_end_the_connection() {
    const FRAME: usize = 100;
    let mut forger = Forger::connected(|_| ());
    let data = vec![7; FRAME];
    for number in 1..8000 {
        assert!(forger.send(Level::Application, &stream(0, number * FRAME as u64, &data)));
    }
    let id = forger.server.connection.accept_stream(Dir::Bi).unwrap();
    let mut out = vec![0; 1 << 20];
    assert_eq!(forger.server.connection.read(id, &mut out), Progress::Blocked);
    forger.send(Level::Application, &stream(0, 0, &data));
    let all = Progress::Bytes { count: 8000 * FRAME, is_end: false };
    assert_eq!(forger.server.connection.read(id, &mut out), all);
    assert_eq!(forger.server.connection.end(), None);
}

#[test]
fn a_thousand_lost_packets_do_not_end_the_connection() {
    const FRAME: usize = 400;
    let mut forger = Forger::connected(|_| ());
    let data = vec![7; FRAME];
    for first in [1, 0] {
        for number in (first..2000).step_by(2) {
            assert!(forger.send(Level::Application, &stream(0, number * FRAME as u64, &data)));
        }
    }
    let id = forger.server.connection.accept_stream(Dir::Bi).unwrap();
    let mut out = vec![0; 1 << 20];
    let all = Progress::Bytes { count: 2000 * FRAME, is_end: false };
    assert_eq!(forger.server.connection.read(id, &mut out), all);
}

#[test]
fn all_floods_together_take_at_most_four_megabytes_while_a_judgement_is_pending() {
    let mut forger = Forger::connected(|options| {
        options.is_judged = true;
        options.flow_window_bytes = 16 << 20;
        options.connection_window_bytes = 16 << 20;
    });
    let growth = flood(&mut forger, Level::Application, 4 * DATAGRAMS, |n| match n % 4 {
        0 => path(0x1a, n),
        1 => [numbers(&[0x31, 100]), vec![0; 100]].concat(),
        2 => stream(0, 5000 * (1 + n % 200), &[0]),
        _ => crypto(2 * (n % 900)),
    });
    assert_eq!(forger.server.connection.end(), None);
    assert_growth("all", growth, 4 * MIB);
    assert_eq!(forger.answers, 0);
}
