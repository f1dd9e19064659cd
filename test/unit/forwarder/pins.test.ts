import { describe, expect, it } from "vitest";
import { maxPinsPerSession } from "../../../src/defaults/index.ts";
import type { PinnedInitial } from "../../../src/forwarder/contract.ts";
import { PinTable } from "../../../src/forwarder/pins.ts";

const nowMs = 1_000_000;

function dcid(n: number, length = 8): Buffer {
  const bytes = Buffer.alloc(length, 0xf0);
  bytes.writeUInt16BE(n);
  return bytes;
}

function pin(n: number, change: Partial<PinnedInitial> = {}): PinnedInitial {
  return { destinationId: dcid(n), to: 1, from: 2, expiresAtMs: nowMs + 1000, ...change };
}

function keyOf({ destinationId }: PinnedInitial): string {
  return Buffer.from(destinationId).toString("hex");
}

function has(table: PinTable, bytes: Uint8Array, at = nowMs): boolean {
  return table.has(bytes, 0, bytes.length, at);
}

describe("PinTable", () => {
  it("finds a pin by exactly its bytes, until it expires", () => {
    const table = new PinTable();
    table.add(pin(1), nowMs);
    expect(has(table, dcid(1))).toBe(true);
    expect(has(table, dcid(2))).toBe(false);
    expect(has(table, dcid(1, 9))).toBe(false);
    expect(has(table, dcid(1).subarray(0, 7))).toBe(false);
    expect(has(table, dcid(1), nowMs + 1000)).toBe(false);
  });

  it("renews the pin of a dial", () => {
    const table = new PinTable();
    table.add(pin(1), nowMs);
    expect(table.add(pin(1, { expiresAtMs: nowMs + 2000 }), nowMs)).toBe(true);
    expect(table.size).toBe(1);
    expect(has(table, dcid(1), nowMs + 1999)).toBe(true);
  });

  it.each([{ to: 5 }, { from: 5 }])(
    "keeps a pin from another dial with its DCID until it expires: %o",
    (change) => {
      const table = new PinTable();
      const [first, second] = [pin(1), pin(1, { ...change, expiresAtMs: nowMs + 2000 })];
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

  it("drops an accepter's oldest pin when it has too many, and no one else's", () => {
    const table = new PinTable();
    table.add(pin(9999, { to: 7 }), nowMs);
    for (let n = 0; n <= maxPinsPerSession; n++) table.add(pin(n), nowMs);
    expect(table.size).toBe(maxPinsPerSession + 1);
    expect(has(table, dcid(0))).toBe(false);
    expect(has(table, dcid(1))).toBe(true);
    expect(has(table, dcid(9999))).toBe(true);
  });

  it("removes the pins to and from a session that ends", () => {
    const table = new PinTable();
    table.add(pin(1, { to: 1, from: 2 }), nowMs);
    table.add(pin(2, { to: 2, from: 3 }), nowMs);
    table.add(pin(3, { to: 1, from: 3 }), nowMs);
    table.removeSession(2);
    expect([1, 2, 3].map((n) => has(table, dcid(n)))).toEqual([false, false, true]);
    table.removeSession(3);
    expect(table.size).toBe(0);
  });

  it("tells a mirror of every change, so that it holds the same", () => {
    const mirrored = new Set<string>();
    const removed: PinnedInitial[] = [];
    const table = new PinTable({
      added: (added) => void mirrored.add(keyOf(added)),
      removed(old) {
        removed.push(old);
        mirrored.delete(keyOf(old));
      },
    });
    for (let n = 0; n <= maxPinsPerSession; n++) table.add(pin(n), nowMs);
    const removals = removed.length;
    table.add(pin(1, { expiresAtMs: nowMs + 2000 }), nowMs);
    table.add(pin(2, { expiresAtMs: nowMs }), nowMs);
    // Replaced in place: a packet must not find the DCID unpinned for a moment.
    expect(removed).toHaveLength(removals);
    expect([mirrored.size, table.size]).toEqual([maxPinsPerSession, maxPinsPerSession]);
    table.sweep(nowMs);
    expect([mirrored.size, mirrored.has(keyOf(pin(2)))]).toEqual([maxPinsPerSession - 1, false]);
    table.removeSession(1);
    expect([...mirrored]).toEqual([]);
  });

  it("sweeps what has expired", () => {
    const table = new PinTable();
    table.add(pin(1, { expiresAtMs: nowMs }), nowMs);
    table.add(pin(2), nowMs);
    table.sweep(nowMs);
    expect(table.size).toBe(1);
  });
});
