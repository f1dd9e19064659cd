//! TLS that keeps its keys for a third party.

use std::{
    any::Any,
    sync::{Arc, Mutex},
};

use bytes::BytesMut;
use noq_proto::{
    ConnectError, ConnectionId, PathId, Side, TransportError,
    crypto::{
        self, ClientConfig, CryptoError, ExportKeyingMaterialError, HeaderKey, KeyPair, PacketKey, Session,
        rustls::QuicClientConfig,
    },
    transport_parameters::TransportParameters,
};

/// The levels of protection of a connection, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Initial,
    Handshake,
    Application,
}

/// Keys of one direction.
type Keyed = (Arc<dyn HeaderKey>, Arc<dyn PacketKey>);

/// The keys of both sides, as they become known.
#[derive(Default)]
pub struct Keys(Mutex<Vec<[Keyed; 2]>>);

impl Keys {
    /// For what this side sends.
    pub fn local(&self, level: Level) -> Option<Keyed> {
        self.0.lock().unwrap().get(level as usize).map(|[local, _]| local.clone())
    }

    /// For what the other side sends.
    pub fn remote(&self, level: Level) -> Option<Keyed> {
        self.0.lock().unwrap().get(level as usize).map(|[_, remote]| remote.clone())
    }

    fn copy(&self, keys: crypto::Keys) -> crypto::Keys {
        let crypto::Keys { header, packet } = keys;
        let local: Keyed = (Arc::from(header.local), Arc::from(packet.local));
        let remote: Keyed = (Arc::from(header.remote), Arc::from(packet.remote));
        self.0.lock().unwrap().push([local.clone(), remote.clone()]);
        crypto::Keys {
            header: KeyPair { local: Box::new(Shared(local.0)), remote: Box::new(Shared(remote.0)) },
            packet: KeyPair { local: Box::new(Shared(local.1)), remote: Box::new(Shared(remote.1)) },
        }
    }
}

struct Shared<T: ?Sized>(Arc<T>);

impl HeaderKey for Shared<dyn HeaderKey> {
    fn decrypt(&self, pn_offset: usize, packet: &mut [u8]) {
        self.0.decrypt(pn_offset, packet);
    }

    fn encrypt(&self, pn_offset: usize, packet: &mut [u8]) {
        self.0.encrypt(pn_offset, packet);
    }

    fn sample_size(&self) -> usize {
        self.0.sample_size()
    }
}

impl PacketKey for Shared<dyn PacketKey> {
    fn encrypt(&self, path: PathId, packet: u64, buf: &mut [u8], header_len: usize) {
        self.0.encrypt(path, packet, buf, header_len);
    }

    fn decrypt(&self, path: PathId, packet: u64, header: &[u8], payload: &mut BytesMut) -> Result<(), CryptoError> {
        self.0.decrypt(path, packet, header, payload)
    }

    fn tag_len(&self) -> usize {
        self.0.tag_len()
    }

    fn confidentiality_limit(&self) -> u64 {
        self.0.confidentiality_limit()
    }

    fn integrity_limit(&self) -> u64 {
        self.0.integrity_limit()
    }
}

pub struct SpyConfig {
    pub inner: QuicClientConfig,
    pub keys: Arc<Keys>,
}

impl ClientConfig for SpyConfig {
    fn start_session(&self, version: u32, name: &str, params: &TransportParameters) -> Result<Box<dyn Session>, ConnectError> {
        let inner = Arc::new(self.inner.clone()).start_session(version, name, params)?;
        Ok(Box::new(Spy { inner, keys: self.keys.clone() }))
    }
}

struct Spy {
    inner: Box<dyn Session>,
    keys: Arc<Keys>,
}

impl Session for Spy {
    fn initial_keys(&self, destination: ConnectionId, side: Side) -> crypto::Keys {
        self.keys.copy(self.inner.initial_keys(destination, side))
    }

    fn write_handshake(&mut self, buf: &mut Vec<u8>) -> Option<crypto::Keys> {
        self.inner.write_handshake(buf).map(|keys| self.keys.copy(keys))
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        self.inner.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.inner.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        self.inner.early_crypto()
    }

    fn early_data_accepted(&self) -> Option<bool> {
        self.inner.early_data_accepted()
    }

    fn is_handshaking(&self) -> bool {
        self.inner.is_handshaking()
    }

    fn read_handshake(&mut self, buf: &[u8]) -> Result<bool, TransportError> {
        self.inner.read_handshake(buf)
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        self.inner.transport_parameters()
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        self.inner.next_1rtt_keys()
    }

    fn is_valid_retry(&self, original: ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        self.inner.is_valid_retry(original, header, payload)
    }

    fn export_keying_material(&self, out: &mut [u8], label: &[u8], context: &[u8]) -> Result<(), ExportKeyingMaterialError> {
        self.inner.export_keying_material(out, label, context)
    }
}
