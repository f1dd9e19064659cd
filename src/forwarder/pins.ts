import { maxPinsPerSession } from "../defaults/index.ts";
import type { PinnedInitial, SessionId } from "./contract.ts";

/** A client's first DCID has at least 8 bytes (RFC 9000 §7.2), and none has more than 20 (§17.2). */
const minDestinationBytes = 8;
const maxDestinationBytes = 20;

/** Lookup of pinned initial DCIDs. */
export interface PinLookup {
  has(bytes: Uint8Array, at: number, length: number, nowMs: number): boolean;
}

/** A copy of the pins elsewhere, which is told of every change. */
export interface PinMirror {
  /** A pin is new, or replaces the one with the same DCID, which is the same dial's or has expired. */
  added(pin: PinnedInitial): void;
  removed(pin: PinnedInitial): void;
}

/** The pinned initial DCIDs, each until it expires or one of its sessions ends; bounded per accepter. */
export class PinTable implements PinLookup {
  readonly #mirror: PinMirror | undefined;
  readonly #pins = new Map<string, PinnedInitial>();
  readonly #keysTo = new Map<SessionId, Set<string>>();
  readonly #keysFrom = new Map<SessionId, Set<string>>();

  constructor(mirror?: PinMirror) {
    this.#mirror = mirror;
  }

  get size(): number {
    return this.#pins.size;
  }

  /**
   * Adds a pin, or renews that of the same dial. If the accepter has too many, its oldest makes room.
   *
   * @returns `false` if another dial has the DCID: an observer of the wire must not take it away.
   */
  add(pin: PinnedInitial, nowMs: number): boolean {
    const key = keyOf(pin.destinationId, 0, pin.destinationId.length);
    if (this.#isAnothers(key, pin, nowMs)) return false;
    // The mirror is not told, so that no packet can find the DCID unpinned in between.
    this.#forget(key);
    const oldest = this.#keysTo.get(pin.to);
    if (oldest && oldest.size >= maxPinsPerSession) this.#remove(oldest.values().next().value!);
    this.#pins.set(key, pin);
    addTo(this.#keysTo, pin.to, key);
    addTo(this.#keysFrom, pin.from, key);
    this.#mirror?.added(pin);
    return true;
  }

  has(bytes: Uint8Array, at: number, length: number, nowMs: number): boolean {
    return this.find(bytes, at, length, nowMs) !== undefined;
  }

  /** Returns the live pin of the DCID at `at`. */
  find(bytes: Uint8Array, at: number, length: number, nowMs: number): PinnedInitial | undefined {
    // Most relays have no pin most of the time. Then no key is made.
    if (this.#pins.size === 0 || length < minDestinationBytes || length > maxDestinationBytes)
      return undefined;
    const pin = this.#pins.get(keyOf(bytes, at, length));
    return pin && pin.expiresAtMs > nowMs ? pin : undefined;
  }

  /** Removes the pins that lead to or from a session. */
  removeSession(id: SessionId): void {
    for (const keys of [this.#keysTo.get(id), this.#keysFrom.get(id)])
      for (const key of keys ?? []) this.#remove(key);
  }

  /** Removes the pins that have expired. */
  sweep(nowMs: number): void {
    for (const [key, pin] of this.#pins) if (pin.expiresAtMs <= nowMs) this.#remove(key);
  }

  #isAnothers(key: string, { from, to }: PinnedInitial, nowMs: number): boolean {
    const pin = this.#pins.get(key);
    return pin !== undefined && pin.expiresAtMs > nowMs && (pin.from !== from || pin.to !== to);
  }

  #remove(key: string): void {
    const pin = this.#forget(key);
    if (pin) this.#mirror?.removed(pin);
  }

  #forget(key: string): PinnedInitial | undefined {
    const pin = this.#pins.get(key);
    if (!pin) return undefined;
    this.#pins.delete(key);
    removeFrom(this.#keysTo, pin.to, key);
    removeFrom(this.#keysFrom, pin.from, key);
    return pin;
  }
}

function keyOf(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("latin1");
}

function addTo(index: Map<SessionId, Set<string>>, id: SessionId, key: string): void {
  const keys = index.get(id);
  if (keys) keys.add(key);
  else index.set(id, new Set([key]));
}

function removeFrom(index: Map<SessionId, Set<string>>, id: SessionId, key: string): void {
  const keys = index.get(id);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(id);
}
