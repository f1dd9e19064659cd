import { QuicpipeError } from "../errors.ts";
import type { SessionId } from "./contract.ts";

/** The error for the id of a session that is not open, whichever backend was asked. */
export function noSession(id: SessionId): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", `no session ${id} in the data plane: it was closed`);
}
