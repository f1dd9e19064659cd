import { TokenBucket } from "../../token-bucket.ts";
import { networkName, sourceName } from "../../wire/source.ts";

/** How many connections may begin, of one source and in all: so many per second, and so many at once. */
export interface ArrivalLimits {
  readonly perSource: { readonly perSecond: number; readonly burst: number };
  readonly all: { readonly perSecond: number; readonly burst: number };
  /** Sources that are remembered, and networks. */
  readonly maxSources: number;
}

/** The same limits, so many times as high. */
export function scaleArrivals(limits: ArrivalLimits, factor: number): ArrivalLimits {
  const scaled = ({ perSecond, burst }: ArrivalLimits["all"]): ArrivalLimits["all"] => ({
    perSecond: perSecond * factor,
    burst: burst * factor,
  });
  return { ...limits, perSource: scaled(limits.perSource), all: scaled(limits.all) };
}

/** Part of what is for all that is left to those who have come less often than others. */
const reserve = 1 / 2;
/** A network has so many sources' burst until it comes last: an office, or a street behind one provider's box. */
const networkBursts = 4;
/** How much more slowly a network's comes back than a source's share: after four minutes where that takes 6 s. */
const networkSlowness = 10;

/**
 * Who may begin a connection: a share of the rate for each source, and no more in all than the machine has time for. Where
 * that runs short, the network that has come least often comes first: many sources of one network are easily had.
 */
export class Arrivals {
  readonly #limits: ArrivalLimits;
  readonly #all: TokenBucket;
  /** Of those who were let in, the most recent last. */
  readonly #sources = new Map<string, TokenBucket>();
  readonly #networks = new Map<string, TokenBucket>();

  constructor(limits: ArrivalLimits, nowMs: number) {
    this.#limits = limits;
    this.#all = new TokenBucket(limits.all.perSecond, limits.all.burst, nowMs);
  }

  /** Sources remembered. */
  get size(): number {
    return this.#sources.size;
  }

  /** Tells whether one more is allowed to the source of an IP literal, and counts it. */
  take(address: string, nowMs: number): boolean {
    const { perSecond, burst } = this.#limits.perSource;
    const network = this.#networkOf(address, nowMs);
    if (!this.#hasRoomFor(network, nowMs)) return false;
    const name = sourceName(address);
    const source = this.#sources.get(name) ?? new TokenBucket(perSecond, burst, nowMs);
    if (!source.take(1, nowMs) || !this.#all.take(1, nowMs)) return false;
    network.take(1, nowMs);
    this.#remember(this.#sources, name, source);
    this.#remember(this.#networks, networkName(address), network);
    return true;
  }

  #networkOf(address: string, nowMs: number): TokenBucket {
    const { perSecond, burst } = this.#networkLimits;
    return this.#networks.get(networkName(address)) ?? new TokenBucket(perSecond, burst, nowMs);
  }

  get #networkLimits(): ArrivalLimits["perSource"] {
    const { perSecond, burst } = this.#limits.perSource;
    return { perSecond: perSecond / networkSlowness, burst: burst * networkBursts };
  }

  #hasRoomFor(network: TokenBucket, nowMs: number): boolean {
    const used = usedOf(network, this.#networkLimits, nowMs);
    return usedOf(this.#all, this.#limits.all, nowMs) <= 1 - reserve * used;
  }

  /** Only those who were let in: who was not has the bucket that it had. */
  #remember(map: Map<string, TokenBucket>, name: string, bucket: TokenBucket): void {
    map.delete(name);
    map.set(name, bucket);
    if (map.size > this.#limits.maxSources) map.delete(map.keys().next().value!);
  }
}

/** Part of a bucket that is missing, from 0 to 1. */
function usedOf(
  bucket: TokenBucket,
  { perSecond, burst }: ArrivalLimits["perSource"],
  nowMs: number,
): number {
  return (bucket.missingMs(nowMs) * perSecond) / (1000 * burst);
}
