import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import {
  maxWaitingStun,
  maxWaitingStunOfSubject,
  stunPerRegistration,
} from "../../../../src/defaults/index.ts";
import { createCounters } from "../../../../src/forwarder/counters.ts";
import { encodeBindingRequest } from "../../../../src/wire/stun-binding.ts";
import { createNative, describeNative, requireAddon } from "./rig.ts";
import { createHarness, settles } from "../rig.ts";
import { longPacket, shortPacket } from "../../harness/packets.ts";
import { openPeer } from "../../harness/udp-peer.ts";
import { forwarderSuite } from "../suite.ts";

const initial = longPacket(Buffer.from("aa8e87276f068b30", "hex"));

describeNative("with the addon", () => {
  forwarderSuite("native", createNative, [
    "dropped send-buffer-full",
    "dropped gateway-too-long",
    "dropped gateway-stray",
    "stun over-share",
    "stun overloaded",
  ]);
});

describeNative("the native backend under pressure", () => {
  const harness = createHarness(createNative);

  it("counts by names that JavaScript knows", () => {
    const { dropped, stun } = createCounters();
    const known = new Set([
      "relayed.packets",
      "relayed.bytes",
      "gateway.packetsIn",
      "gateway.packetsOut",
      "overflowed",
      ...Object.keys(stun).map((outcome) => `stun.${outcome}`),
      ...Object.keys(dropped).map((reason) => `dropped.${reason}`),
    ]);
    expect(requireAddon().counterNames.filter((name) => !known.has(name))).toEqual([]);
  });

  it("passes nothing on to a client but what the gateway sent, and counts the strays", async () => {
    const upstream = await openPeer();
    const { forwarder, ipv4 } = await harness.open({ upstream: upstream.address });
    const client = await openPeer();
    client.send(initial, ipv4);
    await upstream.next();
    upstream.send(
      Buffer.from("from the gateway"),
      await sourceSeenBy(upstream, () => client.send(initial, ipv4)),
    );
    expect(await client.next()).toEqual(Buffer.from("from the gateway"));
    const virtual = await sourceSeenBy(upstream, () => client.send(initial, ipv4));
    (await openPeer()).send(Buffer.from("from another"), virtual);
    await settles(() => forwarder.stats().dropped["gateway-stray"], 1);
    // A virtual address that no client has (any more).
    upstream.send(Buffer.from("to nobody"), { ...virtual, address: "127.0.77.77" });
    await settles(() => forwarder.stats().dropped["gateway-stray"], 2);
    expect(client.inbox).toEqual([]);
  });

  it("drops the STUN messages that JavaScript does not keep up with, and counts them", async () => {
    const { forwarder, ipv4, register } = await harness.open();
    // Each of the subjects pays for more than may wait of it, and they together for more than may wait in all.
    const subjects = maxWaitingStun / maxWaitingStunOfSubject + 1;
    const total = subjects * stunPerRegistration;
    const peers = await Promise.all(Array.from({ length: subjects }, () => openPeer()));
    for (const [i, peer] of peers.entries()) {
      const username = `reg_${i}`;
      register(peer.address, i, { username });
      const request = { transactionId: randomBytes(12), credential: { username, password: "" } };
      for (let sent = 0; sent < stunPerRegistration; sent++) peer.send(encodeBindingRequest(request), ipv4);
    }
    // The sends are made by the end of this turn; until its next one JavaScript answers none of them.
    await new Promise<void>((resolve) => {
      process.nextTick(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
        resolve();
      });
    });
    const accounted = (): number => {
      const { overflowed, stun } = forwarder.stats();
      return overflowed + Object.values(stun).reduce((sum, count) => sum + count);
    };
    await settles(accounted, total);
    const { dropped, overflowed, stun } = forwarder.stats();
    const { overloaded, "over-share": overShare, challenged } = stun;
    expect(overShare).toBeGreaterThan(0);
    expect(dropped["stun-unanswered"]).toBe(overloaded + overShare);
    expect(challenged).toBe(total - overflowed - overloaded - overShare);
  });

  it("counts what the system drops as the receive buffer is full", async () => {
    const { forwarder, ipv4, register } = await harness.open({ socketBufferBytes: 1 });
    const [alice, bob] = [await openPeer(), await openPeer()];
    register(alice.address, 0x11);
    register(bob.address, 0x22);
    // The system tells the count with a datagram that comes later.
    await expect
      .poll(
        () => {
          for (let i = 0; i < 1000; i++) alice.send(shortPacket(0x22), ipv4);
          return forwarder.stats().overflowed;
        },
        { interval: 20 },
      )
      .toBeGreaterThan(0);
  });
});

/** From where `peer` gets the next datagram. */
async function sourceSeenBy(
  peer: Awaited<ReturnType<typeof openPeer>>,
  cause: () => void,
): Promise<{ address: string; port: number }> {
  const before = peer.inbox.length;
  cause();
  await expect.poll(() => peer.inbox.length).toBe(before + 1);
  return peer.inbox[before]!.from;
}
