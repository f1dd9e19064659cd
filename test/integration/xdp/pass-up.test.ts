import { setTimeout as delay } from "node:timers/promises";
import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { shortPacket } from "../harness/packets.ts";
import { createOneArmed, createTwoArmed, introducePeers, leaveChecksums, peerLink } from "./rig/network.ts";
import { startSink, startSource } from "./rig/numbers.ts";
import { openPair, send } from "./rig/pair.ts";
import { openRemoteForwarder } from "./rig/remote-forwarder.ts";

const families = ["ipv4", "ipv6"] as const;

describe("what the kernel leaves to user space", () => {
  itWith("native", "xdp").each(families)("is not lost: options, over %s", async (family) => {
    const network = createOneArmed();
    introducePeers(network);
    const pair = await openPair(network, family);
    expect(await send(pair, [shortPacket(2)])).toBe(1);
    // Three times no operation and the end; and six bytes of padding after next header and length.
    if (family === "ipv4") pair.alice.set("ipOptions", Buffer.from("01010100", "hex"));
    else pair.alice.set("ipv6DestinationOptions", Buffer.from("0000010400000000", "hex"));
    expect(await send(pair, [shortPacket(2, 1000)])).toBe(0);
  });

  itWith("native", "xdp").each(families)("is not lost: fragments, over %s", async (family) => {
    const network = createOneArmed();
    introducePeers(network);
    const pair = await openPair(network, family);
    network.alice.ip("link", "set", peerLink, "mtu", "1280");
    expect(await send(pair, [shortPacket(2, 1400), shortPacket(2, 1300)])).toBe(0);
    expect(await send(pair, [shortPacket(2, 1200)])).toBe(1);
  });

  itWith("native", "xdp").each(families)("is not lost: a last hop, over %s", async (family) => {
    const network = createOneArmed();
    introducePeers(network);
    const pair = await openPair(network, family);
    pair.alice.set(family === "ipv4" ? "ipTtl" : "ipv6HopLimit", 1);
    expect(await send(pair, [shortPacket(2)])).toBe(0);
  });

  itWith("native", "xdp").each(
    families.flatMap((family) => (["native", "generic"] as const).map((mode) => ({ family, mode }))),
  )(
    "is not lost: checksums that a sender on this host leaves to hardware, over $family, $mode",
    async ({ family, mode }) => {
      const network = createOneArmed();
      introducePeers(network);
      const pair = await openPair(network, family, { xdp: { interfaces: network.interfaces, mode } });
      expect(await send(pair, [shortPacket(2)])).toBe(1);
      leaveChecksums(network.alice, peerLink);
      expect(await send(pair, [shortPacket(2), shortPacket(2, 13), shortPacket(2, 1400)])).toBe(0);
      // As one buffer of the stack, which the system cuts up.
      const before = pair.bob.inbox.length;
      const segments = Array.from({ length: 20 }, () => shortPacket(2, 1000));
      pair.alice.sendSegmented(segments, pair.relay);
      await pair.bob.received(before + segments.length);
      expect(pair.bob.inbox.slice(before).map(({ datagram }) => datagram)).toEqual(segments);
    },
  );

  itWith("native", "xdp").each(families)(
    "is not lost: a neighbour that is forgotten, over %s",
    async (family) => {
      const network = createTwoArmed();
      const { addresses, alice, bob, interfaces, relay } = network;
      const host = addresses.relay[family];
      const forwarder = await openRemoteForwarder(relay, { host, xdp: { interfaces } });
      const from = { where: alice, address: addresses.alice[family], port: 1111, relay: host, cidByte: 2 };
      const to = { ...from, where: bob, address: addresses.bob[family], port: 2222 };
      await forwarder.register({ address: from.address, port: from.port }, 1);
      await forwarder.register({ address: to.address, port: to.port }, 2);
      const sink = await startSink(to);
      const source = await startSource(from, 1000);
      for (let times = 0; times < 5; times++) {
        await delay(100);
        relay.ip("neighbour", "flush", "to", to.address);
      }
      const sent = await source.stop();
      expect(await sink.stop()).toEqual({ ranges: [[0, sent - 1]], repeated: 0, strange: 0 });
      const { path } = await forwarder.stats();
      expect(path.kernel.packets).toBeGreaterThan(sent / 2);
      expect(path.user.packets).toBeGreaterThan(0);
    },
  );

  itWith("native", "xdp")("is not lost: connection IDs that the kernel has no room for", async () => {
    const network = createOneArmed();
    introducePeers(network);
    const pair = await openPair(network, "ipv4", { maxRoutes: 2 });
    const { bob, forwarder } = pair;
    await forwarder.register(bob.address, 3);
    await forwarder.register(bob.address, 4);
    expect(await forwarder.call("xdp")).toMatchObject({ state: "on", refusedRoutes: 2 });
    const packets = [2, 3, 4].map((cidByte) => shortPacket(cidByte));
    expect(await send(pair, packets)).toBe(1);
    expect(await forwarder.stats()).toMatchObject({ routes: 4 });
  });

  itWith("native", "xdp").each(families)(
    "is refused alike: too long for the link, over %s",
    async (family) => {
      const network = createTwoArmed();
      introducePeers(network);
      network.relay.ip("link", "set", "to-bob", "mtu", "1300");
      const pair = await openPair(network, family);
      pair.alice.send([shortPacket(2, 1400)], pair.relay);
      await pair.forwarder.settles("stats", { dropped: { "send-failed": 1 }, relayed: { packets: 0 } });
      expect(await send(pair, [shortPacket(2, 1200)])).toBe(1);
    },
  );
});
