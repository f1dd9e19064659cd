import * as defaults from "../defaults/index.ts";
import type { BucketId, Forwarder } from "../forwarder/index.ts";
import { ShardedMap } from "../sharded-map.ts";
import type { Address } from "../wire/address.ts";
import { sourceName } from "../wire/source.ts";
import { type Expiring, ExpiryBuckets } from "./expiry-buckets.ts";

/** Whose rate a registration's sending draws from: its subject's, or its address's where one subject is everybody. */
export type RatedBy = "subject" | "address";

/** What all sessions with the same key draw from. */
export interface RateBucket {
  readonly id: BucketId;
  readonly key: string;
  readonly bytesPerSecond: number;
}

interface KeptBucket extends RateBucket, Expiring {
  bytesPerSecond: number;
  /** Registrations that draw from it. Without any it is kept until it is full, at `expiresAtMs`. */
  registrations: number;
}

/** What {@link RateBuckets} is made with. */
export interface RateBucketsOptions {
  readonly forwarder: Forwarder;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** What {@link RateBuckets.stats} tells. */
export interface RateBucketStats {
  /** Buckets right now. */
  readonly open: number;
  /** Buckets that were closed before they were full, as too many were kept. */
  readonly forgiven: number;
}

/**
 * Tells which registrations share a rate, and what STUN messages in their names may cost: those with the same key. An
 * account stands for the address until that is proven: both are the names of sources.
 */
export function rateKeyOf(registration: {
  readonly ratedBy: RatedBy;
  readonly subject: string;
  readonly account: string;
  readonly address: Address | null;
}): string {
  const { ratedBy, subject, account, address } = registration;
  if (ratedBy === "subject") return subject;
  return address ? sourceName(address.address) : account;
}

/**
 * The token buckets that registrations draw from, one for each key. A bucket outlives its last registration until it is
 * full, so that nobody gets a full one by ending a registration and making another.
 */
export class RateBuckets {
  readonly #options: RateBucketsOptions;
  readonly #byKey = new ShardedMap<KeptBucket>();
  readonly #idle: ExpiryBuckets<KeptBucket> = new ExpiryBuckets(defaults.sweepIntervalMs);
  #forgiven = 0;

  constructor(options: RateBucketsOptions) {
    this.#options = options;
  }

  /** Has one registration more draw from the bucket of a key, whose rate is from now on that of this one. */
  join(key: string, bytesPerSecond: number): RateBucket {
    const bucket = this.#byKey.get(key) ?? this.#open(key, bytesPerSecond);
    if (bucket.registrations === 0) this.#idle.delete(bucket);
    bucket.registrations++;
    if (bucket.bytesPerSecond !== bytesPerSecond) {
      this.#options.forwarder.shapeBucket(bucket.id, bytesPerSecond);
      bucket.bytesPerSecond = bytesPerSecond;
    }
    return bucket;
  }

  /** Has one registration less draw from a bucket. */
  leave({ key }: RateBucket): void {
    const bucket = this.#byKey.get(key)!;
    bucket.registrations--;
    if (bucket.registrations > 0) return;
    bucket.expiresAtMs = this.#fullAtMs(bucket);
    if (bucket.expiresAtMs <= this.#options.now()) return this.#close(bucket);
    this.#idle.add(bucket);
    if (this.#idle.size > defaults.maxIdleBuckets) this.#forgiveOne();
  }

  /** Closes one bucket that nobody draws from and that is full at each step. */
  *sweep(): Generator<undefined> {
    for (const bucket of this.#idle.due(this.#options.now())) {
      const fullAtMs = this.#fullAtMs(bucket);
      // A thread that had looked the bucket up before it was left may have taken from it since.
      if (fullAtMs > this.#options.now()) this.#idle.move(bucket, fullAtMs);
      else this.#close(bucket);
      yield;
    }
  }

  stats(): RateBucketStats {
    return { open: this.#byKey.size, forgiven: this.#forgiven };
  }

  #open(key: string, bytesPerSecond: number): KeptBucket {
    const id = this.#options.forwarder.openBucket(bytesPerSecond);
    const bucket: KeptBucket = { id, key, bytesPerSecond, registrations: 0, expiresAtMs: 0, slot: 0 };
    this.#byKey.set(key, bucket);
    return bucket;
  }

  /** The one that lacks the least. */
  #forgiveOne(): void {
    this.#forgiven++;
    this.#close(this.#idle.earliest()!);
  }

  #close(bucket: KeptBucket): void {
    this.#idle.delete(bucket);
    this.#byKey.delete(bucket.key);
    this.#options.forwarder.closeBucket(bucket.id);
  }

  #fullAtMs({ id }: KeptBucket): number {
    return this.#options.now() + this.#options.forwarder.bucketMissingMs(id);
  }
}
