import type { EngineConnection } from "../engine/contract.ts";

/** What HTTP/3 needs of a QUIC connection. */
export type StreamEngine = Pick<
  EngineConnection,
  "openStream" | "acceptStream" | "streamReceive" | "streamSend" | "streamAbort"
>;

/** Bytes that wait for room on a stream, and whether the stream ends with them. */
export class Outgoing {
  readonly #engine: StreamEngine;
  readonly #id: number;
  readonly #isWhole: boolean;
  #rest: Uint8Array | undefined;

  /** @param isWhole whether the stream ends with these bytes, of which there is at least one. */
  constructor(engine: StreamEngine, id: number, bytes: Uint8Array, isWhole: boolean) {
    this.#engine = engine;
    this.#id = id;
    this.#rest = bytes;
    this.#isWhole = isWhole;
  }

  /** Sends as much as there is room for. */
  progress(): void {
    if (!this.#rest) return;
    const taken = this.#engine.streamSend(this.#id, this.#rest, this.#isWhole);
    if (typeof taken === "object") return this.stop(taken.abortedWith);
    this.#rest = this.#rest.subarray(taken ?? 0);
    if (this.#rest.length === 0) this.#rest = undefined;
  }

  /** Sends no more, and tells so with RESET_STREAM if something was left (RFC 9000 §3.5). */
  stop(errorCode: number): void {
    if (this.#rest) this.#engine.streamAbort(this.#id, "write", errorCode);
    this.#rest = undefined;
  }
}
