import type { Attack } from "./attack.ts";
import type { Visit } from "./honest/visitor.ts";
import type { Observation } from "./observation.ts";

type Bound =
  | "rssBytes" // memory beyond the quiet phase's while the attackers are there
  | "rssAfterBytes" // and once they have gone
  | "visitRatio" // how many times as long an honest visit may take
  | "turnRatio" // how many times as long the event loop's longest turn may be
  | "logBytes" // a log limited by kind: some kinds, each of a few lines
  | "keyFetches"; // one, and one more after its cooldown

/** Bounds on what an attack may do, each in relation to the quiet phase of the same run. */
export const bounds: Readonly<Record<Bound, number>> = {
  rssBytes: 64 * 2 ** 20,
  rssAfterBytes: 40 * 2 ** 20,
  visitRatio: 10,
  turnRatio: 10,
  logBytes: 64 * 2 ** 10,
  keyFetches: 2,
};

/** Packets that may be under way between two looks at a pair's counts. */
const packetsUnderWay = 20;

/** What does not hold under attack, in words; none: all holds. */
export function judge(
  quiet: Observation,
  attacked: Observation,
  { boundsTurns = false }: Pick<Attack, "boundsTurns"> = {},
): string[] {
  const { pair, keyFetches } = attacked;
  const lost = pair.sent - pair.received;
  const moved = Math.min(pair.sent, pair.renewals, pair.messages);
  // Each says what has to be true: a figure that is none makes it false.
  const claims: readonly (readonly [boolean, string])[] = [
    [attacked.isAlive, "the relay's process ended"],
    [attacked.rssBytes - quiet.rssBytes <= bounds.rssBytes, "memory grew"],
    [visitRatio(quiet, attacked, "http3") <= bounds.visitRatio, "HTTP/3 visits are slow or fail"],
    [visitRatio(quiet, attacked, "tcp") <= bounds.visitRatio, "visits over TCP are slow or fail"],
    [
      !boundsTurns || attacked.longestTurnMs <= bounds.turnRatio * quiet.longestTurnMs,
      "the event loop stood still",
    ],
    [attacked.logBytes <= bounds.logBytes, "the log is flooded"],
    [moved > 0, "the honest pair stood still"],
    [lost <= packetsUnderWay, `${lost} relayed packets are lost`],
    [pair.renewalsFailed === 0, `${pair.renewalsFailed} of ${pair.renewals} renewals failed`],
    [pair.messagesFailed === 0, `${pair.messagesFailed} of ${pair.messages} messages were refused`],
    [keyFetches <= bounds.keyFetches, `the issuer was asked for its keys ${keyFetches} times`],
  ];
  return claims.filter(([holds]) => !holds).map(([, what]) => what);
}

/** How many times as long a visit takes at the median; a visit that failed takes for ever. */
export function visitRatio(quiet: Observation, attacked: Observation, kind: "http3" | "tcp"): number {
  return median(attacked.visits[kind]) / median(quiet.visits[kind]);
}

function median(visits: readonly Visit[]): number {
  const sorted = visits.map((ms) => ms ?? Infinity).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Infinity;
}
