//! QUIC engine of quicpipe's peers: `quic` is the engine proper, `node` what JavaScript sees of it.

#![cfg_attr(test, expect(dead_code, reason = "JavaScript alone calls the entries of Node-API"))]

mod node;
mod quic;
