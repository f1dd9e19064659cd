import { describe, expect, it } from "vitest";
import { maxInitialRoutesPerSession } from "../../../src/defaults/index.ts";
import type { InitialRoute } from "../../../src/forwarder/contract.ts";
import { InitialRouteTable } from "../../../src/forwarder/initial-routes.ts";

const nowMs = 1_000_000;

function dcid(n: number, length = 8): Buffer {
  const bytes = Buffer.alloc(length, 0xf0);
  bytes.writeUInt16BE(n);
  return bytes;
}

function route(n: number, change: Partial<InitialRoute> = {}): InitialRoute {
  return { destinationId: dcid(n), to: 1, from: 2, expiresAtMs: nowMs + 1000, ...change };
}

function keyOf({ destinationId }: InitialRoute): string {
  return Buffer.from(destinationId).toString("hex");
}

function has(table: InitialRouteTable, bytes: Uint8Array, at = nowMs): boolean {
  return table.find(bytes, 0, bytes.length, at) !== undefined;
}

describe("InitialRouteTable", () => {
  it("finds a route by exactly its bytes, until it expires", () => {
    const table = new InitialRouteTable();
    table.add(route(1), nowMs);
    expect(has(table, dcid(1))).toBe(true);
    expect(has(table, dcid(2))).toBe(false);
    expect(has(table, dcid(1, 9))).toBe(false);
    expect(has(table, dcid(1).subarray(0, 7))).toBe(false);
    expect(has(table, dcid(1), nowMs + 1000)).toBe(false);
  });

  it("renews the route of a dial", () => {
    const table = new InitialRouteTable();
    table.add(route(1), nowMs);
    expect(table.add(route(1, { expiresAtMs: nowMs + 2000 }), nowMs)).toBe(true);
    expect(table.size).toBe(1);
    expect(has(table, dcid(1), nowMs + 1999)).toBe(true);
  });

  it.each([{ to: 5 }, { from: 5 }])(
    "keeps a route from another dial with its DCID until it expires: %o",
    (change) => {
      const table = new InitialRouteTable();
      const [first, second] = [route(1), route(1, { ...change, expiresAtMs: nowMs + 2000 })];
      table.add(first, nowMs);
      expect(table.add(second, nowMs + 999)).toBe(false);
      expect(table.find(dcid(1), 0, 8, nowMs)).toBe(first);
      // The second is no session's, so that its end does not end the first.
      table.removeSession(5);
      expect(table.size).toBe(1);
      expect(table.add(second, nowMs + 1000)).toBe(true);
      expect(table.find(dcid(1), 0, 8, nowMs + 1000)).toBe(second);
      table.removeSession(5);
      expect(table.size).toBe(0);
    },
  );

  it("drops an accepter's oldest route when it has too many, and no one else's", () => {
    const table = new InitialRouteTable();
    table.add(route(9999, { to: 7 }), nowMs);
    for (let n = 0; n <= maxInitialRoutesPerSession; n++) table.add(route(n), nowMs);
    expect(table.size).toBe(maxInitialRoutesPerSession + 1);
    expect(has(table, dcid(0))).toBe(false);
    expect(has(table, dcid(1))).toBe(true);
    expect(has(table, dcid(9999))).toBe(true);
  });

  it("removes the routes to and from a session that ends", () => {
    const table = new InitialRouteTable();
    table.add(route(1, { to: 1, from: 2 }), nowMs);
    table.add(route(2, { to: 2, from: 3 }), nowMs);
    table.add(route(3, { to: 1, from: 3 }), nowMs);
    table.removeSession(2);
    expect([1, 2, 3].map((n) => has(table, dcid(n)))).toEqual([false, false, true]);
    table.removeSession(3);
    expect(table.size).toBe(0);
  });

  it("tells a mirror of every change, so that it holds the same", () => {
    const mirrored = new Set<string>();
    const removed: InitialRoute[] = [];
    const table = new InitialRouteTable({
      added: (added) => void mirrored.add(keyOf(added)),
      removed(old) {
        removed.push(old);
        mirrored.delete(keyOf(old));
      },
    });
    for (let n = 0; n <= maxInitialRoutesPerSession; n++) table.add(route(n), nowMs);
    const removals = removed.length;
    table.add(route(1, { expiresAtMs: nowMs + 2000 }), nowMs);
    table.add(route(2, { expiresAtMs: nowMs }), nowMs);
    // Replaced in place: a packet must not miss the DCID for a moment.
    expect(removed).toHaveLength(removals);
    expect([mirrored.size, table.size]).toEqual([maxInitialRoutesPerSession, maxInitialRoutesPerSession]);
    table.sweep(nowMs);
    expect([mirrored.size, mirrored.has(keyOf(route(2)))]).toEqual([maxInitialRoutesPerSession - 1, false]);
    table.removeSession(1);
    expect([...mirrored]).toEqual([]);
  });

  it("sweeps what has expired", () => {
    const table = new InitialRouteTable();
    table.add(route(1, { expiresAtMs: nowMs }), nowMs);
    table.add(route(2), nowMs);
    table.sweep(nowMs);
    expect(table.size).toBe(1);
  });
});
