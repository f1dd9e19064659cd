import { describe, expect, it, onTestFinished } from "vitest";
import { gatewayWaitingDatagrams } from "../../../src/defaults/index.ts";
import { type Counters, createCounters } from "../../../src/forwarder/counters.ts";
import { Splice, type SpliceOptions } from "../../../src/forwarder/splice/splice.ts";
import type { Address } from "../../../src/wire/address.ts";
import { initial } from "./gateway.ts";
import { settles } from "./rig.ts";
import { openPeer } from "../harness/udp-peer.ts";

function createSplice(
  upstream: Address,
  counters: Counters,
  reply: SpliceOptions["reply"] = () => expect.unreachable("nothing is sent back"),
): Splice {
  return new Splice({
    upstream,
    clientsBy: "address",
    maxClients: 1,
    socketBufferBytes: 65_536,
    counters,
    reply,
    nowMs: 0,
  });
}

describe("Splice", () => {
  it("keeps so many datagrams for a socket that is not ready yet, and drops the rest", async () => {
    const upstream = await openPeer();
    const counters = createCounters();
    const splice = createSplice(upstream.address, counters);
    onTestFinished(() => splice.close(0));
    // All in one turn: the socket gets ready in the next.
    for (let n = 0; n < gatewayWaitingDatagrams + 2; n++)
      splice.forward(Buffer.concat([initial, Buffer.of(n)]), { address: "192.0.2.1", port: 1 }, 0);
    expect(counters.dropped["gateway-send-failed"]).toBe(2);
    await settles(
      () => upstream.inbox.map(({ datagram }) => datagram.at(-1)),
      Array.from({ length: gatewayWaitingDatagrams }, (_, n) => n),
    );
    expect(counters.gateway.packetsIn).toBe(gatewayWaitingDatagrams);
  });

  it("counts what still waits when it closes", async () => {
    const upstream = await openPeer();
    const counters = createCounters();
    const splice = createSplice(upstream.address, counters);
    splice.forward(initial, { address: "192.0.2.1", port: 1 }, 0);
    await splice.close(0);
    expect([counters.dropped["gateway-send-failed"], splice.size]).toEqual([1, 0]);
  });

  it.each([
    ["EMSGSIZE", "gateway-too-long"],
    ["EPERM", "gateway-send-failed"],
  ] as const)("counts an answer that the system refuses with %s as %s", async (code, reason) => {
    const upstream = await openPeer();
    const counters = createCounters();
    const splice = createSplice(upstream.address, counters, (_datagram, _to, done) => done(code));
    onTestFinished(() => splice.close(0));
    splice.forward(initial, { address: "192.0.2.1", port: 1 }, 0);
    await settles(() => upstream.inbox.length, 1);
    upstream.send(initial, upstream.inbox[0]!.from);
    await settles(() => counters.dropped[reason], 1);
    expect(counters.gateway.packetsOut).toBe(0);
  });

  it("counts the answers that have arrived for a client when it is forgotten", async () => {
    const upstream = await openPeer();
    const counters = createCounters();
    const splice = createSplice(upstream.address, counters);
    splice.forward(initial, { address: "192.0.2.1", port: 1 }, 0);
    await settles(() => upstream.inbox.length, 1);
    upstream.send(initial, upstream.inbox[0]!.from);
    // The answer is sent in this turn, and can be read in the next.
    await new Promise(process.nextTick);
    await splice.close(0);
    expect(counters.dropped["gateway-stray"]).toBe(1);
  });
});
