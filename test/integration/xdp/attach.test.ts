import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { shortPacket } from "../harness/packets.ts";
import { createCommands } from "./rig/commands.ts";
import {
  allowForwarding,
  connectBob,
  createOneArmed,
  createTwoArmed,
  introducePeers,
  peerLink,
  takeFrames,
} from "./rig/network.ts";
import { openPair, send } from "./rig/pair.ts";
import { openRemoteForwarder, programOn } from "./rig/remote-forwarder.ts";

const itAttaches = itWith("native", "xdp");

describe("where the program is attached", () => {
  itAttaches(
    "is the interface that holds the relay's address, and with all addresses every one",
    async () => {
      const network = createTwoArmed();
      const one = await openRemoteForwarder(network.relay, { host: "192.0.2.1", xdp: "auto" });
      expect(await one.call("xdp")).toMatchObject({
        state: "on",
        reason: "",
        interfaces: [{ name: "to-alice", state: "native", reason: "" }],
      });
      await one.close();
      const all = await openRemoteForwarder(network.relay, { host: "::", xdp: "auto" });
      expect(await all.call("xdp")).toMatchObject({
        interfaces: [
          { name: "to-alice", state: "native" },
          { name: "to-bob", state: "native" },
        ],
      });
    },
  );

  itAttaches("is not where another program is, which is left alone until it goes", async () => {
    const { relay } = createOneArmed();
    const other = await openRemoteForwarder(relay, { host: "192.0.2.1", xdp: "auto" });
    const id = programOn(relay, peerLink);
    expect(id).toBeDefined();
    const options = { host: "192.0.2.1", port: 4434, xdp: { interfaces: [peerLink] } };
    const late = await openRemoteForwarder(relay, options);
    const reason = `another XDP program is attached (id ${id}), and left alone`;
    expect(await late.call("xdp")).toMatchObject({
      state: "off",
      reason: `${peerLink}: ${reason}`,
      interfaces: [{ name: peerLink, state: "off", reason }],
    });
    expect(programOn(relay, peerLink)).toBe(id);
    await other.close();
    await late.settles("xdp", { state: "on", interfaces: [{ name: peerLink, state: "native" }] });
    expect(programOn(relay, peerLink)).not.toBe(id);
  });

  itAttaches("is an interface that comes later, and one that went and came again", async () => {
    const network = createTwoArmed();
    introducePeers(network);
    network.relay.ip("link", "delete", "to-bob");
    const forwarder = await openRemoteForwarder(network.relay, { host: "::", xdp: "auto" });
    expect(await forwarder.call("xdp")).toMatchObject({ interfaces: [{ name: "to-alice" }] });
    for (const time of ["comes", "comes again"]) {
      connectBob(network);
      const both = { interfaces: [{ name: "to-alice" }, { name: "to-bob", state: "native" }] };
      await forwarder.settles("xdp", both);
      expect(programOn(network.relay, "to-bob"), time).toBe(programOn(network.relay, "to-alice"));
      network.relay.ip("link", "delete", "to-bob");
      await forwarder.settles("xdp", { state: "on", interfaces: [{ name: "to-alice" }] });
    }
  });

  itAttaches(
    "is an interface by name, there or not; packets go on over the one that took its place",
    async () => {
      const network = createTwoArmed();
      introducePeers(network);
      const pair = await openPair(network, "ipv4");
      expect(await send(pair, [shortPacket(2)])).toBe(1);
      network.relay.ip("link", "delete", "to-bob");
      const gone = { name: "to-bob", state: "off", reason: "there is no such interface" };
      await pair.forwarder.settles("xdp", {
        state: "on",
        interfaces: [{ name: "to-alice", state: "native" }, gone],
      });
      connectBob(network);
      introducePeers(network);
      await pair.forwarder.settles("xdp", {
        interfaces: [
          { name: "to-alice", state: "native" },
          { name: "to-bob", state: "native" },
        ],
      });
      expect(await send(pair, [shortPacket(2)])).toBe(1);
    },
  );

  itAttaches("is nowhere while the kernel may not forward, which is said", async () => {
    const network = createOneArmed();
    introducePeers(network);
    allowForwarding(network.relay, peerLink, false);
    const pair = await openPair(network, "ipv4");
    expect(await pair.forwarder.call("xdp")).toMatchObject({
      state: "off",
      reason: expect.stringContaining(`net.ipv4.conf.${peerLink}.forwarding`),
    });
    expect(await send(pair, [shortPacket(2)])).toBe(0);
    allowForwarding(network.relay, peerLink);
    await pair.forwarder.settles("xdp", { state: "on" });
    expect(await send(pair, [shortPacket(2)])).toBe(1);
    allowForwarding(network.relay, peerLink, false);
    await pair.forwarder.settles("xdp", { state: "off" });
    expect(await send(pair, [shortPacket(2)])).toBe(0);
  });

  itAttaches(
    "is generic where the other end of a cable takes no frames, or not at all if that is asked",
    async () => {
      const network = createTwoArmed();
      introducePeers(network);
      takeFrames(network.alice, peerLink, false);
      takeFrames(network.bob, peerLink, false);
      const pair = await openPair(network, "ipv4");
      const refusal = expect.stringContaining("takes no XDP frames");
      expect(await pair.forwarder.call("xdp")).toMatchObject({
        state: "on",
        interfaces: [
          { name: "to-alice", state: "generic", reason: refusal },
          { name: "to-bob", state: "generic", reason: refusal },
        ],
      });
      expect(await send(pair, [shortPacket(2)])).toBe(1);
      await pair.forwarder.close();
      const { interfaces, relay } = network;
      const strict = await openRemoteForwarder(relay, {
        host: "192.0.2.1",
        xdp: { interfaces, mode: "native" },
      });
      expect(await strict.call("xdp")).toMatchObject({
        state: "off",
        reason: expect.stringContaining("takes no XDP frames"),
      });
    },
  );

  itAttaches("is generic where frames are too long for the driver", async () => {
    const network = createTwoArmed();
    introducePeers(network);
    network.relay.ip("link", "set", "to-alice", "mtu", "9000");
    network.alice.ip("link", "set", peerLink, "mtu", "9000");
    const pair = await openPair(network, "ipv4");
    expect(await pair.forwarder.call("xdp")).toMatchObject({
      interfaces: [
        { name: "to-alice", state: "generic", reason: expect.stringContaining("MTU of 9000") },
        { name: "to-bob", state: "native" },
      ],
    });
    await send(pair, [shortPacket(2), shortPacket(2, 100)]);
  });

  itAttaches("is nowhere for an ordinary user, who is told once and relayed all the same", async () => {
    const network = createOneArmed();
    const commands = await createCommands(network, "ipv4");
    const relay = await commands.ordinaryRelay([]);
    const { alice, bob } = await commands.peers();
    alice.process.stdin.write("hello\n");
    await bob.prints(/hello/);
    expect(relay.stderr().match(/xdp/g)).toHaveLength(1);
    expect(relay.stderr()).toMatch(/xdp off \(needs CAP_BPF/);
    expect(programOn(network.relay, peerLink)).toBeUndefined();
  });

  itAttaches("is the interface that QUICPIPE_XDP_IFACE names", async () => {
    const network = createTwoArmed();
    const commands = await createCommands(network, "ipv4");
    const relay = await commands.relay([], { QUICPIPE_XDP_IFACE: "to-bob" });
    await relay.prints(/xdp on to-bob \(native\)/);
    expect([programOn(network.relay, "to-alice"), programOn(network.relay, "to-bob")]).toEqual([
      undefined,
      expect.any(Number),
    ]);
  });

  itAttaches("is nowhere when the process is gone, closed or killed", async () => {
    const { relay } = createOneArmed();
    for (const signal of [undefined, "SIGKILL"] as const) {
      const forwarder = await openRemoteForwarder(relay, { host: "192.0.2.1", xdp: "auto" });
      expect(programOn(relay, peerLink)).toEqual(expect.any(Number));
      if (signal) forwarder.child.process.kill(signal);
      else await forwarder.close();
      await forwarder.child.exited;
      await expect.poll(() => programOn(relay, peerLink)).toBeUndefined();
    }
  });
});
