/**
 * All codes of a {@link QuicpipeError}; `docs/errors.md` gives the meaning and remedy of each. Match on `code`, not with
 * `instanceof`: two versions of the package may be loaded at once.
 */
export type QuicpipeErrorCode =
  // configuration
  | "ERR_QUICPIPE_OPTION_INVALID"
  | "ERR_QUICPIPE_STATE_UNAVAILABLE"
  | "ERR_QUICPIPE_DEPENDENCY_MISSING"
  | "ERR_QUICPIPE_AUTH_REQUIRED"
  | "ERR_QUICPIPE_LISTEN_FAILED"
  | "ERR_QUICPIPE_BACKEND_UNAVAILABLE"
  | "ERR_QUICPIPE_CLOSED"
  // requests: method, path and body
  | "ERR_QUICPIPE_NOT_FOUND"
  | "ERR_QUICPIPE_METHOD_NOT_ALLOWED"
  | "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED"
  | "ERR_QUICPIPE_BODY_TOO_LARGE"
  | "ERR_QUICPIPE_BODY_INVALID"
  | "ERR_QUICPIPE_KEY_INVALID"
  | "ERR_QUICPIPE_NUM_INVALID"
  | "ERR_QUICPIPE_TTL_INVALID"
  | "ERR_QUICPIPE_NOTE_INVALID"
  | "ERR_QUICPIPE_PACKETS_INVALID"
  | "ERR_QUICPIPE_PACKET_NOT_INITIAL"
  | "ERR_QUICPIPE_RECIPIENT_INVALID"
  | "ERR_QUICPIPE_QUERY_INVALID"
  | "ERR_QUICPIPE_EARLY_DATA"
  // requests: authentication and authorization
  | "ERR_QUICPIPE_TOKEN_MISSING"
  | "ERR_QUICPIPE_TOKEN_INVALID"
  | "ERR_QUICPIPE_TOKEN_EXPIRED"
  | "ERR_QUICPIPE_TOKEN_UNSIGNED"
  | "ERR_QUICPIPE_TOKEN_AUDIENCE"
  | "ERR_QUICPIPE_SCOPE_MISSING"
  | "ERR_QUICPIPE_ORIGIN_FORBIDDEN"
  | "ERR_QUICPIPE_JWKS_UNAVAILABLE"
  | "ERR_QUICPIPE_RECIPIENT_FORBIDDEN"
  // requests: state of the relay
  | "ERR_QUICPIPE_REGISTRATION_NOT_FOUND"
  | "ERR_QUICPIPE_MESSAGE_NOT_FOUND"
  | "ERR_QUICPIPE_CID_CONFLICT"
  | "ERR_QUICPIPE_MESSAGE_TAKEN"
  | "ERR_QUICPIPE_OWN_ADDRESS"
  // requests: limits
  | "ERR_QUICPIPE_REGISTRATION_QUOTA"
  | "ERR_QUICPIPE_CID_QUOTA"
  | "ERR_QUICPIPE_TABLE_FULL"
  | "ERR_QUICPIPE_MAILBOX_FULL"
  | "ERR_QUICPIPE_SENDER_QUOTA"
  | "ERR_QUICPIPE_MAILBOX_STORE_FULL"
  | "ERR_QUICPIPE_WAITER_QUOTA"
  | "ERR_QUICPIPE_RATE_LIMITED"
  | "ERR_QUICPIPE_DRAINING"
  | "ERR_QUICPIPE_INTERNAL"
  // peers
  | "ERR_QUICPIPE_RELAY_UNREACHABLE"
  | "ERR_QUICPIPE_RELAY_REFUSED"
  | "ERR_QUICPIPE_DIAL_TIMEOUT"
  | "ERR_QUICPIPE_PIN_MISMATCH"
  | "ERR_QUICPIPE_HANDSHAKE_FAILED"
  | "ERR_QUICPIPE_CONNECTION_CLOSED"
  | "ERR_QUICPIPE_CONNECTION_LOST"
  | "ERR_QUICPIPE_STREAM_RESET"
  | "ERR_QUICPIPE_DATAGRAM_TOO_LARGE"
  | "ERR_QUICPIPE_INITIAL_INVALID"
  | "ERR_QUICPIPE_IDENTITY_INVALID";

/** Optional parts of a {@link QuicpipeError}. */
export interface QuicpipeErrorOptions {
  /** The underlying error, if any. */
  cause?: unknown;
  /** Named values for programs; never a key, token or secret. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * The only error class of quicpipe: a stable `code`, a message that names the fault, the offending value and the remedy, and
 * `details` for programs.
 */
export class QuicpipeError extends Error {
  override readonly name = "QuicpipeError";
  readonly code: QuicpipeErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: QuicpipeErrorCode, message: string, options: QuicpipeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Reports whether `value` is a {@link QuicpipeError}, of this or another copy of the package, with the given code if any. */
export function isQuicpipeError<Code extends QuicpipeErrorCode = QuicpipeErrorCode>(
  value: unknown,
  code?: Code,
): value is QuicpipeError & { readonly code: Code } {
  const isOurs = value instanceof Error && value.name === "QuicpipeError" && "code" in value;
  return isOurs && (code === undefined || value.code === code);
}
