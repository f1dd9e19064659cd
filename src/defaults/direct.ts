/** Defaults of direct paths in use, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { minute, second } from "./units.ts";

/** Gap between checks of a direct path that carries data, in ms: what a death costs at most if QUIC itself does not show it. */
export const trustedCheckMs: number = second;
/** Gap between checks of a path that is in doubt, in ms: four of them are soon over. */
export const suspectCheckMs = 50;
/** How long a check may take: of a trusted path as long as a slow answer, of a suspect one two round trips. */
export const checkPatience: Readonly<Record<"trusted" | "suspect", { leastMs: number; roundTrips: number }>> =
  {
    trusted: { leastMs: 250, roundTrips: 3 },
    suspect: { leastMs: 150, roundTrips: 2 },
  };
/** Answers in a row that make a suspect path trusted: one may have been under way already. */
export const answersToTrust = 2;
/** The same for a path that is doubted again and again within 2 s: almost a second's. */
export const mostAnswersToTrust = 16;
/** Checks in a row without an answer that make it lost. At 5 % of loss in both directions, one in 10 000 series is chance. */
export const missesToLose = 4;
/** How long an answer is consent to packets, in ms (RFC 7675 §5.1). */
export const consentMs: number = 30 * second;
/** Silence after which a path is parked, in ms: what comes next goes both ways, so that a path that has died meanwhile costs nothing. */
export const parkAfterMs: number = 5 * second;
/** How long a parked path's NAT mapping is kept, in ms, after the last data. Whoever pauses for longer waits for a check. */
export const warmMs: number = 2 * minute;
/** Least bytes of a path since the last look that count as data. PINGs and checks of the path's size are less. */
export const leastDataBytes = 300;
/** Longest round trip of a direct path that is taken beside a relay: 1.5 times as long and 20 ms more. */
export const slowestDirect: { readonly ofRelay: number; readonly plusMs: number } = {
  ofRelay: 1.5,
  plusMs: 20,
};
/** What another address must gain for a change: a change costs a round trip or two in which packets overtake each other. */
export const gainToChange: { readonly leastMs: number; readonly share: number } = { leastMs: 10, share: 0.2 };
/** Head start of IPv6 over IPv4, in ms: no NAT can forget its mapping. */
export const ipv6HeadStartMs = 3;
/** Time after an address is taken in which the other side may still send by the relay, in ms: a slow round trip. */
export const settleMs = 300;
/** Time after a path is trusted again in which the other side's doubt is no reason for one's own, in ms: it asks as well, and has its answers sooner. */
export const reassuredMs: number = 2 * second;
/** Answers by whose shortest round trip an address is judged too slow. */
export const answersToJudge = 3;
/** How long an answer shows that an address answers, in ms. */
export const freshMs: number = second;
/** How long an address is kept at least before another is taken, in ms. */
export const dwellMs: number = 5 * second;
/** First and longest rest of an address that has failed, in ms. Each rest is twice as long. */
export const quarantineMs: readonly [number, number] = [5 * second, 5 * minute];
/** Addresses whose rests are remembered. */
export const maxQuarantined = 32;
/** Window over which the loss of a path is judged, in ms: 5 % in bursts evens out. */
export const lossWindowMs: number = 10 * second;
/** Share of lost packets above which the relay is better. */
export const mostLoss = 0.1;
/** Packets in the window that a judgement needs. */
export const leastPacketsForLoss = 100;
/** Time for which a path that was left still mends its losses by the relay, in ms, before it is closed. */
export const leaveMs: number = second;
/** Gap between attempts to open a path in QUIC, in ms: the other side has not issued connection IDs yet, or the last path is still closing. */
export const openAgainMs = 100;
/** Addresses a minute, and at once, from which packets are accepted for a check alone. The rest has to answer one first, which takes a round trip. */
export const unprovenPerMinute = 16;
/** Addresses of the other peer from which packets are accepted for a connection: one in use, and those that it moves between. */
export const maxAcceptedAddresses = 8;
/** Path events that wait for a reader. A connection has a few in its life. */
export const pathEventQueue = 64;
/** Paths that the other side may open in QUIC at once, and per minute, before the connection is ended: a path that fails rests longer each time. */
export const pathsAtOnce = 8;
export const pathsPerMinute = 4;
/** Time in which QUIC has to open a path, in ms, before it is given up. */
export const openTimeoutMs: number = 5 * second;
/** Paths of a connection in QUIC: the relay's and a direct one. */
export const maxPaths = 2;
/** How long a check may be answered, in ms. A later answer says nothing about now. */
export const checkLifeMs: number = 3 * second;
/** Checks of the other side that a connection answers per second, and at once: a path in doubt brings 20 a second, a round 64. */
export const answersPerSecond = 50;
export const answersAtOnce = 100;
/** Checks of all connections of a socket that may be unanswered. Of more, the oldest are forgotten: 3 s of 200 a second, and those of proven paths. */
export const maxPendingChecks = 1024;
