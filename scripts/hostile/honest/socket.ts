import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A UDP socket at one of the addresses of loopback, where the honest live apart from the attackers. */
export async function openSocket(address: string): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, address);
  await once(socket, "listening");
  // The relay's process may be gone (ICMP port unreachable); what is lost is counted by whoever waits for it.
  socket.on("error", () => undefined);
  return socket;
}
