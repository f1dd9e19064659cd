/** Error codes of HTTP/3 (RFC 9114 §8.1). */
export const http3Code = {
  noError: 0x100,
  internalError: 0x102,
  streamCreationError: 0x103,
  closedCriticalStream: 0x104,
  frameUnexpected: 0x105,
  frameError: 0x106,
  excessiveLoad: 0x107,
  idError: 0x108,
  settingsError: 0x109,
  missingSettings: 0x10a,
  requestRejected: 0x10b,
  requestCancelled: 0x10c,
  requestIncomplete: 0x10d,
  messageError: 0x10e,
} as const;

/** Error codes of QPACK (RFC 9204 §6). */
export const qpackCode = {
  decompressionFailed: 0x200,
  encoderStreamError: 0x201,
  decoderStreamError: 0x202,
} as const;

/** An error of the other side. Its stream or its whole connection ends with `code`. */
export interface Http3Fault {
  readonly scope: "stream" | "connection";
  /** RFC 9114 §8.1 or RFC 9204 §6. */
  readonly code: number;
  readonly why: string;
  /** Status that a request may be answered with before its stream ends (RFC 9114 §4.1.2 and §4.2.2). */
  readonly status?: 400 | 431;
}

export function connectionFault(code: number, why: string): Http3Fault {
  return { scope: "connection", code, why };
}
