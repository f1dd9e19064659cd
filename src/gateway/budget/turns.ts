import { appRequestsPerTurn } from "../../defaults/index.ts";

/**
 * Schedules requests to the app: a few in each turn of the event loop, from one source after the other. A source with many
 * requests therefore delays only its own.
 */
export class Turns<Source extends object> {
  /** Waiting requests by source. The first source is next. */
  readonly #waiting = new Map<Source, (() => void)[]>();
  #isScheduled = false;

  /** Resolves in a later turn of the event loop, when it is the turn of `source`. */
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
