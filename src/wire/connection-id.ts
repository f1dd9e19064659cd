import { blake2b } from "@noble/hashes/blake2.js";

/** Length of a relayed connection ID, in bytes (docs/protocol.md, "Connection IDs"). */
export const cidBytes = 12;
/** Shortest registration key, in bytes: 128 bits, so that connection IDs cannot be guessed. */
export const minKeyBytes = 16;
/** Longest registration key, in bytes: BLAKE2b's limit (RFC 7693 §2.1). */
export const maxKeyBytes = 64;

/**
 * Derives the `n`th connection ID of a registration key: BLAKE2b with a 12-byte digest, keyed, over the
 * counter as 4 bytes big-endian, with the top bit of the first byte cleared.
 *
 * @param key 16 to 64 bytes.
 * @param n the counter, from 1 to 2³² − 1.
 */
export function deriveConnectionId(key: Uint8Array, n: number): Uint8Array {
  return deriveConnectionIds(key, n, n);
}

/** Derives connection IDs `first` to `last`, inclusive, back to back in one array of `(last - first + 1) * 12` bytes. */
export function deriveConnectionIds(key: Uint8Array, first: number, last: number): Uint8Array {
  const packed = new Uint8Array((last - first + 1) * cidBytes);
  let begun = begin(key, first);
  for (let n = first; n <= last; n++) {
    if ((n & 0xff_ffff) === 0) begun = begin(key, n);
    const cid = begun
      .clone()
      .update(Uint8Array.of(n >>> 16, n >>> 8, n))
      .digest();
    cid[0]! &= 0x7f;
    packed.set(cid, (n - first) * cidBytes);
  }
  return packed;
}

/**
 * Begins the hash of a counter with its first byte. The key's block is compressed with that (RFC 7693 §3.3), so that the counters
 * that share the byte take one block each instead of two.
 */
function begin(key: Uint8Array, n: number): ReturnType<typeof blake2b.create> {
  return blake2b.create({ key, dkLen: cidBytes }).update(Uint8Array.of(n >>> 24));
}

/** Iterates over the connection IDs stored back to back in `packed`, as views, without copying. */
export function* unpackConnectionIds(packed: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < packed.length; at += cidBytes) yield packed.subarray(at, at + cidBytes);
}
