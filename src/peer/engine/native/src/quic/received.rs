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

    pub fn pop(&mut self) -> Option<Bytes> {
        self.queue.pop_front()
    }

    /// Datagrams that made way for newer ones.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
