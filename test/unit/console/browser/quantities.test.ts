import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatLife,
  formatQuiet,
} from "../../../../src/console/browser/quantities.ts";

describe("quantities", () => {
  it.each([
    [0, "0"],
    [7, "7"],
    [0.254_8, "0.255"],
    [950, "950"],
    [999.6, "1 k"],
    [1_250, "1.25 k"],
    [12_449, "12.4 k"],
    [999_999, "1 M"],
    [3_040_000, "3.04 M"],
    [5e18, "5000 P"],
  ])("writes the count %d as %s", (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it("writes bytes with their unit, in powers of 1000", () => {
    expect([0, 999, 1_200, 125_000_000].map(formatBytes)).toEqual(["0 B", "999 B", "1.2 kB", "125 MB"]);
  });

  it.each([
    [-1, "over"],
    [0, "over"],
    [1, "1 s"],
    [59_500, "60 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [12_000_000, "3 h 20 min"],
    [172_800_000, "2 d"],
  ])("writes the life of %d ms as %s", (lifeMs, text) => {
    expect(formatLife(lifeMs)).toBe(text);
  });

  it.each([
    [null, "–"],
    [0, "–"],
    [12_003, "12 s"],
    [90_000, "1 min"],
  ])("writes a quiet of %s ms as %s", (quietMs, text) => {
    expect(formatQuiet(quietMs)).toBe(text);
  });
});
