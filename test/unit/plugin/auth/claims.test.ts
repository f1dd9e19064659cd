import { describe, expect, it } from "vitest";
import { parseRelayClaim } from "../../../../src/plugin/auth/claims.ts";

describe("parseRelayClaim", () => {
  it("reads every figure and the peers", () => {
    expect(
      parseRelayClaim({
        maxCids: 5,
        maxRegistrations: 1,
        bytesPerSecond: 1000,
        maxTtlMs: 60_000,
        peers: ["bob"],
      }),
    ).toEqual({
      quota: { maxCids: 5, maxRegistrations: 1, bytesPerSecond: 1000, maxTtlMs: 60_000 },
      peers: new Set(["bob"]),
    });
  });

  it("reads an absent or empty claim as no restriction, and an empty list as no recipient", () => {
    for (const claim of [undefined, {}])
      expect(parseRelayClaim(claim)).toEqual({ quota: {}, peers: undefined });
    expect(parseRelayClaim({ peers: [] })).toMatchObject({ peers: new Set() });
  });

  const noFigure = 'its member "maxCids" is no whole number above 0';
  const noNames = 'its member "peers" is no list of names';

  it.each([
    [null, "it is no object"],
    [7, "it is no object"],
    ["maxCids", "it is no object"],
    [[], "it is no object"],
    [{ maxCids: 0 }, noFigure],
    [{ maxCids: -1 }, noFigure],
    [{ maxCids: 1.5 }, noFigure],
    [{ maxCids: "5" }, noFigure],
    [{ maxCids: null }, noFigure],
    [{ maxCids: 2 ** 60 }, noFigure],
    [{ maxCidz: 5 }, 'its member "maxCidz" is unknown'],
    [{ ttlMs: 60_000 }, 'its member "ttlMs" is now called "maxTtlMs"'],
    [{ peers: "bob" }, noNames],
    [{ peers: [1] }, noNames],
    [{ peers: null }, noNames],
  ])("refuses %j as a whole, and says why", (claim, fault) => {
    expect(parseRelayClaim(claim)).toBe(fault);
  });
});
