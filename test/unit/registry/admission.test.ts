import { describe, expect, it } from "vitest";
import { narrowQuota } from "../../../src/registry/index.ts";

describe("narrowQuota", () => {
  const quota = { maxRegistrations: 10, maxCids: 100, bytesPerSecond: 1000, maxTtlMs: 60_000 };

  it("takes what is smaller and never widens", () => {
    expect(narrowQuota(quota, {})).toEqual(quota);
    expect(
      narrowQuota(quota, { maxRegistrations: 99, maxCids: 101, bytesPerSecond: 1e9, maxTtlMs: 1e9 }),
    ).toEqual(quota);
    expect(narrowQuota(quota, { maxCids: 5, maxTtlMs: 1 })).toEqual({ ...quota, maxCids: 5, maxTtlMs: 1 });
  });
});
