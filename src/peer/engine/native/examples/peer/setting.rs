//! What the examples give the engine.

use std::{sync::Arc, time::Duration};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::quic::{
    cids::Cids,
    options::{self, Identity, Options},
    trust::{Demand, Verifier},
};

const WINDOW_BYTES: u32 = 16 << 20;

/// What `src/peer/attempt.ts` gives the engine by default, but that any certificate will do. `identity` is PEM.
pub fn options(key: &[u8], cids: u32, identity: &[u8]) -> Options {
    Options {
        cids: Arc::new(Cids::new(key, cids)),
        identity: Some(Identity {
            chain: CertificateDer::pem_slice_iter(identity).collect::<Result<_, _>>().expect("certificates"),
            key: PrivateKeyDer::from_pem_slice(identity).expect("a key"),
        }),
        verifier: Some(Arc::new(Verifier::new(Demand::Any, options::provider()))),
        is_judged: false,
        alpn: vec![b"quicpipe".to_vec()],
        idle_timeout: Duration::from_secs(30),
        flow_window_bytes: WINDOW_BYTES,
        connection_window_bytes: WINDOW_BYTES,
        max_streams: 100,
        datagram_queue_bytes: 1 << 20,
        datagram_queue: 1000,
        max_udp_payload_bytes: 1200,
        initial_rtt: Duration::from_millis(200),
        long_first_flight: true,
        max_paths: 1,
        key_log: None,
        qlog: None,
    }
}

pub fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
