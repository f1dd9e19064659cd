//! What the other side's certificate has to be. TLS asks; the signature is always checked.

use std::sync::{Arc, OnceLock};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyUsage};

/// The demand on the other side's certificate.
#[derive(Debug)]
pub enum Demand {
    /// Any certificate. Whoever asked for it judges it.
    Any,
    /// One whose key has one of these pins: the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4). Names and dates do not count.
    Pins(Vec<[u8; 32]>),
    /// One that leads to one of these authorities (RFC 5280 §6), now, in its role, or that is one of these.
    Authorities(Vec<Authority>),
}

/// A certificate that is trusted, and what it says about others.
#[derive(Debug)]
pub struct Authority {
    pub certificate: CertificateDer<'static>,
    pub anchor: TrustAnchor<'static>,
}

/// Applies a [`Demand`], and keeps the certificates that were presented, accepted or not.
#[derive(Debug)]
pub struct Verifier {
    demand: Demand,
    provider: Arc<CryptoProvider>,
    presented: OnceLock<Vec<CertificateDer<'static>>>,
}

impl Verifier {
    pub fn new(demand: Demand, provider: Arc<CryptoProvider>) -> Self {
        Self { demand, provider, presented: OnceLock::new() }
    }

    /// The other side's certificates, its own first; none before TLS has seen them.
    pub fn presented(&self) -> &[CertificateDer<'static>] {
        self.presented.get().map_or(&[], Vec::as_slice)
    }

    fn check(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
        usage: impl ExtendedKeyUsageValidator,
    ) -> Result<(), Error> {
        let chain = std::iter::once(own).chain(others).map(|each| each.clone().into_owned());
        self.presented.get_or_init(|| chain.collect());
        match &self.demand {
            Demand::Any => Ok(()),
            Demand::Pins(pins) => check_pins(pins, own),
            Demand::Authorities(authorities) => self.check_chain(authorities, own, others, now, usage),
        }
    }

    fn check_chain(
        &self,
        authorities: &[Authority],
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
        usage: impl ExtendedKeyUsageValidator,
    ) -> Result<(), Error> {
        let anchors: Vec<_> = authorities.iter().map(|authority| authority.anchor.clone()).collect();
        let algorithms = self.provider.signature_verification_algorithms.all;
        let certificate = EndEntityCert::try_from(own).map_err(refused)?;
        let is_authority = authorities.iter().any(|authority| authority.certificate == *own);
        let (anchors, others) = if is_authority { (&[][..], &[][..]) } else { (&anchors[..], others) };
        match certificate.verify_for_usage(algorithms, anchors, others, now, usage, None, None) {
            // A certificate that is given as its own authority needs no issuer. webpki looks for one last, after dates and usages.
            Err(webpki::Error::UnknownIssuer) if is_authority => Ok(()),
            // Many self-signed certificates are authorities by form. webpki finds this after the dates, and before the usages.
            Err(webpki::Error::CaUsedAsEndEntity) if is_authority => Ok(()),
            verified => verified.map(|_| ()).map_err(refused),
        }
    }
}

/// TLS tells the other side of a wrong pin by the alert bad_certificate (RFC 8446 §6.2), which is what rustls makes of this.
fn check_pins(pins: &[[u8; 32]], certificate: &CertificateDer<'_>) -> Result<(), Error> {
    let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &key);
    match pins.iter().any(|pin| pin == hash.as_ref()) {
        true => Ok(()),
        false => Err(CertificateError::NotValidForName.into()),
    }
}

fn refused(error: webpki::Error) -> Error {
    use webpki::Error::{BadDer, CertExpired, CertNotValidYet, UnknownIssuer};
    match error {
        BadDer => CertificateError::BadEncoding,
        CertExpired { .. } => CertificateError::Expired,
        CertNotValidYet { .. } => CertificateError::NotValidYet,
        UnknownIssuer => CertificateError::UnknownIssuer,
        other => CertificateError::Other(rustls::OtherError(Arc::new(other))),
    }
    .into()
}

/// The methods that both traits have under the same names.
macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(Error::General("QUIC has TLS 1.3 alone (RFC 9001 §4.2)".into()))
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Verifier {
    signatures!();

    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(own, others, now, KeyUsage::server_auth()).map(|()| ServerCertVerified::assertion())
    }
}

impl ClientCertVerifier for Verifier {
    signatures!();

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(own, others, now, KeyUsage::client_auth()).map(|()| ClientCertVerified::assertion())
    }
}
