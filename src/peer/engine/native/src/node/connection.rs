//! A connection as JavaScript sees it. Numbers that can exceed 32 bits are doubles.

use std::{sync::Arc, time::Instant};

use bytes::BytesMut;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use noq_proto::{EcnCodepoint, PathId, VarInt};

use crate::quic::{
    connection::{Connection, receiving::as_received},
    events::EndedBy,
    guarded::{self, Guarded},
    options::Invalid,
};

use super::{
    events::{self, path_number},
    options::EngineOptions,
};

/// The longest key that is exported.
const MOST_KEY_BYTES: u32 = 256;

/// One QUIC connection.
#[napi]
pub struct EngineConnection {
    shared: Arc<Guarded>,
}

/// The reason for the end of a connection.
#[napi(object)]
pub struct EndInfo {
    #[napi(ts_type = "'this' | 'other' | 'silence'")]
    pub by: String,
    pub is_application: bool,
    pub error_code: f64,
    pub reason: String,
}

/// Figures of a connection.
#[napi(object)]
pub struct EngineStats {
    pub bytes_sent: f64,
    pub bytes_received: f64,
    pub bytes_lost: f64,
    pub packets_sent: f64,
    pub packets_received: f64,
    pub packets_lost: f64,
    pub smoothed_rtt: f64,
    pub congestion_window_bytes: f64,
}

/// Number of faults of the engine that ended a connection of this process.
#[napi]
pub fn engine_faults() -> u32 {
    guarded::faults()
}

#[napi]
impl EngineConnection {
    #[napi(factory, catch_unwind)]
    pub fn connect(options: EngineOptions, server_name: Option<String>) -> Result<Self> {
        let options = options.try_into().map_err(invalid)?;
        Self::share(Connection::connect(options, server_name.as_deref(), Instant::now()))
    }

    #[napi(factory, catch_unwind)]
    pub fn accept(options: EngineOptions) -> Result<Self> {
        Self::share(Connection::accept(options.try_into().map_err(invalid)?, Instant::now()))
    }

    fn share(connection: std::result::Result<Connection, Invalid>) -> Result<Self> {
        Ok(Self { shared: Arc::new(Guarded::new(connection.map_err(invalid)?)) })
    }

    /// Takes one datagram with its two ECN bits (RFC 3168 §5). Returns `false` if it was of no use.
    #[napi]
    pub fn receive(&self, datagram: &[u8], ecn: u8) -> bool {
        let (datagram, ecn) = (BytesMut::from(as_received(datagram)), EcnCodepoint::from_bits(ecn));
        self.with(|connection| connection.receive(datagram, ecn, Instant::now()).is_useful).unwrap_or(false)
    }

    /// Writes the next datagram to `out`, and returns 65 536 × its path + its bytes; 0 if there is none.
    #[napi]
    pub fn send(&self, mut out: Uint8ArraySlice) -> f64 {
        let mut datagram = Vec::with_capacity(2048);
        let transmit = |connection: &mut Connection| connection.transmit(&mut datagram, Instant::now());
        let Some(path) = self.with(transmit).flatten() else { return 0.0 };
        // Safety: the caller passes memory of its own, which no other thread uses meanwhile.
        let out = unsafe { out.as_mut() };
        let Some(room) = out.get_mut(..datagram.len()) else { return 0.0 };
        room.copy_from_slice(&datagram);
        path_number(path) * 65_536.0 + datagram.len() as f64
    }

    #[napi]
    pub fn first_flight(&self) -> Vec<Uint8Array> {
        let flight = self.with(|connection| connection.first_flight(Instant::now())).unwrap_or_default();
        flight.into_iter().map(Uint8Array::from).collect()
    }

    #[napi]
    pub fn retransmit(&self) {
        self.with(|connection| connection.retransmit(Instant::now()));
    }

    #[napi(getter)]
    pub fn is_waiting(&self) -> bool {
        self.with(|connection| connection.is_waiting()).unwrap_or(false)
    }

    /// Returns the ms until `onTimeout` is due; -1 if never.
    #[napi]
    pub fn timeout_ms(&self) -> f64 {
        let deadline = self.with(|connection| connection.deadline()).flatten();
        deadline.map_or(-1.0, |due| due.saturating_duration_since(Instant::now()).as_secs_f64() * 1e3)
    }

    /// Returns the ms since something of use came.
    #[napi]
    pub fn silent_ms(&self) -> f64 {
        self.with(|connection| connection.silent_for(Instant::now())).unwrap_or_default().as_secs_f64() * 1e3
    }

