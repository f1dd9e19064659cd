import type { Sight } from "../../../../scripts/hostile/peers/attacked-accepter.ts";

/** What is seen of an accepter that nobody floods. */
export const calm: Sight = {
  isAlive: true,
  peakBytes: 2 ** 20,
  keptBytes: 0,
  cores: 0.1,
  hostileCores: 0,
  faults: 0,
  honest: { echoMs: [1, 2, 3, 2], unanswered: 0, dialMs: [20], undialed: 0, ended: 0 },
  tally: undefined,
};

/** What is seen under a flood that does no harm. */
export const flooded: Sight = {
  ...calm,
  hostileCores: 0.5,
  tally: { packets: 20_000, bytes: 2e7, connections: 3, closed: [10, 10] },
};
