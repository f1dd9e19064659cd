import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP server on loopback that says nothing, so that its port is taken; closed when the test ends. */
export async function takePort(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** A TCP port of loopback at which nothing listens. */
export async function freePort(): Promise<number> {
  const { server, port } = await takePort();
  server.close();
  await once(server, "close");
  return port;
}
