import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RouteTable } from "../../../../src/forwarder/dgram/route-table.ts";

function cid(n: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(n, 8);
  return bytes;
}

describe("RouteTable", () => {
  it("finds at an offset into a datagram", () => {
    const table = new RouteTable();
    table.set(cid(7), 0, 42);
    const datagram = Buffer.concat([Buffer.from([0x40]), cid(7), Buffer.alloc(20)]);
    expect(table.find(datagram, 1)).toBe(42);
    expect(table.find(datagram, 2)).toBe(-1);
  });

  it("tells connection IDs apart that differ in one bit", () => {
    const table = new RouteTable();
    const base = Buffer.alloc(12, 0x55);
    table.set(base, 0, 0);
    for (let bit = 0; bit < 96; bit++) {
      const other = Buffer.from(base);
      other[bit >> 3]! ^= 1 << (bit & 7);
      expect(table.find(other, 0)).toBe(-1);
    }
  });

  it("replaces, and removes only what still leads to the session", () => {
    const table = new RouteTable();
    table.set(cid(1), 0, 10);
    table.set(cid(1), 0, 11);
    expect([table.size, table.find(cid(1), 0)]).toEqual([1, 11]);
    table.delete(cid(1), 0, 10);
    expect([table.size, table.find(cid(1), 0)]).toEqual([1, 11]);
    table.delete(cid(1), 0, 11);
    expect([table.size, table.find(cid(1), 0)]).toEqual([0, -1]);
  });

  it("holds 50 000 connection IDs through growth and the removal of every other one", () => {
    const table = new RouteTable(Int32Array.of(1, 2));
    for (let n = 0; n < 50_000; n++) table.set(cid(n), 0, n);
    for (let n = 0; n < 50_000; n += 2) table.delete(cid(n), 0, n);
    const wrong = Array.from({ length: 50_000 }, (_, n) => n).filter(
      (n) => table.find(cid(n), 0) !== (n % 2 === 0 ? -1 : n),
    );
    expect(wrong).toEqual([]);
    expect(table.size).toBe(25_000);
  });

  it("does what a Map does, in any order of changes", () => {
    const change = fc.record({ n: fc.nat(400), session: fc.nat(5), removes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 1500, size: "max" }), fc.integer(), (changes, key) => {
        const table = new RouteTable(Int32Array.of(key, 7));
        const model = new Map<number, number>();
        for (const { n, session, removes } of changes) {
          if (!removes) model.set(n, session);
          else if (model.get(n) === session) model.delete(n);
          if (removes) table.delete(cid(n), 0, session);
          else table.set(cid(n), 0, session);
        }
        expect(table.size).toBe(model.size);
        for (let n = 0; n <= 400; n++) expect(table.find(cid(n), 0)).toBe(model.get(n) ?? -1);
      }),
      { numRuns: 30 },
    );
  });
});
