import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { type Address, unmapAddress } from "../wire/address.ts";
import { formatIp, parseIp, splitZone } from "../wire/ip.ts";
import { listen } from "./listen.ts";
import type { Send } from "./send.ts";
import { createSendQueueGate } from "./send-queue.ts";

/** A bound UDP socket. Addresses on its hot path are in the form it reports itself, see `toWire`. */
export interface PublicSocket {
  readonly socket: Socket;
  /** The bound address, in plain form. */
  readonly bound: Address;
  readonly send: Send;
  /** Turns a plain address into the form that the socket reports: IPv4 becomes `::ffff:…` on a dual-stack one. */
  toWire(address: Address): Address;
  /** The way back. */
  fromWire(address: Address): Address;
}

/** Where and how to bind. */
export interface PublicSocketOptions {
  readonly host: string;
  readonly port: number;
  readonly socketBufferBytes: number;
}

/**
 * Resolves an IP literal to itself, at once. Without it, node:dgram takes every packet through `dns.lookup`
 * and another turn of the event loop.
 */
export const literalLookup: NonNullable<SocketOptions["lookup"]> = (literal, _options, done) =>
  // The family is not looked at; finding it out costs more than the relay's own work on a packet.
  done(null, literal, 0);

/**
 * Binds the relay's UDP socket; `::` takes IPv4 as well, and becomes `0.0.0.0` where the system has no IPv6.
 * The caller closes the socket.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED
 */
export async function openPublicSocket(options: PublicSocketOptions): Promise<PublicSocket> {
  const { host: address, port } = options;
  return wrap(await listen({ address, port }, (host) => bind({ ...options, host })));
}

async function bind({ host, port, socketBufferBytes }: PublicSocketOptions): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(host) ? "udp6" : "udp4",
    lookup: literalLookup,
    recvBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
  });
  const listening = once(socket, "listening");
  try {
    socket.bind({ address: host, port, exclusive: true });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function wrap(socket: Socket): PublicSocket {
  const { address, port, family } = socket.address();
  const isDualStack = family === "IPv6";
  const isQueueFull = createSendQueueGate(() => socket.getSendQueueSize());
  return {
    socket,
    bound: { address, port },
    send(datagram, to, done) {
      // node:dgram throws on port 0, which a spoofed datagram can come from.
      if (to.port === 0) done("EINVAL");
      else if (isQueueFull()) done("ENOBUFS");
      else socket.send(datagram, to.port, to.address, done);
    },
    toWire(plain) {
      const canonical = canonicalIp(plain.address);
      const isMapped = isDualStack && !canonical.includes(":");
      return { address: isMapped ? `::ffff:${canonical}` : canonical, port: plain.port };
    },
    fromWire: (wire) => ({ address: unmapAddress(wire.address), port: wire.port }),
  };
}

/** One spelling for each address, the system's, because addresses are compared as text. */
function canonicalIp(text: string): string {
  const ip = parseIp(text);
  return ip ? formatIp(ip) + splitZone(text)[1] : text;
}
