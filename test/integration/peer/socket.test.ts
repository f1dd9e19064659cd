import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Engine } from "../../../src/peer/engine/contract.ts";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import { PeerSocket } from "../../../src/peer/socket.ts";

async function setUp(engine: Engine | undefined): Promise<{
  socket: PeerSocket;
  relay: Socket;
  other: Socket;
  got: { stun: number; connection: number };
}> {
  const [relay, other] = [createSocket("udp4"), createSocket("udp4")];
  for (const each of [relay, other]) {
    each.bind(0, "127.0.0.1");
    await once(each, "listening");
    onTestFinished(() => void each.close());
  }
  const { port } = relay.address();
  const socket = await PeerSocket.bind(
    { host: "127.0.0.1", port: 0, relay: { address: "127.0.0.1", port } },
    engine,
  );
  onTestFinished(() => socket.close());
  const got = { stun: 0, connection: 0 };
  socket.onStun = () => got.stun++;
  socket.addRoute(new Uint8Array(12).fill(9), () => got.connection++);
  return { socket, relay, other, got };
}

function at(socket: Socket): { address: string; port: number } {
  const { address, port } = socket.address();
  return { address, port };
}

const answerId = new Uint8Array(12).fill(5);

/** A short header packet of one connection. */
function answer(text: string): Buffer {
  return Buffer.concat([Uint8Array.of(0x40), answerId, Buffer.from(text)]);
}

const ports = [
  ["node:dgram", undefined],
  ["the engine", loadEngine()],
] as const;

describe.each(ports)("a peer's socket of %s", (_name, engine) => {
  const stun = Buffer.from(`010100002112a442${"00".repeat(12)}`, "hex");
  const ours = Buffer.concat([Uint8Array.of(0x40), Buffer.alloc(12, 9), Buffer.alloc(20)]);
  const another = Buffer.concat([Uint8Array.of(0x40), Buffer.alloc(12, 8), Buffer.alloc(20)]);

  it("tells STUN and its connections apart", async () => {
    const { socket, relay, got } = await setUp(engine);
    for (const datagram of [stun, ours, another, ours]) relay.send(datagram, socket.local.port, "127.0.0.1");
    await expect.poll(() => got).toEqual({ stun: 1, connection: 2 });
    expect(socket.stats.unwanted).toBe(1);
  });

  it("ignores and counts what does not come from the relay", async () => {
    const { socket, other, got } = await setUp(engine);
    for (const datagram of [stun, ours, another]) other.send(datagram, socket.local.port, "127.0.0.1");
    await expect.poll(() => socket.stats.foreign).toBe(3);
    expect(got).toEqual({ stun: 0, connection: 0 });
  });

  it("counts datagrams of no connection and no request", async () => {
    const { socket, relay } = await setUp(engine);
    socket.onStun = undefined;
    socket.removeRoute(new Uint8Array(12).fill(9));
    for (const datagram of [stun, ours]) relay.send(datagram, socket.local.port, "127.0.0.1");
    await expect.poll(() => socket.stats.unwanted).toBe(2);
  });

  it("sends datagrams in their order", async () => {
    const { socket, relay } = await setUp(engine);
    const received: number[] = [];
    relay.on("message", (datagram) => received.push(datagram[0]!));
    for (let i = 0; i < 50; i++) socket.send(Uint8Array.of(i));
    await expect.poll(() => received).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it("takes many datagrams that come at once", async () => {
    const { socket, relay, got } = await setUp(engine);
    for (let i = 0; i < 500; i++) relay.send(stun, socket.local.port, "127.0.0.1");
    await expect.poll(() => got.stun).toBe(500);
  });

  it("ignores an empty datagram of the relay's, and counts one of another", async () => {
    const { socket, relay, other, got } = await setUp(engine);
    for (const datagram of [Buffer.alloc(0), stun]) relay.send(datagram, socket.local.port, "127.0.0.1");
    other.send(Buffer.alloc(0), socket.local.port, "127.0.0.1");
    await expect
      .poll(() => socket.stats)
      .toEqual({ foreign: 1, strangersRefused: 0, unwanted: 0, sendFailed: 0, crowdedOut: 0 });
    await expect.poll(() => got.stun).toBe(1);
  });

  it("gives its port back when it is closed, and is silent then", async () => {
    const { socket, relay } = await setUp(engine);
    const { port } = socket.local;
    await socket.close();
    socket.send(stun);
    const options = { host: "127.0.0.1", port, relay: at(relay) };
    const next = await PeerSocket.bind(options, engine);
    expect(next.local.port).toBe(port);
    await next.close();
  });

  it("counts a datagram that the system does not send, and carries on", async () => {
    const { socket, relay } = await setUp(engine);
    socket.send(new Uint8Array(70_000));
    await expect.poll(() => socket.stats.sendFailed).toBe(1);
    socket.send(Buffer.from("next"));
    expect(String((await once(relay, "message"))[0])).toBe("next");
  });

  it("talks to the relay in both families, and takes datagrams of another address only while a path to it is open", async () => {
    const [relay, elsewhere] = [createSocket("udp4"), createSocket("udp6")];
    for (const [each, host] of [
      [relay, "127.0.0.1"],
      [elsewhere, "::1"],
    ] as const) {
      each.bind(0, host);
      await once(each, "listening");
      onTestFinished(() => void each.close());
    }
    const socket = await PeerSocket.bind({ host: "::", port: 0, relay: at(relay) }, engine);
    onTestFinished(() => socket.close());
    const got: string[] = [];
    socket.addRoute(answerId, (datagram) => got.push(datagram.toString("latin1", 1 + answerId.length)));
    relay.send(answer("from the relay, in IPv4"), socket.local.port, "127.0.0.1");
    await expect.poll(() => got).toEqual(["from the relay, in IPv4"]);
    expect([socket.local.address, socket.reaches("::1"), socket.reaches("127.0.0.1")]).toEqual([
      "0.0.0.0",
      true,
      true,
    ]);

    const path = socket.pathTo(at(elsewhere));
    expect(path.local.address).toBe("::");
    path.send(Buffer.from("hello"));
    expect(String((await once(elsewhere, "message"))[0])).toBe("hello");
    elsewhere.send(answer("by the way"), socket.local.port, "::1");
    await expect.poll(() => got).toHaveLength(2);
    path.close();
    elsewhere.send(answer("too late"), socket.local.port, "::1");
    await expect.poll(() => socket.stats.foreign).toBe(1);

    socket.moveTo(at(elsewhere));
    socket.send(Buffer.from("moved"));
    expect(String((await once(elsewhere, "message"))[0])).toBe("moved");
    elsewhere.send(answer("here"), socket.local.port, "::1");
    await expect.poll(() => got).toEqual(["from the relay, in IPv4", "by the way", "here"]);
  });

  it("says so where it cannot be bound", async () => {
    const { socket } = await setUp(engine);
    const options = { host: "127.0.0.1", port: socket.local.port, relay: socket.relay };
    await expect(PeerSocket.bind(options, engine)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
    });
  });
});
