//! Events as numbers: their kind, a stream's ID or direction, an error code.

use noq_proto::StreamId;

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
    }
}
