import { describe, expect, it } from "vitest";
import { RateTable, type Sample } from "../../../../src/plugin/stats/rate-table.ts";

const first: Sample = { ordinal: 7, packets: 100, bytes: 10_000, packetsOffloaded: 0, atMs: 1000 };

describe("RateTable", () => {
  it("knows no rate before the second sample, nor of a session that it never saw", () => {
    const table = new RateTable();
    expect(table.get(3, 7)).toBeUndefined();
    table.put(3, first);
    expect(table.get(3, 7)).toBeUndefined();
    expect(table.get(2, 7)).toBeUndefined();
    expect(table.get(1_000_000, 7)).toBeUndefined();
  });

  it("tells what moved per second, and by whom the latest packets were forwarded", () => {
    const table = new RateTable();
    table.put(3, first);
    table.put(3, { ...first, packets: 150, bytes: 20_000, atMs: 1500 });
    expect(table.get(3, 7)).toEqual({
      packetsPerSecond: 100,
      bytesPerSecond: 20_000,
      path: "user",
      quietMs: 0,
    });
    table.put(3, { ...first, packets: 250, bytes: 30_000, packetsOffloaded: 100, atMs: 2500 });
    expect(table.get(3, 7)).toMatchObject({ packetsPerSecond: 100, bytesPerSecond: 10_000, path: "kernel" });
    table.put(3, { ...first, packets: 250, bytes: 30_000, packetsOffloaded: 100, atMs: 3500 });
    expect(table.get(3, 7)).toMatchObject({ packetsPerSecond: 0, bytesPerSecond: 0, path: "kernel" });
  });

  it("tells how long nothing has moved, as far as it was sampled", () => {
    const table = new RateTable();
    const quietMs = (packets: number, atMs: number): number | undefined => {
      table.put(3, { ...first, packets, atMs });
      return table.get(3, 7)?.quietMs;
    };
    expect([quietMs(100, 1000), quietMs(100, 2000), quietMs(100, 3500)]).toEqual([undefined, 1000, 2500]);
    // One packet in an hour is a rate of 0, and no quiet.
    expect([quietMs(101, 3_603_500), quietMs(101, 3_604_500)]).toEqual([0, 1000]);
  });

  it("begins anew where another registration has the session's number", () => {
    const table = new RateTable();
    table.put(3, first);
    table.put(3, { ...first, packets: 200, packetsOffloaded: 50, atMs: 2000 });
    table.put(3, { ordinal: 8, packets: 5, bytes: 500, packetsOffloaded: 0, atMs: 3000 });
    expect([table.get(3, 7), table.get(3, 8)]).toEqual([undefined, undefined]);
    table.put(3, { ordinal: 8, packets: 5, bytes: 500, packetsOffloaded: 0, atMs: 4000 });
    expect(table.get(3, 8)).toEqual({
      packetsPerSecond: 0,
      bytesPerSecond: 0,
      path: undefined,
      quietMs: 1000,
    });
  });

  it("keeps what it knows while it grows", () => {
    const table = new RateTable();
    table.put(0, first);
    table.put(0, { ...first, atMs: 2000 });
    table.put(100_000, first);
    expect(table.get(0, 7)).toBeDefined();
  });
});
