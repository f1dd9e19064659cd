import { optionInvalid } from "../../option-checks.ts";

/** A deadline that expires after a time or by a signal, whichever is first. */
export interface Deadline {
  /** Rejects on expiry, never resolves. */
  readonly expired: Promise<never>;
  /** Aborts on expiry or on {@link clear}, for work towards the same end. */
  readonly signal: AbortSignal;
  /** Cancels the deadline. The caller that creates it must clear it. */
  clear(): void;
}

/** Returns the option `signal`. @throws ERR_QUICPIPE_OPTION_INVALID for anything but an `AbortSignal` or `undefined` */
export function requireSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw optionInvalid("signal", signal, "an AbortSignal");
}

/** Creates a deadline. On expiry it rejects with the result of `error`; on an abort, with the signal's reason. */
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
  // It may expire unobserved.
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
