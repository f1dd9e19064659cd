import { gatewayStrangerDivisor } from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";

/** Rate at which places may be opened. Strangers have a sixteenth of it, as they have of the places. */
export class OpeningRate {
  readonly #all: TokenBucket;
  readonly #strangers: TokenBucket;

  constructor(perSecond: number, burst: number, nowMs: number) {
    const divisor = gatewayStrangerDivisor;
    this.#all = new TokenBucket(perSecond, burst, nowMs);
    this.#strangers = new TokenBucket(perSecond / divisor, Math.max(1, burst / divisor), nowMs);
  }

  /** Reports whether a place may be opened, and counts it. A stranger's refusal costs others nothing. */
  take(isStranger: boolean, nowMs: number): boolean {
    return (!isStranger || this.#strangers.take(1, nowMs)) && this.#all.take(1, nowMs);
  }
}
