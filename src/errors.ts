/** No details. @inline */
type None = Readonly<Record<string, never>>;

/**
 * A relay's refusal, as its peer has it. An error of the relay itself has no more of it than `retryAfterSeconds`.
 * @inline
 */
type Refusal = {
  /** Status of the relay's answer. */
  readonly status?: number;
  /** The relay's code and sentence. */
  readonly relayCode?: string;
  readonly relayDetail?: string;
  readonly retryAfterSeconds?: number;
};

/** The error that a connection was closed with (RFC 9000 §20), if it was. @inline */
type CloseError = {
  readonly errorCode?: number;
  readonly reason?: string;
  readonly closedBy?: "this peer" | "the other peer";
};

/** The last step that a dial has reached. @inline */
type DialStep = "registering" | "sending" | "delivered" | "queued" | "taken" | "expired";

/**
 * The codes of a {@link QuicpipeError}, and the `details` of each; `docs/errors.md` gives the meaning and remedy of each. Match
 * on `code`, not with `instanceof`: two versions of the package may be loaded at once.
 */
export interface ErrorDetails {
  // configuration
  ERR_QUICPIPE_OPTION_INVALID: { readonly option: string; readonly path?: string; readonly value?: string };
  ERR_QUICPIPE_STATE_UNAVAILABLE: { readonly path?: string };
  ERR_QUICPIPE_NODE_UNSUPPORTED: { readonly version: string };
  ERR_QUICPIPE_DEPENDENCY_MISSING: None;
  ERR_QUICPIPE_ADDON_MISSING: { readonly platform: string };
  ERR_QUICPIPE_ADDON_UNUSABLE: { readonly path: string };
  ERR_QUICPIPE_AUTH_REQUIRED: None;
  ERR_QUICPIPE_LISTEN_FAILED: {
    readonly host?: string;
    readonly port?: number;
    readonly system?: string;
    readonly option?: string;
    readonly count?: number;
  };
  ERR_QUICPIPE_BACKEND_UNAVAILABLE: { readonly backend: string; readonly reason: string };
  ERR_QUICPIPE_CLOSED: { readonly reason?: "closed" | "not-open" | "socket-lost" };
  // requests: method, path and body
  ERR_QUICPIPE_NOT_FOUND: None;
  ERR_QUICPIPE_METHOD_NOT_ALLOWED: { readonly allow: string };
  ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED: None;
  ERR_QUICPIPE_BODY_TOO_LARGE: None;
  ERR_QUICPIPE_BODY_INVALID: None;
  ERR_QUICPIPE_KEY_INVALID: None;
  ERR_QUICPIPE_NUM_INVALID: None;
  ERR_QUICPIPE_TTL_INVALID: None;
  ERR_QUICPIPE_CONNECTIONS_INVALID: Refusal;
  ERR_QUICPIPE_NOTE_INVALID: Refusal;
  ERR_QUICPIPE_PACKETS_INVALID: Refusal;
  ERR_QUICPIPE_PACKET_NOT_INITIAL: Refusal;
  ERR_QUICPIPE_RECIPIENT_INVALID: Refusal;
  ERR_QUICPIPE_QUERY_INVALID: None;
  ERR_QUICPIPE_EARLY_DATA: None;
  // requests: authentication and authorization
  ERR_QUICPIPE_TOKEN_MISSING: Refusal;
  ERR_QUICPIPE_TOKEN_INVALID: Refusal;
  ERR_QUICPIPE_TOKEN_EXPIRED: Refusal;
  ERR_QUICPIPE_TOKEN_UNSIGNED: Refusal;
  ERR_QUICPIPE_TOKEN_AUDIENCE: Refusal;
  ERR_QUICPIPE_SCOPE_MISSING: Refusal & { readonly scope?: string };
  ERR_QUICPIPE_ORIGIN_FORBIDDEN: None;
  ERR_QUICPIPE_JWKS_UNAVAILABLE: Refusal;
  ERR_QUICPIPE_RECIPIENT_FORBIDDEN: Refusal;
  ERR_QUICPIPE_INVITATION_ENDED: Refusal;
  ERR_QUICPIPE_INVITATION_USED: Refusal;
  // requests: state of the relay
  ERR_QUICPIPE_REGISTRATION_NOT_FOUND: Refusal;
  ERR_QUICPIPE_MESSAGE_NOT_FOUND: Refusal;
  ERR_QUICPIPE_INVITATION_NOT_FOUND: Refusal;
  ERR_QUICPIPE_CID_CONFLICT: Refusal;
  ERR_QUICPIPE_MESSAGE_TAKEN: Refusal;
  ERR_QUICPIPE_OWN_ADDRESS: Refusal;
  // requests: limits
  ERR_QUICPIPE_REGISTRATION_QUOTA: Refusal;
  ERR_QUICPIPE_CID_QUOTA: Refusal;
  ERR_QUICPIPE_TABLE_FULL: Refusal;
  ERR_QUICPIPE_MAILBOX_FULL: Refusal;
  ERR_QUICPIPE_SENDER_QUOTA: Refusal;
  ERR_QUICPIPE_MAILBOX_STORE_FULL: Refusal;
  ERR_QUICPIPE_WAITER_QUOTA: Refusal;
  ERR_QUICPIPE_INVITATION_QUOTA: Refusal;
  ERR_QUICPIPE_RATE_LIMITED: Refusal;
  ERR_QUICPIPE_DRAINING: Refusal;
  ERR_QUICPIPE_INTERNAL: { readonly system?: string; readonly syscall?: string };
  // peers
  ERR_QUICPIPE_RELAY_UNREACHABLE: {
    readonly sent?: boolean;
    readonly host?: string;
    readonly relay?: string;
    readonly untrusted?: boolean;
  };
  ERR_QUICPIPE_RELAY_REFUSED: Refusal & { readonly maxBytes?: number };
  ERR_QUICPIPE_DIAL_TIMEOUT: { readonly step: DialStep; readonly timeoutMs?: number };
  ERR_QUICPIPE_DIAL_REFUSED: { readonly reason: string };
  ERR_QUICPIPE_PIN_MISMATCH: CloseError & {
    readonly pin: string | undefined;
    readonly refusedBy: "this peer" | "the other peer";
  };
  ERR_QUICPIPE_HANDSHAKE_FAILED: CloseError & { readonly timeoutMs?: number };
  ERR_QUICPIPE_CONNECTION_CLOSED: { readonly closeCode?: number; readonly reason?: string };
  ERR_QUICPIPE_CONNECTION_LOST: CloseError & { readonly idleTimeoutMs?: number };
  ERR_QUICPIPE_DIRECT_UNAVAILABLE: { readonly reason: string };
  ERR_QUICPIPE_STREAM_RESET: { readonly streamErrorCode: number };
  ERR_QUICPIPE_DATAGRAM_TOO_LARGE: { readonly bytes: number; readonly maxBytes: number };
  ERR_QUICPIPE_INITIAL_INVALID: { readonly why: string };
  ERR_QUICPIPE_IDENTITY_INVALID: None;
  ERR_QUICPIPE_TICKET_INVALID: { readonly why: string };
}

