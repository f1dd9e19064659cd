import { maxTimerMs } from "../../defaults/index.ts";

/** Resolves after `ms`, or as soon as `signal` aborts. Does not keep the process alive. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, maxTimerMs));
    timer.unref();
    signal.addEventListener("abort", end);
  });
}
