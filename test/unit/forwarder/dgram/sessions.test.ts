import { describe, expect, it } from "vitest";
import type { SessionSpec } from "../../../../src/forwarder/contract.ts";
import { SessionTable } from "../../../../src/forwarder/dgram/sessions.ts";

const nowMs = 1_000_000;
const home = { address: "192.0.2.1", port: 4433 };
const away = { address: "198.51.100.9", port: 1024 };

function cids(...bytes: number[]): Uint8Array {
  return Buffer.concat(bytes.map((byte) => Buffer.alloc(12, byte)));
}

function spec(change: Partial<SessionSpec> = {}): SessionSpec {
  return { cids: cids(1), address: home, bucket: 0, expiresAtMs: nowMs + 1000, ...change };
}

/** With one open bucket, of the id 0. */
function createTable(): SessionTable {
  const table = new SessionTable();
  table.buckets.open(1000, nowMs);
  return table;
}

describe("SessionTable", () => {
  it("routes all connection IDs of a session, and none after its end", () => {
    const table = createTable();
    const id = table.open(spec({ cids: cids(1, 2, 3) }));
    expect([1, 2, 3].map((byte) => table.routes.find(cids(byte), 0))).toEqual([id, id, id]);
    table.close(id);
    expect([1, 2, 3].map((byte) => table.routes.find(cids(byte), 0))).toEqual([-1, -1, -1]);
    expect([table.size, table.routes.size]).toEqual([0, 0]);
  });

  it("keeps no hold of the caller's bytes", () => {
    const table = createTable();
    const bytes = cids(1);
    const id = table.open(spec({ cids: bytes }));
    bytes.fill(9);
    table.close(id);
    expect(table.routes.size).toBe(0);
  });

  it("reuses ids, and refuses one that has ended", () => {
    const table = createTable();
    const first = table.open(spec());
    table.close(first);
    expect(() => table.require(first)).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_INTERNAL" }));
    expect(table.open(spec())).toBe(first);
    expect(table.open(spec({ cids: cids(2) }))).not.toBe(first);
  });

  it("changes connection IDs in place", () => {
    const table = createTable();
    const id = table.open(spec({ cids: cids(1, 2) }));
    table.update(id, { cids: cids(2, 3) });
    expect([1, 2, 3].map((byte) => table.routes.find(cids(byte), 0))).toEqual([-1, id, id]);
  });

  it("does not take away a connection ID that another session holds by now", () => {
    const table = createTable();
    const first = table.open(spec());
    const second = table.open(spec());
    table.close(first);
    expect(table.routes.find(cids(1), 0)).toBe(second);
  });

  it("knows the sender by its address, and follows it", () => {
    const table = createTable();
    const id = table.open(spec({ address: null }));
    expect(table.senderAt(home.address, home.port, nowMs)).toBeUndefined();
    table.update(id, { address: home });
    expect(table.senderAt(home.address, home.port, nowMs)?.id).toBe(id);
    table.update(id, { address: away });
    expect(table.senderAt(home.address, home.port, nowMs)).toBeUndefined();
    expect(table.senderAt(away.address, away.port, nowMs)?.id).toBe(id);
    expect(table.senderAt(away.address, away.port + 1, nowMs)).toBeUndefined();
  });

  it("lets the session pay that was registered at an address most recently and lives", () => {
    const table = createTable();
    const ids = [1, 2, 3].map((byte) => table.open(spec({ cids: cids(byte) })));
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

  it("has sessions draw from the bucket that they are given, and then from another", () => {
    const table = createTable();
    const [shared, other] = [table.buckets.open(1000, nowMs), table.buckets.open(1000, nowMs)];
    const ids = [1, 2].map((byte) => table.open(spec({ cids: cids(byte), bucket: shared })));
    const take = (id: number, bytes: number): boolean => table.require(id).bucket.take(bytes, nowMs);
    expect(take(ids[0]!, 64 * 1024)).toBe(true);
    expect(take(ids[1]!, 1)).toBe(false);
    table.update(ids[1]!, { bucket: other });
    expect([take(ids[0]!, 1), take(ids[1]!, 1)]).toEqual([false, true]);
  });

  it("refuses a bucket that is not open", () => {
    const table = createTable();
    table.buckets.close(table.buckets.open(1, nowMs));
    expect(() => table.open(spec({ bucket: 1 }))).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_INTERNAL" }),
    );
    expect(table.size).toBe(0);
  });
});
