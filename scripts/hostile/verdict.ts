import type { Attack } from "./attack.ts";
import type { Visit } from "./honest/visitor.ts";
import type { Observation } from "./observation.ts";

type Bound =
  | "rssBytes" // memory beyond the quiet phase's while the attackers are there
  | "rssAfterBytes" // and once they have gone
  | "visitRatio" // how many times as long an honest visit may take at the median
  | "failedShare" // of the honest visits of a kind
  | "turnRatio" // how many times as long the event loop's longest turn may be
  | "logBytes" // a log limited by kind: some kinds, each of a few lines
  | "keyFetches" // one, and one more after its cooldown
  | "lostPackets"; // as many may be under way between two looks at a pair's counts

/** Bounds on what an attack may do, each in relation to the quiet phase of the same run. */
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

/** What does not hold under attack, in words; none: all holds. */
export function judge(
  quiet: Observation,
  attacked: Observation,
  { boundsTurns = false }: Pick<Attack, "boundsTurns"> = {},
): string[] {
  const { pair, keyFetches } = attacked;
  const lost = pair.sent - pair.received;
  const seconds = (attacked.ms / 1000).toFixed(1);
  // Each says what has to be true: a figure that is none makes it false.
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

/** Packets that arrived, renewals that were granted and messages that were taken. */
export function progress({ pair }: Observation): readonly number[] {
  return [pair.received, pair.renewals - pair.renewalsFailed, pair.messages - pair.messagesFailed];
}

export function failuresOf(visits: readonly Visit[]): number {
  return visits.filter((ms) => ms === undefined).length;
}

/** How many times as long a visit takes at the median; a visit that failed takes for ever. */
export function visitRatio(quiet: Observation, attacked: Observation, kind: VisitKind): number {
  return median(attacked.visits[kind]) / median(quiet.visits[kind]);
}

/** In ms; `Infinity` if there was none. */
export function median(visits: readonly Visit[]): number {
  const sorted = visits.map((ms) => ms ?? Infinity).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Infinity;
}
