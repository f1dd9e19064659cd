import { TokenBucket } from "../token-bucket.ts";
import { sourceName } from "../wire/source.ts";

/** How many connections may begin, of one source and in all: so many per second, and so many at once. */
export interface ArrivalLimits {
  readonly perSource: { readonly perSecond: number; readonly burst: number };
  readonly all: { readonly perSecond: number; readonly burst: number };
  /** Sources that are remembered. */
  readonly maxSources: number;
}

/** One source's share. */
interface Source {
  readonly share: TokenBucket;
  /** The same burst, but it comes back slowly: tells who has come often from who has not. */
  readonly precedence: TokenBucket;
}

/** Part of what is for all that is left to those who have come less often than others. */
const reserve = 1 / 2;
/** How much more slowly precedence comes back: after a minute where the share takes 6 s. */
const precedenceSlowness = 10;

/**
 * Who may begin a connection: a share of the rate for each source, and no more in all than the machine has time for. Where
 * that runs short, whoever has come least often comes first.
 */
export class Arrivals {
  readonly #limits: ArrivalLimits;
  readonly #all: TokenBucket;
  /** Of those who were let in, the most recent last. */
  readonly #sources = new Map<string, Source>();

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
    const name = sourceName(address);
    const source = this.#sources.get(name) ?? this.#open(nowMs);
    if (!this.#hasRoomFor(source, nowMs)) return false;
    if (!source.share.take(1, nowMs) || !this.#all.take(1, nowMs)) return false;
    source.precedence.take(1, nowMs);
    this.#remember(name, source);
    return true;
  }

  #open(nowMs: number): Source {
    const { perSecond, burst } = this.#limits.perSource;
    return {
      share: new TokenBucket(perSecond, burst, nowMs),
      precedence: new TokenBucket(perSecond / precedenceSlowness, burst, nowMs),
    };
  }

  #hasRoomFor({ precedence }: Source, nowMs: number): boolean {
    const { all, perSource } = this.#limits;
    const used = usedOf(precedence, perSource.perSecond / precedenceSlowness, perSource.burst, nowMs);
    return usedOf(this.#all, all.perSecond, all.burst, nowMs) <= 1 - reserve * used;
  }

  /** Only those who were let in: who was not has the bucket that it had. */
  #remember(name: string, source: Source): void {
    this.#sources.delete(name);
    this.#sources.set(name, source);
    if (this.#sources.size > this.#limits.maxSources)
      this.#sources.delete(this.#sources.keys().next().value!);
  }
}

/** Part of a bucket that is missing, from 0 to 1. */
function usedOf(bucket: TokenBucket, perSecond: number, burst: number, nowMs: number): number {
  return (bucket.missingMs(nowMs) * perSecond) / (1000 * burst);
}
