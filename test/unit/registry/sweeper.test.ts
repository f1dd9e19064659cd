import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import { createSweeper } from "../../../src/registry/index.ts";

/** A sweep with so many steps. */
function* steps(count: number, onStep: () => void): Generator<undefined> {
  for (let i = 0; i < count; i++) {
    onStep();
    yield;
  }
}

describe("createSweeper", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("runs every sweep to its end at each interval", () => {
    const done = [0, 0];
    const sweeps = done.map((_, index) => () => steps(3, () => done[index]!++));
    const stop = createSweeper(sweeps);
    onTestFinished(stop);
    vi.advanceTimersByTime(defaults.sweepIntervalMs * 2);
    expect(done).toEqual([6, 6]);
  });

  it("lets the event loop have its turn after each slice, and does not begin anew before the end", () => {
    let done = 0;
    let begun = 0;
    const stop = createSweeper([() => (begun++, steps(defaults.sweepBatch * 3, () => done++))]);
    onTestFinished(stop);
    vi.advanceTimersToNextTimer();
    expect(done).toBe(defaults.sweepBatch);
    vi.advanceTimersToNextTimer();
    vi.advanceTimersToNextTimer();
    expect([done, begun]).toEqual([defaults.sweepBatch * 3, 1]);
  });

  it("stops in the middle of a sweep when closed", () => {
    let done = 0;
    const stop = createSweeper([() => steps(1e6, () => done++)]);
    vi.advanceTimersToNextTimer();
    stop();
    vi.advanceTimersByTime(defaults.sweepIntervalMs * 5);
    expect(done).toBe(defaults.sweepBatch);
    expect(vi.getTimerCount()).toBe(0);
  });
});
