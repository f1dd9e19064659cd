import { describe, expect, it } from "vitest";
import { type Expiring, ExpiryBuckets } from "../../../src/registry/index.ts";
import { RegistrationOrder } from "../../../src/registry/orders.ts";

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

interface Item {
  readonly ordinal: number;
  readonly expiresAtMs: number;
}

function filled(count: number): { readonly order: RegistrationOrder<Item>; readonly items: readonly Item[] } {
  const order = new RegistrationOrder<Item>();
  const items = Array.from({ length: count }, (_, i) => ({ ordinal: i + 1, expiresAtMs: i }));
  for (const item of items) order.add(item);
  return { order, items };
}

describe("RegistrationOrder", () => {
  it("goes on after any ordinal, whether that is still there or not", () => {
    const { order, items } = filled(1000);
    order.delete(items[499]!);
    for (const after of [0, 1, 63, 64, 65, 499, 500, 999, 1000, 5000])
      expect([...order.after(after, -1)]).toEqual(
        items.filter((item) => item.ordinal > after && item !== items[499]),
      );
  });

  it("leaves out those whose time is over", () => {
    const { order, items } = filled(100);
    expect([...order.after(0, 70)]).toEqual(items.filter(({ expiresAtMs }) => expiresAtMs > 70));
  });

  it("lets items come and go while it iterates", () => {
    const { order, items } = filled(200);
    const seen: number[] = [];
    for (const item of order.after(0, -1)) {
      seen.push(item.ordinal);
      order.delete(item);
      if (item.ordinal === 10) for (const gone of items.slice(10, 150)) order.delete(gone);
      if (item.ordinal === 160) order.add({ ordinal: 201, expiresAtMs: 201 });
    }
    expect(seen).toEqual([...range(1, 10), ...range(151, 201)]);
    expect([...order.after(0, -1)]).toEqual([]);
  });
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
