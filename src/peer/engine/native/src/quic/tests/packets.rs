//! Datagrams that are not what they seem, and connection IDs.

use noq_proto::{Dir, StreamId};

use super::{
    super::{cids, streams::Progress},
    Arc, Cids, Duration, Event, Pair,
    fuzz::Numbers,
};

#[test]
fn a_thousand_mangled_datagrams_are_of_no_use_to_a_connection() {
    let mut numbers = Numbers(2);
    let mut pair = Pair::connected(|_, _| ());
    pair.server.connection.ping();
    let genuine = pair.server.datagrams(pair.now);
    for _ in 0..1000 {
        let mangled = numbers.flip(&genuine[0]);
        if mangled != genuine[0] {
            assert!(!pair.client.receive(&mangled, pair.now));
        }
    }
    assert!(pair.client.receive(&genuine[0], pair.now));
    assert!(!pair.client.receive(&genuine[0], pair.now), "a datagram counts once");
    pair.run();
    assert_eq!((pair.client.connection.end(), pair.server.connection.end()), (None, None));
}

#[test]
fn datagrams_of_other_versions_are_ignored() {
    let mut pair = Pair::silent(|_, _| ());
    let mut flight = pair.client.connection.first_flight(pair.now);
    for version in [0_u32, 2, 0x6b33_43cf] {
        for datagram in &mut flight {
            datagram[1..5].copy_from_slice(&version.to_be_bytes());
            assert!(!pair.server.receive(datagram, pair.now));
            assert!(!pair.client.receive(datagram, pair.now));
        }
    }
    assert!(pair.server.datagrams(pair.now).is_empty());
    assert!(pair.client.connection.is_waiting());
    assert_eq!((pair.client.connection.end(), pair.server.connection.end()), (None, None));
}

#[test]
fn connection_ids_are_those_of_the_key_in_order() {
    assert_eq!(cids::derive(&[0; 32], 1)[0] & 0x80, 0);
    let mut pair = Pair::silent(|_, _| ());
    let flight = pair.client.connection.first_flight(pair.now);
    // Long header: flags, version, length and bytes of either connection ID (RFC 9000 §17.2).
    let source = 7 + usize::from(flight[0][5]);
    assert_eq!(flight[0][source..source + cids::CID_BYTES], cids::derive(&[7; 32], 1));
}

#[test]
fn no_more_connection_ids_are_issued_than_are_registered() {
    let mut pair = Pair::connected(|client, server| {
        client.cids = Arc::new(Cids::new(&[7; 32], 8));
        server.cids = Arc::new(Cids::new(&[8; 32], 8));
    });
    for _ in 0..20 {
        // The client takes another of the server's connection IDs, as far as it has one, and retires the last.
        pair.client.connection.live().unwrap().handle_network_change(None, pair.now);
        pair.run();
        assert!(pair.server.connection.cids().issued() <= 8);
        assert!(pair.client.connection.cids().issued() <= 8);
    }
    assert_eq!((pair.client.connection.end(), pair.server.connection.end()), (None, None));
    let before = pair.server.connection.cids().issued();
    pair.server.connection.raise_cid_limit(16);
    pair.run();
    assert!(pair.server.connection.cids().issued() > before);
    assert!(pair.client.was_told(|event| matches!(event, Event::Confirmed)));
}

#[test]
fn connection_ids_that_run_low_are_told_once_for_each_limit_and_never_run_out_where_it_is_raised() {
    let mut pair = Pair::connected(|_, _| ());
    for limit in (32..=96).step_by(32) {
        while pair.server.connection.cids().issued() + 8 < limit {
            pair.server.poll();
            assert!(!pair.server.was_told(|event| matches!(event, Event::CidsRunLow)));
            pair.client.connection.live().unwrap().handle_network_change(None, pair.now);
            pair.run();
        }
        let runs_low = |event: &Event| matches!(event, Event::CidsRunLow);
        assert_eq!(std::mem::take(&mut pair.server.told).iter().filter(|event| runs_low(event)).count(), 1);
        pair.server.connection.raise_cid_limit(limit + 32);
        pair.run();
    }
}

/// Has a client send for ten seconds by a path that carries datagrams of so many bytes. Returns the longest that arrived, and the
/// bytes that were read.
fn send_through(pair: &mut Pair, id: StreamId, path_bytes: usize) -> (usize, usize) {
    let (mut longest, mut read) = (0, 0);
    for _ in 0..1000 {
        pair.client.connection.write(id, &[1; 10_000], false);
        for datagram in pair.client.datagrams(pair.now).into_iter().filter(|it| it.len() <= path_bytes) {
            longest = longest.max(datagram.len());
            pair.server.receive(&datagram, pair.now);
        }
        let mut scratch = [0; 20_000];
        while let Progress::Bytes { count: count @ 1.., .. } = pair.server.connection.read(id, &mut scratch) {
            read += count;
        }
        pair.carry_to_client();
        pair.now += Duration::from_millis(10);
        pair.client.on_timeouts(pair.now);
        pair.server.on_timeouts(pair.now);
    }
    (longest, read)
}

#[test]
fn packets_grow_as_far_as_probes_arrive_and_shrink_where_the_path_becomes_narrower() {
    let mut pair = Pair::connected(|client, server| {
        for options in [client, server] {
            options.max_udp_payload_bytes = 1452;
        }
    });
    let id = pair.client.connection.open_stream(Dir::Uni).unwrap();
    let (longest, read) = send_through(&mut pair, id, 1500);
    assert_eq!(longest, 1452);
    assert!(read > 5_000_000, "{read} bytes");
    let (longest, read) = send_through(&mut pair, id, 1280);
    assert!((1200..=1280).contains(&longest), "{longest} bytes");
    assert!(read > 5_000_000, "{read} bytes");
    assert_eq!((pair.client.connection.end(), pair.server.connection.end()), (None, None));
}
