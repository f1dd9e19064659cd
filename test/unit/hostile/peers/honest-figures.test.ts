import { describe, expect, it } from "vitest";
import { lateOf, quantile } from "../../../../scripts/hostile/peers/honest-figures.ts";
import { calm } from "./sight.ts";

describe("the figures of an honest peer", () => {
  it("count a message as late after 100 ms, and one without an answer always", () => {
    expect(lateOf({ ...calm.honest, echoMs: [1, 100, 101, 500], unanswered: 3 })).toBe(5);
  });

  it("have quantiles in which what is missing is endless", () => {
    const times = [4, 1, 3, 2];
    expect([0, 0.5, 0.99, 1].map((share) => quantile(times, 0, share))).toEqual([1, 3, 4, 4]);
    expect([0.5, 1].map((share) => quantile(times, 2, share))).toEqual([4, Infinity]);
    expect(quantile([], 0, 0.5)).toBe(Infinity);
  });
});
