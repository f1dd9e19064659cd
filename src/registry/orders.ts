import type { Registration } from "./registration.ts";

/** An item with an expiry time. Only {@link ExpiryBuckets} may change it while it contains the item. */
export interface Expiring {
  /** ms since the epoch. */
  expiresAtMs: number;
  /** Index in its bucket; arbitrary before the item is added. */
  slot: number;
}

/**
 * Items roughly sorted by expiry, without a timer per item or a scan of all. An item's bucket follows from its
 * `expiresAtMs`. Buckets are arrays whose last item fills a gap: unlike a `Set`, they never move all their items at once.
 */
export class ExpiryBuckets<Item extends Expiring> {
  readonly #widthMs: number;
  readonly #buckets = new Map<number, Item[]>();
  #size = 0;

  /** @param widthMs width of a bucket in ms: the longest delay between an item's expiry and `due` yielding it. */
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

  /** Changes an item's expiry. */
  move(item: Item, expiresAtMs: number): void {
    this.delete(item);
    item.expiresAtMs = expiresAtMs;
    this.add(item);
  }

  /**
   * Iterates over the items of all buckets that lie wholly in the past. Each item must be deleted, or moved out of the past,
   * before the next step. Other items may come and go.
   */
  *due(nowMs: number): Generator<Item> {
    for (const [bucket, items] of this.#buckets)
      if ((bucket + 1) * this.#widthMs <= nowMs) while (items.length > 0) yield items.at(-1)!;
  }

  /** Returns an item of the earliest bucket, if any. */
  earliest(): Item | undefined {
    const first = Math.min(...this.#buckets.keys());
    return this.#buckets.get(first)?.at(-1);
  }

  #bucketOf(item: Item): number {
    return Math.floor(item.expiresAtMs / this.#widthMs);
  }
}

type Ordered = Pick<Registration, "ordinal" | "expiresAtMs">;

/** Registrations with consecutive ordinals. The array never shrinks, so that ends create no garbage. */
interface Page<Item> {
  readonly items: (Item | undefined)[];
  size: number;
}

/** Registrations in order of their beginning, in small pages that are never moved. */
export class RegistrationOrder<Item extends Ordered> {
  readonly #pages = new Map<number, Page<Item>>();

  add(item: Item): void {
    const page = this.#pages.get(pageOf(item)) ?? { items: [], size: 0 };
    this.#pages.set(pageOf(item), page);
    page.items[item.ordinal % pageOrdinals] = item;
    page.size++;
  }

  delete(item: Item): void {
    const page = this.#pages.get(pageOf(item))!;
    page.items[item.ordinal % pageOrdinals] = undefined;
    if (--page.size === 0) this.#pages.delete(pageOf(item));
  }

  /** Iterates over items with a greater ordinal that expire after `nowMs`. Items may come and go during iteration. */
  *after(ordinal: number, nowMs: number): Generator<Item> {
    for (const [number, { items }] of this.#pages) {
      if ((number + 1) * pageOrdinals <= ordinal) continue;
      // Indexed, as 100 000 items are visited per second while statistics are followed: a third of the time of for-of.
      for (let i = 0; i < items.length; i++) {
        const item = items[i];
        if (item && item.ordinal > ordinal && item.expiresAtMs > nowMs) yield item;
      }
    }
  }
}

/** Registrations per page. A registration that outlives its neighbours keeps one page: 512 bytes. */
const pageOrdinals = 64;

function pageOf({ ordinal }: Ordered): number {
  return Math.floor(ordinal / pageOrdinals);
}
