import { QuicpipeError } from "../../errors.ts";

/** One request to the relay. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Time limit of the response, in ms. */
  readonly timeoutMs: number;
  /** Part of `timeoutMs` that the relay was asked to wait, in ms. A repeated request waits anew. */
  readonly waitMs?: number | undefined;
  /** Limit of the response body, in bytes; `defaults.maxAnswerBytes` if absent. */
  readonly maxAnswerBytes?: number | undefined;
  /** Whether the request may be repeated although it may have been carried out already. */
  readonly isIdempotent: boolean;
  /** Aborts the request. */
  readonly signal?: AbortSignal | undefined;
}

/** Why requests go over TCP: HTTP/3 answers, but does not know the relay's routes, or it does not answer. */
export type Http3Lack = "not-found" | "unavailable";

/** The response to a request. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated fields are joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/**
 * Returns the error for a relay that cannot be reached.
 *
 * @param why the reason, and what to look at over this transport.
 * @param details `sent` tells whether the relay may have carried out the request.
 */
export function relayUnreachable(
  why: string,
  details: Readonly<Record<string, unknown>> & { readonly sent: boolean },
  cause?: unknown,
): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", `the relay cannot be reached: ${why}`, {
    cause,
    details,
  });
}

/** What to do about an app that does not answer over TCP. */
export const tcpRemedies = {
  tcp: "check that its app runs on this machine and listens on the TCP port of the URL",
  tls: "check its address, its certificate, and that its gateway takes HTTP over TCP: without the QUIC engine there is no HTTP/3",
  fallback:
    "check its address, its certificate, and that its gateway takes HTTP over TCP, as it did in place of HTTP/3",
} as const;
