/** Sets by key, none of them empty. */
export class SetMap<Key, Item> {
  readonly #sets = new Map<Key, Set<Item>>();

  /** Returns the set of a key; `undefined` if it would be empty. */
  get(key: Key): ReadonlySet<Item> | undefined {
    return this.#sets.get(key);
  }

  add(key: Key, item: Item): void {
    const items = this.#sets.get(key);
    if (items) items.add(item);
    else this.#sets.set(key, new Set([item]));
  }

  delete(key: Key, item: Item): void {
    const items = this.#sets.get(key);
    if (items?.delete(item) && items.size === 0) this.#sets.delete(key);
  }
}
