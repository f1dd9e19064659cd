//! Options of one connection, and what noq and rustls make of them.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use noq_proto::{
    ClientConfig, EndpointConfig, IdleTimeout, MtuDiscoveryConfig, ServerConfig, TransportConfig,
    congestion::CubicConfig,
    crypto::rustls::{QuicClientConfig, QuicServerConfig},
};
use rustls::{
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer},
    server::NoServerSessionStorage,
    version::TLS13,
};

use super::{
    cids::{Cids, Generator},
    in_flight::{Factory, InFlight},
    records::{KeyLog, QlogFolder},
    trust::Verifier,
};

/// Certificate chain and key of this side.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

pub struct Options {
    pub cids: Arc<Cids>,
    pub identity: Option<Identity>,
    /// `None`: no certificate is requested of a client, and any server's is taken.
    pub verifier: Option<Arc<Verifier>>,
    /// Whether packets wait, once the other side's certificate is known, until [`Connection::judge`].
    ///
    /// [`Connection::judge`]: super::connection::Connection::judge
    pub is_judged: bool,
    pub alpn: Vec<Vec<u8>>,
    pub idle_timeout: Duration,
    pub flow_window_bytes: u32,
    pub connection_window_bytes: u32,
    pub max_streams: u32,
    pub datagram_queue_bytes: usize,
    /// Datagrams that wait to be taken.
    pub datagram_queue: u32,
    /// The most that a UDP payload may grow to, 1200 bytes at least.
    pub max_udp_payload_bytes: u16,
    pub initial_rtt: Duration,
    /// Whether a client's first flight may be two datagrams long, so that it has a key share of X25519MLKEM768.
    pub long_first_flight: bool,
    /// File to append the secrets of TLS to.
    pub key_log: Option<PathBuf>,
    /// Folder to write a qlog file to.
    pub qlog: Option<PathBuf>,
    /// Paths that may be open at once; 1 leaves the extension for several out.
    pub max_paths: u32,
}

/// The reason why options are not taken.
#[derive(Debug)]
pub struct Invalid(pub String);

impl<E: std::error::Error> From<E> for Invalid {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Smallest size that every path carries (RFC 9000 §14).
const MIN_UDP_PAYLOAD_BYTES: u16 = 1200;

/// Flow control window of a connection until the other side is judged.
const JUDGED_WINDOW_BYTES: u32 = 1 << 20;

/// One key signs the tokens of stateless resets. The engine sends none; a connection ID without a token is not possible.
fn reset_key() -> Arc<dyn noq_proto::crypto::HmacKey> {
    static KEY: OnceLock<Arc<::aws_lc_rs::hmac::Key>> = OnceLock::new();
    let make = || {
        let random = ::aws_lc_rs::rand::SystemRandom::new();
        Arc::new(::aws_lc_rs::hmac::Key::generate(::aws_lc_rs::hmac::HMAC_SHA256, &random).expect("the system has random bytes"))
    };
    KEY.get_or_init(make).clone()
}

/// Returns the cryptography of all connections but for a client's whose first flight has to be one datagram: X25519MLKEM768 first,
/// so that who records what the peers say cannot read it with a quantum computer.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let make = || {
        let mut provider = classical_provider().as_ref().clone();
        provider.kx_groups.insert(0, aws_lc_rs::kx_group::X25519MLKEM768);
        Arc::new(provider)
    };
    PROVIDER.get_or_init(make).clone()
}

/// Returns the cryptography without X25519MLKEM768, whose key share of 1216 bytes makes a first flight two datagrams long.
fn classical_provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let make = || {
        let mut provider = aws_lc_rs::default_provider();
        provider.kx_groups = vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1, aws_lc_rs::kx_group::SECP384R1];
        Arc::new(provider)
    };
    PROVIDER.get_or_init(make).clone()
}

impl Options {
    pub fn endpoint(&self) -> Arc<EndpointConfig> {
        let mut config = EndpointConfig::new(reset_key());
        let cids = self.cids.clone();
        config.cid_generator(Arc::new(move || Box::new(Generator(cids.clone()))));
        config.supported_versions(vec![1]);
        // The relay and the other peer tell QUIC from STUN by the fixed bit (RFC 9443).
        config.grease_quic_bit(false);
        Arc::new(config)
    }

