import { expect, it, onTestFinished, vi } from "vitest";
import { memoryTrimMs } from "../../../../src/defaults/index.ts";
import { holdMemoryTrimmer } from "../../../../src/forwarder/native/memory-trimmer.ts";

it("freed memory is returned once for all relays of a process, until the last of them closes", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let trims = 0;
  const addon = { trimMemory: () => void trims++ };
  const [first, second] = [holdMemoryTrimmer(addon), holdMemoryTrimmer(addon)];
  vi.advanceTimersByTime(memoryTrimMs);
  expect(trims).toBe(1);
  first();
  // A relay may be closed twice.
  first();
  vi.advanceTimersByTime(memoryTrimMs);
  expect(trims).toBe(2);
  second();
  vi.advanceTimersByTime(memoryTrimMs);
  expect(trims).toBe(2);
});
