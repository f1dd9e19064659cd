//! QUIC engine of quicpipe's peers.

mod node;
mod quic;
