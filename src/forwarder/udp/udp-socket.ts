import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { maxSendQueueBytes } from "../../defaults/index.ts";
import { codeOf } from "../../system-error.ts";
import type { PeerAddress } from "../../wire/address.ts";
import type { ForwarderOptions } from "../contract.ts";

/** Options of {@link bindUdpSocket}. */
export interface UdpSocketOptions extends Pick<ForwarderOptions, "host" | "port" | "socketBufferBytes"> {
  /** Whether other sockets of this user may have the port as well (SO_REUSEPORT). */
  readonly isShared?: boolean;
}

/**
 * Resolves an IP literal to itself, at once. Otherwise node:dgram would take every packet through `dns.lookup` and another turn
 * of the event loop.
 */
export const literalLookup: NonNullable<SocketOptions["lookup"]> = (literal, _options, done) =>
  // The family is ignored. Finding it out costs more than the relay's own work on a packet.
  done(null, literal, 0);

/** Binds a UDP socket. `::` takes IPv4 as well. Rejects with the system's error. The caller closes the socket. */
export async function bindUdpSocket(options: UdpSocketOptions): Promise<Socket> {
  const { host, port, socketBufferBytes, isShared = false } = options;
  const socket = createSocket({
    type: isIPv6(host) ? "udp6" : "udp4",
    lookup: literalLookup,
    recvBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
    reusePort: isShared,
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

/**
 * Sends one datagram, from `to.local` if that is known. `done` is called by the end of the current turn, unless the system's
 * buffer is full: with `null` if the system took the datagram, otherwise with the system's error, or its code alone.
 */
export type Send = (datagram: Uint8Array, to: PeerAddress, done: (failure: unknown) => void) => void;

/** Returns a sender for a socket. */
export function sendFrom(socket: Socket): Send {
  const isQueueFull = createSendQueueGate(() => socket.getSendQueueSize());
  return (datagram, to, done) => {
    // node:dgram throws on port 0, which a spoofed datagram can come from.
    if (to.port === 0) done("EINVAL");
    else if (isQueueFull()) done("ENOBUFS");
    else socket.send(datagram, to.port, to.address, done);
  };
}

/** Datagrams between two looks at the queue, and the most by which it exceeds its limit. */
const lookInterval = 16;

/**
 * Reports before each datagram whether the socket's send queue is over its limit (`defaults.maxSendQueueBytes`), so that
 * datagrams that the system does not take are dropped, not kept. It looks at every sixteenth datagram only: looking at each
 * costs a hundredth of the packet rate, and the queue is empty unless the socket buffer is full.
 *
 * @param queuedBytes the length of the queue, in bytes.
 */
export function createSendQueueGate(queuedBytes: () => number): () => boolean {
  let datagrams = 0;
  let isFull = false;
  return () => {
    if (datagrams++ % lookInterval === 0) isFull = queuedBytes() > maxSendQueueBytes;
    return isFull;
  };
}

/** Returns the reason under which to count a datagram that {@link Send} could not send. */
export function sendDropReason(failure: unknown): "send-buffer-full" | "send-failed" {
  return bufferFullCodes.has(codeOf(failure)) ? "send-buffer-full" : "send-failed";
}

/** Error codes of a socket, or of the network card behind it, that has no room at the moment. */
const bufferFullCodes: ReadonlySet<string> = new Set(["EAGAIN", "ENOBUFS"]);

/** Resolves once the socket is closed. */
export function closeUdpSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.close(resolve));
}
