import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import type { EngineConnection } from "../engine/contract.ts";
import { errorCodeOf } from "./stream-error.ts";

/** One chunk is read at a time: shared by all streams, as each read is copied out at once. */
const scratch = new Uint8Array(defaults.streamReadBytes);

/**
 * The receiving side of one stream as a WHATWG byte stream. It reads from the engine only what its consumer
 * has room for; the rest stays there and closes the flow control window, which is how a slow reader slows the
 * sender down.
 */
export class StreamReader {
  readonly readable: ReadableStream<Uint8Array>;
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
        // What is read may open the window, which the other side must be told.
        pull: () => {
          if (this.progress()) this.#wake();
        },
        cancel: (reason) => this.#cancel(reason),
      },
      { highWaterMark: defaults.streamReadAheadBytes },
    );
  }

  /** Whether this side of the stream has ended: by its end, a reset, a cancel or with the connection. */
  get done(): boolean {
    return this.#controller === undefined;
  }

  /** Moves data from the engine to the consumer; tells whether there was any. */
  progress(): boolean {
    // Handing a chunk over calls `pull` at once, in the midst of the loop that will come to the next one anyway.
    if (this.#busy) return false;
    this.#busy = true;
    const any = this.#moveAll();
    this.#busy = false;
    return any;
  }

  /** Ends the stream with an error, for the consumer. Idempotent. */
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
    // A copy of its own: a byte stream takes the memory of its chunks over.
    if (bytes > 0) controller.enqueue(scratch.slice(0, bytes));
    if (!fin) return;
    this.#controller = undefined;
    controller.close();
    // A reader that waits with a buffer of its own gets it back empty (Streams Standard, "close").
    controller.byobRequest?.respond(0);
  }

  #cancel(reason: unknown): void {
    this.#controller = undefined;
    this.#engine.streamAbort(this.#id, "read", errorCodeOf(reason));
    this.#wake();
  }
}

function resetError(id: number, streamErrorCode: number): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_STREAM_RESET",
    `the other peer reset stream ${id} with code ${streamErrorCode}; what was sent on it is incomplete`,
    { details: { streamErrorCode } },
  );
}
