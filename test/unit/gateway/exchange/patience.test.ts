import { describe, expect, it } from "vitest";
import { minBytesPerSecond, stallTimeoutMs } from "../../../../src/defaults/index.ts";
import { IdleTime, Pace } from "../../../../src/gateway/exchange/patience.ts";

it("a peer that stands still while it is waited for is too slow once its patience is over", () => {
  const pace = new Pace();
  pace.start(0);
  expect(pace.leftMs(stallTimeoutMs - 1)).toBe(1);
  expect(pace.leftMs(stallTimeoutMs)).toBe(0);
});

it("a peer of which nothing is awaited has all the time", () => {
  const pace = new Pace();
  expect(pace.leftMs(10 * stallTimeoutMs)).toBe(stallTimeoutMs);
  pace.start(0);
  pace.stop(1000);
  expect(pace.leftMs(10 * stallTimeoutMs)).toBe(stallTimeoutMs - 1000);
});

it("a byte every five seconds does not keep it alive", () => {
  const pace = new Pace();
  pace.start(0);
  let nowMs = 0;
  while (pace.leftMs(nowMs) > 0 && nowMs < 100 * stallTimeoutMs) pace.move(1, (nowMs += 5000));
  expect(nowMs).toBeLessThanOrEqual(2 * stallTimeoutMs);
});

it("the slowest pace that is allowed goes on for ever, and a fast start buys no long rest", () => {
  const pace = new Pace();
  pace.start(0);
  for (let second = 1; second <= 1000; second++) pace.move(minBytesPerSecond, second * 1000);
  expect(pace.leftMs(1_000_000)).toBe(stallTimeoutMs);
  pace.move(1e9, 1_000_000);
  expect(pace.leftMs(1_000_000 + stallTimeoutMs)).toBe(0);
});

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
