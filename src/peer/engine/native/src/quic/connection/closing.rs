//! The end of a connection.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use noq_proto::{DatagramEvent, Endpoint, VarInt};

use super::{
    super::{
        events::{End, EndedBy, Event},
        remote,
    },
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

    /// Tells a client whose first flight is refused by its second datagram or a later one. noq is silent to an address that is not
    /// validated, although three times what came from it are allowed (RFC 9000 §8.1, §10.2.1). So a second endpoint refuses the
    /// first datagram, with CONNECTION_REFUSED. After a packet of the connection the client would take this for that packet's copy.
    pub(super) fn refuse_unanswered(&mut self) {
        let is_refusal = self.end.as_ref().is_some_and(|end| end.by == EndedBy::ThisSide);
        let Some(first) = self.first.take().filter(|_| is_refusal) else { return };
        let mut endpoint = Endpoint::new(Arc::new(self.endpoint.config().clone()), self.server.clone(), false);
        let mut farewell = Vec::new();
        let event = endpoint.handle(Instant::now(), remote::network_path(), None, first, &mut farewell);
        if let Some(DatagramEvent::NewConnection(incoming)) = event {
            drop(endpoint.refuse(incoming, &mut farewell));
            self.farewell = Some(farewell);
        }
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
