/**
 * Returns the time in ms since the epoch: the system clock's reading when this process started, counted on from there. It
 * never goes back and never jumps, however the system clock is set. For times that are compared with each other.
 */
export function steadyNow(): number {
  return Math.trunc(performance.timeOrigin + performance.now());
}

/**
 * Converts a time of {@link steadyNow} to the system clock as currently set. The offset is rounded to whole seconds, so
 * repeated conversions agree.
 */
function systemTimeOf(steadyMs: number): Date {
  const aheadMs = Math.round((Date.now() - steadyNow()) / 1000) * 1000;
  return new Date(steadyMs + aheadMs);
}

/** Formats a time of the steady clock as RFC 3339, by the system clock. */
export function timestamp(steadyMs: number): string {
  return systemTimeOf(steadyMs).toISOString();
}
