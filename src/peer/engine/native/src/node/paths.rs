//! Paths of a connection as JavaScript sees them.

use std::time::Instant;

use napi_derive::napi;
use noq_proto::PathId;

use crate::quic::connection::paths::{Path, Refusal};

use super::{connection::EngineConnection, events::path_number};

/// A path and its figures.
#[napi(object)]
pub struct PathInfo {
    pub id: u32,
    pub is_backup: bool,
    pub smoothed_rtt: f64,
    pub congestion_window_bytes: f64,
    pub udp_payload_bytes: u32,
    pub bytes_sent: f64,
    pub bytes_received: f64,
    pub packets_sent: f64,
    pub packets_received: f64,
    pub packets_lost: f64,
    pub unanswered_ms: f64,
}

#[napi]
impl EngineConnection {
    /// Returns the ID of a new path; -1 without multipath, -2 on a server, -3 at the limit, -4 while the other side has
    /// issued no connection IDs for it.
    #[napi]
    pub fn open_path(&self, is_backup: bool) -> f64 {
        match self.with(|connection| connection.open_path(is_backup, Instant::now())) {
            Some(Ok(id)) => path_number(id),
            Some(Err(Refusal::NoMultipath)) | None => -1.0,
            Some(Err(Refusal::Server)) => -2.0,
            Some(Err(Refusal::Limit)) => -3.0,
            Some(Err(Refusal::NoConnectionIds)) => -4.0,
        }
    }

    #[napi]
    pub fn close_path(&self, id: u32) -> bool {
        self.with(|connection| connection.close_path(PathId::from(id), Instant::now())).unwrap_or(false)
    }

    #[napi]
    pub fn set_path_backup(&self, id: u32, is_backup: bool) -> bool {
        self.with(|connection| connection.set_path_backup(PathId::from(id), is_backup)).unwrap_or(false)
    }

    #[napi]
    pub fn ping_path(&self, id: u32) -> bool {
        self.with(|connection| connection.ping_path(PathId::from(id))).unwrap_or(false)
    }

    #[napi]
    pub fn paths(&self) -> Vec<PathInfo> {
        self.with(|connection| connection.paths(Instant::now())).unwrap_or_default().iter().map(info).collect()
    }
}

fn info(Path { id, is_backup, unanswered, stats }: &Path) -> PathInfo {
    PathInfo {
        id: path_number(*id) as u32,
        is_backup: *is_backup,
        smoothed_rtt: stats.rtt.as_secs_f64() * 1e3,
        congestion_window_bytes: stats.cwnd as f64,
        udp_payload_bytes: stats.current_mtu.into(),
        bytes_sent: stats.udp_tx.bytes as f64,
        bytes_received: stats.udp_rx.bytes as f64,
        packets_sent: stats.sent_packets as f64,
        packets_received: stats.udp_rx.datagrams as f64,
        packets_lost: stats.lost_packets as f64,
        unanswered_ms: unanswered.as_secs_f64() * 1e3,
    }
}
