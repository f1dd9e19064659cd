import { appRequestsPerTurn } from "../../defaults/index.ts";

/**
 * When which request is taken to the app: a few in each turn of the event loop, of one source after the other. So who asks
 * much waits for himself alone.
 */
export class Turns<Source extends object> {
  /** Those of each source; the first one's turn comes next. */
  readonly #waiting = new Map<Source, (() => void)[]>();
  #isScheduled = false;

  /** Resolves in a later turn of the event loop, when it is this source's. */
  wait(source: Source): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#waiting.get(source);
      if (before) before.push(resolve);
      else this.#waiting.set(source, [resolve]);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#serve());
  }

  #serve(): void {
    this.#isScheduled = false;
    for (let i = 0; i < appRequestsPerTurn && this.#waiting.size > 0; i++) this.#serveNext();
    this.#schedule();
  }

  #serveNext(): void {
    const [source, waiting] = this.#waiting.entries().next().value!;
    this.#waiting.delete(source);
    waiting.shift()!();
    if (waiting.length > 0) this.#waiting.set(source, waiting);
  }
}
