/** Limits of one account. */
export interface Quota {
  /** Concurrent registrations. */
  readonly maxRegistrations: number;
  /** Connection IDs of all its registrations together. */
  readonly maxCids: number;
  /** Send rate of all its registrations together, in bytes per second. */
  readonly bytesPerSecond: number;
  /** Longest lifetime of a registration without renewal, in ms. */
  readonly maxTtlMs: number;
}

/** Returns the smaller of each value: a claim narrows the server's quota and never widens it. */
export function narrowQuota(quota: Quota, claim: Partial<Quota>): Quota {
  const narrower = (figure: keyof Quota): number => Math.min(quota[figure], claim[figure] ?? Infinity);
  return {
    maxRegistrations: narrower("maxRegistrations"),
    maxCids: narrower("maxCids"),
    bytesPerSecond: narrower("bytesPerSecond"),
    maxTtlMs: narrower("maxTtlMs"),
  };
}
