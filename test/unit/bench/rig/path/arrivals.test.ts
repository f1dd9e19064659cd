import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Arrivals } from "../../../../../bench/rig/path/arrivals.ts";

const content = Buffer.from("abcde");

describe("what comes by a stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is right if it is the content over and over, wherever it is cut up", () => {
    const arrivals = new Arrivals(content);
    for (const chunk of ["abc", "deabcdeab", "c"]) arrivals.add(Buffer.from(chunk));
    expect([arrivals.bytes, arrivals.isExact]).toEqual([13, true]);
    arrivals.add(Buffer.from("x"));
    arrivals.add(Buffer.from("e"));
    expect(arrivals.isExact).toBe(false);
  });

  it("tells the longest gap since it was asked, to the end", () => {
    const arrivals = new Arrivals(content);
    arrivals.begin();
    vi.advanceTimersByTime(30);
    arrivals.add(content);
    vi.advanceTimersByTime(20);
    expect(arrivals.takeGapMs()).toBe(30);
    vi.advanceTimersByTime(5);
    arrivals.add(content);
    vi.advanceTimersByTime(7);
    arrivals.end();
    vi.advanceTimersByTime(100);
    expect(arrivals.takeGapMs()).toBe(7);
  });

  it("has a course in time", () => {
    vi.setSystemTime(1_000_010);
    const arrivals = new Arrivals(content);
    arrivals.add(content);
    arrivals.add(content);
    vi.advanceTimersByTime(45);
    arrivals.add(content);
    expect(arrivals.course).toEqual([
      [1_000_000, 10],
      [1_000_040, 5],
    ]);
  });
});
