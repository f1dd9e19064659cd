import { randomFillSync } from "node:crypto";
import type { SessionId } from "../contract.ts";
import { halfSipHash } from "../half-sip-hash.ts";

/**
 * Maps 12-byte connection IDs to sessions. Open addressing with linear probing in typed arrays, at a load of at most 0.5, takes
 * 32 to 64 bytes for each connection ID. The shards grow one at a time, so that no growth blocks the event loop for longer than
 * the move of 1/256 of the routes.
 */
export class RouteTable {
  readonly #k0: number;
  readonly #k1: number;
  readonly #shards: Shard[] = Array.from({ length: 1 << shardBits }, createShard);
  #size = 0;

  /** @param key key of the hash; random unless a test needs to know it. */
  constructor(key: Int32Array = randomFillSync(new Int32Array(2))) {
    [this.#k0, this.#k1] = [key[0]!, key[1]!];
  }

  /** Number of connection IDs. */
  get size(): number {
    return this.#size;
  }

  /** Returns the session that the 12 bytes at `at` lead to, or −1. They must be there. */
  find(bytes: Uint8Array, at: number): SessionId {
    const m0 = readInt32(bytes, at);
    const m1 = readInt32(bytes, at + 4);
    const m2 = readInt32(bytes, at + 8);
    const hash = halfSipHash(this.#k0, this.#k1, m0, m1, m2);
    const { slots } = this.#shards[hash >>> shardShift]!;
    return slots[probe(slots, hash, m0, m1, m2) + 3]! - 1;
  }

  /** Makes the 12 bytes at `at` lead to `session`, whatever they led to before. */
  set(bytes: Uint8Array, at: number, session: SessionId): void {
    const m0 = readInt32(bytes, at);
    const m1 = readInt32(bytes, at + 4);
    const m2 = readInt32(bytes, at + 8);
    const hash = halfSipHash(this.#k0, this.#k1, m0, m1, m2);
    const shard = this.#shards[hash >>> shardShift]!;
    const slot = probe(shard.slots, hash, m0, m1, m2);
    const isNew = shard.slots[slot + 3] === 0;
    shard.slots.set([m0, m1, m2, session + 1], slot);
    if (!isNew) return;
    this.#size++;
    shard.used++;
    if (shard.used * slotInts * 2 > shard.slots.length) this.#grow(shard);
  }

  /** Removes the 12 bytes at `at` if they lead to `session`. */
  delete(bytes: Uint8Array, at: number, session: SessionId): void {
    const m0 = readInt32(bytes, at);
    const m1 = readInt32(bytes, at + 4);
    const m2 = readInt32(bytes, at + 8);
    const hash = halfSipHash(this.#k0, this.#k1, m0, m1, m2);
    const shard = this.#shards[hash >>> shardShift]!;
    const slot = probe(shard.slots, hash, m0, m1, m2);
    if (shard.slots[slot + 3] !== session + 1) return;
    this.#closeGap(shard.slots, slot);
    this.#size--;
    shard.used--;
  }

  #grow(shard: Shard): void {
    const old = shard.slots;
    const slots = new Int32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += slotInts) {
      if (old[slot + 3] === 0) continue;
      const entry = old.subarray(slot, slot + slotInts);
      slots.set(entry, probe(slots, this.#hashAt(old, slot), entry[0]!, entry[1]!, entry[2]!));
    }
    shard.slots = slots;
  }

  /** Moves later entries of the run back over the gap, so that no tombstones are needed. */
  #closeGap(slots: Int32Array, gap: number): void {
    const last = slots.length - 1;
    for (let slot = (gap + slotInts) & last; slots[slot + 3] !== 0; slot = (slot + slotInts) & last) {
      const home = homeOf(slots, this.#hashAt(slots, slot));
      // An entry whose home lies after the gap would not be found in it.
      if (((slot - home) & last) < ((slot - gap) & last)) continue;
      slots.copyWithin(gap, slot, slot + slotInts);
      gap = slot;
    }
    slots.fill(0, gap, gap + slotInts);
  }

  #hashAt(slots: Int32Array, slot: number): number {
    return halfSipHash(this.#k0, this.#k1, slots[slot]!, slots[slot + 1]!, slots[slot + 2]!);
  }
}

/** Slots of 4 integers: the connection ID in three, then session + 1, where 0 marks a free slot. */
interface Shard {
  slots: Int32Array;
  used: number;
}

const slotInts = 4;
const shardBits = 8;
const shardShift = 32 - shardBits;
const firstSlots = 16;

function createShard(): Shard {
  return { slots: new Int32Array(firstSlots * slotInts), used: 0 };
}

/** The shard takes the top bits of the hash, the slot the low ones. */
function homeOf(slots: Int32Array, hash: number): number {
  return (hash * slotInts) & (slots.length - 1);
}

/** Returns the index of the slot that holds the key, or of the free slot where it would go. */
function probe(slots: Int32Array, hash: number, m0: number, m1: number, m2: number): number {
  const last = slots.length - 1;
  let slot = homeOf(slots, hash);
  while (slots[slot + 3] !== 0 && (slots[slot] !== m0 || slots[slot + 1] !== m1 || slots[slot + 2] !== m2))
    slot = (slot + slotInts) & last;
  return slot;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
