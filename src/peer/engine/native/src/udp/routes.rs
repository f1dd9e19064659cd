//! Which connection a datagram belongs to, by its destination connection ID.

use std::{collections::HashMap, sync::Arc};

use crate::quic::{cids::CID_BYTES, guarded::Guarded};

pub type Cid = [u8; CID_BYTES];

/// A connection, and the caller's number for it.
#[derive(Clone)]
pub struct Receiver {
    pub connection: Arc<Guarded>,
    pub number: u32,
}

#[derive(Default)]
pub struct Routes(HashMap<Cid, Receiver>);

impl Routes {
    pub fn add(&mut self, cid: Cid, receiver: Receiver) {
        self.0.insert(cid, receiver);
    }

    pub fn remove(&mut self, cid: &Cid) {
        self.0.remove(cid);
    }

    pub fn find(&self, cid: &Cid) -> Option<&Receiver> {
        self.0.get(cid)
    }

    /// Returns the connection that a datagram is for.
    pub fn receiver(&self, datagram: &[u8]) -> Option<&Receiver> {
        destination(datagram).and_then(|cid| self.find(cid))
    }
}

/// Returns the first 12 bytes of a packet's destination connection ID, as `connectionKey` does in `socket.ts`. What has no fixed bit
/// (RFC 9000 §17.2, §17.3), such as STUN, is no packet of a connection, nor is what has a shorter ID.
pub fn destination(datagram: &[u8]) -> Option<&Cid> {
    let first = *datagram.first()?;
    if first & 0x40 == 0 {
        return None;
    }
    if first & 0x80 == 0 {
        return datagram.get(1..)?.first_chunk();
    }
    let source_at = 6 + usize::from(*datagram.get(5)?);
    let end = source_at + 1 + usize::from(*datagram.get(source_at)?);
    if end > datagram.len() {
        return None;
    }
    datagram[6..source_at].first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: [u8; 20] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

    fn long(id_bytes: usize) -> Vec<u8> {
        [&[0xc0, 0, 0, 0, 1, id_bytes as u8][..], &ID[..id_bytes], &[0; 30]].concat()
    }

    #[test]
    fn a_destination_is_the_first_12_bytes_of_the_connection_id() {
        let short = [&[0x40][..], &ID, &[0; 20]].concat();
        for datagram in [short, long(12), long(20)] {
            assert_eq!(destination(&datagram), ID.first_chunk());
        }
    }

    #[test]
    fn a_datagram_of_no_connection_has_no_destination() {
        let stun = [&[1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[0; 12]].concat();
        let cut = [0xc0, 0, 0, 0, 1, 12, 1, 2].to_vec();
        let without_source = long(12)[..18].to_vec();
        let mut long_source = long(12);
        long_source[18] = 30;
        for datagram in [vec![], vec![0x40; 12], vec![0xc0], stun, cut, without_source, long_source, long(8), long(0)] {
            assert_eq!(destination(&datagram), None, "{datagram:?}");
        }
    }
}
