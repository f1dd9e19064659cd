/**
 * ms since the epoch by the system's clock as it was when this process started, counted on from there: it never goes back
 * and never jumps, however the system's clock is set. For times that are compared with each other.
 */
export function steadyNow(): number {
  return Math.trunc(performance.timeOrigin + performance.now());
}

/** What the system's clock says, as it is set now, at a time of {@link steadyNow}; to whole seconds the same each time. */
function systemTimeOf(steadyMs: number): Date {
  const aheadMs = Math.round((Date.now() - steadyNow()) / 1000) * 1000;
  return new Date(steadyMs + aheadMs);
}

/** Writes a time of the steady clock as RFC 3339 has it, by the system's clock. */
export function timestamp(steadyMs: number): string {
  return systemTimeOf(steadyMs).toISOString();
}
