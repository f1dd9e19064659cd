import type { EngineClose, StreamAborted } from "./contract.ts";

/** The engine's binding throws where its Rust returns an error; `undefined` is all that a caller needs then. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

/** What one side said on closing, if it did. */
export function closeOf(
  error: { isApp: boolean; errorCode: number; reason: Uint8Array } | null,
): EngineClose | undefined {
  if (!error) return undefined;
  const reason = Buffer.from(error.reason).toString("utf8");
  return { isApplication: error.isApp, errorCode: error.errorCode, reason };
}

/**
 * Reads `StreamReset(77)` and `StreamStopped(77)`, which is how the binding reports them. What else it throws is
 * about streams that the engine does not know: not yet, as a later one came first (RFC 9000 §2.1), or not any more.
 */
export function abortedBy(error: unknown): StreamAborted | undefined {
  const errorCode = /^Stream(?:Reset|Stopped)\((\d+)\)/.exec(messageOf(error))?.[1];
  return errorCode === undefined ? undefined : { abortedWith: Number(errorCode) };
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
