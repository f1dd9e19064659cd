import { halfSipHash } from "../half-sip-hash.ts";

/** Two 32-bit words, random and secret. */
export type PermutationKey = readonly [k0: number, k1: number];

/** Rounds of the network. Over so small a domain four are not enough (Luby and Rackoff 1988; NIST SP 800-38G has 8 to 10). */
const rounds = 8;

/**
 * Puts the numbers from 0 to `size` − 1 into an order that only the key tells: a Feistel network over the next power of 4,
 * repeated for results outside the range (Black and Rogaway 2002). src/forwarder/native/splice/permutation.c is the same.
 */
export class Permutation {
  readonly #size: number;
  readonly #key: PermutationKey;
  readonly #halfBits: number;

  constructor(size: number, key: PermutationKey) {
    this.#size = size;
    this.#key = key;
    this.#halfBits = Math.ceil(Math.log2(size) / 2);
  }

  /** Returns the number at a place from 0 to `size` − 1. */
  at(index: number): number {
    let number = index;
    do number = this.#shuffle(number);
    while (number >= this.#size);
    return number;
  }

  #shuffle(number: number): number {
    const [k0, k1] = this.#key;
    const mask = (1 << this.#halfBits) - 1;
    let left = number >>> this.#halfBits;
    let right = number & mask;
    for (let round = 0; round < rounds; round++)
      [left, right] = [right, left ^ (halfSipHash(k0, k1, round, right, 0) & mask)];
    return (left << this.#halfBits) | right;
  }
}
