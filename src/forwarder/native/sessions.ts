import type { SessionId, SessionSpec } from "../contract.ts";
import { noSession } from "../no-session.ts";
import { sessionBucketBytes } from "../token-bucket.ts";
import type { NativeHandle } from "./addon.ts";

/** The sessions of the addon, which alone stores them; here is only known which ids are open. */
export class NativeSessions {
  readonly #handle: NativeHandle;
  readonly #open = new Set<SessionId>();

  constructor(handle: NativeHandle) {
    this.#handle = handle;
  }

  has(id: SessionId): boolean {
    return this.#open.has(id);
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such session. */
  require(id: SessionId): void {
    if (!this.#open.has(id)) throw noSession(id);
  }

  open({ cids, address, bytesPerSecond, expiresAtMs }: SessionSpec): SessionId {
    const id = this.#handle.openSession(
      cids,
      address?.address ?? null,
      address?.port ?? 0,
      bytesPerSecond,
      sessionBucketBytes(bytesPerSecond),
      expiresAtMs,
    );
    this.#open.add(id);
    return id;
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such session. */
  update(id: SessionId, change: Partial<SessionSpec>): void {
    this.require(id);
    const { cids, address, bytesPerSecond, expiresAtMs } = change;
    if (cids) this.#handle.setRoutes(id, cids);
    if (address !== undefined) this.#handle.setAddress(id, address?.address ?? null, address?.port ?? 0);
    if (bytesPerSecond !== undefined)
      this.#handle.setRate(id, bytesPerSecond, sessionBucketBytes(bytesPerSecond));
    if (expiresAtMs !== undefined) this.#handle.setExpiry(id, expiresAtMs);
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such session. */
  close(id: SessionId): void {
    this.require(id);
    this.#open.delete(id);
    this.#handle.closeSession(id);
  }
}
