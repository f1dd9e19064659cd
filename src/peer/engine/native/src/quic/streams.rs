//! Streams and datagrams of a connection.

use bytes::Bytes;
use noq_proto::{Dir, ReadError, ReadableError, StreamId, VarInt, WriteError};

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

    /// Fills `out` from the stream, as far as there is something to read in order.
    pub fn read(&mut self, id: StreamId, out: &mut [u8]) -> Progress {
        let Some(connection) = self.live() else { return Progress::Gone };
        let mut stream = connection.recv_stream(id);
        let mut chunks = match stream.read(true) {
            Ok(chunks) => chunks,
            Err(ReadableError::ClosedStream | ReadableError::IllegalOrderedRead) => return Progress::Gone,
        };
        let mut count = 0;
        let progress = loop {
            match chunks.next(out.len() - count) {
                Ok(Some(chunk)) => {
                    out[count..count + chunk.bytes.len()].copy_from_slice(&chunk.bytes);
                    count += chunk.bytes.len();
                    if count == out.len() {
                        break Progress::Bytes { count, is_end: false };
                    }
                }
                Ok(None) => break Progress::Bytes { count, is_end: true },
                Err(ReadError::Blocked) if count == 0 => break Progress::Blocked,
                Err(ReadError::Blocked) => break Progress::Bytes { count, is_end: false },
                Err(ReadError::Reset(code)) => break Progress::Aborted(code),
            }
        };
        // Whether a window has to be announced is found out by the next transmit.
        let _ = chunks.finalize();
        progress
    }

    pub fn write(&mut self, id: StreamId, data: &[u8], is_end: bool) -> Progress {
        let Some(connection) = self.live() else { return Progress::Gone };
        let mut stream = connection.send_stream(id);
        let mut count = 0;
        // Until noq refuses more: it tells of room only where it has refused a write.
        loop {
            match stream.write(&data[count..]) {
                Ok(taken) => count += taken,
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
        if let Some(connection) = self.live() {
            // Fails for a stream that has ended, which needs no stop.
            let _ = connection.recv_stream(id).stop(code);
        }
    }

    /// Returns `false` if the datagram has to wait for room in the queue, or cannot be sent at all.
    pub fn send_datagram(&mut self, data: &[u8]) -> bool {
        self.live().is_some_and(|connection| connection.datagrams().send(Bytes::copy_from_slice(data), false).is_ok())
    }

    pub fn receive_datagram(&mut self) -> Option<Bytes> {
        self.live()?.datagrams().recv()
    }

    /// Longest datagram that can be sent now; 0 if the other side takes none.
    pub fn max_datagram_bytes(&mut self) -> usize {
        self.live().and_then(|connection| connection.datagrams().max_size()).unwrap_or(0)
    }
}
