import { abuseArrivals } from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";
import { networkName, sourceName } from "../../wire/source.ts";

/** Limits on new connections, for each source and for all together: a rate per second and a burst. */
export interface ArrivalLimits {
  readonly perSource: { readonly perSecond: number; readonly burst: number };
  readonly all: { readonly perSecond: number; readonly burst: number };
  /** Most sources that are remembered, and most networks. */
  readonly maxSources: number;
}

/** Scales the rates and bursts to the option `connectionsPerSecond`, which is the rate of each source. */
export function scaleArrivals(limits: ArrivalLimits, connectionsPerSecond: number): ArrivalLimits {
  const factor = connectionsPerSecond / limits.perSource.perSecond;
  const scaled = ({ perSecond, burst }: ArrivalLimits["all"]): ArrivalLimits["all"] => ({
    perSecond: perSecond * factor,
    burst: burst * factor,
  });
  return { ...limits, perSource: scaled(limits.perSource), all: scaled(limits.all) };
}

/** Share of the overall limit reserved for networks that have connected less often. */
const reserve = 1 / 2;
/** Source bursts that a network has before it comes last: an office, or a street behind one provider's NAT. */
const networkBursts = 4;
/** Factor by which a network's rate is below a source's. Over TCP its burst returns in four minutes, a source's in 6 s. */
const networkSlowness = 10;

/**
 * Admits new connections: a share of the rate for each source, and no more in all than the machine has time for. When that runs
 * short, the network that has connected least often comes first, because many sources of one network are easy to get.
 */
export class Arrivals {
  readonly #limits: ArrivalLimits;
  readonly #all: TokenBucket;
  /** Buckets of admitted sources and networks, the most recent last. */
  readonly #sources = new Map<string, TokenBucket>();
  readonly #networks = new Map<string, TokenBucket>();

  constructor(limits: ArrivalLimits, nowMs: number) {
    this.#limits = limits;
    this.#all = new TokenBucket(limits.all.perSecond, limits.all.burst, nowMs);
  }

  /** Number of sources remembered. */
  get size(): number {
    return this.#sources.size;
  }

  /** Reports whether the source of an IP literal may begin one more, and counts it. */
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

  /** Counts a connection that had to be ended as several, because a new one costs more than what it takes to be ended. */
  abused(address: string, nowMs: number): void {
    this.#sources.get(sourceName(address))?.drain(abuseArrivals - 1, nowMs);
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

  /** Remembers the bucket of an admitted source or network. A refused one keeps the bucket it had. */
  #remember(map: Map<string, TokenBucket>, name: string, bucket: TokenBucket): void {
    map.delete(name);
    map.set(name, bucket);
    if (map.size > this.#limits.maxSources) map.delete(map.keys().next().value!);
  }
}

/** Returns the used fraction of a bucket, from 0 to 1. */
function usedOf(
  bucket: TokenBucket,
  { perSecond, burst }: ArrivalLimits["perSource"],
  nowMs: number,
): number {
  return (bucket.missingMs(nowMs) * perSecond) / (1000 * burst);
}
