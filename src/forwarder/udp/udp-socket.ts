import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { Send } from "./send.ts";
import { createSendQueueGate } from "./send-queue.ts";

/** Options of {@link bindUdpSocket}. */
export interface UdpSocketOptions {
  readonly host: string;
  readonly port: number;
  readonly socketBufferBytes: number;
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

/** Resolves once the socket is closed. */
export function closeUdpSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.close(resolve));
}
