import type { QuicpipeError } from "../../errors.ts";

/** How a stream has ended: with an error, unless it is `undefined`. */
interface End {
  readonly error: QuicpipeError | undefined;
}

/**
 * A readable stream that is made when it is first asked for. Streams of the platform are its largest objects, and most connections
 * use few of theirs.
 */
export class LateReadable<T> {
  readonly #pull: () => void;
  readonly #strategy: QueuingStrategy<T>;
  #readable: ReadableStream<T> | undefined;
  #controller: ReadableStreamDefaultController<T> | undefined;
  #end: End | undefined;

  /** @param pull called when there is room. */
  constructor(pull: () => void, strategy: QueuingStrategy<T>) {
    this.#pull = pull;
    this.#strategy = strategy;
  }

  get readable(): ReadableStream<T> {
    this.#readable ??= this.#create();
    return this.#readable;
  }

  /** Takes items; absent while nobody reads, and from the end on. A stream that its reader has cancelled takes nothing more. */
  get controller(): ReadableStreamDefaultController<T> | undefined {
    return this.#controller;
  }

  /** Ends the stream, also one that is asked for later. The first end counts. */
  end(error: QuicpipeError | undefined): void {
    if (this.#end) return;
    this.#end = { error };
    this.#finish();
  }

  #create(): ReadableStream<T> {
    return new ReadableStream<T>(
      {
        start: (controller) => {
          this.#controller = controller;
          this.#finish();
        },
        pull: () => this.#pull(),
        cancel: () => void (this.#controller = undefined),
      },
      this.#strategy,
    );
  }

  #finish(): void {
    if (!this.#end || !this.#controller) return;
    if (this.#end.error) this.#controller.error(this.#end.error);
    else this.#controller.close();
    this.#controller = undefined;
  }
}
