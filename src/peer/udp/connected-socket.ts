import { createSocket } from "node:dgram";
import { isIPv4 } from "node:net";
import type { Address } from "../../wire/address.ts";

/** A UDP socket that talks to one address alone. The caller closes it. */
export interface ConnectedSocket {
  send(datagram: Uint8Array): void;
  close(): void;
}

/**
 * Opens a socket at an address of the host. The system drops what comes from elsewhere. It keeps no process alive.
 *
 * @throws the system's error.
 */
export async function openConnectedSocket(
  local: string,
  to: Address,
  onDatagram: (datagram: Buffer) => void,
): Promise<ConnectedSocket> {
  const socket = createSocket(isIPv4(to.address) ? "udp4" : "udp6").unref();
  socket.on("message", onDatagram);
  try {
    await new Promise<void>((resolve, reject) => {
      // Later errors, such as that nobody listens there, are as a loss.
      socket.on("error", reject).once("connect", resolve);
      socket.bind(0, local, () => socket.connect(to.port, to.address));
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    send: (datagram) => socket.send(datagram, () => undefined),
    close: () => void socket.close(),
  };
}
