//! The UDP port of a peer as JavaScript sees it. Addresses are text, such as `192.0.2.1:443` or `[2001:db8::1]:443`.

use std::net::{IpAddr, SocketAddr};

use napi::{
    bindgen_prelude::*,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;

use crate::{
    quic::cids::CID_BYTES,
    udp::{
        Wake,
        port::{Flushed, Port},
        routes::{Cid, Receiver},
    },
};

use super::connection::EngineConnection;

/// A UDP socket that serves connections. `None` once it is closed.
#[napi]
pub struct UdpPort {
    port: Option<Port>,
}

#[napi(object)]
pub struct PortAddress {
    pub address: String,
    pub port: u16,
}

/// A datagram of no connection, and its two ECN bits (RFC 3168 §5).
#[napi(object)]
pub struct Other {
    pub datagram: Buffer,
    pub ecn: u8,
}

/// What has come in one turn.
#[napi(object)]
pub struct Received {
    /// Pairs of a connection's number and the count of datagrams that were of no use to it.
    pub connections: Vec<u32>,
    pub others: Vec<Other>,
    pub is_any: bool,
    /// Whether the system has no room for what is to be sent.
    pub is_blocked: bool,
}

#[napi(object)]
pub struct PortStats {
    pub foreign: f64,
    pub send_failed: f64,
    pub crowded_out: f64,
}

type OnWake = ThreadsafeFunction<Option<String>, (), Option<String>, Status, false>;

#[napi]
impl UdpPort {
    /// `on_wake` is called without an argument when it is time to drain, and with the fault of a port that has failed.
    #[napi(factory, catch_unwind)]
    pub fn bind(host: String, port: u16, buffer_bytes: u32, on_wake: Function<Option<String>, ()>) -> Result<Self> {
        let host: IpAddr = host.parse().map_err(failed)?;
        let on_wake: OnWake = on_wake.build_threadsafe_function().build()?;
        let tell = move |wake| {
            let fault = match wake {
                Wake::Ready => None,
                Wake::Fault(why) => Some(why),
            };
            // It is refused only while Node ends, which ends the port too.
            on_wake.call(fault, ThreadsafeFunctionCallMode::NonBlocking);
        };
        let port = Port::bind(SocketAddr::new(host, port), buffer_bytes as usize, tell).map_err(failed)?;
        Ok(Self { port: Some(port) })
    }

    #[napi(catch_unwind)]
    pub fn address(&mut self) -> Result<PortAddress> {
        let at = self.open()?.address().map_err(failed)?;
        Ok(PortAddress { address: at.ip().to_string(), port: at.port() })
    }

    /// Takes datagrams from these addresses alone.
    #[napi(catch_unwind)]
    pub fn set_sources(&mut self, sources: Vec<String>) -> Result<()> {
        let sources: Vec<SocketAddr> = sources.iter().map(|it| parse(it)).collect::<Result<_>>()?;
        self.open()?.set_sources(sources);
        Ok(())
    }

    /// Gives the connection what has these connection IDs, which follow each other.
    #[napi(catch_unwind)]
    pub fn attach(&mut self, ids: &[u8], connection: &EngineConnection, number: u32) -> Result<()> {
        let receiver = Receiver { connection: connection.shared(), number };
        let port = self.open()?;
        cids(ids).for_each(|cid| port.attach(cid, receiver.clone()));
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn detach(&mut self, ids: &[u8]) -> Result<()> {
        let port = self.open()?;
        cids(ids).for_each(|cid| port.detach(&cid));
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn send(&mut self, datagram: &[u8], to: String) -> Result<()> {
        let to = parse(&to)?;
        self.open()?.send(datagram, to);
        Ok(())
    }

    /// Sends what the connection has to send. Returns 0 for all, 1 if there is more, 2 if the system has no room.
    #[napi(catch_unwind)]
    pub fn flush(&mut self, connection: &EngineConnection, to: String) -> Result<u32> {
        let to = parse(&to)?;
        let flushed = self.open()?.flush(&connection.shared(), to).map_err(failed)?;
        Ok(match flushed {
            Flushed::All => 0,
            Flushed::More => 1,
            Flushed::Blocked => 2,
        })
    }

    #[napi(catch_unwind)]
    pub fn drain(&mut self) -> Result<Received> {
        let port = self.open()?;
        let received = port.drain().map_err(failed)?;
        Ok(Received {
            connections: received.connections.into_iter().flat_map(|(number, refused)| [number, refused]).collect(),
            others: received.others.into_iter().map(|it| Other { datagram: it.datagram.into(), ecn: it.ecn }).collect(),
            is_any: received.is_any,
            is_blocked: port.is_blocked(),
        })
    }

    /// Has `on_wake` called once there is something to do.
    #[napi(catch_unwind)]
    pub fn arm(&mut self) -> Result<()> {
        self.open()?.arm().map_err(failed)
    }

    #[napi(catch_unwind)]
    pub fn stats(&mut self) -> Result<PortStats> {
        let port = self.open()?;
        Ok(PortStats {
            foreign: port.foreign() as f64,
            send_failed: port.send_failed() as f64,
            crowded_out: port.crowded_out() as f64,
        })
    }

    /// Closes the socket and ends its thread. Idempotent.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.port = None;
    }

    fn open(&mut self) -> Result<&mut Port> {
        self.port.as_mut().ok_or_else(|| Error::from_reason("the port is closed"))
    }
}

fn cids(ids: &[u8]) -> impl Iterator<Item = Cid> {
    ids.chunks_exact(CID_BYTES).map(|id| id.try_into().expect("an exact chunk"))
}

fn parse(address: &str) -> Result<SocketAddr> {
    address.parse().map_err(|error| Error::from_reason(format!("{address}: {error}")))
}

fn failed(error: impl std::error::Error) -> Error {
    Error::from_reason(error.to_string())
}
