import { describe, expect, it } from "vitest";
import type { Observation } from "../../../scripts/hostile/observation.ts";
import { judge, visitRatio } from "../../../scripts/hostile/verdict.ts";

const quiet: Observation = {
  isAlive: true,
  rssBytes: 100 * 2 ** 20,
  descriptors: 30,
  longestTurnMs: 5,
  logBytes: 0,
  keyFetches: 0,
  visits: { http3: [10, 12, 11], tcp: [5, 5, 6] },
  pair: { sent: 1000, received: 1000, renewals: 5, renewalsFailed: 0, messages: 5, messagesFailed: 0 },
};

describe("the verdict on an attack", () => {
  it("holds where nothing is much worse than in the quiet phase", () => {
    const attacked = {
      ...quiet,
      rssBytes: 160 * 2 ** 20,
      longestTurnMs: 49,
      visits: { http3: [100], tcp: [50] },
    };
    expect(judge(quiet, attacked, { boundsTurns: true })).toEqual([]);
  });

  it("tells each fault", () => {
    const attacked: Observation = {
      isAlive: false,
      rssBytes: 165 * 2 ** 20,
      descriptors: 30,
      longestTurnMs: 51,
      logBytes: 70_000,
      keyFetches: 3,
      visits: { http3: [undefined], tcp: [51] },
      pair: { sent: 1000, received: 900, renewals: 5, renewalsFailed: 1, messages: 5, messagesFailed: 5 },
    };
    expect(judge(quiet, attacked, { boundsTurns: true })).toEqual([
      "the relay's process ended",
      "memory grew",
      "HTTP/3 visits are slow or fail",
      "visits over TCP are slow or fail",
      "the event loop stood still",
      "the log is flooded",
      "100 relayed packets are lost",
      "1 of 5 renewals failed",
      "5 of 5 messages were refused",
      "the issuer was asked for its keys 3 times",
    ]);
  });

  it("bounds the turns of the event loop only where an attack says so", () => {
    expect(judge(quiet, { ...quiet, longestTurnMs: 51 })).toEqual([]);
  });

  it("takes visits that fail for endless ones", () => {
    const half = { ...quiet, visits: { http3: [10, undefined, undefined], tcp: [5, 5, undefined] } };
    expect(visitRatio(quiet, half, "http3")).toBe(Infinity);
    expect(visitRatio(quiet, half, "tcp")).toBe(1);
  });

  it("does not hold where nothing was seen", () => {
    const nothing = { sent: 0, received: 0, renewals: 0, renewalsFailed: 0, messages: 0, messagesFailed: 0 };
    const blind = { ...quiet, visits: { http3: [], tcp: [] }, pair: nothing };
    expect(judge(blind, blind)).toEqual([
      "HTTP/3 visits are slow or fail",
      "visits over TCP are slow or fail",
      "the honest pair stood still",
    ]);
  });
});
