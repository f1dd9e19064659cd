import { isQuicpipeError } from "../../errors.ts";
import type { Http2Options, Http2Session } from "./http2.ts";
import type { TcpSession } from "./tcp.ts";

/** Opens HTTP/2, or else HTTP/1.1, which connects at its first request; `undefined` if the signal aborts. The caller closes the session. */
export async function openOverTcp(options: Http2Options): Promise<Http2Session | TcpSession | undefined> {
  // Loaded here alone: `node:http2` takes Node some of the time that a start has.
  const [http2, http1] = await Promise.all([import("./http2.ts"), import("./tcp.ts")]);
  try {
    return await http2.Http2Session.open(options);
  } catch (error) {
    if (!isQuicpipeError(error)) throw error;
    return options.signal.aborted ? undefined : new http1.TcpSession(options);
  }
}
