import { describe, expect, it } from "vitest";
import { growthOf } from "../../../scripts/soak/series.ts";

describe("growth of a series", () => {
  it("is the last quarter's median less the first's, whatever peaks are between", () => {
    expect(growthOf([1, 1, 9, 1, 50, 50, 50, 50, 3, 3, 0, 3])).toBe(2);
  });

  it("is none where the series is flat, short or empty", () => {
    expect(growthOf([5, 5, 5, 5])).toBe(0);
    expect(growthOf([5])).toBe(0);
    expect(growthOf([])).toBe(0);
  });
});
