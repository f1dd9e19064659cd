/** Returns the time of `now`, in ms, at which the system's monotonic clock, which the threads read, was 0. */
export function epochMs(now: () => number): number {
  return Math.trunc(now()) - Math.trunc(Number(process.hrtime.bigint()) / 1e6);
}

/** Compares both clocks once. Otherwise a moment would change each time it is converted. */
export function createEpochClock(now: () => number): (monotonicNs: bigint) => number {
  const epochNs = BigInt(epochMs(now)) * 1_000_000n;
  return (monotonicNs) => Number(epochNs + monotonicNs) / 1e6;
}

/** A clock for tests stands for both clocks. */
export function fromTestClock(atNs: bigint): number {
  return Number(atNs) / 1e6;
}
