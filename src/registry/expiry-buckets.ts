/** Something that ends at a known time. */
export interface Expiring {
  /** ms since the epoch; only {@link ExpiryBuckets} may change it while the item is in there. */
  expiresAtMs: number;
}

/**
 * Items sorted roughly by the time they end, so that neither a timer per item nor a scan of all items is
 * needed. An item's bucket follows from its `expiresAtMs`, so nothing else is stored.
 */
export class ExpiryBuckets<Item extends Expiring> {
  readonly #widthMs: number;
  readonly #buckets = new Map<number, Set<Item>>();
  #size = 0;

  /** @param widthMs width of a bucket, in ms: how much later than its end an item may be found due. */
  constructor(widthMs: number) {
    this.#widthMs = widthMs;
  }

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    this.#size++;
    const bucket = this.#bucketOf(item);
    const items = this.#buckets.get(bucket);
    if (items) items.add(item);
    else this.#buckets.set(bucket, new Set([item]));
  }

  delete(item: Item): void {
    const bucket = this.#bucketOf(item);
    const items = this.#buckets.get(bucket);
    if (!items?.delete(item)) return;
    this.#size--;
    if (items.size === 0) this.#buckets.delete(bucket);
  }

  /** Gives an item a new end. */
  move(item: Item, expiresAtMs: number): void {
    this.delete(item);
    item.expiresAtMs = expiresAtMs;
    this.add(item);
  }

  /** Iterates over the items of all buckets that lie wholly in the past; items may be deleted on the way. */
  *due(nowMs: number): Generator<Item> {
    for (const [bucket, items] of this.#buckets) if ((bucket + 1) * this.#widthMs <= nowMs) yield* items;
  }

  /** One of those that end first, by the width of a bucket. */
  earliest(): Item | undefined {
    const first = Math.min(...this.#buckets.keys());
    return this.#buckets.get(first)?.values().next().value;
  }

  #bucketOf(item: Item): number {
    return Math.floor(item.expiresAtMs / this.#widthMs);
  }
}
