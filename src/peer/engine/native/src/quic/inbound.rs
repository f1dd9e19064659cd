//! Stream data that has come and that nobody has read yet.
//!
//! noq keeps one piece for each frame, and ends a connection with more than 1024 pieces on a stream. A sender of small frames, or any
//! sender while one packet is lost, makes more than that. So pieces move to an inbox, whose memory the frames do not determine, before
//! they are too many. noq takes what has moved for read: the credit for it is withheld until the application reads it.

mod credit;
mod inbox;

use std::collections::{HashMap, hash_map::Entry};

use noq_proto::{Connection, Dir, StreamId};

use self::{
    credit::Credit,
    inbox::{Ending, Inbox},
};
use super::streams::Progress;

/// The most frames of a stream that stay with noq. With those of one datagram and [`credit::STEP_BYTES`] they are fewer than 1024.
const MAX_FRAMES: u32 = 256;

/// What has come on the streams of one connection.
pub struct Inbound {
    inboxes: HashMap<StreamId, Inbox>,
    credit: Credit,
    /// Streams that the other side may have open, by direction.
    max_streams: [u32; 2],
    /// Streams of the other side's, by direction, that have ended for noq and not for the application.
    held: [u32; 2],
}

impl Inbound {
    pub fn new(window_bytes: u32, max_streams: u32) -> Self {
        Self { inboxes: HashMap::new(), credit: Credit::new(window_bytes), max_streams: [max_streams; 2], held: [0; 2] }
    }

    /// Changes the window of the connection, from the next packet on.
    pub fn set_window(&mut self, connection: &mut Connection, window_bytes: u32) {
        self.credit.set_window(window_bytes);
        self.credit.tell(connection);
    }

    /// Notes a frame that has come on a stream.
    pub fn note(&mut self, connection: &mut Connection, id: StreamId) {
        let inbox = self.inboxes.entry(id).or_default();
        inbox.frames += 1;
        if inbox.frames > MAX_FRAMES {
            inbox.frames = 0;
            inbox.empty_noq(connection, id, &mut self.credit);
            self.hold(connection, id);
        }
    }

    /// Fills `out` from the stream, as far as there is something to read in order.
    pub fn read(&mut self, connection: &mut Connection, id: StreamId, out: &mut [u8]) -> Progress {
        let inbox = self.inboxes.entry(id).or_default();
        inbox.frames = 0;
        let count = inbox.fill(connection, id, out, &mut self.credit);
        let progress = match inbox.ending() {
            Some(Ending::Gone) => Progress::Gone,
            Some(Ending::Reset(code)) => Progress::Aborted(code),
            Some(Ending::Fin) if inbox.is_empty() => Progress::Bytes { count, is_end: true },
            None if count == 0 && !out.is_empty() => Progress::Blocked,
            _ => Progress::Bytes { count, is_end: false },
        };
        match progress {
            Progress::Gone | Progress::Aborted(_) | Progress::Bytes { is_end: true, .. } => self.forget(connection, id),
            Progress::Bytes { .. } | Progress::Blocked => self.hold(connection, id),
        }
        progress
    }

    /// Counts a stream that has ended for noq alone among those that the other side has open.
    fn hold(&mut self, connection: &mut Connection, id: StreamId) {
        let Some(inbox) = self.inboxes.get_mut(&id) else { return };
        if inbox.ending().is_some() && !std::mem::replace(&mut inbox.is_held, true) {
            self.count(connection, id, |held| held + 1);
        }
    }

    /// Forgets a stream that has ended for the application.
    pub fn forget(&mut self, connection: &mut Connection, id: StreamId) {
        let Entry::Occupied(entry) = self.inboxes.entry(id) else { return };
        let inbox = entry.remove();
        self.credit.release(inbox.bytes());
        self.credit.tell(connection);
        if inbox.is_held {
            self.count(connection, id, |held| held - 1);
        }
    }

    /// Gives up what nobody has read: the connection has ended, and may be there for long.
    pub fn give_up(&mut self) {
        self.inboxes = HashMap::new();
    }

    /// Sets how many streams the other side may have open at once.
    pub fn allow(&mut self, connection: &mut Connection, dir: Dir, count: u32) {
        self.max_streams[dir as usize] = count;
        self.tell_allowed(connection, dir);
    }

    fn tell_allowed(&self, connection: &mut Connection, dir: Dir) {
        let count = self.max_streams[dir as usize].saturating_sub(self.held[dir as usize]);
        connection.set_max_concurrent_streams(dir, count.into());
    }

    fn count(&mut self, connection: &mut Connection, id: StreamId, change: fn(u32) -> u32) {
        if id.initiator() == connection.side() {
            return;
        }
        let held = &mut self.held[id.dir() as usize];
        *held = change(*held);
        self.tell_allowed(connection, id.dir());
    }
}
