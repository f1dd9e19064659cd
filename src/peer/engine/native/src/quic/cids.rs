//! Connection IDs of one connection, in the order of their numbers.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use blake2::{
    Blake2bMac,
    digest::{FixedOutput, KeyInit, Update, consts::U12},
};
use noq_proto::{ConnectionId, ConnectionIdGenerator};

pub const CID_BYTES: usize = 12;

/// The most connection IDs that one event of noq can ask for: `active_connection_id_limit` of this side is 5, and another path
/// asks for as many (`LOCAL_CID_COUNT`).
const MOST_AT_ONCE: u32 = 5;

/// A connection that has no more of them left asks for a higher limit: what one event can ask for, and some for the time that it takes.
const FEW: u32 = MOST_AT_ONCE + 3;

/// Returns connection ID number `n` of a key: keyed BLAKE2b with a digest of 12 bytes over the big-endian number, top bit clear.
pub fn derive(key: &[u8], n: u32) -> [u8; CID_BYTES] {
    let mut mac = <Blake2bMac<U12> as KeyInit>::new_from_slice(key).expect("a key has 16 to 64 bytes");
    mac.update(&n.to_be_bytes());
    let mut cid: [u8; CID_BYTES] = mac.finalize_fixed().into();
    cid[0] &= 0x7f;
    cid
}

/// The count of connection IDs that a connection has issued, and how many its registration covers.
pub struct Cids {
    key: Box<[u8]>,
    issued: AtomicU32,
    limit: AtomicU32,
}

impl Cids {
    pub fn new(key: &[u8], limit: u32) -> Self {
        Self { key: key.into(), issued: AtomicU32::new(0), limit: AtomicU32::new(limit) }
    }

    /// Numbers 1 to this one have been issued.
    pub fn issued(&self) -> u32 {
        self.issued.load(Ordering::Relaxed)
    }

    /// Raises the limit. The relay knows the connection IDs below it.
    pub fn raise(&self, limit: u32) {
        self.limit.fetch_max(limit, Ordering::Relaxed);
    }

    /// Returns the limit if there are few connection IDs left below it.
    pub fn limit_if_near(&self) -> Option<u32> {
        let limit = self.limit.load(Ordering::Relaxed);
        (self.issued() + FEW >= limit).then_some(limit)
    }

    /// Reports whether the limit leaves room for whatever noq asks for at once.
    pub fn suffice(&self) -> bool {
        self.issued() + MOST_AT_ONCE <= self.limit.load(Ordering::Relaxed)
    }
}

/// Gives out the connection IDs of [`Cids`]. One endpoint serves one connection, so all are of that connection.
pub struct Generator(pub Arc<Cids>);

impl ConnectionIdGenerator for Generator {
    fn generate_cid(&mut self) -> ConnectionId {
        let n = self.0.issued.fetch_add(1, Ordering::Relaxed) + 1;
        ConnectionId::new(&derive(&self.0.key, n))
    }

    fn cid_len(&self) -> usize {
        CID_BYTES
    }

    fn cid_lifetime(&self) -> Option<std::time::Duration> {
        None
    }
}
