//! What the accepter has sent, without its protection (RFC 9001 §5).

use bytes::{Buf, BytesMut};
use noq_proto::{PathId, VarInt, coding::Decodable};

use super::{
    quic::cids::CID_BYTES,
    spy::{Keys, Level},
};

pub struct Packet {
    pub level: Level,
    pub number: u64,
    pub frames: BytesMut,
}

/// Where a packet's number is, and where the packet ends.
struct Bounds {
    level: Level,
    number_at: usize,
    end: usize,
}

/// Opens the packets of a datagram, as far as there are keys. `largest` is the number of the last one at the application's level.
pub fn open(mut datagram: &[u8], keys: &Keys, largest: u64) -> Vec<Packet> {
    std::iter::from_fn(|| {
        let bounds = bounds(datagram)?;
        let (packet, rest) = datagram.split_at_checked(bounds.end)?;
        datagram = rest;
        Some(unprotect(packet, &bounds, keys, largest))
    })
    .flatten()
    .collect()
}

fn bounds(datagram: &[u8]) -> Option<Bounds> {
    let first = *datagram.first()?;
    if first & 0x80 == 0 {
        return Some(Bounds { level: Level::Application, number_at: 1 + CID_BYTES, end: datagram.len() });
    }
    let level = match first >> 4 & 3 {
        0 => Level::Initial,
        2 => Level::Handshake,
        _ => return None,
    };
    let mut rest = datagram.get(5..)?;
    for _ in 0..2 {
        let length = rest.try_get_u8().ok()?;
        rest = rest.get(usize::from(length)..)?;
    }
    if level == Level::Initial {
        let token = VarInt::decode(&mut rest).ok()?;
        rest = rest.get(token.into_inner() as usize..)?;
    }
    let length = VarInt::decode(&mut rest).ok()?.into_inner() as usize;
    let number_at = datagram.len() - rest.len();
    Some(Bounds { level, number_at, end: number_at + length })
}

fn unprotect(packet: &[u8], Bounds { level, number_at, .. }: &Bounds, keys: &Keys, largest: u64) -> Option<Packet> {
    let (header, key) = keys.remote(*level)?;
    let mut bytes = packet.to_vec();
    if bytes.len() < number_at + 4 + header.sample_size() {
        return None;
    }
    header.decrypt(*number_at, &mut bytes);
    let length = usize::from(bytes[0] & 3) + 1;
    let truncated = bytes[*number_at..number_at + length].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let number = expand(truncated, length, largest);
    let (start, frames) = bytes.split_at(number_at + length);
    let mut frames = BytesMut::from(frames);
    key.decrypt(PathId::ZERO, number, start, &mut frames).ok()?;
    Some(Packet { level: *level, number, frames })
}

/// Returns the number nearest to the next one (RFC 9000 §A.3).
fn expand(truncated: u64, length: usize, largest: u64) -> u64 {
    let window = 1 << (8 * length);
    let next = largest + 1;
    let candidate = next & !(window - 1) | truncated;
    match candidate {
        low if low + window / 2 <= next => low + window,
        high if high > next + window / 2 && high >= window => high - window,
        near => near,
    }
}
