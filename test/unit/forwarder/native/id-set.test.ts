import { describe, expect, it } from "vitest";
import { IdSet } from "../../../../src/forwarder/native/id-set.ts";

describe("IdSet", () => {
  it("has what was added and not deleted, whatever the size of the number", () => {
    const set = new IdSet();
    const ids = [0, 1, 63, 64, 100_000];
    for (const id of [...ids, 64]) set.add(id);
    expect(set.size).toBe(ids.length);
    for (const id of [1, 1, 2, 200_000]) set.delete(id);
    expect([...ids, 2, 200_000, -1].map((id) => set.has(id))).toEqual([
      true,
      false,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(set.size).toBe(ids.length - 1);
  });
});
