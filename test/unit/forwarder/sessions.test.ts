import { describe, expect, it } from "vitest";
import type { SessionSpec } from "../../../src/forwarder/contract.ts";
import { SessionTable } from "../../../src/forwarder/sessions.ts";

const nowMs = 1_000_000;
const home = { address: "192.0.2.1", port: 4433 };
const away = { address: "198.51.100.9", port: 1024 };

function cids(...bytes: number[]): Uint8Array {
  return Buffer.concat(bytes.map((byte) => Buffer.alloc(12, byte)));
}

function spec(change: Partial<SessionSpec> = {}): SessionSpec {
  return { cids: cids(1), address: home, bytesPerSecond: 1000, expiresAtMs: nowMs + 1000, ...change };
}

describe("SessionTable", () => {
  it("routes all connection IDs of a session, and none after its end", () => {
    const table = new SessionTable();
    const id = table.open(spec({ cids: cids(1, 2, 3) }), nowMs);
    expect([1, 2, 3].map((byte) => table.routes.find(cids(byte), 0))).toEqual([id, id, id]);
    table.close(id);
    expect([1, 2, 3].map((byte) => table.routes.find(cids(byte), 0))).toEqual([-1, -1, -1]);
    expect([table.size, table.routes.size]).toEqual([0, 0]);
  });

  it("keeps no hold of the caller's bytes", () => {
    const table = new SessionTable();
    const bytes = cids(1);
    const id = table.open(spec({ cids: bytes }), nowMs);
    bytes.fill(9);
    table.close(id);
    expect(table.routes.size).toBe(0);
  });

  it("reuses ids, and refuses one that has ended", () => {
    const table = new SessionTable();
    const first = table.open(spec(), nowMs);
    table.close(first);
    expect(() => table.require(first)).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_INTERNAL" }));
    expect(table.open(spec(), nowMs)).toBe(first);
    expect(table.open(spec({ cids: cids(2) }), nowMs)).not.toBe(first);
  });

  it("changes connection IDs in place", () => {
    const table = new SessionTable();
    const id = table.open(spec({ cids: cids(1, 2) }), nowMs);
    table.update(id, { cids: cids(2, 3) });
    expect([1, 2, 3].map((byte) => table.routes.find(cids(byte), 0))).toEqual([-1, id, id]);
  });

  it("does not take away a connection ID that another session holds by now", () => {
    const table = new SessionTable();
    const first = table.open(spec(), nowMs);
    const second = table.open(spec(), nowMs);
    table.close(first);
    expect(table.routes.find(cids(1), 0)).toBe(second);
  });

  it("knows the sender by its address, and follows it", () => {
    const table = new SessionTable();
    const id = table.open(spec({ address: null }), nowMs);
    expect(table.senderAt(home.address, home.port, nowMs)).toBeUndefined();
    table.update(id, { address: home });
    expect(table.senderAt(home.address, home.port, nowMs)?.id).toBe(id);
    table.update(id, { address: away });
    expect(table.senderAt(home.address, home.port, nowMs)).toBeUndefined();
    expect(table.senderAt(away.address, away.port, nowMs)?.id).toBe(id);
    expect(table.senderAt(away.address, away.port + 1, nowMs)).toBeUndefined();
  });

  it("lets the session pay that was registered at an address most recently and lives", () => {
    const table = new SessionTable();
    const ids = [1, 2, 3].map((byte) => table.open(spec({ cids: cids(byte) }), nowMs));
    const sender = (): number | undefined => table.senderAt(home.address, home.port, nowMs)?.id;
    expect(sender()).toBe(ids[2]);
    table.update(ids[2]!, { expiresAtMs: nowMs });
    expect(sender()).toBe(ids[1]);
    table.close(ids[1]!);
    expect(sender()).toBe(ids[0]);
    table.update(ids[2]!, { address: home, expiresAtMs: nowMs + 1 });
    expect(sender()).toBe(ids[2]);
    table.close(ids[2]!);
    table.close(ids[0]!);
    expect(sender()).toBeUndefined();
  });

  it("gives a slow session a bucket that holds a first flight", () => {
    const table = new SessionTable();
    const { bucket } = table.require(table.open(spec({ bytesPerSecond: 1000 }), nowMs));
    expect(bucket.take(64 * 1024, nowMs)).toBe(true);
    expect(bucket.take(1, nowMs)).toBe(false);
  });
});
