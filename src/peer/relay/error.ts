import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError, type QuicpipeErrorCode, tokenRefusals } from "../../errors.ts";
import type { Problem } from "../../protocol.ts";
import type { HttpResponse } from "../http/http.ts";

/** Codes of a relay that a program can act on. Any other becomes ERR_QUICPIPE_RELAY_REFUSED. */
const relayCodes: readonly QuicpipeErrorCode[] = [
  "ERR_QUICPIPE_CONNECTIONS_INVALID",
  "ERR_QUICPIPE_NOTE_INVALID",
  "ERR_QUICPIPE_RECIPIENT_INVALID",
  "ERR_QUICPIPE_PACKETS_INVALID",
  "ERR_QUICPIPE_PACKET_NOT_INITIAL",
  ...tokenRefusals,
  "ERR_QUICPIPE_JWKS_UNAVAILABLE",
  "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
  "ERR_QUICPIPE_INVITATION_USED",
  "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
  "ERR_QUICPIPE_MESSAGE_NOT_FOUND",
  "ERR_QUICPIPE_INVITATION_NOT_FOUND",
  "ERR_QUICPIPE_CID_CONFLICT",
  "ERR_QUICPIPE_MESSAGE_TAKEN",
  "ERR_QUICPIPE_OWN_ADDRESS",
  "ERR_QUICPIPE_REGISTRATION_QUOTA",
  "ERR_QUICPIPE_CID_QUOTA",
  "ERR_QUICPIPE_TABLE_FULL",
  "ERR_QUICPIPE_SENDER_QUOTA",
  "ERR_QUICPIPE_MAILBOX_FULL",
  "ERR_QUICPIPE_MAILBOX_STORE_FULL",
  "ERR_QUICPIPE_WAITER_QUOTA",
  "ERR_QUICPIPE_INVITATION_QUOTA",
  "ERR_QUICPIPE_RATE_LIMITED",
  "ERR_QUICPIPE_DRAINING",
];

/**
 * Converts an unsuccessful response into an error, with its problem details (RFC 9457) if it has any; `undefined` for a 404
 * without: a relay's own have a code.
 */
export function refusalOf(response: HttpResponse, request: string): QuicpipeError | undefined {
  const { status } = response;
  const problem = parseProblem(response);
  if (status === 404 && problem?.code === undefined) return undefined;
  const retryAfterSeconds = parseRetryAfter(response.headers.get("retry-after"));
  const details = {
    status,
    ...(problem && { relayCode: problem.code, relayDetail: problem.detail }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  const code = relayCodes.find((each) => each === problem?.code) ?? "ERR_QUICPIPE_RELAY_REFUSED";
  return new QuicpipeError(code, `the relay refused ${request}: ${problem?.detail ?? `status ${status}`}`, {
    details,
  });
}

/** Whether an answer comes from an app without the relay's routes: a 404 of a relay has a code. */
export function isWithoutRelay(response: HttpResponse): boolean {
  return refusalOf(response, "") === undefined;
}

/** Whether an answer comes from a relay: a list, or a problem with a code of its own. */
export function isOfRelay(response: HttpResponse): boolean {
  const isProblem = parseProblem(response)?.code?.startsWith("ERR_QUICPIPE_") === true;
  return isProblem || (response.status === 200 && Array.isArray(messagesOf(response)));
}

function messagesOf(response: HttpResponse): unknown {
  const body = parseJson(response);
  return typeof body === "object" && body !== null && "messages" in body ? body.messages : undefined;
}

/** Returns how long to leave the relay alone, in ms; `undefined` if it has not said. */
export function retryAfterMs(error: unknown): number | undefined {
  const seconds = isQuicpipeError(error) ? error.details["retryAfterSeconds"] : undefined;
  return typeof seconds === "number" ? seconds * 1000 : undefined;
}

/** Parses `Retry-After` in seconds (RFC 9110 §10.2.3). Caps it at `defaults.maxRetryAfterSeconds`. */
function parseRetryAfter(value: string | undefined): number | undefined {
  return /^\d+$/.test(value ?? "") ? Math.min(Number(value), defaults.maxRetryAfterSeconds) : undefined;
}

/** Parses a JSON body; `undefined` if it is none. */
export function parseJson(response: HttpResponse): unknown {
  try {
    return JSON.parse(Buffer.from(response.body).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Returns the code and detail of a problem, if they are text, cut to a maximum length. */
function parseProblem(response: HttpResponse): { code?: string; detail?: string } | undefined {
  const body = parseJson(response);
  if (typeof body !== "object" || body === null) return undefined;
  const { code, detail }: Partial<Record<keyof Problem, unknown>> = body;
  return {
    ...(typeof code === "string" && { code: code.slice(0, maxTextLength) }),
    ...(typeof detail === "string" && { detail: detail.slice(0, maxTextLength) }),
  };
}

/** Maximum length of a relay's text, in UTF-16 code units; details of a quicpipe relay have some hundred. */
const maxTextLength = 1000;
