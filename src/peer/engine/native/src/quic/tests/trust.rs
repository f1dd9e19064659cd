//! What becomes of a connection by the certificates.

use super::{
    super::{
        events::{EndedBy, Event},
        options::{self, Options},
        trust::{Demand, Verifier},
    },
    Arc, Pair, Side,
};

const BAD_CERTIFICATE: u64 = 0x12a;

fn pin_another(options: &mut Options) {
    options.verifier = Some(Arc::new(Verifier::new(Demand::Pins(vec![[0; 32]]), options::provider())));
}

fn judge_any(options: &mut Options) {
    options.verifier = Some(Arc::new(Verifier::new(Demand::Any, options::provider())));
    options.is_judged = true;
}

fn assert_end(side: &Side, by: EndedBy, code: u64) {
    let end = side.connection.end().expect("the connection has ended");
    assert_eq!((end.by, end.code), (by, code), "{end:?}");
}

fn was_presented(side: &Side) -> bool {
    side.was_told(|event| matches!(event, Event::Presented))
}

#[test]
fn a_client_that_finds_another_key_ends_both_sides() {
    let mut pair = Pair::begun(|client, _| pin_another(client));
    pair.run();
    assert_end(&pair.client, EndedBy::ThisSide, BAD_CERTIFICATE);
    assert_end(&pair.server, EndedBy::OtherSide, BAD_CERTIFICATE);
}

#[test]
fn a_server_that_finds_another_key_ends_both_sides() {
    let mut pair = Pair::begun(|_, server| pin_another(server));
    pair.run();
    assert_end(&pair.client, EndedBy::OtherSide, BAD_CERTIFICATE);
    assert_end(&pair.server, EndedBy::ThisSide, BAD_CERTIFICATE);
}

#[test]
fn a_client_is_silent_until_it_has_judged_the_server() {
    let mut pair = Pair::begun(|client, _| judge_any(client));
    pair.run();
    assert!(was_presented(&pair.client));
    assert!(!pair.server.is_confirmed());
    assert!(pair.client.datagrams(pair.now).is_empty());
    pair.client.connection.judge(true, pair.now);
    pair.run();
    assert!(pair.client.is_confirmed() && pair.server.is_confirmed());
}

#[test]
fn a_server_is_silent_until_it_has_judged_the_client() {
    let mut pair = Pair::begun(|_, server| judge_any(server));
    pair.run();
    assert!(was_presented(&pair.server));
    assert!(!pair.client.is_confirmed());
    pair.server.connection.judge(true, pair.now);
    pair.run();
    assert!(pair.client.is_confirmed() && pair.server.is_confirmed());
}

#[test]
fn a_client_that_judges_the_server_to_be_bad_ends_both_sides() {
    let mut pair = Pair::begun(|client, _| judge_any(client));
    pair.run();
    pair.client.connection.judge(false, pair.now);
    pair.run();
    assert_end(&pair.client, EndedBy::ThisSide, BAD_CERTIFICATE);
    // RFC 9000 §10.2.3: an application's code is not for the handshake.
    assert_end(&pair.server, EndedBy::OtherSide, noq_proto::TransportErrorCode::APPLICATION_ERROR.into());
}

#[test]
fn a_server_that_judges_the_client_to_be_bad_ends_both_sides() {
    let mut pair = Pair::begun(|_, server| judge_any(server));
    pair.run();
    pair.server.connection.judge(false, pair.now);
    pair.run();
    assert_end(&pair.server, EndedBy::ThisSide, BAD_CERTIFICATE);
    assert_end(&pair.client, EndedBy::OtherSide, BAD_CERTIFICATE);
}

fn key_exchange_group(side: &mut Side) -> rustls::NamedGroup {
    let data = side.connection.live().unwrap().crypto_session().handshake_data().unwrap();
    data.downcast::<noq_proto::crypto::rustls::HandshakeData>().unwrap().negotiated_key_exchange_group.unwrap()
}

#[test]
fn keys_are_safe_from_quantum_computers_where_the_first_flight_may_be_long() {
    use rustls::NamedGroup::{X25519, X25519MLKEM768};
    for (is_long, datagrams, group) in [(true, 2, X25519MLKEM768), (false, 1, X25519)] {
        let mut silent = Pair::silent(|client, _| client.long_first_flight = is_long);
        let flight = silent.client.connection.first_flight(silent.now);
        assert_eq!(flight.len(), datagrams);
        let mut pair = Pair::connected(|client, _| client.long_first_flight = is_long);
        assert_eq!(key_exchange_group(&mut pair.client), group);
        assert_eq!(key_exchange_group(&mut pair.server), group);
    }
}
