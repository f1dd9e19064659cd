/** How far behind the highest number one may come late: more than a round of checks. */
const windowBits = 64;
const all = (1n << BigInt(windowBits)) - 1n;

/** Takes each number once. Numbers rise; those that come late are known by a window, as in RFC 4303 §3.4.3. */
export class ReplayWindow {
  #highest = -1;
  /** Bit n is whether the number n below the highest has come. */
  #seen = 0n;

  /** Reports whether a number is new, and takes note of it. */
  take(number: number): boolean {
    const behind = this.#highest - number;
    if (behind >= windowBits) return false;
    if (behind < 0) {
      this.#seen = behind <= -windowBits ? 0n : (this.#seen << BigInt(-behind)) & all;
      this.#highest = number;
    }
    const bit = 1n << BigInt(Math.max(0, behind));
    if (this.#seen & bit) return false;
    this.#seen |= bit;
    return true;
  }
}
