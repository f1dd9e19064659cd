/** Error codes of HTTP/3 (RFC 9114 §8.1). */
export const http3Code = {
  noError: 0x100,
  internalError: 0x102,
  excessiveLoad: 0x107,
  requestRejected: 0x10b,
  requestIncomplete: 0x10d,
  messageError: 0x10e,
} as const;
