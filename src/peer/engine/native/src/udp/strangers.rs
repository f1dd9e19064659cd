//! STUN from addresses that no datagram is taken from so far: checks of peers that look for a direct path (RFC 8445 §7). It is all that
//! comes from a stranger, and none may send much of it.

mod shares;

use std::{collections::HashSet, net::SocketAddr, time::Instant};

use self::shares::{Limits, Shares};
use super::socket::{self, Source};

/// What begins the USERNAME of a request: the receiver's part of it.
pub type Tag = [u8; TAG_BYTES];

pub const TAG_BYTES: usize = 8;

/// What becomes of a stranger's datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// It is a check, and there are too many of them.
    Refused,
    /// Nobody waits for it.
    Foreign,
}

/// Header and first attribute of STUN (RFC 8489 §5, §14), and the types that are looked for.
const HEADER_BYTES: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const REQUEST: [u8; 2] = [0x00, 0x01];
const SUCCESS: [u8; 2] = [0x01, 0x01];
const ERROR: [u8; 2] = [0x01, 0x11];
const USERNAME: [u8; 2] = [0x00, 0x06];

pub struct Strangers {
    tags: HashSet<Tag>,
    checked: HashSet<Source>,
    shares: Shares,
    /// Of addresses that packets are taken from: a path in doubt has 40 messages a second.
    known: Shares,
}

const OF_STRANGERS: Limits = Limits { burst: 64.0, per_second: 32.0, all_per_second: 1000.0 };
const OF_KNOWN: Limits = Limits { burst: 256.0, per_second: 128.0, all_per_second: 4000.0 };

impl Default for Strangers {
    fn default() -> Self {
        Self { tags: HashSet::new(), checked: HashSet::new(), shares: Shares::new(OF_STRANGERS), known: Shares::new(OF_KNOWN) }
    }
}

impl Strangers {
    /// Takes requests whose USERNAME begins with a tag.
    pub fn add_tag(&mut self, tag: Tag) {
        self.tags.insert(tag);
    }

    pub fn remove_tag(&mut self, tag: &Tag) {
        self.tags.remove(tag);
    }

    /// Takes responses from addresses that have been checked.
    pub fn set_checked(&mut self, addresses: impl IntoIterator<Item = SocketAddr>) {
        self.checked = addresses.into_iter().map(socket::source).collect();
    }

    /// `is_known` is whether packets are taken from the address. It may answer checks of any time, and has a larger share.
    pub fn judge(&mut self, datagram: &[u8], from: &Source, is_known: bool, now: Instant) -> Verdict {
        let shares = if is_known { &mut self.known } else { &mut self.shares };
        match is_wanted(&self.tags, is_known || self.checked.contains(from), datagram) {
            true if shares.take(from.0, now) => Verdict::Taken,
            true => Verdict::Refused,
            false => Verdict::Foreign,
        }
    }
}

fn is_wanted(tags: &HashSet<Tag>, is_checked: bool, datagram: &[u8]) -> bool {
    match message_type(datagram) {
        Some(REQUEST) => tag(datagram).is_some_and(|tag| tags.contains(tag)),
        Some(SUCCESS | ERROR) => is_checked,
        _ => false,
    }
}

/// Returns the type of a datagram that is framed as STUN, as `isStun` in `src/wire/stun.ts` tells it.
fn message_type(datagram: &[u8]) -> Option<[u8; 2]> {
    let (header, attributes) = datagram.split_first_chunk::<HEADER_BYTES>()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let is_stun = header[4..8] == COOKIE && length == attributes.len() && length.is_multiple_of(4);
    is_stun.then_some([header[0], header[1]])
}

