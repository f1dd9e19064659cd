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

/**
 * A map with string keys, split into shards that grow and shrink one at a time. A single `Map` moves all its entries at
 * once, and maps of equal size do so at the same moment. At 100 000 entries that blocks the event loop for many ms.
 */
export class ShardedMap<Value> {
  readonly #shards = Array.from({ length: shardCount }, () => new Map<string, Value>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#shardOf(key).get(key);
  }

  set(key: string, value: Value): void {
    const shard = this.#shardOf(key);
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  delete(key: string): void {
    if (this.#shardOf(key).delete(key)) this.#size--;
  }

  /** Iterates in no particular order. The map may change during iteration. */
  *values(): Generator<Value> {
    for (const shard of this.#shards) yield* shard.values();
  }

  #shardOf(key: string): Map<string, Value> {
    return this.#shards[hash(key) >>> (32 - shardBits)]!;
  }
}

const shardBits = 8;
const shardCount = 1 << shardBits;

/** FNV-1a. Keys chosen to share a shard only make the map as slow as one without shards. */
function hash(key: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) sum = Math.imul(sum ^ key.charCodeAt(i), 0x01000193);
  return sum;
}
