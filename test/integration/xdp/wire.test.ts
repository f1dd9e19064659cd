import { describe, expect } from "vitest";
import { type CapturedPacket, startCapture } from "../harness/network/capture.ts";
import { itWith } from "../harness/requirement.ts";
import { shortPacket } from "../harness/packets.ts";
import { createOneArmed, createTwoArmed, introducePeers, type Network, peerLink } from "./rig/network.ts";
import { openPair } from "./rig/pair.ts";

/** What is different after one hop through the relay: who it is from and for, and how far it may go. */
function afterOneHop(packet: CapturedPacket, from: string, to: string): CapturedPacket {
  return { ...packet, from, to, ttl: packet.ttl - 1 };
}

/** Sends packets with all kinds of headers, and compares every one on the wire before and after. */
async function compare(network: Network, family: "ipv4" | "ipv6"): Promise<void> {
  introducePeers(network);
  const { addresses } = network;
  const pair = await openPair(network, family);
  const captures = [
    await startCapture(network.alice, peerLink, "udp port 4433"),
    await startCapture(network.bob, peerLink, "udp port 4433"),
  ];
  let sent = 0;
  const sendAll = async (sizes: readonly number[]): Promise<void> => {
    // Every value of ECN, and some of DSCP.
    for (const tos of [0, 1, 2, 3, 0xb8, 0xbb]) {
      pair.alice.send(
        sizes.map((bytes) => shortPacket(2, bytes)),
        pair.relay,
        tos,
      );
      sent += sizes.length;
    }
    await pair.bob.received(sent);
  };
  for (const ttl of [64, 2, 255]) {
    pair.alice.set(family === "ipv4" ? "ipTtl" : "ipv6HopLimit", ttl);
    await sendAll([13, 14, 1200, 1451, 1452]);
  }
  if (family === "ipv4") {
    // Without don't-fragment, so with an identification; and then without UDP checksum.
    pair.alice.set("ipPathMtuDiscovery", 0);
    await sendAll([100, 101]);
    pair.alice.set("noChecksum", 1);
    await sendAll([200, 201]);
  }
  expect((await pair.forwarder.stats()).path).toMatchObject({
    kernel: { packets: sent },
    user: { packets: 0 },
  });
  const [before, after] = await Promise.all(captures.map((capture) => capture.packets(sent)));
  expect(before).toHaveLength(sent);
  expect(after).toEqual(
    before!.map((packet) => afterOneHop(packet, addresses.relay[family], addresses.bob[family])),
  );
  const without = before!.filter(({ checksums }) => checksums === "absent").length;
  expect(before!.filter(({ checksums }) => checksums === "good")).toHaveLength(sent - without);
  if (family === "ipv4") {
    expect(without).toBe(12);
    expect(new Set(before!.map(({ isUnfragmentable }) => isUnfragmentable)).size).toBe(2);
    expect(new Set(before!.map(({ id }) => id)).size).toBeGreaterThan(2);
  }
}

describe("packets on the wire that the kernel forwarded", () => {
  itWith("native", "xdp").each(["ipv4", "ipv6"] as const)(
    "are as they were but for addresses and hops, checksums right, back out of one interface: %s",
    (family) => compare(createOneArmed(), family),
  );

  itWith("native", "xdp").each(["ipv4", "ipv6"] as const)(
    "are as they were but for addresses and hops, checksums right, out of another interface: %s",
    (family) => compare(createTwoArmed(), family),
  );
});
