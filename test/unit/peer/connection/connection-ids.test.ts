import { describe, expect, it } from "vitest";
import { ConnectionIds, isPeerId } from "../../../../src/peer/connection/connection-ids.ts";
import type { EngineConnection } from "../../../../src/peer/engine/contract.ts";
import { deriveConnectionId } from "../../../../src/wire/connection-id.ts";

const key = new Uint8Array(32).fill(7);

/** An engine whose other side always wants `left` more. */
function greedyEngine(left: () => number): { engine: EngineConnection; added: string[] } {
  const added: string[] = [];
  const addSourceId = (id: Uint8Array): number => added.push(Buffer.from(id).toString("hex"));
  return { added, engine: { sourceIdsLeft: left, addSourceId } as unknown as EngineConnection };
}

describe("the connection IDs of a connection", () => {
  it("are derived from one key, beginning with the first", () => {
    expect(new ConnectionIds(4, key).first).toEqual(deriveConnectionId(key, 1));
  });

  it("never go beyond what is registered, however many the other side retires", () => {
    const ids = new ConnectionIds(8, key);
    const { engine, added } = greedyEngine(() => 100);
    for (let i = 0; i < 3; i++) ids.topUp(engine);
    const registered = [2, 3, 4, 5, 6, 7, 8].map((n) =>
      Buffer.from(deriveConnectionId(key, n)).toString("hex"),
    );
    expect(added).toEqual(registered);
  });

  it("are given out as far as the other side can hold them", () => {
    const ids = new ConnectionIds(8, key);
    const { engine, added } = greedyEngine(() => 3 - added.length);
    ids.topUp(engine);
    expect(added).toHaveLength(3);
  });

  it("lead to the connection until its routes are removed", () => {
    const routes = new Map<string, unknown>();
    const table = {
      addRoute: (id: Uint8Array, sink: unknown): void => void routes.set(String(id), sink),
      removeRoute: (id: Uint8Array): void => void routes.delete(String(id)),
    };
    const ids = new ConnectionIds(5, key);
    ids.route(table, () => undefined);
    expect(routes.size).toBe(5);
    ids.unroute(table);
    expect(routes.size).toBe(0);
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
