//! Streams in both directions: what is to be sent, and what has come.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{Context, SHA256};
use noq_proto::{Dir, StreamId};

use super::{
    quic::{connection::Connection, streams::Progress},
    setting::to_hex,
};

/// As `streamReadBytes` in `src/defaults/peer.ts`.
const READ_BYTES: usize = 64 << 10;

struct Sending {
    id: StreamId,
    sent: usize,
    bytes: usize,
}

pub struct Outgoing {
    file: Vec<u8>,
    streams: Vec<Sending>,
}

impl Outgoing {
    pub fn new(file: Vec<u8>) -> Self {
        Self { file, streams: Vec::new() }
    }

    pub fn open(&mut self, connection: &mut Connection, streams: usize, bytes: usize) {
        for _ in 0..streams {
            let id = connection.open_stream(Dir::Uni).expect("room for a stream");
            self.streams.push(Sending { id, sent: 0, bytes });
        }
    }

    /// Writes as much as there is room for.
    pub fn write(&mut self, connection: &mut Connection) {
        let file = &self.file;
        self.streams.retain_mut(|stream| !stream.write(connection, file));
    }
}

impl Sending {
    /// Returns whether the stream has been written to its end.
    fn write(&mut self, connection: &mut Connection, file: &[u8]) -> bool {
        loop {
            let at = self.sent % file.len();
            let end = file.len().min(at + self.bytes - self.sent);
            let is_last = self.sent + end - at == self.bytes;
            match connection.write(self.id, &file[at..end], is_last) {
                Progress::Bytes { is_end: true, .. } => return true,
                Progress::Bytes { count, .. } => self.sent += count,
                Progress::Blocked => return false,
                other => panic!("stream {}: {other:?}", self.id),
            }
        }
    }
}

#[derive(Default)]
pub struct Incoming {
    /// Streams that have yet to be taken, and to end.
    wanted: usize,
    left: usize,
    taken: HashSet<StreamId>,
    bytes: usize,
    is_digest: bool,
    contexts: HashMap<StreamId, Context>,
    digests: Vec<String>,
}

impl Incoming {
    pub fn expect(&mut self, streams: usize, is_digest: bool) {
        *self = Self { wanted: streams, left: streams, is_digest, ..Self::default() };
    }

    /// Takes as many streams as are expected. The dialer may be faster than the order to expect them.
    pub fn accept(&mut self, connection: &mut Connection) {
        while self.wanted > 0 {
            let Some(id) = connection.accept_stream(Dir::Uni) else { return };
            self.wanted -= 1;
            self.taken.insert(id);
            self.read(connection, id);
        }
    }

    pub fn read(&mut self, connection: &mut Connection, id: StreamId) {
        let mut buffer = [0; READ_BYTES];
        while self.taken.contains(&id) {
            match connection.read(id, &mut buffer) {
                Progress::Bytes { count, is_end } => {
                    self.take(id, &buffer[..count]);
                    if is_end {
                        return self.end(id);
                    }
                }
                Progress::Blocked | Progress::Gone => return,
                Progress::Aborted(code) => panic!("stream {id} was reset with {code}"),
            }
        }
    }

    fn take(&mut self, id: StreamId, bytes: &[u8]) {
        self.bytes += bytes.len();
        if self.is_digest {
            self.contexts.entry(id).or_insert_with(|| Context::new(&SHA256)).update(bytes);
        }
    }

    fn end(&mut self, id: StreamId) {
        self.taken.remove(&id);
        self.digests.extend(self.contexts.remove(&id).map(|context| to_hex(context.finish().as_ref())));
        self.left -= 1;
        match self.is_digest {
            _ if self.left > 0 => {}
            true => println!("{}", self.digests.join(" ")),
            false => println!("{}", self.bytes),
        }
    }
}
