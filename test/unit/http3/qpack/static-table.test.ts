import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { findStatic, staticTable } from "../../../../src/http3/qpack/static-table.ts";

describe("the static table", () => {
  it("is the one that ls-qpack has", () => {
    expect(staticTable).toHaveLength(99);
    expect(staticTable[98]).toEqual(["x-frame-options", "sameorigin"]);
    // Each index read by ls-qpack, as pairs in JSON.
    expect(hash("sha256", JSON.stringify(staticTable))).toBe(
      "7dce2dc56c18201a3d209281200b80fe9cc27819e4e2b16d6f23b7c045a360b8",
    );
  });

  it("finds what is in it, by name and value where it can", () => {
    for (const [index, [name, value]] of staticTable.entries())
      expect(findStatic(name, value)).toEqual({ index, isWhole: true });
    expect(findStatic(":status", "418")).toEqual({ index: 24, isWhole: false });
    expect(findStatic("constructor", "")).toBeUndefined();
  });
});