/** All codes of a {@link QuicpipeError}. */
export type QuicpipeErrorCode = keyof ErrorDetails;

/** Codes of a relay that refuses a token, and refuses it again unless the token changes. */
export const tokenRefusals: readonly QuicpipeErrorCode[] = [
  "ERR_QUICPIPE_TOKEN_MISSING",
  "ERR_QUICPIPE_TOKEN_INVALID",
  "ERR_QUICPIPE_TOKEN_EXPIRED",
  "ERR_QUICPIPE_TOKEN_UNSIGNED",
  "ERR_QUICPIPE_TOKEN_AUDIENCE",
  "ERR_QUICPIPE_SCOPE_MISSING",
  "ERR_QUICPIPE_INVITATION_ENDED",
];

/** Optional parts of a {@link QuicpipeError}. */
export interface QuicpipeErrorOptions<Code extends QuicpipeErrorCode = QuicpipeErrorCode> {
  /** The underlying error, if any. */
  cause?: unknown;
  /** Named values for programs; never a key, token or secret. */
  details?: ErrorDetails[Code];
}

/** Arguments after the message. They may be absent where all `details` of the code may. @inline */
type ErrorParts<Code extends QuicpipeErrorCode> =
  Record<never, never> extends ErrorDetails[Code]
    ? [options?: QuicpipeErrorOptions<Code>]
    : [options: QuicpipeErrorOptions<Code> & { details: ErrorDetails[Code] }];

/**
 * The error of quicpipe: a stable `code`, a message that names the fault, the offending value and the remedy, and
 * `details` for programs.
 */
export class QuicpipeError<Code extends QuicpipeErrorCode = QuicpipeErrorCode> extends Error {
  override readonly name = "QuicpipeError";
  readonly code: Code;
  readonly details: ErrorDetails[Code] & Readonly<Record<string, unknown>>;

  constructor(code: Code, message: string, ...[options]: ErrorParts<Code>) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = { ...options?.details } as typeof this.details;
  }
}

/**
 * Reports whether `value` is a {@link QuicpipeError}, of this or another copy of the package, with the given code if any. Its
 * `details` then have that code's type.
 */
export function isQuicpipeError<Code extends QuicpipeErrorCode = QuicpipeErrorCode>(
  value: unknown,
  code?: Code,
): value is QuicpipeError<Code> {
  const isOurs = value instanceof Error && value.name === "QuicpipeError" && "code" in value;
  return isOurs && (code === undefined || value.code === code);
}
