import { describe, expect, it } from "vitest";
import { fieldBurstBytes, fieldBytesPerSecond, usualFieldBytes } from "../../../../src/defaults/index.ts";
import { FieldRate } from "../../../../src/gateway/budget/source.ts";

const long = usualFieldBytes + fieldBurstBytes;

describe("the rate of header fields", () => {
  it("leaves usual fields free, however many requests have them", () => {
    const rate = new FieldRate(1);
    expect(rate.take(long, 0)).toBe(true);
    for (let i = 0; i < 1000; i++) expect(rate.take(usualFieldBytes, 0)).toBe(true);
    expect(rate.take(usualFieldBytes + 1, 0)).toBe(false);
  });

  it("comes back with time", () => {
    const rate = new FieldRate(1);
    rate.take(long, 0);
    expect(rate.take(usualFieldBytes + fieldBytesPerSecond, 999)).toBe(false);
    expect(rate.take(usualFieldBytes + fieldBytesPerSecond, 1000)).toBe(true);
  });

  it("is bounded in the wider scope as well, for all narrower ones together", () => {
    const source = new FieldRate(2);
    const connections = [1, 2, 3].map(() => new FieldRate(1, source));
    expect(connections.map((connection) => connection.take(long, 0))).toEqual([true, true, false]);
  });
});
