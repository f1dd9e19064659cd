import { expect, it } from "vitest";
import type { NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { ask, gatewayId, graduate, initial, openGateway } from "../gateway.ts";
import { createHarness, settles } from "../rig.ts";
import { shortPacket } from "../../harness/packets.ts";
import { openPeer, type UdpPeer } from "../../harness/udp-peer.ts";
import { createNativeSeen, describeNative, requireAddon } from "./rig.ts";

const threads = 4;
const many = 24;

function textOf(datagram: Buffer): string {
  return String(datagram.subarray(initial.length));
}

function openPeers(): Promise<UdpPeer[]> {
  return Promise.all(Array.from({ length: many }, () => openPeer()));
}

describeNative("the native backend with several threads", () => {
  let handle: NativeHandle | undefined;
  const harness = createHarness(createNativeSeen((opened) => (handle = opened)));

  /** How many threads counted something under a name. */
  function threadsThatCounted(name: string): number {
    const index = requireAddon().counterNames.indexOf(name);
    return handle!.counters.filter((counters) => counters[index]! > 0n).length;
  }

  it("lets peers reach each other, whichever thread the system gives them to", async () => {
    const { forwarder, ipv4, register } = await harness.open({ threads });
    const peers = await openPeers();
    peers.forEach(({ address }, i) => register(address, i + 1));
    for (const [i, peer] of peers.entries())
      for (let other = 1; other <= 3; other++) peer.send(shortPacket(((i + other) % many) + 1), ipv4);
    await settles(
      () => peers.map(({ inbox }) => inbox.length),
      peers.map(() => 3),
    );
    await expect.poll(() => forwarder.stats().relayed.packets).toBe(3 * many);
    expect(handle!.counters).toHaveLength(threads);
    expect(threadsThatCounted("relayed.packets")).toBeGreaterThan(1);
  });

  it("keeps each gateway client on one virtual address of its own, both ways", async () => {
    const upstream = await openPeer();
    upstream.socket.on("message", (datagram, { address, port }) =>
      upstream.socket.send(datagram, port, address),
    );
    const { forwarder, ipv4 } = await harness.open({ threads, upstream: upstream.address });
    const clients = await openPeers();
    for (let round = 0; round < 4; round++) {
      for (const [i, client] of clients.entries())
        client.send(Buffer.concat([initial, Buffer.from(`client ${i}`)]), ipv4);
      await settles(
        () => clients.map(({ inbox }) => inbox.length),
        clients.map(() => round + 1),
      );
    }
    clients.forEach(({ inbox }, i) =>
      expect(new Set(inbox.map(({ datagram }) => textOf(datagram)))).toEqual(new Set([`client ${i}`])),
    );
    const seen = new Map(upstream.inbox.map(({ datagram, from }) => [from.address, textOf(datagram)]));
    expect(seen.size).toBe(many);
    for (const [virtual, text] of seen)
      expect(forwarder.clientOf(virtual)).toMatchObject(clients[Number(text.slice(7))]!.address);
    await expect
      .poll(() => forwarder.stats().gateway)
      .toEqual({
        packetsIn: 4 * many,
        packetsOut: 4 * many,
        clients: many,
        onProbation: many,
        givenUp: 0,
      });
    expect(threadsThatCounted("gateway.packetsIn")).toBeGreaterThan(1);
  });

  it("shares the places on probation, and those past it", async () => {
    const rig = await openGateway(harness, { threads, maxGatewayClients: 16 });
    for (const client of await openPeers()) client.send(initial, rig.ipv4);
    await settles(() => rig.forwarder.stats().gateway.givenUp, many - 4);
    expect(rig.forwarder.stats().gateway).toMatchObject({ clients: 4, onProbation: 4 });
    for (let i = 0; i < 16; i++) await graduate(await openPeer(), rig, gatewayId(i));
    await ask(await openPeer("127.0.0.2"), rig, initial);
    // One on probation made way for the first of them, and four that were past it for the last.
    const { clients, onProbation, givenUp } = rig.forwarder.stats().gateway;
    expect([clients, onProbation, givenUp - (many - 4)]).toEqual([16, 4, 1 + 4]);
  });

  it("knows a client that has moved to another thread", async () => {
    const rig = await openGateway(harness, { threads, maxGatewayClients: 64 });
    for (let i = 0; i < 3; i++) await graduate(await openPeer(), rig, gatewayId(i));
    const moved = await openPeers();
    for (const [i, client] of moved.slice(0, 12).entries())
      await ask(client, rig, shortPacket(gatewayId(i % 3), 60));
    // As a stranger's there are 4 places.
    expect(rig.forwarder.stats().gateway).toMatchObject({ clients: 15, onProbation: 12, givenUp: 0 });
  });

  it("refuses a port that another has, for all threads", async () => {
    const { forwarder } = await harness.open({ host: "127.0.0.1", threads });
    const { port } = forwarder.address();
    await expect(harness.open({ host: "127.0.0.1", port, threads })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
      details: { system: "EADDRINUSE" },
    });
  });
});
