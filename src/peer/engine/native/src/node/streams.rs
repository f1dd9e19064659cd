//! Streams and datagrams of a connection as JavaScript sees them.

use napi::bindgen_prelude::*;
use napi_derive::napi;
use noq_proto::{Dir, StreamId};

use crate::quic::{connection::Connection, streams::Progress};

use super::connection::{EngineConnection, varint};

#[napi]
impl EngineConnection {
    /// Returns a stream's ID; -1 while the other side allows no more.
    #[napi]
    pub fn open_stream(&self, is_bidirectional: bool) -> f64 {
        let id = self.with(|connection| connection.open_stream(direction(is_bidirectional))).flatten();
        id.map_or(-1.0, |id| u64::from(id) as f64)
    }

    /// Returns the ID of a stream that the other side has opened; -1 if there is none.
    #[napi]
    pub fn accept_stream(&self, is_bidirectional: bool) -> f64 {
        let id = self.with(|connection| connection.accept_stream(direction(is_bidirectional))).flatten();
        id.map_or(-1.0, |id| u64::from(id) as f64)
    }

    /// Sets how many streams the other side may have open at once.
    #[napi]
    pub fn allow_streams(&self, is_bidirectional: bool, count: u32) {
        self.with(|connection| connection.allow_streams(direction(is_bidirectional), count));
    }

    #[napi]
    pub fn stream_read(&self, id: f64, mut out: Uint8ArraySlice) -> f64 {
        // Safety: as in `send`.
        let out = unsafe { out.as_mut() };
        number(self.with(|connection| connection.read(stream(id), out)))
    }

    #[napi]
    pub fn stream_write(&self, id: f64, data: &[u8], is_end: bool) -> f64 {
        number(self.with(|connection| connection.write(stream(id), data, is_end)))
    }

    #[napi]
    pub fn stream_reset(&self, id: f64, code: f64) {
        self.with(|connection| connection.reset(stream(id), varint(code)));
    }

    #[napi]
    pub fn stream_stop(&self, id: f64, code: f64) {
        self.with(|connection| connection.stop(stream(id), varint(code)));
    }

    #[napi]
    pub fn datagram_send(&self, data: &[u8]) -> bool {
        self.with(|connection| connection.send_datagram(data)).unwrap_or(false)
    }

    /// Writes the oldest datagrams to `out`, and where each ends to `ends`. Returns their number.
    #[napi]
    pub fn datagrams_receive(&self, mut out: Uint8ArraySlice, mut ends: Uint32ArraySlice) -> u32 {
        // Safety: as in `send`, and the two are memory of their own each.
        let (out, ends) = unsafe { (out.as_mut(), ends.as_mut()) };
        self.with(|connection| connection.receive_datagrams(out, ends)).unwrap_or(0) as u32
    }

    /// Datagrams that made way for newer ones.
    #[napi]
    pub fn datagrams_dropped(&self) -> f64 {
        self.with(|connection| connection.dropped_datagrams()).unwrap_or(0) as f64
    }

    #[napi]
    pub fn max_datagram_bytes(&self) -> u32 {
        self.with(Connection::max_datagram_bytes).unwrap_or(0) as u32
    }
}

fn direction(is_bidirectional: bool) -> Dir {
    if is_bidirectional { Dir::Bi } else { Dir::Uni }
}

fn stream(id: f64) -> StreamId {
    varint(id).into()
}

/// 2 × bytes + 1 at the end; -1 if blocked or gone for a faulty engine; -2 gone; -3 - code: aborted.
fn number(progress: Option<Progress>) -> f64 {
    match progress {
        Some(Progress::Bytes { count, is_end }) => (2 * count + usize::from(is_end)) as f64,
        Some(Progress::Blocked) => -1.0,
        Some(Progress::Gone) | None => -2.0,
        Some(Progress::Aborted(code)) => -3.0 - code.into_inner() as f64,
    }
}
