import { QuicpipeError } from "../../errors.ts";
import type { BucketId } from "../contract.ts";
import { bucketDepthBytes, TokenBucket } from "../../token-bucket.ts";

/** The open token buckets, by id. */
export class BucketTable {
  readonly #buckets: (TokenBucket | undefined)[] = [];
  readonly #freeIds: BucketId[] = [];

  get size(): number {
    return this.#buckets.length - this.#freeIds.length;
  }

  open(bytesPerSecond: number, nowMs: number): BucketId {
    const id = this.#freeIds.pop() ?? this.#buckets.length;
    this.#buckets[id] = new TokenBucket(bytesPerSecond, bucketDepthBytes(bytesPerSecond), nowMs);
    return id;
  }

  /** Changes a bucket's rate and depth. The level stays, capped at the new depth. */
  shape(id: BucketId, bytesPerSecond: number, nowMs: number): void {
    this.require(id).reshape(bytesPerSecond, bucketDepthBytes(bytesPerSecond), nowMs);
  }

  close(id: BucketId): void {
    this.require(id);
    this.#buckets[id] = undefined;
    this.#freeIds.push(id);
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such bucket. */
  require(id: BucketId): TokenBucket {
    const bucket = this.#buckets[id];
    if (bucket) return bucket;
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `there is no open token bucket ${id}`);
  }
}
