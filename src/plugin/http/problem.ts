import * as defaults from "../../defaults/index.ts";
import { QuicpipeError, type QuicpipeErrorCode, isQuicpipeError } from "../../errors.ts";
import type { Problem } from "../../protocol.ts";
import type { Log } from "../log.ts";

/** Prefix of a problem's `type`. The code in lower case follows; the URL is its explanation in `docs/errors.md`. */
export const problemTypeBase = "https://github.com/quicpipe/quicpipe/blob/main/docs/errors.md#";

interface ProblemKind {
  readonly status: number;
  /** Title shared by all problems with the code (RFC 9457 §3.1.3). */
  readonly title: string;
}

/** All codes that a request may be answered with. */
export const problemKinds: Partial<Record<QuicpipeErrorCode, ProblemKind>> = {
  ERR_QUICPIPE_CLOSED: { status: 503, title: "The relay is not running" },
  ERR_QUICPIPE_NOT_FOUND: { status: 404, title: "No such resource" },
  ERR_QUICPIPE_METHOD_NOT_ALLOWED: { status: 405, title: "Method not allowed" },
  ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED: { status: 415, title: "Content type not supported" },
  ERR_QUICPIPE_BODY_TOO_LARGE: { status: 413, title: "Body too large" },
  ERR_QUICPIPE_BODY_INVALID: { status: 400, title: "Body not valid" },
  ERR_QUICPIPE_KEY_INVALID: { status: 400, title: "Key not valid" },
  ERR_QUICPIPE_NUM_INVALID: { status: 400, title: "Number of connection IDs not valid" },
  ERR_QUICPIPE_TTL_INVALID: { status: 400, title: "Lifetime not valid" },
  ERR_QUICPIPE_CONNECTIONS_INVALID: { status: 400, title: "Number of connections not valid" },
  ERR_QUICPIPE_NOTE_INVALID: { status: 400, title: "Note not valid" },
  ERR_QUICPIPE_PACKETS_INVALID: { status: 400, title: "Packets not valid" },
  ERR_QUICPIPE_PACKET_NOT_INITIAL: { status: 400, title: "Packet is no QUIC Initial" },
  ERR_QUICPIPE_RECIPIENT_INVALID: { status: 400, title: "Recipient not valid" },
  ERR_QUICPIPE_QUERY_INVALID: { status: 400, title: "Query not valid" },
  ERR_QUICPIPE_EARLY_DATA: { status: 425, title: "Not in early data" },
  ERR_QUICPIPE_TOKEN_MISSING: { status: 401, title: "Token missing" },
  ERR_QUICPIPE_TOKEN_INVALID: { status: 401, title: "Token not valid" },
  ERR_QUICPIPE_TOKEN_EXPIRED: { status: 401, title: "Token expired" },
  ERR_QUICPIPE_TOKEN_UNSIGNED: { status: 401, title: "Token not signed" },
  ERR_QUICPIPE_TOKEN_AUDIENCE: { status: 401, title: "Token for another audience" },
  ERR_QUICPIPE_SCOPE_MISSING: { status: 403, title: "Scope missing" },
  ERR_QUICPIPE_ORIGIN_FORBIDDEN: { status: 403, title: "Request from another origin" },
  ERR_QUICPIPE_JWKS_UNAVAILABLE: { status: 503, title: "Token keys out of reach" },
  ERR_QUICPIPE_RECIPIENT_FORBIDDEN: { status: 403, title: "Recipient not allowed" },
  ERR_QUICPIPE_INVITATION_ENDED: { status: 401, title: "Invitation ended" },
  ERR_QUICPIPE_INVITATION_USED: { status: 403, title: "Invitation used" },
  ERR_QUICPIPE_REGISTRATION_NOT_FOUND: { status: 404, title: "No such registration" },
  ERR_QUICPIPE_MESSAGE_NOT_FOUND: { status: 404, title: "No such message" },
  ERR_QUICPIPE_INVITATION_NOT_FOUND: { status: 404, title: "No such invitation" },
  ERR_QUICPIPE_CID_CONFLICT: { status: 409, title: "Connection IDs held by another" },
  ERR_QUICPIPE_MESSAGE_TAKEN: { status: 409, title: "Message taken already" },
  ERR_QUICPIPE_OWN_ADDRESS: { status: 403, title: "Address of the relay itself" },
  ERR_QUICPIPE_REGISTRATION_QUOTA: { status: 429, title: "Too many registrations" },
  ERR_QUICPIPE_CID_QUOTA: { status: 429, title: "Too many connection IDs" },
  ERR_QUICPIPE_TABLE_FULL: { status: 503, title: "Relay full" },
  ERR_QUICPIPE_SENDER_QUOTA: { status: 429, title: "Too many messages sent" },
  ERR_QUICPIPE_MAILBOX_FULL: { status: 429, title: "Mailbox full" },
  ERR_QUICPIPE_MAILBOX_STORE_FULL: { status: 503, title: "Message store full" },
  ERR_QUICPIPE_WAITER_QUOTA: { status: 429, title: "Too many open waits" },
  ERR_QUICPIPE_INVITATION_QUOTA: { status: 429, title: "Too many invitations" },
  ERR_QUICPIPE_RATE_LIMITED: { status: 429, title: "Too many requests" },
  ERR_QUICPIPE_DRAINING: { status: 503, title: "The relay is shutting down" },
  ERR_QUICPIPE_INTERNAL: { status: 500, title: "Internal error" },
};

/** Answers an error with problem details (RFC 9457). Codes become HTTP only here. */
export function problemResponse(error: QuicpipeError): Response {
  const { status, title } = problemKinds[error.code]!;
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (status === 401 || status === 403) setChallenge(headers, error, title);
  if (isQuicpipeError(error, "ERR_QUICPIPE_METHOD_NOT_ALLOWED")) headers.set("allow", error.details.allow);
  if (status === 429 || status === 503) {
    const seconds = error.details["retryAfterSeconds"] ?? defaults.retryAfterSeconds;
    headers.set("retry-after", String(seconds));
  }
  const type = problemTypeBase + error.code.toLowerCase();
  const problem: Problem = { type, title, status, detail: error.message, code: error.code };
  return new Response(JSON.stringify(problem), { status, headers });
}

/** Returns the error if a request may be answered with it. Any other error is logged and replaced by a generic one. */
export function presentable(error: unknown, log: Pick<Log, "write">): QuicpipeError {
  if (isQuicpipeError(error) && problemKinds[error.code]) return error;
  log.write("error", "request-failed", "a request failed unexpectedly", { err: error });
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", "the relay failed; its log says more");
}

/** RFC 6750 §3: states what the client needs. There is no error code if it sent no token at all. */
function setChallenge(headers: Headers, error: QuicpipeError, title: string): void {
  const { code } = error;
  const realm = 'Bearer realm="quicpipe"';
  if (code === "ERR_QUICPIPE_TOKEN_MISSING") headers.set("www-authenticate", realm);
  else if (isQuicpipeError(error, "ERR_QUICPIPE_SCOPE_MISSING"))
    headers.set("www-authenticate", `${realm}, error="insufficient_scope", scope="${error.details.scope}"`);
  else if (code.startsWith("ERR_QUICPIPE_TOKEN_") || code === "ERR_QUICPIPE_INVITATION_ENDED")
    headers.set("www-authenticate", `${realm}, error="invalid_token", error_description="${title}"`);
}
