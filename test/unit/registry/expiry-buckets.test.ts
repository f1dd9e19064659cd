import { describe, expect, it } from "vitest";
import { ExpiryBuckets, type Expiring } from "../../../src/registry/index.ts";

function ending(expiresAtMs: number): Expiring {
  return { expiresAtMs, slot: -1 };
}

/** Takes out what is due. */
function takeDue(buckets: ExpiryBuckets<Expiring>, nowMs: number): number[] {
  const ends: number[] = [];
  for (const item of buckets.due(nowMs)) {
    buckets.delete(item);
    ends.push(item.expiresAtMs);
  }
  return ends.sort((a, b) => a - b);
}

describe("ExpiryBuckets", () => {
  it("shows an item as due once its whole bucket has passed, never before its end", () => {
    const buckets = new ExpiryBuckets(1000);
    for (const expiresAtMs of [5000, 5999, 6000]) buckets.add(ending(expiresAtMs));
    expect(takeDue(buckets, 5999)).toEqual([]);
    expect(takeDue(buckets, 6000)).toEqual([5000, 5999]);
    expect(takeDue(buckets, 7000)).toEqual([6000]);
    expect(buckets.size).toBe(0);
  });

  it("finds everything after a leap of the clock", () => {
    const buckets = new ExpiryBuckets(1000);
    for (const expiresAtMs of [1, 1e6, 1e9]) buckets.add(ending(expiresAtMs));
    expect(takeDue(buckets, 1e12)).toEqual([1, 1e6, 1e9]);
  });

  it("moves items both ways", () => {
    const buckets = new ExpiryBuckets(1000);
    const [early, late] = [ending(1000), ending(9000)];
    buckets.add(early);
    buckets.add(late);
    buckets.move(early, 9500);
    buckets.move(late, 1500);
    expect(takeDue(buckets, 3000)).toEqual([1500]);
    expect(early.expiresAtMs).toBe(9500);
  });

  it("deletes the given item, once, wherever that is in its bucket", () => {
    const buckets = new ExpiryBuckets(1000);
    const items = Array.from({ length: 100 }, (_, i) => ending(i));
    for (const item of items) buckets.add(item);
    for (const item of [...items.slice(0, 30), ...items.slice(80), ...items.slice(40, 50)]) {
      buckets.delete(item);
      buckets.delete(item);
    }
    expect(buckets.size).toBe(40);
    const left = [...items.slice(30, 40), ...items.slice(50, 80)];
    expect(takeDue(buckets, 1000)).toEqual(left.map(({ expiresAtMs }) => expiresAtMs));
  });

  it("lets items be moved and deleted while it iterates", () => {
    const buckets = new ExpiryBuckets(1000);
    const items = Array.from({ length: 100 }, (_, i) => ending(i * 100));
    for (const item of items) buckets.add(item);
    let seen = 0;
    for (const item of buckets.due(20_000)) {
      seen++;
      buckets.move(item, 50_000);
      if (seen === 1) buckets.delete(items[0]!);
    }
    expect(seen).toBe(99);
    expect(takeDue(buckets, 20_000)).toEqual([]);
    expect(takeDue(buckets, 60_000)).toHaveLength(99);
  });
});
