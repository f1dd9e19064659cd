import * as defaults from "../defaults/index.ts";
import type { SessionId } from "../forwarder/index.ts";
import { ShardedMap } from "../maps.ts";
import type { PeerAddress } from "../wire/address.ts";
import type { AddressProof, ProvenAddress } from "./address-proof.ts";
import { type Holdings, holdingsBeside } from "./admission.ts";
import { type Expiring, ExpiryBuckets, RegistrationOrder } from "./orders.ts";
import type { RateBucket } from "./rate-buckets.ts";
import type { Instance, RatedBy, Registration } from "./registration.ts";

/** A stored registration. */
export interface Entry extends Registration, ProvenAddress, Expiring {
  address: PeerAddress | null;
  num: number;
  /** The account whose quota it uses. */
  readonly account: string;
  readonly ratedBy: RatedBy;
  readonly instance: Instance | undefined;
  /** The bucket that its traffic draws from. */
  bucket: RateBucket;
  ttlMs: number;
  expiresAtMs: number;
}

/** The new values of a renewal. */
export interface Renewal {
  readonly ttlMs: number;
  readonly proof: AddressProof | null;
  readonly bytesPerSecond: number;
  readonly cids?: Uint8Array | undefined;
}

/** An account's registrations, oldest first, and the sum of their connection IDs. */
export interface Holder {
  readonly entries: ReadonlySet<Entry>;
  readonly cids: number;
}

/** All registrations, including expired ones, with an index for each kind of look-up. */
export class RegistrationTable {
  readonly #byId = new ShardedMap<Entry>();
  readonly #inOrder = new RegistrationOrder<Entry>();
  readonly #bySession: (Entry | undefined)[] = [];
  readonly #byAccount = new ShardedMap<{ readonly entries: Set<Entry>; cids: number }>();
  readonly #expiry: ExpiryBuckets<Entry> = new ExpiryBuckets(defaults.sweepIntervalMs);
  #cids = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Connection IDs of all registrations. */
  get cids(): number {
    return this.#cids;
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  ofSession(session: SessionId | undefined): Entry | undefined {
    return session === undefined ? undefined : this.#bySession[session];
  }

  ofAccount(account: string): Holder | undefined {
    return this.#byAccount.get(account);
  }

  /** Returns what an account holds beside one of the registrations, if that is its own. */
  holdingsOf(account: string, beside: Entry | undefined): Holdings {
    const holder = this.ofAccount(account);
    const own = beside?.account === account ? beside : undefined;
    return holdingsBeside(own, holder?.entries.size, holder?.cids);
  }

  /** Returns an account's entries that expire after `nowMs`, oldest first. */
  liveOf(account: string, nowMs: number): Entry[] {
    return [...(this.ofAccount(account)?.entries ?? [])].filter((entry) => entry.expiresAtMs > nowMs);
  }

  /** Iterates in order over entries with a greater ordinal that expire after `nowMs`. The table may change during iteration. */
  after(ordinal: number, nowMs: number): Generator<Entry> {
    return this.#inOrder.after(ordinal, nowMs);
  }

  /** Iterates over expired entries, at most one sweep interval late. Each must be deleted before the next step. */
  due(nowMs: number): Iterable<Entry> {
    return this.#expiry.due(nowMs);
  }

  add(entry: Entry): void {
    const holder = this.#byAccount.get(entry.account) ?? { entries: new Set(), cids: 0 };
    this.#byAccount.set(entry.account, holder);
    holder.entries.add(entry);
    this.#byId.set(entry.id, entry);
    this.#inOrder.add(entry);
    this.#bySession[entry.session] = entry;
    this.#expiry.add(entry);
    this.#count(entry, entry.num);
  }

  delete(entry: Entry): void {
    this.#byId.delete(entry.id);
    this.#inOrder.delete(entry);
    this.#bySession[entry.session] = undefined;
    this.#expiry.delete(entry);
    this.#count(entry, -entry.num);
    const { entries } = this.#byAccount.get(entry.account)!;
    // Emptying a set makes it allocate new memory, which the collector would have to move for no use.
    if (entries.size === 1) this.#byAccount.delete(entry.account);
    else entries.delete(entry);
  }

  /** Changes an entry's number of connection IDs. */
  resize(entry: Entry, num: number): void {
    this.#count(entry, num - entry.num);
    entry.num = num;
  }

  /** Changes an entry's expiry. */
  renew(entry: Entry, expiresAtMs: number): void {
    this.#expiry.move(entry, expiresAtMs);
  }

  #count({ account }: Entry, cids: number): void {
    this.#byAccount.get(account)!.cids += cids;
    this.#cids += cids;
  }
}
