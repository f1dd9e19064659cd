import type { Observation } from "../../../scripts/hostile/observation.ts";

/** What was seen of a relay that nobody attacks. */
export const quiet: Observation = {
  ms: 12_000,
  isAlive: true,
  rssBytes: 100 * 2 ** 20,
  descriptors: 30,
  longestTurnMs: 5,
  logBytes: 0,
  keyFetches: 0,
  visits: { http3: [10, 12, 11], tcp: [5, 5, 6] },
  pair: { sent: 1000, received: 1000, renewals: 6, renewalsFailed: 0, messages: 5, messagesFailed: 0 },
};
