import { createSocket, type Socket } from "node:dgram";

/** Port of PCP and of NAT-PMP at a router (RFC 6887 §19.1, RFC 6886 §1). */
export const routerPort = 5351;

/** Takes what a {@link RouterSocket} tells. */
export interface RouterSocketOwner {
  /** A datagram has come from the router, of any length and with any bytes. */
  onDatagram(datagram: Uint8Array): void;
  /** Nobody listens there, or the system did not send. */
  onUnreachable(): void;
}

/** A UDP socket that talks with port 5351 of a router alone. */
export interface RouterSocket {
  /** IPv4 literal that its datagrams leave from. */
  readonly localAddress: string;
  send(datagram: Uint8Array): void;
  close(): void;
}

/** Opens a {@link RouterSocket}. Rejects if the system has no way to the router. */
export type OpenRouterSocket = (router: string, owner: RouterSocketOwner) => Promise<RouterSocket>;

/**
 * Opens a {@link RouterSocket} of node:dgram, at any local port. It is connected, so that the system tells which address it has
 * and if nobody listens there.
 */
export async function openRouterSocket(router: string, owner: RouterSocketOwner): Promise<RouterSocket> {
  const socket = await connected(router);
  socket.on("message", (datagram, { address, port }) => {
    // Before it was connected, it took datagrams from anyone.
    if (address === router && port === routerPort) owner.onDatagram(datagram);
  });
  socket.on("error", () => owner.onUnreachable());
  return {
    localAddress: socket.address().address,
    send: (datagram) => socket.send(datagram, (error) => error && owner.onUnreachable()),
    close: () => void socket.close(),
  };
}

async function connected(router: string): Promise<Socket> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      // Not by a callback, which also tells of failures.
      socket.once("error", reject).once("connect", resolve);
      socket.connect(routerPort, router);
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket.removeAllListeners("error");
}
