import { describe, expect, it } from "vitest";
import { maxPinsPerSession } from "../../../src/defaults.ts";
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
    table.add(pin(1));
    expect(has(table, dcid(1))).toBe(true);
    expect(has(table, dcid(2))).toBe(false);
    expect(has(table, dcid(1, 9))).toBe(false);
    expect(has(table, dcid(1).subarray(0, 7))).toBe(false);
    expect(has(table, dcid(1), nowMs + 1000)).toBe(false);
  });

  it("replaces a pin of the same DCID", () => {
    const table = new PinTable();
    table.add(pin(1));
    table.add(pin(1, { to: 5 }));
    expect(table.size).toBe(1);
    expect(table.find(dcid(1), 0, 8, nowMs)?.to).toBe(5);
    table.removeSession(1);
    expect(table.size).toBe(1);
  });

  it("drops an accepter's oldest pin when it has too many, and no one else's", () => {
    const table = new PinTable();
    table.add(pin(9999, { to: 7 }));
    for (let n = 0; n <= maxPinsPerSession; n++) table.add(pin(n));
    expect(table.size).toBe(maxPinsPerSession + 1);
    expect(has(table, dcid(0))).toBe(false);
    expect(has(table, dcid(1))).toBe(true);
    expect(has(table, dcid(9999))).toBe(true);
  });

  it("removes the pins to and from a session that ends", () => {
    const table = new PinTable();
    table.add(pin(1, { to: 1, from: 2 }));
    table.add(pin(2, { to: 2, from: 3 }));
    table.add(pin(3, { to: 1, from: 3 }));
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
    for (let n = 0; n <= maxPinsPerSession; n++) table.add(pin(n));
    const removals = removed.length;
    table.add(pin(1, { to: 5 }));
    table.add(pin(2, { expiresAtMs: nowMs }));
    // Replaced in place: a packet must not find the DCID unpinned for a moment.
    expect(removed).toHaveLength(removals);
    expect([mirrored.size, table.size]).toEqual([maxPinsPerSession, maxPinsPerSession]);
    table.sweep(nowMs);
    expect([mirrored.size, mirrored.has(keyOf(pin(2)))]).toEqual([maxPinsPerSession - 1, false]);
    table.removeSession(1);
    expect([...mirrored]).toEqual([keyOf(pin(1))]);
  });

  it("sweeps what has expired", () => {
    const table = new PinTable();
    table.add(pin(1, { expiresAtMs: nowMs }));
    table.add(pin(2));
    table.sweep(nowMs);
    expect(table.size).toBe(1);
  });
});
