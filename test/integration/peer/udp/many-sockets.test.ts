import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { maxSearchVerdicts } from "../../../../src/defaults/index.ts";
import { ManySockets } from "../../../../src/peer/udp/many-sockets.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import { itWith } from "../../harness/requirement.ts";

const loopback = "127.0.0.1";
const [opener, check] = [Buffer.from("opener"), Buffer.from("check")];

async function bind(): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, loopback);
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return socket;
}

/** The other peer's socket, and the ports from which something has come to it. */
async function other(): Promise<{ socket: Socket; at: Address; ports: number[] }> {
  const socket = await bind();
  const ports: number[] = [];
  socket.on("message", (_datagram, { port }) => void ports.push(port));
  return { socket, at: { address: loopback, port: socket.address().port }, ports };
}

/** Many sockets, and the local ports to which a check has come. */
function open(count: number, to: Address): { sockets: ManySockets; found: number[]; judged: string[] } {
  const [found, judged]: [number[], string[]] = [[], []];
  const sockets = new ManySockets({
    host: loopback,
    to,
    isCheck: (datagram) => judged.push(String(datagram)) > 0 && datagram.equals(check),
    onCheck: (port) => void found.push(port),
  });
  onTestFinished(() => sockets.close());
  for (let i = 0; i < count; i++) sockets.open(opener);
  return { sockets, found, judged };
}

describe("many sockets", () => {
  it("each send from a port of its own", async () => {
    const { at, ports } = await other();
    open(20, at);
    await expect.poll(() => new Set(ports).size).toBe(20);
  });

  itWith("python")("send what passes four routers at most", async () => {
    const receiver = await openAncillaryPeer();
    open(1, receiver.address);
    await receiver.received(1);
    expect(receiver.inbox[0]!.ttl).toBe(5);
  });

  it("tell the port that a check has come to, and leave all", async () => {
    const { socket, at, ports } = await other();
    const { found } = open(5, at);
    await expect.poll(() => ports.length).toBe(5);
    socket.send(check, ports[3], loopback);
    await expect.poll(() => found).toEqual([ports[3]]);
    for (const port of ports) {
      const next = createSocket("udp4").bind(port, loopback);
      await once(next, "listening");
      next.close();
    }
  });

  it("look at nothing from elsewhere, and not at much", async () => {
    const { socket, at, ports } = await other();
    const { found, judged } = open(1, at);
    await expect.poll(() => ports.length).toBe(1);
    (await bind()).send(check, ports[0], loopback);
    for (let i = 0; i < maxSearchVerdicts; i++) {
      socket.send("nonsense", ports[0], loopback);
      await expect.poll(() => judged.length).toBe(i + 1);
    }
    for (let i = 0; i < 10; i++) socket.send(check, ports[0], loopback);
    await new Promise((resolve) => void setTimeout(resolve, 100));
    expect([found, judged.length]).toEqual([[], maxSearchVerdicts]);
  });
});
