import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDeadline } from "../../../../src/peer/time/deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a deadline", () => {
  it("rejects with its error when the time is up, and aborts what goes on", async () => {
    const deadline = createDeadline(1000, () => new RangeError("late"));
    const expired = expect(deadline.expired).rejects.toThrow("late");
    await vi.advanceTimersByTimeAsync(999);
    expect(deadline.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await expired;
    expect(deadline.signal.aborted).toBe(true);
  });

  it("rejects with the reason of a signal, before or after it was set", async () => {
    const controller = new AbortController();
    const deadline = createDeadline(1000, () => new RangeError("late"), controller.signal);
    controller.abort(new TypeError("changed"));
    await expect(deadline.expired).rejects.toThrow("changed");
    const late = createDeadline(1000, () => new RangeError("late"), controller.signal);
    await expect(late.expired).rejects.toThrow("changed");
  });

  it("holds no timer once it is cleared", () => {
    createDeadline(1000, () => new RangeError("late")).clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});
