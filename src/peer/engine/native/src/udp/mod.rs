//! The UDP socket of a peer. It moves datagrams between the wire and connections without a call for each, and leaves addresses,
//! trust and policy to the caller.

mod inbox;
mod outbox;
pub mod port;
pub mod received;
pub mod route;
pub mod routes;
mod socket;
mod sources;
pub mod strangers;
mod turns;
mod waker;
mod ways;

pub use waker::Wake;
