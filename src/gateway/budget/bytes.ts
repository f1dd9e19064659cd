/** Holder of a limit: one stream, one connection, one source (an IPv4 address or IPv6 /64), or all together. */
export type BudgetScope = "stream" | "connection" | "source" | "all";

/** Options of a {@link ByteBudget}. */
export interface ByteBudgetOptions {
  readonly scope: BudgetScope;
  readonly limitBytes: number;
  /** The wider scope in which its bytes count as well. */
  readonly parent?: ByteBudget;
}

/**
 * Bytes that a scope holds. They count in every wider scope too. A scope that holds nothing may take one piece of any size,
 * because the piece already exists when it is counted. A source may hold no more than is left for all others, so that sources
 * that fill the total leave room for a newcomer.
 */
export class ByteBudget {
  readonly #options: ByteBudgetOptions;
  #heldBytes = 0;

  constructor(options: ByteBudgetOptions) {
    this.#options = options;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes bytes here and in every wider scope.
   *
   * @returns the narrowest scope without room for them; then none are taken.
   */
  take(bytes: number): BudgetScope | undefined {
    const full = this.fullWith(bytes);
    if (full) return full;
    this.#add(bytes);
    return undefined;
  }

  /** Gives back bytes that were taken here. */
  give(bytes: number): void {
    this.#add(-Math.min(bytes, this.#heldBytes));
  }

  /** Gives back everything held here. */
  clear(): void {
    this.give(this.#heldBytes);
  }

  /** Returns the narrowest scope, from this one outwards, without room for `bytes`. */
  fullWith(bytes: number): BudgetScope | undefined {
    const { scope, parent } = this.#options;
    if (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#limitBytes()) return scope;
    return parent ? parent.fullWith(bytes) : undefined;
  }

  #limitBytes(): number {
    const { scope, limitBytes, parent } = this.#options;
    if (scope !== "source" || !parent) return limitBytes;
    return Math.min(limitBytes, parent.#options.limitBytes - parent.#heldBytes);
  }

  #add(bytes: number): void {
    this.#heldBytes += bytes;
    const { parent } = this.#options;
    if (parent) parent.#add(bytes);
  }
}
