//! The engine for Node (Node-API).

mod connection;
mod options;
