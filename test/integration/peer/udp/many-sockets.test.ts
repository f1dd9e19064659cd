import { execFile as execFileWithCallback } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  leastSearchSockets,
  searchSpareSockets,
  searchVerdictsPerSecond,
} from "../../../../src/defaults/index.ts";
import { ManySockets } from "../../../../src/peer/udp/many-sockets.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { encodeStun, stunType } from "../../../../src/wire/stun.ts";
import { projectPath } from "../../harness/child.ts";
import { openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import { itWith } from "../../harness/requirement.ts";
import { openSocket, watchPorts } from "../../harness/udp-peer.ts";

const execFile = promisify(execFileWithCallback);
const loopback = "127.0.0.1";
const opener = Buffer.from("opener");
const check = checkOf(1);

/** A STUN message. Those below 200 stand for checks of the other peer's. */
function checkOf(number: number): Buffer {
  const transactionId = Buffer.alloc(12, number);
  return Buffer.from(encodeStun({ type: stunType.request, transactionId, attributes: [] }));
}

/** Many sockets, and the local ports to which a check has come. */
function open(count: number, to: Address): { sockets: ManySockets; found: number[]; judged: number[] } {
  const [found, judged]: [number[], number[]] = [[], []];
  const sockets = new ManySockets({
    host: loopback,
    to,
    isCheck: (datagram) => judged.push(datagram[8]!) > 0 && datagram[8]! < 200,
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

  it("tell the port that a check has come to, and leave it", async () => {
    const { socket, at, ports } = await watchPorts();
    const { found } = open(5, at);
    await expect.poll(() => ports.length).toBe(5);
    socket.send(check, ports[3], loopback);
    await expect.poll(() => found).toEqual([ports[3]]);
    await openSocket(loopback, ports[3]);
    socket.send(checkOf(2), ports[0], loopback);
    await expect.poll(() => found).toEqual([ports[3], ports[0]]);
  });

  it("take no check twice, to whichever of them it is sent on", async () => {
    const { socket, at, ports } = await watchPorts();
    const { found, judged } = open(5, at);
    await expect.poll(() => ports.length).toBe(5);
    for (const port of ports) socket.send(check, port, loopback);
    await expect.poll(() => judged.length).toBe(5);
    expect(found).toHaveLength(1);
  });

  it("look at nothing from elsewhere, and at nothing that is no STUN, however much it is", async () => {
    const { socket, at, ports } = await watchPorts();
    const { found, judged } = open(1, at);
    await expect.poll(() => ports.length).toBe(1);
    (await openSocket()).send(check, ports[0], loopback);
    for (let i = 1; i <= 2 * searchVerdictsPerSecond; i++) {
      socket.send("x", ports[0], loopback);
      if (i % 32 === 0) await pause(5);
    }
    socket.send(checkOf(255), ports[0], loopback);
    await expect.poll(() => judged).toEqual([255]);
    socket.send(check, ports[0], loopback);
    await expect.poll(() => found).toEqual(ports);
  });

  it("judge so many a second, and a check after that too", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(1000);
    onTestFinished(() => clock.mockRestore());
    const { socket, at, ports } = await watchPorts();
    const { found, judged } = open(1, at);
    await expect.poll(() => ports.length).toBe(1);
    for (let i = 1; i <= searchVerdictsPerSecond; i++) {
      socket.send(checkOf(255), ports[0], loopback);
      await expect.poll(() => judged.length).toBe(i);
    }
    for (let i = 0; i < 10; i++) socket.send(check, ports[0], loopback);
    await pause(100);
    expect([found, judged.length]).toEqual([[], searchVerdictsPerSecond]);
    clock.mockReturnValue(2000);
    socket.send(check, ports[0], loopback);
    await expect.poll(() => found).toEqual(ports);
  });

  it("give some back where the system has no more, and open none", async () => {
    const { at } = await watchPorts();
    const few = leastSearchSockets + searchSpareSockets;
    const path = projectPath("test/integration/peer/udp/few-sockets.ts");
    const { stdout } = await execFile("sh", [
      "-c",
      `ulimit -n ${few}; exec "$0" "$1" "$2"`,
      process.execPath,
      path,
      String(at.port),
    ]);
    const { most, left, afterwards } = JSON.parse(stdout) as Record<string, number>;
    expect(most).toBeLessThan(few);
    expect([left, afterwards]).toEqual([most! - searchSpareSockets, most! - searchSpareSockets]);
  });
});
