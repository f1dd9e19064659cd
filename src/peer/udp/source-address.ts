import { createSocket } from "node:dgram";
import { isIPv4 } from "node:net";
import type { Address } from "../../wire/address.ts";

/** Returns the IP address that packets to `remote` leave from; `undefined` if the system has no way there. Sends nothing. */
export async function sourceAddress(remote: Address): Promise<string | undefined> {
  const socket = createSocket(isIPv4(remote.address) ? "udp4" : "udp6");
  try {
    await new Promise<void>((resolve, reject) => {
      // Not by a callback, which also tells of failures.
      socket.once("error", reject).once("connect", resolve);
      socket.connect(remote.port, remote.address);
    });
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}
