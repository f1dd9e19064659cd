import { maxInitialRoutesPerSession } from "../defaults/index.ts";
import { SetMap } from "../maps.ts";
import type { InitialRoute, SessionId } from "./contract.ts";

/** A client's first DCID has at least 8 bytes (RFC 9000 §7.2), and none has more than 20 (§17.2). */
const minDestinationBytes = 8;
const maxDestinationBytes = 20;

/** A copy of the table elsewhere, which is told of every change. */
export interface InitialRouteMirror {
  /** A route is new, or replaces the one with the same DCID, which is the same dial's or has expired. */
  added(route: InitialRoute): void;
  removed(route: InitialRoute): void;
}

/** The initial routes, each until it expires or one of its sessions ends; bounded per accepter. */
export class InitialRouteTable {
  readonly #mirror: InitialRouteMirror | undefined;
  readonly #routes = new Map<string, InitialRoute>();
  readonly #keysTo = new SetMap<SessionId, string>();
  readonly #keysFrom = new SetMap<SessionId, string>();

  constructor(mirror?: InitialRouteMirror) {
    this.#mirror = mirror;
  }

  get size(): number {
    return this.#routes.size;
  }

  /**
   * Adds a route, or renews that of the same dial. If the accepter has too many, its oldest makes room.
   *
   * @returns `false` if another dial has the DCID: an observer of the wire must not take it away.
   */
  add(route: InitialRoute, nowMs: number): boolean {
    const key = keyOf(route.destinationId, 0, route.destinationId.length);
    if (this.#isAnothers(key, route, nowMs)) return false;
    // The mirror is not told, so that no packet misses the DCID in between.
    this.#forget(key);
    const oldest = this.#keysTo.get(route.to);
    if (oldest && oldest.size >= maxInitialRoutesPerSession) this.#remove(oldest.values().next().value!);
    this.#routes.set(key, route);
    this.#keysTo.add(route.to, key);
    this.#keysFrom.add(route.from, key);
    this.#mirror?.added(route);
    return true;
  }

  /** Returns the live route of the DCID at `at`. */
  find(bytes: Uint8Array, at: number, length: number, nowMs: number): InitialRoute | undefined {
    // Most relays have no initial route most of the time. Then no key is made.
    if (this.#routes.size === 0 || length < minDestinationBytes || length > maxDestinationBytes)
      return undefined;
    const route = this.#routes.get(keyOf(bytes, at, length));
    return route && route.expiresAtMs > nowMs ? route : undefined;
  }

  /** Removes the routes that lead to or from a session. */
  removeSession(id: SessionId): void {
    for (const keys of [this.#keysTo.get(id), this.#keysFrom.get(id)])
      for (const key of keys ?? []) this.#remove(key);
  }

  /** Removes the routes that have expired. */
  sweep(nowMs: number): void {
    for (const [key, route] of this.#routes) if (route.expiresAtMs <= nowMs) this.#remove(key);
  }

  #isAnothers(key: string, { from, to }: InitialRoute, nowMs: number): boolean {
    const route = this.#routes.get(key);
    return route !== undefined && route.expiresAtMs > nowMs && (route.from !== from || route.to !== to);
  }

  #remove(key: string): void {
    const route = this.#forget(key);
    if (route) this.#mirror?.removed(route);
  }

  #forget(key: string): InitialRoute | undefined {
    const route = this.#routes.get(key);
    if (!route) return undefined;
    this.#routes.delete(key);
    this.#keysTo.delete(route.to, key);
    this.#keysFrom.delete(route.from, key);
    return route;
  }
}

function keyOf(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("latin1");
}
