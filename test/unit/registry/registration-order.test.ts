import { describe, expect, it } from "vitest";
import { RegistrationOrder } from "../../../src/registry/registration-order.ts";

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
