import { describe, expect, it } from "vitest";
import type { Observation } from "../../../scripts/hostile/observation.ts";
import { judge, visitRatio } from "../../../scripts/hostile/verdict.ts";

const quiet: Observation = {
  isAlive: true,
  rssBytes: 100 * 2 ** 20,
  descriptors: 30,
  longestTurnMs: 5,
  logBytes: 0,
  visits: { http3: [10, 12, 11], tcp: [5, 5, 6] },
  pair: { sent: 1000, received: 1000, renewals: 5, renewalsFailed: 0 },
};

describe("the verdict on an attack", () => {
  it("holds where nothing is much worse than in the quiet phase", () => {
    const attacked = {
      ...quiet,
      rssBytes: 160 * 2 ** 20,
      longestTurnMs: 49,
      visits: { http3: [100], tcp: [50] },
    };
    expect(judge(quiet, attacked)).toEqual([]);
  });

  it("tells each fault", () => {
    const attacked: Observation = {
      isAlive: false,
      rssBytes: 165 * 2 ** 20,
      descriptors: 30,
      longestTurnMs: 51,
      logBytes: 70_000,
      visits: { http3: [undefined], tcp: [51] },
      pair: { sent: 1000, received: 900, renewals: 5, renewalsFailed: 1 },
    };
    expect(judge(quiet, attacked)).toEqual([
      "the relay's process ended",
      "memory grew",
      "HTTP/3 visits are slow or fail",
      "visits over TCP are slow or fail",
      "the event loop stood still",
      "the log is flooded",
      "100 relayed packets are lost",
      "1 renewals failed",
    ]);
  });

  it("takes visits that fail for endless ones", () => {
    const half = { ...quiet, visits: { http3: [10, undefined, undefined], tcp: [5, 5, undefined] } };
    expect(visitRatio(quiet, half, "http3")).toBe(Infinity);
    expect(visitRatio(quiet, half, "tcp")).toBe(1);
  });

  it("does not hold without a single visit", () => {
    expect(judge(quiet, { ...quiet, visits: { http3: [], tcp: [5] } })).toHaveLength(1);
  });
});
