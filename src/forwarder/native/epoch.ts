/** What `now` says, in ms, as the system's monotonic clock, which the threads read, is at 0. */
export function epochMs(now: () => number): number {
  return Math.trunc(now()) - Math.trunc(Number(process.hrtime.bigint()) / 1e6);
}

/** Both clocks are compared once: else a moment would be another one each time that it is looked at. */
export function createEpochClock(now: () => number): (monotonicNs: bigint) => number {
  const epochNs = BigInt(epochMs(now)) * 1_000_000n;
  return (monotonicNs) => Number(epochNs + monotonicNs) / 1e6;
}

/** A clock for tests is both clocks. */
export function fromTestClock(atNs: bigint): number {
  return Number(atNs) / 1e6;
}
