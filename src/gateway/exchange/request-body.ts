import { bodyBlockOverheadBytes, bodyKeptBytes, bodyReadAheadBytes } from "../../defaults/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import { BodyBlocks } from "./body-blocks.ts";
import { bodyRefusals } from "./request-ended.ts";
import type { Pace } from "./patience.ts";

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
 * A request's body on its way to the app. Bytes that have arrived and are unread count in the budget, and so do as many that the
 * app has read as it may keep. It reads them block by block: what comes in one turn of the event loop makes no more blocks than
 * it fills, however small its pieces are. The client's side pushes, because the HTTP/3 library cannot be held back.
 */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: RequestBodyOptions;
  readonly #blocks = new BodyBlocks();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #receivedBytes = 0;
  #keptBytes = 0;
  #isWanted = false;
  /** Set while what has arrived in this turn waits for its end. */
  #turn: NodeJS.Immediate | undefined;
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
    const expectedBytes = (this.#options.contentLength ?? Infinity) - this.#receivedBytes;
    this.#receivedBytes += chunk.length;
    this.#options.pace.move(chunk.length, this.#options.now());
    if (chunk.length > expectedBytes) return this.#refuse("malformed");
    const growth = this.#blocks.growthWith(chunk, expectedBytes);
    if (growth > 0 && !this.#options.budget.take("unread", growth)) return this.#refuse("over-budget");
    // Copied: the library's memory goes back at once, and holds more than this piece.
    this.#blocks.add(chunk, expectedBytes);
    this.#hold();
    this.#flowSoon();
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

  /** Waits with a part of a block until the end of the turn, which may fill it. */
  #flowSoon(): void {
    if (!this.#isWanted) return;
    if (this.#blocks.hasFullBlock) this.#flow();
    else
      this.#turn ??= setImmediate(() => {
        this.#turn = undefined;
        this.#flow();
      });
  }

  #flow(): void {
    const block = this.#isWanted ? this.#blocks.take() : undefined;
    if (block) {
      this.#isWanted = false;
      this.#options.pace.stop(this.#options.now());
      this.#options.budget.give("unread", block.costBytes - this.#keep(block.bytes));
      this.#hold();
      this.#controller.enqueue(block.bytes);
    }
    if (this.#hasEnded && this.#blocks.isEmpty && !this.#isClosed) {
      this.#close();
      this.#controller.close();
    }
  }

  /** Returns how much still counts of bytes that the app takes. It goes back with the request's budget. */
  #keep({ length }: Uint8Array): number {
    const kept = Math.min(length + bodyBlockOverheadBytes, bodyKeptBytes - this.#keptBytes);
    this.#keptBytes += kept;
    return kept;
  }

  #refuse<Reason extends keyof typeof bodyRefusals>(reason: Reason): Reason {
    this.fail(bodyRefusals[reason]);
    return reason;
  }

  #close(): void {
    this.#isClosed = true;
    this.#options.pace.stop(this.#options.now());
    clearImmediate(this.#turn);
    this.#options.budget.give("unread", this.#blocks.costBytes);
    this.#blocks.clear();
    this.#hold();
  }

  /** Pauses the client, where possible, before a limit is met. */
  #hold(): void {
    this.#options.hold?.(this.#blocks.costBytes >= bodyReadAheadBytes);
  }
}
