import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { Readers } from "../../../../src/plugin/mailbox/readers.ts";

const { readersWokenAtOnce: slice, readersWokenEveryMs: pauseMs } = defaults;

/** Adds readers of an account. Returns a function that tells how often each was woken. */
function join(readers: Readers, count: number, account = "mallory"): () => readonly number[] {
  const wakes = Array.from({ length: count }, () => vi.fn<() => void>());
  for (const wake of wakes) readers.add(account, wake);
  return () => wakes.map(({ mock }) => mock.calls.length);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

describe("the readers of a box", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are woken at once at each change where there is one alone, without a timer", () => {
    const readers = new Readers();
    const woken = join(readers, 1);
    for (let i = 0; i < 5; i++) readers.wake();
    expect(woken()).toEqual([5]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are woken in slices, with a pause after each", () => {
    const readers = new Readers();
    const woken = join(readers, 3 * slice);
    readers.wake();
    for (const slices of [1, 2, 3, 3]) {
      expect(sum(woken())).toBe(slices * slice);
      vi.advanceTimersByTime(pauseMs);
    }
    expect(new Set(woken())).toEqual(new Set([1]));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are woken once by all the changes before their turns", () => {
    const readers = new Readers();
    const woken = join(readers, 2 * slice);
    for (let i = 0; i < 50; i++) readers.wake();
    expect(sum(woken())).toBe(slice);
    vi.advanceTimersByTime(pauseMs);
    // The first slice was woken by the first of the changes alone: the others are still to come.
    expect(woken()).toEqual(Array.from({ length: 2 * slice }, () => 1));
    vi.advanceTimersByTime(pauseMs);
    expect(woken().slice(0, slice)).toEqual(Array.from({ length: slice }, () => 2));
    vi.runAllTimers();
    expect(sum(woken())).toBe(3 * slice);
  });

  it("take turns by account, so that one reader does not wait for the many of another", () => {
    const readers = new Readers();
    const many = join(readers, 100 * slice);
    const one = join(readers, 1, "alice");
    readers.wake();
    expect(one()).toEqual([1]);
    expect(sum(many())).toBe(slice - 1);
    readers.wake();
    vi.advanceTimersByTime(pauseMs);
    expect(one()).toEqual([2]);
  });

  it("are not woken after they left, and the last one takes the timer along", () => {
    const readers = new Readers();
    const wakes = Array.from({ length: 2 * slice }, () => vi.fn<() => void>());
    const leave = wakes.map((wake) => readers.add("mallory", wake));
    readers.wake();
    for (const go of [...leave, ...leave]) go();
    expect(readers.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    readers.wake();
    expect(sum(wakes.map(({ mock }) => mock.calls.length))).toBe(slice);
  });
});
