import { randomBytes } from "node:crypto";
import * as defaults from "../defaults/index.ts";
import type { SessionCounters, SessionSpec, StunAuthority, StunRegistration } from "../forwarder/index.ts";
import type { Address } from "../wire/address.ts";
import { hmacSha256 } from "../wire/hmac.ts";
import { unpackConnectionIds } from "../wire/connection-id.ts";
import { firstProof, noteTransaction, takeProof, weigh } from "./address-proof.ts";
import { conflict, exceedsQuota, holdingsBeside, ownAddress, requireRoom } from "./admission.ts";
import {
  type EndReason,
  guardObservers,
  type InitialRouteSpec,
  type Registration,
  type RegistrationObserver,
  type RegistrationSpec,
  type RegistryOptions,
} from "./registration.ts";
import { predecessorsOf } from "./predecessors.ts";
import { type RateBucket, RateBuckets, type RateBucketStats, rateKeyOf } from "./rate-buckets.ts";
import { type Entry, RegistrationTable, type Renewal } from "./registration-table.ts";

/**
 * Records the owner, address and expiry of connection IDs. The registry is authoritative; the forwarder's route table is its
 * copy, and the only place that stores the connection IDs themselves. An expired registration counts as gone.
 */
export class Registry implements StunAuthority {
  readonly #options: RegistryOptions;
  readonly #stunKey: Buffer = randomBytes(32);
  readonly #table = new RegistrationTable();
  readonly #rates: RateBuckets;
  readonly #observer: RegistrationObserver;
  #lastOrdinal = 0;
  #draining = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#rates = new RateBuckets(options);
    this.#observer = guardObservers(options.observers ?? [], options.onObserverFault);
  }

  /**
   * Registers connection IDs, or refreshes the registration that the same subject holds for the same key. A refresh may
   * change `num`, and a proven address replaces the known one. All or nothing.
   *
   * @throws ERR_QUICPIPE_CID_CONFLICT, ERR_QUICPIPE_OWN_ADDRESS, ERR_QUICPIPE_REGISTRATION_QUOTA, ERR_QUICPIPE_CID_QUOTA,
   *   ERR_QUICPIPE_TABLE_FULL, ERR_QUICPIPE_DRAINING
   */
  register(request: RegistrationSpec): Registration {
    // The clock is read once, so that nothing expires halfway.
    const nowMs = this.#options.now();
    const { forwarder } = this.#options;
    const held = this.#freedHolderOf(forwarder.deriveConnectionIds(request.key, 1, 1), nowMs);
    if (held && held.subject !== request.subject) throw conflict();
    this.#admit(request, held, nowMs);
    if (held && held.num === request.num) return this.#refresh(held, request);
    const cids = forwarder.deriveConnectionIds(request.key, 1, request.num);
    for (const cid of unpackConnectionIds(cids)) {
      const holder = this.#freedHolderOf(cid, nowMs);
      if (holder && holder !== held) throw conflict();
    }
    return held ? this.#refresh(held, request, cids) : this.#open(request, cids);
  }

  /** Returns the live registration of a key. Equal keys give equal connection IDs, so the first one tells. */
  ofKey(key: Uint8Array): Registration | undefined {
    return this.#freedHolderOf(this.#options.forwarder.deriveConnectionIds(key, 1, 1), this.#options.now());
  }

  /** Returns a live registration; with `owner`, only if it belongs to that subject. */
  get(id: string, owner?: string): Registration | undefined {
    const entry = this.#live(id);
    return owner === undefined || entry?.subject === owner ? entry : undefined;
  }

  /** Returns an account's live registrations, oldest first. */
  list(account: string): Registration[] {
    return this.#table.liveOf(account, this.#options.now());
  }

  /** Ends a registration at once; with `owner`, only if it belongs to that subject. Reports whether it did. */
  end(id: string, owner?: string): boolean {
    const entry = this.#live(id);
    if (!entry || (owner !== undefined && entry.subject !== owner)) return false;
    this.#end(entry, "ended");
    return true;
  }

  /** Ends any subject's registration at once, for an administrator or inviter. Reports whether it did. */
  revoke(id: string): boolean {
    const entry = this.#live(id);
    if (entry) this.#end(entry, "revoked");
    return entry !== undefined;
  }

  /** Returns the traffic of a live registration so far. */
  countersOf(id: string): SessionCounters | undefined {
    const entry = this.#live(id);
    return entry && this.#options.forwarder.countersOf(entry.session);
  }

  /**
   * Iterates over the live registrations in order of registration. Registrations may come and go during iteration.
   *
   * @param after yields only greater ordinals, so that a page continues where another ended, whatever has ended since.
   */
  all(after = 0): Generator<Registration> {
    return this.#table.after(after, this.#options.now());
  }

  /** Returns the most recent registration at an address, if it is the subject's. */
  at(subject: string, address: Address): Registration | undefined {
    const entry = this.#table.ofSession(this.#options.forwarder.sessionAt(address));
    return entry?.subject === subject ? this.#live(entry.id) : undefined;
  }

  /**
   * Routes the dialer's initial DCID to the accepter until the accepter's own connection IDs take over. The dialer's registration
   * is the one that sent the message, or else its newest. Does nothing if either end has none.
   *
   * @returns the dialer's registration.
   */
  routeInitial({ destinationId, dialer, ...ends }: InitialRouteSpec): Registration | undefined {
    const nowMs = this.#options.now();
    const to = this.#live(ends.to);
    const sender = ends.from === undefined ? undefined : this.#live(ends.from);
    const from = sender ?? (dialer === undefined ? undefined : this.#table.liveOf(dialer, nowMs).at(-1));
    if (!to || !from) return undefined;
    const expiresAtMs = nowMs + defaults.initialRouteTtlMs;
    this.#options.forwarder.routeInitial({ destinationId, to: to.session, from: from.session, expiresAtMs });
    return from;
  }

  /** Returns the STUN password of a live registration. It is derived, so that nothing is stored that could be stolen. */
  secretOf(id: string): string | undefined {
    return this.stunRegistration(id)?.secret;
  }

  /** {@link weigh} decides whether a proof is accepted. */
  stunRegistration(id: string): StunRegistration | undefined {
    const entry = this.#live(id);
    if (!entry) return undefined;
    const proven: StunRegistration["proven"] = (proof) => {
      const verdict = this.#options.forwarder.isOwnAddress(proof.address) ? "refused" : weigh(entry, proof);
      if (verdict !== "accepted") return verdict;
      const { address, madeAtMs: atMs } = proof;
      const { ttlMs, bucket } = entry;
      this.#renew(entry, { ttlMs, proof: { address, atMs }, bytesPerSecond: bucket.bytesPerSecond });
      noteTransaction(entry, proof);
      return verdict;
    };
    return { secret: hmacSha256(this.#stunKey, Buffer.from(id)).toString("base64url"), proven };
  }

  /** Whether {@link drain} was called. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Refuses new registrations from now on. Refreshes and STUN renewals continue. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends one expired registration, or closes one unused bucket, per step. */
  *sweep(): Generator<undefined> {
    for (const entry of this.#table.due(this.#options.now())) {
      this.#end(entry, "expired");
      yield;
    }
    yield* this.#rates.sweep();
  }

  /** Returns the number of registrations, connection IDs and token buckets. */
  stats(): { readonly registrations: number; readonly cids: number; readonly rateBuckets: RateBucketStats } {
    return { registrations: this.#table.size, cids: this.#table.cids, rateBuckets: this.#rates.stats() };
  }

  /**
   * Removes every registration and notifies the observers. The data plane stays as it is: state pinned in the kernel
   * outlives the process. Idempotent.
   */
  close(): void {
    this.#draining = true;
    for (const entry of this.#table.after(0, -Infinity)) {
      this.#table.delete(entry);
      this.#observer.ended(entry, "closed", this.#options.forwarder.countersOf(entry.session));
    }
  }

  #admit(request: RegistrationSpec, held: Entry | undefined, nowMs: number): void {
    const { forwarder, maxRegistrations, maxCids } = this.#options;
    const address = request.proof?.address;
    if (address && forwarder.isOwnAddress(address)) throw ownAddress(address);
    this.#freeDeadOf(request, held, nowMs);
    // A refresh takes only its own place, whichever account requests it.
    requireRoom({
      num: request.num,
      held: held?.num ?? 0,
      draining: this.#draining,
      quota: request.quota,
      own: this.#table.holdingsOf(held?.account ?? request.account, held),
      all: holdingsBeside(held, this.#table.size, this.#table.cids),
      maxRegistrations,
      maxCids,
    });
  }

  #open(request: RegistrationSpec, cids: Uint8Array): Entry {
    const { subject, account, quota, num, ttlMs, ratedBy, instance } = request;
    const proven = firstProof(request.proof);
    const { address } = proven;
    const registeredAtMs = this.#options.now();
    const lifeMs = Math.min(ttlMs, quota.maxTtlMs);
    const expiresAtMs = registeredAtMs + lifeMs;
    const bucket = this.#rates.join(rateKeyOf({ ...request, address }), quota.bytesPerSecond);
    const id = randomBytes(16).toString("base64url");
    const spec: SessionSpec = { cids, address, username: id, bucket: bucket.id, expiresAtMs };
    const session = this.#drawing(bucket, () => this.#options.forwarder.openSession(spec));
    const ordinal = ++this.#lastOrdinal;
    const life = { ttlMs: lifeMs, registeredAtMs, expiresAtMs, slot: 0 };
    const owner = { subject, account, ratedBy, instance, bucket };
    const entry: Entry = { id, ordinal, session, num, ...owner, ...life, ...proven };
    this.#table.add(entry);
    this.#observer.opened(entry);
    return entry;
  }

  /** Runs `draw` for a session that uses a bucket just joined. Leaves the bucket if that fails. */
  #drawing<T>(bucket: RateBucket, draw: () => T): T {
    try {
      return draw();
    } catch (error) {
      this.#rates.leave(bucket);
      throw error;
    }
  }

  #refresh(entry: Entry, request: RegistrationSpec, cids?: Uint8Array): Entry {
    const { quota, num, proof } = request;
    const ttlMs = Math.min(request.ttlMs, quota.maxTtlMs);
    this.#renew(entry, { ttlMs, proof, bytesPerSecond: quota.bytesPerSecond, cids });
    this.#table.resize(entry, num);
    return entry;
  }

  /** Renews in the data plane first, so that a failure leaves the registration unchanged. */
  #renew(entry: Entry, { ttlMs, proof, bytesPerSecond, cids }: Renewal): void {
    const expiresAtMs = this.#options.now() + ttlMs;
    const { turn, address, provenAtMs } = takeProof(entry, proof);
    const before = entry.bucket;
    // Joins before leaving: the last one to leave a bucket may close it.
    const bucket = this.#rates.join(rateKeyOf({ ...entry, address }), bytesPerSecond);
    this.#drawing(bucket, () =>
      this.#options.forwarder.updateSession(entry.session, {
        expiresAtMs,
        ...(cids && { cids }),
        ...(turn !== "none" && { address }),
        ...(bucket !== before && { bucket: bucket.id }),
      }),
    );
    Object.assign(entry, { ttlMs, address, provenAtMs, bucket });
    this.#rates.leave(before);
    this.#table.renew(entry, expiresAtMs);
    if (turn === "moved") this.#observer.moved(entry);
  }

  #end(entry: Entry, reason: EndReason): void {
    const counters = this.#options.forwarder.closeSession(entry.session);
    this.#rates.leave(entry.bucket);
    this.#table.delete(entry);
    this.#observer.ended(entry, reason, counters);
  }

  /** Ends what is dead of an account that would be refused: what has expired, and of dead predecessors' as much as it takes. */
  #freeDeadOf(
    { account, quota, num, instance }: RegistrationSpec,
    held: Entry | undefined,
    nowMs: number,
  ): void {
    const isFull = (): boolean => exceedsQuota(this.#table.holdingsOf(account, held), num, quota);
    if (!isFull()) return;
    const entries = this.#table.ofAccount(account)?.entries ?? [];
    for (const entry of entries) if (entry.expiresAtMs <= nowMs) this.#end(entry, "expired");
    const left = instance ? predecessorsOf(entries, instance, nowMs) : [];
    for (const entry of left) if (entry !== held && isFull()) this.#end(entry, "ended");
  }

  /** Finds the holder of a connection ID. Ends an expired holder first. */
  #freedHolderOf(cid: Uint8Array, nowMs: number): Entry | undefined {
    const entry = this.#table.ofSession(this.#options.forwarder.sessionOf(cid));
    if (!entry || entry.expiresAtMs > nowMs) return entry;
    this.#end(entry, "expired");
    return undefined;
  }

  #live(id: string): Entry | undefined {
    const entry = this.#table.get(id);
    return entry && entry.expiresAtMs > this.#options.now() ? entry : undefined;
  }
}
