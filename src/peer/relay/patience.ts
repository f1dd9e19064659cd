import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, type QuicpipeError } from "../../errors.ts";
import { pause } from "../time/pause.ts";
import { retryAfterMs } from "./error.ts";

/** Limits and observer of a request made by {@link patiently}. */
export interface Patience {
  /** End of the time limit, by `performance.now()`. */
  readonly deadlineMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Receives the refusal before each wait, and `undefined` after success. */
  readonly onWait: (refusal: QuicpipeError | undefined) => void;
}

/**
 * Makes a request to the relay, and repeats it while the relay refuses it for now and says when to come back (429 and
 * 503 with `Retry-After`), but ever more slowly, whatever the relay says. Spreads the repetitions, so that clients refused at
 * the same time do not return together.
 *
 * @throws the refusal, as soon as too little time is left to come back; any other error at once.
 */
export async function patiently<T>(request: () => Promise<T>, patience: Patience): Promise<T> {
  const { deadlineMs, signal, onWait } = patience;
  const [firstMs, longestMs] = defaults.refusedRetryMs;
  for (let leastMs = firstMs; ; leastMs = Math.min(2 * leastMs, longestMs)) {
    try {
      const answer = await request();
      onWait(undefined);
      return answer;
    } catch (error) {
      const waitMs = spread(Math.max(leastMs, retryAfterMs(error) ?? Infinity));
      if (!isQuicpipeError(error) || signal.aborted || performance.now() + waitMs >= deadlineMs) throw error;
      onWait(error);
      await pause(waitMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

/** Adds up to half of the time, at random. */
function spread(ms: number): number {
  return ms * (1 + Math.random() / 2);
}