    #[napi]
    pub fn on_timeout(&self) {
        self.with(|connection| connection.on_timeout(Instant::now()));
    }

    #[napi]
    pub fn hold(&self) {
        self.with(Connection::hold);
    }

    #[napi]
    pub fn release(&self) {
        self.with(Connection::release);
    }

    #[napi]
    pub fn judge(&self, is_trusted: bool) {
        self.with(|connection| connection.judge(is_trusted, Instant::now()));
    }

    #[napi]
    pub fn close(&self, code: f64, reason: String) {
        self.with(|connection| connection.close(varint(code), &reason, Instant::now()));
    }

    /// Fills rows of three numbers: the kind of the event, a stream's ID or direction, an error code. Returns the rows.
    #[napi]
    pub fn poll(&self, mut rows: Float64ArraySlice) -> u32 {
        // Safety: as in `send`.
        let rows = unsafe { rows.as_mut() };
        self.with(|connection| {
            let mut count = 0;
            for row in rows.chunks_exact_mut(3) {
                let Some(event) = connection.next_event() else { break };
                row.copy_from_slice(&events::numbers(event));
                count += 1;
            }
            count
        })
        .unwrap_or(0)
    }

    #[napi]
    pub fn end(&self) -> Option<EndInfo> {
        self.shared.end().map(|end| EndInfo {
            by: match end.by {
                EndedBy::ThisSide => "this",
                EndedBy::OtherSide => "other",
                EndedBy::Silence => "silence",
            }
            .into(),
            is_application: end.is_application,
            error_code: end.code as f64,
            reason: end.reason,
        })
    }

    /// Whether nothing is left to send or to wait for. A faulty connection is over.
    #[napi(getter)]
    pub fn is_over(&self) -> bool {
        self.with(|connection| connection.is_over()).unwrap_or(true)
    }

    #[napi(getter)]
    pub fn is_quiet(&self) -> bool {
        self.with(|connection| connection.is_quiet()).unwrap_or(true)
    }

    #[napi]
    pub fn application_protocol(&self) -> String {
        self.with(Connection::application_protocol).unwrap_or_default()
    }

    /// A key of the handshake; empty before it is there.
    #[napi]
    pub fn export_key(&self, label: String, context: String, bytes: u32) -> Uint8Array {
        let mut key = vec![0; bytes.min(MOST_KEY_BYTES) as usize];
        let is_there = self.with(|connection| connection.export_key(label.as_bytes(), context.as_bytes(), &mut key));
        if is_there != Some(true) {
            key.clear();
        }
        key.into()
    }

    /// DER of the other side's certificates, its own first; none before TLS has seen them.
    #[napi]
    pub fn certificates(&self) -> Vec<Uint8Array> {
        let copy = |connection: &mut Connection| connection.certificates().iter().map(|der| der.to_vec().into()).collect();
        self.with(copy).unwrap_or_default()
    }

    #[napi]
    pub fn raise_cid_limit(&self, limit: u32) {
        self.with(|connection| connection.raise_cid_limit(limit));
    }

    #[napi]
    pub fn ping(&self) {
        self.with(Connection::ping);
    }

    #[napi]
    pub fn stats(&self) -> Option<EngineStats> {
        self.with(|connection| {
            let total = connection.live()?.stats();
            let path = connection.live()?.path_stats(PathId::ZERO);
            Some(EngineStats {
                bytes_sent: total.udp_tx.bytes as f64,
                bytes_received: total.udp_rx.bytes as f64,
                bytes_lost: total.lost_bytes as f64,
                packets_sent: total.sent_packets as f64,
                packets_received: total.udp_rx.datagrams as f64,
                packets_lost: total.lost_packets as f64,
                smoothed_rtt: path.as_ref().map_or(0.0, |path| path.rtt.as_secs_f64() * 1e3),
                congestion_window_bytes: path.as_ref().map_or(0.0, |path| path.cwnd as f64),
            })
        })
        .flatten()
    }

    pub(super) fn shared(&self) -> Arc<Guarded> {
        self.shared.clone()
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> Option<T> {
        self.shared.with(work)
    }
}

fn invalid(Invalid(why): Invalid) -> Error {
    Error::from_reason(why)
}

pub(super) fn varint(value: f64) -> VarInt {
    VarInt::from_u64(value as u64).unwrap_or(VarInt::MAX)
}
