import { describe, expect, it } from "vitest";
import { Quarantine } from "../../../../../src/peer/path/keeping/quarantine.ts";
import type { Address } from "../../../../../src/wire/address.ts";

const at = (port: number): Address => ({ address: "192.0.2.1", port });

describe("an address that has failed", () => {
  it("rests for 5 s, then twice as long each time, up to 5 minutes", () => {
    const quarantine = new Quarantine();
    const rests = Array.from({ length: 8 }, () => {
      quarantine.add(at(1), 0);
      return quarantine.endMs(at(1));
    });
    expect(rests).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    expect(quarantine.has(at(1), 299_999)).toBe(true);
    expect(quarantine.has(at(1), 300_000)).toBe(false);
    expect(quarantine.has(at(2), 0)).toBe(false);
  });

  it("is forgiven when the network changes", () => {
    const quarantine = new Quarantine();
    quarantine.add(at(1), 0);
    quarantine.clear();
    expect(quarantine.has(at(1), 1)).toBe(false);
  });

  it("is forgotten when 32 others have failed since", () => {
    const quarantine = new Quarantine();
    for (let port = 1; port <= 33; port++) quarantine.add(at(port), 0);
    expect(quarantine.has(at(1), 1)).toBe(false);
    expect(quarantine.has(at(2), 1)).toBe(true);
  });

  it("is waited for, of several the one whose rest ends first, and taken once", () => {
    const quarantine = new Quarantine();
    for (const port of [1, 1, 2]) quarantine.add(at(port), 0);
    expect(quarantine.awaitedMs).toBe(Infinity);
    quarantine.await(at(1));
    quarantine.await(at(2));
    quarantine.await(at(1));
    expect(quarantine.awaitedMs).toBe(5000);
    expect(quarantine.takeAwaited(4999)).toBeUndefined();
    expect(quarantine.takeAwaited(5000)).toEqual(at(2));
    expect(quarantine.takeAwaited(60_000)).toBeUndefined();
  });
});
