import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import type { EngineConnection, StreamRead } from "../engine/contract.ts";
import { errorCodeOf, streamError } from "./error.ts";

/** Buffer for the next read. All streams share it, as what a read brings is handed on at once. */
let room = makeRoom();

/**
 * The receiving side of one stream as a WHATWG byte stream. It reads from the engine only as much as its consumer has
 * room for. The rest stays there and closes the flow control window, which slows the sender down. A BYOB reader's buffer is filled by
 * the engine itself.
 */
export class StreamReader {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #id: number;
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  #controller: ReadableByteStreamController | undefined;
  #busy = false;
  /** Whether its reader brings buffers. Nothing is read ahead of such a one, as that would need others. */
  #isByob = false;

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
        pull: ({ byobRequest }) => this.#pull(byobRequest !== null),
        cancel: (reason) => this.#cancel(reason),
      },
      // So `pull` is called where a read waits, and for nothing else.
      { highWaterMark: 0 },
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

  #pull(isByob: boolean): void {
    this.#isByob = isByob;
    // Reading may open the flow control window, which the other side must learn.
    if (this.progress()) this.#wake();
  }

  #moveAll(): boolean {
    let any = false;
    while (this.#controller) {
      const request = this.#controller.byobRequest;
      this.#isByob ||= request !== null;
      if (!request && !this.#mayReadAhead(this.#controller)) break;
      const read = this.#engine.streamReceive(this.#id, (request?.view as Uint8Array | undefined) ?? room);
      if (!read) break;
      any = true;
      if ("abortedWith" in read) this.fail(resetError(this.#id, read.abortedWith));
      else this.#deliver(this.#controller, request, read);
    }
    return any;
  }

  #mayReadAhead({ desiredSize }: ReadableByteStreamController): boolean {
    return !this.#isByob && -desiredSize! < defaults.streamReadAheadBytes;
  }

  #deliver(
    controller: ReadableByteStreamController,
    request: ReadableStreamBYOBRequest | null,
    { bytes, fin }: StreamRead,
  ): void {
    if (bytes > 0 && request) request.respond(bytes);
    else if (bytes > 0) controller.enqueue(takeRoom(bytes));
    if (fin) this.#end(controller);
  }

  #end(controller: ReadableByteStreamController): void {
    this.#controller = undefined;
    try {
      controller.close();
    } catch {
      // Half an element of a BYOB read was left. Its reader has the error (Streams Standard, "ReadableByteStreamControllerClose").
      return;
    }
    // Returns the buffer of a pending BYOB read, empty.
    controller.byobRequest?.respond(0);
  }

  #cancel(reason: unknown): void {
    this.#controller = undefined;
    this.#engine.streamAbort(this.#id, "read", errorCodeOf(reason));
    this.#wake();
  }
}

/** Its memory is not cleared: a read overwrites what its reader gets to see of it. */
function makeRoom(): Uint8Array<ArrayBuffer> {
  const { buffer } = Buffer.allocUnsafeSlow(defaults.streamReadBytes);
  return new Uint8Array(buffer);
}

/** Returns the bytes of the last read. A byte stream takes over the memory of its chunks, so this is all of the room, or a copy. */
function takeRoom(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes < room.length) return room.slice(0, bytes);
  const full = room;
  room = makeRoom();
  return full;
}

function resetError(id: number, code: number): QuicpipeError {
  return streamError(`reset stream ${id} with code ${code}; what was sent on it is incomplete`, code);
}
