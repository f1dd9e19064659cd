import { QuicpipeError, type QuicpipeErrorCode, type QuicpipeErrorOptions } from "../../errors.ts";
import type { EngineEnd } from "../engine/contract.ts";

/** The clean end of a connection. The shape of W3C's `WebTransportCloseInfo`. */
export interface CloseInfo {
  /** The application's code, 0 to 2³² − 1. */
  readonly closeCode: number;
  /** The application's text, at most 1024 bytes of UTF-8. */
  readonly reason: string;
}

/** The end of a connection, or of one of its streams, as an error with the members of W3C's `WebTransportError`. */
export class ConnectionError extends QuicpipeError {
  /** The scope of the end: one stream, or the connection. */
  readonly source: "stream" | "session";
  /** The application's code of a stream's end, 0 to 2³² − 1; `null` for the end of a connection. */
  readonly streamErrorCode: number | null;

  constructor(
    code: QuicpipeErrorCode,
    message: string,
    options: QuicpipeErrorOptions,
    streamErrorCode: number | null = null,
  ) {
    super(code, message, options);
    this.source = streamErrorCode === null ? "session" : "stream";
    this.streamErrorCode = streamErrorCode;
  }
}

/** QUIC's error code for the TLS alert bad_certificate (RFC 9001 §4.8, RFC 8446 §6). */
export const badCertificate = 0x12a;
/** QUIC's error code for an application's close before the handshake is over (RFC 9000 §20.1). */
const applicationError = 0xc;
/** QUIC's error code of a peer that takes no connection, or refuses a first flight of several datagrams (RFC 9000 §20.1). */
const connectionRefused = 0x2;
const cryptoErrors = { first: 0x100, last: 0x1ff } as const;

/** Returns the error of streams and pending calls when either side closed the connection. */
export function closedError({ closeCode, reason }: CloseInfo, by: "this" | "the other"): ConnectionError {
  return new ConnectionError(
    "ERR_QUICPIPE_CONNECTION_CLOSED",
    `${by} peer closed the connection with code ${closeCode}${reason ? ` (${reason})` : ""}`,
    { details: { closeCode, reason } },
  );
}

/** Returns the error for a certificate that this side does not trust. */
export function pinMismatch(pin: string | undefined, remoteName: string | undefined): ConnectionError {
  return new ConnectionError(
    "ERR_QUICPIPE_PIN_MISMATCH",
    `${remoteName ?? "the other peer"} presented a certificate that is not trusted, of the key ${pin}; pin that key only if that peer says that it is its own`,
    { details: { pin, refusedBy: "this peer" } },
  );
}

/** Returns the error for a connection that ended with an error of the other side or of this side's engine. */
export function failureOf(
  close: Pick<EngineEnd, "errorCode" | "reason">,
  by: "this" | "the other",
  phase: "handshake" | "open",
  ownPin: string | undefined,
  remoteName: string | undefined,
): ConnectionError {
  const { errorCode, reason } = close;
  const details = { errorCode, reason, closedBy: `${by} peer` as const };
  if (errorCode === badCertificate && by === "the other")
    return new ConnectionError(
      "ERR_QUICPIPE_PIN_MISMATCH",
      `${remoteName ?? "the other peer"} does not trust our certificate: it has to pin our key, ${ownPin}`,
      { details: { ...details, pin: ownPin, refusedBy: "the other peer" } },
    );
  if (phase === "handshake" || (errorCode >= cryptoErrors.first && errorCode <= cryptoErrors.last))
    return new ConnectionError(
      "ERR_QUICPIPE_HANDSHAKE_FAILED",
      `${by} peer ended the handshake with QUIC error 0x${errorCode.toString(16)} ${reason}: ${hintFor(errorCode)}`,
      { details },
    );
  return new ConnectionError(
    "ERR_QUICPIPE_CONNECTION_LOST",
    `${by} peer ended the connection with QUIC error 0x${errorCode.toString(16)} ${reason}`,
    { details },
  );
}

/**
 * Returns the error for a connection that fell silent. The idle timer restarts with the first packet sent after the
 * last one that came (RFC 9000 §10.1), at the latest with the next keepalive.
 */
export function silenceError(
  { idleTimeoutMs, keepaliveMs }: { readonly idleTimeoutMs: number; readonly keepaliveMs: number },
  relayFault: QuicpipeError | undefined,
): ConnectionError {
  return new ConnectionError(
    "ERR_QUICPIPE_CONNECTION_LOST",
    `nothing came from the other peer for up to ${(idleTimeoutMs + keepaliveMs) / 1000} s: ${relayFault ? "the relay is out of reach" : "it is gone or its network is"}`,
    { cause: relayFault, details: { idleTimeoutMs } },
  );
}

/** Explains the usual TLS alerts (RFC 8446 §6). */
function hintFor(errorCode: number): string {
  if (errorCode === 0x178) return "the two peers have no ALPN in common";
  if (errorCode === 0x174)
    return 'a certificate is required: use an identity, or trust "insecure" on both sides';
  if (errorCode === 0x130) return "the certificate is not from the CA that is trusted";
  if (errorCode === connectionRefused)
    return "it takes nothing of what this peer offers: the two may have no ALPN in common";
  if (errorCode === applicationError)
    return "its application ended it: it does not trust our key, or has given up";
  return "check identity, trust and ALPN on both sides";
}

/** Returns the error of a stream that the other peer has reset, or no longer reads. */
export function streamError(what: string, streamErrorCode: number): ConnectionError {
  const details = { streamErrorCode };
  const message = `the other peer ${what}`;
  return new ConnectionError("ERR_QUICPIPE_STREAM_RESET", message, { details }, streamErrorCode);
}

/**
 * Returns the application error code with which to end a stream: `streamErrorCode` of the reason, as in a W3C
 * `WebTransportError`, or of a `QuicpipeError`'s details; otherwise 0.
 */
export function errorCodeOf(reason: unknown): number {
  if (typeof reason !== "object" || reason === null) return 0;
  const own = Reflect.get(reason, "streamErrorCode") as unknown;
  if (isErrorCode(own)) return own;
  const details = Reflect.get(reason, "details") as unknown;
  return typeof details === "object" && details !== null && details !== reason ? errorCodeOf(details) : 0;
}

/** Reports whether `value` is an error code that WebTransport can carry: 32 bits, unsigned. */
function isErrorCode(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
