import * as defaults from "../defaults/index.ts";

/**
 * Runs sweeps every `defaults.sweepIntervalMs`. A sweep removes one expired item per step of its iterator. The event loop
 * gets its turn after every `defaults.sweepBatch` steps, so that no number of expiries blocks it. A round that exceeds the
 * interval is completed before the next one begins.
 *
 * @returns stops them.
 */
export function createSweeper(sweeps: readonly (() => Iterator<unknown>)[]): () => void {
  let nextSlice: NodeJS.Immediate | undefined;
  const runSlice = (pending: Iterator<unknown>[]): void => {
    for (let left = defaults.sweepBatch; left > 0 && pending.length > 0; left--) {
      if (pending[0]!.next().done) pending.shift();
    }
    nextSlice = pending.length > 0 ? setImmediate(runSlice, pending) : undefined;
  };
  const timer = setInterval(() => {
    if (!nextSlice) runSlice(sweeps.map((sweep) => sweep()));
  }, defaults.sweepIntervalMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    clearImmediate(nextSlice);
  };
}
