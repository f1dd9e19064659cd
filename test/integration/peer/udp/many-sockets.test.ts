import { describe, expect, it, onTestFinished } from "vitest";
import { maxSearchVerdicts } from "../../../../src/defaults/index.ts";
import { ManySockets } from "../../../../src/peer/udp/many-sockets.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import { itWith } from "../../harness/requirement.ts";
import { openSocket, watchPorts } from "../../harness/udp-peer.ts";

const loopback = "127.0.0.1";
const [opener, check] = [Buffer.from("opener"), Buffer.from("check")];

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
    const { at, ports } = await watchPorts();
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
    const { socket, at, ports } = await watchPorts();
    const { found } = open(5, at);
    await expect.poll(() => ports.length).toBe(5);
    socket.send(check, ports[3], loopback);
    await expect.poll(() => found).toEqual([ports[3]]);
    for (const port of ports) await openSocket(loopback, port);
  });

  it("look at nothing from elsewhere, and not at much", async () => {
    const { socket, at, ports } = await watchPorts();
    const { found, judged } = open(1, at);
    await expect.poll(() => ports.length).toBe(1);
    (await openSocket()).send(check, ports[0], loopback);
    for (let i = 0; i < maxSearchVerdicts; i++) {
      socket.send("nonsense", ports[0], loopback);
      await expect.poll(() => judged.length).toBe(i + 1);
    }
    for (let i = 0; i < 10; i++) socket.send(check, ports[0], loopback);
    await new Promise((resolve) => void setTimeout(resolve, 100));
    expect([found, judged.length]).toEqual([[], maxSearchVerdicts]);
  });
});
