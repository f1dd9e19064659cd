import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import type { EngineConnection } from "../engine/contract.ts";
import { errorCodeOf, streamError } from "./error.ts";

/** Buffer for one read. All streams share it, as each read is copied out at once. */
const scratch = new Uint8Array(defaults.streamReadBytes);

/**
 * The receiving side of one stream as a WHATWG byte stream. It reads from the engine only as much as its consumer has
 * room for. The rest stays there and closes the flow control window, which slows the sender down.
 */
export class StreamReader {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #id: number;
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  #controller: ReadableByteStreamController | undefined;
  #busy = false;

  constructor(engine: EngineConnection, id: number, wake: () => void) {
    this.#engine = engine;
    this.#id = id;
    this.#wake = wake;
    this.readable = new ReadableStream(
      {
        type: "bytes",
        start: (controller) => {
          this.#controller = controller;
        },
        // Reading may open the flow control window, which the other side must learn.
        pull: () => {
          if (this.progress()) this.#wake();
        },
        cancel: (reason) => this.#cancel(reason),
      },
      { highWaterMark: defaults.streamReadAheadBytes },
      // Chunks of a byte stream are never in shared memory (Streams Standard, "transfer"), which Node's types leave open.
    ) as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  /** Whether this side of the stream has ended: by its end, a reset, a cancel or the end of the connection. */
  get done(): boolean {
    return this.#controller === undefined;
  }

  /** Moves data from the engine to the consumer. Reports whether there was any. */
  progress(): boolean {
    // Enqueueing a chunk calls `pull` synchronously, inside the loop that goes on to the next chunk anyway.
    if (this.#busy) return false;
    this.#busy = true;
    const any = this.#moveAll();
    this.#busy = false;
    return any;
  }

  /** Ends the stream with an error for the consumer. Idempotent. */
  fail(error: QuicpipeError): void {
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.error(error);
  }

  #moveAll(): boolean {
    let any = false;
    while (this.#controller && this.#controller.desiredSize! > 0) {
      const read = this.#engine.streamReceive(this.#id, scratch);
      if (!read) break;
      any = true;
      if ("abortedWith" in read) this.fail(resetError(this.#id, read.abortedWith));
      else this.#deliver(read.bytes, read.fin);
    }
    return any;
  }

  #deliver(bytes: number, fin: boolean): void {
    const controller = this.#controller!;
    // A copy, as a byte stream takes over the memory of its chunks.
    if (bytes > 0) controller.enqueue(scratch.slice(0, bytes));
    if (!fin) return;
    this.#controller = undefined;
    controller.close();
    // Returns the buffer of a pending BYOB read, empty (Streams Standard, "close").
    controller.byobRequest?.respond(0);
  }

  #cancel(reason: unknown): void {
    this.#controller = undefined;
    this.#engine.streamAbort(this.#id, "read", errorCodeOf(reason));
    this.#wake();
  }
}

function resetError(id: number, code: number): QuicpipeError {
  return streamError(`reset stream ${id} with code ${code}; what was sent on it is incomplete`, code);
}
