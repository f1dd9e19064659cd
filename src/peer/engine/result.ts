import type { EngineClose, StreamAborted } from "./contract.ts";

/** Calls the binding, which throws where its Rust code returns an error. Returns `undefined` then. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

/** Converts the CONNECTION_CLOSE of one side, if there is one. */
export function closeOf(
  error: { isApp: boolean; errorCode: number; reason: Uint8Array } | null,
): EngineClose | undefined {
  if (!error) return undefined;
  const reason = Buffer.from(error.reason).toString("utf8");
  return { isApplication: error.isApp, errorCode: error.errorCode, reason };
}

/**
 * Parses `StreamReset(77)` and `StreamStopped(77)`, the binding's errors for aborted streams. Its other errors are
 * about streams that the engine does not know: not yet, as a later one came first (RFC 9000 §2.1), or no longer.
 */
export function abortedBy(error: unknown): StreamAborted | undefined {
  const errorCode = /^Stream(?:Reset|Stopped)\((\d+)\)/.exec(messageOf(error))?.[1];
  return errorCode === undefined ? undefined : { abortedWith: Number(errorCode) };
}

/** Returns the message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
