/** Whose limit: one stream's, one connection's, one source's (an IPv4 address, an IPv6 /64), or that of all together. */
export type BudgetScope = "stream" | "connection" | "source" | "all";

/** How a {@link ByteBudget} is bounded. */
export interface ByteBudgetOptions {
  readonly scope: BudgetScope;
  readonly limitBytes: number;
  /** The wider scope that its bytes count in as well. */
  readonly parent?: ByteBudget;
}

/**
 * Bytes that a scope holds, which count in every wider scope too. A scope that holds nothing may take one piece of any
 * size, as a piece is there already when it is counted. No source may hold more than is left to all others, so that
 * those who fill the whole leave room for a newcomer.
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

  /** Takes bytes here and in every wider scope. @returns the narrowest scope without room for them; then none is taken. */
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

  /** Gives back all that is held here. */
  clear(): void {
    this.give(this.#heldBytes);
  }

  /** The narrowest scope, this one or a wider one, without room for so many bytes. */
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
