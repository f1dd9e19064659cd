import type { Sight } from "./attacked-accepter.ts";
import type { Flood } from "./floods.ts";
import { medianEcho } from "./honest-figures.ts";

type Bound =
  | "connectionBytes" // memory that an accepter keeps for a hostile connection, as SECURITY.md has it
  | "windowBytes" // stream data of a trusted peer beside it: the default flow control window
  | "slackBytes" // beside both: what the allocator does not get back to the system, as other memory lies between
  | "peakBytes" // growth at any time: also V8's young generation, and freed memory that is not back at the system yet
  | "echoMs" // median of honest echoes
  | "flights"; // hostile connections at a time: half of the accepter's handshakes

/** Bounds on the effect of a flood on an accepter. */
export const bounds: Readonly<Record<Bound, number>> = {
  connectionBytes: 4 * 2 ** 20,
  windowBytes: 16 * 2 ** 20,
  slackBytes: 4 * 2 ** 20,
  peakBytes: 64 * 2 ** 20,
  echoMs: 100,
  flights: 8,
};

/** Returns the bounds that do not hold, in words; empty if all hold. */
export function judge(flood: Flood, sight: Sight): string[] {
  const { honest, tally } = sight;
  const median = medianEcho(honest);
  // Each claim states what must hold, so that a NaN makes it false.
  const claims: readonly (readonly [holds: boolean, fault: string])[] = [
    [sight.isAlive, "a process ended"],
    [sight.faults === 0, `${sight.faults} faults of the engine`],
    [sight.keptBytes <= allowedBytes(flood), "it keeps too much memory"],
    [sight.peakBytes <= bounds.peakBytes, "memory grew"],
    [median <= bounds.echoMs, `the median echo took ${median.toFixed()} ms`],
    [honest.ended === 0, `${honest.ended} honest connections ended`],
    [(tally?.packets ?? 0) > 0 || (tally?.connections ?? 0) > 1, "the hostile peer did nothing"],
  ];
  return claims.filter(([holds]) => !holds).map(([, what]) => what);
}

function allowedBytes({ frames, judgement }: Flood): number {
  const connections = frames === "none" ? bounds.flights : 1;
  const window = judgement === "trusted" ? bounds.windowBytes : 0;
  return connections * bounds.connectionBytes + window + bounds.slackBytes;
}
