import type { QuicpipeError } from "../../errors.ts";
import type { CloseInfo } from "./error.ts";

/** The turns in the life of a connection that an application can wait for, as promises. */
export class Milestones {
  /** Resolves when both sides have accepted each other. */
  readonly ready: Promise<void>;
  /** Resolves when the connection is about to end, or has ended. */
  readonly draining: Promise<void>;
  /** Resolves when either application closed the connection. Rejects if it ended otherwise. */
  readonly closed: Promise<CloseInfo>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #draining = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<CloseInfo>();

  constructor() {
    this.ready = this.#ready.promise;
    this.draining = this.#draining.promise;
    this.closed = this.#closed.promise;
    // An application may look at only one of them. The others must not become unhandled rejections.
    this.ready.catch(() => undefined);
    this.closed.catch(() => undefined);
  }

  /** Notes that both sides have accepted each other. Idempotent. */
  open(): void {
    this.#ready.resolve();
  }

  /** Notes that the relay is about to go. Idempotent. */
  drain(): void {
    this.#draining.resolve();
  }

  /**
   * Ends the connection. Promises that are still pending settle.
   *
   * @param error the reason, with which `ready` rejects; so does `closed` without `info`.
   * @param info code and reason of the application that closed; `undefined` if the connection ended otherwise.
   */
  end(error: QuicpipeError, info: CloseInfo | undefined): void {
    this.#draining.resolve();
    this.#ready.reject(error);
    if (info) this.#closed.resolve(info);
    else this.#closed.reject(error);
  }
}
