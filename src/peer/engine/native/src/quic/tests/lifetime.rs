//! How a connection begins, holds on and ends.

use noq_proto::{DatagramEvent, Endpoint};

use super::{
    super::{
        connection::Connection,
        events::{EndedBy, Event},
        in_flight::InFlight,
        remote,
    },
    Duration, Instant, Pair, Peer, Side, memory, pinning,
};

fn was_stalled(side: &mut Side) -> bool {
    side.told.clear();
    side.poll();
    side.was_told(|event| matches!(event, Event::Stalled))
}

/// A pair whose client has asked something in vain.
fn unanswered() -> Pair {
    let mut pair = Pair::connected(|_, _| ());
    pair.client.connection.ping();
    assert_eq!(pair.client.datagrams(pair.now).len(), 1);
    pair
}

#[test]
fn a_server_answers_with_its_whole_flight_at_once() {
    let mut pair = Pair::begun(|client, _| client.long_first_flight = true);
    let flight = pair.server.datagrams(pair.now);
    assert!(flight.len() >= 2, "{} datagrams", flight.len());
    for datagram in flight {
        pair.client.receive(&datagram, pair.now);
    }
    pair.client.poll();
    assert!(pair.client.was_told(|event| matches!(event, Event::Established)));
}

#[test]
fn a_close_reaches_the_other_side() {
    let mut pair = Pair::connected(|_, _| ());
    pair.client.connection.close(5_u32.into(), "bye", pair.now);
    pair.run();
    let end = pair.server.connection.end().unwrap();
    assert_eq!((end.by, end.code, end.is_application, end.reason.as_str()), (EndedBy::OtherSide, 5, true, "bye"));
    pair.now += Duration::from_secs(5);
    pair.run();
    assert!(pair.client.connection.is_over() && pair.server.connection.is_over());
}

#[test]
fn a_first_flight_that_waits_is_sent_again_on_demand_alone() {
    let mut pair = Pair::silent(|_, _| ());
    assert!(!pair.client.connection.first_flight(pair.now).is_empty());
    pair.now += Duration::from_secs(20);
    assert!(pair.client.connection.is_waiting());
    assert_eq!(pair.client.connection.deadline(), None);
    assert!(pair.client.datagrams(pair.now).is_empty());
    pair.client.connection.retransmit(pair.now);
    assert!(!pair.client.connection.is_waiting());
    pair.run();
    assert!(pair.client.is_confirmed() && pair.server.is_confirmed());
}

#[test]
fn a_first_flight_has_all_its_datagrams_at_once() {
    let mut pair = Pair::silent(|client, server| {
        client.alpn = (0..12).map(|n| vec![b'a' + n; 200]).collect();
        server.alpn.clone_from(&client.alpn);
    });
    let flight = pair.client.connection.first_flight(pair.now);
    assert_eq!(flight.len(), 3);
    assert!(pair.client.connection.is_waiting());
    for datagram in flight {
        pair.server.receive(&datagram, pair.now);
    }
    pair.run();
    assert!(pair.client.is_confirmed() && pair.server.is_confirmed());
    assert_eq!(pair.client.connection.live().unwrap().stats().lost_packets, 0);
}

#[test]
fn a_retry_ends_the_wait_of_a_first_flight_which_is_sent_again_with_its_token() {
    let mut pair = Pair::silent(|_, _| ());
    let flight = pair.client.connection.first_flight(pair.now);
    let mut bob = super::Peer::new("bob").options(None);
    let config = bob.server(&InFlight::default()).unwrap();
    let mut endpoint = Endpoint::new(bob.endpoint(), Some(config), false);
    let mut retry = Vec::new();
    let event = endpoint.handle(pair.now, remote::network_path(), None, flight[0][..].into(), &mut retry);
    let Some(DatagramEvent::NewConnection(incoming)) = event else { panic!("no Initial") };
    drop(endpoint.retry(incoming, &mut retry).unwrap());
    assert!(pair.client.receive(&retry, pair.now));
    assert!(!pair.client.connection.is_waiting());
    pair.rest();
    let again = pair.client.datagrams(pair.now).concat();
    let token = &retry[retry.len() - 40..retry.len() - 16];
    assert!(again.windows(token.len()).any(|bytes| bytes == token));
}

#[test]
fn a_first_flight_is_no_round_trip_however_long_it_waits() {
    let mut pair = Pair::silent(|_, _| ());
    let flight = pair.client.connection.first_flight(pair.now);
    pair.now += Duration::from_secs(20);
    for datagram in flight {
        pair.server.receive(&datagram, pair.now);
    }
    pair.run();
    let live = pair.client.connection.live().unwrap();
    assert!(live.rtt(noq_proto::PathId::ZERO).unwrap() < Duration::from_millis(100));
    assert_eq!(live.stats().lost_packets, 0);
}

#[test]
fn a_stall_is_told_before_each_probe() {
    let mut pair = unanswered();
    let mut stalls = 0;
    while let Some(due) = pair.client.connection.deadline() {
        pair.now = pair.now.max(due);
        // What pacing held back.
        pair.client.datagrams(pair.now);
        pair.client.connection.on_timeout(pair.now);
        if was_stalled(&mut pair.client) {
            stalls += 1;
            assert!(pair.client.datagrams(pair.now).is_empty());
            assert!(pair.client.connection.deadline().unwrap() <= pair.now);
            pair.client.connection.on_timeout(pair.now);
        } else {
            assert_eq!(stalls, 0);
        }
        pair.client.datagrams(pair.now);
    }
    assert!(stalls > 3);
    pair.client.poll();
    assert_eq!(pair.client.connection.end().unwrap().by, EndedBy::Silence);
}

#[test]
fn silence_ends_a_connection_that_is_held_without_a_probe() {
    let mut pair = unanswered();
    pair.client.connection.hold();
    let due = pair.client.connection.deadline().unwrap();
    assert!(due > pair.now + Duration::from_secs(29) && due <= pair.now + Duration::from_secs(30));
    // noq counts from the packet that was sent after the last one that came.
    pair.now = due + Duration::from_secs(1);
    pair.client.connection.on_timeout(pair.now);
    pair.client.on_timeouts(pair.now);
    pair.client.poll();
    assert_eq!(pair.client.connection.end().unwrap().by, EndedBy::Silence);
    assert!(pair.client.connection.is_over());
}

#[test]
fn a_close_does_not_wait_for_the_end_of_a_hold() {
    let mut pair = unanswered();
    pair.client.connection.hold();
    pair.client.connection.close(0_u32.into(), "", pair.now);
    pair.rest();
    assert!(!pair.client.datagrams(pair.now).is_empty());
    assert!(pair.client.connection.deadline().unwrap() < pair.now + Duration::from_secs(5));
}

#[test]
fn a_server_keeps_no_room_for_tls_sessions_as_it_issues_no_tickets() {
    let now = Instant::now();
    let options = Peer::new("bob").options(pinning([0; 32]));
    let (_server, bytes) = memory::kept(|| Connection::accept(options, now).unwrap());
    assert!(bytes < 16 << 10, "{bytes} bytes");
}
