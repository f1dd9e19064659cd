import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { takeSteps } from "../../../../../src/peer/path/searching/pace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("steps of a search", () => {
  it("are 160 a second, as many as are wanted, and then it ends", () => {
    const [step, onEnd] = [vi.fn(() => true), vi.fn()];
    takeSteps(1024, step, onEnd);
    vi.advanceTimersByTime(1000);
    expect(step).toHaveBeenCalledTimes(160);
    vi.advanceTimersByTime(5399);
    expect(onEnd).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    expect([step.mock.calls.length, onEnd.mock.calls.length]).toEqual([1024, 1]);
  });

  it("wait for the next turn where one is not taken", () => {
    const [step, onEnd] = [vi.fn((): boolean => step.mock.calls.length % 3 > 0), vi.fn()];
    takeSteps(4, step, onEnd);
    vi.advanceTimersByTime(50);
    expect(step).toHaveBeenCalledTimes(3);
    vi.advanceTimersByTime(50);
    expect([step.mock.calls.length, onEnd.mock.calls.length]).toEqual([5, 1]);
  });

  it("are over when they are ended", () => {
    const [step, onEnd] = [vi.fn(() => true), vi.fn()];
    takeSteps(100, step, onEnd)();
    vi.advanceTimersByTime(60_000);
    expect([step.mock.calls, onEnd.mock.calls]).toEqual([[], []]);
  });
});
