import type { LoadCounts } from "./load.ts";
import type { Course } from "./series.ts";

/** Figures of a soak. */
export interface SoakFigures {
  /** Whether the relay was alive to the end. */
  readonly isAlive: boolean;
  /** Whether the soak ran long enough to tell growth from the garbage collector's work. */
  readonly isLong: boolean;
  readonly rssBytes: Course;
  readonly descriptors: Course;
  readonly load: LoadCounts;
}

/** Fluctuation of the garbage collector, in bytes, and sockets that are about to close. */
const maxGrowth = { rssBytes: 16 * 2 ** 20, descriptors: 8 } as const;

/** Returns the faults in words; empty if all held. */
export function faultsOf({ isAlive, isLong, rssBytes, descriptors, load }: SoakFigures): string[] {
  const { relayed, passersBy, complaints } = load;
  const least = Math.min(relayed.sent, relayed.renewals, relayed.messages, passersBy.registrations);
  // Each claim states what must hold, so that a NaN makes it false.
  const claims: readonly (readonly [boolean, string])[] = [
    [isAlive, "the relay's process ended"],
    [!isLong || rssBytes.growth <= maxGrowth.rssBytes, `memory grew by ${rssBytes.growth} bytes`],
    [descriptors.growth <= maxGrowth.descriptors, `${descriptors.growth} descriptors more`],
    [least > 0, "the honest load stood still"],
    [relayed.received === relayed.sent, `${relayed.sent - relayed.received} relayed packets were lost`],
    [relayed.renewalsFailed === 0, `${relayed.renewalsFailed} of ${relayed.renewals} renewals failed`],
    [relayed.messagesFailed === 0, `${relayed.messagesFailed} of ${relayed.messages} messages were refused`],
    [passersBy.visitsFailed === 0, `${passersBy.visitsFailed} of ${passersBy.visits} visits failed`],
    [
      passersBy.registrationsFailed === 0,
      `${passersBy.registrationsFailed} of ${passersBy.registrations} registrations failed`,
    ],
  ];
  return [...claims.filter(([holds]) => !holds).map(([, what]) => what), ...complaints];
}
