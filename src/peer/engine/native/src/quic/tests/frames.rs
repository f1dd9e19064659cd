//! Frames, encoded (RFC 9000 §19).

use noq_proto::{VarInt, coding::Encodable};

/// Encodes numbers as QUIC does (RFC 9000 §16).
pub fn numbers(values: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        VarInt::from_u64(*value).unwrap().encode(&mut out);
    }
    out
}

pub fn crypto(offset: u64) -> Vec<u8> {
    [numbers(&[6, offset, 1]), vec![0]].concat()
}

/// PATH_CHALLENGE or PATH_RESPONSE.
pub fn path(kind: u8, token: u64) -> Vec<u8> {
    [&[kind], &token.to_be_bytes()[..]].concat()
}

pub fn new_connection_id(number: u64, retire_before: u64, cid: &[u8]) -> Vec<u8> {
    let header = numbers(&[0x18, number, retire_before, cid.len() as u64]);
    [header, cid.to_vec(), number.to_be_bytes().repeat(2)].concat()
}

/// A STREAM frame with offset and length (RFC 9000 §19.8).
pub fn stream(id: u64, offset: u64, data: &[u8]) -> Vec<u8> {
    [numbers(&[0x0e, id, offset, data.len() as u64]), data.to_vec()].concat()
}
