import { readFileSync } from "node:fs";
import { noCounters } from "../../unit/registry/fake-forwarder.ts";
import { describe, expect, it } from "vitest";
import { maxInitialRoutesPerSession, initialRouteTtlMs } from "../../../src/defaults/index.ts";
import type { BucketId, DropReason } from "../../../src/forwarder/index.ts";
import { type Harness, type Rig, settles } from "./rig.ts";
import { longPacket, shortPacket } from "../harness/packets.ts";
import { openPeer, type UdpPeer } from "../harness/udp-peer.ts";
import { deriveConnectionIds } from "../../../src/wire/connection-id.ts";

interface Vectors {
  readonly cases: readonly { readonly keyHex: string; readonly cids: Readonly<Record<string, string>> }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../fixtures/cids.json", import.meta.url), "utf8"),
);

interface Pair extends Rig {
  readonly alice: UdpPeer;
  readonly bob: UdpPeer;
  readonly aliceId: number;
  readonly bobId: number;
}

/** Two registered peers: 0x11 leads to alice, 0x22 to bob. */
async function openPair(harness: Harness, options: Parameters<Harness["open"]>[0] = {}): Promise<Pair> {
  const rig = await harness.open(options);
  const [alice, bob] = [await openPeer(), await openPeer()];
  const aliceId = rig.register(alice.address, 0x11);
  const bobId = rig.register(bob.address, 0x22);
  return { ...rig, alice, bob, aliceId, bobId };
}

/** Trips one reason with one datagram, and sees that no peer gets it. */
async function expectDrop(pair: Pair, reason: DropReason, cause: () => void, count = 1): Promise<void> {
  cause();
  await settles(() => pair.forwarder.stats().dropped[reason], count);
  const { dropped, relayed } = pair.forwarder.stats();
  const others = Object.entries(dropped).filter(([name, n]) => name !== reason && n > 0);
  expect([others, relayed.packets, pair.bob.inbox]).toEqual([[], 0, []]);
}

/** Two sessions of one subject, at alice's address and at bob's, send until what they have is gone. */
async function drain({ alice, bob, forwarder, ipv4 }: Pair): Promise<void> {
  for (let i = 0; i < 40; i++) {
    alice.send(shortPacket(0x22), ipv4);
    bob.send(shortPacket(0x11), ipv4);
  }
  await settles(() => forwarder.stats().relayed.packets + forwarder.stats().dropped["rate-limited"], 80);
}

function cid(byte: number): Buffer {
  return Buffer.alloc(12, byte);
}

