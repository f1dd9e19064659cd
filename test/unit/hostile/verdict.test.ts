import { describe, expect, it } from "vitest";
import type { Observation } from "../../../scripts/hostile/observation.ts";
import { judge, visitRatio } from "../../../scripts/hostile/verdict.ts";
import { quiet } from "./quiet.ts";

/** Twenty visits over HTTP/3, some of which failed. */
function visitsOf(failed: number): Observation["visits"] {
  return { http3: Array.from({ length: 20 }, (_, i) => (i < failed ? undefined : 10)), tcp: [5] };
}

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
      ms: 2400,
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
      "visits over HTTP/3 are slow",
      "1 of 1 visits over HTTP/3 failed",
      "visits over TCP are slow",
      "the event loop stood still for 51 ms",
      "the log is flooded",
      "the honest pair stood still (900/4/0 in 2.4 s)",
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

  it("takes one in ten visits that fail, and no more, however fast the others are", () => {
    expect(judge(quiet, { ...quiet, visits: visitsOf(2) })).toEqual([]);
    expect(judge(quiet, { ...quiet, visits: visitsOf(3) })).toEqual(["3 of 20 visits over HTTP/3 failed"]);
  });

  it("does not hold where nothing was seen", () => {
    const nothing = { sent: 0, received: 0, renewals: 0, renewalsFailed: 0, messages: 0, messagesFailed: 0 };
    const blind = { ...quiet, visits: { http3: [], tcp: [] }, pair: nothing };
    expect(judge(blind, blind)).toEqual([
      "visits over HTTP/3 are slow",
      "visits over TCP are slow",
      "the honest pair stood still (0/0/0 in 12.0 s)",
    ]);
  });
});
