/** Runs out after a time or by a signal, whichever is first. */
export interface Deadline {
  /** Rejects when it runs out, never resolves. */
  readonly expired: Promise<never>;
  /** Aborts when it runs out or is cleared: for what works towards the same end. */
  readonly signal: AbortSignal;
  /** Whoever set it clears it. */
  clear(): void;
}

/** Sets a deadline: `error` says what is wrong if the time is up; an abort rejects with the signal's reason. */
export function createDeadline(
  timeoutMs: number,
  error: () => Error,
  signal?: AbortSignal | undefined,
): Deadline {
  const { promise, reject } = Promise.withResolvers<never>();
  const controller = new AbortController();
  const end = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  const timer = setTimeout(() => end(error()), timeoutMs);
  const abort = (): void => end(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  // Nobody may be looking any more when it runs out.
  promise.catch(() => undefined);
  return {
    expired: promise,
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      controller.abort();
    },
  };
}
