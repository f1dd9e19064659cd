import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** Large enough for what comes while the machine is busy: losses are to be the relay's. In bytes; the system may cap it. */
const recvBufferSize: number = 4 << 20;

/** Opens a UDP socket at a loopback address. Honest clients have other addresses than the attackers. */
export async function openSocket(address: string): Promise<Socket> {
  const socket = createSocket({ type: "udp4", recvBufferSize }).bind(0, address);
  await once(socket, "listening");
  // The relay's process may have ended (ICMP port unreachable). The receiver counts what is lost.
  socket.on("error", () => undefined);
  return socket;
}
