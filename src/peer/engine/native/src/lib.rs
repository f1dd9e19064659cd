//! QUIC engine of quicpipe's peers: `quic` is the engine proper, `udp` moves its datagrams, `node` is what JavaScript sees of both.

// Tests call no entry of Node-API.
#![cfg_attr(test, allow(dead_code))]

mod node;
mod quic;
mod udp;
