//! Datagrams that have come and that nobody has taken yet.

use std::collections::VecDeque;

use bytes::Bytes;

/// The newest datagrams. A packet has room for hundreds of small ones, so their number counts and not only their bytes.
pub struct Received {
    queue: VecDeque<Bytes>,
    limit: usize,
    dropped: u64,
}

impl Received {
    pub fn new(limit: u32) -> Self {
        Self { queue: VecDeque::new(), limit: limit as usize, dropped: 0 }
    }

    /// Takes all that noq has.
    pub fn collect(&mut self, connection: &mut noq_proto::Connection) {
        let mut datagrams = connection.datagrams();
        while let Some(datagram) = datagrams.recv() {
            self.queue.push_back(datagram);
            if self.queue.len() > self.limit {
                self.queue.pop_front();
                self.dropped += 1;
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Moves the oldest datagrams to `out`, as many as fit, and notes where each ends in `ends`. Returns their number.
    pub fn take(&mut self, out: &mut [u8], ends: &mut [u32]) -> usize {
        let (mut start, mut count) = (0, 0);
        for (datagram, noted) in self.queue.iter().zip(ends) {
            let end = start + datagram.len();
            let Some(room) = out.get_mut(start..end) else { break };
            room.copy_from_slice(datagram);
            *noted = end as u32;
            (start, count) = (end, count + 1);
        }
        self.queue.drain(..count);
        count
    }

    /// Datagrams that made way for newer ones.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
