import { setTimeout as delay } from "node:timers/promises";
import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { createOneArmed, createTwoArmed, introducePeers, type Network } from "./rig/network.ts";
import { type NumbersAt, startSink, startSource } from "./rig/numbers.ts";
import { openRemoteForwarder } from "./rig/remote-forwarder.ts";

const moves = 200;

/** Moves bob to and fro between two of his ports while alice sends. */
async function moveUnderLoad(network: Network, family: "ipv4" | "ipv6"): Promise<void> {
  const { addresses, alice, bob, interfaces } = network;
  introducePeers(network);
  const relay = addresses.relay[family];
  const forwarder = await openRemoteForwarder(network.relay, { host: relay, xdp: { interfaces } });
  const from: NumbersAt = { where: alice, address: addresses.alice[family], port: 1111, relay, cidByte: 2 };
  const to = { ...from, where: bob, address: addresses.bob[family] };
  await forwarder.register({ address: from.address, port: 1111 }, 1);
  const bobId = await forwarder.register({ address: to.address, port: 2222 }, 2);
  const sinks = [await startSink({ ...to, port: 2222 }), await startSink({ ...to, port: 3333 })];
  const source = await startSource(from, 2000);
  for (let move = 0; move < moves; move++) {
    await delay(5);
    const port = move % 2 === 0 ? 3333 : 2222;
    await forwarder.call("updateSession", bobId, { address: { address: to.address, port } });
  }
  const sent = await source.stop();
  const received = await Promise.all(sinks.map((sink) => sink.stop()));
  const numbers = received.flatMap(({ ranges }) => ranges).toSorted(([a], [b]) => a - b);
  expect(received).toMatchObject([
    { repeated: 0, strange: 0 },
    { repeated: 0, strange: 0 },
  ]);
  // One after the other without a gap, and none of them in two ranges.
  expect(numbers.map(([first]) => first)).toEqual([0, ...numbers.slice(0, -1).map(([, last]) => last + 1)]);
  expect(numbers.at(-1)![1]).toBe(sent - 1);
  expect(numbers.length).toBeGreaterThan(moves / 4);
  const { path, relayed } = await forwarder.stats();
  expect(relayed.packets).toBe(sent);
  expect(path.kernel.packets).toBeGreaterThan(sent / 2);
  await forwarder.close();
}

describe("a session that moves while packets are on their way to it", () => {
  itWith("native", "xdp")("gets each one at the old or at the new address: one interface, IPv4", () =>
    moveUnderLoad(createOneArmed(), "ipv4"),
  );

  itWith("native", "xdp")("gets each one at the old or at the new address: two interfaces, IPv6", () =>
    moveUnderLoad(createTwoArmed(), "ipv6"),
  );
});
