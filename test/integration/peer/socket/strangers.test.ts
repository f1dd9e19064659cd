import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Engine } from "../../../../src/peer/engine/contract.ts";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { type AddressHolder, PeerSocket } from "../../../../src/peer/socket.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { encodeStun, stunAttribute, stunType } from "../../../../src/wire/stun.ts";

/** A connection that has had an answer from wherever it takes packets. */
const connection: AddressHolder = { isProven: () => true };

const loopback = "127.0.0.1";
const tag = "ourTag-_";
const id = new Uint8Array(12).fill(9);
const packet = Buffer.concat([Uint8Array.of(0x40), id, Buffer.alloc(20)]);
const response = stun(stunType.success);

function stun(type: number, ...attributes: [number, Uint8Array][]): Uint8Array {
  return encodeStun({ type, transactionId: new Uint8Array(12), attributes });
}

function check(receiver: string): Uint8Array {
  return stun(stunType.request, [stunAttribute.username, Buffer.from(`${receiver}:another-`)]);
}

async function bind(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, loopback);
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return socket;
}

function at(socket: Socket): Address {
  return { address: loopback, port: socket.address().port };
}

/** A peer's socket, its relay and a stranger, and what has come to the socket. */
async function setUp(engine: Engine | undefined): Promise<{
  socket: PeerSocket;
  stranger: Address;
  got: { stun: number; packets: number; checks: Address[] };
  send: (from: "relay" | "stranger", ...datagrams: Uint8Array[]) => void;
}> {
  const sockets = { relay: await bind(), stranger: await bind() };
  const socket = await PeerSocket.bind({ host: loopback, port: 0, relay: at(sockets.relay) }, engine);
  onTestFinished(() => socket.close());
  const got: Awaited<ReturnType<typeof setUp>>["got"] = { stun: 0, packets: 0, checks: [] };
  socket.onStun = () => got.stun++;
  socket.onCheck = (_datagram, from) => void got.checks.push(from);
  socket.addRoute(id, () => got.packets++);
  socket.strangers?.addTag(tag);
  const send = (from: "relay" | "stranger", ...datagrams: Uint8Array[]): void => {
    for (const datagram of datagrams) sockets[from].send(datagram, socket.local.port, loopback);
  };
  return { socket, stranger: at(sockets.stranger), got, send };
}

describe("a peer's socket of the engine", () => {
  it("takes a check with its tag from anywhere, with the source, and nothing else of a stranger", async () => {
    const { socket, stranger, got, send } = await setUp(loadEngine());
    expect(socket.canGoDirect).toBe(true);
    send("stranger", packet, response, check("another-"), check(tag));
    await expect.poll(() => got.checks).toEqual([stranger]);
    expect(got).toMatchObject({ stun: 0, packets: 0 });
    expect(socket.stats).toMatchObject({ foreign: 3, strangersRefused: 0, unwanted: 0 });
  });

  it("takes no more checks of one source than its share", async () => {
    const { socket, got, send } = await setUp(loadEngine());
    const burst = 1000;
    send("stranger", ...Array.from({ length: burst }, () => check(tag)));
    await expect.poll(() => got.checks.length + socket.stats.strangersRefused).toBe(burst);
    expect(got.checks.length).toBeGreaterThanOrEqual(64);
    expect(socket.stats.strangersRefused).toBeGreaterThan(0);
    expect(socket.stats.foreign).toBe(0);
  });

  it("takes answers from addresses that were checked", async () => {
    const { socket, stranger, got, send } = await setUp(loadEngine());
    socket.strangers!.removeTag(tag);
    socket.strangers!.setChecked([stranger]);
    send("stranger", check(tag), response);
    await expect.poll(() => got.checks).toEqual([stranger]);
    expect(socket.stats.foreign).toBe(1);
  });

  it("gives STUN of the relay's to others than that of an address that is allowed", async () => {
    const { socket, stranger, got, send } = await setUp(loadEngine());
    socket.allowDirect(stranger, connection);
    send("stranger", response, packet);
    send("relay", response, check(tag));
    await expect.poll(() => got).toEqual({ stun: 2, packets: 0, checks: [stranger] });
    // What is for no connection of the engine's is nobody's.
    expect(socket.stats.foreign).toBe(1);
  });

  it("counts checks that nobody takes", async () => {
    const { socket, send } = await setUp(loadEngine());
    socket.onCheck = undefined;
    send("stranger", check(tag));
    await expect.poll(() => socket.stats.unwanted).toBe(1);
  });

  it("takes answers of another address as long as anyone allows it", async () => {
    const { socket, stranger, got, send } = await setUp(loadEngine());
    const disallow = [socket.allowDirect(stranger, connection), socket.allowDirect(stranger, connection)];
    disallow[0]!();
    disallow[0]!();
    send("stranger", response);
    await expect.poll(() => got.checks).toEqual([stranger]);
    expect([socket.isDirect(stranger), socket.isDirect({ ...stranger, port: 1 })]).toEqual([true, false]);
    disallow[1]!();
    expect(socket.isDirect(stranger)).toBe(false);
    send("stranger", response);
    await expect.poll(() => socket.stats.foreign).toBe(1);
    expect(got.checks).toEqual([stranger]);
  });
});

describe("a peer's socket of node:dgram", () => {
  it("takes nothing of a stranger, allowed or not", async () => {
    const { socket, stranger, got, send } = await setUp(undefined);
    expect(socket.canGoDirect).toBe(false);
    socket.allowDirect(stranger, connection);
    expect(socket.strangers).toBeUndefined();
    send("stranger", packet, response, check(tag));
    send("relay", response);
    await expect.poll(() => socket.stats.foreign).toBe(3);
    await expect.poll(() => got).toEqual({ stun: 1, packets: 0, checks: [] });
  });
});
