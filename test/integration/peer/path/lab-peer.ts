/** One line that a peer's program prints. */
export interface Told {
  readonly event: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly remote?: string;
  /** Since the connection was ready, in ms. */
  readonly afterMs?: number;
  readonly path?: { readonly kind: string; readonly remote: string; readonly reason?: string };
  readonly message?: string;
  readonly sent?: number;
  readonly received?: number;
  readonly isExact?: boolean;
  readonly worstGapMs?: number;
}

/** A peer in a laboratory, in a program that tells what happens to its connection. */
export class LabPeer {
  /** All that it has told so far. */
  readonly told: Told[] = [];
  readonly #order: (order: "report" | "finish" | "close") => void;
  #read = 0;
  #more = Promise.withResolvers<void>();
  #failure: Error | undefined;

  constructor(order: (order: "report" | "finish" | "close") => void) {
    this.#order = order;
  }

  hear(line: Told): void {
    this.told.push(line);
    if (line.event === "failed") this.fail(new Error(line.message));
    this.#wake();
  }

  /** Nothing more will be told. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** Waits for the next line after those that were waited for, of which `isIt` is true. */
  async next(isIt: (line: Told) => boolean): Promise<Told> {
    for (;;) {
      const at = this.told.findIndex((line, index) => index >= this.#read && isIt(line));
      if (at >= 0) {
        this.#read = at + 1;
        return this.told[at]!;
      }
      if (this.#failure) throw this.#failure;
      await this.#more.promise;
    }
  }

  /** Waits until packets take the direct path alone. */
  selected(): Promise<Told> {
    return this.#path("selected");
  }

  /** Waits until they take the relay again. */
  lost(): Promise<Told> {
    return this.#path("lost");
  }

  /** Waits until it says why there is no direct path. */
  refused(): Promise<Told> {
    return this.#path("refused");
  }

  /** Has an exchange report. */
  async report(): Promise<Told> {
    this.#order("report");
    return await this.next(({ event }) => event === "report");
  }

  /** Ends an exchange, and tells how it went: whether all that was sent has come back as it was. */
  async finish(): Promise<Told & { readonly isComplete: boolean }> {
    this.#order("finish");
    const end = await this.next(({ event }) => event === "report");
    return { ...end, isComplete: end.isExact === true && end.sent === end.received };
  }

  /** Has a peer that accepts leave. */
  close(): void {
    this.#order("close");
  }

  #path(kind: string): Promise<Told> {
    return this.next((line) => line.event === "path" && line.kind === kind);
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}
