import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import type { EngineConnection } from "../engine/contract.ts";
import { bytesOf, detachedError, isDetached } from "./bytes.ts";
import { errorCodeOf, streamError } from "./error.ts";

/** A write, or the end of the stream, that the engine has not completely taken yet. */
interface PendingWrite {
  rest: Uint8Array;
  readonly fin: boolean;
  readonly resolve: () => void;
  readonly reject: (error: QuicpipeError) => void;
}

/**
 * The sending side of one stream as a WHATWG stream. A write is fulfilled when the engine has taken all of it. The
 * engine takes as much as congestion and flow control allow, which is the backpressure.
 */
export class StreamWriter {
  readonly writable: WritableStream<Uint8Array>;
  readonly #id: number;
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  #controller: WritableStreamDefaultController | undefined;
  #pending: PendingWrite | undefined;

  constructor(engine: EngineConnection, id: number, wake: () => void) {
    this.#engine = engine;
    this.#id = id;
    this.#wake = wake;
    this.writable = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        write: (chunk) => this.#write(bytesOf(chunk, "a stream takes"), false),
        close: () => this.#write(new Uint8Array(), true),
        abort: (reason) => this.#abort(reason),
      },
      // What is no bytes is refused by `write`, which says why.
      { highWaterMark: defaults.streamWriteAheadBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  /** Whether this side of the stream has ended: closed, aborted, refused or with the connection. */
  get done(): boolean {
    return this.#controller === undefined;
  }

  /** Continues the pending write. */
  progress(): void {
    const pending = this.#pending;
    if (!pending) return;
    if (isDetached(pending.rest)) return this.#reset(0, detachedError());
    const taken = this.#engine.streamSend(this.#id, pending.rest, pending.fin);
    if (typeof taken === "object") return this.stopped(taken.abortedWith);
    if (taken === undefined) return;
    pending.rest = pending.rest.subarray(taken);
    if (pending.rest.length > 0) return;
    this.#pending = undefined;
    if (pending.fin) this.#controller = undefined;
    pending.resolve();
  }

  /** Ends the stream, as the other side no longer reads it. */
  stopped(errorCode: number): void {
    // Without RESET_STREAM the stream would count for ever against those that this side may open (RFC 9000 §3.5).
    if (!this.done) this.#reset(errorCode, stoppedError(this.#id, errorCode));
  }

  /** Ends the stream with an error for the writer. Idempotent. */
  fail(error: QuicpipeError): void {
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.error(error);
    this.#pending?.reject(error);
    this.#pending = undefined;
  }

  #write(rest: Uint8Array, fin: boolean): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#pending = { rest, fin, resolve, reject };
    });
    this.progress();
    this.#wake();
    return written;
  }

  #reset(errorCode: number, error: QuicpipeError): void {
    this.#engine.streamAbort(this.#id, "write", errorCode);
    this.fail(error);
    this.#wake();
  }

  #abort(reason: unknown): void {
    this.#controller = undefined;
    this.#pending?.resolve();
    this.#pending = undefined;
    this.#engine.streamAbort(this.#id, "write", errorCodeOf(reason));
    this.#wake();
  }
}

function stoppedError(id: number, code: number): QuicpipeError {
  return streamError(`stopped reading stream ${id} with code ${code}; stop writing to it`, code);
}
