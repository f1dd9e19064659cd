import { describe, expect, it } from "vitest";
import { ConnectionIds, isPeerId } from "../../../../src/peer/connection/connection-ids.ts";
import { deriveConnectionId } from "../../../../src/wire/connection-id.ts";

const key = new Uint8Array(32).fill(7);

describe("the connection IDs of a connection", () => {
  it("are those of their key from the first on, and lead to the connection until its routes are removed", () => {
    const routes = new Map<string, unknown>();
    const table = {
      addRoute: (id: Uint8Array, sink: unknown): void => void routes.set(String(id), sink),
      removeRoute: (id: Uint8Array): void => void routes.delete(String(id)),
    };
    const ids = new ConnectionIds(5, key);
    ids.route(table, () => undefined);
    expect([...routes.keys()]).toEqual([1, 2, 3, 4, 5].map((n) => String(deriveConnectionId(key, n))));
    ids.unroute(table);
    expect(routes.size).toBe(0);
  });

  it("grow in number, under the same key", () => {
    const ids = new ConnectionIds(2, key);
    ids.grow(4);
    const routed: string[] = [];
    ids.route({ addRoute: (id) => void routed.push(String(id)) }, () => undefined);
    expect([ids.num, routed]).toEqual([4, [1, 2, 3, 4].map((n) => String(deriveConnectionId(key, n)))]);
  });

  it("have a key of their own for each connection", () => {
    expect(new ConnectionIds(4).key).not.toEqual(new ConnectionIds(4).key);
    expect(new ConnectionIds(4).key).toHaveLength(32);
  });

  it("are told from those of other QUIC stacks by length and top bit", () => {
    expect(isPeerId(new Uint8Array(12))).toBe(true);
    expect(isPeerId(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(false);
    expect(isPeerId(new Uint8Array(20))).toBe(false);
    expect(isPeerId(new Uint8Array(0))).toBe(false);
  });
});
