//! QUIC engine of quicpipe's peers: `quic` is the engine proper, `node` what JavaScript sees of it.

// Tests call no entry of Node-API.
#![cfg_attr(test, allow(dead_code))]

mod node;
mod quic;
