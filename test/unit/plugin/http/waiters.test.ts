import { describe, expect, it, vi } from "vitest";
import { Waiters } from "../../../../src/plugin/http/waiters.ts";

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
