import { expect, it } from "vitest";
import { hasRestarted } from "../../../../src/peer/mapping/epoch.ts";

const before = { epochSeconds: 1000, atMs: 0 };

it.each(["pcp", "nat-pmp"] as const)(
  "a router of %s has not restarted if its seconds pass as ours do",
  (by) => {
    for (const seconds of [0, 1, 60, 3600])
      expect(hasRestarted(by, before, { epochSeconds: 1000 + seconds, atMs: seconds * 1000 })).toBe(false);
  },
);

it.each([
  ["pcp", 1000, 940, 1068],
  ["nat-pmp", 1000, 873, 9999],
] as const)("a router of %s may have a clock that is somewhat wrong", (by, ourSeconds, slowest, fastest) => {
  const atMs = ourSeconds * 1000;
  for (const seconds of [slowest, fastest])
    expect(hasRestarted(by, before, { epochSeconds: 1000 + seconds, atMs })).toBe(false);
  expect(hasRestarted(by, before, { epochSeconds: 1000 + slowest - 5, atMs })).toBe(true);
});

it.each(["pcp", "nat-pmp"] as const)("a router of %s has restarted if its seconds begin anew", (by) => {
  expect(hasRestarted(by, before, { epochSeconds: 3, atMs: 60_000 })).toBe(true);
  // As much as before, but too little for the time that has passed.
  expect(hasRestarted(by, before, { epochSeconds: 1010, atMs: 60_000 })).toBe(true);
});

it("a router of PCP has restarted if its seconds jump ahead: they count from something else", () => {
  expect(hasRestarted("pcp", before, { epochSeconds: 2000, atMs: 60_000 })).toBe(true);
});
