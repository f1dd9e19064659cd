//! What has come of one stream, on pages: their number follows from the window alone, whatever the frames are like.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use noq_proto::{Connection, ReadError, StreamId, VarInt};

use super::credit::Credit;

const PAGE_BYTES: usize = 4096;

/// The most runs of bytes with gaps between them: the packets that a sender may lose within one window. Beyond them pieces stay with
/// noq, which ends the connection.
const MAX_RUNS: usize = 2048;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Fin,
    Reset(VarInt),
    /// noq does not know the stream.
    Gone,
}

/// The part of a stream that noq takes for read.
#[derive(Default)]
pub struct Inbox {
    pages: HashMap<u64, Box<[u8; PAGE_BYTES]>>,
    /// Bytes on the pages: the end of each run by its start. Runs do not touch.
    runs: BTreeMap<u64, u64>,
    bytes: usize,
    /// Offset of the next byte to read.
    next: u64,
    ending: Option<Ending>,
    /// Frames that have come since noq was last read.
    pub frames: u32,
    /// Whether the stream counts as open although noq has forgotten it.
    pub is_held: bool,
}

impl Inbox {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Fills `out` from the pages and from noq in turns. Returns the bytes.
    pub fn fill(&mut self, connection: &mut Connection, id: StreamId, out: &mut [u8], credit: &mut Credit) -> usize {
        if !self.is_empty() {
            // RESET_STREAM makes what is unread void.
            self.pull(connection, id, &mut [], credit);
        }
        let mut count = 0;
        loop {
            let taken = self.take(&mut out[count..]);
            credit.release(taken);
            credit.tell(connection);
            count += taken;
            if count == out.len() {
                return count;
            }
            let Pulled { read, kept } = self.pull(connection, id, &mut out[count..], credit);
            count += read;
            if read + kept == 0 {
                return count;
            }
        }
    }

    /// Moves all that noq has to the pages, as far as the window reaches.
    pub fn empty_noq(&mut self, connection: &mut Connection, id: StreamId, credit: &mut Credit) {
        while self.pull(connection, id, &mut [], credit).kept > 0 {}
    }

    /// Takes one step: what comes next in order goes to `out`, other pieces to the pages.
    fn pull(&mut self, connection: &mut Connection, id: StreamId, out: &mut [u8], credit: &mut Credit) -> Pulled {
        let mut pulled = Pulled { read: 0, kept: 0 };
        if self.ending.is_some() {
            return pulled;
        }
        let mut stream = connection.recv_stream(id);
        let Ok(mut chunks) = stream.read(false) else {
            self.ending = Some(Ending::Gone);
            return pulled;
        };
        let step = credit.step();
        self.ending = loop {
            // A look at the first piece, which takes nothing.
            let offset = match chunks.next(0) {
                Ok(Some(piece)) => piece.offset,
                Ok(None) => break Some(Ending::Fin),
                Err(ReadError::Reset(code)) => break Some(Ending::Reset(code)),
                Err(ReadError::Blocked) => break None,
            };
            let is_next = offset == self.next && pulled.read < out.len();
            let room = match is_next {
                true => out.len() - pulled.read,
                false if self.runs.len() < MAX_RUNS => step - pulled.kept,
                false => 0,
            };
            if room == 0 {
                break None;
            }
            let Ok(Some(piece)) = chunks.next(room) else { break None };
            let length = piece.bytes.len();
            if is_next {
                out[pulled.read..pulled.read + length].copy_from_slice(&piece.bytes);
                self.next += length as u64;
                pulled.read += length;
            } else {
                self.keep(offset, &piece.bytes);
                pulled.kept += length;
            }
        };
        // Whether a window has to be announced is found out by the next transmit.
        let _ = chunks.finalize();
        credit.withhold(pulled.kept);
        if let Some(Ending::Reset(_)) = self.ending {
            credit.release(self.clear());
        }
        credit.tell(connection);
        pulled
    }

    fn clear(&mut self) -> usize {
        self.pages.clear();
        self.runs.clear();
        std::mem::take(&mut self.bytes)
    }

    /// Copies a piece to the pages. noq gives no byte twice.
    fn keep(&mut self, offset: u64, piece: &[u8]) {
        for (page, start, part) in parts(offset, piece.len()) {
            let page = self.pages.entry(page).or_insert_with(|| Box::new([0; PAGE_BYTES]));
            page[start..start + part.len()].copy_from_slice(&piece[part]);
        }
        self.bytes += piece.len();
        let mut run = offset..offset + piece.len() as u64;
        if let Some(end) = self.runs.remove(&run.end) {
            run.end = end;
        }
        match self.runs.range_mut(..offset).next_back() {
            Some((_, end)) if *end == offset => *end = run.end,
            _ => drop(self.runs.insert(run.start, run.end)),
        }
    }

    /// Reads in order from the pages. Returns the bytes.
    fn take(&mut self, out: &mut [u8]) -> usize {
        let Some(first) = self.runs.first_entry().filter(|run| *run.key() == self.next && !out.is_empty()) else { return 0 };
        let end = first.remove();
        let count = out.len().min((end - self.next) as usize);
        for (page, start, part) in parts(self.next, count) {
            let length = part.len();
            out[part].copy_from_slice(&self.pages[&page][start..start + length]);
            if start + length == PAGE_BYTES {
                self.pages.remove(&page);
            }
        }
        self.next += count as u64;
        self.bytes -= count;
        if self.next < end {
            self.runs.insert(self.next, end);
        }
        if self.bytes == 0 {
            self.pages.clear();
        }
        count
    }
}

/// What one step has moved: bytes read, and bytes kept on pages.
struct Pulled {
    read: usize,
    kept: usize,
}

/// Cuts `length` bytes at an offset by pages: the number of the page, where on it a part begins, and the part.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, Range<usize>)> {
    let page_bytes = PAGE_BYTES as u64;
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let start = (at % page_bytes) as usize;
        let part = done..length.min(done + PAGE_BYTES - start);
        done = part.end;
        (!part.is_empty()).then_some((at / page_bytes, start, part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byte(offset: u64) -> u8 {
        (offset % 251) as u8
    }

    fn piece(range: Range<u64>) -> Vec<u8> {
        range.map(byte).collect()
    }

    #[test]
    fn bytes_kept_from_the_last_to_the_first_are_one_run() {
        let mut inbox = Inbox::default();
        let mut out = vec![0; 20_000];
        for offset in (1..10_000).rev() {
            inbox.keep(offset, &piece(offset..offset + 1));
        }
        assert_eq!((inbox.take(&mut out), inbox.runs.len(), inbox.pages.len()), (0, 1, 3));
        inbox.keep(0, &piece(0..1));
        assert_eq!(inbox.take(&mut out), 10_000);
        assert_eq!(out[..10_000], piece(0..10_000));
        assert!(inbox.is_empty() && inbox.pages.is_empty());
    }

    #[test]
    fn pages_are_given_back_as_they_are_read() {
        let mut inbox = Inbox::default();
        inbox.keep(0, &piece(0..40_960));
        for left in (0..10).rev() {
            assert_eq!(inbox.take(&mut [0; PAGE_BYTES]), PAGE_BYTES);
            assert_eq!(inbox.pages.len(), left);
        }
    }
}
