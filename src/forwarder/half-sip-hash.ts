/**
 * HalfSipHash-2-4 of 12 bytes with a 32-bit result (Aumasson and Bernstein 2012; vectors from the reference implementation).
 * Keyed, because connection IDs come from outside and collisions could be searched for.
 *
 * @param k0 first half of the 64-bit key, little-endian like all the words.
 * @param k1 second half of the key.
 * @param m0 first 4 bytes of the message.
 * @param m1 next 4 bytes.
 * @param m2 last 4 bytes.
 * @returns a signed 32-bit integer.
 */
export function halfSipHash(k0: number, k1: number, m0: number, m1: number, m2: number): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = k0 ^ 0x6c796765;
  let v3 = k1 ^ 0x74656462;
  // Two rounds for each word of the message, the last of which is its length, then four to finish.
  for (let round = 0; round < 12; round++) {
    const word = round < 2 ? m0 : round < 4 ? m1 : round < 6 ? m2 : lengthWord;
    if (round === 8) v2 ^= 0xff;
    else if (round < 8 && (round & 1) === 0) v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    if (round < 8 && (round & 1) === 1) v0 ^= word;
  }
  return v1 ^ v3;
}

const lengthWord = 12 << 24;
