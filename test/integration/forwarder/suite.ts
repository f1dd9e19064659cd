import { describe, expect, it } from "vitest";
import { makeGarbage } from "../../../scripts/garbage/datagrams.ts";
import { createRandom } from "../../../scripts/garbage/random.ts";
import { createCounters } from "../../../src/forwarder/counters.ts";
import { initial } from "./gateway.ts";
import { type CreateForwarder, createHarness, settles } from "./rig.ts";
import { openPeer } from "../harness/udp-peer.ts";
import { gatewayCases } from "./gateway-cases.ts";
import { placeCases } from "./place-cases.ts";
import { relayCases } from "./relay-cases.ts";
import { stunCases } from "./stun-cases.ts";

/**
 * What any backend has to pass: the contract of `Forwarder`, over real sockets.
 *
 * @param special what takes more than a packet or two to trip, or cannot happen to this backend: `dropped …` and
 *   `stun …`. Each that can happen has a test of its own.
 */
export function forwarderSuite(name: string, create: CreateForwarder, special: readonly string[]): void {
  const harness = createHarness(create);
  describe(`the ${name} backend`, () => {
    relayCases(harness);
    stunCases(harness);
    gatewayCases(harness, "address");
    placeCases(harness);

    it("accounts for every datagram of garbage", async () => {
      const upstream = await openPeer();
      const rig = await harness.open({ upstream: upstream.address, stun: "public" });
      const [alice, bob] = [await openPeer(), await openPeer()];
      rig.register(alice.address, 0x11);
      rig.register(bob.address, 0x22);
      const random = createRandom(20_261_122);
      const total = 2000;
      const accounted = (): number => {
        const { dropped, gateway, relayed, stun } = rig.forwarder.stats();
        const drops = Object.values(dropped).reduce((sum, count) => sum + count);
        const { answered, repeated, unmoved, challenged, outdated, rejected } = stun;
        const replies = answered + repeated + unmoved + challenged + outdated + rejected;
        return relayed.packets + gateway.packetsIn + replies + drops;
      };
      for (let sent = 1; sent <= total; sent++) {
        alice.send(makeGarbage(random), rig.ipv4);
        // In step with the relay, so that no socket buffer drops any unseen.
        if (sent % 50 === 0) await settles(accounted, sent);
      }
      const { dropped, gateway, relayed } = rig.forwarder.stats();
      expect([relayed.packets, gateway.packetsIn, dropped.empty, dropped["stun-unanswered"]]).not.toContain(
        0,
      );
    });

    it("knows the session at an address, the latest one that lives", async () => {
      const { clock, forwarder, ipv4, register } = await harness.open();
      const address = { ...ipv4, port: 4433 };
      const [first, second] = [register(address, 0x11), register(address, 0x22)];
      expect(forwarder.sessionAt(address)).toBe(second);
      forwarder.updateSession(second, { expiresAtMs: clock.nowMs });
      expect(forwarder.sessionAt(address)).toBe(first);
      expect(forwarder.sessionAt({ ...address, port: 4434 })).toBeUndefined();
    });

    it("knows which addresses lead to itself", async () => {
      const { forwarder, ipv4, ipv6 } = await harness.open();
      expect([ipv4, ipv6].map((address) => forwarder.isOwnAddress(address))).toEqual([true, true]);
      expect(forwarder.isOwnAddress({ ...ipv4, port: ipv4.port ^ 1 })).toBe(false);
      expect(forwarder.isOwnAddress({ address: "198.51.100.1", port: ipv4.port })).toBe(false);
    });

    it("binds the address that it is told to", async () => {
      for (const host of ["127.0.0.1", "::1", "0.0.0.0", "::"]) {
        const { forwarder } = await harness.open({ host });
        expect(forwarder.address()).toEqual({ address: host, port: expect.any(Number) });
      }
    });

    it("binds all addresses, however that is spelled", async () => {
      const { forwarder } = await harness.open({ host: "0:0:0:0:0:0:0:0" });
      expect(forwarder.address()).toEqual({ address: "::", port: expect.any(Number) });
    });

    it("says why it cannot listen, and what to do", async () => {
      const taken = await openPeer("127.0.0.1");
      await expect(harness.open({ host: "127.0.0.1", port: taken.address.port })).rejects.toMatchObject({
        code: "ERR_QUICPIPE_LISTEN_FAILED",
        message: expect.stringContaining(`127.0.0.1:${taken.address.port} (EADDRINUSE)`),
        details: { system: "EADDRINUSE" },
      });
      await expect(harness.open({ host: "203.0.113.1" })).rejects.toMatchObject({
        code: "ERR_QUICPIPE_LISTEN_FAILED",
        details: { system: "EADDRNOTAVAIL" },
      });
    });

    it("gives every socket back when it closes, twice if asked", async () => {
      const upstream = await openPeer();
      const { forwarder, ipv4 } = await harness.open({ host: "127.0.0.1", upstream: upstream.address });
      (await openPeer()).send(initial, ipv4);
      await upstream.next();
      await Promise.all([forwarder.close(), forwarder.close()]);
      expect(forwarder.stats().gateway.clients).toBe(0);
      const again = await openPeer("127.0.0.1", ipv4.port);
      expect(again.address.port).toBe(ipv4.port);
    });

    it("has tripped every other drop reason and STUN outcome in the tests above", () => {
      const { dropped, stun } = createCounters();
      const reasons = Object.keys(dropped).map((reason) => `dropped ${reason}`);
      const outcomes = Object.keys(stun).map((outcome) => `stun ${outcome}`);
      const expected = [...reasons, ...outcomes].filter((each) => !special.includes(each));
      const tripped = [...harness.tripped].filter((each) => !special.includes(each));
      expect(tripped.toSorted()).toEqual(expected.toSorted());
    });
  });
}
