import { describe, expect, it } from "vitest";
import { summaryOf } from "../../../../src/cli/ping/summary.ts";

describe("the summary of pings", () => {
  it("takes the middle of an odd number of round trips, and the mean of two of an even one", () => {
    expect(summaryOf([3, 1, 2])).toEqual({
      sent: 3,
      received: 3,
      minMs: 1,
      medianMs: 2,
      maxMs: 3,
      reason: null,
    });
    expect(summaryOf([10, 1, 2, 3.5]).medianMs).toBe(2.8);
  });

  it("has no times without a pong, or without a ping", () => {
    const none = { minMs: null, medianMs: null, maxMs: null, reason: null };
    expect(summaryOf([null, null])).toEqual({ sent: 2, received: 0, ...none });
    expect(summaryOf([])).toEqual({ sent: 0, received: 0, ...none });
  });

  it("has the reason why the connection is on the relay", () => {
    expect(summaryOf([3], "policy")).toMatchObject({ reason: "policy" });
  });
});
