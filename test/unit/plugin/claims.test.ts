import { describe, expect, it } from "vitest";
import { parseRelayClaim } from "../../../src/plugin/claims.ts";

describe("parseRelayClaim", () => {
  it("reads every figure and the peers", () => {
    expect(
      parseRelayClaim({
        maxCids: 5,
        maxRegistrations: 1,
        bytesPerSecond: 1000,
        ttlMs: 60_000,
        peers: ["bob"],
      }),
    ).toEqual({
      quota: { maxCids: 5, maxRegistrations: 1, bytesPerSecond: 1000, maxTtlMs: 60_000 },
      peers: new Set(["bob"]),
    });
  });

  it("reads an absent or empty claim as no restriction, and an empty list as nobody", () => {
    for (const claim of [undefined, {}])
      expect(parseRelayClaim(claim)).toEqual({ quota: {}, peers: undefined });
    expect(parseRelayClaim({ peers: [] })!.peers).toEqual(new Set());
  });

  it.each([
    null,
    7,
    "maxCids",
    [],
    { maxCids: 0 },
    { maxCids: -1 },
    { maxCids: 1.5 },
    { maxCids: "5" },
    { maxCids: null },
    { maxCids: 2 ** 60 },
    { maxCidz: 5 },
    { peers: "bob" },
    { peers: [1] },
    { peers: null },
  ])("refuses %j as a whole", (claim) => {
    expect(parseRelayClaim(claim)).toBeUndefined();
  });
});