/// Returns the start of the USERNAME, if that comes first.
fn tag(request: &[u8]) -> Option<&Tag> {
    let (attribute, value) = request[HEADER_BYTES..].split_first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes([attribute[2], attribute[3]]));
    value.get(..length).filter(|_| attribute[..2] == USERNAME)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &Tag = b"ourTag-_";

    fn stun(kind: [u8; 2], attributes: &[u8]) -> Vec<u8> {
        [&kind[..], &(attributes.len() as u16).to_be_bytes(), &COOKIE, &[7; 12], attributes].concat()
    }

    fn request(username: &[u8]) -> Vec<u8> {
        let mut attributes = [&USERNAME[..], &(username.len() as u16).to_be_bytes(), username].concat();
        attributes.resize(attributes.len().next_multiple_of(4), 0);
        stun(REQUEST, &attributes)
    }

    fn source(text: &str) -> Source {
        socket::source(text.parse().unwrap())
    }

    fn judge(strangers: &mut Strangers, datagram: &[u8], from: &str) -> Verdict {
        strangers.judge(datagram, &source(from), false, Instant::now())
    }

    fn waiting() -> Strangers {
        let mut strangers = Strangers::default();
        strangers.add_tag(*OURS);
        strangers.set_checked(["192.0.2.1:5".parse().unwrap()]);
        strangers
    }

    #[test]
    fn a_request_is_taken_from_anywhere_if_its_username_begins_with_a_tag() {
        let mut strangers = waiting();
        assert_eq!(judge(&mut strangers, &request(b"ourTag-_:another0"), "198.51.100.1:1"), Verdict::Taken);
        for username in [&b"another0:ourTag-_"[..], b"ourTag", b""] {
            assert_eq!(judge(&mut strangers, &request(username), "198.51.100.1:1"), Verdict::Foreign);
        }
        strangers.remove_tag(OURS);
        strangers.set_checked([]);
        assert_eq!(judge(&mut strangers, &request(b"ourTag-_:another0"), "198.51.100.1:1"), Verdict::Foreign);
    }

    #[test]
    fn a_request_whose_username_is_not_first_or_is_cut_short_is_foreign() {
        let mut strangers = waiting();
        let other = [&[0, 0x25, 0, 0][..], &USERNAME, &[0, 8], OURS].concat();
        let cut = [&USERNAME[..], &[0, 20], OURS].concat();
        for attributes in [&other[..], &cut, &USERNAME, &[]] {
            assert_eq!(judge(&mut strangers, &stun(REQUEST, attributes), "192.0.2.1:5"), Verdict::Foreign);
        }
    }

    #[test]
    fn a_response_is_taken_only_from_an_address_that_was_checked() {
        let mut strangers = waiting();
        for kind in [SUCCESS, ERROR] {
            assert_eq!(judge(&mut strangers, &stun(kind, &[]), "[::ffff:192.0.2.1]:5"), Verdict::Taken);
            for elsewhere in ["192.0.2.1:6", "192.0.2.2:5"] {
                assert_eq!(judge(&mut strangers, &stun(kind, &[]), elsewhere), Verdict::Foreign);
            }
        }
    }

    #[test]
    fn what_is_no_stun_is_foreign_also_from_an_address_that_was_checked() {
        let quic = [&[0x40][..], &[9; 40]].concat();
        let indication = stun([0, 0x11], &[]);
        let mut longer = stun(SUCCESS, &[]);
        longer.extend([0; 4]);
        let mut without_cookie = stun(SUCCESS, &[]);
        without_cookie[4] = 0;
        for datagram in [&quic[..], &indication, &longer, &without_cookie, &[]] {
            assert_eq!(judge(&mut waiting(), datagram, "192.0.2.1:5"), Verdict::Foreign);
        }
    }

    #[test]
    fn a_check_beyond_the_share_of_its_source_is_refused() {
        let mut strangers = waiting();
        let now = Instant::now();
        let check = request(b"ourTag-_:another0");
        let verdicts = (0..100).map(|_| strangers.judge(&check, &source("198.51.100.1:1"), false, now));
        assert_eq!(verdicts.filter(|verdict| *verdict == Verdict::Refused).count(), 100 - 64);
    }

    #[test]
    fn an_address_that_packets_are_taken_from_has_a_larger_share_and_no_more() {
        let (mut strangers, now) = (Strangers::default(), Instant::now());
        let answer = [&SUCCESS[..], &[0, 0], &COOKIE, &[0; 12]].concat();
        let known = source("198.51.100.1:1");
        assert_eq!(strangers.judge(&answer, &known, false, now), Verdict::Foreign);
        let taken = (0..1000).filter(|_| strangers.judge(&answer, &known, true, now) == Verdict::Taken);
        assert_eq!(taken.count(), OF_KNOWN.burst as usize);
        assert_eq!(strangers.judge(b"no STUN", &known, true, now), Verdict::Foreign);
    }
}
