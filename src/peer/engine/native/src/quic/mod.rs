//! The engine proper: no I/O, no clock of its own, nothing of Node.

pub mod cids;
pub mod connection;
pub mod events;
pub mod guarded;
pub mod in_flight;
mod inbound;
mod open_paths;
pub mod options;
mod received;
mod records;
pub mod remote;
mod silence;
mod stopwatch;
pub mod streams;
#[cfg(test)]
mod tests;
pub mod trust;