    pub fn client(&mut self, in_flight: &InFlight) -> Result<ClientConfig, Invalid> {
        let mut config = ClientConfig::new(Arc::new(self.client_tls()?));
        config.transport_config(self.transport(in_flight)?);
        Ok(config)
    }

    pub fn client_tls(&mut self) -> Result<QuicClientConfig, Invalid> {
        let provider = if self.long_first_flight { provider() } else { classical_provider() };
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(self.server_verifier());
        let mut tls = match self.identity.take() {
            Some(Identity { chain, key }) => builder.with_client_auth_cert(chain, key)?,
            None => builder.with_no_client_auth(),
        };
        tls.alpn_protocols.clone_from(&self.alpn);
        tls.resumption = Resumption::disabled();
        tls.key_log = self.key_log();
        Ok(QuicClientConfig::try_from(tls)?)
    }

    pub fn server(&mut self, in_flight: &InFlight) -> Result<Arc<ServerConfig>, Invalid> {
        let builder = rustls::ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
        let builder = match self.verifier.clone() {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let Identity { chain, key } = self.identity.take().ok_or_else(|| Invalid("a server needs an identity".into()))?;
        let mut tls = builder.with_single_cert(chain, key)?;
        tls.key_log = self.key_log();
        tls.alpn_protocols.clone_from(&self.alpn);
        tls.send_tls13_tickets = 0;
        // Without tickets nothing is resumed, and rustls would keep room for 256 sessions: 30 kB for each connection.
        tls.session_storage = Arc::new(NoServerSessionStorage {});
        let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
        config.transport_config(self.transport(in_flight)?).max_incoming(1);
        Ok(Arc::new(config))
    }

    /// A client without a demand takes any certificate, whose key still has to sign.
    fn server_verifier(&self) -> Arc<Verifier> {
        let any = || Arc::new(Verifier::new(super::trust::Demand::Any, provider()));
        self.verifier.clone().unwrap_or_else(any)
    }

    pub fn transport(&self, in_flight: &InFlight) -> Result<Arc<TransportConfig>, Invalid> {
        let mut config = TransportConfig::default();
        config
            .max_idle_timeout(Some(IdleTimeout::try_from(self.idle_timeout)?))
            .stream_receive_window(self.flow_window_bytes.into())
            .receive_window(self.first_window_bytes().into())
            .send_window(self.connection_window_bytes.into())
            .max_concurrent_bidi_streams(self.max_streams.into())
            .max_concurrent_uni_streams(self.max_streams.into())
            .datagram_receive_buffer_size(Some(self.datagram_queue_bytes))
            .datagram_send_buffer_size(self.datagram_queue_bytes)
            .initial_mtu(MIN_UDP_PAYLOAD_BYTES)
            .mtu_discovery_config(self.mtu_discovery())
            .initial_rtt(self.initial_rtt)
            .max_concurrent_multipath_paths(if self.max_paths > 1 { self.max_paths } else { 0 })
            .allow_spin(false)
            .congestion_controller_factory(Arc::new(Factory {
                cubic: Arc::new(CubicConfig::default()),
                in_flight: in_flight.clone(),
                initial_rtt: self.initial_rtt,
            }));
        if let Some(folder) = self.qlog.clone() {
            config.qlog_factory(Arc::new(QlogFolder(folder)));
        }
        Ok(Arc::new(config))
    }

    fn key_log(&self) -> Arc<dyn rustls::KeyLog> {
        match self.key_log.as_deref().and_then(KeyLog::open) {
            Some(log) => Arc::new(log),
            None => Arc::new(rustls::NoKeyLog),
        }
    }

    /// The flow control window of the connection at first: while a judgement is pending, anybody may fill it.
    pub fn first_window_bytes(&self) -> u32 {
        match self.is_judged {
            true => self.connection_window_bytes.min(JUDGED_WINDOW_BYTES),
            false => self.connection_window_bytes,
        }
    }

    /// Probes for larger packets (RFC 8899), up to the most that the options allow.
    fn mtu_discovery(&self) -> Option<MtuDiscoveryConfig> {
        (self.max_udp_payload_bytes > MIN_UDP_PAYLOAD_BYTES).then(|| {
            let mut discovery = MtuDiscoveryConfig::default();
            discovery.upper_bound(self.max_udp_payload_bytes);
            discovery
        })
    }
}
