import { cidBytes } from "../../wire/connection-id.ts";
import type { SessionId, SessionSpec } from "../contract.ts";
import { noSession } from "../no-session.ts";
import type { NativeHandle } from "./addon.ts";
import { UnclaimedSessions } from "./unclaimed.ts";

/** The sessions of the addon, which alone stores them. */
export class NativeSessions {
  readonly #handle: NativeHandle;
  readonly #maxSessions: number;
  /** Open in the addon, but not claimed yet. */
  readonly unclaimed: UnclaimedSessions;

  constructor(handle: NativeHandle, maxSessions: number) {
    this.#handle = handle;
    this.#maxSessions = maxSessions;
    this.unclaimed = new UnclaimedSessions(handle);
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such session. */
  require(id: SessionId): void {
    if (!this.#handle.isOpen(id)) throw noSession(id);
  }

  /**
   * Opens a session, or takes over the unclaimed session that the first connection ID leads to. The unclaimed's counters go on, and from now
   * on it draws from the bucket of its new owner.
   */
  open(spec: SessionSpec): SessionId {
    const unclaimed = this.unclaimed.claim(spec.cids.subarray(0, cidBytes));
    const id = unclaimed ?? this.#openNew(spec);
    try {
      if (unclaimed !== undefined) this.#takeOver(id, spec);
      if (spec.username !== undefined) this.#handle.setUsername(id, Buffer.from(spec.username));
    } catch (error) {
      // The caller has no id to close it with.
      this.close(id);
      throw error;
    }
    return id;
  }

  #takeOver(id: SessionId, { cids, address, bucket, expiresAtMs }: SessionSpec): void {
    // A proven address stays until a new one is proven.
    this.update(id, { cids, bucket, expiresAtMs, ...(address && { address }) });
  }

  #openNew({ cids, address, bucket, expiresAtMs }: SessionSpec): SessionId {
    if (this.#handle.sessions >= this.#maxSessions) this.unclaimed.endOne();
    return this.#handle.openSession(
      cids,
      address?.address ?? null,
      address?.port ?? 0,
      bucket,
      expiresAtMs,
      address?.local,
    );
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such session. */
  update(id: SessionId, change: Partial<SessionSpec>): void {
    this.require(id);
    const { cids, address, bucket, expiresAtMs } = change;
    // The step that takes memory goes first. If it fails, the session keeps the bucket that it had.
    if (cids) this.#handle.setRoutes(id, cids);
    if (address !== undefined)
      this.#handle.setAddress(id, address?.address ?? null, address?.port ?? 0, address?.local);
    if (bucket !== undefined) this.#handle.setBucket(id, bucket);
    if (expiresAtMs !== undefined) this.#handle.setExpiry(id, expiresAtMs);
  }

  /** @throws ERR_QUICPIPE_INTERNAL if there is no such session. */
  close(id: SessionId): void {
    this.require(id);
    this.#handle.closeSession(id);
  }
}
