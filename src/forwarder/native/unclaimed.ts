import { readExpiry } from "../../xdp/index.ts";
import type { SessionId } from "../contract.ts";
import type { NativeHandle } from "./addon.ts";

/**
 * The sessions that an earlier process left in pinned tables. They go on forwarding until their time is over. Registering their
 * connection IDs again, which takes their key, claims them.
 */
export class UnclaimedSessions {
  readonly #handle: NativeHandle;
  /** End of life of each, in ns on the monotonic clock, the next one first. */
  readonly #expiry: Map<SessionId, bigint>;

  constructor(handle: NativeHandle) {
    const { states } = handle;
    this.#handle = handle;
    const expiry = handle.openSessions.map((id) => [id, readExpiry(states, id)] as const);
    this.#expiry = new Map(expiry.sort(([, one], [, other]) => (one < other ? -1 : 1)));
  }

  get size(): number {
    return this.#expiry.size;
  }

  /** Hands over the session that a connection ID leads to, if it is an unclaimed session. */
  claim(cid: Uint8Array): SessionId | undefined {
    if (this.#expiry.size === 0) return undefined;
    const id = this.#handle.sessionOf(cid);
    return this.#expiry.delete(id) ? id : undefined;
  }

  /** Makes room: ends the session whose time is over next, if there is one. */
  endOne(): void {
    const [next] = this.#expiry.keys();
    if (next !== undefined) this.#end(next);
  }

  /** Ends sessions whose time is over, at most `atMost`. */
  sweep(nowNs: bigint, atMost: number): void {
    let left = atMost;
    for (const [id, expiresAtNs] of this.#expiry) {
      if (expiresAtNs > nowNs || left-- === 0) return;
      this.#end(id);
    }
  }

  #end(id: SessionId): void {
    this.#expiry.delete(id);
    this.#handle.closeSession(id);
  }
}
