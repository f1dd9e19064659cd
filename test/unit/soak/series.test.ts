import { describe, expect, it } from "vitest";
import { courseOf, growthOf } from "../../../scripts/soak/series.ts";

describe("growth of a series", () => {
  it("is the last round's median less the first's, whatever peaks are between", () => {
    expect(growthOf([1, 1, 9, 50, 50, 50, 50, 3, 0, 3], 3)).toBe(2);
  });

  it("is none where only the attacks of a round differ from each other", () => {
    const round = [400, 400, 500, 500, 600, 600];
    expect(growthOf([...round, ...round, ...round], round.length)).toBe(0);
  });

  it("is none where the series is flat, short or empty", () => {
    expect(growthOf([5, 5, 5, 5], 2)).toBe(0);
    expect(growthOf([5], 2)).toBe(0);
    expect(growthOf([], 2)).toBe(0);
  });
});

describe("the course of a figure", () => {
  it("has its start, its values around the time that is watched, and the growth in it", () => {
    expect(courseOf(2, [5, 9, 6, 8], 1)).toEqual({ start: 2, warm: 5, end: 8, growth: 3 });
  });

  it("is its start where nothing was seen later", () => {
    expect(courseOf(2, [], 1)).toEqual({ start: 2, warm: 2, end: 2, growth: 0 });
  });
});
