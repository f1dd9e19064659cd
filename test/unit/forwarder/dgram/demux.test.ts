import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verdict } from "../../../../src/forwarder/dgram/demux.ts";
import { accepter, changedPacket, fixture, initial, nowMs, verdictOf } from "./packets.ts";

describe("classify, by the table of cases", () => {
  it("has cases of every verdict", () => {
    expect(new Set(fixture.cases.map((entry) => entry.verdict))).toEqual(
      new Set(["relay", "gateway", "stun", "drop"]),
    );
  });

  for (const { name, packetHex, verdict: expected, cid } of fixture.cases)
    it(`${expected}: ${name}`, () => {
      const sorted = verdictOf(Buffer.from(packetHex, "hex"));
      const isInitialRoute = cid !== undefined && fixture.initialRoutes.includes(cid);
      const numbers = { gateway: verdict.gateway, stun: verdict.stun, drop: verdict.empty };
      if (expected !== "relay") expect(sorted).toBe(numbers[expected]);
      else expect(sorted).toBe(isInitialRoute ? accepter : fixture.registered.indexOf(cid!));
    });
});

describe("classify", () => {
  it("lets an initial route go when it expires", () => {
    const packet = Buffer.from(`c00000000108${fixture.initialRoutes[0]}0000`, "hex");
    expect(verdictOf(packet)).toBe(accepter);
    expect(verdictOf(packet, nowMs + 1)).toBe(verdict.gateway);
  });

  it("keeps a peer's own Initial from the gateway while its DCID leads nowhere", () => {
    const [first, second] = fixture.registered;
    expect(verdictOf(initial(`0c${first}`))).toBe(verdict.noRoute);
    expect(verdictOf(initial("0c0102030405060708090a0b0c"))).toBe(verdict.gateway);
    expect(verdictOf(initial(`0d${first}00`))).toBe(verdict.gateway);
    expect(verdictOf(initial(`0c${first!.slice(2)}`).subarray(0, 26))).toBe(verdict.gateway);
    // A DCID that leads somewhere goes first.
    expect(verdictOf(Buffer.from(`c0000000010c${second}0c${first}00`, "hex"))).toBe(1);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), (datagram) => {
        expect(verdictOf(datagram)).toBeGreaterThanOrEqual(verdict.noRoute);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, however a valid packet is cut and changed", () => {
    fc.assert(
      fc.property(changedPacket, (datagram) => {
        expect(verdictOf(datagram)).toBeLessThanOrEqual(accepter);
      }),
      { numRuns: 1000 },
    );
  });
});
