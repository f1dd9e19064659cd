import { expect, it } from "vitest";
import { minBytesPerSecond, stallTimeoutMs } from "../../../../src/defaults/index.ts";
import { Pace } from "../../../../src/gateway/exchange/pace.ts";

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
