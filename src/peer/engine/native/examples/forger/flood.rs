//! What to flood with.

use super::{
    Cid,
    frames::{crypto, new_connection_id, numbers, path, stream},
    heard::Heard,
    spy::Level,
};

/// What a datagram has room for, beside an acknowledgement.
const FRAME_BYTES: usize = 1100;

/// Stream of the accepter's that the floods of one stream are on: the first of a dialer's in one direction.
pub const STREAM: u64 = 2;

/// Somewhat more than a page of memory, and pages with fewer gaps between them than end a connection.
const PAGE: u64 = 5000;
const PAGES: u64 = 2000;

/// Makes a frame from its number; `None` if the accepter allows no other at the moment.
type Make = fn(u64, &View) -> Option<Vec<u8>>;

/// What a frame depends on.
pub struct View<'a> {
    pub heard: &'a Heard,
    /// Connection IDs by which the relay finds this peer.
    pub cids: &'a [Cid],
}

pub struct Flood {
    pub level: Level,
    /// `None` for connections that are begun and left.
    make: Option<Make>,
    /// Whether what comes is acknowledged, so that the accepter keeps sending.
    pub acknowledges: bool,
    number: u64,
}

impl Flood {
    pub fn named(level: &str, frames: &str) -> Self {
        let level = match level {
            "initial" => Level::Initial,
            "handshake" => Level::Handshake,
            "application" => Level::Application,
            other => panic!("no level {other}"),
        };
        let (frames, acknowledges) = match frames.strip_suffix("-unheard") {
            Some(name) => (name, false),
            None => (frames, level == Level::Application),
        };
        Self { level, make: make(frames), acknowledges, number: 0 }
    }

    pub fn is_of_frames(&self) -> bool {
        self.make.is_some()
    }

    /// Frames are counted from 0 in each connection.
    pub fn restart(&mut self) {
        self.number = 0;
    }

    /// Fills a datagram; with nothing if no frame is allowed.
    pub fn fill(&mut self, view: &View, out: &mut Vec<u8>) {
        let Some(make) = self.make else { return };
        while let Some(frame) = make(self.number, view) {
            if out.len() + frame.len() > FRAME_BYTES {
                break;
            }
            self.number += 1;
            out.extend(frame);
        }
    }
}

fn make(frames: &str) -> Option<Make> {
    Some(match frames {
        "none" => return None,
        "ping" => |_, _| Some(vec![1]),
        "crypto-gaps" => |n, _| Some(crypto(4000 + 2 * (n % 5000))),
        "crypto-bytes" => |n, _| Some(crypto(4000 + n % 10_000)),
        "path-challenge" => |n, _| Some(path(0x1a, n)),
        "path-response" => |n, _| Some(path(0x1b, n)),
        "new-connection-id" => |n, view| Some(new_connection_id(1 + n, 0, view.cid(n))),
        "new-connection-id-retiring" => |n, view| Some(new_connection_id(1 + n, 1 + n, view.cid(n))),
        "retire-connection-id" => |n, _| Some(numbers(&[0x19, 1 + n % 4])),
        "retire-each-connection-id" => |n, view| (n + 1 < view.heard.issued).then(|| numbers(&[0x19, 1 + n])),
        "stream-gaps" => |n, view| view.byte_at(1 + 2 * n),
        "stream-few-gaps" => |n, view| view.byte_at(1 + 2 * (n % 2000)),
        "stream-pages" => |n, view| view.byte_at(PAGE * (1 + n % PAGES.min(view.heard.max_data / PAGE - 1))),
        "stream-bytes" => |n, view| view.byte_at(n),
        "streams-of-a-byte" => |n, view| view.stream(n).map(one_byte),
        "streams-reset" => |n, view| view.stream(n).map(begun_and_reset),
        "stop-sending" => |n, _| Some(numbers(&[5, 4 * (n % 100), 0])),
        "max-streams" => |n, _| Some(numbers(&[0x12, 100 + n])),
        "datagrams" => |n, _| Some([numbers(&[0x31, 1]), vec![n as u8]].concat()),
        other => panic!("no frames {other}"),
    })
}

impl View<'_> {
    fn cid(&self, number: u64) -> &Cid {
        &self.cids[number as usize % self.cids.len()]
    }

    /// A byte of the one stream, if there is credit for it.
    fn byte_at(&self, offset: u64) -> Option<Vec<u8>> {
        (offset < self.heard.max_data).then(|| stream(STREAM, offset, &[0]))
    }

    /// The ID of a stream in both directions, if it may be opened.
    fn stream(&self, number: u64) -> Option<u64> {
        (number < self.heard.max_streams).then_some(4 * number)
    }
}

/// A stream of one byte and its end (FIN).
fn one_byte(id: u64) -> Vec<u8> {
    [numbers(&[0x0f, id, 0, 1]), vec![0]].concat()
}

/// A byte, RESET_STREAM, and STOP_SENDING for the echo.
fn begun_and_reset(id: u64) -> Vec<u8> {
    [stream(id, 0, &[0]), numbers(&[4, id, 7, 1]), numbers(&[5, id, 7])].concat()
}
