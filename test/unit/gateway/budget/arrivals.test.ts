import { describe, expect, it } from "vitest";
import { abuseArrivals } from "../../../../src/defaults/index.ts";
import { Arrivals } from "../../../../src/gateway/budget/arrivals.ts";

const limits = {
  perSource: { perSecond: 10, burst: 20 },
  all: { perSecond: 50, burst: 100 },
  maxSources: 32,
};

/** How many of so many are let in. */
function letIn(arrivals: Arrivals, address: string, count: number, nowMs: number): number {
  return Array.from({ length: count }, () => arrivals.take(address, nowMs)).filter(Boolean).length;
}

describe("connections that begin", () => {
  it("are a burst of each source, and then its rate", () => {
    const arrivals = new Arrivals(limits, 0);
    expect(letIn(arrivals, "192.0.2.1", 100, 0)).toBe(20);
    expect(letIn(arrivals, "192.0.2.2", 100, 0)).toBe(20);
    expect(letIn(arrivals, "192.0.2.1", 100, 500)).toBe(5);
    expect(letIn(arrivals, "192.0.2.1", 100, 100_000)).toBe(20);
  });

  it("are fewer where they have to be ended", () => {
    const arrivals = new Arrivals(limits, 0);
    let taken = 0;
    for (; arrivals.take("192.0.2.1", 0); taken++) arrivals.abused("192.0.2.1", 0);
    expect(taken).toBe(Math.ceil(limits.perSource.burst / abuseArrivals));
    expect(arrivals.take("192.0.2.2", 0)).toBe(true);
    expect(letIn(arrivals, "192.0.2.1", 100, 2000)).toBe(limits.perSource.burst);
  });

  it("are those of an IPv6 /64 together", () => {
    const arrivals = new Arrivals(limits, 0);
    const addresses = Array.from({ length: 40 }, (_, i) => `2001:db8::${i.toString(16)}`);
    expect(addresses.filter((address) => arrivals.take(address, 0))).toHaveLength(20);
    expect(arrivals.size).toBe(1);
  });

  it("are bounded in all, and who comes for the first time comes first", () => {
    const arrivals = new Arrivals(limits, 0);
    const crowd = Array.from({ length: 20 }, (_, i) => `198.51.${i}.1`);
    const taken = crowd.reduce((sum, address) => sum + letIn(arrivals, address, 100, 0), 0);
    expect(taken).toBe(100);
    // The crowd asks all the time for ten seconds; a newcomer each second gets in.
    let crowdTaken = 0;
    for (let nowMs = 100; nowMs <= 10_000; nowMs += 100) {
      for (const address of crowd.slice(0, 8)) crowdTaken += letIn(arrivals, address, 5, nowMs);
      if (nowMs % 1000 === 0) expect(arrivals.take(`203.0.${nowMs / 1000}.1`, nowMs)).toBe(true);
    }
    expect(crowdTaken).toBeGreaterThan(300);
    expect(crowdTaken).toBeLessThanOrEqual(500);
  });

  it("come last of who has many sources in one network", () => {
    const arrivals = new Arrivals(limits, 0);
    let crowdTaken = 0;
    for (let nowMs = 0, n = 0; nowMs <= 10_000; nowMs += 10) {
      for (const last = n + 20; n < last; n++)
        crowdTaken += letIn(arrivals, `2001:db8:1:${(n & 0xffff).toString(16)}::1`, 1, nowMs);
      if (nowMs % 100 === 0)
        expect(arrivals.take(`2001:db8:${(nowMs + 2).toString(16)}::1`, nowMs)).toBe(true);
    }
    expect(crowdTaken).toBeGreaterThan(300);
  });

  it("are remembered of so many sources, the most recent", () => {
    const arrivals = new Arrivals(limits, 0);
    for (let i = 0; i < 40; i++) letIn(arrivals, `192.0.2.${i}`, 1, 0);
    expect(arrivals.size).toBe(32);
  });
});
