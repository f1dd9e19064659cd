//! What has happened, for whoever asks.

use std::collections::VecDeque;

use noq_proto::{StreamEvent, StreamId};

use super::{
    super::events::{End, Event},
    Connection, Gate,
};

impl Connection {
    pub fn next_event(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            self.collect_events();
        }
        self.events.pop_front()
    }

    pub(super) fn collect_events(&mut self) {
        let Some((_, connection)) = self.live.as_mut() else { return };
        let mut lost = None;
        let mut closed = Vec::new();
        while let Some(event) = connection.poll() {
            match event {
                noq_proto::Event::ConnectionLost { reason } => lost = Some(reason),
                noq_proto::Event::Stream(StreamEvent::Readable { id }) => {
                    self.inbound.note(connection, id);
                    tell_readable(&mut self.events, id);
                }
                noq_proto::Event::DatagramReceived => {
                    // Those that wait have been told.
                    if self.received.is_empty() {
                        self.events.push_back(Event::DatagramReceived);
                    }
                    self.received.collect(connection);
                }
                event => {
                    let event = Event::from_noq(event);
                    if let Some(Event::PathClosed(id, _)) = event {
                        closed.push(id);
                    }
                    self.events.extend(event);
                }
            }
        }
        closed.into_iter().for_each(|id| self.forget_path(id));
        if let Some(reason) = lost {
            self.finish(End::from(&reason));
            self.refuse_unanswered();
        }
        self.settle();
    }

    pub(super) fn look_at_certificate(&mut self) {
        if self.gate == Gate::Waiting && self.verifier.as_ref().is_some_and(|it| !it.presented().is_empty()) {
            self.gate = Gate::Judging;
            self.events.push_back(Event::Presented);
        }
    }
}

/// How many events are looked through for one that has been told: as many streams as take turns in one batch of packets.
const REMEMBERED: usize = 32;

/// noq tells each frame. A stream is told once in a turn, also if its frames alternate with those of some others.
fn tell_readable(events: &mut VecDeque<Event>, id: StreamId) {
    let is_told = |event: &Event| matches!(event, Event::Readable(told) if *told == id);
    if !events.iter().rev().take(REMEMBERED).any(is_told) {
        events.push_back(Event::Readable(id));
    }
}
