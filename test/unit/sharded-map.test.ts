import { describe, expect, it } from "vitest";
import { ShardedMap } from "../../src/sharded-map.ts";

const keys = Array.from({ length: 10_000 }, (_, i) => `user-${i}@example.com`);

function filled(): ShardedMap<number> {
  const map = new ShardedMap<number>();
  for (const [i, key] of keys.entries()) map.set(key, i);
  return map;
}

describe("ShardedMap", () => {
  it("finds what was set, and counts each key once", () => {
    const map = filled();
    map.set(keys[7]!, -7);
    expect(keys.map((key) => map.get(key))).toEqual(keys.map((_, i) => (i === 7 ? -7 : i)));
    expect([map.size, map.get("nobody"), map.get("")]).toEqual([keys.length, undefined, undefined]);
  });

  it("forgets what is deleted", () => {
    const map = filled();
    for (const key of [...keys.slice(1), "nobody"]) map.delete(key);
    expect([map.size, map.get(keys[0]!), map.get(keys[1]!)]).toEqual([1, 0, undefined]);
  });

  it("iterates over what is there, also while that is deleted", () => {
    const map = filled();
    const seen: number[] = [];
    for (const value of map.values()) {
      seen.push(value);
      map.delete(keys[value]!);
    }
    expect(seen.sort((a, b) => a - b)).toEqual(keys.map((_, i) => i));
    expect(map.size).toBe(0);
  });
});
