import * as defaults from "../defaults/index.ts";
import type { BucketId } from "../forwarder/index.ts";
import { ShardedMap } from "../maps.ts";
import type { Address } from "../wire/address.ts";
import { sourceName } from "../wire/source.ts";
import { type Expiring, ExpiryBuckets } from "./orders.ts";
import type { RatedBy, RegistryOptions } from "./registration.ts";

/** The token bucket that all sessions with one key draw from. */
export interface RateBucket {
  readonly id: BucketId;
  readonly key: string;
  readonly bytesPerSecond: number;
}

interface KeptBucket extends RateBucket, Expiring {
  bytesPerSecond: number;
  /** Registrations that draw from it. Without any, it is kept until it is full, at `expiresAtMs`. */
  registrations: number;
}

/** Counts returned by {@link RateBuckets.stats}. */
export interface RateBucketStats {
  /** Open buckets. */
  readonly open: number;
  /** Buckets closed before they were full, as too many were kept. */
  readonly forgiven: number;
}

/**
 * Returns the key of a registration. Registrations with the same key share a rate, and the budget for STUN messages in their
 * names. The account is the subject, or for an invitation its inviter. Where clients are rated by address, it stands in for that until
 * one is proven: both name a source.
 */
export function rateKeyOf(registration: {
  readonly ratedBy: RatedBy;
  readonly account: string;
  readonly address: Address | null;
}): string {
  const { ratedBy, account, address } = registration;
  if (ratedBy === "subject") return account;
  return address ? sourceName(address.address) : account;
}

/**
 * The token buckets that registrations draw from, one per key. A bucket outlives its last registration until it is full, so
 * that ending a registration and opening another does not yield a full bucket.
 */
export class RateBuckets {
  readonly #options: Pick<RegistryOptions, "forwarder" | "now">;
  readonly #byKey = new ShardedMap<KeptBucket>();
  readonly #idle: ExpiryBuckets<KeptBucket> = new ExpiryBuckets(defaults.sweepIntervalMs);
  #forgiven = 0;

  constructor(options: Pick<RegistryOptions, "forwarder" | "now">) {
    this.#options = options;
  }

  /** Adds a registration to the bucket of a key, and sets the bucket's rate. */
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

  /** Removes a registration from a bucket. */
  leave({ key }: RateBucket): void {
    const bucket = this.#byKey.get(key)!;
    bucket.registrations--;
    if (bucket.registrations > 0) return;
    bucket.expiresAtMs = this.#fullAtMs(bucket);
    if (bucket.expiresAtMs <= this.#options.now()) return this.#close(bucket);
    this.#idle.add(bucket);
    if (this.#idle.size > defaults.maxIdleBuckets) this.#forgiveOne();
  }

  /** Closes one full bucket without registrations per step. */
  *sweep(): Generator<undefined> {
    for (const bucket of this.#idle.due(this.#options.now())) {
      const fullAtMs = this.#fullAtMs(bucket);
      // A thread that looked up the bucket before its last registration left may still have drawn from it.
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

  /** Closes the idle bucket that lacks the least. */
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
