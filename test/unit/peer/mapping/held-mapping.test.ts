import { expect, it } from "vitest";
import { HeldMapping } from "../../../../src/peer/mapping/held-mapping.ts";
import { mappingProtocols } from "../../../../src/peer/mapping/protocols.ts";

const second = 1000;
const hour = 3600 * second;

function held(lifetimeSeconds: number): HeldMapping {
  const address = { address: "203.0.113.9", port: 40_000 };
  return new HeldMapping(
    mappingProtocols[0],
    { kind: "granted", address, epochSeconds: 1000, lifetimeSeconds },
    0,
  );
}

it("a mapping is due at half of its life", () => {
  expect(held(7200).isDue(hour - 1)).toBe(false);
  expect(held(7200).isDue(hour)).toBe(true);
  expect(held(7200).hasEnded(2 * hour - 1)).toBe(false);
  expect(held(7200).hasEnded(2 * hour)).toBe(true);
});

it("a router is not believed to map for longer than a day", () => {
  expect(held(0xffffffff).isDue(12 * hour)).toBe(true);
  expect(held(0xffffffff).hasEnded(24 * hour)).toBe(true);
});

it("a router is asked every 4 s at most, however short the life that it grants", () => {
  expect(held(1).waitMs(0)).toBe(4 * second);
  expect(held(100).retryMs(95 * second)).toBe(4 * second);
});

it("each question to the router measures from the one before", () => {
  const mapping = held(7200);
  // Clocks that differ by a 20th: over 40 minutes that is more than a router has been up after this.
  for (let minute = 1; minute <= 40; minute++) {
    const state = { kind: "state", epochSeconds: 1000 + minute * 57 } as const;
    expect(mapping.isLost(state, minute * 60 * second)).toBe(false);
  }
  expect(mapping.isLost({ kind: "state", epochSeconds: 3290 }, 41 * 60 * second)).toBe(true);
});
