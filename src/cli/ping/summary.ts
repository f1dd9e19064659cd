import type { RelayReason } from "../../peer/index.ts";

/** Figures of all pings of a command. Times are in ms, and `null` if none was answered. */
export interface PingSummary {
  readonly sent: number;
  readonly received: number;
  readonly minMs: number | null;
  readonly medianMs: number | null;
  readonly maxMs: number | null;
  /** Why the connection is on the relay in the end; `null` on a direct path, and while one is being looked for. */
  readonly reason: RelayReason | null;
}

/** @param rtts the round trip of each ping in ms, or `null`. */
export function summaryOf(rtts: readonly (number | null)[], reason: RelayReason | null = null): PingSummary {
  const sorted = rtts.filter((rtt) => rtt !== null).toSorted((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const medianMs = sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
  return {
    sent: rtts.length,
    received: sorted.length,
    minMs: sorted[0] ?? null,
    medianMs: sorted.length > 0 ? Math.round(medianMs * 10) / 10 : null,
    maxMs: sorted.at(-1) ?? null,
    reason,
  };
}
