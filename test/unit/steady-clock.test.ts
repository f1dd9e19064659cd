import { expect, it, onTestFinished, vi } from "vitest";
import { steadyNow, timestamp } from "../../src/steady-clock.ts";

const hourMs = 3_600_000;

it.each([-hourMs, hourMs])("does not jump with the system's clock, by %d ms", (jumpMs) => {
  const beforeMs = steadyNow();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + jumpMs });
  onTestFinished(() => void vi.useRealTimers());
  expect(steadyNow() - beforeMs).toBeGreaterThanOrEqual(0);
  expect(steadyNow() - beforeMs).toBeLessThan(hourMs / 2);
  const shownMs = Date.parse(timestamp(beforeMs));
  expect(shownMs - beforeMs).toBeGreaterThan(jumpMs - 60_000);
  expect(shownMs - beforeMs).toBeLessThan(jumpMs + 60_000);
});

it("says the same each time where the system's clock does not jump", () => {
  const atMs = steadyNow();
  expect([Date.parse(timestamp(atMs)), Number.isInteger(atMs)]).toEqual([atMs, true]);
});
