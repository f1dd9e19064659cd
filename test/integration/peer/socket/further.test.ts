import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { type AddressHolder, PeerSocket } from "../../../../src/peer/socket.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { encodeStun, stunType } from "../../../../src/wire/stun.ts";
import { connect } from "./ends.ts";

/** A connection that has had an answer from wherever it takes packets. */
const holder: AddressHolder = { isProven: () => true };
const otherHolder: AddressHolder = { isProven: () => true };

const loopback = "127.0.0.1";
const answer = encodeStun({ type: stunType.success, transactionId: new Uint8Array(12), attributes: [] });

async function bind(): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, loopback);
  await once(socket, "listening");
  return socket;
}

function at(socket: Socket): Address {
  return { address: loopback, port: socket.address().port };
}

/** A port that nobody has. */
async function freePort(): Promise<number> {
  const socket = await bind();
  const { port } = at(socket);
  socket.close();
  return port;
}

/** A peer's socket, another peer's, and the ports from which datagrams came to that. */
async function setUp(host = loopback): Promise<{ socket: PeerSocket; other: Socket; ports: number[] }> {
  const other = await bind();
  onTestFinished(() => void other.close());
  const ports: number[] = [];
  other.on("message", (_datagram, { port }) => void ports.push(port));
  const relay = { address: loopback, port: 9 };
  const socket = await PeerSocket.bind({ host, port: 0, relay }, loadEngine());
  onTestFinished(() => socket.close());
  return { socket, other, ports };
}

describe("a further socket of a peer", () => {
  it.each([loopback, "::"])(
    "sends what goes to its address, until that is released, from %s",
    async (host) => {
      const { socket, other, ports } = await setUp(host);
      const own = await freePort();
      const usual = socket.local.port;
      socket.send(Buffer.of(1), at(other));
      const way = socket.allowDirectFrom(own, at(other), holder)!;
      const release = socket.allowDirect(at(other), holder);
      socket.send(Buffer.of(2), at(other));
      way.release();
      socket.send(Buffer.of(3), at(other), 5);
      release();
      socket.send(Buffer.of(4), at(other));
      await expect.poll(() => ports).toEqual([usual, own, own, usual]);
      const next = createSocket("udp4").bind(own, loopback);
      await once(next, "listening");
      next.close();
    },
  );

  it("receives, beside the first one", async () => {
    const { socket, other } = await setUp();
    const from: Address[] = [];
    socket.onCheck = (_datagram, source) => void from.push(source);
    const own = await freePort();
    socket.allowDirectFrom(own, at(other), holder);
    for (const port of [own, socket.local.port, own]) {
      const before = from.length;
      other.send(answer, port, loopback);
      await expect.poll(() => from.length).toBe(before + 1);
    }
    expect(from).toEqual([at(other), at(other), at(other)]);
  });

  it("is not to be had where another program has its port", async () => {
    const { socket, other, ports } = await setUp();
    const taken = await bind();
    onTestFinished(() => void taken.close());
    expect(socket.allowDirectFrom(at(taken).port, at(other), holder)).toBeUndefined();
    expect(socket.isDirect(at(other))).toBe(false);
    socket.send(Buffer.of(1), at(other));
    await expect.poll(() => ports).toEqual([socket.local.port]);
  });

  it("is not to be had for an address that another connection has proven, by whatever way", async () => {
    const { socket, other, ports } = await setUp();
    const release = socket.allowDirect(at(other), holder);
    expect(socket.allowDirectFrom(await freePort(), at(other), otherHolder)).toBeUndefined();
    const own = await freePort();
    const way = socket.allowDirectFrom(own, at(other), holder)!;
    expect(socket.allowDirectFrom(await freePort(), at(other), otherHolder)).toBeUndefined();
    socket.send(Buffer.of(1), at(other));
    await expect.poll(() => ports).toEqual([own]);
    for (const end of [way.release, release]) end();
    expect(socket.allowDirectFrom(own, at(other), otherHolder)).toBeDefined();
  });

  it("is to be had for an address that another one has only a check from, which may be anybody's", async () => {
    const { socket, other } = await setUp();
    socket.allowDirect(at(other), { isProven: () => false });
    expect(socket.allowDirectFrom(await freePort(), at(other), holder)).toBeDefined();
  });

  it("is given back at once where it leads nowhere, and the address is taken still", async () => {
    const { socket, other, ports } = await setUp();
    const own = await freePort();
    socket.allowDirect(at(other), holder);
    socket.allowDirectFrom(own, at(other), holder)!.close();
    expect(socket.isDirect(at(other))).toBe(true);
    socket.send(Buffer.of(1), at(other));
    await expect.poll(() => ports).toEqual([socket.local.port]);
    const next = createSocket("udp4").bind(own, loopback);
    await once(next, "listening");
    next.close();
  });

  it("takes the place of another one of the same connection's", async () => {
    const { socket, other, ports } = await setUp();
    const [first, second] = [await freePort(), await freePort()];
    socket.allowDirectFrom(first, at(other), holder);
    socket.allowDirectFrom(second, at(other), holder);
    socket.send(Buffer.of(1), at(other));
    await expect.poll(() => ports).toEqual([second]);
    const next = createSocket("udp4").bind(first, loopback);
    await once(next, "listening");
    next.close();
  });

  it("carries a connection, both ways", async () => {
    const { alice, bob, relay } = await connect(loadEngine(), { maxPaths: 2, maxUdpPayloadBytes: 1200 });
    const own = await freePort();
    for (const end of [alice, bob]) end.attach();
    alice.connection.openPath(false);
    alice.driver.wake();
    await expect.poll(() => [alice, bob].every(({ events }) => events.length > 0)).toBe(true);
    for (const { connection } of [alice, bob]) connection.setPathBackup(0, true);
    alice.socket.allowDirectFrom(own, bob.socket.local, holder);
    alice.route = { direct: bob.socket.local, isMirrored: false };
    bob.socket.allowDirect({ address: loopback, port: own }, holder);
    bob.route = { direct: { address: loopback, port: own }, isMirrored: false };
    relay.serve();
    alice.send(1 << 20);
    bob.send(1 << 20);
    await expect.poll(() => [bob.received, alice.received]).toEqual([1 << 20, 1 << 20]);
    expect([bob.socket.stats.foreign, alice.socket.stats.foreign]).toEqual([0, 0]);
  });
});