/** What every backend has to do with packets between registered peers. */
export function relayCases(harness: Harness): void {
  describe("relaying", () => {
    it.each([
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "::1"],
      ["127.0.0.1", "::1"],
      ["::1", "127.0.0.1"],
    ])("passes packets of every size on unchanged, both ways, from %s to %s", async (from, to) => {
      const rig = await harness.open();
      const [alice, bob] = [await openPeer(from), await openPeer(to)];
      rig.register(alice.address, 0x11);
      rig.register(bob.address, 0x22);
      const near = (peer: UdpPeer): typeof rig.ipv4 => (peer.address.address === "::1" ? rig.ipv6 : rig.ipv4);
      for (const bytes of [13, 100, 1200, 1472, 9000]) {
        alice.send(shortPacket(0x22, bytes), near(alice));
        expect(await bob.next()).toEqual(shortPacket(0x22, bytes));
        bob.send(shortPacket(0x11, bytes), near(bob));
        expect(await alice.next()).toEqual(shortPacket(0x11, bytes));
      }
      // A datagram may be here before its sender has counted it.
      await settles(() => rig.forwarder.stats().relayed, {
        packets: 10,
        bytes: 2 * (13 + 100 + 1200 + 1472 + 9000),
      });
    });

    it("derives the connection IDs that the protocol says", async () => {
      const { forwarder } = await harness.open();
      for (const { keyHex, cids } of vectors.cases)
        for (const [number, hex] of Object.entries(cids)) {
          const id = forwarder.deriveConnectionIds(
            Buffer.from(keyHex, "hex"),
            Number(number),
            Number(number),
          );
          expect(Buffer.from(id).toString("hex")).toBe(hex);
        }
      const key = Buffer.alloc(33, 9);
      const packed = forwarder.deriveConnectionIds(key, 0xff_fff0, 0x100_0010);
      expect(packed).toEqual(deriveConnectionIds(key, 0xff_fff0, 0x100_0010));
    });

    it("sends from its public port, so that NATs let it in", async () => {
      const { alice, bob, ipv4 } = await openPair(harness);
      alice.send(shortPacket(0x22), ipv4);
      await bob.next();
      alice.send(shortPacket(0x22), ipv4);
      await settles(() => bob.inbox.map(({ from }) => from), [ipv4]);
    });

    it("passes long headers on by their destination connection ID", async () => {
      const { alice, bob, ipv4 } = await openPair(harness);
      const packet = longPacket(Buffer.alloc(12, 0x22));
      alice.send(packet, ipv4);
      expect(await bob.next()).toEqual(packet);
    });

    it("counts for both sessions, and hands the counters over at the end", async () => {
      const { alice, bob, aliceId, bobId, clock, forwarder, ipv4 } = await openPair(harness);
      const firstForwardedAtMs = clock.nowMs;
      for (let i = 0; i < 3; i++) {
        alice.send(shortPacket(0x22, 100), ipv4);
        await bob.next();
        clock.nowMs++;
      }
      const first = { ...noCounters, firstForwardedAtMs };
      await settles(() => forwarder.countersOf(aliceId), { ...first, packetsFrom: 3, bytesFrom: 300 });
      expect(forwarder.closeSession(bobId)).toEqual({ ...first, packetsTo: 3, bytesTo: 300 });
    });

    it("gives the traffic of many sessions at once", async () => {
      const { alice, bob, aliceId, bobId, forwarder, ipv4 } = await openPair(harness);
      for (const bytes of [100, 200]) {
        alice.send(shortPacket(0x22, bytes), ipv4);
        await bob.next();
      }
      bob.send(shortPacket(0x11, 50), ipv4);
      await alice.next();
      const sampled = (): number[] => {
        const into = new Float64Array(7).fill(-1);
        forwarder.sampleSessions(Uint32Array.of(bobId, aliceId), into);
        return [...into];
      };
      await settles(sampled, [3, 350, 0, 3, 350, 0, -1]);
    });

    it("counts for a session what was refused because of it", async () => {
      const pair = await openPair(harness);
      const { alice, aliceId, bobId, forwarder, ipv4 } = pair;
      forwarder.updateSession(bobId, { address: null });
      await expectDrop(pair, "no-address", () => alice.send(shortPacket(0x22), ipv4));
      alice.send(shortPacket(0x11), ipv4);
      await settles(() => forwarder.stats().dropped["source-is-destination"], 1);
      expect(forwarder.countersOf(bobId)).toEqual({ ...noCounters, packetsNoAddress: 1 });
      expect(forwarder.countersOf(aliceId)).toEqual({ ...noCounters, packetsToItself: 1 });
    });

    it("follows a session to another address, for sending and for receiving", async () => {
      const { alice, bob, bobId, forwarder, ipv4 } = await openPair(harness);
      const roamed = await openPeer();
      forwarder.updateSession(bobId, { address: roamed.address });
      alice.send(shortPacket(0x22), ipv4);
      expect(await roamed.next()).toEqual(shortPacket(0x22));
      roamed.send(shortPacket(0x11), ipv4);
      expect(await alice.next()).toEqual(shortPacket(0x11));
      bob.send(shortPacket(0x11), ipv4);
      await settles(() => forwarder.stats().dropped["source-unregistered"], 1);
      expect([alice.inbox, bob.inbox]).toEqual([[], []]);
    });

    it("knows its sessions by their connection IDs until they end", async () => {
      const { aliceId, bobId, forwarder } = await openPair(harness);
      expect([forwarder.sessionOf(cid(0x11)), forwarder.sessionOf(cid(0x22))]).toEqual([aliceId, bobId]);
      expect(forwarder.stats()).toMatchObject({ sessions: 2, routes: 2, initialRoutes: 0 });
      forwarder.closeSession(bobId);
      expect(forwarder.sessionOf(cid(0x22))).toBeUndefined();
      expect(forwarder.stats()).toMatchObject({ sessions: 1, routes: 1 });
    });

    it("lets anyone send where the source policy is off", async () => {
      const rig = await harness.open({ sourcePolicy: "any" });
      const [stranger, bob] = [await openPeer(), await openPeer()];
      rig.register(bob.address, 0x22);
      stranger.send(shortPacket(0x22), rig.ipv4);
      expect(await bob.next()).toEqual(shortPacket(0x22));
    });
  });

  describe("refusing to relay", () => {
    it("drops an empty datagram", async () => {
      const pair = await openPair(harness);
      await expectDrop(pair, "empty", () => pair.alice.send(Buffer.alloc(0), pair.ipv4));
    });

    it("drops what comes from an address without registration", async () => {
      const pair = await openPair(harness);
      const stranger = await openPeer();
      await expectDrop(pair, "source-unregistered", () => stranger.send(shortPacket(0x22), pair.ipv4));
    });

    it("drops what comes from a registration that has expired", async () => {
      const pair = await openPair(harness);
      pair.forwarder.updateSession(pair.aliceId, { expiresAtMs: pair.clock.nowMs });
      await expectDrop(pair, "source-unregistered", () => pair.alice.send(shortPacket(0x22), pair.ipv4));
    });

    it("drops what a peer sends to itself", async () => {
      const pair = await openPair(harness);
      await expectDrop(pair, "source-is-destination", () => pair.alice.send(shortPacket(0x11), pair.ipv4));
    });

    it("drops what is for a session that has expired, swept or not", async () => {
      const pair = await openPair(harness);
      pair.forwarder.updateSession(pair.bobId, { expiresAtMs: pair.clock.nowMs + 1 });
      pair.clock.nowMs += 1;
      await expectDrop(pair, "session-expired", () => pair.alice.send(shortPacket(0x22), pair.ipv4));
    });

    it("drops what is for a session whose address is not proven", async () => {
      const pair = await openPair(harness);
      pair.forwarder.updateSession(pair.bobId, { address: null });
      await expectDrop(pair, "no-address", () => pair.alice.send(shortPacket(0x22), pair.ipv4));
    });

    it("drops what the system cannot send: to port 0, or too long for IPv4", async () => {
      const pair = await openPair(harness);
      pair.forwarder.updateSession(pair.bobId, { address: { address: "127.0.0.1", port: 0 } });
      await expectDrop(pair, "send-failed", () => pair.alice.send(shortPacket(0x22), pair.ipv4));
      pair.forwarder.updateSession(pair.bobId, { address: pair.bob.address });
      const long = await openPeer("::1");
      pair.register(long.address, 0x33);
      const overIpv4 = shortPacket(0x22, 65_520);
      await expectDrop(pair, "send-failed", () => long.send(overIpv4, pair.ipv6), 2);
    });

    it("drops a CID that is not registered, where there is no gateway", async () => {
      const pair = await openPair(harness);
      await expectDrop(pair, "no-upstream", () => pair.alice.send(shortPacket(0x77), pair.ipv4));
    });

    it("drops a peer's Initial that leads nowhere yet, instead of showing it to the gateway", async () => {
      const pair = await openPair(harness, { upstream: (await openPeer()).address });
      const initial = longPacket(Buffer.from("8394c8f03e515708", "hex"), 1200, Buffer.alloc(12, 0x11));
      await expectDrop(pair, "no-route", () => pair.alice.send(initial, pair.ipv4));
    });

    it("limits a sender to its rate, and counts it for the session", async () => {
      const pair = await openPair(harness);
      const { alice, bob, clock, forwarder, ipv4 } = pair;
      forwarder.updateSession(pair.aliceId, { bucket: forwarder.openBucket(10_000) });
      // 64 KiB is the least that a bucket holds: 54 packets of 1200 bytes.
      for (let i = 0; i < 60; i++) alice.send(shortPacket(0x22), ipv4);
      await settles(() => forwarder.stats().relayed.packets + forwarder.stats().dropped["rate-limited"], 60);
      expect(forwarder.stats().dropped["rate-limited"]).toBe(6);
      expect(forwarder.countersOf(pair.aliceId)).toMatchObject({ packetsFrom: 54, packetsLimited: 6 });
      clock.nowMs += 120;
      alice.send(shortPacket(0x22), ipv4);
      await settles(() => bob.inbox.length, 55);
    });
  });

  describe("the bucket that sessions draw from", () => {
    const rate = 10_000;
    /** Of 1200 bytes, in the least bucket: 64 KiB. */
    const held = 54;

    async function openShared(): Promise<Pair & { bucket: BucketId }> {
      const pair = await openPair(harness);
      const bucket = pair.forwarder.openBucket(rate);
      for (const id of [pair.aliceId, pair.bobId]) pair.forwarder.updateSession(id, { bucket });
      return { ...pair, bucket };
    }

    it("is one for all sessions of a subject, and each counts what it was refused", async () => {
      const pair = await openShared();
      await drain(pair);
      expect(pair.forwarder.stats().relayed.packets).toBe(held);
      const limited = [pair.aliceId, pair.bobId].map((id) => pair.forwarder.countersOf(id).packetsLimited);
      expect(limited[0]! + limited[1]!).toBe(80 - held);
      expect(limited).not.toContain(0);
    });

    it("is as empty as it was for a session that is opened anew", async () => {
      const pair = await openShared();
      await drain(pair);
      pair.forwarder.closeSession(pair.aliceId);
      pair.register(pair.alice.address, 0x11, { bucket: pair.bucket });
      pair.alice.send(shortPacket(0x22), pair.ipv4);
      await settles(() => pair.forwarder.stats().dropped["rate-limited"], 80 - held + 1);
    });

    it("keeps its level when it gets another rate, and fills by that", async () => {
      const pair = await openShared();
      const { alice, bob, clock, forwarder, ipv4 } = pair;
      await drain(pair);
      forwarder.shapeBucket(pair.bucket, 1000 * rate);
      alice.send(shortPacket(0x22), ipv4);
      await settles(() => forwarder.stats().dropped["rate-limited"], 80 - held + 1);
      clock.nowMs += 1;
      bob.send(shortPacket(0x11), ipv4);
      await settles(() => forwarder.stats().relayed.packets, held + 1);
    });

    it("tells how long it takes until it is full", async () => {
      const pair = await openShared();
      const { clock, forwarder, bucket } = pair;
      expect(forwarder.bucketMissingMs(bucket)).toBe(0);
      await drain(pair);
      // At 10 bytes each ms.
      const missingMs = (held * 1200) / 10;
      expect(forwarder.bucketMissingMs(bucket)).toBeCloseTo(missingMs, 2);
      clock.nowMs += missingMs / 2;
      expect(forwarder.bucketMissingMs(bucket)).toBeCloseTo(missingMs / 2, 2);
      clock.nowMs += missingMs / 2;
      expect(forwarder.bucketMissingMs(bucket)).toBeCloseTo(0, 2);
    });

    it("is closed by itself: sessions that leave it do not end it", async () => {
      const { bucket, forwarder, aliceId, bobId, register } = await openShared();
      const open = forwarder.stats().buckets;
      for (const id of [aliceId, bobId]) forwarder.closeSession(id);
      expect(forwarder.stats().buckets).toBe(open);
      forwarder.closeBucket(bucket);
      expect(forwarder.stats().buckets).toBe(open - 1);
      expect(() => register(null, 0x33, { bucket })).toThrow();
      expect(() => forwarder.closeBucket(bucket)).toThrow();
    });
  });

  describe("initial routes", () => {
    const dcid = Buffer.from("8394c8f03e515708", "hex");

    async function openRouted(options?: Parameters<typeof openPair>[1]): Promise<Pair> {
      const pair = await openPair(harness, options);
      const expiresAtMs = pair.clock.nowMs + initialRouteTtlMs;
      pair.forwarder.routeInitial({ destinationId: dcid, to: pair.bobId, from: pair.aliceId, expiresAtMs });
      return pair;
    }

    it("lead the dialer's Initial to the accepter", async () => {
      const { alice, bob, forwarder, ipv4 } = await openRouted();
      alice.send(longPacket(dcid), ipv4);
      expect(await bob.next()).toEqual(longPacket(dcid));
      await settles(() => forwarder.stats().relayed.packets, 1);
    });

    it("follow the dialer to another address", async () => {
      const { alice, aliceId, bob, forwarder, ipv4 } = await openRouted();
      const roamed = await openPeer();
      forwarder.updateSession(aliceId, { address: roamed.address });
      roamed.send(longPacket(dcid), ipv4);
      expect(await bob.next()).toEqual(longPacket(dcid));
      alice.send(longPacket(dcid), ipv4);
      await settles(() => forwarder.stats().dropped["no-upstream"], 1);
    });

    it("change nothing for others: what they send goes where it would go without", async () => {
      const upstream = await openPeer();
      const pair = await openRouted({ upstream: upstream.address });
      const { alice, aliceId, bob, bobId, forwarder, ipv4 } = pair;
      const client = await openPeer();
      for (const from of [client, bob]) {
        from.send(longPacket(dcid), ipv4);
        expect(await upstream.next()).toEqual(longPacket(dcid));
      }
      const peers = longPacket(dcid, 1200, Buffer.alloc(12, 0x22));
      await expectDrop(pair, "no-route", () => client.send(peers, ipv4));
      forwarder.updateSession(aliceId, { address: null });
      alice.send(longPacket(dcid), ipv4);
      expect(await upstream.next()).toEqual(longPacket(dcid));
      expect(forwarder.countersOf(bobId)).toEqual(noCounters);
    });

    it("stay the dial's that came first, even if others dial with the DCID", async () => {
      const { alice, aliceId, bob, bobId, clock, forwarder, ipv4, register } = await openRouted();
      const carolId = register((await openPeer()).address, 0x77);
      const expiresAtMs = clock.nowMs + initialRouteTtlMs;
      forwarder.routeInitial({ destinationId: dcid, to: carolId, from: aliceId, expiresAtMs });
      forwarder.routeInitial({ destinationId: dcid, to: bobId, from: carolId, expiresAtMs });
      forwarder.closeSession(carolId);
      alice.send(longPacket(dcid), ipv4);
      expect(await bob.next()).toEqual(longPacket(dcid));
      expect(forwarder.stats()).toMatchObject({ initialRoutes: 1, dropped: { "initial-route-taken": 2 } });
    });

    it("hold for long headers only, and for a time only", async () => {
      const { alice, clock, forwarder, ipv4 } = await openRouted();
      alice.send(Buffer.concat([Buffer.from([0x40]), dcid, Buffer.alloc(40)]), ipv4);
      await settles(() => forwarder.stats().dropped["no-upstream"], 1);
      clock.nowMs += initialRouteTtlMs;
      alice.send(longPacket(dcid), ipv4);
      await settles(() => forwarder.stats().dropped["no-upstream"], 2);
      await settles(() => forwarder.stats().initialRoutes, 0);
    });

    it("end with either session", async () => {
      for (const end of ["aliceId", "bobId"] as const) {
        const pair = await openRouted();
        expect(pair.forwarder.stats().initialRoutes).toBe(1);
        pair.forwarder.closeSession(pair[end]);
        expect(pair.forwarder.stats().initialRoutes).toBe(0);
      }
    });

    it("are not made for a session that has ended", async () => {
      const { aliceId, bobId, clock, forwarder } = await openPair(harness);
      forwarder.closeSession(aliceId);
      for (const [to, from] of [
        [bobId, aliceId],
        [aliceId, bobId],
      ] as const)
        forwarder.routeInitial({
          destinationId: dcid,
          to,
          from,
          expiresAtMs: clock.nowMs + initialRouteTtlMs,
        });
      expect(forwarder.stats().initialRoutes).toBe(0);
    });

    it("are bounded for each accepter", async () => {
      const { aliceId, bobId, clock, forwarder } = await openPair(harness);
      for (let n = 0; n < 2 * maxInitialRoutesPerSession; n++) {
        const destinationId = Buffer.alloc(8, n);
        forwarder.routeInitial({
          destinationId,
          to: bobId,
          from: aliceId,
          expiresAtMs: clock.nowMs + initialRouteTtlMs,
        });
      }
      expect(forwarder.stats().initialRoutes).toBe(maxInitialRoutesPerSession);
    });
  });
}
