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
        received,
        route::Route,
        routes::{Cid, Receiver},
        strangers::{TAG_BYTES, Tag},
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

/// A datagram of no connection, its two ECN bits (RFC 3168 §5), and its source.
#[napi(object)]
pub struct Other {
    pub datagram: Buffer,
    pub ecn: u8,
    pub from: PortAddress,
}

/// What has come in one turn.
#[napi(object)]
pub struct Received {
    /// A connection's number, the count of datagrams that were of no use to it, and that of detours; and so on.
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
    pub strangers_refused: f64,
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
        Ok(at.into())
    }

    /// Takes datagrams of any kind from these addresses alone: the relay's, and those of other peers.
    #[napi(catch_unwind)]
    pub fn set_sources(&mut self, relay: Vec<String>, direct: Vec<String>) -> Result<()> {
        let (relay, direct) = (parse_all(&relay)?, parse_all(&direct)?);
        self.open()?.set_sources(relay, direct);
        Ok(())
    }

    /// Takes requests of STUN with a tag, of 8 bytes, from anywhere.
    #[napi(catch_unwind)]
    pub fn add_tag(&mut self, text: String) -> Result<()> {
        self.open()?.strangers().add_tag(tag(&text)?);
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn remove_tag(&mut self, text: String) -> Result<()> {
        self.open()?.strangers().remove_tag(&tag(&text)?);
        Ok(())
    }

    /// Takes responses of STUN from these addresses.
    #[napi(catch_unwind)]
    pub fn set_checked(&mut self, addresses: Vec<String>) -> Result<()> {
        let addresses = parse_all(&addresses)?;
        self.open()?.strangers().set_checked(addresses);
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
    pub fn send(&mut self, datagram: &[u8], to: String, ttl: Option<u32>) -> Result<()> {
        let to = parse(&to)?;
        self.open()?.send(datagram, to, ttl);
        Ok(())
    }

    /// Binds a further socket at a local port, which sends to this address from now on.
    #[napi(catch_unwind)]
    pub fn add_socket(&mut self, local_port: u16, remote: String) -> Result<()> {
        let remote = parse(&remote)?;
        self.open()?.add_socket(local_port, remote).map_err(failed)
    }

    #[napi(catch_unwind)]
    pub fn remove_socket(&mut self, remote: String) -> Result<()> {
        let remote = parse(&remote)?;
        self.open()?.remove_socket(remote);
        Ok(())
    }

    /// Sends what the connection has to send: packets of its first path to `relay`, those of others to `direct`, or else to `relay`
    /// too. Returns 0 for all, 1 if there is more, 2 if the system has no room; and 3 more if a copy of anything went to `relay`.
    #[napi(catch_unwind)]
    pub fn flush(
        &mut self,
        connection: &EngineConnection,
        relay: String,
        direct: Option<String>,
        is_mirrored: bool,
    ) -> Result<u32> {
        let direct = direct.map(|it| parse(&it)).transpose()?;
        let route = Route { relay: parse(&relay)?, direct, is_mirrored };
        let flush = self.open()?.flush(&connection.shared(), route).map_err(failed)?;
        let progress = match flush.progress {
            Flushed::All => 0,
            Flushed::More => 1,
            Flushed::Blocked => 2,
        };
        Ok(progress + 3 * u32::from(flush.is_mirrored))
    }

    #[napi(catch_unwind)]
    pub fn drain(&mut self) -> Result<Received> {
        let port = self.open()?;
        let received = port.drain().map_err(failed)?;
        Ok(Received {
            connections: received.connections.iter().flat_map(|it| [it.number, it.refused, it.detours]).collect(),
            others: received.others.into_iter().map(Other::from).collect(),
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
            strangers_refused: port.strangers_refused() as f64,
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

impl From<SocketAddr> for PortAddress {
    fn from(at: SocketAddr) -> Self {
        Self { address: at.ip().to_string(), port: at.port() }
    }
}

impl From<received::Other> for Other {
    fn from(it: received::Other) -> Self {
        Self { datagram: it.datagram.into(), ecn: it.ecn, from: it.from.into() }
    }
}

fn tag(text: &str) -> Result<Tag> {
    Tag::try_from(text.as_bytes()).map_err(|_| Error::from_reason(format!("a tag has {TAG_BYTES} bytes: {text}")))
}

fn parse_all(addresses: &[String]) -> Result<Vec<SocketAddr>> {
    addresses.iter().map(|it| parse(it)).collect()
}

fn parse(address: &str) -> Result<SocketAddr> {
    address.parse().map_err(|error| Error::from_reason(format!("{address}: {error}")))
}

fn failed(error: impl std::error::Error) -> Error {
    Error::from_reason(error.to_string())
}
