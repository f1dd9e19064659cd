import type { Attack } from "./attack.ts";
import type { Visit } from "./honest/visitor.ts";
import type { Observation } from "./observation.ts";

type Bound =
  | "rssBytes" // growth of memory during an attack
  | "rssAfterBytes" // growth of memory once the attackers have gone
  | "visitRatio" // median of honest visits, as a multiple
  | "failedShare" // of the honest visits of a kind
  | "turnRatio" // longest turn of the event loop, as a multiple
  | "logBytes" // a log limited by kind: some kinds, a few lines each
  | "keyFetches" // one, and another after its cooldown
  | "lostPackets"; // as many may be under way between two looks at a pair's counts

/** Bounds on the effect of an attack, relative to the quiet phase of the same run. */
export const bounds: Readonly<Record<Bound, number>> = {
  rssBytes: 64 * 2 ** 20,
  rssAfterBytes: 40 * 2 ** 20,
  visitRatio: 10,
  failedShare: 0.1,
  turnRatio: 10,
  logBytes: 64 * 2 ** 10,
  keyFetches: 2,
  lostPackets: 20,
};

type VisitKind = keyof Observation["visits"];
const visitNames: Readonly<Record<VisitKind, string>> = { http3: "HTTP/3", tcp: "TCP" };

/** Returns the bounds that do not hold under attack, in words; empty if all hold. */
export function judge(
  quiet: Observation,
  attacked: Observation,
  { boundsTurns = false }: Pick<Attack, "boundsTurns"> = {},
): string[] {
  const { pair, keyFetches } = attacked;
  const lost = pair.sent - pair.received;
  const seconds = (attacked.ms / 1000).toFixed(1);
  // Each claim states what must hold, so that a NaN makes it false.
  const claims: readonly Claim[] = [
    [attacked.isAlive, "the relay's process ended"],
    [attacked.rssBytes - quiet.rssBytes <= bounds.rssBytes, "memory grew"],
    ...visitClaims("http3", quiet, attacked),
    ...visitClaims("tcp", quiet, attacked),
    [
      !boundsTurns || attacked.longestTurnMs <= bounds.turnRatio * quiet.longestTurnMs,
      `the event loop stood still for ${attacked.longestTurnMs.toFixed()} ms`,
    ],
    [attacked.logBytes <= bounds.logBytes, "the log is flooded"],
    [
      Math.min(...progress(attacked)) > 0,
      `the honest pair stood still (${progress(attacked).join("/")} in ${seconds} s)`,
    ],
    [lost <= bounds.lostPackets, `${lost} relayed packets are lost`],
    [pair.renewalsFailed === 0, `${pair.renewalsFailed} of ${pair.renewals} renewals failed`],
    [pair.messagesFailed === 0, `${pair.messagesFailed} of ${pair.messages} messages were refused`],
    [keyFetches <= bounds.keyFetches, `the issuer was asked for its keys ${keyFetches} times`],
  ];
  return claims.filter(([holds]) => !holds).map(([, what]) => what);
}

type Claim = readonly [holds: boolean, fault: string];

function visitClaims(kind: VisitKind, quiet: Observation, attacked: Observation): Claim[] {
  const all = attacked.visits[kind];
  const failed = failuresOf(all);
  return [
    [visitRatio(quiet, attacked, kind) <= bounds.visitRatio, `visits over ${visitNames[kind]} are slow`],
    [
      failed <= bounds.failedShare * all.length,
      `${failed} of ${all.length} visits over ${visitNames[kind]} failed`,
    ],
  ];
}

/** Returns the packets that arrived, renewals that were granted and messages that were taken. */
export function progress({ pair }: Observation): readonly number[] {
  return [pair.received, pair.renewals - pair.renewalsFailed, pair.messages - pair.messagesFailed];
}

export function failuresOf(visits: readonly Visit[]): number {
  return visits.filter((ms) => ms === undefined).length;
}

/** Returns the median visit under attack as a multiple of the quiet one. A failed visit counts as infinitely long. */
export function visitRatio(quiet: Observation, attacked: Observation, kind: VisitKind): number {
  return median(attacked.visits[kind]) / median(quiet.visits[kind]);
}

/** Returns the median in ms; `Infinity` without visits. */
export function median(visits: readonly Visit[]): number {
  const sorted = visits.map((ms) => ms ?? Infinity).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Infinity;
}
