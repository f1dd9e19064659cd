/** What one account may hold and send. */
export interface Quota {
  /** Registrations at a time. */
  readonly maxRegistrations: number;
  /** Connection IDs at a time, over all its registrations. */
  readonly maxCids: number;
  /** Rate of all its registrations together, in bytes per second. */
  readonly bytesPerSecond: number;
  /** Longest life of a registration without renewal, in ms. */
  readonly maxTtlMs: number;
}

/** Takes the smaller of each figure, so that a claim narrows the server's quota and never widens it. */
export function narrowQuota(quota: Quota, claim: Partial<Quota>): Quota {
  const narrower = (figure: keyof Quota): number => Math.min(quota[figure], claim[figure] ?? Infinity);
  return {
    maxRegistrations: narrower("maxRegistrations"),
    maxCids: narrower("maxCids"),
    bytesPerSecond: narrower("bytesPerSecond"),
    maxTtlMs: narrower("maxTtlMs"),
  };
}
