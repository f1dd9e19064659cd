import { describe, expect, it } from "vitest";
import { IdleTime } from "../../../../src/gateway/exchange/idle-time.ts";

function open(): IdleTime {
  return new IdleTime({ limitMs: 75_000, firstMs: 10_000 }, 0);
}

describe("the time that a connection may be idle", () => {
  it("is shorter until the first request", () => {
    expect(open().leftMs(9999)).toBe(1);
    expect(open().leftMs(10_000)).toBe(0);
  });

  it("runs out while no request is open, and only then", () => {
    const idle = open();
    idle.begin(5000);
    expect(idle.leftMs(1e9)).toBe(75_000);
    idle.rest(1e9);
    expect(idle.leftMs(1e9 + 75_000)).toBe(0);
  });

  it.each([
    [10, 150],
    [6, 450],
  ])("ends for one that asks every %i s, after %i s", (everySeconds, endSeconds) => {
    const idle = open();
    let nowMs = 0;
    while (idle.leftMs(nowMs) > 0) {
      idle.begin(nowMs);
      idle.rest(nowMs);
      nowMs += everySeconds * 1000;
    }
    expect(nowMs / 1000).toBeGreaterThan(endSeconds - 60);
    expect(nowMs / 1000).toBeLessThanOrEqual(endSeconds);
  });

  it("never ends for one that asks every 5 s, nor grows beyond its limit", () => {
    const idle = open();
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 5000) {
      idle.begin(nowMs);
      idle.rest(nowMs);
      expect(idle.leftMs(nowMs)).toBe(75_000);
    }
  });
});
