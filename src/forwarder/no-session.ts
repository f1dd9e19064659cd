import { QuicpipeError } from "../errors.ts";
import type { SessionId } from "./contract.ts";

/** Returns the error for the id of a session that is not open, in either backend. */
export function noSession(id: SessionId): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", `no session ${id} in the data plane: it was closed`);
}
