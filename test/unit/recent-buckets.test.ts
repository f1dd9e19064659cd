import { describe, expect, it } from "vitest";
import { RecentBuckets } from "../../src/recent-buckets.ts";

describe("RecentBuckets", () => {
  it("allows each name its rate, and no more", () => {
    const buckets = new RecentBuckets(3, 3, 10);
    const allowed = ["a", "a", "a", "a", "b"].map((name) => buckets.of(name, 0).take(1, 0));
    expect(allowed).toEqual([true, true, true, false, true]);
    expect(buckets.of("a", 334).take(1, 334)).toBe(true);
    expect(buckets.of("a", 334).take(1, 334)).toBe(false);
  });

  it("remembers only so many names, the most recently seen", () => {
    const buckets = new RecentBuckets(1, 1, 2);
    for (const name of ["a", "b", "a", "c"]) buckets.of(name, 0).take(1, 0);
    expect(buckets.of("a", 0).take(1, 0)).toBe(false);
    expect(buckets.of("b", 0).take(1, 0)).toBe(true);
  });
});
