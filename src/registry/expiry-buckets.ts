/** Something that ends at a known time. Only {@link ExpiryBuckets} may change it while the item is in there. */
export interface Expiring {
  /** ms since the epoch. */
  expiresAtMs: number;
  /** Where in its bucket it is; any number before. */
  slot: number;
}

/**
 * Items sorted roughly by the time they end, so that neither a timer per item nor a scan of all items is
 * needed. An item's bucket follows from its `expiresAtMs`. Buckets are arrays, out of which the last item moves into a
 * gap: unlike a `Set`, they never move all that they have at once.
 */
export class ExpiryBuckets<Item extends Expiring> {
  readonly #widthMs: number;
  readonly #buckets = new Map<number, Item[]>();
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
    item.slot = items?.length ?? 0;
    if (items) items.push(item);
    else this.#buckets.set(bucket, [item]);
  }

  delete(item: Item): void {
    const bucket = this.#bucketOf(item);
    const items = this.#buckets.get(bucket);
    if (items?.[item.slot] !== item) return;
    this.#size--;
    const last = items.pop()!;
    if (items.length === 0) this.#buckets.delete(bucket);
    if (last === item) return;
    last.slot = item.slot;
    items[last.slot] = last;
  }

  /** Gives an item a new end. */
  move(item: Item, expiresAtMs: number): void {
    this.delete(item);
    item.expiresAtMs = expiresAtMs;
    this.add(item);
  }

  /**
   * Iterates over the items of all buckets that lie wholly in the past. Each has to be deleted, or moved out of the
   * past, before the next is asked for; others may come and go.
   */
  *due(nowMs: number): Generator<Item> {
    for (const [bucket, items] of this.#buckets)
      if ((bucket + 1) * this.#widthMs <= nowMs) while (items.length > 0) yield items.at(-1)!;
  }

  /** One of those that end first, by the width of a bucket. */
  earliest(): Item | undefined {
    const first = Math.min(...this.#buckets.keys());
    return this.#buckets.get(first)?.at(-1);
  }

  #bucketOf(item: Item): number {
    return Math.floor(item.expiresAtMs / this.#widthMs);
  }
}
