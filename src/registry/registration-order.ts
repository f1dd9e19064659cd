import type { Registration } from "./registration.ts";

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
