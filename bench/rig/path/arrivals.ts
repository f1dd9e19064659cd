/** What comes by a stream: whether it is the content over and over, and when. */
export class Arrivals {
  readonly #content: Uint8Array;
  readonly #course = new Map<number, number>();
  #bytes = 0;
  #isExact = true;
  #lastMs: number | undefined;
  #worstMs = 0;

  constructor(content: Uint8Array) {
    this.#content = content;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isExact(): boolean {
    return this.#isExact;
  }

  /** Bytes that came in each bin of {@link binMs}, by the time at which it begins, in ms since the epoch. */
  get course(): readonly (readonly [atMs: number, bytes: number])[] {
    return [...this.#course];
  }

  /** Nothing has come before. */
  begin(): void {
    this.#lastMs = performance.now();
  }

  add(chunk: Uint8Array): void {
    this.#pause();
    this.#compare(chunk);
    this.#bytes += chunk.length;
    const bin = Math.floor(Date.now() / binMs) * binMs;
    this.#course.set(bin, (this.#course.get(bin) ?? 0) + chunk.length);
  }

  /** Nothing comes any more. */
  end(): void {
    this.#pause();
    this.#lastMs = undefined;
  }

  /** Returns the longest time in which nothing came since this was called last, in ms; one that has not ended counts. */
  takeGapMs(): number {
    this.#pause();
    const worstMs = this.#worstMs;
    this.#worstMs = 0;
    return worstMs;
  }

  #pause(): void {
    if (this.#lastMs === undefined) return;
    const nowMs = performance.now();
    this.#worstMs = Math.max(this.#worstMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  #compare(chunk: Uint8Array): void {
    const content = Buffer.from(this.#content.buffer, this.#content.byteOffset, this.#content.length);
    for (let at = 0; at < chunk.length;) {
      const from = (this.#bytes + at) % content.length;
      const length = Math.min(chunk.length - at, content.length - from);
      const isRight = content.subarray(from, from + length).equals(chunk.subarray(at, at + length));
      this.#isExact &&= isRight;
      at += length;
    }
  }
}

/** Length of a bin of {@link Arrivals.course}, in ms. */
export const binMs = 20;
