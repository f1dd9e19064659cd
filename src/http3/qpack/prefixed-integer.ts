/** Continuation bytes of a 62-bit integer, the longest that QPACK needs (RFC 9204 §4.1.1). */
const maxContinuationBytes = 9;

/**
 * Parses an integer that begins in the low `bits` of the byte at `at` (RFC 7541 §5.1); `undefined` if it is truncated or longer
 * than 62 bits need. Values past 2⁵³ are inexact, but exceed anything they count.
 */
export function parsePrefixed(
  bytes: Uint8Array,
  at: number,
  bits: number,
): { value: number; end: number } | undefined {
  if (at >= bytes.length) return undefined;
  const most = (1 << bits) - 1;
  let value = bytes[at]! & most;
  if (value < most) return { value, end: at + 1 };
  const stop = Math.min(bytes.length, at + 1 + maxContinuationBytes);
  for (let i = at + 1, weight = 1; i < stop; i++, weight *= 128) {
    value += (bytes[i]! & 127) * weight;
    if (bytes[i]! < 128) return { value, end: i + 1 };
  }
  return undefined;
}

/**
 * Encodes an integer below 2³¹ into the low `bits` of a byte, whose other bits are `flags`, and the bytes after it. The result
 * is Latin-1, like the text that follows it.
 */
export function encodePrefixed(flags: number, bits: number, value: number): string {
  const most = (1 << bits) - 1;
  if (value < most) return String.fromCharCode(flags | value);
  let text = String.fromCharCode(flags | most);
  let rest = value - most;
  for (; rest >= 128; rest >>= 7) text += String.fromCharCode((rest & 127) | 128);
  return text + String.fromCharCode(rest);
}
