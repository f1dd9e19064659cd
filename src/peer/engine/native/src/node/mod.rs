//! The engine for Node (Node-API).

mod connection;
mod events;
mod options;
mod paths;
mod port;
mod streams;
