import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classify, verdict } from "../../../../src/forwarder/dgram/demux.ts";
import { loadAddon } from "../../../../src/forwarder/native/load.ts";
import { PinTable } from "../../../../src/forwarder/pins.ts";
import { RouteTable } from "../../../../src/forwarder/dgram/route-table.ts";
import { itWith } from "../../../integration/harness/requirement.ts";

interface Fixture {
  readonly registered: readonly string[];
  readonly pinned: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly packetHex: string;
    readonly verdict: "relay" | "gateway" | "stun" | "drop";
    readonly cid?: string;
  }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../../../fixtures/packets.json", import.meta.url), "utf8"),
);
const nowMs = 1_000_000;
const routes: RouteTable = new RouteTable();
fixture.registered.forEach((cid, session) => routes.set(Buffer.from(cid, "hex"), 0, session));
const pins: PinTable = new PinTable();
for (const dcid of fixture.pinned)
  pins.add({ destinationId: Buffer.from(dcid, "hex"), to: 0, from: 1, expiresAtMs: nowMs + 1 }, nowMs);

function verdictOf(datagram: Uint8Array): number {
  return classify(datagram, routes, pins, nowMs);
}

/** An Initial to a DCID that leads nowhere; `sourceId` with its length byte. */
function initial(sourceId: string): Buffer {
  return Buffer.from(`c00000000108aabbccddeeff0011${sourceId}0000`, "hex");
}

/** A packet of the table, or a peer's Initial that leads nowhere, cut and changed here and there. */
const changedPacket: fc.Arbitrary<Uint8Array> = fc
  .record({
    packetHex: fc.constantFrom(
      ...fixture.cases.map((entry) => entry.packetHex),
      ...fixture.registered.map((cid) => initial(`0c${cid}`).toString("hex")),
    ),
    length: fc.nat(60),
    changes: fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 3 }),
  })
  .map(({ packetHex, length, changes }) => {
    const datagram = Buffer.from(packetHex, "hex").subarray(0, length);
    for (const [at, value] of changes) if (at < datagram.length) datagram[at] = value;
    return datagram;
  });

describe("classify, by the table of cases", () => {
  it("has cases of every verdict", () => {
    expect(new Set(fixture.cases.map((entry) => entry.verdict))).toEqual(
      new Set(["relay", "gateway", "stun", "drop"]),
    );
  });

  for (const { name, packetHex, verdict: expected, cid } of fixture.cases)
    it(`${expected}: ${name}`, () => {
      const sorted = verdictOf(Buffer.from(packetHex, "hex"));
      const isPinned = cid !== undefined && fixture.pinned.includes(cid);
      const numbers = { gateway: verdict.gateway, stun: verdict.stun, drop: verdict.empty };
      if (expected !== "relay") expect(sorted).toBe(numbers[expected]);
      else expect(sorted).toBe(isPinned ? verdict.pinned : fixture.registered.indexOf(cid!));
    });
});

describe("the rules in C", () => {
  const loaded = loadAddon();
  const cids = Buffer.from(fixture.registered.join(""), "hex");
  const pinned = fixture.pinned.map((dcid) => Buffer.from(dcid, "hex"));
  const nativeVerdictOf = (datagram: Uint8Array): string =>
    "addon" in loaded ? loaded.addon.classify(datagram, cids, pinned) : loaded.reason;
  const names = new Map<number, string>(Object.entries(verdict).map(([name, number]) => [number, name]));

  itWith("native").each(fixture.cases)("$verdict: $name", ({ packetHex, verdict: expected, cid }) => {
    const sorted = nativeVerdictOf(Buffer.from(packetHex, "hex"));
    const relayed = cid !== undefined && fixture.pinned.includes(cid) ? "pinned" : "session";
    expect(sorted).toBe({ gateway: "gateway", stun: "stun", drop: "empty", relay: relayed }[expected]);
  });

  itWith("native")("say the same as those in TypeScript, whatever the bytes", () => {
    fc.assert(
      fc.property(changedPacket, (datagram) => {
        const sorted = verdictOf(datagram);
        expect(nativeVerdictOf(datagram)).toBe(sorted < 0 ? names.get(sorted) : "session");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("classify", () => {
  it("lets a pin go when it expires", () => {
    const packet = Buffer.from(`c00000000108${fixture.pinned[0]}0000`, "hex");
    expect(classify(packet, routes, pins, nowMs)).toBe(verdict.pinned);
    expect(classify(packet, routes, pins, nowMs + 1)).toBe(verdict.gateway);
  });

  it("keeps a peer's own Initial from the gateway while its DCID leads nowhere", () => {
    const [first, second] = fixture.registered;
    expect(verdictOf(initial(`0c${first}`))).toBe(verdict.unknownInitial);
    expect(verdictOf(initial("0c0102030405060708090a0b0c"))).toBe(verdict.gateway);
    expect(verdictOf(initial(`0d${first}00`))).toBe(verdict.gateway);
    expect(verdictOf(initial(`0c${first!.slice(2)}`).subarray(0, 26))).toBe(verdict.gateway);
    // A DCID that leads somewhere goes first.
    expect(verdictOf(Buffer.from(`c0000000010c${second}0c${first}00`, "hex"))).toBe(1);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), (datagram) => {
        expect(verdictOf(datagram)).toBeGreaterThanOrEqual(verdict.unknownInitial);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, however a valid packet is cut and changed", () => {
    fc.assert(
      fc.property(changedPacket, (datagram) => {
        expect(verdictOf(datagram)).toBeLessThan(fixture.registered.length);
      }),
      { numRuns: 1000 },
    );
  });
});
