//! What the accepter has said, as far as a flood needs it (RFC 9000 §19).

use bytes::Buf;
use noq_proto::{VarInt, coding::Decodable};

use super::flood::STREAM;

/// The accepter's default flow control window, of a stream and of a connection whose certificate is not judged yet.
const STREAM_WINDOW: u64 = 16 << 20;
const FIRST_WINDOW: u64 = 1 << 20;

pub struct Heard {
    /// Bytes that the connection and the flood's stream have credit for.
    pub max_data: u64,
    max_connection_data: u64,
    max_stream_data: u64,
    /// Streams in both directions.
    pub max_streams: u64,
    /// Connection IDs that the accepter has issued; their numbers are below.
    pub issued: u64,
    /// Error code of the end.
    pub closed: Option<u64>,
}

impl Default for Heard {
    /// What the accepter allows at first.
    fn default() -> Self {
        let (max_data, max_connection_data, max_stream_data) = (FIRST_WINDOW, FIRST_WINDOW, STREAM_WINDOW);
        Self { max_data, max_connection_data, max_stream_data, max_streams: 100, issued: 1, closed: None }
    }
}

impl Heard {
    /// Reads the frames of a packet. Returns whether it has to be acknowledged.
    pub fn read(&mut self, mut frames: &[u8]) -> bool {
        let mut wants_ack = false;
        while frames.has_remaining() {
            let Some(kind) = number(&mut frames) else { break };
            wants_ack |= !matches!(kind, 0 | 2 | 3 | 0x1c | 0x1d);
            if self.read_frame(kind, &mut frames).is_none() {
                break;
            }
        }
        self.max_data = self.max_connection_data.min(self.max_stream_data);
        wants_ack
    }

    /// Returns `None` where the frame is cut off or unknown.
    fn read_frame(&mut self, kind: u64, from: &mut &[u8]) -> Option<()> {
        match kind {
            // PADDING, PING, HANDSHAKE_DONE.
            0 | 1 | 0x1e => {}
            2 | 3 => skip_ack(kind, from)?,
            // RESET_STREAM; STOP_SENDING, STREAM_DATA_BLOCKED; the others that are one number.
            4 => numbers(from, 3)?,
            5 | 0x15 => numbers(from, 2)?,
            0x14 | 0x16 | 0x17 | 0x19 | 0x13 => numbers(from, 1)?,
            6 => numbers(from, 1).and_then(|()| skip_text(from))?,
            7 => skip_text(from)?,
            8..=0xf => skip_stream(kind, from)?,
            0x10 => self.max_connection_data = number(from)?,
            0x11 => self.read_max_stream_data(from)?,
            0x12 => self.max_streams = number(from)?,
            0x18 => self.read_new_connection_id(from)?,
            0x1a | 0x1b => skip(from, 8)?,
            0x1c | 0x1d => self.closed = Some(number(from)?),
            _ => return None,
        }
        // Nothing follows a CONNECTION_CLOSE that is of use.
        self.closed.is_none().then_some(())
    }

    fn read_max_stream_data(&mut self, from: &mut &[u8]) -> Option<()> {
        let (id, max) = (number(from)?, number(from)?);
        if id == STREAM {
            self.max_stream_data = max;
        }
        Some(())
    }

    fn read_new_connection_id(&mut self, from: &mut &[u8]) -> Option<()> {
        const TOKEN_BYTES: u64 = 16;
        self.issued = self.issued.max(1 + number(from)?);
        number(from)?;
        let length = from.try_get_u8().ok()?;
        skip(from, u64::from(length) + TOKEN_BYTES)
    }
}

fn skip_ack(kind: u64, from: &mut &[u8]) -> Option<()> {
    numbers(from, 2)?;
    let ranges = number(from)?;
    numbers(from, 1 + 2 * ranges)?;
    // The counts of ECN.
    if kind == 3 { numbers(from, 3) } else { Some(()) }
}

fn skip_stream(kind: u64, from: &mut &[u8]) -> Option<()> {
    let (has_offset, has_length) = (kind & 4 != 0, kind & 2 != 0);
    numbers(from, 1 + u64::from(has_offset))?;
    // Without a length it is the last frame.
    if has_length { skip_text(from) } else { None }
}

/// Skips bytes after their length.
fn skip_text(from: &mut &[u8]) -> Option<()> {
    let length = number(from)?;
    skip(from, length)
}

fn skip(from: &mut &[u8], bytes: u64) -> Option<()> {
    *from = from.get(bytes as usize..)?;
    Some(())
}

fn numbers(from: &mut &[u8], count: u64) -> Option<()> {
    (0..count).try_for_each(|_| number(from).map(drop))
}

fn number(from: &mut &[u8]) -> Option<u64> {
    VarInt::decode(from).ok().map(VarInt::into_inner)
}
