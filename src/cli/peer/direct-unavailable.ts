import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { RelayReason } from "../../peer/index.ts";
import { whyRelay } from "./relay-reasons.ts";

/** Returns an error about the lack of a direct path in terms of the command line. */
export function inDirectFlag<Fault>(error: Fault): Fault | QuicpipeError {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_DIRECT_UNAVAILABLE")) return error;
  const why = whyRelay(error.details.reason as RelayReason);
  return new QuicpipeError(
    error.code,
    `there is no direct path, and --direct require ends a connection without one: ${why}; with --direct auto the relay carries it`,
    { cause: error, details: error.details },
  );
}
