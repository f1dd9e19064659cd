//! A hostile peer: it shakes hands as a dialer does, and then floods the accepter with frames. For `npm run hostile:peers`; it is
//! not in the package.
//!
//!     forger <relay> <own address> <key of its connection IDs, hex> <connection IDs> <identity.pem> <level> <frames>
//!
//! `level` is one that the flood is at: `initial`, `handshake` or `application`. `frames` is a name of `frames.rs` here, or `none`:
//! it begins one connection after the other and answers nothing.
//!
//! Prints `flight <datagrams, hex>` for each connection that it begins, for the caller to deliver, and `flooding` when the
//! flood begins. Takes the line `stop`, and prints `<packets> <bytes> <connections> <error codes of those that were closed>`.
//! At the end of standard input it closes its connection.

// The engine has more than this uses.
#![allow(dead_code)]

use std::{
    env, fs,
    io::stdin,
    sync::mpsc::{self, Receiver, TryRecvError},
    thread,
};

#[path = "../../src/quic/tests/forger/client.rs"]
mod client;
mod flood;
#[path = "../../src/quic/tests/frames.rs"]
mod frames;
mod heard;
mod link;
mod opened;
#[path = "../../src/quic/mod.rs"]
mod quic;
#[path = "../peer/setting.rs"]
mod setting;
#[path = "../../src/quic/tests/forger/spy.rs"]
mod spy;
mod victim;

use flood::Flood;
use link::Link;
use quic::cids;
use setting::from_hex;
use victim::Victim;

type Cid = [u8; cids::CID_BYTES];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [relay, own, key, count, identity, level, frames] = arguments.try_into().expect("seven arguments");
    let (key, count) = (from_hex(&key), count.parse().expect("a number"));
    let cids: Vec<Cid> = (1..=count).map(|n| cids::derive(&key, n)).collect();
    let identity = fs::read(identity).expect("an identity");
    let options = move || setting::options(&key, count, &identity);
    let link = Link::open(&own, &relay).expect("a free port");
    let flood = Flood::named(&level, &frames);
    if !flood.is_of_frames() {
        println!("flooding");
    }
    let mut victim = Victim::new(link, flood, cids, options);
    let lines = lines();
    while lines.try_recv() == Err(TryRecvError::Empty) {
        victim.turn();
    }
    println!("{}", victim.tally);
    while lines.recv().is_ok() {}
    victim.leave();
}

/// Reads standard input on a thread of its own; the flood waits for nobody.
fn lines() -> Receiver<String> {
    let (tell, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in stdin().lines() {
            tell.send(line.expect("text")).expect("a reader");
        }
    });
    lines
}
