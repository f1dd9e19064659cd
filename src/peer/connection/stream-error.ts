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
export function isErrorCode(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
