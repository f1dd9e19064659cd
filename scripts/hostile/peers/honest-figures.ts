/** Name of the accepter at the relay. */
export const accepterName = "accepter";

/** What an honest peer noticed over some time. */
export interface HonestFigures {
  /** Times from message to echo, in ms, over all connections. */
  readonly echoMs: readonly number[];
  /** Messages without an echo a second later. */
  readonly unanswered: number;
  /** Times of new dials, in ms. */
  readonly dialMs: readonly number[];
  /** Dials that were not through a second later. */
  readonly undialed: number;
  /** Connections that ended. */
  readonly ended: number;
}

/** Messages whose echo takes longer are late, in ms: what a person notices. */
export const lateMs = 100;

/** Returns the messages that had no echo in time. */
export function lateOf({ echoMs, unanswered }: HonestFigures): number {
  return unanswered + echoMs.filter((ms) => ms > lateMs).length;
}

/** Returns a quantile of times, of which `missing` ones are endless; `Infinity` without any. @param share 0 to 1. */
export function quantile(times: readonly number[], missing: number, share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return (
    sorted[Math.min(sorted.length + missing - 1, Math.floor((sorted.length + missing) * share))] ?? Infinity
  );
}

export function medianEcho({ echoMs, unanswered }: HonestFigures): number {
  return quantile(echoMs, unanswered, 0.5);
}
