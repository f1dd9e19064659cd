import { expect, it, onTestFinished, vi } from "vitest";
import { memoryTrimMs } from "../../../../src/defaults/index.ts";
import type { Addon } from "../../../../src/forwarder/native/addon.ts";
import type { LoadedAddon } from "../../../../src/forwarder/native/load.ts";
import { holdMemoryTrimmer } from "../../../../src/forwarder/native/memory-trimmer.ts";

it("freed memory is returned once for all relays of a process, until the last of them closes", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let trims = 0;
  const load = (): LoadedAddon => ({ addon: { trimMemory: () => void trims++ } as Addon });
  const [first, second] = [holdMemoryTrimmer(load), holdMemoryTrimmer(load)];
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

it("a relay without the addon keeps what it has freed, and sets no timer", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const release = holdMemoryTrimmer(() => ({ reason: "not built" }));
  expect(vi.getTimerCount()).toBe(0);
  release();
});
