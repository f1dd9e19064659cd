import { isQuicpipeError, type QuicpipeError } from "../../errors.ts";
import { pause } from "../time/pause.ts";
import { retryAfterMs } from "./error.ts";

/** How long a {@link patiently} made request may be made again, and who hears of it. */
export interface Patience {
  /** When the time is up, by `performance.now()`. */
  readonly deadlineMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Hears why it waits, and with `undefined` that it no longer does. */
  readonly onWait: (refusal: QuicpipeError | undefined) => void;
}

/**
 * Makes a request to the relay, and makes it again where the relay refuses it for now and says when to come back (429
 * and 503 with `Retry-After`). Who is told the same at the same time comes back a little apart.
 *
 * @throws the refusal, as soon as the time is too short to come back; any other error at once.
 */
export async function patiently<T>(request: () => Promise<T>, patience: Patience): Promise<T> {
  const { deadlineMs, signal, onWait } = patience;
  for (;;) {
    try {
      const answer = await request();
      onWait(undefined);
      return answer;
    } catch (error) {
      const waitMs = spread(retryAfterMs(error) ?? Infinity);
      if (!isQuicpipeError(error) || signal.aborted || performance.now() + waitMs >= deadlineMs) throw error;
      onWait(error);
      await pause(waitMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

/** Half as long again at most. */
function spread(ms: number): number {
  return ms * (1 + Math.random() / 2);
}
