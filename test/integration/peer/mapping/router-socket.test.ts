import { createSocket, type Socket } from "node:dgram";
import { expect, it, onTestFinished } from "vitest";
import { openRouterSocket, routerPort } from "../../../../src/peer/mapping/router-socket.ts";

/** A loopback address that no other test uses. */
const router = "127.53.51.1";

async function bound(port: number, address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  await new Promise<void>((resolve) => void socket.bind(port, address, resolve));
  return socket;
}

async function open(): Promise<{
  socket: Awaited<ReturnType<typeof openRouterSocket>>;
  heard: string[];
}> {
  const heard: string[] = [];
  const socket = await openRouterSocket(router, {
    onDatagram: (datagram) => heard.push(Buffer.from(datagram).toString()),
    onUnreachable: () => heard.push("unreachable"),
  });
  onTestFinished(() => socket.close());
  return { socket, heard };
}

it("a socket towards the router hears port 5351 of the router, and no other port or host", async () => {
  const service = await bound(routerPort, router);
  const others = [await bound(0, router), await bound(routerPort, "127.53.51.2")];
  const { socket, heard } = await open();
  const asked = new Promise<number>((resolve) => service.once("message", (_, { port }) => resolve(port)));
  socket.send(Buffer.from("question"));
  const port = await asked;
  for (const other of others)
    await new Promise((resolve) => other.send("forged", port, socket.localAddress, resolve));
  service.send("answer", port, socket.localAddress);
  await expect.poll(() => heard).toEqual(["answer"]);
});

it("it tells when nobody listens there", async () => {
  const { socket, heard } = await open();
  socket.send(Buffer.from("question"));
  await expect.poll(() => heard).toContain("unreachable");
});

it("it is not there where the system has no way to the router", async () => {
  const owner = { onDatagram: () => undefined, onUnreachable: () => undefined };
  // The system lets no socket that does not ask for it send to everybody.
  await expect(openRouterSocket("255.255.255.255", owner)).rejects.toMatchObject({ code: "EACCES" });
});
