//! What becomes of a connection by the certificates.

use super::{
    super::{
        events::{EndedBy, Event},
        options::{self, Options},
        trust::{Authority, Demand, Verifier},
    },
    Arc, Pair, Peer, Side,
};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};

const BAD_CERTIFICATE: u64 = 0x12a;
/// QUIC's error for the TLS alert no_application_protocol (RFC 7301 §3.2).
const NO_APPLICATION_PROTOCOL: u64 = 0x178;

fn pin_another(options: &mut Options) {
    options.verifier = Some(Arc::new(Verifier::new(Demand::Pins(vec![[0; 32]]), options::provider())));
}

/// The end of a client whose server's certificate, self-signed with these parameters, is its own authority.
fn end_with_own_authority(change: impl FnOnce(&mut CertificateParams)) -> Option<u64> {
    let mut bob = Peer::new("bob");
    let mut params = CertificateParams::new(["bob".to_owned()]).unwrap();
    change(&mut params);
    bob.key.cert = params.self_signed(&bob.key.signing_key).unwrap();
    let certificate = bob.key.cert.der().clone();
    let mut pair = Pair::begun(|client, server| {
        let anchor = webpki::anchor_from_trusted_cert(&certificate).unwrap().to_owned();
        let demand = Demand::Authorities(vec![Authority { certificate: certificate.clone(), anchor }]);
        client.verifier = Some(Arc::new(Verifier::new(demand, options::provider())));
        (server.identity, server.verifier) = (bob.options(None).identity, None);
    });
    pair.run();
    pair.client.connection.end().map(|end| end.code)
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
fn a_certificate_may_be_its_own_authority_also_where_it_is_one_for_others() {
    assert_eq!(end_with_own_authority(|_| {}), None);
    assert_eq!(end_with_own_authority(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)), None);
}

#[test]
fn a_certificate_that_is_its_own_authority_is_refused_outside_its_dates_and_usages() {
    const CERTIFICATE_EXPIRED: u64 = 0x12d;
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let expired = |params: &mut CertificateParams| {
            params.not_after = date_time_ymd(2001, 1, 1);
            params.is_ca = is_ca;
        };
        assert_eq!(end_with_own_authority(expired), Some(CERTIFICATE_EXPIRED));
        let early = |params: &mut CertificateParams| {
            params.not_before = date_time_ymd(4000, 1, 1);
            params.is_ca = is_ca;
        };
        assert!(end_with_own_authority(early).is_some());
    }
    assert!(end_with_own_authority(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]).is_some());
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

/// A first flight of three datagrams, as that of a client with a large key share, and the peers' end if they have no protocol in common.
fn long_flight(are_together: bool) -> Pair {
    let mut pair = Pair::silent(|client, _| client.alpn = (0..12).map(|n| vec![b'a' + n; 200]).collect());
    let flight = pair.client.connection.first_flight(pair.now);
    assert_eq!(flight.len(), 3);
    for datagram in flight {
        pair.server.receive(&datagram, pair.now);
        if !are_together {
            pair.carry_to_client();
        }
    }
    pair.server.poll();
    pair.run();
    assert_end(&pair.server, EndedBy::ThisSide, NO_APPLICATION_PROTOCOL);
    pair
}

#[test]
fn a_server_refuses_a_first_flight_of_several_datagrams_that_come_together() {
    let pair = long_flight(true);
    assert_end(&pair.client, EndedBy::OtherSide, noq_proto::TransportErrorCode::CONNECTION_REFUSED.into());
}

#[test]
fn a_server_that_has_acknowledged_a_part_of_the_first_flight_says_nothing_to_an_address_that_is_not_validated() {
    let pair = long_flight(false);
    assert_eq!(pair.client.connection.end(), None);
}
