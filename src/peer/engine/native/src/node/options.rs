//! Options as JavaScript gives them.

use std::{sync::Arc, time::Duration};

use napi::bindgen_prelude::*;
use napi_derive::napi;
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use webpki::anchor_from_trusted_cert;

use crate::quic::{
    cids::Cids,
    options::{self, Identity, Invalid, Options},
    trust::{Authority, Demand, Verifier},
};

/// The demand on the other side's certificate: none at all if `kind` is `none`.
#[napi(object)]
pub struct CertificateDemand {
    #[napi(ts_type = "'none' | 'any' | 'pins' | 'ca'")]
    pub kind: String,
    /// SHA-256 of SubjectPublicKeyInfo, 32 bytes each.
    pub pins: Option<Vec<Uint8Array>>,
    /// Certificates of authorities, PEM.
    pub pem: Option<String>,
}

#[napi(object)]
pub struct IdentityPem {
    pub certificate: String,
    pub private_key: String,
}

#[napi(object)]
pub struct EngineOptions {
    /// Key of this side's connection IDs, 16 to 64 bytes.
    pub cid_key: Uint8Array,
    /// How many of them may be issued.
    pub cid_limit: u32,
    pub identity: Option<IdentityPem>,
    pub demand: CertificateDemand,
    pub is_judged: bool,
    pub alpn: Vec<String>,
    pub idle_timeout_ms: u32,
    pub flow_window_bytes: u32,
    pub connection_window_bytes: u32,
    pub max_streams: u32,
    pub datagram_queue_bytes: u32,
    pub datagram_queue: u32,
    pub max_udp_payload_bytes: u16,
    pub initial_rtt_ms: u32,
    pub long_first_flight: bool,
    pub max_paths: u32,
    pub key_log_file: Option<String>,
    pub qlog_folder: Option<String>,
}

impl TryFrom<EngineOptions> for Options {
    type Error = Invalid;

    fn try_from(given: EngineOptions) -> std::result::Result<Self, Invalid> {
        let millis = |ms: u32| Duration::from_millis(ms.into());
        Ok(Self {
            cids: Arc::new(Cids::new(&given.cid_key, given.cid_limit)),
            identity: given.identity.map(identity).transpose()?,
            verifier: verifier(given.demand)?,
            is_judged: given.is_judged,
            alpn: given.alpn.into_iter().map(String::into_bytes).collect(),
            idle_timeout: millis(given.idle_timeout_ms),
            flow_window_bytes: given.flow_window_bytes,
            connection_window_bytes: given.connection_window_bytes,
            max_streams: given.max_streams,
            datagram_queue_bytes: given.datagram_queue_bytes as usize,
            datagram_queue: given.datagram_queue,
            max_udp_payload_bytes: given.max_udp_payload_bytes,
            initial_rtt: millis(given.initial_rtt_ms),
            long_first_flight: given.long_first_flight,
            max_paths: given.max_paths,
            key_log: given.key_log_file.map(Into::into),
            qlog: given.qlog_folder.map(Into::into),
        })
    }
}

fn identity(IdentityPem { certificate, private_key }: IdentityPem) -> std::result::Result<Identity, Invalid> {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<std::result::Result<_, _>>()?;
    Ok(Identity { chain, key: PrivateKeyDer::from_pem_slice(private_key.as_bytes())? })
}

/// Fails, with the reason, if TLS cannot use the identity.
#[napi(catch_unwind)]
pub fn check_identity(given: IdentityPem) -> Result<()> {
    let check = || -> std::result::Result<_, Invalid> {
        let Identity { chain, key } = identity(given)?;
        Ok(CertifiedKey::from_der(chain, key, &options::provider())?)
    };
    check().map(drop).map_err(|Invalid(why)| Error::from_reason(why))
}

fn verifier(demand: CertificateDemand) -> std::result::Result<Option<Arc<Verifier>>, Invalid> {
    let demand = match demand.kind.as_str() {
        "none" => return Ok(None),
        "any" => Demand::Any,
        "pins" => Demand::Pins(demand.pins.unwrap_or_default().iter().map(pin).collect::<std::result::Result<_, _>>()?),
        "ca" => Demand::Authorities(authorities(&demand.pem.unwrap_or_default())?),
        other => return Err(Invalid(format!("no such demand: {other}"))),
    };
    Ok(Some(Arc::new(Verifier::new(demand, options::provider()))))
}

fn pin(bytes: &Uint8Array) -> std::result::Result<[u8; 32], Invalid> {
    Ok(<[u8; 32]>::try_from(&bytes[..])?)
}

fn authorities(pem: &str) -> std::result::Result<Vec<Authority>, Invalid> {
    let authority = |der: std::result::Result<CertificateDer<'static>, rustls::pki_types::pem::Error>| {
        let certificate = der?;
        let anchor = anchor_from_trusted_cert(&certificate)?.to_owned();
        Ok(Authority { certificate, anchor })
    };
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(authority).collect()
}
