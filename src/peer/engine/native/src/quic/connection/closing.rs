//! The end of a connection.

use std::time::Instant;

use bytes::Bytes;
use noq_proto::VarInt;

use super::{
    super::events::{End, EndedBy, Event},
    Connection,
};

impl Connection {
    /// Closes with an application's error code (RFC 9000 §10.2).
    pub fn close(&mut self, code: VarInt, reason: &str, now: Instant) {
        let at = self.time.at(now);
        if let Some(connection) = self.live() {
            connection.close(at, code, Bytes::copy_from_slice(reason.as_bytes()));
        }
        self.finish(End { by: EndedBy::ThisSide, code: code.into_inner(), is_application: true, reason: reason.into() });
    }

    /// Notes the reason for the end. A CONNECTION_CLOSE waits for nothing.
    pub(super) fn finish(&mut self, end: End) {
        self.silence.release();
        if self.end.is_none() {
            self.end = Some(end);
            self.events.push_back(Event::Ended);
        }
    }

    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether nothing is left to send or to wait for, not even a repeated CONNECTION_CLOSE.
    pub fn is_over(&self) -> bool {
        match &self.live {
            Some((_, connection)) => connection.is_drained(),
            None => self.end.is_some() && self.farewell.is_none(),
        }
    }
}
