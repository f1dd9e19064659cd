import { createSocket } from "node:dgram";
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

/**
 * A port number of loopback that is free over UDP and TCP. One that the system chooses is free over UDP alone: a TCP client may have
 * it. Linux gives clients none below 32768.
 */
export async function commonPort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  const [server, socket] = [createServer(), createSocket("udp4")];
  try {
    await Promise.all([
      once(server.listen(port, "127.0.0.1"), "listening"),
      once(socket.bind(port, "127.0.0.1"), "listening"),
    ]);
    return port;
  } catch {
    return await commonPort();
  } finally {
    server.close();
    socket.close();
  }
}
