import { describe, expect, it } from "vitest";
import { SetMap, ShardedMap } from "../../src/maps.ts";

describe("a map of sets", () => {
  it("keeps the items of each key, each once", () => {
    const map = new SetMap<string, number>();
    for (const [key, item] of [
      ["a", 1],
      ["a", 2],
      ["a", 1],
      ["b", 3],
    ] as const)
      map.add(key, item);
    expect([...map.get("a")!]).toEqual([1, 2]);
    expect([...map.get("b")!]).toEqual([3]);
  });

  it("keeps no empty set, and takes no offence at what is not there", () => {
    const map = new SetMap<string, number>();
    map.add("a", 1);
    map.delete("a", 2);
    map.delete("b", 1);
    expect([...map.get("a")!]).toEqual([1]);
    map.delete("a", 1);
    expect(map.get("a")).toBeUndefined();
  });
});

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
