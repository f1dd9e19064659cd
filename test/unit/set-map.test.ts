import { describe, expect, it } from "vitest";
import { SetMap } from "../../src/set-map.ts";

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
