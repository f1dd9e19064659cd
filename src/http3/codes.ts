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
