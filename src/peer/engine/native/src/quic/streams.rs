//! Streams and datagrams of a connection.

use bytes::Bytes;
use noq_proto::{Dir, StreamId, VarInt, WriteError};

use super::connection::Connection;

/// What a read or a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Bytes {
        count: usize,
        is_end: bool,
    },
    /// Nothing can be moved now.
    Blocked,
    /// The other side ended this direction: RESET_STREAM to a reader, STOP_SENDING to a writer.
    Aborted(VarInt),
    /// The stream has ended before, or never began.
    Gone,
}

impl Connection {
    /// Returns `None` while the other side allows no more streams.
    pub fn open_stream(&mut self, dir: Dir) -> Option<StreamId> {
        self.live()?.streams().open(dir)
    }

    /// Takes the oldest stream that the other side has opened. What nobody takes counts against the streams that it may open.
    pub fn accept_stream(&mut self, dir: Dir) -> Option<StreamId> {
        self.live()?.streams().accept(dir)
    }

    /// Sets how many streams the other side may have open at once. It has no effect on a server before the first packets.
    pub fn allow_streams(&mut self, dir: Dir, count: u32) {
        if let Some((_, connection)) = self.live.as_mut() {
            self.inbound.allow(connection, dir, count);
        }
    }

    /// Fills `out` from the stream, as far as there is something to read in order.
    pub fn read(&mut self, id: StreamId, out: &mut [u8]) -> Progress {
        let Some((_, connection)) = self.live.as_mut() else { return Progress::Gone };
        self.inbound.read(connection, id, out)
    }

    /// Writes as much as there is room for. noq tells of room again only after it has said that there is none, so it is asked
    /// until then.
    pub fn write(&mut self, id: StreamId, data: &[u8], is_end: bool) -> Progress {
        let Some(connection) = self.live() else { return Progress::Gone };
        let mut stream = connection.send_stream(id);
        let mut count = 0;
        loop {
            match stream.write(&data[count..]) {
                Ok(written) => count += written,
                // Not even the end: it has to wait for what comes before it.
                Err(WriteError::Blocked) if count == 0 && !data.is_empty() => return Progress::Blocked,
                Err(WriteError::Blocked) => break,
                Err(WriteError::Stopped(code)) => return Progress::Aborted(code),
                Err(WriteError::ClosedStream) => return Progress::Gone,
            }
            if count == data.len() {
                break;
            }
        }
        let is_end = is_end && count == data.len();
        if is_end && stream.finish().is_err() {
            return Progress::Gone;
        }
        Progress::Bytes { count, is_end }
    }

    /// Sends RESET_STREAM (RFC 9000 §19.4).
    pub fn reset(&mut self, id: StreamId, code: VarInt) {
        if let Some(connection) = self.live() {
            // Fails for a stream that has ended, which needs no reset.
            let _ = connection.send_stream(id).reset(code);
        }
    }

    /// Sends STOP_SENDING (RFC 9000 §19.5).
    pub fn stop(&mut self, id: StreamId, code: VarInt) {
        if let Some((_, connection)) = self.live.as_mut() {
            // Fails for a stream that has ended, which needs no stop.
            let _ = connection.recv_stream(id).stop(code);
            self.inbound.forget(connection, id);
        }
    }

    /// Returns `false` if the datagram has to wait for room in the queue, or cannot be sent at all.
    pub fn send_datagram(&mut self, data: &[u8]) -> bool {
        self.live().is_some_and(|connection| connection.datagrams().send(Bytes::copy_from_slice(data), false).is_ok())
    }

    /// Writes the oldest datagrams to `out`, and where each ends to `ends`. Returns their number.
    pub fn receive_datagrams(&mut self, out: &mut [u8], ends: &mut [u32]) -> usize {
        self.received.take(out, ends)
    }

    pub fn dropped_datagrams(&self) -> u64 {
        self.received.dropped()
    }

    /// Longest datagram that can be sent now; 0 if the other side takes none.
    pub fn max_datagram_bytes(&mut self) -> usize {
        self.live().and_then(|connection| connection.datagrams().max_size()).unwrap_or(0)
    }
}
