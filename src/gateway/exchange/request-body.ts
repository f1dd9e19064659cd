import { bodyPieceOverheadBytes, bodyReadAheadBytes } from "../../defaults/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import type { Pace } from "./pace.ts";

/** What a {@link RequestBody} is made with. */
export interface RequestBodyOptions {
  readonly budget: Pick<RequestBudget, "take" | "give">;
  /** Told when the app waits for the client, and what came. */
  readonly pace: Pace;
  /** Bytes that the client announced; `undefined` if it did not. */
  readonly contentLength: number | undefined;
  /** Has the client send no more for now, or go on; absent where nobody can. */
  readonly hold?: ((isHeld: boolean) => void) | undefined;
  /** Time, in ms. */
  readonly now: () => number;
}

/**
 * A request's body on its way to the app: what came and was not read yet is counted, and the app takes it piece by
 * piece. The client's side pushes, as the HTTP library does not let anybody hold it back.
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
      // Nothing is taken out of the queue that the app has not asked for.
      { highWaterMark: 0 },
    );
  }

  /** Whether what comes is kept for the app. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** A piece from the client. @returns why it cannot be taken; then the body has failed. */
  push(chunk: Uint8Array): "over-budget" | "malformed" | undefined {
    if (this.#isClosed) return undefined;
    this.#receivedBytes += chunk.length;
    this.#options.pace.move(chunk.length, this.#options.now());
    if (this.#receivedBytes > (this.#options.contentLength ?? Infinity)) return this.#refuse("malformed");
    if (!this.#options.budget.take("unread", costOf(chunk))) return this.#refuse("over-budget");
    this.#add(costOf(chunk));
    // A copy: the library's memory goes back at once, and holds whatever else came with it.
    this.#queue.push(new Uint8Array(chunk));
    this.#flow();
    return undefined;
  }

  /** The client's side has ended. @returns `"malformed"` if that is not where it said. */
  end(): "malformed" | undefined {
    if (this.#isClosed) return undefined;
    if (this.#receivedBytes !== (this.#options.contentLength ?? this.#receivedBytes))
      return this.#refuse("malformed");
    this.#hasEnded = true;
    this.#flow();
    return undefined;
  }

  /** The client has gone, or is made to: whoever reads gets the error. Idempotent. */
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

  /** Who can be held back is, before a limit is met. */
  #add(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#options.hold?.(this.#queuedBytes >= bodyReadAheadBytes);
  }
}

/** What a piece counts for: many small ones are no smaller than a few large ones. */
function costOf({ length }: Uint8Array): number {
  return length + bodyPieceOverheadBytes;
}
