import { describe, expect, it } from "vitest";
import { ExpiryBuckets } from "../../../src/registry/index.ts";

function due(buckets: ExpiryBuckets<{ expiresAtMs: number }>, nowMs: number): number[] {
  return [...buckets.due(nowMs)].map((item) => item.expiresAtMs).sort((a, b) => a - b);
}

describe("ExpiryBuckets", () => {
  it("shows an item as due once its whole bucket has passed, never before its end", () => {
    const buckets = new ExpiryBuckets(1000);
    for (const expiresAtMs of [5000, 5999, 6000]) buckets.add({ expiresAtMs });
    expect(due(buckets, 5999)).toEqual([]);
    expect(due(buckets, 6000)).toEqual([5000, 5999]);
    expect(due(buckets, 7000)).toEqual([5000, 5999, 6000]);
  });

  it("finds everything after a leap of the clock", () => {
    const buckets = new ExpiryBuckets(1000);
    for (const expiresAtMs of [1, 1e6, 1e9]) buckets.add({ expiresAtMs });
    expect(due(buckets, 1e12)).toEqual([1, 1e6, 1e9]);
  });

  it("moves items both ways", () => {
    const buckets = new ExpiryBuckets(1000);
    const [early, late] = [{ expiresAtMs: 1000 }, { expiresAtMs: 9000 }];
    buckets.add(early);
    buckets.add(late);
    buckets.move(early, 9500);
    buckets.move(late, 1500);
    expect(due(buckets, 3000)).toEqual([1500]);
    expect(early.expiresAtMs).toBe(9500);
  });

  it("lets items be deleted and added while it iterates", () => {
    const buckets = new ExpiryBuckets(1000);
    for (let i = 0; i < 100; i++) buckets.add({ expiresAtMs: i * 100 });
    let seen = 0;
    for (const item of buckets.due(20_000)) {
      seen++;
      buckets.move(item, 50_000);
    }
    expect(seen).toBe(100);
    expect(due(buckets, 20_000)).toEqual([]);
    expect(due(buckets, 60_000)).toHaveLength(100);
  });
});
