import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { RelayApp } from "../../harness/relay-app.ts";

/** Opens `/v1/events` on a socket of its own, from which nothing is read; it is closed when the test ends. */
export async function openDeadReader({ url }: Pick<RelayApp, "url">, token: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.pause();
  socket.write(`GET /v1/events HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n\r\n`);
  return socket;
}
