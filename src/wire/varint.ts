/** Parses the variable-length integer (RFC 9000 §16) at `at`; `undefined` if it is truncated. */
export function parseVarint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  if (at >= bytes.length) return undefined;
  const end = at + varintBytes(bytes[at]!);
  if (end > bytes.length) return undefined;
  let value = bytes[at]! & 0x3f;
  for (let i = at + 1; i < end; i++) value = value * 256 + bytes[i]!;
  return { value, end };
}

/** Encodes an integer of at most 2⁵³ − 1 in the fewest bytes. */
export function encodeVarint(value: number): Buffer {
  if (value < 0x40) return Buffer.from([value]);
  if (value < 0x4000) return Buffer.from([0x40 | (value >> 8), value & 0xff]);
  const bytes = Buffer.alloc(value < 0x4000_0000 ? 4 : 8);
  if (bytes.length === 4) bytes.writeUInt32BE(value + 0x8000_0000);
  else bytes.writeBigUInt64BE(BigInt(value) | (3n << 62n));
  return bytes;
}

/** Parses variable-length integers byte by byte. */
export class VarintReader {
  #value = 0;
  #left = 0;

  /** Whether an integer has begun and is not complete. */
  get isInside(): boolean {
    return this.#left > 0;
  }

  /** Consumes the next byte. Returns the integer that it completes, or `undefined`. */
  push(byte: number): number | undefined {
    if (this.#left === 0) {
      this.#left = varintBytes(byte);
      this.#value = byte & 0x3f;
    } else this.#value = this.#value * 256 + byte;
    return --this.#left === 0 ? this.#value : undefined;
  }
}

/* Values are multiplied, not shifted: 62 bits do not fit an int32. Values above 2⁵³ are not exact, but exceed every count anyway. */

/** Returns the length of an integer, from its first byte. */
function varintBytes(first: number): number {
  return 1 << (first >> 6);
}
