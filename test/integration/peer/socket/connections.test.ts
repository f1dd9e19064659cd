import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConnectionIds } from "../../../src/peer/connection/connection-ids.ts";
import { Driver } from "../../../src/peer/connection/driver.ts";
import type { Engine, EngineConnection } from "../../../src/peer/engine/contract.ts";
import { deafListener } from "../../../src/peer/engine/deaf.ts";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import { PeerSocket } from "../../../src/peer/socket.ts";
import type { Address } from "../../../src/wire/address.ts";
import { makePair } from "./engine/pair.ts";

const loopback = "127.0.0.1";

/** A relay for two peers: it passes what comes from one on to the other. */
class Relay {
  readonly #socket: Socket = createSocket("udp4");
  #ends: readonly number[] = [];
  /** Datagrams that it has passed on. */
  passed = 0;

  static async open(): Promise<Relay> {
    const relay = new Relay();
    relay.#socket.bind(0, loopback);
    await once(relay.#socket, "listening");
    onTestFinished(() => void relay.#socket.close());
    relay.#socket.on("message", (datagram, { port }) => {
      relay.passed++;
      for (const end of relay.#ends) if (end !== port) relay.#socket.send(datagram, end, loopback);
    });
    return relay;
  }

  get at(): Address {
    return { address: loopback, port: this.#socket.address().port };
  }

  serve(...peers: readonly PeerSocket[]): void {
    this.#ends = peers.map(({ local }) => local.port);
  }

  send(datagram: Uint8Array, to: PeerSocket): void {
    this.#socket.send(datagram, to.local.port, loopback);
  }
}

/** One end of a connection over a peer's socket. */
class End {
  readonly socket: PeerSocket;
  readonly connection: EngineConnection;
  readonly ids: ConnectionIds;
  readonly driver: Driver;
  received = 0;
  isConfirmed = false;
  /** ECN bits of the datagrams that came past the attachment. */
  readonly routed: number[] = [];
  #toSend = 0;
  #stream: number | undefined;

  constructor(socket: PeerSocket, connection: EngineConnection, ids: ConnectionIds) {
    this.socket = socket;
    this.connection = connection;
    this.ids = ids;
    this.driver = new Driver(connection, socket, {
      ...deafListener,
      onConfirmed: () => void (this.isConfirmed = true),
      onOpened: (kind) => this.#read(connection.acceptStream(kind)!),
      onReadable: (id) => this.#read(id),
      onTurn: () => this.#write(),
      onOver: () => undefined,
    });
    ids.route(socket, (datagram, ecn) => {
      this.routed.push(ecn);
      this.driver.receive(datagram, ecn);
    });
    onTestFinished(() => this.driver.stop());
  }

  attach(): () => void {
    return this.ids.attach(this.socket, { engine: this.connection, onReceived: this.driver.onReceived });
  }

  send(bytes: number): void {
    this.#stream ??= this.connection.openStream("unidirectional")!;
    this.#toSend += bytes;
    this.driver.wake();
  }

  #write(): void {
    while (this.#toSend > 0) {
      const taken = this.connection.streamSend(this.#stream!, chunk.subarray(0, this.#toSend), false);
      if (typeof taken !== "number" || taken === 0) return;
      this.#toSend -= taken;
    }
  }

  #read(id: number): void {
    for (let read; (read = this.connection.streamReceive(id, scratch)) && "bytes" in read;)
      this.received += read.bytes;
  }
}

const ect0 = 2;
const chunk = Buffer.alloc(1 << 16, 1);
const scratch = Buffer.alloc(1 << 16);

/** Two ends whose handshake is over, by a relay or directly. */
async function connect(
  engine: Engine | undefined,
  isDirect = false,
): Promise<{ alice: End; bob: End; relay: Relay }> {
  const relay = await Relay.open();
  const bind = async (): Promise<PeerSocket> => {
    const socket = await PeerSocket.bind({ host: loopback, port: 0, relay: relay.at }, engine);
    onTestFinished(() => socket.close());
    return socket;
  };
  const [ids, sockets] = [
    [new ConnectionIds(32), new ConnectionIds(32)],
    [await bind(), await bind()],
  ];
  relay.serve(...sockets);
  if (isDirect) sockets.forEach((socket, i) => socket.moveTo(sockets[1 - i]!.local));
  const pair = await makePair({ cidKey: ids[0]!.key }, { cidKey: ids[1]!.key });
  const alice = new End(sockets[0]!, pair.client.engine, ids[0]!);
  const bob = new End(sockets[1]!, pair.server.engine, ids[1]!);
  for (const datagram of alice.connection.firstFlight()) bob.driver.receive(datagram, ect0);
  await expect.poll(() => alice.isConfirmed && bob.isConfirmed).toBe(true);
  return { alice, bob, relay };
}

const ports = [
  ["node:dgram", undefined],
  ["the engine", loadEngine()],
] as const;

describe.each(ports)("connections over a socket of %s", (_name, engine) => {
  it("carry a stream each way, of more than a turn sends", async () => {
    const { alice, bob } = await connect(engine);
    alice.attach();
    bob.attach();
    const bytes = 6 << 20;
    alice.send(bytes);
    bob.send(bytes);
    await expect.poll(() => [alice.received, bob.received]).toEqual([bytes, bytes]);
    for (const { socket, driver } of [alice, bob]) {
      expect(socket.stats).toEqual({
        foreign: 0,
        strangersRefused: 0,
        unwanted: 0,
        sendFailed: 0,
        crowdedOut: 0,
      });
      expect(driver.refused).toBe(0);
    }
  });

  it("follow the relay to another address, and take nothing from the old one", async () => {
    const { alice, bob, relay } = await connect(engine);
    alice.attach();
    bob.attach();
    const next = await Relay.open();
    next.serve(alice.socket, bob.socket);
    for (const { socket } of [alice, bob]) socket.moveTo(next.at);
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(100_000);
    expect(next.passed).toBeGreaterThan(80);
    const { foreign } = bob.socket.stats;
    relay.send(Buffer.concat([Uint8Array.of(0x40), bob.ids.all[0]!, Buffer.alloc(30)]), bob.socket);
    await expect.poll(() => bob.socket.stats.foreign).toBe(foreign + 1);
    expect(bob.driver.refused).toBe(0);
  });

  it("count what is of no use to them", async () => {
    const { bob, relay } = await connect(engine);
    bob.attach();
    const garbage = Buffer.concat([Uint8Array.of(0x40), bob.ids.all[0]!, Buffer.alloc(30)]);
    for (let i = 0; i < 3; i++) relay.send(garbage, bob.socket);
    await expect.poll(() => bob.driver.refused).toBe(3);
    expect(bob.connection.end()).toBeUndefined();
  });

  it("get by the routes again what comes after the attachment has ended", async () => {
    const { alice, bob } = await connect(engine);
    bob.attach()();
    const routed = bob.routed.length;
    alice.send(1000);
    await expect.poll(() => bob.received).toBe(1000);
    expect(bob.routed.length).toBeGreaterThan(routed);
  });
});

describe("a connection over a socket of the engine", () => {
  it("marks its packets for ECN as long as the marks arrive, and acknowledges those of the other side", async () => {
    const { alice, bob } = await connect(loadEngine(), true);
    alice.send(100_000);
    bob.send(100_000);
    await expect.poll(() => [alice.received, bob.received]).toEqual([100_000, 100_000]);
    for (const { routed } of [alice, bob]) expect(new Set(routed)).toEqual(new Set([ect0]));
  });

  it("marks no more packets where the network clears the marks", async () => {
    // node:dgram, which the relay is of, sends without marks.
    const { alice, bob, relay } = await connect(loadEngine());
    bob.socket.pathTo(alice.socket.local);
    alice.socket.pathTo(relay.at);
    alice.socket.moveTo(bob.socket.local);
    const routed = bob.routed.length;
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(100_000);
    expect(new Set(bob.routed.slice(routed))).toEqual(new Set([0]));
  });

  it("gets its packets without a call for each", async () => {
    const { alice, bob } = await connect(loadEngine());
    bob.attach();
    // What was on its way when it was attached.
    const routed = bob.routed.length;
    alice.send(1 << 20);
    await expect.poll(() => bob.received).toBe(1 << 20);
    expect(bob.routed.length - routed).toBeLessThan(10);
  });
});
