import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { bytesPerSecond, registrationTtlMs } from "../../../../src/defaults/index.ts";
import { openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import { itWith } from "../../harness/requirement.ts";
import { createNative, describeNative } from "./rig.ts";
import { createHarness, settles } from "../rig.ts";
import { shortPacket } from "../../harness/packets.ts";
import { openPeer, type UdpPeer } from "../../harness/udp-peer.ts";

/** Connection ID number `n`, none of those made of one byte each. */
function cidNumber(n: number): Buffer {
  const cid = Buffer.alloc(12, 0x0f);
  cid.writeUInt32BE(n, 1);
  return cid;
}

/** A short-header packet that carries its number. */
function numbered(cid: Uint8Array, number: number): Buffer {
  const packet = Buffer.concat([Buffer.from([0x41]), cid, Buffer.alloc(100)]);
  packet.writeUInt32BE(number, packet.length - 4);
  return packet;
}

function numbersOf(peers: readonly UdpPeer[]): number[] {
  return peers.flatMap(({ inbox }) =>
    inbox.map(({ datagram }) => datagram.readUInt32BE(datagram.length - 4)),
  );
}

describeNative("changes while packets flow", () => {
  const harness = createHarness(createNative);

  it("lose no packet and lead none astray, when an address moves and connection IDs come and go", async () => {
    const [upstream, stranger] = [await openPeer(), await openPeer()];
    const { forwarder, ipv4, register } = await harness.open({ upstream: upstream.address });
    const [alice, bob, roamed] = [await openPeer(), await openPeer(), await openPeer()];
    register(alice.address, 0x11);
    register(stranger.address, 0x33);
    const bobId = register(bob.address, 0x22);
    const kept = Buffer.alloc(12, 0x22);
    const total = 3000;
    for (let number = 0; number < total; number++) {
      alice.send(numbered(kept, number), ipv4);
      if (number % 3 === 0)
        forwarder.updateSession(bobId, {
          cids: Buffer.concat([kept, cidNumber(number), cidNumber(number + 1)]),
        });
      if (number % 5 === 0)
        forwarder.updateSession(bobId, { address: number % 2 === 0 ? bob.address : roamed.address });
      if (number % 10 === 0) await nextTurn();
      // No more under way than the peer's own buffer holds.
      if (number % 100 === 99) await settles(() => bob.inbox.length + roamed.inbox.length, number + 1);
    }
    expect(numbersOf([bob, roamed]).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: total }, (_, number) => number),
    );
    expect(Math.min(bob.inbox.length, roamed.inbox.length)).toBeGreaterThan(0);
    expect([stranger.inbox, upstream.inbox]).toEqual([[], []]);
    await expect.poll(() => forwarder.stats()).toMatchObject({ relayed: { packets: total }, routes: 5 });
  });

  it("are seen by the very next packet", async () => {
    const upstream = await openPeer();
    const { clock, forwarder, ipv4, register } = await harness.open({ upstream: upstream.address });
    const [alice, bob] = [await openPeer(), await openPeer()];
    register(alice.address, 0x11);
    const bucket = forwarder.openBucket(bytesPerSecond);
    const spec = { address: bob.address, bucket, expiresAtMs: clock.nowMs + registrationTtlMs };
    const total = 1000;
    for (let n = 0; n < total; n++) {
      const id = forwarder.openSession({ ...spec, cids: cidNumber(n) });
      alice.send(numbered(cidNumber(n), n), ipv4);
      if (n % 2 === 0) continue;
      await settles(() => forwarder.stats().relayed.packets, n + 1);
      forwarder.closeSession(id);
    }
    await settles(() => bob.inbox.length, total);
    expect(upstream.inbox).toEqual([]);
    // And the end of a session by the first packet after it.
    alice.send(numbered(cidNumber(1), 1), ipv4);
    await settles(() => upstream.inbox.length, 1);
  });

  itWith("python")("do not hold packets up: ten thousand registrations at once", async () => {
    const { clock, forwarder, ipv4, register } = await harness.open();
    const [alice, bob] = [await openAncillaryPeer(), await openAncillaryPeer()];
    register(alice.address, 0x11);
    register(bob.address, 0x22);
    const [count, gapUs] = [8000, 250];
    alice.stream(shortPacket(0x22, 100), ipv4, count, gapUs);
    await expect.poll(() => bob.inbox.length).toBeGreaterThan(0);
    const before = forwarder.stats().relayed.packets;
    for (let n = 0; n < 10_000; n++)
      forwarder.openSession({
        cids: Buffer.concat(Array.from({ length: 10 }, (_, i) => cidNumber(10 * n + i))),
        address: { address: `10.0.${n >> 8}.${n & 0xff}`, port: 4433 },
        bucket: forwarder.openBucket(bytesPerSecond),
        expiresAtMs: clock.nowMs + registrationTtlMs,
      });
    // All of that was one turn of this thread; what is held up by it is relayed after it.
    expect(forwarder.stats().relayed.packets - before).toBeGreaterThan(10);
    await bob.received(count);
    await expect
      .poll(() => forwarder.stats())
      .toMatchObject({ sessions: 10_002, relayed: { packets: count }, overflowed: 0 });
  });
});
