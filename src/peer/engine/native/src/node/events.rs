//! Events as numbers: their kind, the ID of a stream or path or a direction, an error code or another detail.

use noq_proto::{PathId, StreamId};

use crate::quic::events::Event;

pub fn numbers(event: Event) -> [f64; 3] {
    let on = |kind: f64, id: StreamId| [kind, u64::from(id) as f64, 0.0];
    match event {
        Event::Established => [0.0; 3],
        Event::Confirmed => [1.0, 0.0, 0.0],
        Event::Presented => [2.0, 0.0, 0.0],
        Event::Ended => [3.0, 0.0, 0.0],
        Event::Stalled => [4.0, 0.0, 0.0],
        Event::Opened(dir) => [5.0, f64::from(dir as u8), 0.0],
        Event::Readable(id) => on(6.0, id),
        Event::Writable(id) => on(7.0, id),
        Event::Finished(id) => on(8.0, id),
        Event::Stopped(id, code) => [9.0, u64::from(id) as f64, code.into_inner() as f64],
        Event::Allowed(dir) => [10.0, f64::from(dir as u8), 0.0],
        Event::DatagramReceived => [11.0, 0.0, 0.0],
        Event::DatagramsUnblocked => [12.0, 0.0, 0.0],
        Event::CidsRunLow => [13.0, 0.0, 0.0],
        Event::PathOpened(id) => [14.0, path_number(id), 0.0],
        Event::PathClosed(id, by) => [15.0, path_number(id), by as u8 as f64],
        Event::PathPreferred { id, is_backup } => [16.0, path_number(id), f64::from(u8::from(is_backup))],
        Event::PathStalled(id) => [17.0, path_number(id), 0.0],
    }
}

/// `PathId` shows its number only as a text.
pub fn path_number(id: PathId) -> f64 {
    id.to_string().parse().expect("a path's ID is a number")
}
