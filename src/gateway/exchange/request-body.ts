import { bodyPieceOverheadBytes, bodyReadAheadBytes } from "../../defaults/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import type { Pace } from "./pace.ts";

/** Options of a {@link RequestBody}. */
export interface RequestBodyOptions {
  readonly budget: Pick<RequestBudget, "take" | "give">;
  /** Tracks the app's waits for the client, and the bytes that arrive. */
  readonly pace: Pace;
  /** Announced length in bytes; `undefined` if the client announced none. */
  readonly contentLength: number | undefined;
  /** Pauses or resumes the client; absent if the transport cannot. */
  readonly hold?: ((isHeld: boolean) => void) | undefined;
  /** Current time, in ms. */
  readonly now: () => number;
}

/**
 * A request's body on its way to the app. Bytes that have arrived and are unread count in the budget, and the app takes them
 * piece by piece. The client's side pushes, because the HTTP/3 library cannot be held back.
 */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: RequestBodyOptions;
  readonly #queue: Uint8Array[] = [];
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #receivedBytes = 0;
  #queuedBytes = 0;
  #isWanted = false;
  #hasEnded = false;
  #isClosed = false;

  constructor(options: RequestBodyOptions) {
    this.#options = options;
    this.stream = new ReadableStream(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: () => this.#close(),
      },
      // Pulls only what the app has asked for.
      { highWaterMark: 0 },
    );
  }

  /** Whether arriving bytes are kept for the app. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /**
   * Takes a piece from the client.
   *
   * @returns the reason for a refusal; then the body has failed.
   */
  push(chunk: Uint8Array): "over-budget" | "malformed" | undefined {
    if (this.#isClosed) return undefined;
    this.#receivedBytes += chunk.length;
    this.#options.pace.move(chunk.length, this.#options.now());
    if (this.#receivedBytes > (this.#options.contentLength ?? Infinity)) return this.#refuse("malformed");
    if (!this.#options.budget.take("unread", costOf(chunk))) return this.#refuse("over-budget");
    this.#add(costOf(chunk));
    // Copied: the library's memory goes back at once, and holds more than this piece.
    this.#queue.push(new Uint8Array(chunk));
    this.#flow();
    return undefined;
  }

  /**
   * Ends the client's side.
   *
   * @returns `"malformed"` if the length is not the announced one.
   */
  end(): "malformed" | undefined {
    if (this.#isClosed) return undefined;
    if (this.#receivedBytes !== (this.#options.contentLength ?? this.#receivedBytes))
      return this.#refuse("malformed");
    this.#hasEnded = true;
    this.#flow();
    return undefined;
  }

  /** Fails the body. Its reader gets the error. Idempotent. */
  fail(error: Error): void {
    if (this.#isClosed) return;
    this.#close();
    this.#controller.error(error);
  }

  #pull(): void {
    this.#isWanted = true;
    this.#flow();
    if (this.#isWanted && !this.#isClosed) this.#options.pace.start(this.#options.now());
  }

  #flow(): void {
    const chunk = this.#isWanted ? this.#queue.shift() : undefined;
    if (chunk) {
      this.#isWanted = false;
      this.#options.pace.stop(this.#options.now());
      this.#options.budget.give("unread", costOf(chunk));
      this.#add(-costOf(chunk));
      this.#controller.enqueue(chunk);
    }
    if (this.#hasEnded && this.#queue.length === 0 && !this.#isClosed) {
      this.#close();
      this.#controller.close();
    }
  }

  #refuse<Reason>(reason: Reason): Reason {
    this.fail(new DOMException(`the request's body is ${String(reason)}`, "NetworkError"));
    return reason;
  }

  #close(): void {
    this.#isClosed = true;
    this.#options.pace.stop(this.#options.now());
    for (const chunk of this.#queue.splice(0)) this.#options.budget.give("unread", costOf(chunk));
    this.#add(-this.#queuedBytes);
  }

  /** Pauses the client, where possible, before a limit is met. */
  #add(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#options.hold?.(this.#queuedBytes >= bodyReadAheadBytes);
  }
}

/** Cost of a piece, with overhead: many small ones cost no less than a few large ones. */
function costOf({ length }: Uint8Array): number {
  return length + bodyPieceOverheadBytes;
}
