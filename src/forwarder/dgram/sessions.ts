import { ShardedMap } from "../../maps.ts";
import type { PeerAddress } from "../../wire/address.ts";
import { cidBytes } from "../../wire/connection-id.ts";
import { AddressMap } from "../udp/address-map.ts";
import { BucketTable } from "./buckets.ts";
import type { SessionCounters, SessionId, SessionSpec } from "../contract.ts";
import { noSession } from "../no-session.ts";
import { RouteTable } from "./route-table.ts";
import type { TokenBucket } from "../../token-bucket.ts";

/** A session: its current spec and its counters. */
export interface Session {
  readonly id: SessionId;
  readonly username: string | undefined;
  /**
   * The connection IDs as a Latin-1 string. A typed array of this size would keep a buffer outside the heap, and ten thousand
   * of those cost a tenth of the packet rate in garbage collection.
   */
  packedCids: string;
  address: PeerAddress | null;
  expiresAtMs: number;
  bucket: TokenBucket;
  readonly counters: { -readonly [Name in keyof SessionCounters]: SessionCounters[Name] };
  /** Neighbours in the list of sessions at the same address, latest registration first. */
  older: Session | undefined;
  newer: Session | undefined;
}

/**
 * The sessions, their routes and token buckets, and the sessions at each address. Addresses are compared as they are, so all
 * must have the form that the socket reports.
 */
export class SessionTable {
  readonly routes: RouteTable = new RouteTable();
  readonly buckets: BucketTable = new BucketTable();
  readonly #sessions: (Session | undefined)[] = [];
  readonly #freeIds: SessionId[] = [];
  readonly #newestAt = new AddressMap<Session>();
  readonly #byUsername = new ShardedMap<Session>();

  get size(): number {
    return this.#sessions.length - this.#freeIds.length;
  }

  open(spec: SessionSpec): SessionId {
    const bucket = this.buckets.require(spec.bucket);
    const id = this.#freeIds.pop() ?? this.#sessions.length;
    const session: Session = {
      id,
      username: spec.username,
      packedCids: pack(spec.cids),
      address: null,
      expiresAtMs: spec.expiresAtMs,
      bucket,
      counters: {
        packetsFrom: 0,
        bytesFrom: 0,
        packetsTo: 0,
        bytesTo: 0,
        packetsLimited: 0,
        packetsOffloaded: 0,
        packetsNoAddress: 0,
        packetsToItself: 0,
        firstForwardedAtMs: null,
      },
      older: undefined,
      newer: undefined,
    };
    this.#sessions[id] = session;
    if (session.username !== undefined) this.#byUsername.set(session.username, session);
    this.#addRoutes(session);
    this.#move(session, spec.address);
    return id;
  }

  update(id: SessionId, change: Partial<SessionSpec>): void {
    const session = this.require(id);
    if (change.cids) {
      this.#removeRoutes(session);
      session.packedCids = pack(change.cids);
      this.#addRoutes(session);
    }
    if (change.address !== undefined) this.#move(session, change.address);
    if (change.bucket !== undefined) session.bucket = this.buckets.require(change.bucket);
    session.expiresAtMs = change.expiresAtMs ?? session.expiresAtMs;
  }

  close(id: SessionId): SessionCounters {
    const session = this.require(id);
    this.#removeRoutes(session);
    this.#move(session, null);
    this.#sessions[id] = undefined;
    if (session.username !== undefined) this.#byUsername.delete(session.username);
    this.#freeIds.push(id);
    return { ...session.counters };
  }

  get(id: SessionId): Session | undefined {
    return this.#sessions[id];
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such session. */
  require(id: SessionId): Session {
    const session = this.#sessions[id];
    if (!session) throw noSession(id);
    return session;
  }

  /** Returns the session with this STUN username. */
  named(username: string): Session | undefined {
    return this.#byUsername.get(username);
  }

  /** Returns the live session that was registered at an address most recently. */
  senderAt(address: string, port: number, nowMs: number): Session | undefined {
    let session = this.#newestAt.get(address, port);
    while (session && session.expiresAtMs <= nowMs) session = session.older;
    return session;
  }

  #addRoutes({ id, packedCids }: Session): void {
    const cids = unpack(packedCids);
    for (let at = 0; at < cids.length; at += cidBytes) this.routes.set(cids, at, id);
  }

  #removeRoutes({ id, packedCids }: Session): void {
    const cids = unpack(packedCids);
    for (let at = 0; at < cids.length; at += cidBytes) this.routes.delete(cids, at, id);
  }

  #move(session: Session, address: PeerAddress | null): void {
    this.#unlink(session);
    session.address = address;
    if (!address) return;
    session.older = this.#newestAt.get(address.address, address.port);
    if (session.older) session.older.newer = session;
    this.#newestAt.set(address.address, address.port, session);
  }

  #unlink(session: Session): void {
    const { address, older, newer } = session;
    if (!address) return;
    if (older) older.newer = newer;
    if (newer) newer.older = older;
    else if (older) this.#newestAt.set(address.address, address.port, older);
    else this.#newestAt.delete(address.address, address.port);
    session.older = session.newer = undefined;
  }
}

function pack(cids: Uint8Array): string {
  return Buffer.from(cids.buffer, cids.byteOffset, cids.length).toString("latin1");
}

function unpack(packed: string): Uint8Array {
  return Buffer.from(packed, "latin1");
}
