import { describe, expect, it, vi } from "vitest";
import { RateLimiter, Waiters } from "../../../../src/plugin/http/caller-limits.ts";

function setUp(maxSubjects = 10): {
  limiter: RateLimiter;
  pass(ms: number): void;
  taken(subject: string): number;
} {
  let nowMs = 1_000_000;
  const limiter = new RateLimiter({ perMinute: 6, atOnce: 6, maxSubjects, now: () => nowMs });
  return {
    limiter,
    pass: (ms) => {
      nowMs += ms;
    },
    taken: (subject) => {
      for (let count = 0; ; count++) {
        try {
          limiter.take(subject);
        } catch {
          return count;
        }
      }
    },
  };
}

describe("RateLimiter", () => {
  it("lets a minute's requests pass at once, then as many per minute, never more than a minute's", () => {
    const { taken, pass } = setUp();
    expect(taken("alice")).toBe(6);
    pass(20_000);
    expect(taken("alice")).toBe(2);
    pass(3_600_000);
    expect(taken("alice")).toBe(6);
  });

  it("lets the configured burst pass at once, and counts one request as several", () => {
    let nowMs = 0;
    const limiter = new RateLimiter({ perMinute: 60, atOnce: 10, maxSubjects: 1, now: () => nowMs });
    limiter.take("alice", 8);
    const details = { retryAfterSeconds: 1 };
    expect(() => limiter.take("alice", 3)).toThrow(expect.objectContaining({ details }));
    expect(() => limiter.take("alice", 2)).not.toThrow();
    nowMs += 3_600_000;
    expect(() => limiter.take("alice", 100)).not.toThrow();
    expect(() => limiter.take("alice")).toThrow();
  });

  it("says in how many seconds the next one will pass", () => {
    const { limiter, taken, pass } = setUp();
    taken("alice");
    pass(2500);
    const details = { retryAfterSeconds: 8 };
    expect(() => limiter.take("alice")).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_RATE_LIMITED", details }),
    );
    pass(8000);
    expect(() => limiter.take("alice")).not.toThrow();
  });

  it("counts subjects apart, and gives nothing for a clock that is set back", () => {
    const { taken, pass } = setUp();
    taken("alice");
    pass(-60_000);
    expect([taken("alice"), taken("bob")]).toEqual([0, 6]);
  });

  it("forgets the subject least recently seen when its table is full", () => {
    const { taken } = setUp(2);
    taken("alice");
    taken("bob");
    expect(taken("alice")).toBe(0);
    taken("carol");
    expect([taken("alice"), taken("bob")]).toEqual([0, 6]);
  });
});

const quota: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_WAITER_QUOTA" });

describe("Waiters", () => {
  it("opens as many waits as a subject may have, and again when one is closed", () => {
    const waiters = new Waiters({ maxWaiters: 10, maxWaitersPerSubject: 2 });
    const close = waiters.open("alice", vi.fn());
    waiters.open("alice", vi.fn());
    expect(() => waiters.open("alice", vi.fn())).toThrow(quota);
    waiters.open("bob", vi.fn());
    close();
    close();
    waiters.open("alice", vi.fn());
    expect(() => waiters.open("alice", vi.fn())).toThrow(quota);
    expect(waiters.size).toBe(3);
  });

  it("bounds the waits of all, and keeps the last ones for those who have none", () => {
    const waiters = new Waiters({ maxWaiters: 8, maxWaitersPerSubject: 8 });
    for (let i = 0; i < 6; i++) waiters.open("alice", vi.fn());
    expect(() => waiters.open("alice", vi.fn())).toThrow(quota);
    waiters.open("bob", vi.fn());
    expect(() => waiters.open("bob", vi.fn())).toThrow(quota);
    waiters.open("carol", vi.fn());
    expect(() => waiters.open("dave", vi.fn())).toThrow(quota);
  });

  it("stops every wait, and soon any that is opened later", async () => {
    const waiters = new Waiters({ maxWaiters: 10, maxWaitersPerSubject: 10 });
    const [open, closed, late] = [vi.fn(), vi.fn(), vi.fn()];
    waiters.open("alice", open);
    waiters.open("alice", closed)();
    waiters.stopAll();
    expect([open.mock.calls.length, closed.mock.calls.length]).toEqual([1, 0]);
    waiters.open("alice", late);
    expect(late).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(late).toHaveBeenCalledOnce();
  });
});
